"""Answers: `reading/` makes them of texts, `storage/` keeps them. Neither knows the other."""
