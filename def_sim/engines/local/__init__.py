"""Checkpoints on this machine, run by transformers.

`checkpoint`, `weight_files`, `prompt_styles`, `quantization`, `batching` and `worker` are light; torch
and transformers are imported by `model` and what it uses, in the worker thread, when the first request
comes. `loading` chooses class and tokenizer, `mixtral` and `packing` see to 4 bit, `native/` has what
transformers has not. `fetch` alone uses the network.
"""
