"""The beam sampling of `generate()` with our noise, by another way than the product's: the oracle.

The one method of transformers that draws continuations is replaced, which sees the scores that `generate()`
itself keeps. It is private, so only tests may depend on it.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationConfig

from def_sim.engines.local.batches.keyed_samplers import KeyedBeamSampler
from def_sim.records import Request


def sampled_beams(
    network: Any, stop: Sequence[int], pad: int, requests: Sequence[Request], input_ids: Tensor, mask: Tensor
) -> list[list[int]]:
    """What follows each prompt, with what fills it up to the longest; requests of one decoding."""
    decoding, prompt_length = requests[0].decoding, input_ids.shape[1]
    sampler = KeyedBeamSampler(requests, prompt_length)
    take_best = network._get_top_k_continuations

    def continuations(*, accumulated_log_probs: Tensor, cur_len: int, beams_to_keep: int, **rest: Any) -> Any:
        rest["do_sample"] = False  # drawn here; what is left for the method is to take all of it, best first
        drawn = sampler.keep_drawn(accumulated_log_probs, length=cur_len, num_drawn=beams_to_keep)
        return take_best(accumulated_log_probs=drawn, cur_len=cur_len, beams_to_keep=beams_to_keep, **rest)

    settings = GenerationConfig(
        max_new_tokens=decoding.max_new_tokens,
        num_beams=decoding.num_beams,
        do_sample=True,
        temperature=decoding.temperature,
        top_k=decoding.top_k,
        top_p=decoding.top_p,
        length_penalty=1.0,
        early_stopping=False,
        eos_token_id=list(stop) or None,
        pad_token_id=pad,
    )
    network._get_top_k_continuations = continuations
    try:
        with torch.inference_mode():
            found = network.generate(input_ids=input_ids, attention_mask=mask, generation_config=settings)
    finally:
        del network._get_top_k_continuations  # the class's own method is seen again
    return [row[prompt_length:].tolist() for row in found]
