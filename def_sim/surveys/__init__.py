"""What is asked, and what people answered: items, human references, and surveys that join them."""
