"""What was found of an answer under one question of a rubric, by rule or by judge. Keeps no file."""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

from def_sim.records import Answer, InsensitivityDimension


class Source(StrEnum):
    """Who found it."""

    RULE = "rule"
    JUDGE = "judge"


class Missing(StrEnum):
    """Why there is no verdict. It is never "no defect" and never "cannot be classified"."""

    PROSE = "prose"  # something else than one JSON object, or something beside it
    TWO_OBJECTS = "two_objects"
    DOUBLED_KEY = "doubled_key"
    WRONG_TYPE = "wrong_type"  # "no" or 1 for true
    WRONG_VALUE = "wrong_value"  # a number that is no option's, or no verdict at all in the object
    EMPTY = "empty"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    ENGINE_ERROR = "engine_error"
    SEVERAL_CHOICES = "several_choices"  # not asked: several options are no single code


# A defect or none; or the options taken, by code (in replies: by number, where (0,) is none of them).
Value = bool | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one question of a rubric found of one answer. Exactly one of `value` and `missing` is None.

    `replies` are the judge's as they came, in their order; none where a rule found it.
    """

    respondent_id: str
    item_id: str
    wording: int
    question: str  # of the rubric
    value: Value | None
    source: Source
    missing: Missing | None = None
    why: str = ""  # the judge's reason, or the rule's name
    probability: float | None = None  # of the value, where only codes could be given
    replies: tuple[str, ...] = ()
    prompt_hash: str = ""  # of the first request's messages
    answer_hash: str = ""
    repeat: int = 0

    @property
    def question_id(self) -> str:
        """Address of the judged question, `item#wording`."""
        return f"{self.item_id}#{self.wording}"


def hash_answer(answer: Answer) -> str:
    """16 hexadecimal digits that name what of an answer is judged: another text or reading, another hash."""
    content = [answer.text, answer.status, answer.choices, answer.finish_reason]
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()


def found_by_rule(answer: Answer, dimension: InsensitivityDimension, words: str) -> Verdict:
    """The verdict of a rule that fired; a rule that did not leaves the question to the judge.

    Args:
        answer: That has the defect.
        dimension: Of the defect.
        words: What the rule found (`rules.find_defects`).
    """
    return Verdict(
        answer.respondent_id,
        answer.item_id,
        answer.wording,
        dimension.value,
        value=True,
        source=Source.RULE,
        why=words,
        answer_hash=hash_answer(answer),
    )
