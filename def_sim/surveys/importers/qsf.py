"""Qualtrics' survey file (.qsf): its questions in the order shown, in all languages, as rows of options.

What a question becomes is in `qsf_items`. What is shown to some only, or depends on other answers, is left
out and named, as is the trash.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.qsf_items import LeftOutError, QsfItem, items_of, name_of
from def_sim.surveys.importers.survey_form import AnswerColumns, SurveyForm
from def_sim.surveys.importers.tidy_rows import EVERYONE, TidyRow, TidyTable
from def_sim.text_files import read_text

_MOST_BYTES: Final = 32 * 2**20
_MOST_DEEP: Final = 50  # parts of a survey's flow within parts


def read_qsf(path: Path) -> SurveyForm:
    """The questions in the survey's own language and in its translations.

    Raises:
        SurveyFormatError: The file is no survey of Qualtrics, or none of its questions can be asked.
    """
    survey = _survey(path)
    kept: dict[str, dict[str, Any]] = {}  # a question by the name of its first item
    left_out = []
    for question, is_for_all in _questions(survey):
        try:
            if not is_for_all:
                raise LeftOutError("it is shown to some only (branch logic)")
            names = [item.name for item in items_of(question)]
            if not names or names[0] in kept:
                raise LeftOutError("another question has the same name" if names else "it has no statements")
            kept[names[0]] = question
        except LeftOutError as reason:
            left_out.append(f"{name_of(question)}: {reason}")
    if not kept:
        raise SurveyFormatError(
            f"{path.name}: none of its {len(left_out)} questions can be asked ({'; '.join(left_out[:3])}).",
            fix="Give a survey with questions that have options.",
        )
    logic = [f"{name_of(one)}: its skip logic; it is asked" for one in kept.values() if "SkipLogic" in one]
    own = str(survey["SurveyEntry"].get("SurveyLanguage") or "EN")
    translated, partly = _languages(list(kept.values()), own)
    rows = [
        row
        for number, question in enumerate(kept.values(), start=1)
        for language in (own, *translated)
        for item in items_of(question if language == own else _in_language(question, language) or question)
        for row in _rows(item, number, _short(language))
    ]
    columns = {item.name: _columns(item) for question in kept.values() for item in items_of(question)}
    return SurveyForm(TidyTable(path, "", tuple(rows)), (*left_out, *logic, *partly), columns)


def _languages(questions: Sequence[dict[str, Any]], own: str) -> tuple[list[str], list[str]]:
    """Codes of the languages that all questions are translated into, and lines on the other ones."""
    found = [one["Language"] for one in questions if isinstance(one.get("Language"), dict)]
    taken, whole, left_out = {_short(own)}, [], []
    for code in sorted({str(code) for entries in found for code in entries} - {own}):
        if not all(_is_translated(question, code) for question in questions):
            left_out.append(f"language {code}: not all is translated")
        elif _short(code) in taken:  # EN-GB beside EN
            left_out.append(f"language {code}: another one is called {_short(code)}, too")
        else:
            taken.add(_short(code))
            whole.append(code)
    return whole, left_out


def _short(code: str) -> str:
    """A language's two letters: zh of ZH-S."""
    return code[:2].casefold()


def _is_translated(question: dict[str, Any], code: str) -> bool:
    translation = _in_language(question, code)
    if translation is None:
        return False
    try:
        items = items_of(translation)
    except LeftOutError:
        return False
    return [len(item.options) for item in items] == [len(item.options) for item in items_of(question)]


def _in_language(question: dict[str, Any], code: str) -> dict[str, Any] | None:
    """The question with the words of a translation; None: there is none."""
    entries = question.get("Language")
    words = entries.get(code) if isinstance(entries, dict) else None
    if not isinstance(words, dict):
        return None
    translated = ("QuestionText", "Choices", "Answers", "Labels", "ColumnLabels")
    return question | {name: words[name] for name in translated if words.get(name)}


def _survey(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_text(path, most_bytes=_MOST_BYTES))
    except (ValueError, RecursionError):
        found = None
    is_survey = isinstance(found, dict) and isinstance(found.get("SurveyEntry"), dict)
    if not is_survey or not isinstance(found.get("SurveyElements"), list):
        raise SurveyFormatError(
            f"{path.name}: it is no survey of Qualtrics, or it is cut.",
            fix="Export it anew: Tools, Import/Export, Export survey.",
        )
    return {str(key): value for key, value in found.items()}


def _questions(survey: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Payloads of the questions in the order shown, and whether all see them; those in the trash are none."""
    elements = _values(survey["SurveyElements"])
    payloads = {
        str(one.get("PrimaryAttribute")): one["Payload"]
        for one in elements
        if one.get("Element") == "SQ" and isinstance(one.get("Payload"), dict)
    }
    blocks = {
        str(block.get("ID") or number): block
        for number, block in enumerate(
            block for one in elements if one.get("Element") == "BL" for block in _values(one.get("Payload"))
        )
        if block.get("Type") != "Trash"
    }
    shown: dict[str, bool] = {}  # block -> whether all see it, in the order of the flow
    for one in elements:
        if one.get("Element") == "FL":
            for name, is_for_all in _flow(one.get("Payload"), is_for_all=True, depth=0):
                shown[name] = shown.get(name, False) or is_for_all
    order = [name for name in shown if name in blocks] or list(blocks)
    for name in order:
        for element in _values(blocks[name].get("BlockElements")):
            if payload := payloads.get(str(element.get("QuestionID"))):
                yield payload, shown.get(name, True)


def _flow(found: object, *, is_for_all: bool, depth: int) -> Iterator[tuple[str, bool]]:
    """Blocks of a part of the flow, and whether all see them: not below a branch."""
    if not isinstance(found, dict) or depth > _MOST_DEEP:
        return
    if isinstance(found.get("ID"), str):
        yield found["ID"], is_for_all
    for part in _values(found.get("Flow")):
        yield from _flow(part, is_for_all=is_for_all and found.get("Type") != "Branch", depth=depth + 1)


def _values(found: object) -> list[dict[str, Any]]:
    """Objects of a list, or of an object with numbers for keys."""
    values = found if isinstance(found, list) else list(found.values()) if isinstance(found, dict) else []
    return [one for one in values if isinstance(one, dict)]


def _columns(item: QsfItem) -> AnswerColumns:
    codes = {str(code): code for code, _ in item.options}
    return AnswerColumns(item.columns, codes, item.of_options)


def _rows(item: QsfItem, number: int, language: str) -> Sequence[TidyRow]:
    return [
        TidyRow(
            line=number,
            item=item.name,
            wording=item.wording,
            language=language,
            code=code,
            label=label,
            said=item.said,
            group=EVERYONE,
            figure=None,
            n=None,
            n_effective=None,
        )
        for code, label in item.options
    ]
