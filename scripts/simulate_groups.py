"""Simulates what the section "Groups of people" says of panels whose groups are known, and prints the tables.

Panels answer the items of the shipped World Values Survey of the United States that have figures of all six
groups of sex and age, with the groups' shares. What respondents' answers have in common is one of three
worlds: people's correlations (`people`), one strong style in all answers (`style`), nothing (`independent`).
The figures in docs/concepts/countries_and_groups.md come from

    python scripts/simulate_coverage.py --tables groups --sizes 20 60 200 --repetitions 1000
    python scripts/simulate_coverage.py --tables steering --sizes 20 60 200 --repetitions 20
    python scripts/simulate_groups.py --repetitions 60 --factors 3 --worlds people --sizes 200
    python scripts/simulate_groups.py --repetitions 100 --tables intervals --sizes 20 60

the first two of which are the tables `spread`, with factor 1, and `steering` of this script.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.evaluation.group_scores import FEWEST_MEMBERS, METRIC, memberships
from def_sim.evaluation.groups_of_people import CELLS
from def_sim.evaluation.people_groups import GROUPS, group_reference
from def_sim.evaluation.steerability import LEVEL
from def_sim.metrics.choice_array import Choices
from def_sim.metrics.group_spread import GroupSpread, group_spread
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.jackknife import jackknife_interval
from def_sim.metrics.paired import adjusted_for_many
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.panel_scores import score_panel
from def_sim.metrics.people_panels import draw_panels_of_people
from def_sim.metrics.sample import Array, Sample
from def_sim.metrics.steering import paired_steering
from def_sim.records import Persona, Question, QuestionType
from def_sim.resources import data_folder
from def_sim.respondents.quotas import person_of, reference_quotas
from def_sim.surveys.human_structure import shipped_structure
from def_sim.surveys.survey import LoadedSurvey, load_survey

WORLDS: Final = ("people", "style", "independent")
SIZES: Final = (20, 60, 200)
STYLE: Final = 0.4  # correlation of any two answers of a respondent
TABLES: Final = ("spread", "intervals", "steering")
# How far the simulated groups are moved from everyone, in units of people's groups.
FACTORS: Final = (0.0, 1.0, 3.0)


@dataclass(frozen=True)
class Items:
    """What is asked: Q questions, shares of the C groups' people, their correlations."""

    loaded: LoadedSurvey
    questions: Sequence[Question]
    shares: list[Array]  # of each item, shape (C, K)
    correlations: Array  # (Q, Q)

    @property
    def padded(self) -> Array:
        """Shares of all items, shape (C, Q, K), 0 beyond an item's own options."""
        most = max(one.shape[1] for one in self.shares)
        return np.stack([np.pad(one, ((0, 0), (0, most - one.shape[1]))) for one in self.shares], axis=1)


def items() -> Items:
    """Those with one answer and figures of all six groups."""
    data = data_folder()
    loaded = load_survey(data / "surveys" / "us.yaml", data)
    groups = loaded.reference.items
    found = []
    for question in loaded.survey.questions:
        of_cells = [group_reference(groups, question.item_id, cell) for cell in CELLS]
        if question.type is not QuestionType.MULTIPLE and all(of_cells):
            found.append((question, [one for one in of_cells if one is not None]))
    questions = [question for question, _ in found]
    structure = shipped_structure("USA")
    assert structure is not None
    return Items(
        loaded,
        questions,
        [np.array([one.shares for one in cells]) for _, cells in found],
        structure.of_items([question.item_id for question in questions]).correlations,
    )


def exaggerated(shares: Array, weights: Array, factor: float) -> Array:
    """Groups' shares, shape (C, K), moved from everyone's by a factor; cut at 0."""
    everyone = weights @ shares
    moved = np.maximum(everyone + factor * (shares - everyone), 0.0)
    return np.asarray(moved / moved.sum(axis=1, keepdims=True))


def draw_panels(
    asked: Items,
    shares: list[Array],
    cells: NDArray[np.int64],
    world: str,
    rng: np.random.Generator,
    num_panels: int,
) -> Iterator[Choices]:
    """Positions of the answers of panels, shape (N, Q) each."""
    num_items = len(asked.questions)
    correlations = {
        "people": asked.correlations,
        "style": np.full((num_items, num_items), STYLE),
        "independent": np.eye(num_items),
    }[world]
    groups = np.unique(cells)
    everybody = [np.ones((int((cells == cell).sum()), num_items), dtype=np.bool_) for cell in groups]
    of_groups = [
        draw_panels_of_people(correlations, [one[cell] for one in shares], everyone, own, num_panels)
        for cell, everyone, own in zip(groups, everybody, rng.spawn(len(groups)), strict=True)
    ]
    for drawn in zip(*of_groups, strict=True):
        positions = np.zeros((len(cells), num_items), dtype=np.int64)
        for cell, of_group in zip(groups, drawn, strict=True):
            positions[cells == cell] = of_group
        yield positions


