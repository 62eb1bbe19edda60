"""From stored answers to distributions, scores, figures and the report of a run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from def_sim.answers.storage.compaction import compact, parquet_path
from def_sim.answers.storage.completion import mark_complete, unmark_complete
from def_sim.answers.storage.disk import disk_errors, replacing, write_whole
from def_sim.answers.storage.shards import answers_folder, no_search_for_cycles
from def_sim.app.answer_views import shown_views
from def_sim.app.asked_words import asked_words
from def_sim.app.calibration_record import found_calibration
from def_sim.app.csv_tables import DISTRIBUTIONS, csv_tables, remove_others
from def_sim.app.demo_truth import planted_truth
from def_sim.app.human_figures import figures_of, other_references
from def_sim.app.insensitivity import FoundDefects, found_defects
from def_sim.app.judged_readings import judged_readings
from def_sim.app.panel_readings import panel_readings
from def_sim.app.printed_summary import WrittenReport
from def_sim.app.read_panel import ReadPanel, arrays_of, panel_answers, read_panel
from def_sim.app.run import Run
from def_sim.app.run_facts import run_facts
from def_sim.app.run_figures import write_run_figures
from def_sim.app.streaming import remove_parts
from def_sim.app.used_verdicts import READINGS, write_readings
from def_sim.evaluation.audited_readings import SECTION as AUDITED
from def_sim.evaluation.audited_readings import AuditedReadings
from def_sim.evaluation.demo_truth import compare_with_planted, planted_frame, planted_sentence
from def_sim.evaluation.facts import Facts, facts_found
from def_sim.evaluation.findings import findings_table
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.results import Results, results_of
from def_sim.evaluation.run_tables import of_run, run_csv
from def_sim.evaluation.score_tables import headline
from def_sim.evaluation.sections import JudgedPanel, SectionResults, section_results
from def_sim.evaluation.verdict import verdict_of
from def_sim.judging.verdict_journal import files_of_finished
from def_sim.records import Answer, ItemReference, RunIdentity
from def_sim.reports.pages.report_page import render_report
from def_sim.reports.sections.audited_readings import audited_section
from def_sim.reports.sections.calibration import calibration_section
from def_sim.reports.sections.drawn_sections import draw_sections
from def_sim.reports.sections.facts import facts_section
from def_sim.reports.sections.insensitivity import insensitivity_section
from def_sim.reports.sections.judges import judges_section
from def_sim.reports.sections.sampled import said_of_sample
from def_sim.reports.sections.section import Section

BIBLIOGRAPHY = "citation.bib"
_ALWAYS_WRITTEN = (DISTRIBUTIONS, "metrics.json", "manifest.json", "report.html", BIBLIOGRAPHY)


def scored_answers(run: Run, folder: Path) -> list[Answer]:
    """The stored answers of this panel as its last report counts them; see `panel_readings`."""
    return panel_readings(run, folder, panel_answers(run, folder), goes_on=True).answers


def facts_of(run: Run, answers: Sequence[Answer]) -> Facts | None:
    """How the panel answered questions with a right answer; None if it was asked none."""
    return facts_found(run.survey, answers, run.loaded.reference.for_everyone())


def compute_results(run: Run, answers: Sequence[Answer]) -> Results:
    """Distributions, scores and statuses. Depends on the answers and the configuration alone."""
    return compute_tables(run, arrays_of(run, answers))


def compute_tables(run: Run, arrays: PanelArrays) -> Results:
    """The same of answers that the sections are computed of as well."""
    config = run.config
    return results_of(
        arrays, seed=config.seed, num_draws=config.scoring.draws, other_references=other_references(run)
    )


def judged_panel(run: Run, folder: Path, answers: Sequence[Answer]) -> JudgedPanel | None:
    """The answers as the judge of `verdicts=` read those that failed; None if there is none.

    There is none either where a judge read all answers in the first place.

    Raises:
        ConfigError: The set is not there, or there are several and none was named.
    """
    if run.strategy.needs_judge is not None:
        return None
    found = judged_readings(folder, run.config.verdicts, answers)
    return None if found is None else JudgedPanel(arrays_of(run, found.answers), found.words)


def compute_sections(
    run: Run, arrays: PanelArrays, judged: JudgedPanel | None = None
) -> SectionResults | None:
    """The numbers of the sections of the report; None for a run without answers."""
    if not arrays.answers:
        return None
    config = run.config
    return section_results(
        arrays,
        figures_of(run),
        model=config.model.label,
        seed=config.seed,
        num_draws=config.scoring.draws,
        judged=judged,
        offer=config.presentation.offer,
    )


def findings_of(
    found: SectionResults | None, facts: Facts | None = None, readings: Sequence[AuditedReadings] = ()
) -> pd.DataFrame:
    """What measures.csv holds (columns: `evaluation.findings.findings_table`)."""
    of_facts = {"facts": facts.findings} if facts else {}
    of_readings = (
        {AUDITED: tuple(finding for one in readings for finding in one.findings)} if readings else {}
    )
    return findings_table((found.findings if found else {}) | of_facts | of_readings)


def write_report(run: Run, folder: Path, manifest: Mapping[str, Any]) -> WrittenReport:
    """Writes tables, figures and report.html; marks the run complete if nothing is missing.

    Raises:
        ConfigError: Its texts wait for a judge, or `verdicts=` means no set; nothing is written then.
        StoreError: An answer is damaged, or the disk is full.
    """
    with no_search_for_cycles():
        return _write_report(run, folder, manifest)


def _write_report(run: Run, folder: Path, manifest: Mapping[str, Any]) -> WrittenReport:
    panel = read_panel(run, folder)
    as_given, readings, arrays, identity = panel.as_given, panel.readings, panel.arrays, panel.identity
    answers = readings.answers
    is_complete = panel.num_answers == run.num_planned
    judged = None if panel.streamed else judged_panel(run, folder, answers)
    results = compute_tables(run, arrays)
    unmark_complete(folder)
    truth = planted_truth(run)
    planted = planted_frame(truth)
    facts = replace(
        run_facts(run, manifest, panel.num_answers, is_complete, panel.respondents),
        readings=readings.used.in_words if readings.used else "",
        num_answering=panel.num_answering,
        planted_summary=planted_sentence(_beside_truth(run, arrays, truth)),
    )
    found = compute_sections(run, arrays, judged)
    of_facts = facts_of(run, answers)
    defects = found_defects(run, folder, manifest, as_given, of_facts)
    sections = report_sections(folder, panel, found, defects, of_facts)
    if panel.streamed:
        sections = said_of_sample(
            sections, num_sampled=len(panel.respondents), num_respondents=len(run.panel)
        )
        parquet_path(folder).unlink(missing_ok=True)
    else:
        compact(folder, panel.stored, identity)
        remove_parts(folder)
    findings = findings_of(found, of_facts, defects.readings)
    tables = csv_tables(run, folder, panel, results, findings, found, defects)
    write_distributions(folder, results, identity)
    for name, content in tables.items():
        write_whole(folder / name, content)
    remove_others(folder, tables)
    write_whole(folder / BIBLIOGRAPHY, facts.bibliography.encode())
    write_readings(folder, readings.used)
    with disk_errors(folder / "figures"):
        figures = write_run_figures(run, folder, facts, results, sections, planted, identity)
    verdict = verdict_of(results.scores, results.statuses, num_respondents=facts.num_scored)
    html = render_report(
        facts,
        results.scores,
        results.distributions,
        results.statuses,
        shown_views(run, as_given, answers, panel.respondents),
        verdict=verdict,
        figures=figures.figures,
        files=[
            *(name for name in _ALWAYS_WRITTEN if name != "report.html"),
            *tables,
            *(path.relative_to(folder).as_posix() for path in figures.paths),
        ],
        num_answers=panel.num_answers,
        planted=planted,
        words=asked_words(run),
        sections=sections,
    )
    path = folder / "report.html"
    write_whole(path, html.encode("utf-8", errors="backslashreplace"))
    if is_complete:
        names = [*tables, *([READINGS] if readings.used else [])]
        vouched = [*figures.paths, *sorted({*files_of_finished(folder), *defects.files})]
        _mark_complete(folder, panel, names, vouched)
    return WrittenReport(path, headline(results.scores), facts, verdict, figures.note)


def report_sections(
    folder: Path,
    panel: ReadPanel,
    found: SectionResults | None,
    defects: FoundDefects,
    of_facts: Facts | None,
) -> list[Section]:
    """The sections of the page, as far as there is something to show."""
    arrays = panel.arrays
    calibration = (
        None if panel.streamed else found_calibration(folder, arrays.answers, arrays.survey.questions)
    )
    return [
        *(draw_sections(found) if found else []),
        insensitivity_section(defects.rates, defects.examples),
        *([audited_section(defects.readings)] if defects.readings else []),
        *([judges_section(defects.judges)] if defects.judges else []),
        *([facts_section(of_facts)] if of_facts else []),
        *([calibration_section(calibration)] if calibration else []),
    ]


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


def _beside_truth(run: Run, arrays: PanelArrays, truth: Mapping[str, ItemReference]) -> dict[str, float]:
    return compare_with_planted(arrays, truth, seed=run.config.seed, num_draws=run.config.scoring.draws)


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
