"""How long the analysis of a whole study takes, and how much memory: 11 models, 2 surveys, 200 respondents.

    python scripts/benchmark_analysis.py                    # 2.7 million answers: about 2 GB of disk
    python scripts/benchmark_analysis.py --models 3 --respondents 100                      # a quick look
    python scripts/benchmark_analysis.py --keep runs        # made once; the next time only analysed

Answers are synthetic: drawn from shares between people's and a model's own, with a failure now and then,
and written as the journals and manifests that an interview writes. What is timed are the functions that
`stage=report` calls, run by run, and then `stage=report runs=...` over all of them. The clock is the CPU
time of each process with one thread, which neighbours disturb least; wall time stands beside it.
"""

import argparse
import multiprocessing
import os
import platform
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from def_sim.answers.storage.answer_lines import encode_line
from def_sim.answers.storage.compaction import compact
from def_sim.answers.storage.completion import mark_complete
from def_sim.answers.storage.disk import write_whole
from def_sim.answers.storage.shards import answers_folder, no_search_for_cycles, read_answers, shard_name
from def_sim.app.composing import compose_config
from def_sim.app.csv_tables import FINDINGS
from def_sim.app.definition import folder_of, run_identity, what_defines
from def_sim.app.evaluated_run import compute_sections, findings_of
from def_sim.app.provenance import record_run
from def_sim.app.read_panel import arrays_of, of_the_panel
from def_sim.app.received import read_received
from def_sim.app.reporting import write_report, write_tables
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.app.written_comparison import compare_runs
from def_sim.evaluation.distributions import distributions_frame
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.results import Results
from def_sim.evaluation.run_tables import run_csv
from def_sim.evaluation.score_intervals import resample, with_intervals
from def_sim.evaluation.score_tables import score_table, status_table
from def_sim.randomness import keyed_rng
from def_sim.records import Answer, AnswerStatus, FinishReason, Question, QuestionType, ReadingMethod
from def_sim.reports.sections.drawn_sections import draw_sections

MODELS: Final = (
    "baichuan2_13b_chat",
    "chatglm2_6b",
    "wizardlm_13b_v1_2",
    "mistral7b",
    "dolphin_2_2_1_mistral_7b",
    "mixtral_8x7b",
    "llama3_8b",
    "llama3_8b_instruct",
    "dolphin_2_9_1_llama3_8b",
    "llama3_chinese_8b_instruct",
    "claude_3_5_sonnet",
)
SURVEYS: Final = ("us", "cn")
FAILURE_SHARE: Final = 0.02
LOADING: Final = 0.5  # correlation of an answer with the respondent's trait
EXPLANATION: Final = (
    "Explanation: " + "I live here, my family has seen good years and bad ones, so I think " * 5
)


