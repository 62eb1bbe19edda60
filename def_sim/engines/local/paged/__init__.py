"""The slot loop for GPUs: keys and values in pages, a step as one CUDA graph, tokens chosen on the device.

The files, in the order of a step: `paged_loop` decides who is in it, `cache_manager` finds the pages,
`prepare_inputs` writes down for the device what it needs (`step_inputs`), `launching` sends it off and
reads it a step later.
On the device `step` runs it: `paged_attention` attends, `device_choice` chooses, `fused` makes fewer
operations of a model's own. Everything but graphs runs on a CPU, too; `*_kernels` there only in tests.
"""
