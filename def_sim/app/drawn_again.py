"""The figures of a stored run, drawn anew: those of its report, and single items besides. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from def_sim.answers.storage.shards import no_search_for_cycles
from def_sim.app.demo_truth import planted_truth
from def_sim.app.insensitivity import found_defects
from def_sim.app.opened_runs import open_run
from def_sim.app.read_panel import read_panel
from def_sim.app.reporting import (
    compute_sections,
    compute_tables,
    facts_of,
    judged_panel,
    report_sections,
)
from def_sim.app.run import Run
from def_sim.app.run_facts import run_facts
from def_sim.app.run_figures import panel_name, run_figures
from def_sim.app.used_verdicts import read_readings
from def_sim.evaluation.demo_truth import planted_frame
from def_sim.evaluation.results import Results
from def_sim.reports.figures.figure import Figure
from def_sim.reports.pages.item_figures import item_figures
from def_sim.reports.sections.sampled import said_of_sample


@dataclass(frozen=True)
class DrawnRun:
    """The figures of a run, and whose name they bear."""

    figures: tuple[Figure, ...]
    panel: str  # what the simulated respondents are called in a drawing
    results: Results
    planted: pd.DataFrame | None

    def of_item(self, item_id: str) -> Figure:
        """A single item, chosen by its id."""
        drawn = item_figures(
            self.results.scores, self.results.distributions, chosen=[item_id], planted=self.planted
        )
        return replace(drawn[0], name=item_id.replace(".", "_"))


def draw_again(folder: Path) -> DrawnRun:
    """Draws the figures of a stored run as its report does.

    Raises:
        DefSimError: It is damaged, waits for a judge, or would be another run today.
    """
    run, manifest = open_run(folder)
    if (used := read_readings(folder)) is not None:
        run = replace(run, config=run.config.model_copy(update={"verdicts": used.set}))
    with no_search_for_cycles():
        return _draw(run, folder, manifest)


def _draw(run: Run, folder: Path, manifest: Mapping[str, Any]) -> DrawnRun:
    panel = read_panel(run, folder)
    answers = panel.readings.answers
    results = compute_tables(run, panel.arrays)
    judged = None if panel.streamed else judged_panel(run, folder, answers)
    found = compute_sections(run, panel.arrays, judged)
    of_facts = facts_of(run, answers)
    defects = found_defects(run, folder, manifest, panel.as_given, of_facts)
    sections = report_sections(folder, panel, found, defects, of_facts)
    if panel.streamed:
        sections = said_of_sample(
            sections, num_sampled=len(panel.respondents), num_respondents=len(run.panel)
        )
    facts = replace(
        run_facts(run, manifest, panel.num_answers, panel.num_answers == run.num_planned, panel.respondents),
        num_answering=panel.num_answering,
    )
    planted = planted_frame(planted_truth(run))
    return DrawnRun(
        tuple(run_figures(run, facts, results, sections, planted)),
        panel_name(run.config.model, facts.num_scored),
        results,
        planted,
    )
