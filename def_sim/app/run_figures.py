"""The figures of a run as files: which there are, and whose name they bear."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from def_sim.app.choices import ModelChoice
from def_sim.app.run import Run
from def_sim.evaluation.results import Results
from def_sim.records import RunIdentity
from def_sim.reports.charts.text_fit import fit_lines
from def_sim.reports.figures.figure import Figure
from def_sim.reports.figures.figure_files import WrittenFigures, write_figures
from def_sim.reports.figures.typesetting import can_set
from def_sim.reports.pages.facts import RunFacts
from def_sim.reports.pages.item_figures import item_figures
from def_sim.reports.pages.score_cards import dimension_rows
from def_sim.reports.pages.score_figures import headline_figure, topics_figure
from def_sim.reports.sections.section import Section

_ROOM_FOR_NAME_PX: Final = 210  # of a model in a drawing, so that N has room behind it


def write_run_figures(
    run: Run,
    folder: Path,
    facts: RunFacts,
    results: Results,
    sections: Sequence[Section],
    planted: pd.DataFrame | None,
    identity: RunIdentity,
) -> WrittenFigures:
    """Writes the figures of a run, with captions that say whose they are.

    Args:
        run: Whose they are.
        folder: Of the run.
        facts: What captions say of it.
        results: Its scores and distributions.
        sections: Of its report, whose figures are written too.
        planted: The truth that an invented population was made with, as for `item_figures`.
        identity: For the first columns of their tables.
    """
    return write_figures(
        folder / "figures",
        run_figures(run, facts, results, sections, planted),
        width=run.config.figures.width,
        panel=panel_name(run.config.model, facts.num_scored),
        about=facts.for_captions(),
        identity=identity,
    )


def run_figures(
    run: Run,
    facts: RunFacts,
    results: Results,
    sections: Sequence[Section],
    planted: pd.DataFrame | None,
) -> list[Figure]:
    """Headline, topic groups if any, sections, chosen items; arguments as of `write_run_figures`."""
    chosen = run.config.figures
    return [
        headline_figure(results.scores),
        *([topics_figure(results.scores)] if dimension_rows(results.scores) else []),
        *(figure for section in sections for figure in section.figures),
        *item_figures(
            results.scores, results.distributions, chosen=chosen.items, width=chosen.width, planted=planted
        ),
    ]


def panel_name(model: ModelChoice, num_scored: int) -> str:
    """What drawings call the simulated respondents: the model's short name, and how many they are."""
    [name] = fit_lines(model.short if can_set(model.short) else model.name, _ROOM_FOR_NAME_PX)
    return f"{name}, N\u00a0=\u00a0{num_scored}"  # on one line
