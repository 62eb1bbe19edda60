"""The figures of a stored run, drawn anew: those of its report, and single items besides. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from def_sim.answers.storage.shards import no_search_for_cycles
from def_sim.app.evaluated_run import evaluate_run
from def_sim.app.opened_runs import open_run
from def_sim.app.read_panel import read_panel
from def_sim.app.run import Run
from def_sim.app.run_figures import panel_name, run_figures
from def_sim.app.shown_run import shown_of_run
from def_sim.app.used_verdicts import read_readings
from def_sim.evaluation.results import Results
from def_sim.reports.figures.figure import Figure
from def_sim.reports.pages.item_figures import item_figures


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
    found = evaluate_run(run, folder, manifest, read_panel(run, folder))
    shown = shown_of_run(run, folder, manifest, found)
    return DrawnRun(
        tuple(run_figures(run, shown.facts, found.results, shown.sections, shown.planted)),
        panel_name(run.config.model, shown.facts.num_scored),
        found.results,
        shown.planted,
    )
