"""Interval and test for any smooth score, from what it is without each respondent in turn.

Letters: N respondents.
"""

from typing import Final

import numpy as np
from scipy.stats import t as student

from def_sim.metrics.sample import Array

_ROUNDING: Final = 1e-12  # what it leaves between scores that are the same


def jackknife_interval(value: float, left_out: Array) -> tuple[float, float]:
    """Student's 95 % interval around a score.

    Args:
        value: The score of all respondents.
        left_out: The score without each of them, shape (N,).

    Returns:
        Lower and upper end; NaN with one respondent, where the score is undefined without one of them, and
        where it is not 0 and the same without any of them: how others would differ is then unknown.
    """
    half = _half_width(left_out)
    if half == 0 and value != 0:
        half = float("nan")
    return value - half, value + half


def widened_interval(value: float, left_out: Array) -> tuple[float, float]:
    """The same for a score in which few respondents weigh much, so that their spread is known less well.

    Its variance is larger by the share sqrt(2 / (N - 1)), the standard error of a variance of N.
    """
    half = _half_width(left_out) * float(np.sqrt(1 + np.sqrt(2 / max(left_out.size - 1, 1))))
    return value - half, value + half


def _half_width(left_out: Array) -> float:
    num = left_out.size
    if num < 2:
        return float("nan")
    return float(student.ppf(0.975, num - 1)) * _standard_error(left_out)


def jackknife_p_value(value: float, left_out: Array) -> float:
    """Two-sided, of a true score of 0; below .05 exactly where the interval excludes 0.

    Args:
        value: The score of all respondents.
        left_out: The score without each of them, shape (N,).

    Returns:
        NaN where there is no interval; 1 where nobody moves the score from 0.
    """
    if left_out.size < 2 or np.isnan(left_out).any():
        return float("nan")
    error = _standard_error(left_out)
    if error == 0:
        return 1.0 if value == 0 else float("nan")
    return float(2 * student.sf(abs(value) / error, left_out.size - 1))


def _standard_error(left_out: Array) -> float:
    num = left_out.size
    error = float(np.sqrt((num - 1) / num * ((left_out - left_out.mean()) ** 2).sum()))
    return 0.0 if error <= _ROUNDING * np.abs(left_out).max(initial=1.0) else error
