"""The numbers that a score can be, an interval that ends within them, and how many items it needs.

A mean of scores that cannot be negative varies more upwards than downwards, and one near an end of its
range can hardly pass it. So the ends of an interval are taken where such scores vary evenly: on the logit of
a score between two ends, on the logarithm of one with a lower end alone. The reach is carried there by the
slope of that function at the estimate (the delta method). Differences of scores have no such end at 0
and are cut at the ends of their range. Which scale holds its level and from how many items on was found by
simulation (docs/concepts/intervals.md, scripts/simulate_coverage.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from def_sim.metrics.kl_paper import NUM_COLUMNS

# From which number on intervals of means held their level in every simulated world. Without an upper end they
# then still reach up to 27 times as far as the score; from eight on, 2 to 6 times.
FEWEST_ITEMS: Final = 5
FEWEST_WITHOUT_END: Final = 8
_AT_THE_END: Final = 1e-12  # what rounding leaves between a score and the end of its range
_LARGEST_EXPONENT: Final = 500.0  # of what floating-point numbers can hold, with room to multiply


@dataclass(frozen=True, slots=True)
class ScoreScale:
    """Where a score lies, and from how many items on its mean has an interval.

    `least` and `most` are the ends of its range, infinite where there is none. `is_difference`: it varies
    alike to both sides, and its interval is cut at the ends.
    """

    least: float = -np.inf
    most: float = np.inf
    fewest_items: int = FEWEST_ITEMS
    is_difference: bool = False
    least_of_drawn: float = 0.0  # see `deviations.two_way_deviations`

    def ends(self, estimate: float, reach: float) -> tuple[float, float]:
        """The interval around an estimate.

        Args:
            estimate: Within the range.
            reach: How far it reaches to either side where nothing bounds it, >= 0.

        Returns:
            Lower and upper end within the range, around the estimate. Of a difference, or where the estimate
            is an end of the range, as far as the reach and the range go.
        """
        room, above = estimate - self.least, self.most - estimate
        if self.is_difference or np.isinf(room) or min(room, above) <= _AT_THE_END:
            return max(estimate - reach, self.least), min(estimate + reach, self.most)
        if np.isinf(above):
            factor = float(np.exp(min(reach / room, _LARGEST_EXPONENT)))
            return self.least + room / factor, self.least + room * factor
        # The logit of the share of the range that lies below; its slope is width / (room * above).
        odds, steps = room / above, reach * (room + above) / (room * above)
        low, high = (
            odds * float(np.exp(np.clip(step, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)))
            for step in (-steps, steps)
        )
        width = self.most - self.least
        # Rounding may lead out of the range by the last digit.
        return max(self.least + width * low / (1 + low), self.least), min(
            self.least + width * high / (1 + high), self.most
        )

    def of_differences(self) -> "ScoreScale":
        """Of one such score minus another."""
        width = self.most - self.least
        return ScoreScale(-width, width, self.fewest_items, is_difference=True)


SHARE: Final = ScoreScale(0.0, 1.0)
# Sums of absolute differences have a kink where panel and people agree. A quarter is enough where all answers
# hang together, and widens other intervals by a few per cent; smooth scores cover without it.
WITH_KINK: Final = ScoreScale(0.0, 1.0, least_of_drawn=0.25)
NOT_NEGATIVE: Final = ScoreScale(0.0, fewest_items=FEWEST_WITHOUT_END)
# The largest standard deviation of a row of the published table: one column has all of it.
_ROW: Final = ScoreScale(0.0, float(np.sqrt(NUM_COLUMNS - 1) / NUM_COLUMNS))
SCALES: Final[Mapping[str, ScoreScale]] = {
    "kl_paper": NOT_NEGATIVE,
    "close_count": SHARE,  # as a share of the items
    "std_paper": _ROW,
    "kl_smoothed_model_human": NOT_NEGATIVE,
    "kl_smoothed_human_model": NOT_NEGATIVE,
    "js_divergence": SHARE,
    "js_distance": SHARE,
    "total_variation": WITH_KINK,
    "wasserstein": WITH_KINK,
    "entropy_ratio": NOT_NEGATIVE,
    "mention_rate_difference": WITH_KINK,
}
