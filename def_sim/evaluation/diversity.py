"""Diversity: how varied the panel's texts and choices are, beside people's."""

import math
from dataclasses import dataclass

from def_sim.evaluation.findings import Finding
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.metrics.diversity import Diversity, diversity_beside_people, text_diversity

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


def panel_diversity(arrays: PanelArrays) -> PanelDiversity:
    """Of all answers of a panel, the completions as they came."""
    found = diversity_beside_people(arrays.choices, arrays.num_options, arrays.people())
    return PanelDiversity(found, text_diversity(arrays.texts), len(arrays.choices))
