"""Simulates the ranges and tests of a report's sections on panels whose answers hang together.

Panels of people of the three worlds of `dependent_panels` are neither more nor less varied than people, have
no habits beyond people's, no order bias and people's own structure: each verdict to the contrary is a false
one. The figures in docs/concepts/intervals.md come from

    python scripts/simulate_dependence.py --repetitions 300 --tables diversity scales variance repeats
    python scripts/simulate_dependence.py --repetitions 300 --sizes 20 60 --tables order
    python scripts/simulate_coverage.py --repetitions 20 --sizes 200 --tables structure
    python scripts/simulate_coverage.py --repetitions 500 --sizes 20 --tables slope
    python scripts/simulate_coverage.py --repetitions 60 --sizes 60 --tables slope
    python scripts/simulate_coverage.py --repetitions 120 --sizes 200 --tables slope
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final

import numpy as np
from dependent_panels import WORLDS, People
from scipy.stats import norm

from def_sim.metrics.answer_tendencies import scale_tendencies
from def_sim.metrics.choice_array import Choices, shuffle_people
from def_sim.metrics.diversity import diversity_beside_people
from def_sim.metrics.position_bias import position_bias
from def_sim.metrics.repeated_choice import repeated_first_choice
from def_sim.metrics.spread import variance_ratio
from def_sim.metrics.structure import Structure, structure_beside_people

NUM_PEOPLE: Final = 1580  # behind the correlations that panels are compared with
REPEATERS: Final = (
    (0.05, 0.8),
    (0.2, 0.3),
    (0.2, 0.8),
    (0.5, 0.8),
)  # share, and how far it is a person's habit
NUM_FOLLOW_UPS: Final = 9  # three items in three wordings
STRUCTURE: Final = ("structure", "slope")
Row = Mapping[str, float]


def print_shares(rows: Mapping[tuple[str, int], Sequence[Row]]) -> None:
    """Means over repetitions, in per cent, a line a world and N."""
    names = list(next(iter(rows.values()))[0])
    print(f"\n| world | N | {' | '.join(names)} |\n" + "|---" * (2 + len(names)) + "|")
    for (world, size), found in rows.items():
        shares = [100 * float(np.mean([row[name] for row in found])) for name in names]
        cells = " | ".join("–" if np.isnan(share) else f"{share:.1f}" for share in shares)
        print(f"| {world} | {size} | {cells} |", flush=True)


def by_world(
    sizes: Sequence[int], repetitions: int, row_of: Callable[[People, Choices, np.random.Generator], Row]
) -> dict[tuple[str, int], list[Row]]:
    """A row for each panel of each world and N."""
    people, found = People(), {}
    for world, size in product(WORLDS, sizes):
        rng = np.random.default_rng([21, WORLDS.index(world), size])
        panels = people.panels(world, size, rng, repetitions)
        found[world, size] = [row_of(people, panel, rng) for panel in panels]
    return found


def diversity_row(people: People, panel: Choices, _rng: np.random.Generator) -> Row:
    """Whether the panel is in the range of people, of independent items too, and how wide the range is."""
    found = diversity_beside_people(panel, people.num_options, people.shares)
    off, half = abs(found.choice_diversity - found.human), (found.human_high - found.human_low) / 2
    return {
        "in the range": off <= half,
        "in that of independent items": off <= half / np.sqrt(found.design_effect),
        "half-width": half,
    }


def scales_row(people: People, panel: Choices, _rng: np.random.Generator) -> Row:
    """Whether the interval of each part of the scales holds people's share."""
    items = np.flatnonzero(people.is_scale)
    options, shares = [people.num_options[at] for at in items], [people.shares[at] for at in items]
    return {one.part: one.low <= 0 <= one.high for one in scale_tendencies(panel[:, items], options, shares)}


def variance_row(people: People, panel: Choices, _rng: np.random.Generator) -> Row:
    """Whether the interval of the ratio of variances on scales holds people's, 1."""
    items = np.flatnonzero(people.is_scale)
    options, shares = [people.num_options[at] for at in items], [people.shares[at] for at in items]
    found = variance_ratio(panel[:, items], options, shares)
    return {"ratio of variances": found.low <= 1 <= found.high}


def order_row(people: People, panel: Choices, rng: np.random.Generator) -> Row:
    """Whether order bias is found, by shuffled and by balanced orders."""
    items = np.flatnonzero(~people.is_scale)
    options = [people.num_options[item] for item in items]
    drawn = [rng.permutation(num_options) for num_options in options]
    designs = {
        "shuffled": [[rng.permutation(num).tolist() for num in options] for _ in panel],
        "balanced": [[np.roll(one, -row).tolist() for one in drawn] for row in range(len(panel))],
    }
    return {
        name: position_bias(panel[:, items], orders, options, rng=rng, num_draws=99).is_flagged
        for name, orders in designs.items()
    }


