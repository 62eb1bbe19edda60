"""A table with a row a person, as survey programs export answers: its columns, and who counts.

Qualtrics writes three rows of names (export tags, questions, import ids), and keeps previews and spam among
the answers. Knows no item.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.tables import read_table

_IMPORT_ID: Final = '{"ImportId":'
_PERSON: Final = ("responseid", "_uuid", "meta-instanceid", "instanceid", "key", "respondent")
_STATUS: Final = "status"
# Previews, tests and spam, as Qualtrics calls and as it numbers them.
_NOBODY: Final = ("survey preview", "survey test", "spam", "spam preview", "1", "2", "8", "9", "17")
_FIX: Final = "Export the answers anew, a row a person, with the names of the questions as its header."


@dataclass(frozen=True)
class AnswerTable:
    """Columns by the names that they go by, in lower case, of N people."""

    path: Path
    lines: tuple[int, ...]  # shape (N,), of each person
    columns: Mapping[str, tuple[str, ...]]  # name -> field of each person, shape (N,)
    names: tuple[str, ...]  # of the header, for messages
    num_left_out: int  # previews, tests and spam

    def column(self, names: Iterable[str]) -> tuple[str, ...] | None:
        """The first of these columns that is there."""
        return next((self.columns[one.casefold()] for one in names if one.casefold() in self.columns), None)


def read_answer_table(path: Path) -> AnswerTable:
    """The table.

    Raises:
        SurveyFormatError: As for `read_table`; nobody in it; a column or a person twice. With the line.
        ConfigError: A workbook, and the extra that reads it is not installed.
    """
    rows = list(read_table(path, fix=_FIX))
    line, header = rows[0] if rows else (1, [])
    names = [name.strip() for name in header]
    if twice := [name for name in names if name and names.count(name) > 1]:
        raise answers_wrong(path, line, f"the column {twice[0]!r:.60} stands there twice")
    ids = _import_ids(rows[2][1]) if len(rows) > 2 else []
    people = rows[3:] if ids else rows[1:]
    kept = [row for row in people if not ids or not _is_nobody(names, row[1])]
    if not kept:
        raise answers_wrong(path, line, "there is nobody below the names of the columns")
    fields = [tuple(row[place].strip() for _, row in kept) for place in range(len(names))]
    columns = {name.casefold(): field for name, field in zip(ids, fields, strict=False) if name}
    columns |= {name.casefold(): field for name, field in zip(names, fields, strict=True) if name}
    table = AnswerTable(
        path, tuple(at for at, _ in kept), columns, tuple(names), num_left_out=len(people) - len(kept)
    )
    _check_persons(table)
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


def _check_persons(table: AnswerTable) -> None:
    """A person that is there twice would count twice."""
    seen: dict[str, int] = {}
    for line, person in zip(table.lines, table.column(_PERSON) or (), strict=False):
        if person and person in seen:
            raise answers_wrong(table.path, line, f"{person!r:.60} answered in line {seen[person]}, too")
        seen[person] = line


def answers_wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    """An error that names the line."""
    return SurveyFormatError(f"{path.name}, line {line}: {what}.", fix=_FIX)
