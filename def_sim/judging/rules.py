"""Defects that need no judge: what a rule can tell for certain, of every answer, without a call.

A rule that fires is right whatever a judge would say, so it fires only on what it knows; all else is left to
the judge. Reads English and Chinese. Asks nobody and weighs nothing: a finding is a dimension with the
rule's words.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from def_sim.answers.reading.lacking import lacks
from def_sim.answers.reading.normalise import MAX_CHARACTERS, plain_text, strip_markup, unify_characters
from def_sim.answers.reading.phrases import breaks_role
from def_sim.answers.reading.reasoning import part_reasoning
from def_sim.answers.reading.sections import (
    Part,
    Section,
    explanation_of,
    split_exchanges,
    split_sections,
)
from def_sim.judging.rubric import NEVER_JUDGED
from def_sim.judging.several_options import takes_several, takes_too_many
from def_sim.prompts import LanguagePack
from def_sim.records import Answer, AnswerStatus, FinishReason, InsensitivityDimension, Question, QuestionType

Findings = Mapping[InsensitivityDimension, str]

_ANSWER_ANCHORS: Final = ("Answer:", "答案：")  # of the shipped packs: models translate the frame's
_EXPLANATION_ANCHORS: Final = ("Explanation:", "解释：")
_FIRST_PERSON: Final = re.compile(  # "US" is a country, "i.e." nobody
    r"\b(?:(?i:i|i'(?:m|d|ll|ve)|me|my|mine|myself|we|we'(?:re|d|ll|ve)|ours?|ourselves)|us)\b(?!\.e\.)"
    r"|我|咱|本人"
)
_LATIN_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_FEWEST_WORDS: Final = 3  # of an explanation that could have had a first person
_SOME_OTHERS: Final = re.compile(
    r"\bsome\b[^\n]{0,80}?(?<!than )(?<!from )(?<!to )(?<!for )(?<!with )(?<!of )(?<!help )\bothers\b"
    r"|(?:有些|有的|一些|某些|有)人[^\n]{0,40}?(?:有些|有的|一些|其他|另外的?|别的|也有)人",
    re.IGNORECASE,
)
_IN_SOME_OTHERS: Final = ("others", "人")  # every match holds one of these
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s|$)|[。！？\n]")
# What a person says, too, though it is like a machine's disclaimer.
_HUMAN_TURN: Final = re.compile(
    r"\b(?:personal|real) experience (?:with|of|in|as)\b|\bmy (?:training|programming) (?:as|in|at|for|job)\b"
    r"|没有?(?:任何)?(?:个人|真实)的?经历过",
    re.IGNORECASE,
)
_IN_HUMAN_TURN: Final = ("experience ", "my training ", "my programming ", "经历过")


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What the rules must know of a run.

    `is_base_model`: its prompt ends in the anchor of the answer, which is then not written again.
    `meaningless`: dimensions that mean nothing for the strategy; no rule of theirs is tried.
    """

    pack: LanguagePack  # of the frame
    is_base_model: bool = False
    meaningless: frozenset[InsensitivityDimension] = frozenset()


@dataclass(frozen=True, slots=True)
class _Case:
    """An answer as the rules look at it."""

    question: Question
    answer: Answer
    first: Answer | None  # of the question that this one follows
    context: RuleContext
    own: str  # the exchange that answers this question, in plain text
    rest: tuple[str, ...]  # what the text runs on into


def find_defects(
    question: Question, answer: Answer, context: RuleContext, *, first: Answer | None = None
) -> Findings:
    """The defects that rules find in an answer, each with what was found.

    Args:
        question: As it was asked.
        answer: Of it; an answer without a text has none.
        context: Of the run.
        first: The same respondent's answer to the question that this one follows.

    Returns:
        Dimension -> the rule in words. A dimension that is not in it is open, not free of defects.
    """
    if answer.status in NEVER_JUDGED:
        return {}
    own, rest = _own_exchange(plain_text(answer.text))
    case = _Case(question, answer, first, context, own, rest)
    found = {
        dimension: rule(case) for dimension, rule in _RULES.items() if dimension not in context.meaningless
    }
    return {dimension: words for dimension, words in found.items() if words}


def has_right_choice(question: Question, answer: Answer) -> bool | None:
    """Whether a factual question was answered with its key; None where there is none, or no choice."""
    if question.factual_key is None or answer.status is not AnswerStatus.ANSWERED:
        return None
    return answer.choices == (question.factual_key,)


def _own_exchange(text: str) -> tuple[str, tuple[str, ...]]:
    """The part that answers the question, and what follows it; a text may begin by repeating the question."""
    first, *later = split_exchanges(text)
    # Nothing stands before the first request: that part, whosever question it puts, is the answer's own.
    if not first.strip() and later:
        first, *later = later
    return first, tuple(exchange for exchange in later if exchange.strip())