@dataclass
class Costs:
    """CPU and wall seconds by stage, of one process or of several added up."""

    cpu_s: Counter[str] = field(default_factory=Counter)
    wall_s: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds what happens inside to a stage."""
        cpu, wall = _cpu_s(), time.perf_counter()
        yield
        self.cpu_s[name] += _cpu_s() - cpu
        self.wall_s[name] += time.perf_counter() - wall

    def add(self, other: "Costs") -> None:
        """Joins what another process measured."""
        self.cpu_s.update(other.cpu_s)
        self.wall_s.update(other.wall_s)


def _cpu_s() -> float:
    """CPU seconds of this process and of those that it started and that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def main() -> None:
    """Makes the answers where they are not there yet, analyses them, prints the tables."""
    options = _options()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        output = Path(options.keep or temporary)
        cells = [(model, survey) for survey in SURVEYS for model in MODELS[: options.models]]
        words = [_words(output, model, survey, options) for model, survey in cells]
        begin = time.perf_counter()
        with _workers(options.processes) as pool:
            folders = list(pool.map(make_run, words))
        print(f"answers made in {time.perf_counter() - begin:.0f} s", flush=True)
        begin = time.perf_counter()
        with _workers(options.processes) as pool:
            analysed = list(pool.map(analyse_run, folders, [options.page] * len(folders)))
            peaks = {one.worker: one.peak_mb for one in analysed}
        comparison = Costs()
        with comparison.stage("comparison of all runs"):
            compare_runs([f"{output}/**"], output / "comparison")
        wall_s = time.perf_counter() - begin
    print_costs(analysed, comparison, wall_s, peaks, options.processes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--models", type=int, default=len(MODELS), help="how many of the eleven")
    parser.add_argument("--respondents", type=int, default=200)
    parser.add_argument("--wordings", choices=["base", "all"], default="all")
    parser.add_argument("--protocol", default="paper", help="sound averages wordings before it scores")
    parser.add_argument("--processes", type=int, default=2, help="runs analysed side by side")
    parser.add_argument("--page", action="store_true", help="also write figures, tables and page of each run")
    parser.add_argument("--keep", help="folder for the runs, used again if they are there")
    return parser.parse_args()


def _words(output: Path, model: str, survey: str, options: argparse.Namespace) -> list[str]:
    chosen = {
        "model": model,
        "survey": survey,
        "protocol": options.protocol,
        "wordings": options.wordings,
        "respondents": options.respondents,
        "output": output,
    }
    return [f"{name}={value}" for name, value in chosen.items()]


def _workers(num_processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(num_processes, mp_context=multiprocessing.get_context("spawn"))


# --- answers


def make_run(words: list[str]) -> Path:
    """Manifest and journal of one run, as an interview would leave them; gives its folder."""
    config = validate_config(compose_config(words))
    run = prepare_run(config)
    defines = what_defines(run, {"synthetic": config.model.name})
    folder = folder_of(run, defines)
    journal = answers_folder(folder) / f"{shard_name(0, 1)}.jsonl"
    if not journal.is_file():
        journal.parent.mkdir(parents=True, exist_ok=True)
        record_run(run, folder, defines, {"engine": "synthetic"})
        with journal.open("wb") as lines:
            lines.writelines(encode_line(answer) for answer in synthetic_answers(run))
    return folder


def synthetic_answers(run: Run) -> Iterator[Answer]:
    """Every planned answer, respondent by respondent."""
    name, num = run.config.model.name, len(run.panel)
    traits = keyed_rng(run.config.seed, name, "traits").normal(size=(num, 3))
    columns = [
        _positions(run, question, traits[:, place % 3]) for place, question in enumerate(_questions(run))
    ]
    orders = {
        question.id: keyed_rng(run.config.seed, name, question.id, "orders").permuted(
            np.tile(question.codes, (num, 1)), axis=1
        )
        for question in _questions(run)
    }
    has_failed = keyed_rng(run.config.seed, name, "failures").random((num, len(columns))) < FAILURE_SHARE
    for row, respondent in enumerate(run.panel):
        asked: list[str] = []
        for place, question in enumerate(_questions(run)):
            codes = _codes(question, int(columns[place][row]))
            shown = (
                question.codes
                if question.type is QuestionType.SCALE
                else tuple(orders[question.id][row].tolist())
            )
            memory = tuple(asked[-respondent.memory_capacity :]) if respondent.memory_capacity else ()
            answer = _answer(respondent.id, question, codes, shown, memory)
            yield _failed(answer) if has_failed[row, place] else answer
            asked.append(question.id)


def _questions(run: Run) -> tuple[Question, ...]:
    return run.survey.questions


def _positions(run: Run, question: Question, trait: NDArray[np.float64]) -> NDArray[np.int64]:
    """Position of each respondent's choice, shape (N,): shares cut by a normal variable behind them."""
    rng = keyed_rng(run.config.seed, run.config.model.name, question.id, "choices")
    reference = run.loaded.reference.items.get((question.item_id, "all"))
    own = rng.dirichlet(np.ones(len(question.codes)))
    people = own if reference is None else np.array(reference.shares) / sum(reference.shares)
    behind = LOADING * trait + np.sqrt(1 - LOADING**2) * rng.normal(size=trait.shape)
    return np.searchsorted(np.cumsum(0.5 * own + 0.5 * people)[:-1], norm.cdf(behind))


def _codes(question: Question, position: int) -> tuple[int, ...]:
    """One code; with several choices also its neighbours, as many as may be named up to three."""
    num = min(3, question.max_choices) if question.type is QuestionType.MULTIPLE else 1
    return tuple(question.codes[(position + step) % len(question.codes)] for step in range(num))


def _answer(
    respondent_id: str,
    question: Question,
    codes: tuple[int, ...],
    shown: tuple[int, ...],
    memory: tuple[str, ...],
) -> Answer:
    return Answer(
        respondent_id=respondent_id,
        item_id=question.item_id,
        wording=question.wording,
        call=0,
        status=AnswerStatus.ANSWERED,
        choices=codes,
        method=ReadingMethod.NUMBER,
        text=f"Answer: {', '.join(map(str, codes))}\n{EXPLANATION}{len(memory)}.",
        shown_codes=shown,
        memory=memory,
        prompt_hash="0" * 16,
        finish_reason=FinishReason.STOP,
        num_prompt_tokens=500,
        num_generated_tokens=80,
        seconds=1.0,
    )


def _failed(answer: Answer) -> Answer:
    return replace(
        answer,
        status=AnswerStatus.REFUSED,
        choices=(),
        method=ReadingMethod.NONE,
        text="I would rather not say.",
    )


# --- analysis


@dataclass(frozen=True)
class Analysed:
    """What the analysis of one run took."""

    num_answers: int
    costs: Costs
    worker: int
    peak_mb: float  # of the worker so far


def analyse_run(folder: Path, has_page: bool) -> Analysed:
    """All that a report computes of one run, stage by stage; its tables are written."""
    with no_search_for_cycles():
        return _analyse_run(folder, has_page)


def _analyse_run(folder: Path, has_page: bool) -> Analysed:
    costs = Costs()
    with costs.stage("preparing the run"):
        received = read_received(folder)
        manifest, run = received.manifest, prepare_run(received.config)
    with costs.stage("reading answers"):
        stored = read_answers(folder)
        arrays = arrays_of(run, of_the_panel(run, stored))
    results = _results(run, arrays, costs)
    with costs.stage("numbers of the sections"):
        found = compute_sections(run, arrays)
    with costs.stage("drawing the sections"):
        sections = draw_sections(found) if found else []
    with costs.stage("writing answers.parquet"):
        identity = run_identity(run, folder)
        compact(folder, stored, identity)
    with costs.stage("writing tables"):
        write_tables(folder, results, identity)
        write_whole(folder / FINDINGS, run_csv(findings_of(found), identity))
        journals = [path.relative_to(folder) for path in answers_folder(folder).glob("*.jsonl")]
        mark_complete(folder, ["metrics.csv", "answers.parquet", *journals], num_answers=len(arrays.answers))
    num_answers = len(arrays.answers)
    del stored, arrays, results, found, sections
    if has_page:
        with costs.stage("whole report again, with page and figures"):
            write_report(run, folder, manifest)
    return Analysed(num_answers, costs, multiprocessing.current_process().pid or 0, peak_mb())


def _results(run: Run, arrays: PanelArrays, costs: Costs) -> Results:
    """As `reporting.compute_results`, in its steps."""
    config = run.config
    with costs.stage("distributions"):
        counted = arrays.distributions
    with costs.stage("scores with floors and controls"):
        scores = score_table(
            counted, seed=config.seed, num_draws=config.scoring.draws, pool_wordings=config.pool_wordings
        )
    with costs.stage("intervals"):
        panel = arrays.panel_answers
        assert panel is not None
        scores = with_intervals(scores, resample(arrays.prompts, panel, seed=config.seed))
    return Results(distributions_frame(counted), scores, status_table(counted))


def peak_mb() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def print_costs(
    analysed: list[Analysed], comparison: Costs, wall_s: float, peaks: Mapping[int, float], num_processes: int
) -> None:
    """Seconds by stage, and what they come to."""
    runs = Costs()
    for one in analysed:
        runs.add(one.costs)
    print(f"{'stage':45} {'CPU s':>8} {'a run':>8} {'wall s':>8}")
    for name, seconds in (*runs.cpu_s.items(), *comparison.cpu_s.items()):
        each = f"{seconds / len(analysed):8.2f}" if name in runs.cpu_s else f"{'':8}"
        print(f"{name:45} {seconds:8.1f} {each} {(runs.wall_s + comparison.wall_s)[name]:8.1f}")
    of_runs, of_all = sum(runs.cpu_s.values()), sum(comparison.cpu_s.values())
    of_all_wall = sum(comparison.wall_s.values())
    print(f"{sum(one.num_answers for one in analysed):,} answers of {len(analysed)} runs")
    print(f"CPU: runs {of_runs:.0f} s, comparison {of_all:.0f} s")
    print(
        f"on {num_processes} idle cores about {of_runs / num_processes + of_all_wall:.0f} s; "
        f"here {wall_s:.0f} s"
    )
    of_workers = ", ".join(f"{mb:,.0f} MB" for mb in peaks.values())
    largest_child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"peak memory: workers {of_workers}; comparison {peak_mb():,.0f} MB, "
        f"no process above {max(largest_child, peak_mb()):,.0f} MB"
    )


if __name__ == "__main__":
    main()
