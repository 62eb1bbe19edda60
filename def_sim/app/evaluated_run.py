"""All numbers of a run, of its answers as they were read: for its report, its figures and its verification.

Writes nothing, and does not know what a page or a figure looks like.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from def_sim.app.human_figures import figures_of, other_references
from def_sim.app.insensitivity import FoundDefects, found_defects
from def_sim.app.judged_readings import judged_readings
from def_sim.app.read_panel import ReadPanel, arrays_of
from def_sim.app.run import Run
from def_sim.evaluation.audited_readings import SECTION as AUDITED
from def_sim.evaluation.audited_readings import AuditedReadings
from def_sim.evaluation.facts import Facts, facts_found
from def_sim.evaluation.findings import findings_table
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.results import Results, results_of
from def_sim.evaluation.sections import JudgedPanel, SectionResults, section_results
from def_sim.records import Answer


@dataclass(frozen=True)
class EvaluatedRun:
    """What a report is made of.

    `panel`: the answers; `results`: distributions, scores and statuses; `sections`: numbers of the sections,
    None of a run without answers; `of_facts`: questions with a right answer, None if it was asked none;
    `defects`: of its answers.
    """

    panel: ReadPanel
    results: Results
    sections: SectionResults | None
    of_facts: Facts | None
    defects: FoundDefects

    @property
    def findings(self) -> pd.DataFrame:
        """What measures.csv holds."""
        return findings_of(self.sections, self.of_facts, self.defects.readings)


def evaluate_run(run: Run, folder: Path, manifest: Mapping[str, Any], panel: ReadPanel) -> EvaluatedRun:
    """Evaluates the answers of a run.

    Raises:
        ConfigError: `verdicts=` means no set.
        StoreError: A set of verdicts is damaged.
    """
    answers = panel.readings.answers
    of_facts = facts_of(run, answers)
    judged = None if panel.streamed else judged_panel(run, folder, answers)
    return EvaluatedRun(
        panel,
        compute_tables(run, panel.arrays),
        compute_sections(run, panel.arrays, judged),
        of_facts,
        found_defects(run, folder, manifest, panel.as_given, of_facts),
    )


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
