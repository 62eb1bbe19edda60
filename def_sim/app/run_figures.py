"""The figures of a run as files: which there are, and whose name they bear."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from def_sim.app.run import Run
from def_sim.evaluation.results import Results
from def_sim.reports.charts.text_fit import fit_lines
from def_sim.reports.figures.figure_files import WrittenFigures, write_figures
from def_sim.reports.figures.typesetting import can_set
from def_sim.reports.pages.facts import RunFacts
from def_sim.reports.pages.item_figures import item_figures
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
) -> WrittenFigures:
    """Headline, topic groups, sections and the chosen items, with captions that say whose they are.

    Args:
        run: Whose they are.
        folder: Of the run.
        facts: What captions say of it.
        results: Its scores and distributions.
        sections: Of its report, whose figures are written too.
        planted: The truth that an invented population was made with, as for `item_figures`.
    """
    chosen = run.config.figures
    figures = [
        headline_figure(results.scores, facts.num_scored),
        topics_figure(results.scores, facts.num_scored),
        *(figure for section in sections for figure in section.figures),
        *item_figures(
            results.scores, results.distributions, chosen=chosen.items, width=chosen.width, planted=planted
        ),
    ]
    model = run.config.model
    [name] = fit_lines(model.short if can_set(model.short) else model.name, _ROOM_FOR_NAME_PX)
    panel = f"{name}, N\u00a0=\u00a0{facts.num_scored}"  # on one line
    return write_figures(
        folder / "figures", figures, width=chosen.width, panel=panel, about=facts.for_captions()
    )
