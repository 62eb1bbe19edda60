"""One question of an XLSForm as rows of options: select_one, select_multiple, or a range as a scale.

What has no options, is shown to some only, or uses earlier answers is left out with the reason.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from def_sim.surveys.importers.headers import repeated
from def_sim.surveys.importers.survey_form import AnswerColumns
from def_sim.surveys.importers.tidy_rows import EVERYONE, TidyRow
from def_sim.surveys.importers.xlsform_sheets import CHOICES, FormRow, Labels, wrong

ONE: Final = "select_one"
SEVERAL: Final = "select_multiple"
_NAMES: Final = {  # that a type may have; the longest one that fits counts
    ONE: ("select_one", "select one", "select1", "select one from"),
    SEVERAL: ("select_multiple", "select multiple", "select all that apply", "select all that apply from"),
}
_AT_MOST: Final = re.compile(r"\s*count-selected\(\s*\.\s*\)\s*(<=|<|=)\s*([0-9]{1,4})\s*")
_PARAMETER: Final = re.compile(r"([A-Za-z_]+)\s*=\s*([^\s;,]+)")
_RANGE: Final = {"start": "1", "end": "10", "step": "1"}  # where a form does not say it
_OF_ITEM: Final = ("level", "topic", "dimension", "direction")  # columns of ours that a form may have
_MOST_POINTS: Final = 100  # the last point that a scale may have


_MOST_OPTIONS: Final = 1000  # of a question; lists of places have tens of thousands


class LeftOutError(Exception):
    """Why a question is left out."""


def item_name(row: FormRow) -> str:
    """What a question is called, as a name of ours."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", row.field("name") or f"row_{row.line}")[:60]


def why_not_all(row: FormRow) -> str:
    """Why a row is not put to everyone; empty: it is."""
    if row.field("disabled").casefold() in ("yes", "true", "true()"):
        return "it is disabled"
    is_for_some = row.field("relevant", "relevance", "bind::relevant")
    return "it is shown to some only (relevant)" if is_for_some else ""


def form_item(
    path: Path, row: FormRow, groups: Sequence[str], lists: Mapping[str, Sequence[FormRow]]
) -> tuple[list[TidyRow], AnswerColumns]:
    """Rows of one item, a row an option and language, and where its answers are.

    Args:
        path: Of the workbook, for messages.
        row: The question.
        groups: Names of the groups around it, the outermost first.
        lists: Name of a list -> its options.

    Raises:
        LeftOutError: No item can be made of it.
        SurveyFormatError: Its list is missing, or has a name twice.
    """
    if why := why_not_all(row):
        raise LeftOutError(why)
    kind, rest = _kind_of(row.field("type").split())
    if kind == "range":
        return _scale(row, groups, lists)
    if kind not in (ONE, SEVERAL):
        raise LeftOutError(f"it has no options to choose from ({row.field('type')})")
    if rest[1:]:
        raise LeftOutError(f"an option with free text ({' '.join(rest[1:])})")
    if row.field("choice_filter"):
        raise LeftOutError("its options depend on earlier answers (choice_filter)")
    listed = lists.get(rest[0]) if rest else None
    if not listed:
        named = " ".join(rest)
        raise wrong(path, f"{item_name(row)}: no list {named!r:.40} on the sheet {CHOICES}", row.line)
    return _select(path, row, groups, listed, is_multiple=kind == SEVERAL)


def _kind_of(words: Sequence[str]) -> tuple[str, list[str]]:
    """The kind of question, and what stands behind it."""
    text = " ".join(words)
    for kind, names in _NAMES.items():
        for name in sorted(names, key=len, reverse=True):
            if text.casefold().startswith(f"{name} "):
                return kind, text[len(name) :].split()
    return text.casefold(), []


