"""What a page offers of its figures: their numbers inside it, and links to the files beside it.

The page's script makes CSV and SVG of what is in the page. Computes nothing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from def_sim.records import RunIdentity
from def_sim.reports.charts.standalone import file_style
from def_sim.reports.figures.figure import Figure
from def_sim.reports.pages.report_data import safe_json

_MOST_CSV: Final = 40_000  # characters of one figure's numbers inside a page; more stay in the run folder


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure in the list of files: its title, with its name if others have the same, and kind -> file."""

    title: str
    files: dict[str, str]


def figure_rows(figures: Sequence[Figure], files: Sequence[str]) -> list[FigureRow]:
    """A line for each figure that has files."""
    titles = Counter(figure.title for figure in figures)
    rows = [
        FigureRow(
            figure.title if titles[figure.title] == 1 else f"{figure.title} ({figure.name})",
            _files_of(figure, files),
        )
        for figure in figures
    ]
    return [row for row in rows if row.files]


def figure_data(
    figures: Sequence[Figure], files: Sequence[str], identity: RunIdentity | None = None
) -> Markup:
    """What the script needs, as JSON: `style` of a drawing that stands alone, `figures` by their names.

    Each has its `title`, its numbers as `csv` (as in the run's file, with the columns of
    `identity`; null where they are too many), and `files`: kind -> address.
    """
    offered = {}
    for figure in figures:
        csv = figure.csv(identity)
        offered[figure.name] = {
            "title": figure.title,
            "csv": csv if len(csv) <= _MOST_CSV else None,
            "files": _files_of(figure, files),
        }
    return safe_json({"style": file_style(), "figures": offered})


def _files_of(figure: Figure, files: Sequence[str]) -> dict[str, str]:
    known = set(files)
    names = {kind.upper(): f"figures/{figure.name}.{kind}" for kind in ("pdf", "png", "svg", "csv")}
    return {kind: name for kind, name in names.items() if name in known}
