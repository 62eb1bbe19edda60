"""Sheets that people code: written blind, and read back strictly, as spreadsheets save them.

A sheet has no verdict in it. What comes back may have another order of rows, semicolons for commas and a mark
of its encoding; anything else that differs is an error that names the row. Keeps no file.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from def_sim.csv_files import without_formula
from def_sim.errors import DefSimError
from def_sim.judging.exhibits import JudgedAnswer, options_for_judge
from def_sim.judging.rubric import Rubric
from def_sim.judging.verdicts import Value
from def_sim.records import QuestionType
from def_sim.visible import visible

COLUMNS: Final = ("row", "asked", "options", "text", "coding", "note")
_NEEDED: Final = ("row", "coding")
MARK: Final = "\ufeff"  # without it spreadsheets take UTF-8 for something else
_SEVERAL: Final = re.compile(r"[\s,;、，；]+")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row as coders see it, and what they may write.

    `codes`: of the options, in the order in which they are numbered; None: a defect or none is asked for.
    """

    row: int
    asked: str
    options: str
    text: str
    codes: tuple[int, ...] | None
    most: int = 1  # options that may be named

    @property
    def allowed(self) -> str:
        """What may stand in the column `coding`, in words."""
        if self.codes is None:
            return "1 (a defect), 0 (none) or nothing"
        several = f", up to {self.most} of them with blanks between" if self.most > 1 else ""
        return f"a number from 1 to {len(self.codes)}{several}, 0 (cannot be classified) or nothing"


def sheet_row(row: int, judged: JudgedAnswer, rubric: Rubric, question: str) -> SheetRow:
    """An answer under one question of a rubric as a row for people."""
    asked = f"{rubric.question(question).ask}\n\n{judged.question.text}"
    is_several = judged.question.type is QuestionType.MULTIPLE
    return SheetRow(
        row,
        asked,
        options_for_judge(judged, rubric),
        judged.answer.text,
        None if rubric.verdict == "defect" else judged.question.codes,
        judged.question.max_choices if is_several else 1,
    )


def write_sheet(rows: Sequence[SheetRow]) -> str:
    """The sheet as comma-separated text with the mark of its encoding, in the order given."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([row.row, _cell(row.asked), _cell(row.options), _cell(row.text), "", ""])
    return MARK + out.getvalue()


def read_sheet(text: str, name: str, rows: Sequence[SheetRow]) -> dict[int, Value | None]:
    """Row -> what the coder wrote; None where nothing.

    Args:
        text: Of the file, with or without the mark.
        name: Of the file, for errors.
        rows: Those that were exported.

    Raises:
        DefSimError: A column is missing; a row is missing, doubled or foreign; a coding is none.
    """
    lines = _lines(text, name)
    known = {str(row.row): row for row in rows}
    found = [line["row"].strip() for line in lines]
    _check_rows(found, known, name)
    codings = [line["coding"] for line in lines]
    return {
        known[row].row: _code(coding, known[row], name) for row, coding in zip(found, codings, strict=True)
    }


def _cell(text: str) -> str:
    """A text that no spreadsheet runs as a formula, with nothing invisible in it."""
    return without_formula(visible(text, keeps="\n\t"))


def _lines(text: str, name: str) -> list[dict[str, str]]:
    body = text.removeprefix(MARK)
    head = body.split("\n", 1)[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    try:
        reader = csv.DictReader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True, restval="")
        columns = [(column or "").strip() for column in reader.fieldnames or ()]
        missing = [column for column in _NEEDED if column not in columns]
        if missing:
            raise DefSimError(
                f"{name}: expected the columns {', '.join(COLUMNS)}; {missing[0]} is missing.",
                fix="Code the sheet that was exported, and save it as CSV with all its columns.",
            )
        reader.fieldnames = columns
        return [
            line
            for line in reader
            if any((line[column] or "").strip() for column in COLUMNS if column in line)
        ]
    except csv.Error as error:
        raise DefSimError(
            f"{name}: not readable as CSV ({error}).", fix="Save the sheet as CSV (UTF-8)."
        ) from None


def _check_rows(found: Sequence[str], known: Mapping[str, SheetRow], name: str) -> None:
    foreign = [row for row in found if row not in known]
    doubled = [row for row, count in Counter(found).items() if count > 1]
    missing = [row for row in known if row not in set(found)]
    for what, rows in (
        ("is none of those exported", foreign),
        ("stands twice", doubled),
        ("is missing", missing),
    ):
        if rows:
            more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
            raise DefSimError(
                f"{name}: row {visible(rows[0])[:40]!r} {what}{more}.",
                fix="Give back the rows that were exported, each once; their order does not matter.",
            )


def _code(written: str, row: SheetRow, name: str) -> Value | None:
    parts = [part for part in _SEVERAL.split(written) if part]
    if not parts:
        return None
    largest = 1 if row.codes is None else len(row.codes)
    numbers = [int(part) if re.fullmatch(r"[0-9]{1,3}", part) else -1 for part in parts]
    is_allowed = (
        all(0 <= number <= largest for number in numbers)
        and len(set(numbers)) == len(numbers) <= row.most
        and (0 not in numbers or len(numbers) == 1)
    )
    if not is_allowed or (row.codes is None and len(numbers) > 1):
        raise DefSimError(
            f"{name}, row {row.row}: expected {row.allowed}; found {visible(written)[:40]!r} in coding.",
            fix="Correct the row, or leave its coding empty.",
        )
    if row.codes is None:
        return numbers == [1]
    return tuple(row.codes[number - 1] for number in numbers if number > 0)
