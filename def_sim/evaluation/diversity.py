"""Diversity: how varied the panel's texts and choices are, beside people's."""

import math
from dataclasses import dataclass

from def_sim.evaluation.findings import Finding
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.metrics.diversity import Diversity, diversity_beside_people, text_diversity
from def_sim.surveys.human_structure import HumanStructure

__all__ = ["Diversity", "PanelDiversity", "panel_diversity"]


@dataclass(frozen=True, slots=True)
class PanelDiversity:
    """Diversity of choices beside that of as many people, and of texts."""

    choices: Diversity
    texts: float  # in [0, 1]; NaN: no question has two texts
    num_respondents: int  # N

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its rows of `measures.csv`."""
        found = self.choices
        return (
            Finding(
                "choice_diversity",
                found.choice_diversity,
                people=found.human,
                people_low=found.human_low,
                people_high=found.human_high,
                random=found.uniform,
                num_items=found.num_items,
                reason=found.reason,
            ),
            Finding(
                "text_diversity",
                self.texts,
                reason="No question has two texts." if math.isnan(self.texts) else "",
            ),
        )


def panel_diversity(arrays: PanelArrays, people: HumanStructure | None) -> PanelDiversity:
    """Of all answers of a panel, the completions as they came.

    Args:
        arrays: The panel's choices and texts, everyone's shares beside them.
        people: People's correlations; None where they are not known.
    """
    asked = [question.item_id for question in arrays.single_questions]
    known = None if people is None else people.of_items(asked).correlations
    found = diversity_beside_people(arrays.choices, arrays.num_options, arrays.people(), known)
    return PanelDiversity(found, text_diversity(arrays.texts), len(arrays.choices))
