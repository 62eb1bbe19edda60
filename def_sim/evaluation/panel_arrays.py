"""The answers of a panel as arrays, people's shares beside them: what all measures are computed from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from def_sim.evaluation.distributions import QuestionDistribution, align_with_reference, count_answers
from def_sim.evaluation.distributions import pool_wordings as pooled
from def_sim.metrics.choice_array import NO_ANSWER, NOT_ASKED, Choices
from def_sim.metrics.panel_answers import GroupedAnswers, ItemAnswers, PanelAnswers
from def_sim.metrics.raking import are_equal
from def_sim.records import (
    Answer,
    AnswerStatus,
    ItemReference,
    MeasurementLevel,
    Question,
    QuestionType,
    Respondent,
    Survey,
)
from def_sim.surveys.human_reference import HumanReference


@dataclass(frozen=True, slots=True)
class Columns:
    """Some of the questions with one choice. Letters as in `PanelArrays`."""

    questions: tuple[Question, ...]  # length Q
    num_options: list[int]  # K of each
    choices: Choices  # shape (N, Q)
    people: list[NDArray[np.float64] | None]  # everyone's shares, shape (K,) each


@dataclass(frozen=True, slots=True)
class CountedPanel:
    """A panel too large to be in memory: counts of all its answers. Unaligned with people.

    `answers`: by groups of respondents; None where nobody answered.
    """

    distributions: Sequence[QuestionDistribution]
    answers: GroupedAnswers | None


@dataclass(frozen=True)
class PanelArrays:
    """Who was asked what, and answered how.

    Of a panel that was counted (`whole`), distributions and what is drawn again are of all its respondents;
    the rest, which takes whole respondents, is of those whose answers are here.

    Items with several choices have no place in `choices` and `shown`.
    Letters: K options, Q questions with one choice, N respondents with an answer.
    """

    survey: Survey
    panel: Sequence[Respondent]
    reference: HumanReference
    answers: Sequence[Answer]  # of this panel to these questions
    pool_wordings: bool = False  # whether an item's shares are averaged over its wordings before scoring
    weights: Mapping[str, float] | None = None  # respondent -> weight; who heeds it: `weighted_findings`
    whole: CountedPanel | None = None  # of whose respondents these are some; None: these are all

    @cached_property
    def by_respondent(self) -> dict[str, dict[str, Answer]]:
        """Respondent -> question -> answer, for those with answers, in the order of the panel."""
        found: dict[str, dict[str, Answer]] = {respondent.id: {} for respondent in self.panel}
        for answer in self.answers:
            found[answer.respondent_id][answer.question_id] = answer
        return {respondent: answers for respondent, answers in found.items() if answers}

    @cached_property
    def distributions(self) -> list[QuestionDistribution]:
        """Every question counted, everyone's shares beside it; in questionnaire order."""
        if self.whole is not None:
            counted = list(self.whole.distributions)
        else:
            counted = count_answers(self.answers, self.survey.questions, weights=self._unequal_weights)
        return align_with_reference(counted, self.reference.for_everyone())

    @property
    def prompts(self) -> list[QuestionDistribution]:
        """What is scored as one question each: items with their wordings averaged, or every wording."""
        return pooled(self.distributions) if self.pool_wordings else self.distributions

    @property
    def drawn_again(self) -> PanelAnswers | GroupedAnswers | None:
        """What scores are resampled from: respondents, or the groups in which they were counted."""
        return self.panel_answers if self.whole is None else self.whole.answers

    @property
    def panel_answers(self) -> PanelAnswers | None:
        """Who chose what on each of `prompts`; None where nobody answered, or answers are probabilities.

        Probabilities have no respondent behind each choice who could be drawn again.
        """
        return self._answers_to(is_pooled=self.pool_wordings)

    @property
    def item_answers(self) -> PanelAnswers | None:
        """The same on each item, in all its wordings."""
        return self._answers_to(is_pooled=True)

    def _answers_to(self, *, is_pooled: bool) -> PanelAnswers | None:
        if not self._rows or any(answer.option_probabilities for answer in self.answers):
            return None
        wordings: dict[str, list[Question]] = {}
        for question in self.survey.questions:
            name = question.item_id if is_pooled else question.id
            wordings.setdefault(name, []).append(question)
        places = {question.id: place for place, question in enumerate(self.single_questions)}
        items = tuple(self._item_answers(one, places) for one in wordings.values())
        return PanelAnswers(items, self.respondent_weights)

    def _item_answers(self, wordings: Sequence[Question], places: Mapping[str, int]) -> ItemAnswers:
        """Of one item in its wordings; those of single-choice items are known as positions."""
        if wordings[0].id not in places:
            return _item_answers(self._rows, wordings)
        columns = self.choices[:, [places[question.id] for question in wordings]]
        return ItemAnswers.from_positions(columns.T, len(wordings[0].codes))

    @cached_property
    def single_questions(self) -> list[Question]:
        """The questions to which one option is the answer, in questionnaire order; Q of them."""
        return [q for q in self.survey.questions if q.type is not QuestionType.MULTIPLE]

    @cached_property
    def num_options(self) -> list[int]:
        """K of each single-choice question."""
        return [len(question.codes) for question in self.single_questions]

    @cached_property
    def choices(self) -> Choices:
        """Positions of the chosen options as `choice_array` defines them, shape (N, Q)."""
        asked = [(question.id, question.codes) for question in self.single_questions]
        return np.array(
            [[_position(answers.get(name), codes) for name, codes in asked] for answers in self._rows],
            dtype=np.int64,
        ).reshape(len(self._rows), len(self.single_questions))

    @property
    def shown(self) -> list[list[list[int]]]:
        """Positions of the options in the order that each respondent saw, N rows of Q lists."""
        orders = [(question.id, question.codes) for question in self.single_questions]
        return [
            [_shown_positions(answers.get(question_id), codes) for question_id, codes in orders]
            for answers in self._rows
        ]

    @property
    def texts(self) -> list[list[str | None]]:
        """The completions as they came, N rows of all questions; None where nothing was written."""
        return [
            [_text(answers.get(question.id)) for question in self.survey.questions] for answers in self._rows
        ]

    def people(self, group: str = "all") -> list[NDArray[np.float64] | None]:
        """People's shares of each single-choice question, shape (K,) each; None where unknown."""
        references = self.reference.items
        return [_shares(references.get((question.item_id, group))) for question in self.single_questions]

    def columns(self, is_wanted: Callable[[Question], bool]) -> Columns:
        """The questions with one choice that are wanted."""
        places = [place for place, question in enumerate(self.single_questions) if is_wanted(question)]
        people = self.people()
        return Columns(
            questions=tuple(self.single_questions[place] for place in places),
            num_options=[self.num_options[place] for place in places],
            choices=self.choices[:, places],
            people=[people[place] for place in places],
        )

    @cached_property
    def ordered_columns(self) -> Columns:
        """Ordered items and those with two options, in the first wording that was asked."""
        return self.columns(lambda question: _is_ordered(question) and question.id in self.first_wordings)

    @cached_property
    def first_wordings(self) -> frozenset[str]:
        """Addresses of the questions that put each item first: in its base wording, or in the one asked."""
        first = {question.item_id: question.id for question in reversed(self.survey.questions)}
        return frozenset(first.values())

    @property
    def respondent_weights(self) -> NDArray[np.float64] | None:
        """Of the respondents with answers, shape (N,); None where all count alike."""
        given = self._unequal_weights
        return None if given is None else np.array([given[name] for name in self.by_respondent])

    @property
    def _unequal_weights(self) -> Mapping[str, float] | None:
        """Equal weights are none: not a digit of a score may depend on their size."""
        if self.weights is None or not self.by_respondent:
            return None
        return (
            None if are_equal(np.array([self.weights[name] for name in self.by_respondent])) else self.weights
        )

    @property
    def _rows(self) -> Sequence[Mapping[str, Answer]]:
        return list(self.by_respondent.values())


