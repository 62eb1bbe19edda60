"""Answers -> counts -> shares per question, beside the people's.

Counts what was answered and how the rest ended; computes no score. Knows no file, model or
metric. "Not asked" (a follow-up whose first question failed) is no failure of the model: those
respondents are not in the question's base. A text that waits for a judge is neither an answer nor a
failure: nobody knows what it says. Every other status but "answered" is a failure.

Letters: K options.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from def_sim.errors import StoreError, SurveyFormatError
from def_sim.records import Answer, AnswerStatus, ItemReference, Question, QuestionType

POOLED: Final = -1  # the wording of an item whose wordings were averaged


@dataclass(frozen=True)
class QuestionDistribution:
    """How all respondents answered one prompt, beside the people.

    `counts` are of respondents who chose each option, shape (K,), in the order of `question.codes`;
    where answers hold the model's probabilities, each respondent is spread over the options by them;
    with several choices they sum to more than `num_answered`. After `pool_wordings` counts and
    statuses are means over the wordings and need not be whole numbers.
    """

    question: Question
    counts: NDArray[np.float64]
    status_counts: Mapping[AnswerStatus, float]  # every status is a key
    reference: ItemReference | None = None  # None: nobody knows what people answered
    wording: int = 0  # POOLED: averaged over the item's wordings

    @property
    def num_answered(self) -> float:
        """Respondents with a valid answer."""
        return self.status_counts[AnswerStatus.ANSWERED]

    @property
    def num_not_asked(self) -> float:
        """Respondents who were rightly not asked."""
        return self.status_counts[AnswerStatus.NOT_ASKED]

    @property
    def num_unread(self) -> float:
        """Respondents whose text nobody has read: of the judge it needs no verdict could be had."""
        return self.status_counts[AnswerStatus.UNJUDGED]

    @property
    def num_asked(self) -> float:
        """Respondents who were asked: the base of the question."""
        return sum(self.status_counts.values()) - self.num_not_asked

    @property
    def num_failed(self) -> float:
        """Respondents who were asked and gave no valid answer, for whatever reason that is known."""
        return self.num_asked - self.num_answered - self.num_unread

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of the answering respondents who chose each option, shape (K,); NaN if nobody answered.

        Mention rates, which may sum to more than 1, for a multiple-choice question.
        """
        if self.num_answered == 0:
            return np.full(self.counts.shape, np.nan)
        return self.counts / self.num_answered


def count_answers(
    answers: Iterable[Answer], questions: Sequence[Question], *, weights: Mapping[str, float] | None = None
) -> list[QuestionDistribution]:
    """Counts choices and statuses, one distribution for each question, in the order of the questions.

    Args:
        answers: In any order. A run in progress has fewer than planned.
        questions: All that were planned; one without any answer is counted with zeros.
        weights: Respondent -> weight, at least 0; None: all count alike. Weighted counts are scaled so that
            `num_answered` is Kish's effective number of those who answered.

    Raises:
        StoreError: An answer to a question that is not among them, a second answer of a respondent to the
            same question, or choices that the question does not allow.
    """
    by_question = _group_by_question(answers, questions)
    counted = [_count_question(question, by_question[question.id]) for question in questions]
    if weights is None:
        return counted
    return [_weighted(one, by_question[one.question.id], weights) for one in counted]


def align_with_reference(
    distributions: Iterable[QuestionDistribution], references: Mapping[str, ItemReference]
) -> list[QuestionDistribution]:
    """Puts the people's shares beside each question.

    Args:
        distributions: From `count_answers`.
        references: Item id -> shares of one group of people. A missing item stays without reference: it
            is counted, but has no score.

    Raises:
        SurveyFormatError: A reference has other option codes than its question.
    """
    return [
        _align(distribution, references.get(distribution.question.item_id)) for distribution in distributions
    ]


def pool_wordings(distributions: Iterable[QuestionDistribution]) -> list[QuestionDistribution]:
    """One distribution for each item: the mean of its shares over the wordings.

    A paraphrase is not a new observation of the human world, nor is a respondent's second answer a
    second respondent: N stays the number of respondents (the mean over wordings, should some answers
    have failed). Wordings that nobody answered do not enter the shares.
    """
    by_item: dict[str, list[QuestionDistribution]] = defaultdict(list)
    for distribution in distributions:
        by_item[distribution.question.item_id].append(distribution)
    return [_pool(wordings) for wordings in by_item.values()]


