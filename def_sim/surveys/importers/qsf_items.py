"""One question of Qualtrics as items: multiple choice, a matrix as an item a statement, a slider as a scale.

What has no options, or depends on other answers, is left out with the reason. PHP wrote the file: an object
without names is a list that counts from 0, and an empty object may be an empty list.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from def_sim.surveys.importers.markup import plain

_SINGLE: Final = ("SAVR", "SAHR", "SACOL", "DL", "SB")
_MULTIPLE: Final = ("MAVR", "MAHR", "MACOL", "MSB")
_RECOMMEND: Final = "NPS"  # how likely from 0 to 10, with words at both ends
_MOST_POINTS: Final = 100  # the last point that a scale may have
Options = tuple[tuple[int, str], ...]


class LeftOutError(Exception):
    """Why a question is left out."""


@dataclass(frozen=True)
class QsfItem:
    """One item in one language: what is asked, and the options, their codes rising."""

    name: str
    wording: str
    options: Options
    said: Mapping[str, str]  # columns of a table with a row an option
    columns: tuple[str, ...]  # what its column of answers may be called
    of_options: Mapping[str, int] = field(default_factory=dict)  # columns of single options


def name_of(question: Mapping[str, Any]) -> str:
    """What a question is called in tables of answers, as a name of ours."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", _tag(question))[:40]


def items_of(question: Mapping[str, Any]) -> list[QsfItem]:
    """The items of a question.

    Raises:
        LeftOutError: It is none that can be asked by itself, with options.
    """
    kind, selector = str(question.get("QuestionType")), str(question.get("Selector"))
    _check_shown_to_all(question)
    if kind == "MC" and selector in (*_SINGLE, *_MULTIPLE):
        found = [_choice(question, is_multiple=selector in _MULTIPLE)]
    elif kind == "MC" and selector == _RECOMMEND:
        found = [_recommendation(question)]
    elif kind == "Matrix" and selector == "Likert":
        found = _matrix(question)
    elif kind == "Slider":
        found = _slider(question)
    else:
        raise LeftOutError(f"it has no options to choose from ({kind}, {selector})")
    for item in found:
        _check(item)
    return found


def _check_shown_to_all(question: Mapping[str, Any]) -> None:
    if "DisplayLogic" in question:
        raise LeftOutError("it is shown to some only (display logic)")
    if "DynamicChoices" in question:
        raise LeftOutError("its options are those of an earlier answer (carried forward)")
    for of in ("Choices", "Answers"):
        if any("DisplayLogic" in entry for _, entry in _entries(question, of)):
            raise LeftOutError("an option is shown to some only (display logic)")


def _choice(question: Mapping[str, Any], *, is_multiple: bool) -> QsfItem:
    coded = _coded(question, "Choices", "ChoiceOrder")
    most = _whole(_settings(question).get("MaxChoices") or len(coded)) or 0
    said = {"type": "multiple", "max_choices": str(most)} if is_multiple and most > 1 else {}
    stems = _names(question)
    return QsfItem(
        name=name_of(question),
        wording=plain(question.get("QuestionText")),
        options=_options(coded),
        said=said,
        columns=stems,
        of_options={f"{stem}_{key}": code for stem in stems for key, code, _ in coded} if is_multiple else {},
    )


def _recommendation(question: Mapping[str, Any]) -> QsfItem:
    labels = _labels(question, "ColumnLabels")
    codes = [code for _, code, _ in _coded(question, "Choices", "ChoiceOrder")]
    return QsfItem(
        name=name_of(question),
        wording=plain(question.get("QuestionText")),
        options=_points(codes, labels),
        said={"type": "scale"},
        columns=_names(question),
    )


def _matrix(question: Mapping[str, Any]) -> list[QsfItem]:
    if question.get("SubSelector") == "MultipleAnswer":
        raise LeftOutError("several answers to each statement of a matrix")
    options = _options(_coded(question, "Answers", "AnswerOrder"))
    return _statements(question, options, {})


def _slider(question: Mapping[str, Any]) -> list[QsfItem]:
    settings = question.get("Configuration")
    found = settings if isinstance(settings, dict) else {}
    first, last = (_whole(found.get(name)) for name in ("CSSliderMin", "CSSliderMax"))
    if first is None or last is None or str(found.get("NumDecimals") or 0) != "0":
        raise LeftOutError("its slider has no whole numbers at its ends")
    if not 0 <= first < last <= _MOST_POINTS:
        raise LeftOutError(
            f"its slider runs from {first} to {last}; a scale lies between 0 and {_MOST_POINTS}"
        )
    points = _points(range(first, last + 1), _labels(question, "Labels"))
    return _statements(question, points, {"type": "scale"})


