"""What a run of millions of answers takes, shard by shard: CPU an answer, memory of a process, the report.

    python scripts/benchmark_scale.py --answers 20e6 --shards 8        # about 18 GB of disk
    python scripts/benchmark_scale.py --answers 2e6 --shards 8 --check # an independent reader counts as well

Answers are invented and written as the journals that interviews write. Each shard then makes its part and its
counts in a process of its own, and one more process writes the report. Prints a Markdown table, and what
follows for a million respondents with 600 items, computed and not measured. Journals that an earlier command
left in the folder of `--keep` are not made again.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from def_sim.answers.storage.answer_lines import encode_line
from def_sim.answers.storage.disk import replacing
from def_sim.answers.storage.division import Division
from def_sim.answers.storage.shards import answers_folder, shard_name
from def_sim.app.composing import compose_config
from def_sim.app.definition import folder_of, what_defines
from def_sim.app.provenance import record_run
from def_sim.app.received import read_stored_manifest
from def_sim.app.reporting import write_report
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.app.streaming import write_shard
from def_sim.randomness import keyed_rng
from def_sim.records import Answer, AnswerStatus, FinishReason, Question, ReadingMethod

FAILURE_SHARE = 0.02
REFUSAL = "I would rather not say."
EXPLANATION = "Explanation: " + "I live here, my family has seen good years and bad ones, so I think " * 5
MANY = 1_000_000 * 600  # answers, of the computed row


@dataclass(frozen=True)
class Cost:
    """What one process took for some answers."""

    num_answers: int
    cpu_s: float
    wall_s: float
    peak_mb: float

    @property
    def us_per_answer(self) -> float:
        """CPU microseconds."""
        return 1e6 * self.cpu_s / self.num_answers


def main() -> None:
    """Makes the answers, times each step in processes of their own, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--answers", type=float, default=2e6)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--at-once", type=int, default=1, help="shards side by side")
    parser.add_argument("--survey", default="us")
    parser.add_argument("--keep", help="folder for the run; otherwise it is removed in the end")
    parser.add_argument("--check", action="store_true", help="count the shares by json and pandas alone, too")
    options = parser.parse_args()
    output = Path(options.keep or tempfile.mkdtemp())
    try:
        benchmark(output, options)
    finally:
        if not options.keep:
            shutil.rmtree(output)


def benchmark(output: Path, options: argparse.Namespace) -> None:
    """The whole way for one number of answers."""
    words = [f"survey={options.survey}", f"output={output}", f"num_shards={options.shards}"]
    num_questions = len(prepared(words).survey.questions)
    num_respondents = max(round(options.answers / num_questions), options.shards)
    words += [
        f"respondents={num_respondents}",
        f"scoring.stream_above={min(2_000_000, int(options.answers) // 2)}",
    ]
    begin_run(words)
    folder = folder_of_run(prepared(words))
    with ThreadPoolExecutor(options.at_once) as pool:
        made = list(pool.map(partial(in_a_process, make_journal, words), range(options.shards)))
        parts = list(pool.map(partial(in_a_process, make_part, words), range(options.shards)))
    report = in_a_process(make_report, words, 0)
    size = {
        kind: sum(path.stat().st_size for path in answers_folder(folder).glob(pattern))
        for kind, pattern in (("journals", "*.jsonl"), ("tables", "*.parquet"))
    }
    print_costs(made, parts, report, size, num_respondents)
    if options.check:
        check_shares(folder)


def print_costs(made: list[Cost], parts: list[Cost], report: Cost, size: dict[str, int], num: int) -> None:
    """The table, and the computed row."""
    total = sum(cost.num_answers for cost in parts)
    part_us = 1e6 * sum(cost.cpu_s for cost in parts) / total
    made_us = 1e6 * sum(cost.cpu_s for cost in made) / total
    print(f"{total:,} answers of {num:,} respondents in {len(parts)} shards")
    print(f"making the answers (no part of a run): {made_us:.0f} us of CPU an answer")
    columns = (
        *("answers", "part and counts, us of CPU an answer", "peak of a shard, MB", "report, CPU s"),
        *("report, wall s", "peak of the report, MB", "journals, GB", "tables, GB"),
    )
    print(f"\n| {' | '.join(columns)} |")
    print("|---" * 8 + "|")
    peak = max(cost.peak_mb for cost in parts)
    print(
        f"| {total:,} | {part_us:.0f} | {peak:.0f} | {report.cpu_s:.0f} | {report.wall_s:.0f} "
        f"| {report.peak_mb:.0f} | {size['journals'] / 1e9:.2f} | {size['tables'] / 1e9:.2f} |"
    )
    hours = part_us * MANY / 1e6 / 3600
    print(
        f"computed for {MANY:,} answers: {hours:.1f} CPU hours of parts, "
        f"{MANY * size['journals'] / total / 1e12:.2f} TB of journals, "
        f"{MANY * size['tables'] / total / 1e9:.0f} GB of tables"
    )


