"""One batch through transformers' `generate()`: token ids in, token ids out.

The slow way and the reference: models that can run in slots do (`slot_loop.py`), and tests hold
those to the tokens of this.

Four kinds of decoding. Greedy and plain sampling share batches (`KeyedSampler`). Beam search
is `generate()`'s own. Beam sampling is its beam search among continuations that we have drawn
(`KeyedBeamSampler`), since its own sampling draws from torch's global generator.

A checkpoint's generation_config.json may carry a top_k or a repetition penalty of its own.
None of it reaches here: every parameter is set, and the model's own defaults are emptied
when it is loaded (`model.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationConfig, LogitsProcessorList

from def_sim.engines.local.batches.keyed_samplers import FiniteLogitsGuard, KeyedBeamSampler, KeyedSampler
from def_sim.engines.local.scheduling.schedule import not_finite
from def_sim.errors import EngineError
from def_sim.records import DecodingConfig, Request


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """Ids that begin, end and pad a sequence; `stop` may name several, or none."""

    stop: tuple[int, ...]
    pad: int
    begin: int | None


@dataclass(frozen=True, slots=True)
class Generated:
    """Tokens of an answer, up to and with the stop token if one came."""

    token_ids: tuple[int, ...]
    has_stopped: bool


def generate_batch(
    model: Any, special: SpecialTokens, requests: Sequence[Request], prompts: Sequence[tuple[int, ...]]
) -> list[Generated | EngineError]:
    """Answers of one batch, in its order.

    Args:
        model: A transformers causal language model in evaluation mode.
        special: Its special tokens.
        requests: Equal in num_beams and max_new_tokens; with beams equal in do_sample too,
            and where beams sample equal in all of their decoding.
        prompts: Token ids of each request's prompt, none of them empty.

    Returns:
        For each request its tokens, or the error that concerns it alone.
    """
    decoding = requests[0].decoding
    input_ids, mask = _left_padded(prompts, special.pad, model.device)
    prompt_length = input_ids.shape[1]
    guard = FiniteLogitsGuard(
        len(requests), decoding.num_beams, next(iter(special.stop), None), prompt_length
    )
    processors = LogitsProcessorList([guard])
    if decoding.num_beams == 1:
        processors.append(KeyedSampler(requests, prompt_length, model.device))
    elif decoding.do_sample:
        processors.append(KeyedBeamSampler(requests, prompt_length, special.stop))
    with torch.inference_mode():
        sequences = model.generate(
            input_ids=input_ids,
            attention_mask=mask,
            generation_config=_settings(decoding, special),
            logits_processor=processors,
        )
    answers = [_until_stop(row, special.stop, decoding) for row in sequences[:, prompt_length:].tolist()]
    return [
        not_finite(request) if _has_failed(guard, index, answer) else answer
        for index, (request, answer) in enumerate(zip(requests, answers, strict=True))
    ]


def _left_padded(prompts: Sequence[tuple[int, ...]], pad: int, device: torch.device) -> tuple[Tensor, Tensor]:
    longest = max(len(prompt) for prompt in prompts)
    rows = [[pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
    masks = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(rows, device=device), torch.tensor(masks, device=device)


def _settings(decoding: DecodingConfig, special: SpecialTokens) -> GenerationConfig:
    """Every parameter that decides a token; our samplers do the warping and drawing."""
    make_settings: Any = GenerationConfig  # untyped upstream
    settings: GenerationConfig = make_settings(
        max_new_tokens=decoding.max_new_tokens,
        num_beams=decoding.num_beams,
        do_sample=False,
        length_penalty=1.0,
        early_stopping=False,
        repetition_penalty=1.0,
        num_return_sequences=1,
        use_cache=True,
        eos_token_id=list(special.stop) or None,
        pad_token_id=special.pad,
        bos_token_id=special.begin,
    )
    return settings


def _until_stop(row: list[int], stop: tuple[int, ...], decoding: DecodingConfig) -> Generated:
    """Cuts off what fills a row up to the longest of its batch."""
    for position, token in enumerate(row):
        if token in stop:
            return Generated(tuple(row[: position + 1]), has_stopped=True)
    return Generated(tuple(row[: decoding.max_new_tokens]), has_stopped=False)


def _has_failed(guard: FiniteLogitsGuard, index: int, answer: Generated) -> bool:
    """True if a token of the answer came from unusable logits, not one that fills the row after it."""
    step = guard.failed_at.get(index)
    return step is not None and (guard.num_beams > 1 or step < len(answer.token_ids))