def distributions_frame(distributions: Iterable[QuestionDistribution]) -> pd.DataFrame:
    """One row for each option of each question, tidy.

    Columns:
        item_id, wording (-1 if pooled), topic, dimension, type, level: the question;
        code, label, position: the option; positions count from 1 in the order of the codes;
        simulated_count: respondents who chose it;
        simulated_share: of those who answered (mention rate if several may be chosen), NaN if nobody did;
        human_share, human_n, human_n_effective: weighted share of people, in the same sense, how many people
            are behind it, and what these are worth (`ItemReference.effective_people`); NaN without a
            reference, human_n_effective also where weights are unknown, and both where shares were published
            without a number of people;
        human_quality: weighted, unweighted, approximate or published; "" without a reference;
        num_asked, num_answered, num_failed, num_not_asked: respondents of the question, repeated on each of
            its options; asked = answered + failed, and those whose text no judge could read.
    """
    rows = [row for distribution in distributions for row in _option_rows(distribution)]
    return pd.DataFrame(rows, columns=list(_COLUMN_TYPES)).astype(_COLUMN_TYPES)


_COLUMN_TYPES: Final = {
    "item_id": "str",
    "wording": "int64",
    "topic": "str",
    "dimension": "str",
    "type": "str",
    "level": "str",
    "code": "int64",
    "label": "str",
    "position": "int64",
    "simulated_count": "float64",
    "simulated_share": "float64",
    "human_share": "float64",
    "human_n": "float64",
    "human_n_effective": "float64",
    "human_quality": "str",
    "num_asked": "float64",
    "num_answered": "float64",
    "num_failed": "float64",
    "num_not_asked": "float64",
}


_KIND: Final = attrgetter("status", "choices")


def _group_by_question(answers: Iterable[Answer], questions: Sequence[Question]) -> dict[str, list[Answer]]:
    groups: dict[str, list[Answer]] = {question.id: [] for question in questions}
    of_address = {(question.item_id, question.wording): groups[question.id] for question in questions}
    for answer in answers:
        group = of_address.get((answer.item_id, answer.wording))
        if group is None:
            raise _unfit(answer, "the questionnaire does not ask this question")
        group.append(answer)
    for group in groups.values():
        _check_once_each(group)
    return groups


def _check_once_each(answers: Sequence[Answer]) -> None:
    if len({answer.respondent_id for answer in answers}) == len(answers):
        return
    seen: set[str] = set()
    for answer in answers:
        if answer.respondent_id in seen:
            raise _unfit(answer, "this respondent has answered it before")
        seen.add(answer.respondent_id)


def _count_question(question: Question, answers: Sequence[Answer]) -> QuestionDistribution:
    chosen: dict[int, float] = dict.fromkeys(question.codes, 0.0)
    for kind in set(map(_KIND, answers)):  # of hundreds of answers few differ in these
        if what := _problem(*kind, question):
            raise _unfit(next(answer for answer in answers if kind == _KIND(answer)), what)
    for (_, choices), count in Counter(_KIND(a) for a in answers if not a.option_probabilities).items():
        for code in choices:
            chosen[code] += count
    for answer in answers:
        for code, share in _checked_probabilities(answer, question).items():
            chosen[code] += share
    statuses = Counter(answer.status for answer in answers)
    return QuestionDistribution(
        question=question,
        counts=np.array([chosen[code] for code in question.codes], dtype=np.float64),
        status_counts={status: statuses[status] for status in AnswerStatus},
        wording=question.wording,
    )


def _weighted(
    counted: QuestionDistribution, answers: Sequence[Answer], weights: Mapping[str, float]
) -> QuestionDistribution:
    """The same answers with weights, scaled to the effective number of valid ones."""
    places = {code: place for place, code in enumerate(counted.question.codes)}
    counts, statuses = np.zeros_like(counted.counts), dict.fromkeys(AnswerStatus, 0.0)
    squares = 0.0
    for answer in answers:
        weight = weights[answer.respondent_id]
        statuses[answer.status] += weight
        squares += weight**2 if answer.status is AnswerStatus.ANSWERED else 0.0
        shares = _checked_probabilities(answer, counted.question) or dict.fromkeys(answer.choices, 1.0)
        for code, share in shares.items():
            counts[places[code]] += weight * share
    scale = statuses[AnswerStatus.ANSWERED] / squares if squares > 0 else 1.0
    scaled = {status: total * scale for status, total in statuses.items()}
    return replace(counted, counts=counts * scale, status_counts=scaled)


