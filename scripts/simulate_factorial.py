"""Simulates how often the effects of a full factorial hold what they promise, and prints the table.

Eight arms of scripted respondents in three worlds of `dependent_panels`: their answers are independent,
hang together by one style, or by people's correlations. Each repetition draws 60 items anew: people's
shares, and a wrong opinion that a share of the answers follows. One setting takes 30 points of the wrong
answers away, another 15, both together 10 more; the third does nothing. So two main effects and one
interaction are not 0, and four effects are. The figures in docs/concepts/arms.md come from

    python scripts/simulate_factorial.py --repetitions 200
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from dependent_panels import STYLE, WORLDS, People
from scipy.stats import norm

from def_sim.metrics.bootstrap import ScoreDraws, draw_weights, resample_panel, score_draws
from def_sim.metrics.choice_array import Choices
from def_sim.metrics.factorial import (
    Cell,
    Effect,
    all_cells,
    all_effects,
    contrast,
    contrast_of_numbers,
    mean_effect,
)
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.noise_floor import draw_samples
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.panel_scores import score_panel
from def_sim.metrics.people_panels import draw_panels_of_people
from def_sim.metrics.sample import Array, Sample
from def_sim.metrics.score_scale import SCALES

METRIC: Final = "js_divergence"
NUM_FACTORS, NUM_OPTIONS, NUM_PEOPLE = 3, (2, 3, 4, 5, 7, 10), 1500.0
FORM: Final = ItemForm(is_ordered=True)
POOL_SIZE: Final = 600  # items that could have been asked
PANELS_A_CELL: Final = 20_000
LEVEL: Final = 0.05


@dataclass(frozen=True)
class PlantedItem:
    """An item that could have been asked: people's shares and those of a wrong opinion."""

    human: Array  # (K,)
    wrong: Array  # (K,)

    def shares(self, cell: Cell) -> Array:
        """Of an arm's answers."""
        first, second, _ = cell
        share = 0.6 - 0.3 * first - 0.15 * second - 0.1 * (first and second)
        return np.asarray((1 - share) * self.human + share * self.wrong)

    @property
    def people(self) -> Sample:
        """The people behind the reference."""
        return Sample.of_people(self.human, NUM_PEOPLE)


def planted_items(rng: np.random.Generator) -> list[PlantedItem]:
    """All items that could be asked."""
    sizes = rng.choice(NUM_OPTIONS, size=POOL_SIZE)
    return [PlantedItem(rng.dirichlet(np.full(k, 1.2)), rng.dirichlet(np.full(k, 0.4))) for k in sizes]


def expected_effects(pool: Sequence[PlantedItem], size: int, rng: np.random.Generator) -> dict[Effect, float]:
    """The effects on the expected score of a panel of N, over all items that could be asked."""
    by_shares = {(a, b): _expected_score(pool, (a, b, False), size, rng) for a, b in all_cells(2)}
    known = {cell: np.array(by_shares[cell[0], cell[1]]) for cell in all_cells(NUM_FACTORS)}
    return {effect: float(contrast_of_numbers(known, effect)) for effect in all_effects(NUM_FACTORS)}


def _expected_score(pool: Sequence[PlantedItem], cell: Cell, size: int, rng: np.random.Generator) -> float:
    means = []
    for item in pool:
        drawn = draw_samples(item.shares(cell), size, rng, form=FORM, num_draws=PANELS_A_CELL)
        means.append(score_panel([drawn], [item.people], [FORM], METRIC).mean())
    return float(np.mean(means))


def panels_of_arms(
    world: str, items: Sequence[PlantedItem], size: int, r: Array, rng: np.random.Generator
) -> dict[Cell, Choices]:
    """The arms' answers, shape (N, Q) each; in the world of one style a respondent keeps it in every arm."""
    habit = rng.standard_normal((size, 1))
    everyone = np.ones((size, len(items)), dtype=np.bool_)
    found: dict[Cell, Choices] = {}
    for cell in all_cells(NUM_FACTORS):
        shares = [item.shares(cell) for item in items]
        if world == "style":
            own = rng.standard_normal((size, len(items)))
            places = norm.cdf(np.sqrt(STYLE) * habit + np.sqrt(1 - STYLE) * own)
            columns = [np.searchsorted(np.cumsum(p)[:-1], places[:, i]) for i, p in enumerate(shares)]
            found[cell] = np.array(columns).T
        else:
            known = r if world == "structure" else np.full_like(r, np.nan)
            [drawn] = draw_panels_of_people(known, shares, everyone, rng, 1)
            found[cell] = drawn.astype(np.int64)
    return found


def scored(
    arms: dict[Cell, Choices], items: Sequence[PlantedItem], draws: int, rng: np.random.Generator
) -> dict[Cell, ScoreDraws]:
    """Scores of all arms, resampled with the same weights."""
    options, people = [item.human.size for item in items], [item.people for item in items]
    weights = draw_weights(len(next(iter(arms.values()))), rng, draws)
    return {
        cell: score_draws(
            resample_panel(PanelAnswers.from_choices(choices, options), weights),
            people,
            [FORM] * len(items),
            METRIC,
        )
        for cell, choices in arms.items()
    }


@dataclass(frozen=True)
class Tally:
    """Shares of repetitions: intervals that hold the expected effect, and effects that are flagged."""

    covered: dict[Effect, float]
    flagged: dict[Effect, float]
    expected: dict[Effect, float]


def tally(
    world: str, size: int, people: People, *, repetitions: int, num_items: int, draws: int, seed: int
) -> Tally:
    """What becomes of the seven effects in one world, at one N."""
    rng = np.random.default_rng([seed, 61, WORLDS.index(world), size])
    pool = planted_items(rng)
    expected = expected_effects(pool, size, rng)
    hits: dict[Effect, list[tuple[bool, bool]]] = {effect: [] for effect in expected}
    for _ in range(repetitions):
        items = [pool[place] for place in rng.integers(len(pool), size=num_items)]
        asked = rng.choice(len(people.item_ids), size=num_items, replace=False)
        arms = panels_of_arms(world, items, size, people.r[np.ix_(asked, asked)], rng)
        scores = scored(arms, items, draws, rng)
        for effect, truth in expected.items():
            found = mean_effect(contrast(scores, effect), rng, scale=SCALES[METRIC])
            interval = found.difference
            hits[effect].append((interval.low <= truth <= interval.high, found.p_value < LEVEL))
    shares = {effect: np.mean(rows, axis=0) for effect, rows in hits.items()}
    return Tally(
        {effect: float(share[0]) for effect, share in shares.items()},
        {effect: float(share[1]) for effect, share in shares.items()},
        expected,
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 200])
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=list(WORLDS))
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    people = People()
    print("| world | N | effect | expected | interval holds it | flagged |\n" + "|---" * 6 + "|")
    for world, size in product(wanted.worlds, wanted.sizes):
        found = tally(
            world,
            size,
            people,
            repetitions=wanted.repetitions,
            num_items=wanted.items,
            draws=wanted.draws,
            seed=wanted.seed,
        )
        for effect, expected in found.expected.items():
            name = " x ".join("abc"[place] for place in effect)
            cells = f"{100 * found.covered[effect]:.1f} | {100 * found.flagged[effect]:.1f}"
            print(f"| {world} | {size} | {name} | {expected:.4f} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
