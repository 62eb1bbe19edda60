"""Simulates how often panels of people are starred for leaning to a group, and how often a lean is found.

Panels drawn from everyone should be starred for any of the eleven groups in at most 5 % of cases, however one
person's answers hang together (`dependent_panels`). With `planted`, a share of the answers is given as the
people of one group give them. The figures in docs/statistics.md come from

    python scripts/simulate_coverage.py --tables tilt --sizes 20 60 200 --repetitions 400
"""

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Final

import numpy as np
from dependent_panels import WORLDS, People
from numpy.typing import NDArray

from def_sim.evaluation.group_leans import LEVEL
from def_sim.evaluation.people_groups import GROUPS
from def_sim.metrics.group_lean import answer_leans, group_lean
from def_sim.metrics.paired import adjusted_for_many
from def_sim.metrics.panel_answers import ItemAnswers

PLANTED: Final = (("female", 0.5), ("female|<=29", 0.5), ("female", 1.0), ("female|<=29", 1.0))


@cache
def people() -> People:
    """Of the USA, read once."""
    return People()


def stars(
    world_of: People,
    world: str,
    num_respondents: int,
    *,
    repetitions: int,
    seed: int,
    planted: str = "",
    share: float = 0.0,
) -> NDArray[np.bool_]:
    """Which groups are starred in each of the repetitions, shape (repetitions, G).

    Args:
        world_of: The people.
        world: One of WORLDS.
        num_respondents: N.
        repetitions: Panels that are drawn.
        seed: Of the draws.
        planted: A group; "" draws from everyone.
        share: Of the answers that are given as the group gives them.
    """
    shares = world_of.shares
    if planted:
        of_group = world_of.of_groups[planted]
        shares = [share * ours + (1 - share) * all_ for ours, all_ in zip(of_group, shares, strict=True)]
    rng = np.random.default_rng([seed, WORLDS.index(world), num_respondents])
    panels = world_of.panels(world, num_respondents, rng, repetitions, shares)
    return np.array([_starred(world_of, panel) for panel in panels])


def _starred(world_of: People, panel: NDArray[np.int64]) -> list[bool]:
    leans = [
        answer_leans(
            ItemAnswers.from_positions(panel[:, item], num_options),
            np.array([world_of.shares[item], *(world_of.of_groups[group][item] for group in GROUPS)]),
        )
        for item, num_options in enumerate(world_of.num_options)
    ]
    found = group_lean(np.stack(leans, axis=1))
    adjusted = adjusted_for_many(dict(zip(GROUPS, found.p_value.tolist(), strict=True)))
    return [adjusted[group] < LEVEL for group in GROUPS]


def print_tilt(sizes: Sequence[int], repetitions: int, seed: int) -> None:
    """False stars and, in a quarter of the repetitions, planted leans that are found, as a Markdown table."""
    names = [f"{share:.0%} {group.replace('|', ', ')}" for group, share in PLANTED]
    print(f"\n| world | N | any false star | {' | '.join(names)} |\n" + "|---" * (3 + len(names)) + "|")
    for world, size in product(WORLDS, sizes):
        false = stars(people(), world, size, repetitions=repetitions, seed=seed).any(axis=1).mean()
        found = [
            stars(
                people(),
                world,
                size,
                repetitions=max(1, repetitions // 4),
                seed=seed + 1,
                planted=group,
                share=share,
            )[:, GROUPS.index(group)].mean()
            for group, share in PLANTED
        ]
        cells = " | ".join(f"{100 * one:.1f}" for one in (false, *found))
        print(f"| {world} | {size} | {cells} |", flush=True)