def _problem(status: AnswerStatus, choices: tuple[int, ...], question: Question) -> str | None:
    """What the question does not allow of a status and choices."""
    if status is not AnswerStatus.ANSWERED:
        return f"status {status} with choices {list(choices)}" if choices else None
    most = question.max_choices if question.type is QuestionType.MULTIPLE else 1
    if not 1 <= len(choices) <= most or len(set(choices)) < len(choices):
        return f"choices {list(choices)}, but 1 to {most} different ones are allowed"
    if not set(question.codes).issuperset(choices):
        return f"choices {list(choices)}, but the options are {list(question.codes)}"
    return None


def check_answer(answer: Answer, question: Question | None) -> None:
    """Makes sure that an answer can be one to its question; None: there is no such question.

    Raises:
        StoreError: It cannot.
    """
    if question is None:
        raise _unfit(answer, "the questionnaire does not ask this question")
    if what := _problem(answer.status, answer.choices, question):
        raise _unfit(answer, what)


def _checked_probabilities(answer: Answer, question: Question) -> dict[int, float]:
    """The share of one respondent that each option gets, where the model's probabilities were asked."""
    shares = answer.option_probabilities
    if not shares:
        return {}
    if sorted(answer.shown_codes) != sorted(question.codes) or len(shares) != len(answer.shown_codes):
        raise _unfit(answer, f"{len(shares)} probabilities, but the options are {list(question.codes)}")
    if min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise _unfit(answer, f"probabilities that sum to {sum(shares):.6g}")
    return dict(zip(answer.shown_codes, shares, strict=True))


def _align(distribution: QuestionDistribution, reference: ItemReference | None) -> QuestionDistribution:
    if reference is not None and reference.codes != distribution.question.codes:
        raise SurveyFormatError(
            f"Item {distribution.question.item_id!r} has options {list(distribution.question.codes)}, "
            f"but its human reference has {list(reference.codes)}.",
            fix="Give the item the options that this population was shown, or correct the reference file.",
        )
    return replace(distribution, reference=reference)


def _pool(wordings: Sequence[QuestionDistribution]) -> QuestionDistribution:
    statuses = {
        status: sum(one.status_counts[status] for one in wordings) / len(wordings) for status in AnswerStatus
    }
    answered = [one.shares for one in wordings if one.num_answered > 0]
    shares = np.mean(answered, axis=0) if answered else np.zeros_like(wordings[0].counts)
    return replace(
        wordings[0],
        counts=shares * statuses[AnswerStatus.ANSWERED],
        status_counts=statuses,
        wording=POOLED,
    )


def _option_rows(distribution: QuestionDistribution) -> list[dict[str, object]]:
    question, reference = distribution.question, distribution.reference
    of_question = {
        "item_id": question.item_id,
        "wording": distribution.wording,
        "topic": question.topic,
        "dimension": str(question.dimension),
        "type": str(question.type),
        "level": str(question.level),
        "human_n": np.nan if reference is None or reference.n is None else reference.n,
        "human_n_effective": (reference and reference.effective_people) or np.nan,
        "human_quality": str(reference.quality) if reference else "",
        "num_asked": distribution.num_asked,
        "num_answered": distribution.num_answered,
        "num_failed": distribution.num_failed,
        "num_not_asked": distribution.num_not_asked,
    }
    shares = distribution.shares
    return [
        of_question
        | {
            "code": option.code,
            "label": option.label,
            "position": index + 1,
            "simulated_count": distribution.counts[index],
            "simulated_share": shares[index],
            "human_share": reference.shares[index] if reference else np.nan,
        }
        for index, option in enumerate(question.options)
    ]


def _unfit(answer: Answer, what: str) -> StoreError:
    return StoreError(
        f"Answer of {answer.respondent_id} to {answer.question_id}: {what}.",
        fix="The answers do not belong to this questionnaire or are damaged: check the run folder.",
    )
