"""How fast the local engine is beside other ways of holding the same interviews.

    python scripts/benchmark_engine.py                        # small random Llama on the CPU, about 8 minutes
    python scripts/benchmark_engine.py --questions 1 --only slots,one_at_a_time    # a quick look
    python scripts/benchmark_engine.py --model smollm2        # a real model, and llama.cpp beside; see below
    python scripts/benchmark_engine.py --device cuda          # Mistral-7B from its config, 9 minutes
    python scripts/benchmark_engine.py --device cuda --model llama_13b_nf4 --respondents 20
    python scripts/benchmark_engine.py --device cuda --only steps      # a step alone: writing, reading

Every way answers the same prompts of the same respondents in the same process, one after the other;
only ratios within one run mean something. Weights are random: speed does not depend on what they say.
Answers have set lengths, which no way can shorten. On a CPU the clock is the process's CPU time with
one thread, which neighbours disturb least; on a GPU it is the wall, and a way stops when its time is
over (`--seconds`): batches of `generate()` after so many, loops after twice or four times as many, since
they capture graphs meanwhile. Weights in 4 bit stay unpacked once this engine has unpacked them, so it
goes last.

With `--model smollm2` (fetched once by `def-sim stage=fetch model=smollm2`) llama.cpp's server is
asked, too, with the same GGUF file and with its weights unpacked to float32, which is what this engine
computes in: 12 respondents, three questions, one beam, which is all that llama.cpp has.

The ways are in `benchmark_ways.py`, what is asked in `benchmark_interviews.py`, the floor in
`benchmark_floor.py`.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

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
    weight_bytes,
)
from benchmark_interviews import (
    MODELS,
    SMOLLM2,
    Interview,
    build_network,
    make_interviews,
    plain_prompt,
    smollm2_file,
)
from benchmark_llama_cpp import llama_cpp
from benchmark_ways import WAYS, Result, Way, make_loop, warm_up

from def_sim.engines.local.slots.key_values import bytes_per_token

LLAMA_CPP_WAYS: Final = {"llama_cpp_stored": False, "llama_cpp_float32": True}
SECONDS_ON_A_GPU: Final = 8.0  # of a way; with these all ways, twice 20 and 200 respondents, end in time


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
    known = WAYS | (_llama_cpp_ways() if options.model == SMOLLM2 else {})
    chosen = {name: known[name] for name in ways}
    if ways:
        warm_up(network)
    for mix in options.beams if ways else ():
        for num_respondents in options.respondents:
            interviews = make_interviews(network, num_respondents, options.questions, mix, options.seed)
            print_heading(network, interviews, rates, f"{num_respondents} respondents, {mix}")
            results = compare(network, interviews, chosen, rates, options.seconds)
            records += [
                {"respondents": num_respondents, "beams": mix, "way": name, "seconds": r.seconds,
                 "tokens": r.num_tokens, "answers": r.num_answers, "notes": r.notes}
                for name, r in results.items()
            ]  # fmt: skip
    if "steps" in options.only and device.type == "cuda":
        print_steps(network, rates)
    if options.json:
        Path(options.json).write_text(json.dumps(records, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--model", choices=[*MODELS, SMOLLM2])
    parser.add_argument("--respondents", type=_numbers, help="default: 20,64 on a CPU, 20,200 on a GPU")
    parser.add_argument("--questions", type=int, help="questions a respondent; default: 2 and 60")
    parser.add_argument("--beams", type=_names, help="mixes, by comma; default: one beam,1 to 5 beams")
    parser.add_argument("--only", type=_names, help=f"of steps, {', '.join([*WAYS, *LLAMA_CPP_WAYS])}")
    parser.add_argument("--seconds", type=float, help="most of a way; default: none on a CPU, 8 on a GPU")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="file for the figures")
    options = parser.parse_args()
    is_gpu, is_real = options.device == "cuda", options.model == SMOLLM2
    options.respondents = options.respondents or ([20, 200] if is_gpu else [12] if is_real else [20, 64])
    options.questions = options.questions or (60 if is_gpu else 3 if is_real else 2)
    options.beams = options.beams or (["one beam"] if is_real else ["one beam", "1 to 5 beams"])
    options.only = options.only or (
        ["one_at_a_time", "lockstep", *LLAMA_CPP_WAYS, "slots"] if is_real else ["steps", *WAYS]
    )
    options.seconds = options.seconds or (SECONDS_ON_A_GPU if is_gpu else float("inf"))
    return options


def _llama_cpp_ways() -> dict[str, tuple[Way, int]]:
    """llama.cpp on SmolLM2's file, as it is stored and in float32."""
    file = smollm2_file()
    return {
        name: (partial(llama_cpp, file, unpacked=is_unpacked), 1)
        for name, is_unpacked in LLAMA_CPP_WAYS.items()
    }


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _names(text: str) -> list[str]:
    return text.split(",")


def compare(
    network: Any,
    interviews: Sequence[Interview],
    ways: Mapping[str, tuple[Way, int]],
    rates: Rates,
    most_seconds: float,
) -> dict[str, Result]:
    """Every chosen way, a row as it ends: what was measured is there if the run is cut short."""
    results: dict[str, Result] = {}
    for name, (way, share) in ways.items():
        try:
            results[name] = way(network, interviews, most_seconds * share)
        except (RuntimeError, ValueError, NotImplementedError, ImportError) as error:
            print(f"  {name}: not run: {type(error).__name__}: {str(error)[:160]}", flush=True)
        else:
            print_row(network, interviews, name, results, rates)
    return results


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
                    f"  {num_sequences:>4} answers of {num_beams} beams: their keys and values do not fit",
                    flush=True,
                )
                continue
            rows = num_sequences * num_beams
            cache = num_sequences * 550 * bytes_per_token(loop.layers, network.dtype)  # type: ignore[union-attr]
            moved = (weight_bytes(network) + cache) / rates.bytes_per_s
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


def print_row(
    network: Any, interviews: Sequence[Interview], name: str, results: dict[str, Result], rates: Rates
) -> None:
    """The way that ended last; ratios to those of the same run that ended before it."""
    result = results[name]
    written = sum(sum(interview.lengths) for interview in interviews)
    rate = {way: done.tokens_per_s for way, done in results.items()}
    batch = rate.get("lockstep", rate.get("by_beams"))
    to_one = f"{result.tokens_per_s / rate['one_at_a_time']:.2f}" if "one_at_a_time" in rate else "-"
    to_batch = f"{result.tokens_per_s / batch:.2f}" if batch else "-"
    share = floor_seconds(network, interviews, rates) * result.num_tokens / written / result.seconds
    per_hour = result.num_answers / result.seconds * 3600
    print(f"  {name:<22}{result.seconds:>8.1f}{result.tokens_per_s:>10.1f}{per_hour:>11,.0f}"
          f"{to_one:>8}{to_batch:>9}{share:>8.0%}  {result.notes}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
