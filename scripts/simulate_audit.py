"""Simulates audits of a judge that errs, and prints how good raw and corrected rates are.

Invented answers with a known share of defects, some found by a rule, the others put to a judge of a known
sensitivity and specificity; some rows of each stratum are coded by people, who are right. Each repetition
draws answers, verdicts and rows anew. The table in docs/statistics.md comes from

    python scripts/simulate_audit.py --repetitions 2000 --seed 1
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.misclassification import Stratum, corrected_rate

PREVALENCES: Final = (0.02, 0.05, 0.25, 0.40)
PER_STRATUM: Final = (25, 50)
SENSITIVITY, SPECIFICITY = 0.75, 0.97
RULE_SHARE: Final = 0.3  # of the defects, where rules find some: without error, and never asked of the judge
Flags = NDArray[np.bool_]


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


def settings() -> list[Setting]:
    """Without rules and with them, every prevalence, 25 and 50 rows a stratum."""
    return [
        Setting(prevalence, per_stratum, rule_share=rule_share)
        for rule_share, prevalence, per_stratum in product((0.0, RULE_SHARE), PREVALENCES, PER_STRATUM)
    ]


def table_row(setting: Setting, outcome: Outcome) -> str:
    """A row of the table in docs/statistics.md."""
    cells = [
        f"{setting.rule_share:.1f}",
        f"{setting.prevalence:.2f}",
        f"{setting.per_stratum}",
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
        print(table_row(setting, simulate(setting, numbers.repetitions, rng)), flush=True)


if __name__ == "__main__":
    main()
