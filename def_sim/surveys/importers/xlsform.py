"""XLSForm workbooks (ODK, KoboToolbox): their questions in all languages, as rows of options.

What a question becomes is in `xlsform_items`. Free text, groups shown to some only and questions that repeat
or use earlier answers are left out and named. Source: xlsform.org.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.surveys.importers.survey_form import AnswerColumns, SurveyForm
from def_sim.surveys.importers.tidy_rows import TidyRow, TidyTable
from def_sim.surveys.importers.workbook_process import Rows
from def_sim.surveys.importers.xlsform_items import LeftOutError, form_item, item_name, why_not_all
from def_sim.surveys.importers.xlsform_sheets import (
    CHOICES,
    SETTINGS,
    SURVEY,
    FormRow,
    form_rows,
    own_language,
    unknown_languages,
    wrong,
)

_BEGIN: Final = {"begin group": "", "begin repeat": "it is asked several times (repeat)"}
_END: Final = ("end group", "end repeat")


@dataclass(frozen=True)
class _Group:
    """A group that is open where a row stands."""

    name: str
    why_left_out: str  # why its questions are; "": they are not


def read_xlsform(path: Path, sheets: Mapping[str, Rows]) -> SurveyForm:
    """The questions of a form.

    Args:
        path: Of the workbook, for messages.
        sheets: From `read_sheets`; `is_xlsform` holds.

    Raises:
        SurveyFormatError: A list of choices is missing, a name stands there twice, a group is not closed, or
            none of the questions can be asked. With the row.
    """
    own = own_language(sheets.get(SETTINGS, []))
    lists: dict[str, list[FormRow]] = defaultdict(list)
    for row in form_rows(path, CHOICES, sheets.get(CHOICES, []), own):
        lists[row.field("list_name", "list name")].append(row)
    rows: list[TidyRow] = []
    columns: dict[str, AnswerColumns] = {}
    left_out: list[str] = unknown_languages(sheets[SURVEY])
    for row, groups in _questions(path, form_rows(path, SURVEY, sheets[SURVEY], own)):
        name = item_name(row)
        if name in columns:
            raise wrong(path, f"the name {name!r:.40} stands there twice", row.line)
        try:
            if why := next((one.why_left_out for one in groups if one.why_left_out), ""):
                raise LeftOutError(why)
            of_item, columns[name] = form_item(path, row, [group.name for group in groups], lists)
            rows += of_item
        except LeftOutError as reason:
            left_out.append(f"{name}: {reason}")
    if not rows:
        raise wrong(path, f"none of its {len(left_out)} questions can be asked ({'; '.join(left_out[:3])})")
    whole, partly = _in_whole_languages(rows)
    kept = {row.item for row in whole}
    of_kept = {name: one for name, one in columns.items() if name in kept}
    return SurveyForm(TidyTable(path, "", tuple(whole)), (*left_out, *partly), of_kept)


def _questions(path: Path, rows: Sequence[FormRow]) -> Iterator[tuple[FormRow, list[_Group]]]:
    """Rows that people read something of, with the groups around them."""
    groups: list[_Group] = []
    for row in rows:
        kind = row.field("type").casefold().replace("_", " ")
        if kind in _BEGIN:
            groups.append(_Group(row.field("name"), why_not_all(row) or _BEGIN[kind]))
        elif kind in _END:
            if not groups:
                raise wrong(path, f"{kind} without its beginning", row.line)
            groups.pop()
        elif row.labels or kind.startswith(("select", "range")):  # `start`, `calculate` and so on have none
            yield row, list(groups)
    if groups:
        raise wrong(path, f"the group {groups[-1].name!r:.40} is not closed")


def _in_whole_languages(rows: Sequence[TidyRow]) -> tuple[list[TidyRow], list[str]]:
    """Rows of the languages that all items have; if there is none, of the one that most have."""
    items = dict.fromkeys(row.item for row in rows)
    having: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        having[row.language].add(row.item)
    most = max(having, key=lambda language: len(having[language]))
    whole = [language for language in having if len(having[language]) == len(items)] or [most]
    partly = [f"language {language}: not all is translated" for language in having if language not in whole]
    lost = dict.fromkeys(item for item in items if item not in having[whole[0]])
    without = [f"{item}: it has no words in {whole[0]}" for item in lost]
    return [row for row in rows if row.language in whole and row.item not in lost], [*partly, *without]
