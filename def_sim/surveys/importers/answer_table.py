"""A table with a row a person, as survey programs export answers: its columns, and who counts.

Qualtrics writes three rows of names (export tags, questions, import ids), and keeps previews and spam among
the answers. Knows no item.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.surveys.importers.delimited import delimiter_of
from def_sim.surveys.importers.headers import repeated
from def_sim.surveys.importers.tables import WORKBOOKS, read_table

_IMPORT_ID: Final = '{"ImportId":'
_PERSON: Final = ("responseid", "_uuid", "meta-instanceid", "instanceid", "key", "respondent", "id")
_FEWEST_KINDS: Final = 20  # of rows, below which all of them may stand there twice by chance
_LONGEST_HEADER: Final = 100_000  # characters
_STATUS: Final = "status"
# Previews, tests and spam, as Qualtrics calls and as it numbers them.
_NOBODY: Final = ("survey preview", "survey test", "spam", "spam preview", "1", "2", "8", "9", "17")
_FIX: Final = "Export the answers anew, a row a person, with the names of the questions as its header."
_FIX_TWICE: Final = "Take out the rows that repeat a person: the file may have been joined to itself."


@dataclass(frozen=True)
class AnswerTable:
    """Columns by the names that they go by, in lower case, of N people."""

    path: Path
    lines: tuple[int, ...]  # shape (N,), of each person
    columns: Mapping[str, tuple[str, ...]]  # name -> field of each person, shape (N,)
    names: tuple[str, ...]  # of the header, for messages
    num_left_out: int  # previews, tests and spam
    decimal_comma: bool = False  # whether 1,5 is a number: no comma parts the fields

    def column(self, names: Iterable[str]) -> tuple[str, ...] | None:
        """The first of these columns that is there."""
        return next((self.columns[one.casefold()] for one in names if one.casefold() in self.columns), None)

    def person_column(self, named: str | None = None) -> str | None:
        """The column that says who a person is, as the table writes it; None: there is none."""
        known = (named.casefold(),) if named is not None else _PERSON
        return next((name for one in known for name in self.names if name.casefold() == one), None)


def read_answer_table(path: Path, identifier: str | None = None) -> AnswerTable:
    """The table.

    Args:
        path: The file.
        identifier: The column that says who a person is; None: it goes by the usual names.

    Raises:
        SurveyFormatError: As for `read_table`; nobody in it; a column or a person twice. With the line.
        ConfigError: A workbook, and the extra that reads it is not installed; no column `identifier`.
    """
    rows = list(read_table(path, fix=_FIX))
    line, header = rows[0] if rows else (1, [])
    names = [name.strip() for name in header]
    if twice := repeated([name for name in names if name]):
        raise answers_wrong(path, line, f"the column {twice!r:.60} stands there twice")
    ids = _import_ids(rows[2][1]) if len(rows) > 2 else []
    people = rows[3:] if ids else rows[1:]
    kept = [row for row in people if not ids or not _is_nobody(names, row[1])]
    if not kept:
        raise answers_wrong(path, line, "there is nobody below the names of the columns")
    fields = [tuple(row[place].strip() for _, row in kept) for place in range(len(names))]
    columns = {name.casefold(): field for name, field in zip(ids, fields, strict=False) if name}
    columns |= {name.casefold(): field for name, field in zip(names, fields, strict=True) if name}
    table = AnswerTable(
        path,
        tuple(at for at, _ in kept),
        columns,
        tuple(names),
        num_left_out=len(people) - len(kept),
        decimal_comma=_has_decimal_comma(path),
    )
    _check_persons(table, identifier)
    if table.person_column(identifier) is None:
        _check_rows(path, [tuple(row) for _, row in kept])
    return table


def _import_ids(fields: Sequence[str]) -> list[str]:
    """Qualtrics' names of the questions, which stay when export tags change; [] if the row has none."""
    if not any(field.startswith(_IMPORT_ID) for field in fields):
        return []
    return [_import_id(field) for field in fields]


def _import_id(field: str) -> str:
    try:
        found = json.loads(field)
    except (ValueError, RecursionError):
        return ""
    return str(found.get("ImportId", "")) if isinstance(found, dict) else ""


def _is_nobody(names: Sequence[str], fields: Sequence[str]) -> bool:
    return any(
        name.casefold() == _STATUS and field.strip().casefold() in _NOBODY
        for name, field in zip(names, fields, strict=True)
    )


def _has_decimal_comma(path: Path) -> bool:
    if path.suffix.casefold() in WORKBOOKS:
        return True
    with path.open(encoding="latin-1", newline="") as file:
        return delimiter_of(file.readline(_LONGEST_HEADER)) != ","


def _check_persons(table: AnswerTable, identifier: str | None) -> None:
    """A person that is there twice would count twice."""
    column = table.person_column(identifier)
    if identifier is not None and column is None:
        raise ConfigError(
            f"{table.path.name}: there is no column {identifier!r:.60} that says who a person is; it has "
            f"{', '.join(table.names[:12])}.",
            fix="Name one of its columns as `id:` in the mapping.",
        )
    seen: dict[str, int] = {}
    for line, person in zip(table.lines, table.column((column,)) or () if column else (), strict=False):
        if person and person in seen:
            raise SurveyFormatError(
                f"{table.path.name}, line {line}: {person!r:.60} answered in line {seen[person]}, too.",
                fix=f"{_FIX_TWICE} If {column:.60} does not say who a person is, give it another name.",
            )
        seen[person] = line


def _check_rows(path: Path, rows: Sequence[tuple[str, ...]]) -> None:
    """Without identifiers: every row stands there twice, or thrice, which so many kinds do not by chance."""
    kinds = Counter(rows)
    times = math.gcd(*kinds.values())
    if times > 1 and len(kinds) >= _FEWEST_KINDS:
        raise SurveyFormatError(
            f"{path.name}: each of its {len(rows):,} rows equals another one in all columns; all rows stand "
            f"there {times} times, or a multiple of it.",
            fix=f"{_FIX_TWICE} If they are different people, add a column `id` that tells them apart.",
        )


def answers_wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    """An error that names the line."""
    return SurveyFormatError(f"{path.name}, line {line}: {what}.", fix=_FIX)
