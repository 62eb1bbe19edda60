"""The difference of two shares that were found independently, with an interval from those of each.

Knows numbers only.
"""

import math


def difference_interval(
    share: float, ends: tuple[float, float], other: float, other_ends: tuple[float, float]
) -> tuple[float, float]:
    """Interval of `share - other` from the intervals of both (method of variance estimates recovery).

    With Wilson's intervals this is Newcombe's hybrid score interval, which covers well at small numbers and
    at shares of 0.

    Args:
        share: In [0, 1].
        ends: Its interval, lower and upper end.
        other: In [0, 1], of others.
        other_ends: Its interval.

    Returns:
        Lower and upper end, in [-1, 1]; NaN where an interval is missing.

    Source: Newcombe 1998, Statistics in Medicine 17, 873-890, method 10; Zou and Donner 2008, ibid. 27.
    """
    difference = share - other
    low = difference - math.hypot(share - ends[0], other_ends[1] - other)
    high = difference + math.hypot(ends[1] - share, other - other_ends[0])
    if math.isnan(low) or math.isnan(high):
        return math.nan, math.nan
    return max(low, -1.0), min(high, 1.0)
