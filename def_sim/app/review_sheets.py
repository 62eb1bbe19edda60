"""Tables in which people say yes or no: read strictly, as spreadsheets save them; how far people agree.

Several people may review one table: each in a file of their own, or in rows of their own. Knows neither
drafts nor items; what is reviewed has a key.
"""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

from def_sim.csv_files import guarded, with_formula
from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.delimited import read_delimited
from def_sim.visible import visible

YES: Final = frozenset({"yes", "y", "是"})
NO: Final = frozenset({"no", "n", "否"})
_MARK: Final = "\ufeff"  # without it spreadsheets take UTF-8 for something else


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: cells by column, and where it stands."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def wrong(self, what: str, fix: str = "") -> SurveyFormatError:
        """An error that names the line."""
        where = f"{self.path.name}, line {self.line}"
        return SurveyFormatError(f"{where}: {what}.", fix=fix or f"Correct {self.path} at line {self.line}.")


@dataclass(frozen=True, slots=True)
class Said:
    """What one person said of one thing."""

    key: str
    reviewer: str
    is_yes: bool
    note: str
    row: Row


def read_rows(path: Path, columns: Sequence[str], needed: Sequence[str]) -> list[Row]:
    """The rows of a table with commas, semicolons or tabs.

    Args:
        path: The file.
        columns: Those that the table was written with; others are passed over.
        needed: Those that it must still have.

    Raises:
        SurveyFormatError: No such file or no table; a column that is missing or there twice.
    """
    rows = read_delimited(path, fix=f"Save {path} as a table with all of its columns.")
    line, header = next(rows, (1, []))
    names = [name.strip().casefold() for name in header]
    head = Row(path, line, {})
    again = f"Take the table that was written, and keep its columns: {', '.join(columns)}."
    if missing := [name for name in needed if name not in names]:
        raise head.wrong(f"expected the columns {', '.join(columns)}; missing: {', '.join(missing)}", again)
    if double := [name for name in columns if names.count(name) > 1]:
        raise head.wrong(f"the column {double[0]!r} stands there twice", again)
    cells = [(at, dict(zip(names, fields, strict=True))) for at, fields in rows]
    return [
        Row(path, at, {name: with_formula(found.get(name, "")) for name in columns})
        for at, found in cells
        if any(text.strip() for text in found.values())
    ]


def said_in(rows: Sequence[Row], *, key: Mapping[int, str], column: str) -> list[Said]:
    """What people said, rows without a verdict left out.

    Args:
        rows: Of one or more tables.
        key: Place of a row -> what it is about.
        column: The one with yes, no or nothing.

    Raises:
        SurveyFormatError: A verdict that is neither, or without a name; a person who says two things of one.
    """
    said: dict[tuple[str, str], Said] = {}
    for place, row in enumerate(rows):
        is_yes, reviewer = _verdict(row, column), " ".join(row.cells["reviewer"].split())
        if is_yes is None:
            continue
        if not reviewer:
            raise row.wrong(f"{column} is given, and reviewer is empty")
        one = Said(key[place], reviewer, is_yes, row.cells["note"].strip(), row)
        before = said.setdefault((key[place], reviewer.casefold()), one)
        if before.is_yes != one.is_yes:
            where = f"{before.row.path.name}, line {before.row.line}"
            raise row.wrong(f"{reviewer} says another thing of {key[place]} than in {where}")
    return list(said.values())


def _verdict(row: Row, column: str) -> bool | None:
    text = row.cells[column].strip().casefold()
    if not text:
        return None
    if text not in YES | NO:
        raise row.wrong(f"{column} must be yes, no or empty, found {visible(text)!r:.40}")
    return text in YES


def agreement_lines(said: Sequence[Said], seed: int) -> list[str]:
    """How many each reviewer judged, and how far each two agree on what both did; a line each."""
    by_reviewer: dict[str, dict[str, bool]] = {}
    names: dict[str, str] = {}
    for one in said:
        name = names.setdefault(one.reviewer.casefold(), one.reviewer)
        by_reviewer.setdefault(name, {})[one.key] = one.is_yes
    lines = [
        f"reviewer      {visible(name)}: {len(verdicts):,} judged, {sum(verdicts.values()):,} yes"
        for name, verdicts in by_reviewer.items()
    ]
    return lines + [
        f"agreement     {visible(first)}, {visible(second)}: "
        f"{_agreement(by_reviewer[first], by_reviewer[second], seed)}"
        for first, second in combinations(by_reviewer, 2)
    ]


def _agreement(first: Mapping[str, bool], second: Mapping[str, bool], seed: int) -> str:
    # Statistics, which a command without reviewers has no use for.
    import numpy as np

    from def_sim.metrics.agreement import cohen_kappa, kappa_interval, raw_agreement
    from def_sim.randomness import keyed_rng

    both = sorted(first.keys() & second.keys())
    if not both:
        return "nothing was judged by both"
    codings = np.array([[float(verdicts[key]) for key in both] for verdicts in (first, second)])
    kappa = cohen_kappa(codings)
    share = f"{raw_agreement(codings):.0%} of {len(both):,} judged by both"
    if math.isnan(kappa):
        return f"{share}; kappa undefined, since all verdicts are the same"
    low, high = kappa_interval(codings, keyed_rng(seed, "kappa", "review"))
    interval = "" if math.isnan(low) else f" (95 %: {low:.2f} to {high:.2f})"
    return f"{share}; kappa {kappa:.2f}{interval}"


def table_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as comma-separated text that spreadsheets take for UTF-8; cells are guarded."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return _MARK + out.getvalue()
