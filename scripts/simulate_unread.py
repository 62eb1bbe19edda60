"""Simulates a difference of two arms that think alike, of which one has half of its answers unread.

Both arms draw their answers from the same shares, so the difference is 0: it should be 0 on average, and its
95 % interval should miss 0 in 5 %. Compared are the scores as they are, above each arm's own floor, and at as
many answers an item, which is what a comparison tests. Panels answer as people do, hold sharper opinions of
their own, or half of each. Unread are single answers, whole respondents, a share that differs by item, or
nothing, which shows what intervals do of themselves. The table in docs/concepts/arms.md comes from

    python scripts/simulate_unread.py --repetitions 400
"""

import argparse
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.evaluation.as_many_answers import floors_at
from def_sim.evaluation.paired_runs import METRIC, RunScores, compare_pair
from def_sim.metrics.bootstrap import draw_weights, resample_panel, score_draws
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.paired import PairedComparison, paired_comparison
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.sample import Array, Sample
from def_sim.metrics.score_scale import SCALES

NUM_ITEMS, NUM_DRAWS, EFFECTIVE_N, SHARPNESS = 60, 200, 1500.0, 3.0
FORM: Final = ItemForm(is_ordered=True)
OWN_OPINION: Final = {"people": 0.0, "half": 0.5, "sharp": 1.0}  # its share in what a panel thinks
UNREAD: Final = ("answers", "respondents", "items", "nothing")
WAYS: Final = ("as they are", "above own floors", "at as many answers")
GROUPS: Final = [("EVI", "PDI", "TDI")[item % 3] for item in range(NUM_ITEMS)]


def shares_of(world: str, rng: np.random.Generator) -> tuple[list[Array], list[Array]]:
    """People's shares of each item, and the panel's."""
    sizes = rng.choice([2, 3, 4, 5, 10], size=NUM_ITEMS)
    people = [rng.dirichlet(np.ones(size)) for size in sizes]
    sharp = [rng.dirichlet(np.ones(size)) ** SHARPNESS for size in sizes]
    own = OWN_OPINION[world]
    return people, [(1 - own) * p + own * s / s.sum() for p, s in zip(people, sharp, strict=True)]


def is_unread(how: str, size: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which answers cannot be read, half of them or none, shape (N, Q)."""
    if how == "nothing":
        return np.zeros((size, NUM_ITEMS), dtype=np.bool_)
    if how == "respondents":
        return np.repeat((rng.permutation(size) < size // 2)[:, None], NUM_ITEMS, axis=1)
    share = rng.uniform(0.1, 0.9, size=NUM_ITEMS) if how == "items" else np.full(NUM_ITEMS, 0.5)
    return np.asarray(rng.random((size, NUM_ITEMS)) < share)


def two_arms(world: str, how: str, size: int, rng: np.random.Generator) -> tuple[RunScores, RunScores]:
    """The arm with unread answers, and the one without; of the same respondents."""
    people, shares = shares_of(world, rng)
    weights = draw_weights(size, rng, NUM_DRAWS)
    known: list[Sample | None] = [Sample.of_people(one, EFFECTIVE_N) for one in people]
    seed, arms = int(rng.integers(2**31)), []
    for name in ("half unread", "read"):
        choices = np.array([rng.choice(one.size, size=size, p=one) for one in shares], dtype=np.int64).T
        if name == "half unread":
            choices = np.where(is_unread(how, size, rng), -1, choices)
        panel = resample_panel(PanelAnswers.from_choices(choices, [one.size for one in shares]), weights)
        draws = score_draws(panel, known, [FORM] * NUM_ITEMS, METRIC)
        items = [str(item) for item in range(NUM_ITEMS)]
        forms = [FORM] * NUM_ITEMS
        arms.append(RunScores(name, seed, draws, panel.observed, known, forms, GROUPS, items, choices >= 0))
    return arms[0], arms[1]


def differences(arm: RunScores, other: RunScores) -> list[PairedComparison]:
    """The difference in each of the ways."""

    def compared(floors: tuple[Array, Array] | None) -> PairedComparison:
        return paired_comparison(
            arm.draws,
            other.draws,
            np.random.default_rng(arm.seed),
            same_respondents=True,
            groups=GROUPS,
            floors=floors,
            scale=SCALES[METRIC].of_differences(),
        )

    own = [floors_at(one.answered, METRIC, None, one.seed) for one in (arm, other)]
    return [compared(None), compared((own[0], own[1])), compare_pair(arm, other).found]


def misses(world: str, how: str, size: int, repetitions: int, seed: int) -> list[tuple[float, float]]:
    """Of each way the mean difference, and how often its interval misses 0."""
    rng = np.random.default_rng([seed, 71, list(OWN_OPINION).index(world), UNREAD.index(how), size])
    found = [differences(*two_arms(world, how, size, rng)) for _ in range(repetitions)]
    return [
        (
            float(np.mean([one.difference.estimate for one in of_way])),
            float(np.mean([not one.difference.low <= 0 <= one.difference.high for one in of_way])),
        )
        for of_way in zip(*found, strict=True)
    ]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=400)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 100])
    parser.add_argument("--worlds", nargs="+", choices=list(OWN_OPINION), default=list(OWN_OPINION))
    parser.add_argument("--unread", nargs="+", choices=UNREAD, default=list(UNREAD))
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    print("| panel | unread | N | " + " | ".join(WAYS) + " |\n" + "|---" * (3 + len(WAYS)) + "|")
    for how, size, world in product(wanted.unread, wanted.sizes, wanted.worlds):
        found = misses(world, how, size, wanted.repetitions, wanted.seed)
        cells = [f"{mean:+.4f}, {100 * share:.1f} %" for mean, share in found]
        print(f"| {world} | {how} | {size} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
