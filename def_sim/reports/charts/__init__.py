"""The drawings on pages and in files: shapes from numbers and words. Computes no score."""
