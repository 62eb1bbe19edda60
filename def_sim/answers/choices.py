"""Weighs what an answer names: which options were chosen, or why none can be read.

Knows the rules of docs/reproducibility.md on numbers against labels and on too many
choices. It sees mentions, not words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from def_sim.answers.mentions import NO_OPTION, Kind, Mention
from def_sim.records import AnswerStatus, Question, QuestionType, Reading, ReadingMethod


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """Choices on which the published procedure and sound practice differ (a protocol sets them).

    Args:
        number_wins: True (as published): a number beats a different option's label.
            False: the two contradict each other, the answer is ambiguous.
        keep_first_of_too_many: True (as published): of more than `max_choices` codes the
            first ones count. False: the status is too_many.
    """

    number_wins: bool = True
    keep_first_of_too_many: bool = True


AMBIGUOUS = Reading(AnswerStatus.AMBIGUOUS)
OUT_OF_RANGE = Reading(AnswerStatus.OUT_OF_RANGE)
NO_ANSWER = Reading(AnswerStatus.NO_ANSWER)


def choose(mentions: Sequence[Mention], text: str, question: Question, rules: ReadingRules) -> Reading:
    """The reading of an answer that names these things (at least one) in this text.

    What is denied is left out if something else is affirmed; if all is denied, the answer
    says only what it is not.
    """
    affirmed = [mention for mention in mentions if not mention.is_denied]
    if not affirmed or any(mention.kind is Kind.UNSURE for mention in affirmed):
        return AMBIGUOUS
    if question.type is QuestionType.MULTIPLE:
        return _choose_several(affirmed, text, question, rules)
    denied = {m.code for m in mentions if m.is_denied and m.kind is Kind.LABEL}
    return _choose_one(affirmed, denied, rules)


def _answered(codes: Sequence[int], method: ReadingMethod) -> Reading:
    return Reading(AnswerStatus.ANSWERED, tuple(codes), method)


def _choose_one(affirmed: Sequence[Mention], denied_labels: set[int], rules: ReadingRules) -> Reading:
    numbers = {mention.code for mention in affirmed if mention.kind is Kind.NUMBER}
    labels = {mention.code for mention in affirmed if mention.kind is Kind.LABEL}
    if not numbers:
        return _answered([*labels], ReadingMethod.LABEL) if len(labels) == 1 else AMBIGUOUS
    if len(numbers) > 1:
        return AMBIGUOUS
    [number] = numbers
    if number == NO_OPTION:
        return AMBIGUOUS if labels else OUT_OF_RANGE
    is_contradicted = bool(labels - numbers) or number in denied_labels
    if is_contradicted:
        return _answered([number], ReadingMethod.NUMBER) if rules.number_wins else AMBIGUOUS
    return _answered([number], ReadingMethod.BOTH if labels else ReadingMethod.NUMBER)


def _choose_several(
    affirmed: Sequence[Mention], text: str, question: Question, rules: ReadingRules
) -> Reading:
    pairs = _pairs(affirmed, text)
    if _numbers_count_a_list(affirmed, pairs):
        affirmed = [mention for mention in affirmed if mention.kind is Kind.LABEL]
    else:
        contradicting = {label for number, label in pairs if number.code != label.code}
        if contradicting and not rules.number_wins:
            return AMBIGUOUS
        affirmed = [mention for mention in affirmed if mention not in contradicting]
    codes = list(dict.fromkeys(mention.code for mention in affirmed))
    if NO_OPTION in codes:
        return OUT_OF_RANGE
    if len(codes) > question.max_choices:
        if not rules.keep_first_of_too_many:
            return Reading(AnswerStatus.TOO_MANY)
        codes = codes[: question.max_choices]
    return _answered(codes, _method(affirmed))


def _method(mentions: Sequence[Mention]) -> ReadingMethod:
    kinds = {mention.kind for mention in mentions}
    if kinds == {Kind.LABEL}:
        return ReadingMethod.LABEL
    return ReadingMethod.BOTH if Kind.LABEL in kinds else ReadingMethod.NUMBER


def _pairs(mentions: Sequence[Mention], text: str) -> list[tuple[Mention, Mention]]:
    """Numbers and labels that name one choice together: "2. Thrift", "2 (Thrift)", "Thrift (2)".

    The Chinese list comma pairs (1、节俭，3、勤奋) only where every number has its label:
    in 1、3、节俭 it separates.
    """
    for separators in (r"[\s.):\]=、-]*\(?\s*", r"[\s.):\]=-]*\(?\s*"):
        pairs = []
        for left, right in pairwise(mentions):
            between = text[left.end : right.start]
            if left.kind is Kind.NUMBER and right.kind is Kind.LABEL and re.fullmatch(separators, between):
                pairs.append((left, right))
            if left.kind is Kind.LABEL and right.kind is Kind.NUMBER and re.fullmatch(r"\s*\(\s*", between):
                pairs.append((right, left))
        if len(pairs) == sum(mention.kind is Kind.NUMBER for mention in mentions):
            break
    return pairs


def _numbers_count_a_list(mentions: Sequence[Mention], pairs: Sequence[tuple[Mention, Mention]]) -> bool:
    """Whether 1., 2., 3. number the lines of a list instead of naming options.

    So it is if every number has a label, the numbers run from 1, and some do not fit their label.
    """
    numbers = [mention.code for mention in mentions if mention.kind is Kind.NUMBER]
    is_running = len(numbers) > 1 and numbers == list(range(1, len(numbers) + 1))
    fits = all(number.code == label.code for number, label in pairs)
    return is_running and len(pairs) == len(numbers) and not fits
