"""What a reader sees of a run: tidy tables of scores, and the page made from them.

Computes nothing that `distributions` or `metrics` could compute; reads no model.
"""
