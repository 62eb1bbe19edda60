"""Simulates how often panels of people are starred for leaning to a group, and how often a lean is found.

Panels drawn from everyone should be starred for any of the eleven groups in at most 5 % of cases, however one
person's answers hang together (`dependent_panels`). With `planted`, a share of the answers is given as the
people of one group give them. The figures in docs/concepts/countries_and_groups.md come from

    python scripts/simulate_coverage.py --tables tilt --sizes 20 60 200 --repetitions 300
"""

from collections.abc import Sequence
from functools import cache, partial
from itertools import product
from typing import Final

import numpy as np
from dependent_panels import WORLDS, People
from numpy.typing import NDArray

from def_sim.evaluation.group_leans import LEVEL, UNKNOWN_CORRELATION
from def_sim.evaluation.people_groups import GROUPS
from def_sim.metrics.choice_array import Choices
from def_sim.metrics.design_effect import people_design_effects
from def_sim.metrics.group_lean import answer_leans, group_lean, option_leans
from def_sim.metrics.paired import adjusted_for_many
from def_sim.metrics.panel_answers import ItemAnswers
from def_sim.metrics.sample import Array

# Only those of `structure` are people's; of the others nothing is known.
KNOWN: Final = (("structure", True), ("structure", False), ("style", False), ("independent", False))
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
    is_known: bool = True,
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
        is_known: Whether people's correlations are known, as those of `structure`.
    """
    shares = world_of.shares
    if planted:
        of_group = world_of.of_groups[planted]
        shares = [share * ours + (1 - share) * all_ for ours, all_ in zip(of_group, shares, strict=True)]
    rng = np.random.default_rng([seed, WORLDS.index(world), num_respondents])
    panels = world_of.panels(world, num_respondents, rng, repetitions, shares)
    return np.array([starred(world_of, panel, is_known=is_known) for panel in panels])


def starred(world_of: People, panel: Choices, *, is_known: bool = True) -> list[bool]:
    """Which groups one panel is starred for; people's correlations are known, or not."""
    leans = [
        answer_leans(ItemAnswers.from_positions(panel[:, item], options.shape[1]), options)
        for item, options in enumerate(_options(world_of))
    ]
    found = group_lean(np.stack(leans, axis=1), _design_effects(world_of, is_known))
    adjusted = adjusted_for_many(dict(zip(GROUPS, found.p_value.tolist(), strict=True)))
    return [adjusted[group] < LEVEL for group in GROUPS]


@cache
def _design_effects(world_of: People, is_known: bool) -> Array:
    r = world_of.r if is_known else np.full_like(world_of.r, np.nan)
    return people_design_effects(r, world_of.shares, _options(world_of), unknown=UNKNOWN_CORRELATION)


@cache
def _options(world_of: People) -> list[Array]:
    """What each option of each item says about leaning towards each group."""
    shares = enumerate(world_of.shares)
    return option_leans(
        [np.array([one, *(world_of.of_groups[group][item] for group in GROUPS)]) for item, one in shares]
    )


def odd_panels(world_of: People, num_respondents: int, rng: np.random.Generator) -> dict[str, Choices]:
    """Panels that are unlike people and lean to no group: too varied, of one opinion, of one person."""
    columns = [rng.integers(0, num, num_respondents) for num in world_of.num_options]
    most = [int(one.argmax()) for one in world_of.shares]
    [person] = world_of.panels("structure", 1, rng, 1)
    return {
        "random answers": np.array(columns).T,
        "people's most frequent answers": np.tile(most, (num_respondents, 1)),
        "copies of one person": np.tile(person, (num_respondents, 1)),
    }


def print_tilt(sizes: Sequence[int], repetitions: int, seed: int) -> None:
    """False stars and, in a quarter of the repetitions, planted leans that are found, as Markdown tables."""
    names = [f"{share:.0%} {group.replace('|', ', ')}" for group, share in PLANTED]
    print(f"\n| world | N | any false star | {' | '.join(names)} |\n" + "|---" * (3 + len(names)) + "|")
    for (world, is_known), size in product(KNOWN, sizes):
        of_world = partial(stars, people(), world, size, is_known=is_known)
        false = of_world(repetitions=repetitions, seed=seed).any(axis=1).mean()
        few = max(1, repetitions // 4)
        found = [
            of_world(repetitions=few, seed=seed + 1, planted=group, share=share)[
                :, GROUPS.index(group)
            ].mean()
            for group, share in PLANTED
        ]
        cells = " | ".join(f"{100 * one:.1f}" for one in (false, *found))
        title = world if is_known or world != "structure" else "structure, correlations not known"
        print(f"| {title} | {size} | {cells} |", flush=True)
    _print_odd_panels(sizes, repetitions, seed)


def _print_odd_panels(sizes: Sequence[int], repetitions: int, seed: int) -> None:
    print("\n| panel | N | any star | correlations not known |\n|---|---|---|---|")
    for size in sizes:
        rng = np.random.default_rng([seed, 7, size])
        drawn = [odd_panels(people(), size, rng) for _ in range(repetitions)]
        for name in drawn[0]:
            rates = [
                np.mean([any(starred(people(), one[name], is_known=is_known)) for one in drawn])
                for is_known in (True, False)
            ]
            print(f"| {name} | {size} | {100 * rates[0]:.1f} | {100 * rates[1]:.1f} |", flush=True)
