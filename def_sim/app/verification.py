"""Recomputes a run from its raw answers: what was stored must come out again, but for rounding."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from def_sim.answers.storage.bounded_parquet import read_bounded, written_out
from def_sim.answers.storage.calls import CallEntry, Calls, read_calls
from def_sim.answers.storage.compaction import check_parquet
from def_sim.answers.storage.completion import check_files, is_complete
from def_sim.answers.storage.division import Division
from def_sim.answers.storage.journal import how_to_repair
from def_sim.answers.storage.parts import check_part, part_path
from def_sim.answers.storage.shards import AnswerKey, answer_key
from def_sim.answers.storage.stored_answers import read_stored
from def_sim.app.calibration_checks import check_calibration
from def_sim.app.csv_tables import DISTRIBUTIONS, csv_tables, refuse_older
from def_sim.app.definition import references_hash, run_identity
from def_sim.app.described_tables import COLUMNS, check_described
from def_sim.app.evaluated_run import evaluate_run
from def_sim.app.panel_readings import PanelReadings, panel_readings
from def_sim.app.part_counts import check_counts, check_part_of, counts_path
from def_sim.app.provenance import has_other_figures
from def_sim.app.read_panel import ReadPanel, arrays_of, panel_answers, read_panel
from def_sim.app.run import Run, draw_respondents
from def_sim.app.streamed_runs import is_streamed
from def_sim.app.streaming import count_block, divisions_of, shard_blocks
from def_sim.app.tables import check_table
from def_sim.app.used_verdicts import READINGS, read_readings
from def_sim.app.verdict_checks import check_verdicts
from def_sim.errors import VerificationError
from def_sim.evaluation.answer_counts import AnswerCounter, AnswerCounts
from def_sim.evaluation.run_tables import of_run
from def_sim.judging.verdict_journal import read_verdict_sets
from def_sim.questionnaire import replay
from def_sim.randomness import Address
from def_sim.records import Answer, Respondent, respondent_index
from def_sim.strategies.contract import OpenConversation
from def_sim.strategies.replaying import MisfitError, check_follows

_MADE_ANEW: Final = "Write it anew: stage=report."


def verify_run(run: Run, folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Checks everything that can be checked without the model.

    Yields:
        One line for each check that held.

    Raises:
        VerificationError: The first thing that does not hold, with file or answer.
        StoreError: A stored line is damaged.
    """
    if not is_complete(folder):
        if run.strategy.needs_judge is not None:
            # Whose texts wait is told so.
            panel_readings(run, folder, panel_answers(run, folder, is_checked=True))
        raise VerificationError(
            f"{folder} is not a complete run.", fix="Finish it first: the same command without stage=."
        )
    if is_streamed(run):
        yield from _verify_streamed(run, folder, manifest)
        return
    answers = panel_answers(run, folder, is_checked=True)  # below, reading by reading
    yield f"answers       {len(answers):,} lines, each with its checksum"
    sets = read_verdict_sets(folder)  # before the mark: a line that is damaged is then named
    check_files(folder)
    refuse_older(folder)
    if sets:
        yield f"verdicts      {sum(len(one.verdicts) for one in sets):,} lines, each with its checksum"
    yield "files         all as they were when the run was completed"
    _check_size(run, manifest)  # before tables, which say how many respondents there are
    check_parquet(folder, run_identity(run, folder))
    yield "table         answers.parquet holds what the journal holds"
    yield f"interviews    {_check_interviews(run, folder, answers):,} prompts rebuilt and readings repeated"
    _check_plan(len(answers), manifest)
    yield "plan          statuses add up to the plan"
    readings = panel_readings(run, folder, answers, goes_on=True)
    yield from _check_readings(folder, readings)
    arrays = arrays_of(run, readings.answers)
    panel = ReadPanel(answers, readings, arrays, run.panel, len(answers), 0, run_identity(run, folder))
    _check_scored(run, folder, manifest, panel)
    yield "scores        every distribution, score and measure recomputed"
    yield from check_calibration(run, folder, readings.answers)
    yield from check_verdicts(run, folder, answers)


