"""Describes the topic groups among people: how reliable, how much one thing, how alike between countries.

Prints the tables of docs/concepts/topic_groups.md from the shipped correlations; with --write also the
figures beside them, data/structure/topic_groups.csv and topic_items.csv. Takes about a minute.

    python scripts/describe_topic_groups.py [--write]
"""

import argparse
import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from def_sim.evaluation.topic_groups import TopicGroup, known_items, least_alike, topic_group
from def_sim.metrics.one_factor import num_factors
from def_sim.randomness import keyed_rng
from def_sim.records import Dimension
from def_sim.resources import data_folder
from def_sim.surveys.group_likeness import COLUMNS, GROUPS_FILE, GroupLikeness
from def_sim.surveys.human_structure import HumanStructure, read_structure
from def_sim.surveys.item_bank import read_items

SOURCE = "wvs7"
SEED = 1
ITEMS_FILE = "structure/topic_items.csv"
ITEM_COLUMNS = ("population", "item", "dimension", "item_rest", "loading")
OFTEN = 4  # of seven countries: items that are marked in so many stand in the documentation


@cache
def directions(dimension: str) -> dict[str, int]:
    """Item id -> direction, of the items of a group."""
    items = read_items(data_folder() / "items" / f"{SOURCE}.yaml").items
    return {item.id: item.direction for item in items if str(item.dimension) == dimension}


@cache
def structures() -> tuple[HumanStructure, ...]:
    """People's correlations in every shipped country."""
    paths = sorted((data_folder() / "structure").glob(f"*/{SOURCE}.csv"))
    return tuple(read_structure(path, path.parent.name) for path in paths)


def described(people: HumanStructure, dimension: str) -> TopicGroup:
    """One group in one country, beside the others."""
    others = [one for one in structures() if one.population != people.population]
    item_ids, known = known_items(directions(dimension), people)
    pairs = people.of_items(item_ids).num_people
    rng = keyed_rng(SEED, people.population, dimension, "parallel analysis")
    factors = num_factors(known, float(np.nanmedian(pairs)), rng)
    likeness = GroupLikeness(len(item_ids), factors, *least_alike(directions(dimension), people, others))
    return topic_group(dimension, directions(dimension), people, likeness)


def all_described() -> dict[str, list[TopicGroup]]:
    """Population -> its groups."""
    return {one.population: [described(one, str(name)) for name in Dimension] for one in structures()}


def group_row(population: str, group: TopicGroup) -> tuple[str, ...]:
    """A row of topic_groups.csv."""
    likeness = group.likeness
    assert likeness is not None
    numbers = (group.alpha, group.omega, group.eigenvalue_ratio, group.first_share, group.residual)
    return (
        population,
        group.dimension,
        str(group.num_items),
        str(group.num_left_out),
        *(f"{number:.3f}" for number in numbers),
        str(likeness.num_factors),
        f"{likeness.congruence:.3f}",
        likeness.least_like,
        str(len(group.misfits)),
    )


def item_rows(population: str, group: TopicGroup) -> Iterator[tuple[str, ...]]:
    """Rows of topic_items.csv."""
    for item in group.items:
        name = item.item_id.removeprefix(f"{SOURCE}.")
        yield population, name, group.dimension, f"{item.item_rest:.3f}", f"{item.loading:.3f}"


def write(found: dict[str, list[TopicGroup]], data: Path) -> None:
    """Both files."""
    groups = [group_row(population, group) for population, of in found.items() for group in of]
    items = [row for population, of in found.items() for group in of for row in item_rows(population, group)]
    for name, columns, rows in ((GROUPS_FILE, COLUMNS, groups), (ITEMS_FILE, ITEM_COLUMNS, items)):
        with (data / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)


def tables(found: dict[str, list[TopicGroup]]) -> Iterator[str]:
    """The tables in Markdown."""
    yield from _by_country("alpha / omega", found, lambda g: f"{g.alpha:.2f} / {g.omega:.2f}")
    yield from _by_country(
        "first over second eigenvalue, first's share, factors",
        found,
        lambda g: f"{g.eigenvalue_ratio:.1f}, {g.first_share:.0%}, {g.likeness.num_factors}",
    )
    yield from _by_country(
        "lowest congruence with another country",
        found,
        lambda g: f"{g.likeness.congruence:.2f} {g.likeness.least_like}",
    )
    yield from _by_country("marked items, of", found, lambda g: f"{len(g.misfits)} of {g.num_items}")
    yield from _often_marked(found)


def _by_country(
    title: str, found: Mapping[str, list[TopicGroup]], cell: Callable[[TopicGroup], str]
) -> Iterator[str]:
    yield f"\n| {title} | " + " | ".join(found) + " |"
    yield "|---" * (len(found) + 1) + "|"
    for place, dimension in enumerate(Dimension):
        yield f"| {dimension} | " + " | ".join(cell(groups[place]) for groups in found.values()) + " |"


def _often_marked(found: dict[str, list[TopicGroup]]) -> Iterator[str]:
    yield f"\n| group | items marked in at least {OFTEN} countries |"
    yield "|---|---|"
    for place, dimension in enumerate(Dimension):
        marked = [item.item_id for groups in found.values() for item in groups[place].misfits]
        names = sorted({name for name in marked if marked.count(name) >= OFTEN}, key=_number)
        yield f"| {dimension} | {', '.join(f'{_short(name)} ({marked.count(name)})' for name in names)} |"


def _short(item_id: str) -> str:
    return item_id.removeprefix(f"{SOURCE}.")


def _number(item_id: str) -> int:
    return int("".join(char for char in _short(item_id).split("_")[0] if char.isdigit()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the tables; writes the figures if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the data files, too")
    found = all_described()
    if parser.parse_args(arguments).write:
        write(found, data_folder())
    print("\n".join(tables(found)))


if __name__ == "__main__":
    main()
