"""Figures: drawings with their words and numbers, and as files for papers."""
