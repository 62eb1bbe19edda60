"""What the page and the figures of a run show: its facts, its sections, and an invented truth beside them.

All of it comes from the numbers of `evaluated_run`. Writes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from def_sim.app.calibration_record import found_calibration
from def_sim.app.demo_truth import planted_truth
from def_sim.app.evaluated_run import EvaluatedRun
from def_sim.app.run import Run
from def_sim.app.run_facts import run_facts
from def_sim.evaluation.demo_truth import compare_with_planted, planted_frame, planted_sentence
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.records import ItemReference
from def_sim.reports.pages.facts import RunFacts
from def_sim.reports.sections.audited_readings import audited_section
from def_sim.reports.sections.calibration import calibration_section
from def_sim.reports.sections.drawn_sections import draw_sections
from def_sim.reports.sections.facts import facts_section
from def_sim.reports.sections.insensitivity import insensitivity_section
from def_sim.reports.sections.judges import judges_section
from def_sim.reports.sections.sampled import said_of_sample
from def_sim.reports.sections.section import Section


@dataclass(frozen=True)
class ShownRun:
    """What is drawn of a run.

    `facts`: what it is; `sections`: of the page, as far as there is something to show; `planted`: a
    demonstration's invented truth, see `planted_frame`; None of any other run.
    """

    facts: RunFacts
    sections: list[Section]
    planted: pd.DataFrame | None


def shown_of_run(run: Run, folder: Path, manifest: Mapping[str, Any], found: EvaluatedRun) -> ShownRun:
    """What page and figures show of these numbers.

    Raises:
        StoreError: The record of a calibration is damaged.
    """
    panel = found.panel
    truth = planted_truth(run)
    facts = replace(
        run_facts(run, manifest, panel.num_answers, panel.num_answers == run.num_planned, panel.respondents),
        readings=panel.readings.used.in_words if panel.readings.used else "",
        num_answering=panel.num_answering,
        planted_summary=planted_sentence(_beside_truth(run, panel.arrays, truth)),
    )
    sections = _sections(folder, found)
    if panel.streamed:
        sections = said_of_sample(
            sections, num_sampled=len(panel.respondents), num_respondents=len(run.panel)
        )
    return ShownRun(facts, sections, planted_frame(truth))


def _sections(folder: Path, found: EvaluatedRun) -> list[Section]:
    arrays, defects = found.panel.arrays, found.defects
    calibration = (
        None if found.panel.streamed else found_calibration(folder, arrays.answers, arrays.survey.questions)
    )
    return [
        *(draw_sections(found.sections) if found.sections else []),
        insensitivity_section(defects.rates, defects.examples),
        *([audited_section(defects.readings)] if defects.readings else []),
        *([judges_section(defects.judges)] if defects.judges else []),
        *([facts_section(found.of_facts)] if found.of_facts else []),
        *([calibration_section(calibration)] if calibration else []),
    ]


def _beside_truth(run: Run, arrays: PanelArrays, truth: Mapping[str, ItemReference]) -> dict[str, float]:
    return compare_with_planted(arrays, truth, seed=run.config.seed, num_draws=run.config.scoring.draws)
