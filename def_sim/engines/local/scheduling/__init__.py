"""Prompts, answers on their way and their queue: the same for slots, pages and batches."""
