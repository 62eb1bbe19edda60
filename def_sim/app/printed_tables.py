"""Tables on the standard output: drawn by rich on a terminal, plain lines everywhere else.

Plain lines are for files, pipes and other programs: as wide as their words, with no blank at an end and no
control sequence. A terminal that calls itself dumb gets them, too, as does one so narrow that a drawn table
would lose numbers; NO_COLOR takes rich's colours away.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table

from def_sim.app.terminal import console, draws, say
from def_sim.visible import visible

_WIDEST = 10_000
_FEWEST_LETTERS = 16  # of the first column, which is folded on a narrow terminal


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """A short table: the first column is of words, the others are of numbers and stand to the right.

    Attributes:
        title: Above it.
        heads: Of all columns.
        rows: Of as many cells each.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def print_table(table: PrintedTable) -> None:
    """Prints it for whoever reads the standard output."""
    on_terminal = console()
    drawn = _drawn(table)
    if draws(on_terminal) and _fits(drawn):
        on_terminal.print(table.title, style="italic")  # apart: in a table it is folded at the table's width
        on_terminal.print(drawn)
        return
    for line in plain_lines(table):
        say(line)


def _fits(drawn: Table) -> bool:
    """Whether the terminal is wide enough for all numbers of a table."""
    on_terminal = console()
    anywhere = on_terminal.options.update_width(_WIDEST)  # else the fewest columns are those that there are
    return on_terminal.measure(drawn, options=anywhere).minimum <= on_terminal.width


def plain_lines(table: PrintedTable) -> list[str]:
    """The title, the heads and the rows, in columns two blanks apart."""
    rows = [[visible(cell) for cell in row] for row in (table.heads, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
    ]
    return [table.title, *(f"  {line}" for line in lines)]


def _drawn(table: PrintedTable) -> Table:
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    first, *others = table.heads
    longest = max(len(row[0]) for row in (table.heads, *table.rows))
    shown.add_column(first, overflow="fold", min_width=min(longest, _FEWEST_LETTERS))
    for name in others:
        shown.add_column(name, justify="right", no_wrap=" " not in name)
    for row in table.rows:
        shown.add_row(*row)
    return shown
