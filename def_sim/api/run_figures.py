"""Figures by their names: shown in a notebook, saved as files for a paper. Draws and computes nothing."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.answers.storage.disk import write_whole
from def_sim.errors import ConfigError, StoreError
from def_sim.evaluation.run_tables import csv_bytes
from def_sim.reports.charts.svg import element
from def_sim.reports.figures.figure import THIS_PANEL, Figure
from def_sim.reports.figures.typesetting import as_pdf, as_png, is_available
from def_sim.reports.theme import WIDTHS_MM
from def_sim.visible import visible

_KINDS: Final = (".svg", ".pdf", ".png", ".csv")
_ALSO: Final = {"topics": "topic_groups"}  # shorter names


@dataclass(frozen=True, eq=False)
class SavableFigure:
    """A figure that a notebook shows and that is saved by the name of a file.

    `panel` is what the simulated respondents are called in the drawing.
    """

    figure: Figure
    panel: str = THIS_PANEL

    @property
    def name(self) -> str:
        """Its name among the figures of the run."""
        return self.figure.name

    @property
    def title(self) -> str:
        """What is drawn."""
        return self.figure.title

    @property
    def caption(self) -> str:
        """What its marks and lines are, in whole sentences, for below the figure in a paper."""
        return self.figure.caption

    @property
    def data(self) -> pd.DataFrame:
        """The numbers behind it, a row for each thing drawn."""
        return self.figure.data

    def save(self, path: str | PathLike[str], width: str = "double") -> Path:
        """Writes the figure as a file.

        Args:
            path: Of the file, whose ending says what it is: .svg, .pdf, .png, or .csv for the numbers.
            width: Columns of a journal: "double" (174 mm) or "single" (84 mm).

        Returns:
            The path.

        Raises:
            ConfigError: The ending or the width is unknown, or typst is not installed.
            StoreError: The disk is full or not writable, or there is no such folder.
        """
        target = Path(path).expanduser()
        if width not in WIDTHS_MM:
            known = " or ".join(f'"{one}" ({size:g} mm)' for one, size in WIDTHS_MM.items())
            raise ConfigError(
                f"width={width!r}: a figure is {known} wide.",
                fix='For instance .save("fig.pdf", width="single")',
            )
        if target.suffix.lower() not in _KINDS:
            raise ConfigError(
                f"{path}: a figure ends in {', '.join(_KINDS[:-1])} or {_KINDS[-1]}.",
                fix=f'For instance .save("{self.name}.pdf")',
            )
        if not target.parent.is_dir():
            raise StoreError(f"{target.parent}: there is no such folder.", fix="Make it, or name another.")
        write_whole(target, self._content(target.suffix.lower(), width))
        return target

    def _content(self, kind: str, width: str) -> bytes:
        if kind == ".csv":
            return csv_bytes(self.data)
        svg = self.figure.svg(width=width, panel=self.panel)
        if kind == ".svg":
            return svg
        if not is_available():
            raise ConfigError(
                f"A figure becomes {kind} by typst, which is not installed.",
                fix="pip install 'typst<0.16', or save it as .svg.",
            )
        return as_pdf(svg, title=self.title, alt=self.figure.alt) if kind == ".pdf" else as_png(svg)

    def __repr__(self) -> str:
        return f'{visible(self.title)} (figure {self.name!r}; .save("{self.name}.pdf") writes it)'

    def _repr_html_(self) -> str:
        return str(image_of(self.figure, panel=self.panel))


def image_of(figure: Figure, *, panel: str = THIS_PANEL) -> Markup:
    """The figure as a picture within HTML: nothing of its style reaches the page, nothing is loaded."""
    content = base64.b64encode(figure.svg(panel=panel)).decode("ascii")
    source = Markup("data:image/svg+xml;base64,") + content
    return element("img", src=source, alt=figure.alt, style="max-width: 100%; background: #ffffff")


class Figures:
    """The figures of a run or a comparison: `figure("headline")` gives one, `figure.names` all names.

    Args:
        names: Gives the names, in order.
        draw: Gives a figure, or None where the name is none.
        also: What else can be drawn, in words, for messages.
    """

    def __init__(
        self, names: Callable[[], Sequence[str]], draw: Callable[[str], SavableFigure | None], also: str = ""
    ) -> None:
        self._names = names
        self._draw = draw
        self._also = also

    @property
    def names(self) -> list[str]:
        """The names of all figures."""
        return list(self._names())

    def __call__(self, name: str) -> SavableFigure:
        """The figure of that name.

        Raises:
            ConfigError: There is none; the message names those that there are.
        """
        found = self._draw(_ALSO.get(name, name)) if isinstance(name, str) else None
        if found is None:
            raise ConfigError(
                f"There is no figure {name!r}. Figures: {', '.join(self.names) or 'none'}{self._also}.",
                fix="Choose one of these.",
            )
        return found

    def __repr__(self) -> str:
        return f"figure(name), with a name of: {', '.join(self.names) or 'none'}{self._also}"
