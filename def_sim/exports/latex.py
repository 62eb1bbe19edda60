r"""Tables for papers in LaTeX, with the rules of booktabs; whatever stands in a cell is text.

A file is a fragment: `\input` it in a document that loads booktabs, and longtable for a long one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from def_sim.visible import visible

_COMMANDS: Final[Mapping[int, str]] = {
    ord(character): command
    for character, command in {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': "''",
        "[": "{[}",  # behind a row's end it would be an argument, and so would *
        "]": "{]}",
        "*": "{*}",
        "-": "{-}",  # no ligatures
        "…": r"\ldots{}",
        "–": "--",
        "—": "---",
        "−": r"$-$",
        "×": r"$\times$",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
    }.items()
}
_SMALL: Final = r"\footnotesize\setlength{\tabcolsep}{4pt}"
_LAST_OF_LATIN: Final = "\u017f"
_OTHER_ENGINE: Final = (
    "% Compile with LuaLaTeX or XeLaTeX and a font that has these letters: pdfLaTeX has some of them not."
)


@dataclass(frozen=True, slots=True)
class LatexTable:
    """What a table of a paper is made of; all of it plain text.

    Attributes:
        caption: Above the table.
        label: It is referred to by; letters, digits and colons.
        columns: l, r or c for each column, or another way of LaTeX to set one.
        header: Names of the columns.
        blocks: Rows in blocks, between which there is a rule.
        notes: Below the table, a paragraph each.
    """

    caption: str
    label: str
    columns: str
    header: Sequence[str]
    blocks: Sequence[Sequence[Sequence[str]]]
    notes: Sequence[str] = ()


def escape(text: str) -> str:
    """A text as LaTeX prints it, on one line."""
    return visible(text).translate(_COMMANDS)


def table_of(table: LatexTable, about: Sequence[str]) -> str:
    """A table that floats, on one page.

    Args:
        table: What is in it.
        about: Lines of comment at its beginning.
    """
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  {_SMALL}",
        rf"  \caption{{{escape(table.caption)}}}",
        rf"  \label{{{table.label}}}",
        rf"  \begin{{tabular}}{{{table.columns}}}",
        r"    \toprule",
        f"    {_row(table.header)}",
        *_ruled_blocks(table),
        r"    \bottomrule",
        r"  \end{tabular}",
        *(rf"  \par\smallskip\footnotesize {escape(note)}" for note in table.notes),
        r"\end{table}",
    ]
    return _whole(about, "% Needs \\usepackage{booktabs}.", lines)


def long_table_of(table: LatexTable, about: Sequence[str]) -> str:
    """The same over as many pages as it takes, with its header on each."""
    header = [r"  \toprule", f"  {_row(table.header)}", r"  \midrule"]
    lines = [
        rf"\begingroup{_SMALL}",
        rf"\begin{{longtable}}{{{table.columns}}}",
        rf"  \caption{{{escape(table.caption)}}}\label{{{table.label}}}\\",
        *header,
        r"  \endfirsthead",
        *header,
        r"  \endhead",
        r"  \bottomrule",
        r"  \endlastfoot",
        *_ruled_blocks(table)[1:],  # the header ends with the first rule
        r"\end{longtable}",
        *(rf"{{\footnotesize {escape(note)}\par}}" for note in table.notes),
        r"\endgroup",
    ]
    return _whole(about, "% Needs \\usepackage{booktabs,longtable}.", lines)


def _ruled_blocks(table: LatexTable) -> list[str]:
    blocks = [block for block in table.blocks if block]
    return [line for block in blocks for line in (r"    \midrule", *(f"    {_row(row)}" for row in block))]


def _row(cells: Sequence[str]) -> str:
    return " & ".join(escape(cell) for cell in cells) + r" \\"


def _whole(about: Sequence[str], needs: str, lines: Sequence[str]) -> str:
    comments = [f"% {visible(line)}" for line in about]
    body = "\n".join(lines)
    of_latin = all(character <= _LAST_OF_LATIN for character in body)
    return "\n".join([*comments, needs, *([] if of_latin else [_OTHER_ENGINE]), body, ""])
