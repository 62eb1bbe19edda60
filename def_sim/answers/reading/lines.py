"""Finds the lines of a section that hold the answer, and writes them in the simplest form.

Knows where an answer ends when no explanation anchor says so. It does not know what the
lines say: mentions.py lists that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from def_sim.answers.reading.echoes import drop_repeated_options, drop_repeated_scale
from def_sim.answers.reading.labels import LABEL, mark_labels
from def_sim.answers.reading.numerals import drop_restated_scale, write_digits
from def_sim.answers.reading.sections import Part, Section, before_because
from def_sim.records import Question, QuestionType

MAX_CHARACTERS = 4_000  # of one section; a longer one is not an answer to a survey question

# Nothing but codes, labels and what separates them.
_BARE_LINE = re.compile(
    rf"[\s•(\[\"'-]*(?:[0-9]|{LABEL}|[一二两三四五六七八九十](?!\w))"
    rf"(?:[\s.,、;:。()\[\]&\"'+-]|[0-9]|{LABEL}|and\b|和)*"
)
_GLOSSED_LABEL = re.compile(rf"^(\W{{0,5}}(?:[0-9]{{1,2}}\W{{1,3}})?{LABEL})\s*[:-]([^\ue000-\uf8ff]*)$")


@dataclass(frozen=True, slots=True)
class AnswerLines:
    """The lines that hold an answer: labels marked, number words in digits.

    Attributes:
        text: The lines.
        reach_the_end: Nothing follows them, so a cut-off may have shortened them.
        repeats: The section repeated the options or the scale, and that was left out.
    """

    text: str
    reach_the_end: bool
    repeats: bool = False


def answer_lines(section: Section, question: Question, shown: Sequence[int] = ()) -> AnswerLines:
    """The answer in a section: all of it up to an explanation anchor, else its first line.

    Directly following lines that hold nothing but numbers and labels belong to it, and so
    does the line after a colon. What follows "because", and what only repeats the options, is left out.
    """
    is_closed = section.next_part is Part.EXPLANATION
    head = section.text[:MAX_CHARACTERS]
    is_endless = len(section.text) > MAX_CHARACTERS and (is_closed or "\n" not in head.strip())
    if is_endless:
        return AnswerLines("", reach_the_end=False)
    marked = mark_labels(head, question)
    kept = drop_repeated_scale(drop_repeated_options(marked, question, shown), question)
    lines = [line for line in kept.split("\n") if line.strip()]
    taken = len(lines) if is_closed else _count_answer_lines(lines, question)
    is_last = section.next_part is None and taken == len(lines)
    return AnswerLines(simplest_form(lines[:taken], question), is_last, repeats=kept != marked)


def simplest_form(lines: Sequence[str], question: Question) -> str:
    """Marked lines up to "because": glosses and restated scales left out, number words in digits."""
    kept = [_without_gloss(line) for line in lines] if len(lines) > 1 else lines
    return drop_restated_scale(write_digits(before_because("\n".join(kept))), question)


def whole_form(section: Section, question: Question, shown: Sequence[int] = ()) -> str:
    """The first 4,000 characters of a section: labels marked, repetitions left out, words in digits."""
    marked = mark_labels(section.text[:MAX_CHARACTERS], question)
    kept = drop_repeated_scale(drop_repeated_options(marked, question, shown), question)
    return drop_restated_scale(write_digits(kept), question)


def lines_from(text: str, question: Question) -> tuple[str, bool]:
    """The first line of a marked text with the bare lines that belong to it; whether that is all of it."""
    lines = [line for line in text.split("\n") if line.strip()]
    taken = _count_answer_lines(lines, question)
    return simplest_form(lines[:taken], question), taken == len(lines)


def _count_answer_lines(lines: Sequence[str], question: Question) -> int:
    count = min(1, len(lines))
    if count < len(lines) and lines[0].rstrip().endswith(":"):
        count += 1
    while count < len(lines) and _is_bare(lines[count], question):
        count += 1
    return count


def _is_bare(line: str, question: Question) -> bool:
    if question.type is QuestionType.MULTIPLE:
        line = _without_gloss(line)
    return _BARE_LINE.fullmatch(line) is not None


def _without_gloss(line: str) -> str:
    """A line of a list up to its label: "2. Thrift: money is scarce" without what it explains."""
    match = _GLOSSED_LABEL.match(line)
    return match[1] if match and re.search(r"[^\W\d]", match[2]) else line
