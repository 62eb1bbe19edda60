"""Text of a model in, an answer or the reason why there is none out. Knows the records only, no file."""