def _instruction(case: _Case) -> str:
    """IU: an anchor that was asked for is missing; keys of an object are none."""
    own, pack = _as_written(case), case.context.pack
    if not case.context.is_base_model and not _has_anchor(own, (*_ANSWER_ANCHORS, pack.answer_anchor)):
        return 'nothing marks where the answer stands, such as "Answer:"'
    if not _has_anchor(own, (*_EXPLANATION_ANCHORS, pack.explanation_anchor)):
        return "the explanation is missing, or nothing marks where it stands"
    sections = split_sections(own)
    is_empty = any(_is_empty(sections, part) for part in (Part.ANSWER, Part.EXPLANATION))
    return "nothing stands behind the mark of the answer or of the explanation" if is_empty else ""


def _as_written(case: _Case) -> str:
    """The exchange that answers the question, with objects as they came."""
    text = case.answer.text
    if "{" not in text and len(text) <= MAX_CHARACTERS:
        return case.own  # there is no object in it
    return _own_exchange(strip_markup(unify_characters(part_reasoning(text).answer)).strip())[0]


def _is_empty(sections: Sequence[Section], part: Part) -> bool:
    """Whether there are sections of that part, and none of them holds a word."""
    texts = [section.text for section in sections if section.part is part]
    return bool(texts) and not any(re.search(r"\w", text) for text in texts)


def _has_anchor(text: str, anchors: tuple[str, ...]) -> bool:
    return _pattern_of(anchors).search(text) is not None


@cache
def _pattern_of(anchors: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(re.escape(anchor.rstrip(":： ")) for anchor in anchors)
    return re.compile(rf"(?<![A-Za-z])(?:{words})s?\s*:", re.IGNORECASE)


def _question_type(case: _Case) -> str:
    """QC: several options where one is asked for, or more than are allowed."""
    question, answer = case.question, case.answer
    if question.type is QuestionType.MULTIPLE:
        is_over = takes_too_many(question, answer)
        return f"more than {question.max_choices} options are chosen" if is_over else ""
    is_several = takes_several(question, answer, case.own, is_base_model=case.context.is_base_model)
    return "several options are chosen, one was asked for" if is_several else ""


def _role(case: _Case) -> str:
    """RP: who speaks is a machine, a reporter of what others think, or nobody."""
    if case.answer.status is AnswerStatus.ROLE_BREAK or breaks_role(_without_human_turns(case.own)):
        return "the text says that a machine wrote it"
    if case.answer.status is AnswerStatus.THIRD_PERSON or _tells_of_others(case.own):
        return "the text reports what some and others think"
    explanation = explanation_of(case.own)
    if _FIRST_PERSON.search(explanation) is not None:
        return ""
    # Chinese leaves the first person out, so that is for the judge to say.
    is_english = _HAN.search(explanation) is None and len(_LATIN_WORD.findall(explanation)) >= _FEWEST_WORDS
    is_nobodys = is_english and not _is_label(explanation, case.question)
    return "the explanation has no first person" if is_nobodys else ""


def _without_human_turns(text: str) -> str:
    return text if lacks(text, _IN_HUMAN_TURN) else _HUMAN_TURN.sub(" ", text)


def _is_label(explanation: str, question: Question) -> bool:
    """Whether an explanation is an option again, with its number or without: nobody speaks in it."""
    words = re.sub(r"^[\W0-9]*|[\W]*$", "", explanation).casefold()
    return words in {option.label.casefold() for option in question.options}


def _tells_of_others(text: str) -> bool:
    """Whether a passage sets some people against others, and its writer is not in it."""
    if lacks(text, _IN_SOME_OTHERS):
        return False
    ends = [0, *(end.end() for end in _SENTENCE_END.finditer(text)), len(text)]
    for match in _SOME_OTHERS.finditer(text):
        first = ends[bisect_right(ends, match.start(), hi=len(ends) - 1) - 1]
        last = ends[min(bisect_left(ends, match.end()), len(ends) - 1)]
        if _FIRST_PERSON.search(text, first, last) is None:
            return True
    return False


def _conflict(case: _Case) -> str:
    """CV: the second choice is the first one again."""
    first, answer = case.first, case.answer
    if first is None or case.question.follow_up_of != first.item_id:
        return ""
    both_chose = first.status is answer.status is AnswerStatus.ANSWERED
    return "the second choice repeats the first" if both_chose and first.choices == answer.choices else ""


def _facts(case: _Case) -> str:
    """FF: a wrong answer to a question that has a right one."""
    is_wrong = has_right_choice(case.question, case.answer) is False
    return "the choice is not the right one" if is_wrong else ""


def _relevance(case: _Case) -> str:
    """IR: the text did not end with the answer."""
    if case.rest:
        return "the text runs on into another exchange"
    is_cut = case.answer.finish_reason is FinishReason.LENGTH
    return "the text was cut by the token limit" if is_cut else ""


_RULES: Final[Mapping[InsensitivityDimension, Callable[[_Case], str]]] = {
    InsensitivityDimension.IU: _instruction,
    InsensitivityDimension.QC: _question_type,
    InsensitivityDimension.RP: _role,
    InsensitivityDimension.CV: _conflict,
    InsensitivityDimension.FF: _facts,
    InsensitivityDimension.IR: _relevance,
}
