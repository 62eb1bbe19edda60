"""Simulates audits of a judge that errs, and prints how good raw and corrected rates are.

Invented answers with a known share of defects, some found by a rule, the others put to a judge of a known
sensitivity and specificity; some rows of each stratum are coded by people, who are right. Each repetition
draws answers, verdicts and rows anew. A second table is of judges who name options: 50 rows over the options
named, and how often the judge is right. Both tables in docs/concepts/non_response.md come from

    python scripts/simulate_audit.py --repetitions 2000 --seed 1
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.judging.audit import NUM_STANCES
from def_sim.metrics.misclassification import Stratum, corrected_rate, weighted_accuracy

PREVALENCES: Final = (0.02, 0.05, 0.25, 0.40)
PER_STRATUM: Final = (25, 50)
SENSITIVITY, SPECIFICITY = 0.75, 0.97
RULE_SHARE: Final = 0.3  # of the defects, where rules find some: without error, and never asked of the judge
ACCURACIES: Final = (0.60, 0.80, 0.95)
NUM_OPTIONS: Final = (3, 11)
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Setting:
    """Answers of a run and how they are judged and audited."""

    prevalence: float
    per_stratum: int
    num_judged: int = 200
    sensitivity: float = SENSITIVITY
    specificity: float = SPECIFICITY
    rule_share: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """Of many audits: mean rates, the corrected one's bias in standard errors, its interval."""

    raw: float
    corrected: float
    bias_in_errors: float
    coverage: float
    width: float


def audited_strata(setting: Setting, rng: np.random.Generator) -> list[Stratum]:
    """One run's verdicts by stratum, with what people say of the audited rows."""
    has_defect = rng.random(setting.num_judged) < setting.prevalence
    by_rule = has_defect & (rng.random(setting.num_judged) < setting.rule_share)
    says_defect = np.where(has_defect, setting.sensitivity, 1 - setting.specificity)
    by_judge = ~by_rule & (rng.random(setting.num_judged) < says_defect)
    neither = ~by_rule & ~by_judge
    return [
        _audited(has_defect[by_rule], setting.per_stratum, rng, is_positive=True),
        _audited(has_defect[by_judge], setting.per_stratum, rng, is_positive=True),
        _audited(has_defect[neither], setting.per_stratum, rng, is_positive=False),
    ]


def _audited(has_defect: Flags, per_stratum: int, rng: np.random.Generator, *, is_positive: bool) -> Stratum:
    rows = rng.permutation(has_defect)[:per_stratum]
    return Stratum(has_defect.size, rows.size, int(rows.sum()), is_positive)


def simulate(setting: Setting, repetitions: int, rng: np.random.Generator, num_draws: int = 4000) -> Outcome:
    """Many audits of the same setting."""
    raw, rates, lows, highs = np.empty((4, repetitions))
    for i in range(repetitions):
        strata = audited_strata(setting, rng)
        found = corrected_rate(strata, rng, num_draws)
        raw[i] = sum(one.size for one in strata if one.is_positive) / setting.num_judged
        rates[i], lows[i], highs[i] = found.rate, found.low, found.high
    error = float(rates.std(ddof=1) / np.sqrt(repetitions))
    covers = (lows <= setting.prevalence) & (setting.prevalence <= highs)
    return Outcome(
        float(raw.mean()),
        float(rates.mean()),
        float(rates.mean() - setting.prevalence) / error,
        float(covers.mean()),
        float((highs - lows).mean()),
    )


