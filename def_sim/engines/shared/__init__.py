"""What engines have in common, whatever runs the model. Knows none of them."""