@dataclass(frozen=True)
class Numbers:
    """How much is simulated."""

    repetitions: int
    seed: int
    sizes: Sequence[int]
    factors: Sequence[float]
    worlds: Sequence[str]


def spread_table(asked: Items, numbers: Numbers) -> None:
    """How often each verdict is given, and how often the intervals hold the truth."""
    print("world        N    factor  flattened  apart  closer  differ  within  between")
    for world in numbers.worlds:
        for size in numbers.sizes:
            cells, weights, quotas = _panel_of(asked, size, numbers.seed)
            for factor in numbers.factors:
                shares = [exaggerated(one, quotas, factor) for one in asked.shares]
                rng = np.random.default_rng([numbers.seed, size, int(10 * factor), WORLDS.index(world)])
                panels = draw_panels(asked, shares, cells, world, rng, numbers.repetitions)
                found = [_spread(asked, cells, panel, rng) for panel in panels]
                truth = _truth(shares, cells, weights)
                rates = [
                    np.mean([one.is_flattened for one in found]),
                    np.mean([one.is_stereotyped for one in found]),
                    np.mean([one.is_blurred for one in found]),
                    np.mean([one.p_value < 0.05 for one in found]),
                    np.mean([one.within[0] <= truth[0] <= one.within[1] for one in found]),
                    np.mean([one.between[0] <= truth[1] <= one.between[1] for one in found]),
                ]
                cells_in_words = "  ".join(f"{100 * rate:6.1f} %" for rate in rates)
                print(f"{world:<12} {size:<4} {factor:<6g}  {cells_in_words}", flush=True)


def _panel_of(asked: Items, size: int, seed: int) -> tuple[NDArray[np.int64], Array, Array]:
    """Group of each respondent by the quotas of the reference, shape (N,); weights of groups; the quotas."""
    quotas = reference_quotas(asked.loaded.reference.items.values())
    assert quotas is not None
    cells = np.array([CELLS.index("|".join(person_of(index, seed, quotas))) for index in range(size)])
    return cells, np.bincount(cells, minlength=len(CELLS)) / size, np.array(quotas.shares)


def _spread(
    asked: Items, cells: NDArray[np.int64], positions: Choices, rng: np.random.Generator
) -> GroupSpread:
    padded = asked.padded
    chosen = positions[..., None] == np.arange(padded.shape[-1])
    # The shares are those that panels are drawn from, not those of a sample: as of very many people.
    num_people = np.full(padded.shape[:2], 1e9)
    return group_spread(chosen, cells, padded, num_people, rng, num_draws=99)


def _truth(shares: list[Array], cells: NDArray[np.int64], weights: Array) -> tuple[float, float]:
    """Within and between of the shares themselves, over the groups that have two members."""
    is_used = np.bincount(cells, minlength=len(CELLS)) >= 2
    weight = np.where(is_used, weights, 0.0) / weights[is_used].sum()
    within = [float(weight @ (1 - (one**2).sum(axis=1))) for one in shares]
    between = [float(weight @ ((one - weight @ one) ** 2).sum(axis=1)) for one in shares]
    return float(np.mean(within)), float(np.mean(between))


def intervals_table(asked: Items, numbers: Numbers) -> None:
    """How often the interval of a group's divergence holds its mean over all panels, by number of members."""
    print("world        N    members: share of intervals that hold the expected divergence")
    people = {group: _people_of(asked, group) for group in GROUPS}
    for world in numbers.worlds:
        for size in numbers.sizes:
            cells, _, _ = _panel_of(asked, size, numbers.seed)
            rng = np.random.default_rng([numbers.seed, size, WORLDS.index(world), 1])
            panels = [
                PanelAnswers.from_choices(positions, [one.shape[1] for one in asked.shares])
                for positions in draw_panels(asked, asked.shares, cells, world, rng, numbers.repetitions)
            ]
            by_size: dict[int, list[float]] = {}
            for group, belongs in zip(GROUPS, _members(cells), strict=True):
                found = np.array([_divergence(panel, belongs, people[group]) for panel in panels])
                holds = (found[:, 1] <= found[:, 0].mean()) & (found[:, 0].mean() <= found[:, 2])
                by_size.setdefault(int(belongs.sum()), []).append(float(holds.mean()))
            words = ", ".join(f"{n}: {100 * np.mean(by_size[n]):.0f} %" for n in sorted(by_size) if n >= 2)
            print(f"{world:<12} {size:<4} {words}", flush=True)


