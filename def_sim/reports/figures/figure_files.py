"""Figures as files for papers: SVG, PDF, PNG and the numbers as CSV, with captions in Markdown and LaTeX.

The same figures give the same bytes, wherever typst is installed; without it they stay SVG and CSV.
"""

import re
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.processes import num_usable_cores
from def_sim.records import RunIdentity
from def_sim.reports.figures.figure import THIS_PANEL, Figure
from def_sim.reports.figures.typesetting import as_pdf, as_png, is_available
from def_sim.reports.theme import WIDTHS_MM
from def_sim.visible import visible

NO_TYPST: Final = (
    "figures are SVG and CSV only: PDF and PNG need typst, which is not installed (pip install 'typst<0.16')"
)
CAPTIONS: Final = ("captions.md", "captions.tex")
_KINDS: Final = ("svg", "pdf", "png", "csv")
_MOST_THREADS: Final = 4  # typst computes without Python's lock; drawing and writing do not
# Names of figures that depend on the run, and of one that is no longer drawn.
_NUMBERED: Final = re.compile(r"(?:items_\d{2,}|topic_groups|kl_by_dimension)\.(?:svg|pdf|png|csv)")
# Within a word an underscore means nothing, and a backslash before it stays where the words are pasted.
_MARKDOWN: Final = re.compile(r"([\\`*{}\[\]<>#|~$&!]|(?<![^\W_])_|_(?![^\W_]))")
_ESCAPED: Final = r"\\\1"
# Captions are long: of a page of 245 mm this leaves them 73 mm, and letters of the tallest drawing 6 pt.
_ROOM_FOR_CAPTION: Final = r"height=0.7\textheight,keepaspectratio"
_LATEX: Final = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}


@dataclass(frozen=True, slots=True)
class WrittenFigures:
    """The files, in the order written; `note` says in a line what is not among them."""

    paths: tuple[Path, ...]
    note: str = ""
    figures: tuple[Figure, ...] = ()


def write_figures(
    folder: Path,
    figures: Sequence[Figure],
    *,
    width: str = "double",
    panel: str = THIS_PANEL,
    about: str = "",
    identity: RunIdentity | None = None,
) -> WrittenFigures:
    """Writes each figure as <name>.svg, .pdf, .png and .csv, and the captions of all.

    Args:
        folder: Made if missing. Files there of the same names are replaced; numbered ones that are no longer
            drawn are removed, since they would show another run.
        figures: With names of their own.
        width: A column of `theme.WIDTHS_MM`.
        panel: What the simulated respondents are called in the drawings.
        about: Whose figures these are, in whole sentences at the end of each caption.
        identity: Of the run, for the first columns of the CSVs; None: they have none of them.

    Raises:
        ValueError: An unknown width, or two figures of one name.
    """
    if width not in WIDTHS_MM:
        raise ValueError(f"figures are {' or '.join(WIDTHS_MM)} columns wide, found {width!r}")
    names = [figure.name for figure in figures]
    if len(set(names)) < len(names):
        raise ValueError(f"figures need names of their own, found {names}")
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(min(num_usable_cores(), _MOST_THREADS)) as pool:
        drawn = [_contents(pool, figure, width, panel, identity) for figure in figures]
        named = zip(names, drawn, strict=True)
        paths = [path for name, contents in named for path in _write(folder, name, contents)]
    for name, text in zip(CAPTIONS, (_markdown(figures, about), _latex(figures, about, width)), strict=True):
        paths.append(folder / name)
        paths[-1].write_bytes(text.encode("utf-8"))
    for path in folder.iterdir():
        if _NUMBERED.fullmatch(path.name) and path not in paths:
            path.unlink()
    return WrittenFigures(tuple(paths), "" if is_available() else NO_TYPST, tuple(figures))


def _contents(
    pool: ThreadPoolExecutor, figure: Figure, width: str, panel: str, identity: RunIdentity | None
) -> dict[str, "bytes | Future[bytes]"]:
    """Kind of a file -> what it holds, or will hold once a thread of the pool has set it."""
    svg = figure.svg(width=width, panel=panel)
    contents: dict[str, bytes | Future[bytes]] = {
        "svg": svg,
        "csv": figure.csv(identity).encode("utf-8"),
    }
    if is_available():
        contents["pdf"] = pool.submit(as_pdf, svg, title=figure.title, alt=figure.alt)
        contents["png"] = pool.submit(as_png, svg)
    return contents


def _write(folder: Path, name: str, contents: "dict[str, bytes | Future[bytes]]") -> list[Path]:
    paths = []
    for kind in _KINDS:
        path = folder / f"{name}.{kind}"
        if kind in contents:
            content = contents[kind]
            path.write_bytes(content.result() if isinstance(content, Future) else content)
            paths.append(path)
        else:
            path.unlink(missing_ok=True)  # of an earlier report, and no longer true
    return paths


def _words(figure: Figure, about: str) -> str:
    return " ".join(visible(f"{figure.title}. {figure.caption} {about}").split())


def _markdown(figures: Sequence[Figure], about: str) -> str:
    parts = [f"**{figure.name}.** {_MARKDOWN.sub(_ESCAPED, _words(figure, about))}" for figure in figures]
    return "# Captions of the figures\n\n" + "\n\n".join(parts) + "\n"


def _latex(figures: Sequence[Figure], about: str, width: str) -> str:
    head = (
        "% Captions of the figures. Minus signs are set in mathematics; Chinese needs XeLaTeX or LuaLaTeX.\n"
        "% \\usepackage{graphicx}, and \\graphicspath{{figures/}} or the folder's path.\n"
    )
    place = "figure*" if width == "double" else "figure"
    return head + "".join(f"\n{_environment(figure, about, place, width)}" for figure in figures)


def _environment(figure: Figure, about: str, place: str, width: str) -> str:
    caption = "".join(_LATEX.get(letter, letter) for letter in _words(figure, about))
    width_mm = figure.width_mm(width)
    return (
        f"\\begin{{{place}}}\n  \\centering\n"
        f"  \\includegraphics[width={width_mm:g}mm,{_ROOM_FOR_CAPTION}]{{{figure.name}.pdf}}\n"
        f"  \\caption{{\\footnotesize {caption}}}\n  \\label{{fig:{figure.name}}}\n\\end{{{place}}}\n"
    )
