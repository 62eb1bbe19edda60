"""Qualtrics' survey file (.qsf): questions as rows of a table with a row an option.

Multiple choice is single or multiple, a matrix is one item a statement, a slider of whole numbers a scale.
What has no options, or depends on other answers, is left out and named. An empty object may be an empty list.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.tidy_rows import EVERYONE, TidyRow, TidyTable
from def_sim.text_files import read_text

_MOST_BYTES: Final = 32 * 2**20
_SINGLE: Final = ("SAVR", "SAHR", "SACOL", "DL", "SB", "NPS")
_MULTIPLE: Final = ("MAVR", "MAHR", "MACOL", "MSB")
_MOST_POINTS: Final = 100  # the last point that a scale may have
_BREAKS: Final = ("br", "p", "div", "li")


@dataclass(frozen=True)
class _Item:
    """One item: what is asked, and the options in their order, in one language."""

    name: str
    wording: str
    options: tuple[tuple[int, str], ...]
    said: Mapping[str, str]


def read_qsf(path: Path) -> tuple[TidyTable, list[str]]:
    """The questions in the order of their blocks, in the survey's own language and its translations.

    Returns:
        Rows without figures, and a line for all that is left out.

    Raises:
        SurveyFormatError: The file is no survey of Qualtrics, or none of its questions can be asked.
    """
    survey = _survey(path)
    kept: dict[str, dict[str, Any]] = {}  # a question by the name of its first item
    left_out = []
    for question in _questions(survey):
        try:
            names = [item.name for item in _items(question)]
            if not names or names[0] in kept:
                raise _LeftOutError("another question has the same name" if names else "it has no statements")
            kept[names[0]] = question
        except _LeftOutError as reason:
            left_out.append(f"{_name(question)}: {reason}")
    if not kept:
        raise SurveyFormatError(
            f"{path.name}: none of its {len(left_out)} questions can be asked ({'; '.join(left_out[:3])}).",
            fix="Give a survey with questions that have options.",
        )
    logic = [f"{_name(one)}: its skip logic; it is asked" for one in kept.values() if "SkipLogic" in one]
    own = str(survey["SurveyEntry"].get("SurveyLanguage", "EN"))
    translated, partly = _languages(list(kept.values()))
    rows = [
        row
        for number, question in enumerate(kept.values(), start=1)
        for language in (own, *translated)
        for item in _items(_in_language(question, language) or question)
        for row in _rows(item, number, language[:2].casefold())
    ]
    return TidyTable(path, "", tuple(rows)), [*left_out, *logic, *partly]


def _languages(questions: Sequence[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Codes of the languages that all questions are translated into, and lines on the other ones."""
    found = [one["Language"] for one in questions if isinstance(one.get("Language"), dict)]
    codes = sorted({str(code) for entries in found for code in entries})
    whole = [code for code in codes if all(_is_translated(question, code) for question in questions)]
    return whole, [f"language {code}: not all is translated" for code in codes if code not in whole]


def _is_translated(question: dict[str, Any], code: str) -> bool:
    translation = _in_language(question, code)
    if translation is None:
        return False
    try:
        items = _items(translation)
    except _LeftOutError:
        return False
    return [len(item.options) for item in items] == [len(item.options) for item in _items(question)]


def _in_language(question: dict[str, Any], code: str) -> dict[str, Any] | None:
    """The question with the words of a translation; None: there is none."""
    entries = question.get("Language")
    words = entries.get(code) if isinstance(entries, dict) else None
    if not isinstance(words, dict):
        return None
    return question | {
        name: words[name] for name in ("QuestionText", "Choices", "Answers") if words.get(name)
    }


class _LeftOutError(Exception):
    """Why a question is left out."""


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


