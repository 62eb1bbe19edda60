"""Response styles: ends and middle of scales, and naming the first choice again."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from def_sim.evaluation.findings import Finding
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.metrics.answer_tendencies import (
    RepeatedChoice,
    Tendency,
    repeated_first_choice,
    scale_tendencies,
)
from def_sim.records import QuestionType

__all__ = ["NO_FOLLOW_UPS", "RepeatedChoice", "ResponseStyles", "Tendency", "response_styles"]

NO_FOLLOW_UPS: Final = "No question for a second choice was answered."


@dataclass(frozen=True, slots=True)
class ResponseStyles:
    """What the panel does with scales beside people, and how often a second choice repeats the first."""

    scales: Sequence[Tendency]  # by part of the scale
    repeated: RepeatedChoice

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its rows of `measures.csv`."""
        return (
            *(_finding(one) for one in self.scales),
            Finding(
                "repeated_first_choice",
                self.repeated.share,
                low=self.repeated.low,
                high=self.repeated.high,
                reason="" if self.repeated.num_answers else NO_FOLLOW_UPS,
            ),
        )


def response_styles(arrays: PanelArrays) -> ResponseStyles:
    """Of the scales, and of the questions that follow up another one."""
    scales = arrays.columns(lambda question: question.type is QuestionType.SCALE)
    places = {question.id: place for place, question in enumerate(arrays.single_questions)}
    pairs = [
        (places[first], places[question.id])
        for question in arrays.single_questions
        if (first := f"{question.follow_up_of}#{question.wording}") in places
    ]
    firsts, seconds = ([pair[side] for pair in pairs] for side in (0, 1))
    return ResponseStyles(
        scale_tendencies(scales.choices, scales.num_options, scales.people),
        repeated_first_choice(arrays.choices[:, firsts], arrays.choices[:, seconds]),
    )


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