def structure_rows(sizes: Sequence[int], repetitions: int) -> dict[tuple[str, int], list[Row]]:
    """Verdicts on panels of people beside a survey of the same people, and on the same panels shuffled."""
    return {
        place: [
            {
                "as people": one.is_as_people,
                "structure found": one.has_structure,
                "shuffled: as people": none.is_as_people,
                "shuffled: structure found": none.has_structure,
            }
            for one, none in pairs
        ]
        for place, pairs in _structures(WORLDS, sizes, repetitions, num_draws=99)
    }


def slope_rows(sizes: Sequence[int], repetitions: int) -> dict[tuple[str, int], list[Row]]:
    """Whether the interval of the slope holds 1 of people, and 0 of the same panels shuffled.

    Where people's correlations are nothing but chance there is no slope to speak of.
    """
    return {
        place: [
            {
                "slope held": one.slope_low <= 1 <= one.slope_high,
                "too low": one.slope_high < 1,
                "width": one.slope_high - one.slope_low,
                "shuffled: slope held": none.slope_low <= 0 <= none.slope_high,
                "shuffled: too low": none.slope_high < 0,
            }
            for one, none in pairs
        ]
        for place, pairs in _structures(("structure", "style"), sizes, repetitions, num_draws=1)
    }


def _structures(
    worlds: Sequence[str], sizes: Sequence[int], repetitions: int, *, num_draws: int
) -> Iterator[tuple[tuple[str, int], list[tuple[Structure, Structure]]]]:
    """A panel of people and the same shuffled, each beside another survey of the same people."""
    people = People()
    for world, size in product(worlds, sizes):
        rng = np.random.default_rng([22, WORLDS.index(world), size])
        surveys = people.panels(world, NUM_PEOPLE, rng, repetitions)
        panels = people.panels(world, size, rng, repetitions)
        pairs = []
        for survey, panel in zip(surveys, panels, strict=True):
            survey_r = np.corrcoef(survey.T)
            one, none = (
                structure_beside_people(
                    array,
                    people.num_options,
                    people.shares,
                    survey_r,
                    human_n=NUM_PEOPLE,
                    rng=rng,
                    num_draws=num_draws,
                )
                for array in (panel, shuffle_people(panel, rng))
            )
            pairs.append((one, none))
        yield (world, size), pairs


def print_structure(table: str, sizes: Sequence[int], repetitions: int) -> None:
    """One of the tables on structure."""
    rows_of = {"structure": structure_rows, "slope": slope_rows}[table]
    print_shares(rows_of(sizes, repetitions))


def repeats_rows(sizes: Sequence[int], repetitions: int) -> Iterator[tuple[tuple[str, int], list[Row]]]:
    """Whether intervals hold the share of second choices that repeat the first."""
    for (share, habit), size in product(REPEATERS, sizes):
        rng = np.random.default_rng([23, size])
        rows: list[Row] = []
        for _ in range(repetitions):
            person, own = rng.standard_normal((size, 1)), rng.standard_normal((size, NUM_FOLLOW_UPS))
            repeats = norm.cdf(np.sqrt(habit) * person + np.sqrt(1 - habit) * own) < share
            zero = np.zeros(repeats.shape, dtype=np.int64)
            each = repeated_first_choice(zero, np.where(repeats, 0, 1))
            # As if every answer came from a respondent of its own.
            alone = repeated_first_choice(zero.ravel(), np.where(repeats, 0, 1).ravel())
            rows.append(
                {
                    "clustered": each.low <= share <= each.high,
                    "answers taken as independent": alone.low <= share <= alone.high,
                }
            )
        yield (f"{share:.0%} repeat, habit {habit}", size), rows


def main() -> None:
    """Prints the tables."""
    rows_of = {
        "diversity": diversity_row,
        "scales": scales_row,
        "variance": variance_row,
        "order": order_row,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=300)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 60, 200])
    parser.add_argument("--tables", nargs="+", choices=[*rows_of, *STRUCTURE, "repeats"], required=True)
    wanted = parser.parse_args()
    for table in wanted.tables:
        if table in STRUCTURE:
            print_structure(table, wanted.sizes, wanted.repetitions)
        elif table == "repeats":
            print_shares(dict(repeats_rows(wanted.sizes, wanted.repetitions)))
        else:
            print_shares(by_world(wanted.sizes, wanted.repetitions, rows_of[table]))


if __name__ == "__main__":
    main()
