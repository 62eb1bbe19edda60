"""What people who coded an audit say of a set of verdicts: corrected rates, precision, recall, agreement.

Rows of an audit are drawn by verdict, so rates, precision, recall and accuracy are weighed by the strata;
agreement is that of the rows as they were drawn. Knows no sheet.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from def_sim.judging.audit import BY_RULE, CodedAudit, CodedStratum, coded_strata, coding_table
from def_sim.judging.verdicts import Source, Verdict
from def_sim.metrics.agreement import (
    alpha_interval,
    cohen_kappa,
    kappa_interval,
    krippendorff_alpha,
    raw_agreement,
)
from def_sim.metrics.misclassification import (
    Accuracy,
    CorrectedRate,
    Stratum,
    corrected_by_coders,
    judge_quality,
    weighted_accuracy,
)
from def_sim.metrics.sample import Array
from def_sim.randomness import keyed_rng


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two agree on the rows that both coded; kappa with 95 % from draws of rows. NaN: undefined."""

    pair: str  # in words
    num_rows: int
    raw: float
    kappa: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AuditedQuestion:
    """What people say of the verdicts under one question of a rubric. NaN where nothing can be said.

    `precision` and `recall` are means over the coders, in [0, 1], of defects. `accuracy` is the mean over the
    coders, its interval from the lower low to the higher high.
    `kappa`: of the verdicts with a coder, mean over the coders. `alpha`: Krippendorff's, of the coders with
    each other; NaN with one coder.
    """

    question: str
    num_audited: int  # rows that at least one coder coded
    corrected: CorrectedRate
    precision: float
    recall: float
    accuracy: Accuracy
    kappa: float
    alpha: float
    alpha_low: float
    alpha_high: float
    agreements: tuple[Agreement, ...]


def audited_question(
    audit: CodedAudit, verdicts: Sequence[Verdict], question: str, *, seed: int, by_judge_only: bool = False
) -> AuditedQuestion:
    """The codes of one question, weighed by the strata of its verdicts.

    Args:
        audit: Of the set.
        verdicts: All of the set.
        question: Of the rubric; its verdicts are defects, or options.
        seed: Of all draws.
        by_judge_only: Whether what rules found is another matter, as a wrong choice is beside explanations.
    """
    about = [one for one in verdicts if one.question == question]
    rows = [row for row in audit.rows if row.verdict.question == question]
    if by_judge_only:
        about = [one for one in about if one.source is Source.JUDGE]
        rows = [row for row in rows if row.stratum != BY_RULE]
    strata = [coded_strata(rows, about, codes) for codes in audit.coders]
    table = coding_table(rows, audit.coders, question)
    coded = table[:-1]
    rng = keyed_rng(seed, "audit", audit.set_name, question, "correction")
    qualities = [judge_quality(_of_defects(one)) for one in strata]
    agreements = _agreements(table, seed, f"{audit.set_name} {question}")
    alpha, (low, high) = _alpha(coded, seed, f"{audit.set_name} {question}")
    with_verdicts = agreements[len(agreements) - len(audit.coders) :]
    return AuditedQuestion(
        question,
        int((~np.isnan(coded)).any(axis=0).sum()),
        _corrected(strata, rng),
        _mean([one.precision for one in qualities]),
        _mean([one.recall for one in qualities]),
        _of_coders([_accuracy(one) for one in strata]),
        _mean([one.kappa for one in with_verdicts]),
        alpha,
        low,
        high,
        tuple(agreements),
    )


def _of_defects(strata: Sequence[CodedStratum]) -> list[Stratum]:
    return [Stratum(one.size, one.num_audited, one.num_defects, one.is_positive) for one in strata]


def _corrected(strata: Sequence[Sequence[CodedStratum]], rng: np.random.Generator) -> CorrectedRate:
    # A coder who left the whole question empty has no say in it; the other one's estimate stands.
    given = [_of_defects(one) for one in strata if any(stratum.num_audited for stratum in one)]
    return corrected_by_coders(given, rng)


def _accuracy(strata: Sequence[CodedStratum]) -> Accuracy:
    sizes, audited, right = (
        [getattr(one, name) for one in strata] for name in ("size", "num_audited", "num_right")
    )
    return weighted_accuracy(sizes, audited, right)


def _of_coders(each: Sequence[Accuracy]) -> Accuracy:
    """Coders who disagree are not averaged away: the interval holds both of theirs."""
    known = [one for one in each if not math.isnan(one.share)]
    if not known:
        return Accuracy(math.nan, math.nan, math.nan)
    low, high = min(one.low for one in known), max(one.high for one in known)
    return Accuracy(sum(one.share for one in known) / len(known), low, high)


def _agreements(table: Array, seed: int, about: str) -> list[Agreement]:
    """Each pair of coders, then each coder with the verdicts; table as from `coding_table`."""
    num_coders = len(table) - 1
    names = [*(f"coder {number}" for number in range(1, num_coders + 1)), "the verdicts"]
    pairs = [*combinations(range(num_coders), 2), *((coder, num_coders) for coder in range(num_coders))]
    return [
        _agreement(table[[one, other]], f"{names[one]} and {names[other]}", seed, about)
        for one, other in pairs
    ]


def _agreement(pair: Array, words: str, seed: int, about: str) -> Agreement:
    low, high = kappa_interval(pair, keyed_rng(seed, "kappa", about, words))
    num_rows = int((~np.isnan(pair)).all(axis=0).sum())
    return Agreement(words, num_rows, raw_agreement(pair), cohen_kappa(pair), low, high)


def _alpha(coded: Array, seed: int, about: str) -> tuple[float, tuple[float, float]]:
    if len(coded) < 2:
        return math.nan, (math.nan, math.nan)
    return krippendorff_alpha(coded), alpha_interval(coded, keyed_rng(seed, "alpha", about))


def _mean(values: Sequence[float]) -> float:
    """Over the coders of whom there is a value."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
