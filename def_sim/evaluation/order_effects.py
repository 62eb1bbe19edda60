"""Order effects: whether the place at which an option was shown decides."""

import math
from dataclasses import dataclass

from def_sim.evaluation.findings import Finding
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.metrics.position_bias import PlaceBias, PlaceProfile, position_bias
from def_sim.randomness import keyed_rng

__all__ = ["OrderEffects", "PlaceBias", "PlaceProfile", "order_effects"]


@dataclass(frozen=True, slots=True)
class OrderEffects:
    """The share of answers that the place of an option accounts for, beside what chance gives."""

    bias: PlaceBias

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its rows of `measures.csv`."""
        found = self.bias
        return (
            self._finding("position_bias", found.debiased),
            self._finding("position_bias_index", found.index, by_chance=found.by_chance),
            self._finding("first_place_excess", found.first_excess),
            self._finding("last_place_excess", found.last_excess),
            self._finding("position_bias_p_value", found.p_value),
        )

    def _finding(self, measure: str, value: float, *, by_chance: float = math.nan) -> Finding:
        num_items, why = self.bias.num_items, self.bias.reason
        return Finding(measure, value, people=by_chance, num_items=num_items, reason=why)


def order_effects(arrays: PanelArrays, *, seed: int) -> OrderEffects:
    """Of all questions with one choice.

    Args:
        arrays: Choices and the orders in which options were shown.
        seed: Of the permutations.
    """
    rng = keyed_rng(seed, "position bias")
    return OrderEffects(position_bias(arrays.choices, arrays.shown, arrays.num_options, rng=rng))
