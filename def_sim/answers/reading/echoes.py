"""Takes out of an answer what only repeats the question's options or its scale.

A model that lists "1. Very important 2. Rather important ..." has chosen nothing yet. Works on text whose
labels are marked (labels.py). It does not know what a choice looks like.
"""

import re
from collections.abc import Sequence

from def_sim.answers.reading.labels import LABEL, codes_of_mark
from def_sim.records import Question, QuestionType

_ITEM = re.compile(
    r"[\s\"'•>(\[-]{0,12}(?:option\s"
    rf"|选项)?(?:(?P<code>[0-9]{{1,3}})[\"')\].:=、,\s-]{{1,6}})?(?P<label>{LABEL})[\"')\].]*"
    r"(?:[\s,;、/|]|\b(?:and|or)\b|[和或](?=\s?[0-9\ue000-\uf8ff]))*",
    re.IGNORECASE,
)
_FEWEST = 2  # repeated options with their codes that make a list; without codes all are needed


def drop_repeated_options(marked: str, question: Question, shown: Sequence[int]) -> str:
    """The text without lists of the options in the order in which they were shown, or in that of their codes.

    A part of the list counts if it begins with the first option and has codes; where several choices were
    asked for, and where there are no codes, only the whole list does: fewer may be the answer.
    """
    pieces, position = [], 0
    for run in _runs(marked):
        length = _length_of_list(run, question, shown)
        if length:
            pieces += [marked[position : run[0].start()], "\n"]
            position = run[length - 1].end()
    return "".join([*pieces, marked[position:]]) if pieces else marked


def drop_repeated_scale(marked: str, question: Question) -> str:
    """The text without "1 = Not at all, 10 = A great deal": both ends of the scale, each with its label."""
    if question.type is not QuestionType.SCALE:
        return marked
    run_of_two = re.compile(
        rf"\b{min(question.codes)}\b{_NAMED}[\s,;.、)\]]*(?:and|to|和|到|至"
        rf"|[-~])?\s*\b{max(question.codes)}\b{_NAMED}"
    )
    return run_of_two.sub(
        lambda match: " " if _names_ends(match[1], match[2], question) else match[0], marked
    )


_NAMED = rf"\s{{0,3}}(?:[=:(\-]|means|is|being|代表|表示|为|是)\s{{0,3}}[\"']?({LABEL})[\"')]{{0,2}}"


def _names_ends(low: str, high: str, question: Question) -> bool:
    ends = min(question.codes), max(question.codes)
    return ends[0] in codes_of_mark(low, question) and ends[1] in codes_of_mark(high, question)


def _runs(marked: str) -> list[list[re.Match[str]]]:
    """Options that directly follow one another, as lists of at least two."""
    runs: list[list[re.Match[str]]] = [[]]
    for item in _ITEM.finditer(marked):
        if runs[-1] and runs[-1][-1].end() != item.start():
            runs.append([])
        runs[-1].append(item)
    return [run for run in runs if len(run) >= _FEWEST]


def _length_of_list(run: Sequence[re.Match[str]], question: Question, shown: Sequence[int]) -> int:
    """How many options at the beginning of a run are a repetition of the list; 0 if it is none."""
    longest = 0
    for order in (tuple(shown), question.codes):
        length = 0
        for item, code in zip(run, order, strict=False):
            if code not in codes_of_mark(item["label"], question) or item["code"] not in (None, str(code)):
                break
            length += 1
        if length < len(run) and not _fits(run[length], question):
            continue  # the list goes on with what the question does not say: no repetition
        has_codes = all(item["code"] for item in run[:length])
        is_part_enough = has_codes and question.type is not QuestionType.MULTIPLE
        if length >= (_FEWEST if is_part_enough else max(_FEWEST + 1, len(order))):
            longest = max(longest, length)
    return longest


def _fits(item: re.Match[str], question: Question) -> bool:
    """Whether an item's code, if it has one, is that of its label."""
    return item["code"] is None or item["code"] in map(str, codes_of_mark(item["label"], question))
