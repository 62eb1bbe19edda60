"""The ways of holding the same interviews that the engine benchmark compares.

Each is given the network, the interviews and the most seconds it may take: once they are over it stops
between answers, and its rate counts, without what is begun and not finished. What a way does once before
it answers (loading, the trial of its kernels, a warm-up that it asks for) is over before its clock starts.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from benchmark_floor import clock, now
from benchmark_interviews import Interview, plain_prompt, request_of
from transformers import GenerationConfig
from transformers.generation.continuous_batching.utils import WorkloadHints

from def_sim.engines.local.capacity import UNPACKED_SHARE, free_bytes
from def_sim.engines.local.loading.unpacking import unpack_linear_layers
from def_sim.engines.local.paged import paged_attention
from def_sim.engines.local.paged.paged_loop import PagedLoop
from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.engines.local.slot_support import try_pages, try_slots
from def_sim.engines.local.slots import slot_attention
from def_sim.engines.local.slots.key_values import LayerShape, bytes_per_token
from def_sim.engines.local.slots.slot_loop import SlotLoop

SURVEY: Final = 613  # questions of the study's survey of the USA


@dataclass
class Result:
    """What a way did in its time."""

    seconds: float
    num_tokens: int  # of answers; beams that lose do not count
    num_answers: int
    notes: str = ""

    @property
    def tokens_per_s(self) -> float:
        """Tokens of answers a second."""
        return self.num_tokens / self.seconds


# --- transformers


def warm_up(network: Any) -> None:
    """A few tokens by `generate()`: what a device does the first time takes seconds."""
    for num_beams in (1, 2):
        _generate(network, [plain_prompt(0, 64, num_beams, 4)])


def one_at_a_time(network: Any, interviews: Sequence[Interview], most_seconds: float) -> Result:
    """The published shape: `generate()` for one prompt after the other."""
    every = ([[one]] for one in _in_turn(interviews))
    return _in_batches(network, interviews, every, most_seconds)


def lockstep(network: Any, interviews: Sequence[Interview], most_seconds: float) -> Result:
    """All respondents answer a question in one padded batch, and wait for the longest answer."""
    if any(interview.decoding.num_beams > 1 for interview in interviews):
        raise ValueError("one batch has one number of beams; see by_beams")
    questions = range(len(interviews[0].prompts))
    rounds = ([[(respondent, question) for respondent in range(len(interviews))]] for question in questions)
    return _in_batches(network, interviews, rounds, most_seconds)


def by_beams(network: Any, interviews: Sequence[Interview], most_seconds: float) -> Result:
    """As lockstep, in one batch for each kind of decoding."""
    groups: dict[tuple[int, bool], list[int]] = {}
    for respondent, interview in enumerate(interviews):
        decoding = interview.decoding
        kind = (decoding.num_beams, decoding.do_sample and decoding.num_beams > 1)
        groups.setdefault(kind, []).append(respondent)
    if len(groups) == 1:
        raise ValueError("one kind of decoding makes one batch; see lockstep")
    rounds = (
        [[(respondent, question) for respondent in members] for members in groups.values()]
        for question in range(len(interviews[0].prompts))
    )
    return _in_batches(network, interviews, rounds, most_seconds)


Asked = tuple[int, int]  # respondent, question


def _in_turn(interviews: Sequence[Interview]) -> Iterator[Asked]:
    for question in range(len(interviews[0].prompts)):
        for respondent in range(len(interviews)):
            yield respondent, question


def _in_batches(
    network: Any, interviews: Sequence[Interview], rounds: Iterable[list[list[Asked]]], most_seconds: float
) -> Result:
    """Rounds of batches by `generate()`; a round is not left half done, its kinds are not alike."""
    num_tokens = num_answers = 0
    begin = clock(network.device)
    for batches in rounds:
        for batch in batches:
            num_tokens += _generate(network, [request_of(interviews, *asked) for asked in batch])
            num_answers += len(batch)
        if clock(network.device) - begin > most_seconds:
            break
    return Result(clock(network.device) - begin, num_tokens, num_answers, f"{num_answers} answers")


def _generate(network: Any, prompts: Sequence[Prompt]) -> int:
    """Tokens that were asked for; a batch goes on until its longest answer is done.

    With transformers' own sampling, as anybody calls it.
    """
    decoding = prompts[0].request.decoding
    longest = max(len(prompt.token_ids) for prompt in prompts)
    length = max(prompt.request.decoding.max_new_tokens for prompt in prompts)
    rows = [(*[0] * (longest - len(prompt.token_ids)), *prompt.token_ids) for prompt in prompts]
    mask = [[place >= longest - len(prompt.token_ids) for place in range(longest)] for prompt in prompts]
    make_settings: Any = GenerationConfig
    settings = make_settings(
        max_new_tokens=length,
        num_beams=decoding.num_beams,
        do_sample=decoding.do_sample,
        top_k=50 if decoding.do_sample else None,
        eos_token_id=None,
        pad_token_id=0,
    )
    with torch.inference_mode():
        answers = network.generate(
            input_ids=torch.tensor(rows, device=network.device),
            attention_mask=torch.tensor(mask, device=network.device).long(),
            generation_config=settings,
        )
    assert answers.shape[1] == longest + length
    return sum(prompt.request.decoding.max_new_tokens for prompt in prompts)


def continuous(network: Any, interviews: Sequence[Interview], most_seconds: float) -> Result:
    """The continuous batching of transformers, each respondent at its own pace; it has no beams."""
    if any(interview.decoding.num_beams > 1 for interview in interviews):
        raise ValueError("transformers' continuous batching has no beams")
    # It warns of the set length of answers, and of being stopped twice.
    logging.getLogger("ContinuousBatchingLogger").setLevel(logging.ERROR)
    before = network.config._attn_implementation
    make_settings: Any = GenerationConfig
    longest = max(max(interview.lengths) for interview in interviews)
    settings = make_settings(
        max_new_tokens=longest, do_sample=True, top_k=50, eos_token_id=None, pad_token_id=0
    )
    hints = WorkloadHints(
        max_prompt_length=max(len(prompt) for interview in interviews for prompt in interview.prompts),
        max_generated_length=longest,
        num_requests=len(interviews),
    )
    try:
        with network.continuous_batching_context_manager(
            generation_config=settings, workload_hints=hints, timeout=5
        ) as manager:
            try:
                return _asked_of(manager, network.device, interviews, most_seconds)
            finally:
                manager.stop(block=True, hard_stop=True)  # or it would finish what is begun
    finally:
        network.set_attn_implementation(before)


def _asked_of(
    manager: Any, device: torch.device, interviews: Sequence[Interview], most_seconds: float
) -> Result:
    num_tokens = num_answers = 0
    num_questions = len(interviews[0].prompts)

    def ask(respondent: int, question: int) -> None:
        one = interviews[respondent]
        manager.add_request(
            list(one.prompts[question]), f"{respondent} {question}", max_new_tokens=one.lengths[question]
        )

    manager.add_request(list(interviews[0].prompts[0]), "0 0", max_new_tokens=2)
    first = None
    while first is None and manager.is_running():  # its memory and kernels are made with the first request
        first = manager.get_result(timeout=0.1)
    if first is None or first.error is not None:
        raise RuntimeError(f"its first request failed: {first and first.error}")
    begin = clock(device)
    for respondent in range(len(interviews)):
        ask(respondent, 0)
    while num_answers < len(interviews) * num_questions and now(device) - begin < most_seconds:
        output = manager.get_result(timeout=0.1)
        if output is None:
            if not manager.is_running():
                raise RuntimeError("it ended by itself")
            continue
        if output.error is not None:
            raise RuntimeError(str(output.error))
        num_tokens, num_answers = num_tokens + len(output.generated_tokens), num_answers + 1
        respondent, question = map(int, output.request_id.split())
        if question + 1 < num_questions:
            ask(respondent, question + 1)
    if not num_answers:
        raise RuntimeError(f"no answer within {most_seconds:.0f} s")
    return Result(clock(device) - begin, num_tokens, num_answers, f"{num_answers} answers")


# --- this engine


def slots(network: Any, interviews: Sequence[Interview], most_seconds: float) -> Result:
    """This engine."""
    return _slots(network, interviews, most_seconds)


def slots_without_reuse(network: Any, interviews: Sequence[Interview], most_seconds: float) -> Result:
    """This engine, every prompt read from its beginning."""
    return _slots(network, interviews, most_seconds, reuses_prefixes=False)


def slots_without_graphs(network: Any, interviews: Sequence[Interview], most_seconds: float) -> Result:
    """This engine on a GPU, every operation launched by itself."""
    if network.device.type != "cuda":
        raise ValueError("graphs are for GPUs")
    return _slots(network, interviews, most_seconds, captures=False)


def _slots(
    network: Any,
    interviews: Sequence[Interview],
    most_seconds: float,
    *,
    reuses_prefixes: bool = True,
    captures: bool = True,
) -> Result:
    before = network.config._attn_implementation
    loop, timed = make_loop(network, reuses_prefixes=reuses_prefixes, captures=captures)
    num_questions, num_tokens = len(interviews[0].prompts), 0
    ended: list[float] = []
    begin = clock(network.device)
    for respondent in range(len(interviews)):
        loop.add(respondent * num_questions, request_of(interviews, respondent, 0))
    try:
        while loop.has_work and now(network.device) - begin < most_seconds:
            for sequence, error in loop.step():
                if error is not None:
                    raise error
                num_tokens += len(sequence.text.answer or ())
                ended.append(now(network.device) - begin)
                respondent, question = divmod(sequence.ticket, num_questions)
                if question + 1 < num_questions:  # each respondent goes on by itself
                    loop.add(sequence.ticket + 1, request_of(interviews, respondent, question + 1))
        work, seconds = loop.work, clock(network.device) - begin
    finally:
        network.set_attn_implementation(before)
        if isinstance(loop, PagedLoop):
            loop.close()
    if not ended:
        raise RuntimeError(f"no answer within {most_seconds:.0f} s")
    notes = [f"{len(ended)} answers in {work.num_steps} steps"]
    if timed is not None:
        growing = timed.growing.seconds / seconds
        outside = 1 - timed.model.seconds / seconds - growing
        notes.append(f"{outside:.1%} of the time choosing and keeping book, {growing:.1%} growing the cache")
    if reuses_prefixes:
        notes.append(f"{work.num_reused_tokens / work.num_prompt_tokens:.0%} of the prompts not read again")
    survey = _survey_seconds(ended, len(interviews))
    notes.append(f"{SURVEY} questions at the pace of the second half: {survey:,.0f} s")
    return Result(seconds, num_tokens, len(ended), ", ".join(notes))


def _survey_seconds(ended: Sequence[float], num_respondents: int) -> float:
    """Seconds for a whole survey: by then all graphs are captured, which the first half pays for."""
    half = len(ended) // 2
    if half == 0 or len(ended) == half:
        return float("nan")
    pace = (ended[-1] - ended[half - 1]) / (len(ended) - half)
    return ended[half - 1] + (SURVEY * num_respondents - half) * pace


def make_loop(network: Any, **settings: Any) -> "tuple[SlotLoop | PagedLoop, _Clocks | None]":
    """The loop for the network's device; on a CPU with clocks at what is not choosing and keeping book."""
    reason, layers = try_slots(network)
    if reason is not None:
        raise ValueError(reason)
    if network.device.type == "cuda":
        unpack_linear_layers(network, most_bytes=int(UNPACKED_SHARE * free_bytes(network.device)))
        return _paged_loop(network, layers, **settings), None
    network.set_attn_implementation(slot_attention.NAME)
    model = _Timed(network, network.device)
    loop = SlotLoop(
        model,
        frozenset(),
        max_rows=256,
        max_read=1024,
        max_bytes=1 << 32,
        bytes_per_token=bytes_per_token(layers, network.dtype),
        reuses_prefixes=settings["reuses_prefixes"],
    )
    growing = _Timed(loop._cache.reserve, network.device)
    loop._cache.reserve = growing  # type: ignore[method-assign]
    return loop, _Clocks(model, growing)