def _select(
    path: Path, row: FormRow, groups: Sequence[str], listed: Sequence[FormRow], *, is_multiple: bool
) -> tuple[list[TidyRow], AnswerColumns]:
    if len(listed) > _MOST_OPTIONS:
        raise LeftOutError(f"{len(listed):,} options; at most {_MOST_OPTIONS:,} are asked")
    names = [one.field("name", "value") for one in listed]
    if (twice := repeated(names)) is not None:
        where = listed[len(names) - 1 - names[::-1].index(twice)].line
        raise wrong(path, f"sheet {CHOICES}: the name {twice!r:.40} stands twice in its list", where)
    codes = _codes(names)
    most = _most_choices(row, len(names)) if is_multiple else 1
    said = _said(row) | ({"type": "multiple", "max_choices": str(most)} if most > 1 else {})
    options = sorted(zip(codes, (one.labels for one in listed), strict=True), key=lambda option: option[0])
    by_name = dict(zip(names, codes, strict=True))
    stems = _column_names(row, groups)
    of_options = {f"{stem}/{name}": code for stem in stems for name, code in by_name.items()}
    return _rows(row, options, said), AnswerColumns(stems, by_name, of_options if is_multiple else {})


def _codes(names: Sequence[str]) -> list[int]:
    """The names themselves if all are whole numbers, else their places in the list."""
    if all(re.fullmatch("0|[1-9][0-9]{0,8}", name) for name in names):
        return [int(name) for name in names]
    return list(range(1, len(names) + 1))


def _most_choices(row: FormRow, num_options: int) -> int:
    found = _AT_MOST.fullmatch(row.field("constraint"))
    if found is None:
        return num_options
    return min(int(found[2]) - (found[1] == "<"), num_options)


def _scale(
    row: FormRow, groups: Sequence[str], lists: Mapping[str, Sequence[FormRow]]
) -> tuple[list[TidyRow], AnswerColumns]:
    """A range of whole numbers; words at its ends are those of its list of ticks."""
    given = {name.casefold(): value for name, value in _PARAMETER.findall(row.field("parameters"))}
    start, end, step = (given.get(name, default) for name, default in _RANGE.items())
    is_whole = all(re.fullmatch(r"[0-9]{1,4}(\.0+)?", text) for text in (start, end, step))
    if not is_whole or float(step) != 1 or not float(start) < float(end) <= _MOST_POINTS:
        what = f"from {start} to {end} by {step}"
        raise LeftOutError(f"its range runs {what}; a scale has whole numbers from 0 to {_MOST_POINTS}")
    codes = range(int(float(start)), int(float(end)) + 1)
    ticks = {one.field("name", "value"): one.labels for one in lists.get(given.get("tick_labelset", ""), ())}
    options = [
        (code, {language: ticks.get(str(code), {}).get(language, str(code)) for language in row.labels})
        for code in codes
    ]
    columns = AnswerColumns(_column_names(row, groups), {str(code): code for code in codes})
    return _rows(row, options, {**_said(row), "type": "scale"}), columns


def _said(row: FormRow) -> dict[str, str]:
    return {name: row.field(name) for name in _OF_ITEM if row.field(name)}


def _rows(row: FormRow, options: Sequence[tuple[int, Labels]], said: Mapping[str, str]) -> list[TidyRow]:
    """A row an option, in the languages that question and options all have."""
    languages = [code for code in row.labels if all(code in labels for _, labels in options)]
    _check(row, options, languages)
    return [
        TidyRow(
            line=row.line,
            item=item_name(row),
            wording=row.labels[language],
            language=language,
            code=code,
            label=labels[language],
            said=said,
            group=EVERYONE,
            figure=None,
            n=None,
            n_effective=None,
        )
        for language in languages
        for code, labels in options
    ]


def _check(row: FormRow, options: Sequence[tuple[int, Labels]], languages: Sequence[str]) -> None:
    """What no item can be made of."""
    texts = [*row.labels.values(), *(text for _, labels in options for text in labels.values())]
    if any("${" in text for text in texts):
        raise LeftOutError("it repeats earlier answers (${...})")
    if any("{" in text or "}" in text for text in texts):
        raise LeftOutError("braces, which stand for slots here")
    if not languages or len(options) < 2:
        raise LeftOutError("fewer than two options, or one without words")
    if any(len({labels[one].casefold() for _, labels in options}) < len(options) for one in languages):
        raise LeftOutError("two options with the same words")


def _column_names(row: FormRow, groups: Sequence[str]) -> tuple[str, ...]:
    """What its column may be called: with its groups, by hyphens or slashes, or without."""
    parts = [*groups, row.field("name")]
    return tuple(dict.fromkeys(("-".join(parts), "/".join(parts), parts[-1])))
