"""Counts of a panel's answers that add up over its parts: by question, option, status and group of people.

From them follow all distributions, exactly, and panels drawn again by groups: nothing of a whole panel has to
be in memory. The group of a respondent depends on seed and number alone, so parts may be cut anywhere.

Letters: K options, G groups.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.evaluation.distributions import QuestionDistribution, check_answer
from def_sim.metrics.panel_answers import GroupedAnswers
from def_sim.randomness import keyed_rng
from def_sim.records import Answer, AnswerStatus, Question, respondent_index

NUM_GROUPS: Final = 1000
_STATUSES: Final = tuple(AnswerStatus)
_ANSWERED: Final = _STATUSES.index(AnswerStatus.ANSWERED)
_NOT_ASKED: Final = _STATUSES.index(AnswerStatus.NOT_ASKED)

Counts = NDArray[np.int64]


class Grouping:
    """Which of the groups each respondent is in: of any thousand in a row each is in another one.

    So groups are as large as each other but for one respondent, and who is with whom is drawn by the seed.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._block, self._groups = -1, np.zeros(0, dtype=np.int64)

    def group_of(self, index: int) -> int:
        """The group of respondent number `index`, in [0, G)."""
        block, place = divmod(index, NUM_GROUPS)
        if block != self._block:
            rng = keyed_rng(self._seed, "groups of respondents", block)
            self._block, self._groups = block, rng.permutation(NUM_GROUPS)
        return int(self._groups[place])


@dataclass(frozen=True)
class AnswerCounts:
    """Counts of some of a panel's answers.

    `by_question`: address of a question -> shape (K + S, G): respondents who chose each option, in the order
    of its codes, then those whose answer ended in each status, in the order of `AnswerStatus`.
    `num_answering`: respondents with an answer that could be read.
    """

    by_question: Mapping[str, Counts]
    num_answering: int

    def __add__(self, other: "AnswerCounts") -> "AnswerCounts":
        """Counts of both parts, which share no respondent."""
        if self.by_question.keys() != other.by_question.keys():
            raise ValueError("Counts of different questions do not add up.")
        summed = {name: one + other.by_question[name] for name, one in self.by_question.items()}
        return AnswerCounts(summed, self.num_answering + other.num_answering)

    @property
    def num_answers(self) -> int:
        """How many answers were counted, whatever their status."""
        return sum(int(one[-len(_STATUSES) :].sum()) for one in self.by_question.values())

    def distributions(self, questions: Sequence[Question]) -> list[QuestionDistribution]:
        """As `count_answers` gives them for all the answers at once."""
        return [self._distribution(question) for question in questions]

    def _distribution(self, question: Question) -> QuestionDistribution:
        totals = self.by_question[question.id].sum(axis=1)
        counts, statuses = totals[: -len(_STATUSES)], totals[-len(_STATUSES) :].tolist()
        return QuestionDistribution(
            question=question,
            counts=counts.astype(np.float64),
            status_counts=dict(zip(_STATUSES, statuses, strict=True)),
            wording=question.wording,
        )

    def grouped(self, questions: Sequence[Question], *, is_pooled: bool) -> GroupedAnswers | None:
        """Who chose what, by groups; None without answers.

        Args:
            questions: In the order in which they are scored.
            is_pooled: Whether the wordings of an item are one question.
        """
        wordings: dict[str, list[Counts]] = {}
        for question in questions:
            name = question.item_id if is_pooled else question.id
            wordings.setdefault(name, []).append(_columns(self.by_question[question.id]))
        is_there = np.zeros(NUM_GROUPS, dtype=np.bool_)
        for one in self.by_question.values():
            is_there |= one.any(axis=0)
        if not is_there.any():
            return None
        items = tuple(np.stack(of_item)[:, is_there] for of_item in wordings.values())
        num_respondents = max(int(one[-len(_STATUSES) :].sum()) for one in self.by_question.values())
        return GroupedAnswers(items, num_respondents)


def _columns(counts: Counts) -> Counts:
    """Options, valid answers and failures of each group, shape (G, K + 2)."""
    options, statuses = counts[: -len(_STATUSES)], counts[-len(_STATUSES) :]
    answered = statuses[_ANSWERED]
    failed = statuses.sum(axis=0) - answered - statuses[_NOT_ASKED]
    return np.vstack([options, answered, failed]).T


class AnswerCounter:
    """Counts answers of whole respondents, one respondent after another.

    Args:
        questions: All that may be answered.
        seed: Of the run.
    """

    def __init__(self, questions: Sequence[Question], *, seed: int) -> None:
        self._questions = {(question.item_id, question.wording): question for question in questions}
        self._grouping = Grouping(seed)
        self._starts: dict[str, int] = {}
        start = 0
        for question in questions:
            self._starts[question.id] = start
            start += len(question.codes) + len(_STATUSES)
        self._flat = np.zeros(start * NUM_GROUPS, dtype=np.int64)
        self._known: dict[tuple[str, int, AnswerStatus, tuple[int, ...]], tuple[int, ...]] = {}
        self._num_answering = 0

    def add(self, respondent_id: str, answers: Iterable[Answer]) -> None:
        """All answers of one respondent.

        Raises:
            StoreError: One is to no question, or has choices that its question does not allow.
        """
        index = respondent_index(respondent_id)
        assert index is not None  # who has no number was refused before
        group, is_answering = self._grouping.group_of(index), False
        places: list[int] = []
        for answer in answers:
            kind = (answer.item_id, answer.wording, answer.status, answer.choices)
            columns = self._known.get(kind)
            if columns is None:
                columns = self._known[kind] = self._columns(answer)
            places += columns
            is_answering |= answer.status is AnswerStatus.ANSWERED
        self._num_answering += is_answering
        np.add.at(self._flat, np.array(places, dtype=np.int64) + group, 1)

    def _columns(self, answer: Answer) -> tuple[int, ...]:
        """Where an answer of this kind is counted: its options and its status, of the first group."""
        question = self._questions.get((answer.item_id, answer.wording))
        check_answer(answer, question)
        assert question is not None
        start, codes = self._starts[question.id], question.codes
        places = [codes.index(code) for code in answer.choices]
        places.append(len(codes) + _STATUSES.index(answer.status))
        return tuple((start + place) * NUM_GROUPS for place in places)

    def counts(self) -> AnswerCounts:
        """Of all that were added."""
        rows = self._flat.reshape(-1, NUM_GROUPS)
        by_question = {
            question.id: rows[start : start + len(question.codes) + len(_STATUSES)].copy()
            for question, start in zip(self._questions.values(), self._starts.values(), strict=True)
        }
        return AnswerCounts(by_question, self._num_answering)
