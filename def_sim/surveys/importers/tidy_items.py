"""Rows of a table with a row an option (`tidy_rows`) as items. Knows no figures and no people."""

import re
from collections.abc import Sequence
from typing import Any, Final

from pydantic import ValidationError

from def_sim.records import QuestionType
from def_sim.surveys.importers.tidy_rows import TidyRow, TidyTable, the_same, wrong
from def_sim.surveys.item_bank import NO_DIMENSION, Item

_ITEM: Final = re.compile("[A-Za-z0-9_]+")


def tidy_item(survey: str, table: TidyTable, rows: Sequence[TidyRow]) -> Item:
    """The item that all rows of one name make up; without figures so far.

    Args:
        survey: Its name, before the item's in the item's id.
        table: For errors.
        rows: Of the item.

    Raises:
        SurveyFormatError: What is no item's name, type, level or number, or two rows disagree. With the line.
    """
    first = rows[0]
    if _ITEM.fullmatch(first.item) is None:
        raise wrong(table.path, first.line, f"item {first.item!r:.40}: letters A-Z, digits and _ only")
    said = {name: the_same(table, rows, [row.said.get(name) for row in rows], name) for name in first.said}
    languages = list(dict.fromkeys(row.language for row in rows))
    entry: dict[str, Any] = {
        "id": f"{survey}.{first.item}",
        "variable": first.item,
        "topic": said.get("topic") or _wording(table, rows, languages[0]),
        "dimension": said.get("dimension") or NO_DIMENSION,
        "direction": said.get("direction") or 0,
        "type": said.get("type") or QuestionType.SINGLE.value,
        "level": said.get("level") or "nominal",
        "max_choices": said.get("max_choices") or 1,
        "wordings": {language: [_wording(table, rows, language)] for language in languages},
        **_options(table, rows, languages, said.get("type")),
    }
    if followed := said.get("follow_up_of"):
        entry["follow_up_of"] = f"{survey}.{followed}"
    return _validated(table, first, entry)


def _wording(table: TidyTable, rows: Sequence[TidyRow], language: str) -> str:
    of_language = [row for row in rows if row.language == language]
    return the_same(table, of_language, [row.wording for row in of_language], "wording") or ""


def _options(
    table: TidyTable, rows: Sequence[TidyRow], languages: Sequence[str], kind: str | None
) -> dict[str, Any]:
    """Options with their labels in all languages; of a scale its two ends."""
    codes = sorted({row.code for row in rows})
    labels = {code: _labels(table, rows, code, languages) for code in codes}
    if kind != QuestionType.SCALE.value:
        return {"options": [{"code": code, "labels": labels[code]} for code in codes]}
    first, last = codes[0], codes[-1]
    if codes != list(range(first, last + 1)):
        raise wrong(table.path, rows[0].line, f"item {rows[0].item}: a scale has all codes between its ends")
    return {"scale": {"first": first, "last": last, "low": labels[first], "high": labels[last]}}


def _labels(table: TidyTable, rows: Sequence[TidyRow], code: int, languages: Sequence[str]) -> dict[str, str]:
    of_code = [row for row in rows if row.code == code]
    labels = {}
    for language in languages:
        found = [row for row in of_code if row.language == language]
        label = the_same(table, found, [row.label for row in found], "label")
        if label is None:
            where = f"item {rows[0].item}: code {code}"
            raise wrong(table.path, of_code[0].line, f"{where} has no label in {language!r:.10}")
        labels[language] = label
    return labels


def _validated(table: TidyTable, first: TidyRow, entry: dict[str, Any]) -> Item:
    numbers = {name: _as_number(table, first, name, entry[name]) for name in ("direction", "max_choices")}
    try:
        return Item.model_validate({**entry, **numbers})
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join(str(part) for part in found["loc"]) or "item"
        what = found["msg"].removeprefix("Value error, ")
        raise wrong(table.path, first.line, f"item {first.item}, {where}: {what}") from None


def _as_number(table: TidyTable, first: TidyRow, name: str, value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise wrong(table.path, first.line, f"{name} must be a whole number, found {value!r:.40}") from None
