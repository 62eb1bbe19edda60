"""Checkpoints on this machine, run by transformers.

`checkpoint`, `weight_files`, `batching` and `worker` are light; torch and transformers are
imported by `model` and what it uses, in the worker thread, when the first request comes.
"""
