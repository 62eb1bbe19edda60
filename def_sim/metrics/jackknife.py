"""An interval for any smooth score, from what it is without each respondent in turn.

Letters: N respondents.
"""

import numpy as np
from scipy.stats import t as student

from def_sim.metrics.sample import Array


def jackknife_interval(value: float, left_out: Array) -> tuple[float, float]:
    """Student's 95 % interval around a score.

    Args:
        value: The score of all respondents.
        left_out: The score without each of them, shape (N,).

    Returns:
        Lower and upper end; NaN with one respondent, or where the score is undefined without one of them.
    """
    num = left_out.size
    if num < 2:
        return float("nan"), float("nan")
    error = np.sqrt((num - 1) / num * ((left_out - left_out.mean()) ** 2).sum())
    half = float(student.ppf(0.975, num - 1) * error)
    return value - half, value + half