@dataclass(frozen=True)
class Stances:
    """Texts of a run, the options that a judge reads out of them, and how right it is.

    Each option is named half as often as the one before it, at least as often as one text in a hundred;
    the judge is right less often of those named most.
    """

    accuracy: float  # over all texts
    num_options: int  # that are named, 0 among them
    num_texts: int = 400
    num_rows: int = NUM_STANCES

    @property
    def shares(self) -> NDArray[np.float64]:
        """How often each option is named."""
        falling = np.maximum(0.5 ** np.arange(self.num_options), 0.02)
        return np.asarray(falling / falling.sum(), dtype=np.float64)

    @property
    def accuracies(self) -> NDArray[np.float64]:
        """How often each is right; together `accuracy`."""
        slope = np.linspace(-0.02, 0.02, self.num_options)
        return np.asarray(self.accuracy + slope - self.shares @ slope, dtype=np.float64)


def simulate_stances(setting: Stances, repetitions: int, rng: np.random.Generator) -> Outcome:
    """Many audits of a judge who names options. `raw` and `corrected`: unweighted and weighted accuracy."""
    raw, shares, lows, highs = np.empty((4, repetitions))
    for i in range(repetitions):
        sizes = rng.multinomial(setting.num_texts, setting.shares)
        num_right = rng.binomial(sizes, setting.accuracies)
        rows = rows_in_turn(sizes, setting.num_rows)
        right = rng.hypergeometric(num_right, sizes - num_right, rows)
        found = weighted_accuracy(sizes.tolist(), rows.tolist(), right.tolist())
        raw[i] = right.sum() / rows.sum()
        shares[i], lows[i], highs[i] = found.share, found.low, found.high
    error = float(shares.std(ddof=1) / np.sqrt(repetitions))
    covers = (lows <= setting.accuracy) & (setting.accuracy <= highs)
    bias = float(shares.mean() - setting.accuracy) / error
    width = float((highs - lows).mean())
    return Outcome(float(raw.mean()), float(shares.mean()), bias, float(covers.mean()), width)


def rows_in_turn(sizes: Counts, num_rows: int) -> Counts:
    """How many rows each option has if one of each is drawn in turn, as long as it has any."""
    rows = np.zeros_like(sizes)
    while rows.sum() < min(num_rows, sizes.sum()):
        open_ones = np.flatnonzero(rows < sizes)[: num_rows - rows.sum()]
        rows[open_ones] += 1
    return rows


def settings() -> list[Setting]:
    """Without rules and with them, every prevalence, 25 and 50 rows a stratum."""
    return [
        Setting(prevalence, per_stratum, rule_share=rule_share)
        for rule_share, prevalence, per_stratum in product((0.0, RULE_SHARE), PREVALENCES, PER_STRATUM)
    ]


def table_row(*setting: str, outcome: Outcome) -> str:
    """A row of a table in docs/concepts/non_response.md."""
    cells = [
        *setting,
        f"{outcome.raw:.3f}",
        f"{outcome.corrected:.4f}",
        f"{outcome.bias_in_errors:+.1f}",
        f"{100 * outcome.coverage:.1f}",
        f"{outcome.width:.3f}",
    ]
    return "| " + " | ".join(cells) + " |"


def main(words: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repetitions", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    numbers = parser.parse_args(words)
    print("| by rules | defects | rows a stratum | raw | corrected | bias / s.e. | coverage % | width |")
    print("|---|---|---|---|---|---|---|---|")
    for place, setting in enumerate(settings()):
        rng = np.random.default_rng([numbers.seed, place])
        outcome = simulate(setting, numbers.repetitions, rng)
        said = (f"{setting.rule_share:.1f}", f"{setting.prevalence:.2f}", f"{setting.per_stratum}")
        print(table_row(*said, outcome=outcome), flush=True)
    print("\n| options | right | unweighted | weighted | bias / s.e. | coverage % | width |")
    print("|---|---|---|---|---|---|---|")
    for place, (num_options, accuracy) in enumerate(product(NUM_OPTIONS, ACCURACIES)):
        rng = np.random.default_rng([numbers.seed, place, 2])
        outcome = simulate_stances(Stances(accuracy, num_options), numbers.repetitions, rng)
        print(table_row(f"{num_options}", f"{accuracy:.2f}", outcome=outcome), flush=True)


if __name__ == "__main__":
    main()
