"""Rates corrected by what people found in an audit: stratified by verdict, so that few rows say much.

A judge that errs gives a biased rate however many answers it reads. People code some rows of each stratum
(defect by rule, defect by judge, no defect); weighted by the strata their codes give the rate without bias.
Knows no judge and no sheet.

Letters: S strata, B draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from def_sim.metrics.insensitivity import wilson_interval
from def_sim.metrics.sample import Array

NUM_DRAWS: Final = 4000
FEWEST_AUDITED: Final = 5  # rows of a stratum, or all it has
_TAIL: Final = 0.025
_PRIOR: Final = 0.5  # Jeffreys', of a rate and of the shares of the strata


@dataclass(frozen=True, slots=True)
class Stratum:
    """Judged answers with the same verdict, and what one coder said of those that were audited."""

    size: int  # judged answers
    num_audited: int  # of them, with a code
    num_defects: int  # of those, that the coder calls a defect
    is_positive: bool  # the verdict says defect

    def __post_init__(self) -> None:
        if not 0 <= self.num_defects <= self.num_audited <= self.size:
            raise ValueError(f"expected 0 <= defects <= audited <= size, found {self}")

    @property
    def has_enough(self) -> bool:
        """Whether it was audited enough to say anything: 5 rows, or all it has."""
        return self.num_audited >= min(FEWEST_AUDITED, self.size)


@dataclass(frozen=True, slots=True)
class CorrectedRate:
    """The share of defects as people see them, in [0, 1]; NaN with the reason why there is none.

    `by_coder`: the estimate from each coder's codes.
    """

    rate: float
    low: float
    high: float
    by_coder: tuple[float, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class JudgeQuality:
    """How good verdicts are, by people's codes, each row weighed by its stratum.

    `precision`: share of the defects found that are some. `recall`: share of the defects that were found.
    `accuracy`: share of the verdicts that are right. NaN where it is undefined or a stratum was not audited.
    """

    precision: float
    recall: float
    accuracy: float


def corrected_rate(
    strata: Sequence[Stratum], rng: np.random.Generator, num_draws: int = NUM_DRAWS
) -> CorrectedRate:
    """The rate of defects from one coder's codes: sum of (share of the stratum) x (its share of defects).

    The interval holds 95 % of B draws of Beta(x + .5, m - x + .5) a stratum, x defects in m rows, weighted
    by Dirichlet(sizes + .5): judged answers stand for all answers. Strata without answers are left out.

    Args:
        strata: S of them; together all judged answers.
        rng: Of the draws.
        num_draws: B.
    """
    held = [stratum for stratum in strata if stratum.size > 0]
    reason = _why_not(held)
    if reason:
        return CorrectedRate(float("nan"), float("nan"), float("nan"), reason=reason)
    sizes, audited, defects = _columns(held)
    rate = float((sizes / sizes.sum()) @ (defects / audited))
    weights = rng.dirichlet(sizes + _PRIOR, size=num_draws)
    shares = rng.beta(defects + _PRIOR, audited - defects + _PRIOR, size=(num_draws, len(held)))
    low, high = np.quantile((weights * shares).sum(axis=1), [_TAIL, 1 - _TAIL])
    # Draws never reach 0 or 1, but the estimate may: no interval leaves out its own estimate.
    return CorrectedRate(rate, min(float(low), rate), max(float(high), rate), (rate,))


def corrected_by_coders(
    coders: Sequence[Sequence[Stratum]], rng: np.random.Generator, num_draws: int = NUM_DRAWS
) -> CorrectedRate:
    """The mean of the estimates from several coders, with the interval from the lowest to the highest end.

    Coders who disagree are not averaged away: the interval holds both of theirs.
    """
    if not coders:
        return CorrectedRate(float("nan"), float("nan"), float("nan"), reason="nobody coded anything")
    each = [corrected_rate(strata, rng, num_draws) for strata in coders]
    missing = next((one.reason for one in each if one.reason), "")
    if missing:
        return CorrectedRate(float("nan"), float("nan"), float("nan"), reason=missing)
    rates = tuple(one.rate for one in each)
    mean = float(np.mean(rates))
    return CorrectedRate(mean, min(one.low for one in each), max(one.high for one in each), rates)


def judge_quality(strata: Sequence[Stratum]) -> JudgeQuality:
    """Precision, recall and accuracy of verdicts by one coder's codes, weighed by the sizes of the strata."""
    positive = [stratum for stratum in strata if stratum.is_positive and stratum.size > 0]
    negative = [stratum for stratum in strata if not stratum.is_positive and stratum.size > 0]
    found, missed = _num_defects(positive), _num_defects(negative)
    num_positive, num_negative = (sum(one.size for one in group) for group in (positive, negative))
    return JudgeQuality(
        _share(found, num_positive),
        _share(found, found + missed),
        _share(found + num_negative - missed, num_positive + num_negative),
    )


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of the verdicts of any kind that people agree with, in [0, 1]; NaN where it is not known."""

    share: float
    low: float
    high: float


def weighted_accuracy(sizes: Sequence[int], audited: Sequence[int], right: Sequence[int]) -> Accuracy:
    """Share of the verdicts that a coder agrees with, each row weighed by its stratum.

    The 95 % interval is Wilson's at the effective number of rows, 1 / sum of (share of the stratum)^2 / rows:
    of so many rows drawn from all verdicts alike the share would be as uncertain (Kish 1965, Survey Sampling,
    11.7). It needs few rows of each stratum, unlike `corrected_rate`, since options are many.

    Args:
        sizes: Verdicts in each stratum, shape (S,).
        audited: Of them, with a code.
        right: Of those, with the code of the verdict.

    Returns:
        NaN if there are no verdicts, or a stratum that has some was not audited.
    """
    columns = np.array([sizes, audited, right], dtype=np.float64)
    size, num_audited, num_right = columns[:, columns[0] > 0]
    if size.size == 0 or (num_audited == 0).any():
        return Accuracy(float("nan"), float("nan"), float("nan"))
    weights = size / size.sum()
    share = float((size * (num_right / num_audited)).sum() / size.sum())
    effective = float(1 / (weights**2 / num_audited).sum())
    return Accuracy(share, *wilson_interval(share * effective, effective))


def _why_not(held: Sequence[Stratum]) -> str:
    if not held:
        return "nothing was judged"
    lacking = [stratum for stratum in held if not stratum.has_enough]
    if not lacking:
        return ""
    found = ", ".join(f"{one.num_audited} of {one.size}" for one in lacking)
    return f"too few audited rows in a stratum: {found} (at least {FEWEST_AUDITED}, or all)"


def _columns(strata: Sequence[Stratum]) -> tuple[Array, Array, Array]:
    numbers = [(one.size, one.num_audited, one.num_defects) for one in strata]
    sizes, audited, defects = np.array(numbers, dtype=np.float64).T
    return sizes, audited, defects


def _num_defects(strata: Sequence[Stratum]) -> float:
    """Answers with a defect in these strata, by the audited ones; NaN if one was not audited."""
    if any(stratum.num_audited == 0 for stratum in strata):
        return float("nan")
    return float(sum(stratum.size * stratum.num_defects / stratum.num_audited for stratum in strata))


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")
