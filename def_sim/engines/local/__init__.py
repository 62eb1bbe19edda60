"""Checkpoints on this machine, run by transformers.

`engine`, `worker`, `scheduling/runner`, `checkpoints/` and the small files of `prompts/` and `loading/` are
light; torch and transformers are imported by `model` and what it uses, in the worker thread, when the model
loads. `slots/` answers, `paged/` on a GPU, `batches/` where a model has no slots; `scheduling/` and
`sampling/` serve all. `checkpoints/fetch` alone uses the network.
"""
