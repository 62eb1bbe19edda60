"""The sheets of an XLSForm as rows with their words by language. Knows no type of question."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.headers import repeated
from def_sim.surveys.importers.markup import plain
from def_sim.surveys.importers.workbook_process import Rows

SURVEY: Final = "survey"
CHOICES: Final = "choices"
SETTINGS: Final = "settings"
_FIX: Final = "Correct the workbook there; pyxform says whether it is a form."
_LABEL: Final = re.compile(r"(?:label|caption)(?:\s*::?\s*(?P<language>.+))?", re.IGNORECASE)
_CODE: Final = re.compile(r"\(([A-Za-z]{2})(?:-[A-Za-z0-9-]+)?\)\s*$")
_NAMES: Final = {"english": "en", "chinese": "zh", "中文": "zh"}  # languages that forms name without a code

Labels = Mapping[str, str]  # a language's two letters -> words


@dataclass(frozen=True)
class FormRow:
    """A row of a sheet: its number, what its columns hold by their names in lower case, and its labels."""

    line: int
    fields: Mapping[str, str]
    labels: Labels

    def field(self, *names: str) -> str:
        """The first of these columns that holds something; empty: none does."""
        return next((found for name in names if (found := self.fields.get(name, ""))), "")


def is_xlsform(sheets: Mapping[str, Rows]) -> bool:
    """Whether a workbook is a form: a sheet `survey` with the columns type and name."""
    rows = sheets.get(SURVEY, [])
    return bool(rows) and {"type", "name"} <= {name.strip().casefold() for name in rows[0][1]}


def form_rows(path: Path, sheet: str, cells: Rows, own: str) -> list[FormRow]:
    """The rows of a sheet below its header.

    Args:
        path: Of the workbook.
        sheet: Its name, for messages.
        cells: Its rows; none: the form has no such sheet.
        own: The language of a column `label`.

    Raises:
        SurveyFormatError: A column stands there twice.
    """
    if not cells:
        return []
    line, header = cells[0]
    names = [" ".join(name.split()).casefold() for name in header]
    if twice := repeated([name for name in names if name]):
        raise wrong(path, f"sheet {sheet}: the column {twice!r:.40} stands there twice", line)
    languages = [_language_of(name, own) for name in header]
    return [_row(at, fields, names, languages) for at, fields in cells[1:]]


def _row(line: int, fields: Sequence[str], names: Sequence[str], languages: Sequence[str]) -> FormRow:
    given = {name: field.strip() for name, field in zip(names, fields, strict=False) if name}
    words = zip(languages, map(plain, fields), strict=False)
    return FormRow(line, given, {language: text for language, text in words if language and text})


def own_language(settings: Rows) -> str:
    """The language of a column `label`: the form's default one, else English."""
    for _, fields in settings[1:2]:
        names = (name.strip().casefold() for name in settings[0][1])
        given = dict(zip(names, fields, strict=False))
        if code := _code_of(given.get("default_language", "")):
            return code
    return "en"


def unknown_languages(cells: Rows) -> list[str]:
    """A line for each column of labels whose language has no two letters."""
    columns = [name.strip() for name in cells[0][1]] if cells else []
    return [
        f"column {name}: its language has no code; write it as in label::English (en)"
        for name in columns
        if _LABEL.fullmatch(name) and not _language_of(name, "en")
    ]


def _language_of(column: str, own: str) -> str:
    """The two letters of the language that a column has labels in; empty: it has none that are known."""
    found = _LABEL.fullmatch(column.strip())
    if found is None:
        return ""
    return own if found["language"] is None else _code_of(found["language"])


def _code_of(language: str) -> str:
    """The two letters in `English (en)` and in `en`; empty: none are there."""
    words = language.strip()
    found = _CODE.search(words)
    code = found[1] if found else words if re.fullmatch(r"[A-Za-z]{2}", words) else ""
    return code.casefold() or _NAMES.get(words.casefold(), "")


def wrong(path: Path, what: str, line: int | None = None) -> SurveyFormatError:
    """An error that names the row."""
    where = f", row {line}" if line is not None else ""
    return SurveyFormatError(f"{path.name}{where}: {what}.", fix=_FIX)