def _is_ordered(question: Question) -> bool:
    return question.level is not MeasurementLevel.NOMINAL or len(question.codes) == 2


def _position(answer: Answer | None, codes: tuple[int, ...]) -> int:
    if answer is None or answer.status is AnswerStatus.NOT_ASKED:
        return NOT_ASKED
    if answer.status is not AnswerStatus.ANSWERED:
        return NO_ANSWER
    return codes.index(answer.choices[0])


def _shown_positions(answer: Answer | None, codes: tuple[int, ...]) -> list[int]:
    shown = answer.shown_codes if answer is not None and answer.shown_codes else codes
    return [codes.index(code) for code in shown]


def _text(answer: Answer | None) -> str | None:
    return None if answer is None or answer.status is AnswerStatus.NOT_ASKED else answer.text


def _item_answers(rows: Sequence[Mapping[str, Answer]], wordings: Sequence[Question]) -> ItemAnswers:
    """Of one item in its wordings, shapes (V, N, K) and (V, N)."""
    given = [[answers.get(name) for answers in rows] for name in (question.id for question in wordings)]
    chosen = [
        _chosen(by_respondent, question.codes)
        for question, by_respondent in zip(wordings, given, strict=True)
    ]
    was_asked = [
        [answer is not None and answer.status is not AnswerStatus.NOT_ASKED for answer in by_respondent]
        for by_respondent in given
    ]
    return ItemAnswers(np.array(chosen, dtype=np.bool_), np.array(was_asked, dtype=np.bool_))


def _chosen(answers: Sequence[Answer | None], codes: Sequence[int]) -> list[list[bool]]:
    """Which options each respondent chose, N rows of K."""
    choices = [
        answer.choices if answer is not None and answer.status is AnswerStatus.ANSWERED else ()
        for answer in answers
    ]
    return [[code in chosen for code in codes] for chosen in choices]


def _shares(reference: ItemReference | None) -> NDArray[np.float64] | None:
    return None if reference is None else np.array(reference.shares)