def prepared(words: list[str]) -> Run:
    """The run of these words."""
    return prepare_run(validate_config(compose_config(words)))


def folder_of_run(run: Run) -> Path:
    """Where it lies."""
    return folder_of(run, what_defines(run, {"synthetic": run.config.model.name}))


def begin_run(words: list[str]) -> None:
    """Its manifest."""
    run = prepared(words)
    defines = what_defines(run, {"synthetic": run.config.model.name})
    answers_folder(folder_of(run, defines)).mkdir(parents=True, exist_ok=True)
    record_run(run, folder_of(run, defines), defines, {"engine": "synthetic"})


def in_a_process(step: Callable[[list[str], int], int], words: list[str], shard: int) -> Cost:
    """A step in a process of its own, whose memory and CPU time are of it alone."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(timed, step, words, shard).result()


def timed(step: Callable[[list[str], int], int], words: list[str], shard: int) -> Cost:
    """Runs a step and says what it took."""
    cpu, wall = time.process_time(), time.perf_counter()
    num_answers = step([*words, f"shard={shard}"], shard)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cost = Cost(num_answers, time.process_time() - cpu, time.perf_counter() - wall, peak_mb)
    print(f"{step.__name__} {shard}: {cost.us_per_answer:.1f} us, {cost.peak_mb:.0f} MB", flush=True)
    return cost


def make_part(words: list[str], shard: int) -> int:
    """What a shard does at its end."""
    run = prepared(words)
    # As if vouched for: invented answers have no prompts of the run, and a shard knows what it has asked.
    write_shard(run, folder_of_run(run), Division(shard, run.config.num_shards), is_vouched=True)
    return len(run.shard_indices) * len(run.survey.questions)


def make_report(words: list[str], shard: int) -> int:
    """What the last shard does."""
    run = prepared(words)
    folder = folder_of_run(run)
    write_report(run, folder, read_stored_manifest(folder))
    return run.num_planned


def make_journal(words: list[str], shard: int) -> int:
    """A shard's journal, as interviews would leave it; respondents answer side by side."""
    run = prepared(words)
    folder = folder_of_run(run)
    path = answers_folder(folder) / f"{shard_name(shard, run.config.num_shards)}.jsonl"
    if path.exists():
        return len(run.shard_indices) * len(run.survey.questions)
    num_answers = 0
    with replacing(path) as temporary, temporary.open("wb") as lines:
        for start in range(0, len(run.shard_indices), 200):  # so many are under way at once
            indices = run.shard_indices[start : start + 200]
            for place, question in enumerate(run.survey.questions):
                for answer in answers_to(run, question, place, indices):
                    lines.write(encode_line(answer))
                    num_answers += 1
    return num_answers


def answers_to(run: Run, question: Question, place: int, indices: range) -> list[Answer]:
    """Invented answers of some respondents to a question."""
    rng = keyed_rng(run.config.seed, question.id, indices.start, "scale")
    shares = keyed_rng(run.config.seed, question.id, "scale").dirichlet(np.ones(len(question.codes)))
    positions = rng.choice(len(question.codes), size=len(indices), p=shares)
    has_failed = rng.random(len(indices)) < FAILURE_SHARE
    memory = tuple(one.id for one in run.survey.questions[max(place - 8, 0) : place])
    return [
        Answer(
            respondent_id=f"r{index:05d}",
            item_id=question.item_id,
            wording=question.wording,
            call=0,
            status=AnswerStatus.REFUSED if failed else AnswerStatus.ANSWERED,
            choices=() if failed else (question.codes[position],),
            method=ReadingMethod.NONE if failed else ReadingMethod.NUMBER,
            text=REFUSAL if failed else f"Answer: {question.codes[position]}\n{EXPLANATION}",
            shown_codes=question.codes,
            memory=memory,
            prompt_hash=f"{index * 1000 + place:016x}",
            finish_reason=FinishReason.STOP,
            num_prompt_tokens=500,
            num_generated_tokens=80,
            seconds=1.0,
        )
        for index, position, failed in zip(indices, positions, has_failed, strict=True)
    ]


def check_shares(folder: Path) -> None:
    """Counts the shares by json and pandas alone, and compares them with the report's."""
    answered: Counter[tuple[str, int]] = Counter()
    chosen: Counter[tuple[str, int, int]] = Counter()
    for journal in (folder / "answers").glob("shard-*.jsonl"):
        with journal.open() as lines:
            for answer in map(json.loads, lines):
                if answer["status"] == "answered":
                    question = answer["item_id"], answer["wording"]
                    answered[question] += 1
                    chosen.update((*question, code) for code in answer["choices"])
    table = pd.read_parquet(folder / "distributions.parquet")
    expected = [
        chosen[item, wording, code] / answered[item, wording]
        for item, wording, code in zip(table["item_id"], table["wording"], table["code"], strict=True)
    ]
    difference = (table["simulated_share"] - expected).abs().max()
    print(f"independent reader: {len(table):,} shares, largest difference {difference:g}")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
