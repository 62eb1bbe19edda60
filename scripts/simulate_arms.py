"""Simulates how often an arm that is only more varied, or that knows people better, gets which verdict.

A baseline panel holds opinions of its own on 60 items. In one arm 30 % of the answers are given at random, in
the other 30 % as people give them; both come closer to people and are more varied than the baseline. The
verdict is that of a comparison of arms. The table in docs/concepts/arms.md comes from

    python scripts/simulate_arms.py --repetitions 200
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from def_sim.evaluation.arm_verdicts import ArmVerdict, variety_of, verdict_of
from def_sim.evaluation.paired_runs import METRIC, RunScores, compare_pair
from def_sim.metrics.bootstrap import draw_weights, resample_panel, score_draws
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.sample import Array, Sample
from def_sim.randomness import keyed_rng

NUM_ITEMS = 60
SHARE = 0.3  # of the baseline's answers that an arm gives otherwise
SHARPNESS = 3.0  # the baseline agrees with itself more than people do
EFFECTIVE_N = 1500.0
GROUPS = ("EVI", "PDI", "TDI")


@dataclass(frozen=True)
class World:
    """People's shares of each item, and those of a panel with opinions of its own."""

    people: list[Array]
    baseline: list[Array]

    def arm(self, kind: str) -> list[Array]:
        """Shares of the baseline with some answers given otherwise."""
        other = {
            "random": [np.full(one.size, 1 / one.size) for one in self.people],
            "people": self.people,
            "none": self.baseline,
        }[kind]
        return [(1 - SHARE) * own + SHARE * new for own, new in zip(self.baseline, other, strict=True)]


def make_world(seed: int) -> World:
    """Items of 2 to 10 options; the baseline's shares are those of other people, sharpened."""
    rng = keyed_rng(seed, "world of arms")
    sizes = rng.choice([2, 3, 4, 5, 10], size=NUM_ITEMS)
    people = [rng.dirichlet(np.ones(size)) for size in sizes]
    others = [rng.dirichlet(np.ones(size)) ** SHARPNESS for size in sizes]
    return World(people, [one / one.sum() for one in others])


def scores_of(name: str, shares: Sequence[Array], world: World, num_respondents: int, seed: int) -> RunScores:
    """A panel that answers by these shares, resampled as a report does."""
    rng = keyed_rng(seed, "answers of arms", name, num_respondents)
    columns = [rng.choice(one.size, size=num_respondents, p=one) for one in shares]
    choices: NDArray[np.int64] = np.array(columns, dtype=np.int64).T
    panel = PanelAnswers.from_choices(choices, [one.size for one in shares])
    weights = draw_weights(num_respondents, keyed_rng(seed, "resampled respondents", num_respondents))
    resampled = resample_panel(panel, weights)
    people: list[Sample | None] = [Sample.of_people(one, EFFECTIVE_N) for one in world.people]
    forms = [ItemForm(is_ordered=True)] * NUM_ITEMS
    return RunScores(
        name,
        seed,
        score_draws(resampled, people, forms, METRIC),
        resampled.observed,
        people,
        forms,
        [GROUPS[item % len(GROUPS)] for item in range(NUM_ITEMS)],
        [str(item) for item in range(NUM_ITEMS)],
    )


def verdict(kind: str, num_respondents: int, repetition: int) -> ArmVerdict:
    """The verdict on one arm beside its baseline, in a world of its own."""
    world = make_world(repetition)
    arm = scores_of(kind, world.arm(kind), world, num_respondents, repetition)
    baseline = scores_of("baseline", world.baseline, world, num_respondents, repetition)
    found = compare_pair(arm, baseline)
    variety = variety_of(arm, baseline, found, found.found.p_value)
    return verdict_of(found.found.difference.estimate, found.found.p_value, variety.verdict)


def main() -> None:
    """Prints a line for each arm and panel size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--respondents", type=int, nargs="+", default=[20, 100])
    arguments = parser.parse_args()
    for num_respondents in arguments.respondents:
        for kind in ("random", "people", "none"):
            verdicts = [verdict(kind, num_respondents, one) for one in range(arguments.repetitions)]
            counts = Counter(verdicts)
            told = ", ".join(f"{name} {counts[name]}" for name in ArmVerdict if counts[name])
            print(f"{num_respondents} respondents, 30 % {kind}: {told}", flush=True)


if __name__ == "__main__":
    main()