def _members(cells: NDArray[np.int64]) -> Array:
    persons = [CELLS[cell].split("|") for cell in cells]
    return memberships([Persona("", is_drawn=True, sex=sex, age=age) for sex, age in persons])


def _people_of(asked: Items, group: str) -> list[Sample | None]:
    found = [group_reference(asked.loaded.reference.items, one.item_id, group) for one in asked.questions]
    return [Sample.of_people(np.array(one.shares), 1.0) if one else None for one in found]


def _divergence(
    panel: PanelAnswers, belongs: Array, people: Sequence[Sample | None]
) -> tuple[float, float, float]:
    """Of the members, and its interval as `group_scores` has it."""
    chosen = np.flatnonzero(belongs)
    weights = np.vstack([belongs, belongs - np.eye(belongs.size)[chosen]])
    forms = [ItemForm()] * len(people)
    means = score_panel(panel.samples(weights), people, forms, METRIC).mean(axis=1)
    return (float(means[0]), *jackknife_interval(float(means[0]), means[1:]))


def steering_table(asked: Items, numbers: Numbers) -> None:
    """How often members are starred for being nearer, beside the same respondents of another panel.

    Neither panel is told of groups, so everyone answers as everyone does; then the second one's respondents
    answer as their group's people do, in a quarter of the repetitions.
    """
    print("world        N    any false star  intervals without 0  any found, as people")
    for world in numbers.worlds:
        for size in numbers.sizes:
            cells, _, quotas = _panel_of(asked, size, numbers.seed)
            everyone = [np.tile(quotas @ one, (len(CELLS), 1)) for one in asked.shares]
            seeds = [numbers.seed, size, WORLDS.index(world)]
            stars, missed = zip(
                *_steered(asked, cells, world, everyone, numbers.repetitions, [*seeds, 2]), strict=True
            )
            found, _ = zip(
                *_steered(asked, cells, world, asked.shares, numbers.repetitions // 4 or 1, [*seeds, 3]),
                strict=True,
            )
            rates = (np.mean(stars), np.mean(missed), np.mean(found))
            print(f"{world:<12} {size:<4} " + "  ".join(f"{100 * rate:6.1f} %" for rate in rates), flush=True)


def _steered(
    asked: Items, cells: NDArray[np.int64], world: str, told: list[Array], num: int, seed: list[int]
) -> Iterator[tuple[bool, float]]:
    """Whether any group is starred, and the share of intervals without 0, of pairs of panels.

    The first panel answers as everyone; of the second's respondents each as its cell's `told`, shape (C, K).
    """
    rng = np.random.default_rng(seed)
    _, _, quotas = _panel_of(asked, len(cells), seed[0])
    everyone = [np.tile(quotas @ one, (len(CELLS), 1)) for one in asked.shares]
    people = {group: _people_of(asked, group) for group in GROUPS}
    num_options, forms = [one.shape[1] for one in asked.shares], [ItemForm()] * len(asked.shares)
    pairs = zip(
        draw_panels(asked, everyone, cells, world, rng, num),
        draw_panels(asked, told, cells, world, rng, num),
        strict=True,
    )
    for both in pairs:
        first, second = (PanelAnswers.from_choices(one, num_options) for one in both)
        found = {
            group: paired_steering(first, second, belongs, people[group], forms, METRIC, rng)
            for group, belongs in zip(GROUPS, _members(cells), strict=True)
            if belongs.sum() >= FEWEST_MEMBERS
        }
        adjusted = adjusted_for_many({group: one.p_value for group, one in found.items()})
        is_missed = [not one.interval[0] <= 0 <= one.interval[1] for one in found.values()]
        yield min(adjusted.values()) < LEVEL, float(np.mean(is_missed))


def print_table(table: str, asked: Items, numbers: Numbers) -> None:
    """One of TABLES."""
    printers = {"spread": spread_table, "intervals": intervals_table, "steering": steering_table}
    printers[table](asked, numbers)


def main() -> None:
    """Prints the wanted tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=["spread"])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--factors", type=float, nargs="+", default=FACTORS)
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=WORLDS)
    options = parser.parse_args()
    numbers = Numbers(options.repetitions, options.seed, options.sizes, options.factors, options.worlds)
    asked = items()
    print(f"{len(asked.questions)} items, {numbers.repetitions} panels a row, seed {numbers.seed}")
    for table in options.tables:
        print_table(table, asked, numbers)


if __name__ == "__main__":
    main()
