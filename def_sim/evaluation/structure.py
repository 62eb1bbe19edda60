"""Structure: whether one respondent's answers hang together as people's do.

Letters: Q items, P pairs of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from def_sim.evaluation.findings import Finding
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.metrics.sample import Array
from def_sim.metrics.structure import Structure, correlations, structure_beside_people
from def_sim.randomness import keyed_rng
from def_sim.records import Question
from def_sim.surveys.human_structure import HumanStructure

__all__ = ["NO_SPAN", "PanelStructure", "Structure", "panel_structure"]

NO_SPAN: Final = "A panel without structure is no farther from people than as many people are."


@dataclass(frozen=True, slots=True)
class PanelStructure:
    """Correlations between items, panel beside people."""

    beside_people: Structure
    people: Array  # correlations of all pairs of items, shape (P,); NaN where unknown
    panel: Array  # of the same pairs
    num_respondents: int  # N

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its rows of `measures.csv`."""
        found = self.beside_people
        difference, likeness, why = found.mean_abs_difference, found.correlation_of_correlations, found.reason
        return (
            Finding(
                "structure_difference",
                difference.value,
                people=difference.floor,
                people_low=difference.floor_low,
                people_high=difference.floor_high,
                reason=why,
            ),
            Finding("structure_difference_shuffled", difference.shuffled, reason=why),
            Finding(
                "structure_normalised",
                found.normalised,
                people=1.0,
                reason=why or (NO_SPAN if math.isnan(found.normalised) else ""),
            ),
            Finding(
                "structure_slope",
                found.slope,
                low=found.slope_low,
                high=found.slope_high,
                people=1.0,
                random=0.0,
                reason=why,
            ),
            Finding("structure_p_value", found.p_no_structure, reason=why),
            Finding(
                "structure_likeness",
                likeness.value,
                people=likeness.floor,
                people_low=likeness.floor_low,
                people_high=likeness.floor_high,
                reason=why,
            ),
            Finding("structure_num_pairs", float(found.num_pairs), reason=why),
            Finding("structure_num_undefined_pairs", float(found.num_undefined), reason=why),
        )


def panel_structure(arrays: PanelArrays, people: HumanStructure | None, *, seed: int) -> PanelStructure:
    """Of the ordered and two-option items in their base wording.

    Args:
        arrays: The panel's choices, everyone's shares beside them.
        people: People's correlations; None where they are not known.
        seed: Of the drawn panels of people and of panels without structure.
    """
    items = arrays.ordered_columns
    known, num_people = _of_people(people, items.questions)
    found = structure_beside_people(
        items.choices,
        items.num_options,
        items.people,
        known,
        human_n=num_people,
        rng=keyed_rng(seed, "structure"),
    )
    panel = correlations(items.choices, items.num_options).r
    pairs = np.triu_indices(len(items.questions), k=1)
    return PanelStructure(found, known[pairs], panel[pairs], len(items.choices))


def _of_people(people: HumanStructure | None, questions: Sequence[Question]) -> tuple[Array, Array]:
    """People's correlations and numbers of people, shape (Q, Q); NaN where unknown."""
    if people is None:
        unknown = np.full((len(questions), len(questions)), np.nan)
        return unknown, unknown
    known = people.of_items([question.item_id for question in questions])
    return known.correlations, known.num_people
