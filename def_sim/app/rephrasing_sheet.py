"""The sheet of drafts that people review: `wordings/<source>.<language>.draft.csv` in the home.

A row is a draft, or a draft and one of several reviewers. What people wrote into it is never changed: rows
that are there stay, but for what models say of a draft, and new drafts are added.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from def_sim.app.review_sheets import Row, read_rows, table_text
from def_sim.csv_files import guarded
from def_sim.surveys.added_wordings import FOLDER
from def_sim.surveys.rephrase import Draft

COLUMNS: Final = (
    "item_id", "number", "base", "draft", "rules", "check", "why", "reviewer", "verdict", "note",
)  # fmt: skip
NEEDED: Final = ("item_id", "number", "base", "draft", "reviewer", "verdict", "note")
PASSED: Final = "passed"  # in the column `rules`
_BETWEEN: Final = " | "  # what several models say
_MOST_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row as it stands."""

    item_id: str
    number: int
    base: str
    draft: str
    rules: str
    check: str
    why: str
    row: Row | None = None  # where it was read; None: it is new

    @property
    def id(self) -> str:
        """Address of the wording, `item#number`."""
        return f"{self.item_id}#{self.number}"


def sheet_path(home: Path, source: str, language: str) -> Path:
    """Where the drafts of a source lie."""
    return home / FOLDER / f"{source}.{language}.draft.csv"


def read_sheet(path: Path) -> list[SheetRow]:
    """The rows of a sheet; none where there is no file.

    Raises:
        SurveyFormatError: It is no such table, or a number is none.
    """
    return [sheet_row(row) for row in read_rows(path, COLUMNS, NEEDED)] if path.exists() else []


def sheet_row(row: Row) -> SheetRow:
    """A row of the table as one of drafts.

    Raises:
        SurveyFormatError: Its number is none, or its item is not named.
    """
    number = row.cells["number"].strip()
    if not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS):
        raise row.wrong(f"number must be a whole number, found {number!r:.40}")
    if not row.cells["item_id"].strip():
        raise row.wrong("item_id is empty")
    cells = {name: row.cells[name].strip() for name in ("item_id", "base", "draft", "rules", "check", "why")}
    return SheetRow(number=int(number), row=row, **cells)


def sheet_text(rows: Iterable[SheetRow]) -> str:
    """The sheet as comma-separated text with the mark of its encoding."""
    return table_text(COLUMNS, map(_cells, rows))


def _cells(row: SheetRow) -> list[str]:
    said = row.row.cells if row.row is not None else {}
    review = [said.get(name, "") for name in ("reviewer", "verdict", "note")]
    return [row.item_id, str(row.number), row.base, row.draft, row.rules, row.check, row.why, *review]


def with_drafts(rows: Sequence[SheetRow], drafts: Iterable[Draft], model: str) -> list[SheetRow]:
    """The sheet with what a model gave: new drafts behind those of their item, checks in rows that are there.

    Args:
        rows: As they stand.
        drafts: Of the model, or checked by it.
        model: Its name, which stands before what it says.
    """
    by_id = {(draft.item_id, draft.number): draft for draft in drafts}
    known = {(row.item_id, row.number) for row in rows}
    kept = [_with_findings(row, by_id.get((row.item_id, row.number)), model) for row in rows]
    new = [_new_row(draft, model) for key, draft in by_id.items() if key not in known]
    order = {item_id: place for place, item_id in enumerate(dict.fromkeys(r.item_id for r in (*kept, *new)))}
    return sorted((*kept, *new), key=lambda row: (order[row.item_id], row.number))


def _new_row(draft: Draft, model: str) -> SheetRow:
    row = SheetRow(draft.item_id, draft.number, draft.base, draft.text, "", "", "")
    return _with_findings(row, draft, model)


def _with_findings(row: SheetRow, draft: Draft | None, model: str) -> SheetRow:
    """What rules and a model say of a draft; nothing of a text that a person has changed meanwhile."""
    if draft is None or guarded(draft.text) != guarded(row.draft):
        return row
    row = replace(row, rules="; ".join(draft.faults) or PASSED)
    if draft.check is None:
        return row
    says = "same" if draft.check.is_same else "not the same"
    return replace(
        row, check=_with_entry(row.check, model, says), why=_with_entry(row.why, model, draft.check.why)
    )


def _with_entry(cell: str, model: str, says: str) -> str:
    """The cell with what this model says in place of what it said before."""
    entries: dict[str, str] = {}
    for entry in cell.split(_BETWEEN) if cell else ():
        name, _, text = entry.partition(": ")
        entries[name] = text
    entries[model] = " ".join(says.replace("|", "/").split())
    return _BETWEEN.join(f"{name}: {text}" for name, text in entries.items() if text)


def texts_by_number(rows: Iterable[SheetRow]) -> dict[str, Mapping[int, str]]:
    """Item -> number -> draft."""
    found: dict[str, dict[int, str]] = {}
    for row in rows:
        found.setdefault(row.item_id, {}).setdefault(row.number, row.draft)
    return dict(found)
