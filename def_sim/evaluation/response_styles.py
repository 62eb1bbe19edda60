"""Response styles: ends and middle of scales, and naming the first choice again."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from def_sim.evaluation.findings import Finding
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.metrics.answer_tendencies import Tendency, scale_tendencies
from def_sim.metrics.repeated_choice import RepeatedChoice, repeated_first_choice
from def_sim.records import QuestionType

__all__ = ["NO_FOLLOW_UPS", "RepeatedChoice", "ResponseStyles", "Tendency", "response_styles"]

NO_FOLLOW_UPS: Final = "No question for a second choice was answered."


@dataclass(frozen=True, slots=True)
class ResponseStyles:
    """What the panel does with scales beside people, and how often a second choice repeats the first."""

    scales: Sequence[Tendency]  # by part of the scale
    repeated: RepeatedChoice  # over all follow-ups
    repeated_by_item: Mapping[str, RepeatedChoice]  # of each follow-up, in its wordings; by item

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its rows of `measures.csv`."""
        return (
            *(_finding(one) for one in self.scales),
            _repeats("", self.repeated),
            *(_repeats(item_id, one) for item_id, one in self.repeated_by_item.items()),
        )


def response_styles(arrays: PanelArrays) -> ResponseStyles:
    """Of the scales, and of the questions that follow up another one; only the former heed weights."""
    scales = arrays.columns(lambda question: question.type is QuestionType.SCALE)
    places = {question.id: place for place, question in enumerate(arrays.single_questions)}
    pairs: dict[str, list[tuple[int, int]]] = {}
    for question in arrays.single_questions:
        if (first := f"{question.follow_up_of}#{question.wording}") in places:
            pairs.setdefault(question.item_id, []).append((places[first], places[question.id]))
    return ResponseStyles(
        scale_tendencies(scales.choices, scales.num_options, scales.people, arrays.respondent_weights),
        _repeated(arrays, [pair for of_item in pairs.values() for pair in of_item]),
        {item_id: _repeated(arrays, of_item) for item_id, of_item in pairs.items()},
    )


def _repeated(arrays: PanelArrays, pairs: Sequence[tuple[int, int]]) -> RepeatedChoice:
    firsts, seconds = ([pair[side] for pair in pairs] for side in (0, 1))
    return repeated_first_choice(arrays.choices[:, firsts], arrays.choices[:, seconds])


def _repeats(item_id: str, one: RepeatedChoice) -> Finding:
    why = "" if one.num_answers else NO_FOLLOW_UPS
    return Finding("repeated_first_choice", one.share, group=item_id, low=one.low, high=one.high, reason=why)


def _finding(one: Tendency) -> Finding:
    name = f"scale_{one.part.replace(' ', '_')}"
    # The interval is of the difference; moved to the share, people's being taken as given.
    return Finding(
        name,
        one.panel,
        low=_as_share(one.people + one.low),
        high=_as_share(one.people + one.high),
        people=one.people,
        num_items=one.num_items,
        reason=one.reason,
    )


def _as_share(value: float) -> float:
    return value if math.isnan(value) else min(max(value, 0.0), 1.0)
