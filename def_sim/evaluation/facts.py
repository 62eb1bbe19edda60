"""Questions with a right answer: how often a panel is wrong, beside people. They are in no other score."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from def_sim.evaluation.findings import Finding
from def_sim.metrics.insensitivity import wilson_interval
from def_sim.records import Answer, AnswerStatus, ItemReference, Question, Survey


@dataclass(frozen=True, slots=True)
class FactualItem:
    """How one factual item was answered, in one wording.

    `wrong`: share of wrong choices among readable answers, with Wilson's 95 % interval; NaN without any.
    Where answers hold the model's probabilities it is their mean, and has no interval: nothing was drawn.
    `people_wrong`: the same of people who gave an answer; NaN where it is not known.
    """

    question: Question
    num_answered: int
    num_failed: int  # asked, and no choice could be read
    wrong: float
    low: float
    high: float
    people_wrong: float

    @property
    def reason(self) -> str:
        """Why there is no share, or no interval."""
        if self.num_answered == 0:
            return "no answer could be read"
        return "probabilities, of which nothing was drawn" if math.isnan(self.low) else ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All factual items of a run.

    `wrong`, `answered`: wrong and readable choices of each respondent who gave one.
    """

    items: tuple[FactualItem, ...]
    wrong: Mapping[str, float] = field(default_factory=dict)
    answered: Mapping[str, int] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The wrong share of each."""
        return tuple(
            Finding(
                "wrong_share",
                item.wrong,
                group=item.question.id,
                low=item.low,
                high=item.high,
                people=item.people_wrong,
                num_items=1,
                reason=item.reason,
            )
            for item in self.items
        )


def opinions_of(survey: Survey) -> Survey:
    """The survey without its factual questions: what is scored against people."""
    return replace(survey, questions=tuple(one for one in survey.questions if one.factual_key is None))


def facts_found(
    survey: Survey, answers: Sequence[Answer], people: Mapping[str, ItemReference]
) -> Facts | None:
    """How the factual questions of a survey were answered; None if it asks none.

    Args:
        survey: What was asked.
        answers: Of the panel, to any of its questions.
        people: Item id -> shares of everyone.
    """
    questions = [question for question in survey.questions if question.factual_key is not None]
    if not questions:
        return None
    by_question: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_question[answer.question_id].append(answer)
    items = tuple(_item(one, by_question[one.id], people.get(one.item_id)) for one in questions)
    wrong: dict[str, float] = defaultdict(float)
    answered: dict[str, int] = defaultdict(int)
    for question in questions:
        for answer in by_question[question.id]:
            if answer.status is AnswerStatus.ANSWERED:
                wrong[answer.respondent_id] += _wrong(question, answer)
                answered[answer.respondent_id] += 1
    return Facts(items, wrong, answered)


def _item(question: Question, answers: Sequence[Answer], people: ItemReference | None) -> FactualItem:
    answered = [answer for answer in answers if answer.status is AnswerStatus.ANSWERED]
    num_asked = sum(answer.status is not AnswerStatus.NOT_ASKED for answer in answers)
    wrong = [_wrong(question, answer) for answer in answered]
    is_drawn = not any(answer.option_probabilities for answer in answered)
    low, high = wilson_interval(round(sum(wrong)), len(answered)) if is_drawn else (math.nan, math.nan)
    return FactualItem(
        question,
        len(answered),
        num_asked - len(answered),
        sum(wrong) / len(answered) if answered else math.nan,
        low,
        high,
        _people_wrong(question, people),
    )


def _wrong(question: Question, answer: Answer) -> float:
    """1 for a wrong choice; of probabilities, that of all options but the right one."""
    if not answer.option_probabilities:
        return float(answer.choices != (question.factual_key,))
    shares = zip(answer.shown_codes, answer.option_probabilities, strict=True)
    return sum(share for code, share in shares if code != question.factual_key)


def _people_wrong(question: Question, people: ItemReference | None) -> float:
    if people is None:
        return math.nan
    return sum(
        share for code, share in zip(people.codes, people.shares, strict=True) if code != question.factual_key
    )
