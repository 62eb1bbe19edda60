"""Simulates whether the slope of two countries' panels on their people's differences holds what it promises.

Panels with the shares of people of the USA and China on the ordered items that both were asked alike lie as
far apart as people do (slope 1); panels of one opinion for both do not differ (slope 0). Respondents' answers
hang together as in the worlds of `dependent_panels`; 60 of the items are drawn anew in each repetition. The
figures in docs/concepts/arms.md come from

    python scripts/simulate_contrast.py --repetitions 800 --seed 2
"""

import argparse
from collections.abc import Sequence
from itertools import product

import numpy as np
from dependent_panels import WORLDS, People

from def_sim.metrics.bootstrap import ScoreDraws, draw_weights, resample_panel
from def_sim.metrics.choice_array import Choices
from def_sim.metrics.country_contrast import country_contrast, position_draws
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.sample import Sample
from def_sim.records import MeasurementLevel
from def_sim.resources import data_folder
from def_sim.surveys.item_bank import read_items

NUM_PEOPLE = 2000.0
NUM_DRAWS = 200


def shared_items(first: People, second: People) -> list[tuple[int, int]]:
    """Places of the ordered items that both peoples were asked with as many options."""
    bank = {item.id: item for item in read_items(data_folder() / "items" / "wvs7.yaml").items}
    theirs = {name: place for place, name in enumerate(second.item_ids)}
    return [
        (place, theirs[name])
        for place, name in enumerate(first.item_ids)
        if name in theirs
        and first.num_options[place] == second.num_options[theirs[name]]
        and (bank[name].level is not MeasurementLevel.NOMINAL or first.num_options[place] == 2)
    ]


def positions(choices: Choices, num_options: Sequence[int], rng: np.random.Generator) -> ScoreDraws:
    """Mean positions of a panel, resampled."""
    weights = draw_weights(len(choices), rng, NUM_DRAWS)
    panel = resample_panel(PanelAnswers.from_choices(choices, num_options), weights)
    return position_draws(panel, range(len(num_options)))


def coverage(
    world: str, size: int, repetitions: int, num_items: int, seed: int
) -> tuple[float, float, float]:
    """How often intervals hold 1 for people's shares, and 0 for one opinion; the mean slope of the former."""
    peoples = People("USA"), People("CHN")
    shared = shared_items(*peoples)
    rng = np.random.default_rng([seed, 62, WORLDS.index(world), size])
    americans = list(peoples[0].panels(world, size, rng, 2 * repetitions))
    chinese = list(peoples[1].panels(world, size, rng, repetitions))
    rows = []
    for repetition in range(repetitions):
        chosen = [shared[place] for place in rng.choice(len(shared), size=num_items, replace=False)]
        ours, theirs = ([pair[side] for pair in chosen] for side in (0, 1))
        options = [peoples[0].num_options[place] for place in ours]
        people = tuple(
            [Sample.of_people(one.shares[place], NUM_PEOPLE) for place in places]
            for one, places in zip(peoples, (ours, theirs), strict=True)
        )
        first, same = (
            positions(americans[2 * repetition + which][:, ours], options, rng) for which in (0, 1)
        )
        second = positions(chinese[repetition][:, theirs], options, rng)
        apart, one_opinion = (
            country_contrast(first, other, (people[0], people[1]), rng).slope for other in (second, same)
        )
        rows.append((apart.low <= 1 <= apart.high, one_opinion.low <= 0 <= one_opinion.high, apart.estimate))
    held, zero, mean = np.mean(rows, axis=0)
    return float(held), float(zero), float(mean)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 200])
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=list(WORLDS))
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    print("| world | N | people's shares: holds 1 | one opinion: holds 0 | mean slope |\n" + "|---" * 5 + "|")
    for world, size in product(wanted.worlds, wanted.sizes):
        held, zero, mean = coverage(world, size, wanted.repetitions, wanted.items, wanted.seed)
        print(f"| {world} | {size} | {100 * held:.1f} | {100 * zero:.1f} | {mean:.3f} |", flush=True)


if __name__ == "__main__":
    main()
