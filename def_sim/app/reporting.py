"""From stored answers to distributions, scores, figures and the report of a run."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from def_sim.answers.storage.compaction import compact, parquet_path
from def_sim.answers.storage.completion import mark_complete, unmark_complete
from def_sim.answers.storage.disk import disk_errors, replacing, write_whole
from def_sim.answers.storage.shards import answers_folder, no_search_for_cycles
from def_sim.app.answer_views import shown_views
from def_sim.app.asked_words import asked_words
from def_sim.app.calibration_record import note_on_older
from def_sim.app.csv_tables import DISTRIBUTIONS, csv_tables, remove_others
from def_sim.app.evaluated_run import evaluate_run
from def_sim.app.panel_readings import panel_readings
from def_sim.app.printed_summary import WrittenReport
from def_sim.app.read_panel import ReadPanel, panel_answers, read_panel
from def_sim.app.run import Run
from def_sim.app.run_figures import write_run_figures
from def_sim.app.shown_run import shown_of_run
from def_sim.app.streaming import remove_parts
from def_sim.app.used_verdicts import READINGS, write_readings
from def_sim.evaluation.results import Results
from def_sim.evaluation.run_tables import of_run, run_csv
from def_sim.evaluation.score_tables import headline
from def_sim.evaluation.verdict import verdict_of
from def_sim.judging.verdict_journal import files_of_finished
from def_sim.records import Answer, RunIdentity
from def_sim.reports.pages.report_page import render_report

BIBLIOGRAPHY = "citation.bib"
_ALWAYS_WRITTEN = (DISTRIBUTIONS, "metrics.json", "manifest.json", "report.html", BIBLIOGRAPHY)


def scored_answers(run: Run, folder: Path) -> list[Answer]:
    """The stored answers of this panel as its last report counts them; see `panel_readings`."""
    return panel_readings(run, folder, panel_answers(run, folder), goes_on=True).answers


def write_report(
    run: Run, folder: Path, manifest: Mapping[str, Any], *, is_checked: bool = False
) -> WrittenReport:
    """Writes tables, figures and report.html; marks the run complete if nothing is missing.

    Args:
        run: Prepared.
        folder: Of the run.
        manifest: Its own.
        is_checked: Whether this command has held the interviews of all shards, so that no answer is of
            another run.

    Raises:
        ConfigError: Its texts wait for a judge, or `verdicts=` means no set; nothing is written then.
        StoreError: An answer is damaged or not of the run, or the disk is full; in the first two cases
            nothing is written.
    """
    with no_search_for_cycles():
        return _write_report(run, folder, manifest, is_checked=is_checked)


def _write_report(run: Run, folder: Path, manifest: Mapping[str, Any], *, is_checked: bool) -> WrittenReport:
    panel = read_panel(run, folder, is_checked=is_checked)
    found = evaluate_run(run, folder, manifest, panel)
    shown = shown_of_run(run, folder, manifest, found)
    unmark_complete(folder)
    facts, results, identity, used = shown.facts, found.results, panel.identity, panel.readings.used
    if panel.streamed:
        parquet_path(folder).unlink(missing_ok=True)
    else:
        compact(folder, panel.stored, identity)
        remove_parts(folder)
    tables = csv_tables(run, folder, found)
    write_distributions(folder, results, identity)
    for name, content in tables.items():
        write_whole(folder / name, content)
    remove_others(folder, tables)
    write_whole(folder / BIBLIOGRAPHY, facts.bibliography.encode())
    write_readings(folder, used)
    with disk_errors(folder / "figures"):
        figures = write_run_figures(run, folder, facts, results, shown.sections, shown.planted, identity)
    verdict = verdict_of(results.scores, results.statuses, num_respondents=facts.num_scored)
    html = render_report(
        facts,
        results.scores,
        results.distributions,
        results.statuses,
        shown_views(run, panel.as_given, panel.readings.answers, panel.respondents),
        verdict=verdict,
        figures=figures.figures,
        files=[
            *(name for name in _ALWAYS_WRITTEN if name != "report.html"),
            *tables,
            *(path.relative_to(folder).as_posix() for path in figures.paths),
        ],
        num_answers=panel.num_answers,
        identity=identity,
        planted=shown.planted,
        words=asked_words(run),
        sections=shown.sections,
    )
    path = folder / "report.html"
    write_whole(path, html.encode("utf-8", errors="backslashreplace"))
    if facts.is_complete:
        names = [*tables, *([READINGS] if used else [])]
        vouched = [*figures.paths, *sorted({*files_of_finished(folder), *found.defects.files})]
        _mark_complete(folder, panel, names, vouched)
    notes = [note for note in (figures.note, note_on_older(folder)) if note]
    return WrittenReport(path, headline(results.scores), facts, verdict, "\n".join(notes))


def _mark_complete(folder: Path, panel: ReadPanel, tables: Sequence[str], more: Sequence[Path]) -> None:
    """Marks a run complete by the files that make it so.

    Args:
        folder: Of the run.
        panel: Its answers.
        tables: Names of its CSVs, and of the record of who read its texts.
        more: Figures, and sets of verdicts.
    """
    journals = sorted(answers_folder(folder).glob("*.jsonl"))
    parts = panel.streamed.files(folder) if panel.streamed else []
    files: list[Path | str] = [
        *([] if panel.streamed else ["answers.parquet"]),
        *_ALWAYS_WRITTEN,
        *tables,
        *(path.relative_to(folder) for path in (*journals, *parts, *more)),
    ]
    mark_complete(folder, files, num_answers=panel.num_answers)


def write_tables(folder: Path, results: Results, identity: RunIdentity) -> None:
    """The tables that are computed of answers alone: distributions, scores and statuses."""
    write_distributions(folder, results, identity)
    write_whole(folder / "metrics.csv", run_csv(results.scores, identity))
    write_whole(folder / "statuses.csv", run_csv(results.statuses, identity))


def write_distributions(folder: Path, results: Results, identity: RunIdentity) -> None:
    """distributions.parquet, and metrics.json: the scores of the whole run and its topic groups."""
    with replacing(folder / DISTRIBUTIONS) as temporary:
        of_run(results.distributions, identity).to_parquet(temporary, index=False)
    overall = results.scores[results.scores["scope"].isin(["macro", "micro", "dimension"])]
    records = json.loads(overall.to_json(orient="records", double_precision=15))
    write_whole(folder / "metrics.json", json.dumps(records, indent=1).encode())