def _questions(survey: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Payloads of the questions in the order of the blocks; those in the trash are none."""
    elements = [one for one in survey["SurveyElements"] if isinstance(one, dict)]
    payloads = {
        str(one.get("PrimaryAttribute")): one["Payload"]
        for one in elements
        if one.get("Element") == "SQ" and isinstance(one.get("Payload"), dict)
    }
    for block in (
        block for one in elements if one.get("Element") == "BL" for block in _values(one.get("Payload"))
    ):
        if block.get("Type") != "Trash":
            for element in _values(block.get("BlockElements")):
                if payload := payloads.get(str(element.get("QuestionID"))):
                    yield payload


def _values(found: object) -> list[dict[str, Any]]:
    """Objects of a list, or of an object with numbers for keys."""
    values = found if isinstance(found, list) else list(found.values()) if isinstance(found, dict) else []
    return [one for one in values if isinstance(one, dict)]


def _name(question: Mapping[str, Any]) -> str:
    tag = str(question.get("DataExportTag") or question.get("QuestionID") or "question")
    return re.sub(r"[^A-Za-z0-9_]+", "_", tag)[:40]


def _items(question: Mapping[str, Any]) -> list[_Item]:
    kind, selector = str(question.get("QuestionType")), str(question.get("Selector"))
    if "DisplayLogic" in question:
        raise _LeftOutError("it is shown to some only (display logic)")
    if kind == "MC" and selector in (*_SINGLE, *_MULTIPLE):
        found = [_choice(question, is_multiple=selector in _MULTIPLE)]
    elif kind == "Matrix" and selector == "Likert" and question.get("SubSelector") != "MultipleAnswer":
        found = _matrix(question)
    elif kind == "Slider":
        found = _slider(question)
    else:
        raise _LeftOutError(f"it has no options to choose from ({kind}, {selector})")
    for item in found:
        _check(item)
    return found


def _choice(question: Mapping[str, Any], *, is_multiple: bool) -> _Item:
    options = _options(question, "Choices", "ChoiceOrder")
    most = str(_settings(question).get("MaxChoices") or len(options))
    has_several = is_multiple and most.isascii() and most.isdigit() and int(most) > 1
    said = {"type": "multiple", "max_choices": most} if has_several else {}
    return _Item(_name(question), _plain(question.get("QuestionText")), options, said)


def _matrix(question: Mapping[str, Any]) -> list[_Item]:
    options = _options(question, "Answers", "AnswerOrder")
    stem = _plain(question.get("QuestionText"))
    return [
        _Item(f"{_name(question)}_{key}", f"{stem}\n{statement}".strip(), options, {})
        for key, statement in _displayed(question, "Choices", "ChoiceOrder")
    ]


def _slider(question: Mapping[str, Any]) -> list[_Item]:
    settings = question.get("Configuration")
    found = settings if isinstance(settings, dict) else {}
    first, last, decimals = (found.get(name) for name in ("CSSliderMin", "CSSliderMax", "NumDecimals"))
    if not isinstance(first, int) or not isinstance(last, int) or str(decimals or 0) != "0":
        raise _LeftOutError("its slider has no whole numbers at its ends")
    if not 0 <= first < last <= _MOST_POINTS:
        raise _LeftOutError(
            f"its slider runs from {first} to {last}; a scale lies between 0 and {_MOST_POINTS}"
        )
    options = tuple((code, str(code)) for code in range(first, last + 1))
    stem = _plain(question.get("QuestionText"))
    return [
        _Item(f"{_name(question)}_{key}", f"{stem}\n{statement}".strip(), options, {"type": "scale"})
        for key, statement in _displayed(question, "Choices", "ChoiceOrder")
    ]


def _settings(question: Mapping[str, Any]) -> Mapping[str, Any]:
    validation = question.get("Validation")
    settings = validation.get("Settings") if isinstance(validation, dict) else None
    return settings if isinstance(settings, dict) else {}


def _displayed(question: Mapping[str, Any], of: str, order: str) -> list[tuple[str, str]]:
    """Keys and texts of choices or answers, in the order shown."""
    found = question.get(of)
    entries = dict(enumerate(found, start=1)) if isinstance(found, list) else found
    texts = {
        str(key): _plain(entry.get("Display"))
        for key, entry in (entries.items() if isinstance(entries, dict) else ())
        if isinstance(entry, dict)
    }
    wanted = question.get(order)
    keys = [str(key) for key in wanted] if isinstance(wanted, list) else list(texts)
    return [(key, texts[key]) for key in keys if key in texts]


def _options(question: Mapping[str, Any], of: str, order: str) -> tuple[tuple[int, str], ...]:
    """Codes, as they are recoded, and labels; in the order of the codes."""
    recoded = question.get("RecodeValues")
    codes = recoded if isinstance(recoded, dict) else {}
    found = []
    for key, label in _displayed(question, of, order):
        code = str(codes.get(key, key))
        if not code.isascii() or not code.isdigit():
            raise _LeftOutError(f"its code {code!r:.20} is no whole number of 0 or more")
        found.append((int(code), label))
    return tuple(sorted(found))


def _check(item: _Item) -> None:
    """What no item can be made of."""
    labels = [label.casefold() for _, label in item.options]
    texts = (item.wording, *labels)
    if any("${" in text for text in texts):
        raise _LeftOutError("it repeats earlier answers (piped text)")
    if any("{" in text or "}" in text for text in texts):
        raise _LeftOutError("braces, which stand for slots here")
    if len(item.options) < 2 or not all(texts):
        raise _LeftOutError("fewer than two options, or one without words")
    if len(set(labels)) < len(labels) or len(dict(item.options)) < len(item.options):
        raise _LeftOutError("two options with the same words or the same code")


def _rows(item: _Item, number: int, language: str) -> Sequence[TidyRow]:
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


class _Text(HTMLParser):
    """Text of HTML, a line for each paragraph; nothing of scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        self.parts += ["\n"] if tag in _BREAKS else []

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        self.parts += [] if self._hidden else [data]


def _plain(found: object) -> str:
    """A text without its markup."""
    reader = _Text()
    reader.feed(found if isinstance(found, str) else "")
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)
