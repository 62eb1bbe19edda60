"""A survey as a table with a row an option: read, and every field checked with its line.

A row says to which item, language and group of people it belongs; what is said of an item or an option in
several rows must be the same in all of them. Knows no item and no reference.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.tables import read_table

EVERYONE: Final = "all"
NEEDED: Final = ("item", "wording", "language", "code", "label")
OF_ITEM: Final = ("type", "level", "max_choices", "topic", "dimension", "direction", "follow_up_of")
FIGURES: Final = ("share", "percent", "count")  # one of them
OF_PEOPLE: Final = ("group", *FIGURES, "n", "n_effective")
_WITH_COMMA: Final = (
    "share",
    "percent",
)  # 61,5 can only be a decimal comma; of a count 1,234 could be either
FORMAT: Final = "data/README.md, A table of one's own"
_LARGEST: Final = 1_000_000_000

T = TypeVar("T")


@dataclass(frozen=True)
class TidyRow:
    """One row: an option of an item in one language, with the figure of a group of people if there is one."""

    line: int
    item: str
    wording: str
    language: str
    code: int
    label: str
    said: Mapping[str, str]  # of OF_ITEM, those that are filled
    group: str
    figure: float | None  # in the unit of the table's column: a share, percent or a count
    n: int | None
    n_effective: float | None


@dataclass(frozen=True)
class TidyTable:
    """All rows, and in which unit figures are."""

    path: Path
    unit: str  # one of FIGURES; "": the table has none
    rows: tuple[TidyRow, ...]


def read_tidy_table(path: Path) -> TidyTable:
    """The table.

    Raises:
        SurveyFormatError: A column that is missing, unknown or there twice; a field that is not what its
            column holds; no row. With file and line.
    """
    rows = read_table(path, fix=f"Correct {path} there (format: {FORMAT}).")
    line, header = next(rows, (1, []))
    names = [name.strip().casefold() for name in header]
    _check_header(path, line, names)
    found = tuple(
        _row(path, at, dict(zip(names, map(str.strip, fields), strict=True))) for at, fields in rows
    )
    if not found:
        raise wrong(path, line, "the table has no row")
    _check_once_each(path, found)
    return TidyTable(path, next((name for name in FIGURES if name in names), ""), found)


def _check_once_each(path: Path, rows: Sequence[TidyRow]) -> None:
    """An option of an item that stands there twice is a slip, also where both rows say the same."""
    seen: dict[tuple[str, str, int, str], int] = {}
    for row in rows:
        key = (row.item, row.language, row.code, row.group)
        if key in seen:
            of_group = f", group {row.group}" if row.group != EVERYONE else ""
            what = f"item {row.item}{of_group}: code {row.code} stands in line {seen[key]}, too"
            raise wrong(path, row.line, what)
        seen[key] = row.line


def wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    """An error that names the line."""
    return SurveyFormatError(
        f"{path.name}, line {line}: {what}.", fix=f"Correct {path} at line {line} (format: {FORMAT})."
    )


def the_same(table: TidyTable, rows: Sequence[TidyRow], values: Sequence[T | None], what: str) -> T | None:
    """What all rows say that say something; None: none does.

    Raises:
        SurveyFormatError: One says something else than one before it.
    """
    said = [(row.line, value) for row, value in zip(rows, values, strict=True) if value is not None]
    for line, value in said:
        if value != said[0][1]:
            raise wrong(
                table.path, line, f"{what} is {value!r:.60}, and {said[0][1]!r:.60} in line {said[0][0]}"
            )
    return said[0][1] if said else None


def _check_header(path: Path, line: int, names: Sequence[str]) -> None:
    known = (*NEEDED, *OF_ITEM, *OF_PEOPLE)
    if missing := [name for name in NEEDED if name not in names]:
        raise wrong(path, line, f"expected the columns {', '.join(NEEDED)}; missing: {', '.join(missing)}")
    for name in names:
        if name not in known:
            raise wrong(path, line, f"there is no column {name!r:.40}; known: {', '.join(known)}")
        if names.count(name) > 1:
            raise wrong(path, line, f"the column {name!r:.40} stands there twice")
    if len(units := [name for name in FIGURES if name in names]) > 1:
        raise wrong(path, line, f"{' and '.join(units)}: give one of them")


def _row(path: Path, line: int, fields: Mapping[str, str]) -> TidyRow:
    if empty := [name for name in NEEDED if not fields[name]]:
        raise wrong(path, line, f"{empty[0]} is empty")
    figures = [(name, fields[name]) for name in FIGURES if fields.get(name)]
    upper = {"share": 1.0, "percent": 100.0, "count": float(_LARGEST)}
    return TidyRow(
        line=line,
        item=fields["item"],
        wording=fields["wording"],
        language=fields["language"],
        code=_whole(path, line, "code", fields["code"], least=0),
        label=fields["label"],
        said={name: fields[name] for name in OF_ITEM if fields.get(name)},
        group=fields.get("group") or EVERYONE,
        figure=_number(path, line, *figures[0], upper[figures[0][0]]) if figures else None,
        n=_whole(path, line, "n", text, least=1) if (text := fields.get("n")) else None,
        n_effective=_number(path, line, "n_effective", text, _LARGEST)
        if (text := fields.get("n_effective"))
        else None,
    )


def _whole(path: Path, line: int, name: str, text: str, *, least: int) -> int:
    value = _number(path, line, name, text, _LARGEST)
    if not value.is_integer() or value < least:
        raise wrong(path, line, f"{name} must be a whole number, at least {least}, found {text!r:.40}")
    return int(value)


def _number(path: Path, line: int, name: str, text: str, upper: float) -> float:
    decimal = text.replace(",", ".") if name in _WITH_COMMA and "." not in text else text
    try:
        value = float(decimal)
    except ValueError:
        raise wrong(path, line, f"{name} must be a number, found {text!r:.40}") from None
    if not 0 <= value <= upper or math.isnan(value):
        hint = "; for percent there is the column `percent`" if name == "share" and value <= 100 else ""
        raise wrong(path, line, f"{name} must lie in [0, {upper:g}], found {text!r:.40}{hint}")
    return value
