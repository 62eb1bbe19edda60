"""How fast the local engine is beside other ways of holding the same interviews.

    python scripts/benchmark_engine.py                        # small random Llama on the CPU, about 8 minutes
    python scripts/benchmark_engine.py --questions 1 --only slots,one_at_a_time    # a quick look
    python scripts/benchmark_engine.py --device cuda          # Mistral-7B from its config, random weights
    python scripts/benchmark_engine.py --device cuda --only steps      # a step alone: writing, reading

Every way answers the same prompts of the same respondents in the same process, one after the other;
only ratios within one run mean something. Weights are random: speed does not depend on what they say.
Answers have set lengths, which no way can shorten. On a CPU the clock is the process's CPU time with
one thread, which neighbours disturb least; on a GPU it is the wall. Every way has been used once before
its clock starts; of this engine loading and the trial of its kernels are left out, the capture of graphs
is not. Weights in 4 bit stay unpacked once this engine has unpacked them, so it goes after the others.
Slow ways may be asked only the first questions (`--reference-questions`) of the first
respondents (`--reference-share`): their rate counts.

What is asked is in `benchmark_interviews.py`, the floor in `benchmark_floor.py`.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmark_floor import (
    Rates,
    clock,
    count_weights,
    describe_machine,
    describe_network,
    floor_seconds,
    measure_rates,
    now,
    weight_bytes,
)
from benchmark_interviews import MODELS, Interview, build_network, make_interviews, plain_prompt, request_of
from transformers import GenerationConfig

from def_sim.engines.local import slot_attention
from def_sim.engines.local.key_values import LayerShape, bytes_per_cell
from def_sim.engines.local.paged import paged_attention
from def_sim.engines.local.paged.paged_loop import PagedLoop
from def_sim.engines.local.runner import Prompt
from def_sim.engines.local.slot_loop import SlotLoop, Work
from def_sim.engines.local.slot_support import UNPACKED_SHARE, free_bytes, try_pages, try_slots
from def_sim.engines.local.unpacking import unpack_linear_layers

SURVEY = 613  # questions of the study's survey of the USA


@dataclass
class Result:
    """What one way did."""

    name: str
    seconds: float
    num_tokens: int
    num_answers: int
    notes: str = ""
    work: Work | None = field(default=None, repr=False)

    @property
    def tokens_per_s(self) -> float:
        """Tokens of answers a second; beams that lose do not count."""
        return self.num_tokens / self.seconds


def main() -> None:
    """Runs what the command line asks for and prints tables."""
    options = _options()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    network = build_network(options.model or ("mistral_7b" if device.type == "cuda" else "small"), device)
    rates = measure_rates(network)
    print(f"{describe_machine(device, options.threads)}\n{describe_network(network, rates)}", flush=True)
    records = []
    ways = [name for name in options.only if name != "steps"]
    if ways:
        warm_up(network)
    for mix in options.beams if ways else ():
        for num_respondents in options.respondents:
            interviews = make_interviews(network, num_respondents, options.questions, mix, options.seed)
            print_heading(network, interviews, rates, f"{num_respondents} respondents, {mix}")
            results: list[Result] = []
            for result in run_all(network, interviews, ways, options):
                results.append(result)
                print_row(network, interviews, results, rates)
            records += [
                {"respondents": num_respondents, "beams": mix, "way": r.name, "seconds": r.seconds,
                 "tokens": r.num_tokens, "answers": r.num_answers, "notes": r.notes}
                for r in results
            ]  # fmt: skip
    if "steps" in options.only and device.type == "cuda":
        print_steps(network, rates)
    if options.json:
        Path(options.json).write_text(json.dumps(records, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--model", choices=list(MODELS))
    parser.add_argument("--respondents", type=_numbers, default=[20, 64], help="e.g. 20,64")
    parser.add_argument("--questions", type=int, default=2, help="questions a respondent")
    parser.add_argument("--beams", type=_names, default=["one beam", "1 to 5 beams"], help="mixes, by comma")
    parser.add_argument("--only", type=_names, default=["steps", *WAYS], help=f"of steps, {', '.join(WAYS)}")
    parser.add_argument(
        "--reference-share", type=float, default=1.0, help="of respondents asked one at a time"
    )
    parser.add_argument("--reference-questions", type=int, help="asked in the slow ways; default: all")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="file for the figures")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _names(text: str) -> list[str]:
    return text.split(",")


# --- ways to answer


def run_all(
    network: Any, interviews: Sequence[Interview], ways: Sequence[str], options: argparse.Namespace
) -> Iterator[Result]:
    """Every chosen way, in the order of the table."""
    for name in ways:
        way = WAYS[name]
        try:
            seconds, num_tokens, num_answers, notes, work = way(network, interviews, options)
        except (RuntimeError, ValueError, NotImplementedError, ImportError) as error:
            print(f"  {name}: not run: {type(error).__name__}: {str(error)[:160]}", flush=True)
            continue
        yield Result(name, seconds, num_tokens, num_answers, notes, work)


def warm_up(network: Any) -> None:
    """A few tokens by `generate()`: what a device does the first time takes seconds."""
    for num_beams in (1, 2):
        _generate(network, [plain_prompt(0, 64, num_beams, 4)])


Done = tuple[float, int, int, str, Work | None]  # seconds, tokens, answers, notes, work


def one_at_a_time(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """The published shape: `generate()` for one prompt after the other."""
    most = max(1, round(len(interviews) * options.reference_share))
    num_questions = _reference_questions(interviews, options)
    done, begin = 0, clock(network.device)
    for respondent in range(most):
        for question in range(num_questions):
            done += _generate(network, [request_of(interviews, respondent, question)])
    seconds = clock(network.device) - begin
    return seconds, done, most * num_questions, f"{most} respondents, {num_questions} questions", None


def lockstep(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """All respondents answer a question in one padded batch, and wait for the longest answer."""
    if any(interview.decoding.num_beams > 1 for interview in interviews):
        raise ValueError("one batch has one number of beams; see by_beams")
    return by_beams(network, interviews, options)


def by_beams(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """As lockstep, in one batch for each kind of decoding."""
    done, num_questions = 0, _reference_questions(interviews, options)
    begin = clock(network.device)
    for question in range(num_questions):
        groups: dict[Any, list[int]] = {}
        for respondent, interview in enumerate(interviews):
            decoding = interview.decoding
            kind = (decoding.num_beams, decoding.do_sample and decoding.num_beams > 1)
            groups.setdefault(kind, []).append(respondent)
        for members in groups.values():
            prompts = [request_of(interviews, respondent, question) for respondent in members]
            done += _generate(network, prompts)
    seconds = clock(network.device) - begin
    return seconds, done, len(interviews) * num_questions, f"{num_questions} questions", None


def _reference_questions(interviews: Sequence[Interview], options: argparse.Namespace) -> int:
    return min(len(interviews[0].prompts), options.reference_questions or len(interviews[0].prompts))


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


def continuous(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """The continuous batching of transformers: no beams, and one number of tokens for all."""
    if any(interview.decoding.num_beams > 1 for interview in interviews):
        raise ValueError("transformers' continuous batching has no beams")
    make_settings: Any = GenerationConfig
    length = round(float(np.mean([interview.lengths for interview in interviews])))
    settings = make_settings(max_new_tokens=length, do_sample=True, eos_token_id=None, pad_token_id=0)
    done, begin = 0, clock(network.device)
    num_questions = _reference_questions(interviews, options)
    for question in range(num_questions):
        inputs = [list(interview.prompts[question]) for interview in interviews]
        found = network.generate_batch(inputs, generation_config=settings, progress_bar=False)
        done += sum(len(output.generated_tokens) for output in found.values())
    seconds = clock(network.device) - begin
    return seconds, done, len(interviews) * num_questions, f"{length} tokens each", None


def slots(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """This engine."""
    return _slots(network, interviews)


def slots_without_reuse(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """This engine, every prompt read from its beginning."""
    return _slots(network, interviews, reuses_prefixes=False)


def slots_without_graphs(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """This engine on a GPU, every operation launched by itself."""
    if network.device.type != "cuda":
        raise ValueError("graphs are for GPUs")
    few = [Interview(one.decoding, one.prompts[:3], one.lengths) for one in interviews]
    return _slots(network, few, captures=False)


def _slots(
    network: Any, interviews: Sequence[Interview], *, reuses_prefixes: bool = True, captures: bool = True
) -> Done:
    before = network.config._attn_implementation
    loop, timed = make_loop(network, reuses_prefixes=reuses_prefixes, captures=captures)
    num_questions, done = len(interviews[0].prompts), 0
    num_answers = len(interviews) * num_questions
    ended: list[float] = []
    if timed is not None:
        timed.seconds = 0.0
    begin = clock(network.device)
    for respondent in range(len(interviews)):
        loop.add(respondent * num_questions, request_of(interviews, respondent, 0))
    try:
        while loop.has_work:
            for draft, error in loop.step():
                if error is not None:
                    raise error
                done += len(draft.text.answer or ())
                ended.append(now(network.device) - begin)
                respondent, question = divmod(draft.ticket, num_questions)
                if question + 1 < num_questions:  # each respondent goes on by itself
                    loop.add(draft.ticket + 1, request_of(interviews, respondent, question + 1))
        work, total = loop.work, clock(network.device) - begin
    finally:
        network.set_attn_implementation(before)
        if isinstance(loop, PagedLoop):
            loop.close()
    notes = f"{work.num_steps} steps"
    if timed is not None:
        notes += f", {1 - timed.seconds / total:.1%} of the time outside the model"
    if reuses_prefixes:
        notes += f", {work.num_reused_tokens / work.num_prompt_tokens:.0%} of the prompts not read again"
    survey = _survey_seconds(ended, len(interviews))
    notes += f"; {SURVEY} questions at the pace of the second half: {survey:,.0f} s"
    return total, done, num_answers, notes, work


def _survey_seconds(ended: Sequence[float], num_respondents: int) -> float:
    """Seconds for a whole survey: by then all graphs are captured, which the first half pays for."""
    half = len(ended) // 2
    if half == 0 or len(ended) == half:
        return float("nan")
    pace = (ended[-1] - ended[half - 1]) / (len(ended) - half)
    return ended[half - 1] + (SURVEY * num_respondents - half) * pace


def make_loop(network: Any, **settings: Any) -> "tuple[SlotLoop | PagedLoop, _Timed | None]":
    """The loop for the network's device; on a CPU with a clock at the model."""
    reason, layers = try_slots(network)
    if reason is not None:
        raise ValueError(reason)
    if network.device.type == "cuda":
        unpack_linear_layers(network, most_bytes=int(UNPACKED_SHARE * free_bytes(network.device)))
        return _paged_loop(network, layers, **settings), None
    network.set_attn_implementation(slot_attention.NAME)
    timed = _Timed(network)
    loop = SlotLoop(
        timed,
        frozenset(),
        max_rows=256,
        max_read=1024,
        max_bytes=1 << 32,
        bytes_per_cell=bytes_per_cell(layers, network.dtype),
        reuses_prefixes=settings["reuses_prefixes"],
    )
    return loop, timed


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
    """The network, with the seconds spent in it."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self.device, self.seconds = network.device, 0.0

    def __call__(self, **inputs: Any) -> Any:
        begin = clock(self.device)
        output = self._network(**inputs)
        self.seconds += clock(self.device) - begin
        return output


WAYS: dict[str, Callable[[Any, Sequence[Interview], argparse.Namespace], Done]] = {
    "one_at_a_time": one_at_a_time,
    "lockstep": lockstep,
    "by_beams": by_beams,
    "continuous": continuous,
    "slots_without_graphs": slots_without_graphs,
    "slots_without_reuse": slots_without_reuse,
    "slots": slots,
}


# --- a step alone


def print_steps(network: Any, rates: Rates) -> None:
    """Writing at 550 tokens of context for 20, 64 and 256 rows, reading 8,192 tokens: everything included."""
    before = network.config._attn_implementation
    loop, _ = make_loop(network, reuses_prefixes=False)
    try:
        in_layers, head = count_weights(network)
        print("\na step alone: choosing tokens, keeping book and copying included")
        for num_sequences, num_beams in ((20, 1), (64, 1), (256, 1), (20, 3), (85, 3)):
            seconds = _writing_step(loop, num_sequences, num_beams)
            if seconds is None:
                print(
                    f"  {num_sequences:>4} answers of {num_beams} beams: their cells do not fit", flush=True
                )
                continue
            rows = num_sequences * num_beams
            cells = num_sequences * 550 * bytes_per_cell(loop.layers, network.dtype)  # type: ignore[union-attr]
            moved = (weight_bytes(network) + cells) / rates.bytes_per_s
            floor = max(moved, 2 * rows * (in_layers + head) / rates.flops_per_s)
            print(f"  {num_sequences:>4} answers of {num_beams} beams: {seconds * 1e3:6.2f} ms, "
                  f"{floor / seconds:.0%} of the floor of {floor * 1e3:.2f} ms", flush=True)  # fmt: skip
        for num_prompts in (1, 4, 16):
            seconds = _reading_step(loop, num_prompts)
            rate = 2 * 512 * num_prompts * in_layers / seconds
            share = rate / rates.flops_per_s
            print(f"  reading {512 * num_prompts:>5} tokens: {seconds * 1e3:6.1f} ms, "
                  f"{rate / 1e12:.0f} TFLOP/s, {share:.0%} of the matmul rate", flush=True)  # fmt: skip
    finally:
        network.set_attn_implementation(before)
        loop.close()


def _writing_step(loop: Any, num_sequences: int, num_beams: int) -> float | None:
    """Median seconds of a step in which so many answers write at 550 tokens of context, give or take ten.

    None: there is no room for so many at a time.
    """
    for _ in range(2):  # the first time graphs are captured
        for number in range(num_sequences):
            loop.add(number, plain_prompt(number, 540, num_beams, 24))
        seconds = []
        while loop.has_work:
            begin = time.perf_counter()
            num_written = loop.work.num_written_tokens
            loop.step()
            if loop.work.num_written_tokens - num_written == num_sequences * num_beams:
                seconds.append(time.perf_counter() - begin)
    return float(np.median(seconds)) if seconds else None


def _reading_step(loop: Any, num_prompts: int) -> float:
    """Least seconds in which so many prompts of 512 tokens are read."""
    best = float("inf")
    for _ in range(4):
        for number in range(num_prompts):
            loop.add(number, plain_prompt(number, 512, 1, 1))
        begin = clock(loop.device)
        while loop.has_work:
            loop.step()
        best = min(best, clock(loop.device) - begin)
    return best


# --- the tables


def print_heading(network: Any, interviews: Sequence[Interview], rates: Rates, title: str) -> None:
    """What is asked, and the names of the columns."""
    num_read = sum(len(prompt) for interview in interviews for prompt in interview.prompts)
    num_answers = len(interviews) * len(interviews[0].prompts)
    floor = floor_seconds(network, interviews, rates)
    written = sum(sum(interview.lengths) for interview in interviews)
    print(f"\n{title}: {num_answers} answers, {num_read / num_answers:.0f} tokens in and "
          f"{written / num_answers:.0f} out each; floor {floor:.1f} s")  # fmt: skip
    print(f"  {'way':<22}{'s':>8}{'tokens/s':>10}{'answers/h':>11}"
          f"{'x one':>8}{'x batch':>9}{'floor':>8}  notes", flush=True)  # fmt: skip


def print_row(network: Any, interviews: Sequence[Interview], results: Sequence[Result], rates: Rates) -> None:
    """The way that ended last; ratios to those of the same run that ended before it.

    A row at a time, so that what was measured is there if the run is cut short.
    """
    result = results[-1]
    written = sum(sum(interview.lengths) for interview in interviews)
    rate = {result.name: result.tokens_per_s for result in results}
    batch = rate.get("lockstep", rate.get("by_beams"))
    to_one = f"{result.tokens_per_s / rate['one_at_a_time']:.2f}" if "one_at_a_time" in rate else "-"
    to_batch = f"{result.tokens_per_s / batch:.2f}" if batch else "-"
    share = floor_seconds(network, interviews, rates) * result.num_tokens / written / result.seconds
    per_hour = result.num_answers / result.seconds * 3600
    print(f"  {result.name:<22}{result.seconds:>8.1f}{result.tokens_per_s:>10.1f}{per_hour:>11,.0f}"
          f"{to_one:>8}{to_batch:>9}{share:>8.0%}  {result.notes}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
