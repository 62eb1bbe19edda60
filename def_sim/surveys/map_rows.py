"""The rows of the cultural map: which items and options it uses, and how an answer becomes a number.

An item with a direction is one row; a battery (a multiple-choice item made of yes/no
variables) is one row for each option, in the option's own topic group. A value lies in
[0, 1], and 1 always means most of the topic group. People's shares and respondents'
choices are recoded by the same numbers. Knows no file and no country.

Letters: K options, N respondents, R rows of the map.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from def_sim.records import Answer, AnswerStatus, Dimension, ItemReference, QuestionType
from def_sim.surveys.item_bank import Item, OptionEntry

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MapRow:
    """One row of the map. Its value is `base` plus the sum of the weights of what was chosen."""

    item_id: str
    code: int | None  # the option of a battery; None: the item as a whole
    topic: str  # a few English words for axis labels
    dimension: Dimension
    direction: int  # +1: high codes mean more of the dimension; -1: less
    weights: dict[int, float]  # option code -> what choosing it adds; all codes of the item
    low_answer: str  # in words: what a value of 0 means
    high_answer: str  # and a value of 1
    base: float = 0.0

    @property
    def id(self) -> str:
        """Address of the row, e.g. `wvs7.Q164`, or `wvs7.Q7_17:3` for an option."""
        return self.item_id if self.code is None else f"{self.item_id}:{self.code}"

    def answer_towards(self, loading: float) -> str:
        """The row and its answer at the positive end of an axis on which it has this loading."""
        return f"{self.topic}: {self.high_answer if loading > 0 else self.low_answer}"

    def fits(self, reference: ItemReference) -> bool:
        """Whether these people were shown what the row needs: the whole scale, or the option."""
        if self.code is not None:
            return self.code in reference.codes
        return reference.codes == tuple(self.weights)

    def value_of_people(self, reference: ItemReference) -> float:
        """Mean over people of the recoded answer, in [0, 1]; weighted as the reference is."""
        pairs = zip(reference.codes, reference.shares, strict=True)
        return self.base + sum(self.weights[code] * share for code, share in pairs)


def map_rows(items: Iterable[Item]) -> tuple[MapRow, ...]:
    """The rows that these items give, in their order. Items without a direction give none."""
    return tuple(row for item in items for row in _rows_of(item))


def _rows_of(item: Item) -> list[MapRow]:
    if item.type is QuestionType.MULTIPLE:
        return [_option_row(item, option) for option in item.options if option.direction != 0]
    return [] if item.direction == 0 else [_item_row(item)]


def _option_row(item: Item, option: OptionEntry) -> MapRow:
    answers = ("not mentioned", "mentioned")[:: option.direction]
    dimension = option.dimension or item.dimension
    assert dimension is not None  # items without one have no direction, see Item
    return MapRow(
        item_id=item.id,
        code=option.code,
        topic=f"{item.topic}: {_words(option)}",
        dimension=dimension,
        direction=option.direction,
        weights={other.code: float(option.direction * (other.code == option.code)) for other in item.options},
        low_answer=answers[0],
        high_answer=answers[1],
        base=float(option.direction < 0),  # not mentioning it is then the high end
    )


def _item_row(item: Item) -> MapRow:
    # Positions, not codes: codes may skip numbers.
    places = np.linspace(0.0, 1.0, len(item.options))[:: item.direction]
    assert item.dimension is not None  # as above
    ends = [_words(item.options[0]), _words(item.options[-1])][:: item.direction]
    return MapRow(
        item_id=item.id,
        code=None,
        topic=item.topic,
        dimension=item.dimension,
        direction=item.direction,
        weights={option.code: float(at) for option, at in zip(item.options, places, strict=True)},
        low_answer=ends[0],
        high_answer=ends[1],
    )


def _words(option: OptionEntry) -> str:
    """The option in English, else in whatever language it has: topics are English, too."""
    return option.labels.get("en") or next(iter(option.labels.values()))


def respondent_values(answers: Iterable[Answer], rows: Sequence[MapRow]) -> tuple[tuple[str, ...], Array]:
    """What each respondent answered, recoded, so that respondents can be resampled.

    Args:
        answers: Of one run, in any order. Several wordings of an item are averaged.
        rows: Of the map, R of them.

    Returns:
        Respondents' names in order, and their values in [0, 1], shape (N, R). NaN where a respondent
        gave no valid answer to the row's item; respondents without any valid answer stay, as NaN.

    Raises:
        ValueError: A choice is not among the codes of its item.
    """
    columns: dict[str, list[int]] = defaultdict(list)
    for column, row in enumerate(rows):
        columns[row.item_id].append(column)
    respondents: dict[str, tuple[list[float], list[int]]] = {}
    known: dict[tuple[str, tuple[int, ...]], list[float]] = {}  # what an answer is on the rows of its item
    for answer in answers:
        if answer.respondent_id not in respondents:
            respondents[answer.respondent_id] = [0.0] * len(rows), [0] * len(rows)
        if answer.status is not AnswerStatus.ANSWERED or answer.item_id not in columns:
            continue
        sums, times = respondents[answer.respondent_id]
        places, kind = columns[answer.item_id], (answer.item_id, answer.choices)
        if kind not in known:
            known[kind] = [_value_of_answer(answer, rows[column]) for column in places]
        for column, value in zip(places, known[kind], strict=True):
            sums[column] += value
            times[column] += 1
    names = tuple(sorted(respondents))
    return names, np.array([_mean(*respondents[name]) for name in names]).reshape(len(names), len(rows))


def _value_of_answer(answer: Answer, row: MapRow) -> float:
    if strangers := [code for code in answer.choices if code not in row.weights]:
        raise ValueError(f"{answer.question_id}: {strangers} are not among the codes {list(row.weights)}")
    return row.base + sum(row.weights[code] for code in answer.choices)


def _mean(sums: Sequence[float], times: Sequence[int]) -> Array:
    total, count = np.array(sums, dtype=np.float64), np.array(times, dtype=np.float64)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
