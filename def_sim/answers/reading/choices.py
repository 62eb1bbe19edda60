"""Weighs what an answer names: which options were chosen, or why none can be read.

Knows the rules of docs/concepts/protocols.md on numbers against labels and on too many
choices. It sees mentions, and of the words only those that stand in the place of a label.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

from def_sim.answers.reading.labels import is_negative
from def_sim.answers.reading.mentions import NO_OPTION, Kind, Mention
from def_sim.answers.reading.speakers import Speaker
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


_MOST_WORDS = 4  # in the place of a label; more are a sentence of their own

AMBIGUOUS = Reading(AnswerStatus.AMBIGUOUS)
THIRD_PERSON = Reading(AnswerStatus.THIRD_PERSON)
OUT_OF_RANGE = Reading(AnswerStatus.OUT_OF_RANGE)
NO_ANSWER = Reading(AnswerStatus.NO_ANSWER)


def choose(mentions: Sequence[Mention], text: str, question: Question, rules: ReadingRules) -> Reading:
    """The reading of an answer that names these things (at least one) in this text.

    What is denied or said of others is left out if something else is affirmed; if nothing is, the answer
    says only what it is not, or what others would say.
    """
    affirmed = affirmed_by_self(mentions)
    if not affirmed:
        return choose_from_excluded(mentions)
    clear = {mention.code for mention in affirmed if not mention.is_unclear}
    if not clear or any(mention.kind is Kind.UNSURE for mention in affirmed):
        return AMBIGUOUS
    if _is_undecided(affirmed, text):
        return AMBIGUOUS
    if question.type is QuestionType.MULTIPLE:
        if {mention.code for mention in affirmed} != clear:
            return AMBIGUOUS
        return _choose_several(affirmed, text, question, rules)
    affirmed = _since_own_words(affirmed)
    if any(m.is_unclear and m.kind is Kind.NUMBER and m.code not in clear for m in affirmed):
        return AMBIGUOUS
    denied = {m.code for m in mentions if m.is_denied and m.kind is Kind.LABEL}
    denied |= {m.code for m in affirmed if m.kind is Kind.NUMBER and words_oppose(m, text, question)}
    return _choose_one(affirmed, denied, rules)


def _since_own_words(affirmed: Sequence[Mention]) -> list[Mention]:
    """What is affirmed, without what is said before, of whomever: "my wife 1, me 3"."""
    own = (place for place, m in enumerate(affirmed) if not m.is_unclear and m.speaker is Speaker.SELF)
    first = next(own, 0)
    earlier = [m for m in affirmed[:first] if not (m.is_unclear and m.speaker is Speaker.UNSAID)]
    return [*earlier, *affirmed[first:]]


# Between two different options: either of them, the way from one to the other, or a correction.
_UNDECIDED: Final = re.compile(
    r"\b(?:or|nor|versus|vs|alternatively|else|perhaps|maybe|possibly|sometimes|though|no|nope|wait"
    r"|sorry|pardon|oops"
    r"|actually|i mean|rather"
    r"|make (?:that|it)|scratch|strike|correction|corrected|second thoughts?|then again|change that"
    r"|instead)\b"
    r"|^\W*(?:up )?to(?: option| number| a)?\W*$|^\W*(?:到|至)(?:选项)?\W*$|[-=]>|→|要不|还是|或|要么"
    r"|也许|可能|有时|不|更正|说错|改|应该说|抱歉|等等|算了",
    re.IGNORECASE,
)


# A number word that was not read as a number, behind such words.
_UNREAD_NUMBER: Final = re.compile(
    r"(?:\b(?:or|perhaps|maybe|actually|wait|sorry|pardon|rather|i mean|scratch that|make (?:that|it))"
    r"|还是|要不"
    r"|或者?|而是|不对,?是?|[-=]>)"
    r"[\s,\"'(]*(?:one|two|three|four|five|six|seven|eight|nine|ten"
    r"|[一二三四五六七八九十])(?![a-z\u3400-\u9fff])",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(r"\bbetween\W*(?:option |number )?\W*$|介于\W*$", re.IGNORECASE)


def _is_undecided(affirmed: Sequence[Mention], text: str) -> bool:
    """Whether words between different options leave open which of them is meant."""
    if _UNREAD_NUMBER.search(text, affirmed[0].end):
        return True
    return len({mention.code for mention in affirmed}) > 1 and any(
        _UNDECIDED.search(text[left.end : right.start]) or _BETWEEN.search(text[: left.start][-20:])
        for left, right in pairwise(affirmed)
    )


def choose_from_excluded(mentions: Sequence[Mention]) -> Reading:
    """The reading of an answer all of whose mentions are denied or somebody else's."""
    is_told = all(mention.speaker is Speaker.OTHERS for mention in mentions)
    return THIRD_PERSON if is_told else AMBIGUOUS


def affirmed_by_self(mentions: Sequence[Mention]) -> list[Mention]:
    """What the respondent says it chose: neither denied nor ascribed to somebody else."""
    return [m for m in mentions if not m.is_denied and m.speaker is not Speaker.OTHERS]


_ALL_BUT_SPELLED = 0.85  # of the letters are those of a label, in its order
_WORDS_BEHIND = re.compile(
    r"[.):,=、-]{0,2}\s{0,3}(?P<words>[^.,;!?()\n。、\ue000-\uf8ff]{2,30})(?:[.!。,]|$)", re.MULTILINE
)
_DENYING = re.compile(
    r"(?:not?|never|hardly|little|barely)\s(?!doubt|sure|idea)[a-z ]*$|(?:not?|never|hardly|little)$"
    r"|不(?!知道|确定)[^0-9]*$|没有?$",
    re.I,
)


def words_oppose(number: Mention, text: str, question: Question) -> bool:
    """Whether the words in the place of a number's label deny it, or spell another one, if with a slip.

    "1. Not much" where 1 is Very good; "1. Dissagree" where 1 is Agree.
    """
    match = _WORDS_BEHIND.match(text, number.end)
    if match is None or len(match["words"].split()) > _MOST_WORDS or not _is_labelled(number.code, question):
        return False
    if _nearest_label(match["words"], question) not in (None, number.code):
        return True
    return _DENYING.match(match["words"]) is not None and not is_negative(number.code, question)


def _nearest_label(words: str, question: Question) -> int | None:
    """The code of the label that some words all but spell; None if they spell none, or several alike."""
    likeness = {
        option.code: SequenceMatcher(None, words.strip().casefold(), option.label.casefold()).ratio()
        for option in question.options
        if not option.label.strip().isdecimal()
    }
    nearest = [code for code, ratio in likeness.items() if ratio == max(likeness.values())]
    is_spelled = len(nearest) == 1 and likeness[nearest[0]] >= _ALL_BUT_SPELLED
    return nearest[0] if is_spelled else None


def _is_labelled(code: int, question: Question) -> bool:
    return any(option.code == code and not option.label.strip().isdecimal() for option in question.options)


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
    if len(codes) > question.max_choices and tuple(codes) == question.codes:
        return AMBIGUOUS  # the options, not a choice among them
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
