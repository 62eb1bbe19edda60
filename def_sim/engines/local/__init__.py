"""Checkpoints on this machine, run by transformers.

`engine`, `worker`, `runner`, `checkpoint`, `weight_files`, `prompt_styles` and `quantization` are light;
torch and transformers are imported by `model` and what it uses, in the worker thread, when the model
loads. `slot_loop` answers, `batch_runner` where a model has no slots. `loading` chooses class and
tokenizer, `mixtral` and `packing` see to 4 bit, `native/` has what transformers has not. `fetch` alone
uses the network.
"""
