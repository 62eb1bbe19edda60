"""Variance between respondents beside people's, and pairs of near-duplicates."""

from dataclasses import dataclass
from typing import Final

from def_sim.evaluation.findings import Finding
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.metrics import spread
from def_sim.metrics.spread import Duplicates, VarianceRatio, duplicate_respondents, variance_ratio
from def_sim.randomness import keyed_rng

__all__ = ["MIN_COMMON", "NEAR", "Duplicates", "NearDuplicates", "VarianceRatio", "near_duplicates"]

NEAR: Final = spread.NEAR  # share of common items on which near-duplicates agree
MIN_COMMON: Final = spread.MIN_COMMON  # items that both of a pair must have answered


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """How far respondents are apart, and how many pairs of them answer nearly alike."""

    variance: VarianceRatio
    pairs: Duplicates

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its rows of `measures.csv`."""
        ratio, pairs, why = self.variance, self.pairs, self.pairs.reason
        return (
            Finding(
                "variance_ratio",
                ratio.value,
                low=ratio.low,
                high=ratio.high,
                people=1.0,
                num_items=ratio.num_items,
                reason=ratio.reason,
            ),
            Finding("near_duplicates", pairs.near_share, people=pairs.people_near, reason=why),
            Finding("near_duplicates_shuffled", pairs.near_expected, reason=why),
            Finding("identical_respondents", pairs.identical_share, reason=why),
            Finding("identical_respondents_shuffled", pairs.identical_expected, reason=why),
            Finding("mean_agreement", pairs.mean_agreement, people=pairs.people_agreement, reason=why),
            Finding("num_pairs_of_respondents", float(pairs.num_pairs)),
        )


def near_duplicates(arrays: PanelArrays, *, seed: int) -> NearDuplicates:
    """Variance on the ordered and two-option items, agreement on all questions with one choice.

    Args:
        arrays: The panel's choices, everyone's shares beside them.
        seed: Of the answers that are handed out anew.
    """
    ordered, rng = arrays.ordered_columns, keyed_rng(seed, "duplicates")
    return NearDuplicates(
        variance_ratio(ordered.choices, ordered.num_options, ordered.people),
        duplicate_respondents(arrays.choices, arrays.num_options, arrays.people(), rng=rng),
    )
