"""Simulates how often panels of people are flagged by the measures of structure and order bias.

Invented people with the shipped shares and correlations of a country answer its items of the World Values
Survey; orders are shuffled. The figures in docs/concepts/variety.md come from

    python scripts/simulate_structure.py --repetitions 200
"""

import argparse
from collections.abc import Iterator

import numpy as np

from def_sim.metrics.choice_array import Choices, shuffle_people
from def_sim.metrics.people_panels import draw_panels_of_people
from def_sim.metrics.position_bias import position_bias
from def_sim.metrics.sample import Array, normalise
from def_sim.metrics.structure import Structure, structure_beside_people
from def_sim.resources import data_folder
from def_sim.surveys.human_reference import read_reference
from def_sim.surveys.human_structure import shipped_structure
from def_sim.surveys.item_bank import read_items

NUM_PEOPLE = 1580  # behind the correlations that the panels are compared with: the effective n of USA


class World:
    """A population whose shares and correlations are known, and whose people can be asked."""

    def __init__(self, population: str) -> None:
        structure = shipped_structure(population)
        assert structure is not None, f"no correlations of {population}"
        items = {item.id: item for item in read_items(data_folder() / "items" / "wvs7.yaml").items}
        path = data_folder() / "references" / population / "wvs7.csv"
        people = read_reference(path, items, population).for_everyone()
        self.r = structure.correlations
        self.shares = [normalise(np.array(people[item_id].shares)) for item_id in structure.item_ids]
        self.num_options = [one.size for one in self.shares]

    def panel(self, num_respondents: int, rng: np.random.Generator) -> Choices:
        """Answers of N people, shape (N, Q)."""
        everyone = np.ones((num_respondents, len(self.shares)), dtype=np.bool_)
        [drawn] = draw_panels_of_people(self.r, self.shares, everyone, rng, 1)
        return drawn.astype(np.int64)


def structures(world: World, num_respondents: int, repetitions: int) -> Iterator[tuple[Structure, Structure]]:
    """A panel of people and the same panel shuffled, beside a survey of the same people."""
    survey = np.corrcoef(world.panel(NUM_PEOPLE, np.random.default_rng(1)).T)
    for repetition in range(repetitions):
        rng = np.random.default_rng([num_respondents, repetition])
        panel = world.panel(num_respondents, rng)
        yield (
            structure_beside_people(
                panel, world.num_options, world.shares, survey, human_n=NUM_PEOPLE, rng=rng
            ),
            structure_beside_people(
                shuffle_people(panel, rng),
                world.num_options,
                world.shares,
                survey,
                human_n=NUM_PEOPLE,
                rng=rng,
            ),
        )


def print_structures(name: str, found: list[Structure], truth: float) -> None:
    """One line: how often as people, how often flagged, slope and its coverage, normalised score."""
    slopes: Array = np.array([one.slope for one in found])
    covered = np.mean([one.slope_low <= truth <= one.slope_high for one in found])
    as_people = np.mean([one.is_as_people for one in found])
    has_structure = np.mean([one.has_structure for one in found])
    normalised = np.mean([one.normalised for one in found])
    print(
        f"  {name:9} as people {as_people:.3f}, has structure {has_structure:.3f}, "
        f"slope {slopes.mean():.3f} (covered {covered:.3f}), normalised {normalised:.3f}"
    )


def print_order_bias(world: World, num_respondents: int, repetitions: int) -> None:
    """One line: how often people without order bias are flagged, and their mean debiased index."""
    flags, debiased = [], []
    for repetition in range(repetitions):
        rng = np.random.default_rng([num_respondents, repetition, 2])
        panel = world.panel(num_respondents, rng)
        orders = [[rng.permutation(k).tolist() for k in world.num_options] for _ in panel]
        bias = position_bias(panel, orders, world.num_options, rng=rng)
        flags.append(bias.is_flagged)
        debiased.append(bias.debiased)
    print(f"  order     flagged {np.mean(flags):.3f}, debiased index {np.mean(debiased):+.4f}")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--population", default="USA")
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--respondents", type=int, nargs="+", default=[20, 200])
    arguments = parser.parse_args()
    world = World(arguments.population)
    for num_respondents in arguments.respondents:
        print(f"{num_respondents} respondents, {len(world.shares)} items")
        pairs = list(structures(world, num_respondents, arguments.repetitions))
        print_structures("people", [people for people, _ in pairs], 1.0)
        print_structures("shuffled", [shuffled for _, shuffled in pairs], 0.0)
        print_order_bias(world, num_respondents, arguments.repetitions)


if __name__ == "__main__":
    main()