def _verify_streamed(run: Run, folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """The same of a large run: shard by shard, and then what was computed of its counts."""
    check_files(folder)
    refuse_older(folder)
    yield "files         all as they were when the run was completed"
    _check_size(run, manifest)
    num_answers = num_checked = 0
    divisions = divisions_of(run, folder)
    for division in divisions:
        counts, of_shard = _check_shard(run, folder, division)
        num_answers, num_checked = num_answers + counts.num_answers, num_checked + of_shard
    yield f"answers       {num_answers:,} lines, each with its checksum"
    yield f"parts         {len(divisions):,} tables and their counts hold what the journals hold"
    yield f"interviews    {num_checked:,} prompts rebuilt and readings repeated"
    _check_plan(num_answers, manifest)
    yield "plan          statuses add up to the plan"
    _check_scored(run, folder, manifest, read_panel(run, folder))
    yield "scores        every distribution, score and measure recomputed"


def _check_shard(run: Run, folder: Path, division: Division) -> tuple[AnswerCounts, int]:
    """One shard's part and counts against its journals, and its interviews; how many prompts were rebuilt."""
    stored, counter = read_stored(folder, division), AnswerCounter(run.survey.questions, seed=run.config.seed)
    calls = dict(read_calls(folder, division))
    check_part(folder, division, shard_blocks(run, division, stored), run_identity(run, folder))
    num_checked = 0
    for block in shard_blocks(run, division, stored):
        count_block(counter, block)
        indices = sorted({respondent_index(answer.respondent_id) or 0 for answer in block})
        num_checked += _replayed(run, draw_respondents(run, indices), block, calls)
    _refuse_calls_without_answers(calls)
    check_counts(counts_path(folder, division), counter.counts(), run.survey.questions)
    check_part_of(counts_path(folder, division), part_path(folder, division))
    return counter.counts(), num_checked


def _check_interviews(run: Run, folder: Path, answers: list[Answer]) -> int:
    """Every prompt, with its memory and option order, every stored call and every reading, once more."""
    calls = dict(read_calls(folder))
    checked = _replayed(run, run.panel, answers, calls)
    _refuse_calls_without_answers(calls)
    return checked


def _replayed(
    run: Run,
    respondents: Iterable[Respondent],
    answers: Sequence[Answer],
    calls: dict[AnswerKey, Mapping[int, CallEntry]],
) -> int:
    """Goes through the interviews of some respondents again; takes away the calls that belong to them."""
    by_respondent: dict[str, dict[str, Answer]] = defaultdict(dict)
    for answer in answers:
        by_respondent[answer.respondent_id][answer.question_id] = answer
    checked = 0
    for respondent in respondents:
        stored = by_respondent[respondent.id]
        for moment in replay(respondent, run.survey, run.presentation, run.rules, stored):
            answer, question = moment.answer, moment.question
            address = Address(run.config.seed, respondent.id, question.item_id, question.wording)
            conversation = OpenConversation(run.strategy, question, respondent, moment.memory, address)
            try:
                check_follows(conversation, answer, calls.pop(answer_key(answer), {}))
            except MisfitError as misfit:
                raise _differs(answer, str(misfit)) from None
            checked += 1
    return checked


def _refuse_calls_without_answers(calls: Calls) -> None:
    for made in calls.values():
        first = made[min(made)]
        raise VerificationError(
            f"{first.place}: no answer of the run comes from this call.",
            fix=f"{how_to_repair(first.path)}",
        )


def _differs(answer: Answer, what: str) -> VerificationError:
    return VerificationError(
        f"{answer.respondent_id}, {answer.question_id}: {what}.",
        fix="Restore answers/ from a copy; the run was changed, or made by another version.",
    )


def _check_size(run: Run, manifest: Mapping[str, Any]) -> None:
    """A finished run may be smaller than the command that verifies it."""
    recorded = int(manifest["plan"]["answers"])
    if recorded != run.num_planned:
        raise VerificationError(
            f"The run on file was planned with {recorded:,} answers, this command plans {run.num_planned:,}.",
            fix="`stage=verify run_folder=...` verifies it as it is; the same command without stage=verify "
            "asks what is missing.",
        )


def _check_plan(num_answers: int, manifest: Mapping[str, Any]) -> None:
    """As many answers as were planned."""
    recorded = int(manifest["plan"]["answers"])
    if num_answers != recorded:
        raise VerificationError(
            f"{num_answers:,} answers, but {recorded:,} were planned.",
            fix="Run the same command without stage=verify to ask what is missing.",
        )


def _check_readings(folder: Path, found: PanelReadings) -> Iterator[str]:
    """The record of who read the texts, where a judge did."""
    if read_readings(folder) != found.used:
        raise VerificationError(f"{folder / READINGS} does not say what the verdicts give.", fix=_MADE_ANEW)
    if found.used is not None:
        yield f"readings      by {found.used.in_words}"


def _check_scored(run: Run, folder: Path, manifest: Mapping[str, Any], panel: ReadPanel) -> None:
    """Every table; what differs since people's figures were changed is no fault of the answers."""
    try:
        _check_tables(run, folder, manifest, panel)
    except VerificationError as error:
        if not has_other_figures(run, manifest):
            raise
        then, now = manifest["scored_with"]["reference"], references_hash(run)
        raise VerificationError(
            f"{folder}: people's figures are others today ({now}) than those it was scored with "
            f"({then:.40}); an import or a file of references changed them.",
            fix="Bring the earlier figures back, or score it with these: stage=report, which then says so.",
        ) from error


def _check_tables(run: Run, folder: Path, manifest: Mapping[str, Any], panel: ReadPanel) -> None:
    """Every table once more: of the answers as stored, and as they are scored."""
    found = evaluate_run(run, folder, manifest, panel)
    for name, content in csv_tables(run, folder, found).items():
        if name == COLUMNS:  # whose words may be another version's
            check_described(folder, fix=_MADE_ANEW)
        else:
            check_table(folder / name, content, fix=_MADE_ANEW)
    _check_distributions(folder / DISTRIBUTIONS, of_run(found.results.distributions, panel.identity))


def _check_distributions(path: Path, expected: pd.DataFrame) -> None:
    in_full = expected.astype(dict.fromkeys(expected.select_dtypes("category"), object))
    table = read_bounded(path, most_bytes=int(in_full.memory_usage(deep=True).sum()))
    stored = written_out(table, pa.Table.from_pandas(expected, preserve_index=False).schema).to_pandas()
    try:
        pd.testing.assert_frame_equal(stored, expected, check_dtype=False)
    except AssertionError as error:
        what = str(error).splitlines()[0]
        raise VerificationError(
            f"{path}: the answers give other numbers ({what}).",
            fix=_MADE_ANEW,
        ) from None