def _paged_loop(network: Any, layers: list[LayerShape], **settings: Any) -> PagedLoop:
    if (reason := try_pages(network, layers)) is not None:
        raise ValueError(reason)
    network.set_attn_implementation(paged_attention.NAME)
    free, _ = torch.cuda.mem_get_info(network.device)
    return PagedLoop(
        network,
        frozenset(),
        max_rows=256,
        max_read=8192,
        max_bytes=int(0.8 * free),
        layers=layers,
        **settings,
    )


class _Timed:
    """Something to call, with the seconds spent in it."""

    def __init__(self, call: Callable[..., Any], device: torch.device) -> None:
        self._call = call
        self.device, self.seconds = device, 0.0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        begin = clock(self.device)
        output = self._call(*args, **kwargs)
        self.seconds += clock(self.device) - begin
        return output


@dataclass
class _Clocks:
    model: _Timed
    growing: _Timed


Way = Callable[[Any, Sequence[Interview], float], Result]
# With the share of its time that each gets: of a loop the first seconds are all prompts, and graphs.
WAYS: Final[dict[str, tuple[Way, int]]] = {
    "one_at_a_time": (one_at_a_time, 1),
    "lockstep": (lockstep, 1),
    "by_beams": (by_beams, 1),
    "continuous": (continuous, 2),
    "slots_without_graphs": (slots_without_graphs, 2),
    "slots_without_reuse": (slots_without_reuse, 4),
    "slots": (slots, 4),
}
