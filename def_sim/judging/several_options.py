"""Says whether an answer takes several options where one is asked for, or more than are allowed.

Only where that is certain: not where a second option corrects the first, nor where options are listed.
Knows how options are named side by side in English and Chinese; counts nothing else of an answer.
"""

import re
from itertools import pairwise
from typing import Final

from def_sim.answers.reading.choices import ReadingRules, affirmed_by_self
from def_sim.answers.reading.leads import counts_a_list
from def_sim.answers.reading.lines import answer_lines
from def_sim.answers.reading.mentions import NO_OPTION, Kind, find_mentions
from def_sim.answers.reading.parse import read_answer
from def_sim.answers.reading.sections import Part, Section, split_sections
from def_sim.records import Answer, AnswerStatus, Question

_NUMBERS: Final = re.compile(r"[0-9]{1,9}")
_SIDE_BY_SIDE: Final = re.compile(
    r"[\s,;、/&|+-]*(?:and|or|和|与|及|或者?|还是)?[\s,;、/&|+-]*(?:options?|number|选项)?\s*", re.IGNORECASE
)
# "2 (1 = very, 4 = not at all)" chooses 2.
_DEFINITION: Final = re.compile(r"[0-9]{1,3}\s?=\s?[^,;)\n]{1,60}")


def takes_too_many(question: Question, answer: Answer) -> bool:
    """Whether an answer to a question with several choices takes more of them than are allowed."""
    rules = ReadingRules(keep_first_of_too_many=False)
    read = read_answer(
        answer.text, question, rules=rules, finish_reason=answer.finish_reason, shown=answer.shown_codes
    )
    return AnswerStatus.TOO_MANY in (answer.status, read.status)


def takes_several(question: Question, answer: Answer, own: str, *, is_base_model: bool) -> bool:
    """Whether an answer to a question with one choice names two options side by side, in the same way.

    Args:
        question: With one choice.
        answer: To it.
        own: The part of its text that answers the question, in plain text.
        is_base_model: Its answer may stand in front of any anchor.
    """
    if answer.status is not AnswerStatus.AMBIGUOUS:
        return False
    opening, *rest = split_sections(own)
    sections = [section for section in rest if section.part is Part.ANSWER]
    if is_base_model and not sections:
        sections = [opening]
    return any(
        _names_several(section, question, answer.shown_codes)
        for section in sections
        if not counts_a_list(section.text)
    )


def _names_several(section: Section, question: Question, shown: tuple[int, ...]) -> bool:
    text = _DEFINITION.sub(" ", answer_lines(section, question, shown).text)
    mentions = affirmed_by_self(find_mentions(text, question, shown))
    if any(_spans_options(text[m.start : m.end], question) for m in mentions if m.kind is Kind.UNSURE):
        return True
    numbers = [mention for mention in mentions if mention.kind is Kind.NUMBER]
    named = numbers or [mention for mention in mentions if mention.kind is Kind.LABEL]
    return any(
        left.code != right.code
        and NO_OPTION not in (left.code, right.code)
        and not (left.is_unclear or right.is_unclear)
        and _SIDE_BY_SIDE.fullmatch(text[left.end : right.start]) is not None
        for left, right in pairwise(named)
    )


def _spans_options(written: str, question: Question) -> bool:
    """Whether "2 or 3" or "2-3" names two options; 7.5 names none."""
    is_fraction = re.search(r"[0-9]\.[0-9]", written) is not None
    return not is_fraction and len({int(n) for n in _NUMBERS.findall(written)} & set(question.codes)) > 1