def _statements(question: Mapping[str, Any], options: Options, said: Mapping[str, str]) -> list[QsfItem]:
    """An item for each statement, but for those that respondents write themselves."""
    stem = plain(question.get("QuestionText"))
    entries = dict(_entries(question, "Choices"))
    tags = question.get("ChoiceDataExportTags")
    own = tags if isinstance(tags, dict) else {}
    return [
        QsfItem(
            name=f"{name_of(question)}_{key}",
            wording=f"{stem}\n{statement}".strip(),
            options=options,
            said=said,
            columns=(*([own[key]] if isinstance(own.get(key), str) else []), *_numbered(question, key)),
        )
        for key, statement in _displayed(question, "Choices", "ChoiceOrder")
        if str(entries[key].get("TextEntry", "")).casefold() not in ("true", "on")
    ]


def _points(codes: Sequence[int], words: Sequence[str]) -> Options:
    """A scale: numbers, with the first and last of the words beside it at its ends."""
    labels = [str(code) for code in codes]
    if codes and len(words) > 1 and words[0] != words[-1]:
        labels[0], labels[-1] = words[0], words[-1]
    return tuple(zip(codes, labels, strict=True))


def _settings(question: Mapping[str, Any]) -> Mapping[str, Any]:
    validation = question.get("Validation")
    settings = validation.get("Settings") if isinstance(validation, dict) else None
    return settings if isinstance(settings, dict) else {}


def _tag(question: Mapping[str, Any]) -> str:
    return str(question.get("DataExportTag") or question.get("QuestionID") or "question")


def _names(question: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((_tag(question), str(question.get("QuestionID")))))


def _numbered(question: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(f"{name}_{key}" for name in _names(question))


def _entries(question: Mapping[str, Any], of: str) -> list[tuple[str, dict[str, Any]]]:
    """Keys and entries of choices, answers or labels, as they are kept."""
    found = question.get(of)
    entries = dict(enumerate(found)) if isinstance(found, list) else found
    pairs = entries.items() if isinstance(entries, dict) else ()
    return [(str(key), entry) for key, entry in pairs if isinstance(entry, dict)]


def _labels(question: Mapping[str, Any], of: str) -> list[str]:
    """The words beside a scale."""
    return [label for _, entry in _entries(question, of) if (label := plain(entry.get("Display")))]


def _displayed(question: Mapping[str, Any], of: str, order: str) -> list[tuple[str, str]]:
    """Keys and texts of choices or answers, in the order shown."""
    texts = {key: plain(entry.get("Display")) for key, entry in _entries(question, of)}
    wanted = question.get(order)
    keys = [str(key) for key in wanted] if isinstance(wanted, list) and wanted else list(texts)
    return [(key, texts[key]) for key in keys if key in texts]


def _coded(question: Mapping[str, Any], of: str, order: str) -> list[tuple[str, int, str]]:
    """Keys, codes as they are recoded, and labels, in the order shown."""
    recoded = question.get("RecodeValues")
    codes = recoded if isinstance(recoded, dict) else {}
    found = []
    for key, label in _displayed(question, of, order):
        code = _whole(codes.get(key, key))
        if code is None or code < 0:
            raise LeftOutError(f"its code {str(codes.get(key, key))!r:.20} is no whole number of 0 or more")
        found.append((key, code, label))
    return found


def _options(coded: Sequence[tuple[str, int, str]]) -> Options:
    return tuple(sorted((code, label) for _, code, label in coded))


def _whole(value: object) -> int | None:
    text = str(value)
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None


def _check(item: QsfItem) -> None:
    """What no item can be made of."""
    labels = [label.casefold() for _, label in item.options]
    texts = (item.wording, *labels)
    if any("${" in text for text in texts):
        raise LeftOutError("it repeats earlier answers (piped text)")
    if any("{" in text or "}" in text for text in texts):
        raise LeftOutError("braces, which stand for slots here")
    if len(item.options) < 2 or not all(texts):
        raise LeftOutError("fewer than two options, or one without words")
    if len(set(labels)) < len(labels) or len(dict(item.options)) < len(item.options):
        raise LeftOutError("two options with the same words or the same code")
