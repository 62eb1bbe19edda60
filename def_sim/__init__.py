"""def_sim measures how well language models stand in for people in social surveys."""

__version__ = "0.1.0"
