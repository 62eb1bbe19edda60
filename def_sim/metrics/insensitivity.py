"""How often a defect was found among the answers that were judged, and what the missing ones leave open.

Knows counts only. What several answers of one respondent are worth is the business of `clustered_share`, and
whether a judge is right that of `misclassification`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import norm

LEVEL: Final = 0.95


def wilson_interval(num_defects: float, num_judged: float, *, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's score interval of a share.

    Args:
        num_defects: Answers with the defect, 0 to `num_judged`.
        num_judged: Answers that were judged. Where rows weigh unequally both are effective numbers, and need
            not be whole.
        level: Of confidence, in (0, 1).

    Returns:
        Lower and upper end, in [0, 1]; NaN if nothing was judged.

    Raises:
        ValueError: More defects than answers, or a negative number.

    Source: Wilson 1927, JASA 22; as in Brown, Cai and DasGupta 2001, Statistical Science 16(2).
    """
    _check_counts(num_defects, num_judged, 0)
    if num_judged == 0:
        return float("nan"), float("nan")
    z = float(norm.ppf((1 + level) / 2))
    share, penalty = num_defects / num_judged, z**2 / num_judged
    centre = (share + penalty / 2) / (1 + penalty)
    half = z / (1 + penalty) * float(np.sqrt(share * (1 - share) / num_judged + penalty / num_judged / 4))
    # At 0 and 1 an end is exactly there, but for rounding.
    low = 0.0 if num_defects == 0 else max(centre - half, 0.0)
    high = 1.0 if num_defects == num_judged else min(centre + half, 1.0)
    return low, high


@dataclass(frozen=True, slots=True)
class DefectRate:
    """Defects per judged answer.

    `rate`, `low`, `high`: of the judged answers, in [0, 1]; NaN if there are none.
    `if_missing_low`, `if_missing_high`: the rate if none or all of the missing verdicts were defects.
    """

    num_judged: int
    num_missing: int
    rate: float
    low: float
    high: float
    if_missing_low: float
    if_missing_high: float


def defect_rate(
    num_defects: int, num_judged: int, num_missing: int, *, worth: float | None = None
) -> DefectRate:
    """The share of judged answers that have a defect, with Wilson's 95 % interval.

    Args:
        num_defects: Judged answers with the defect.
        num_judged: Answers with a verdict, by rule or by judge.
        num_missing: Answers whose verdict is missing; they are in no rate, and never "no defect".
        worth: How many independent answers the judged ones are worth; None: each is independent.

    Raises:
        ValueError: Counts that cannot be.
    """
    _check_counts(num_defects, num_judged, num_missing)
    size = float(num_judged) if worth is None else worth
    low, high = wilson_interval(num_defects / max(num_judged, 1) * size, size)
    num_all = num_judged + num_missing
    return DefectRate(
        num_judged,
        num_missing,
        num_defects / num_judged if num_judged else float("nan"),
        low,
        high,
        num_defects / num_all if num_all else float("nan"),
        (num_defects + num_missing) / num_all if num_all else float("nan"),
    )


def _check_counts(num_defects: float, num_judged: float, num_missing: int) -> None:
    if not 0 <= num_defects <= num_judged or num_missing < 0:
        found = f"{num_defects} defects in {num_judged} judged answers, {num_missing} missing"
        raise ValueError(f"expected 0 <= defects <= judged and no negative number, found {found}")
