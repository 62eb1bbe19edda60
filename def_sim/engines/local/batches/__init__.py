"""Batches of transformers' `generate()`: for models that neither slots nor pages can run."""
