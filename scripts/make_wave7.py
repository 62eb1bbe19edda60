"""Makes a CSV of invented people in the layout of the World Values Survey's wave 7, for trials of importing.

Everybody is drawn: people of a country answer by shares that are drawn for it, some of a cluster alike. No
figure of any survey is in it.

    python scripts/make_wave7.py FILE --people 97000 --columns 600 --countries USA CHN JPN DEU BRA
"""

import argparse
import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from def_sim.randomness import keyed_rng
from def_sim.records import QuestionType
from def_sim.resources import data_folder
from def_sim.surveys.item_bank import Item, read_items

SEED: Final = 1
IN_CLUSTER: Final = 12  # people
ALIKE: Final = 0.15  # of people, who answer as their cluster does
AMERICAN: Final = ("USA", "Q164")
WITHHELD: Final = (0.03, 0.02)  # don't know, no answer
_FIRST: Final = ("version", "doi", "A_WAVE", "A_YEAR", "B_COUNTRY", "B_COUNTRY_ALPHA", "I_PSU", "W_WEIGHT")
_AGES: Final = (18, 86)

Columns = dict[str, np.ndarray]  # name -> what people have, shape (N,)


def items_of_wave() -> list[Item]:
    """The shipped items."""
    return read_items(data_folder() / "items" / "wvs7.yaml").items


def planted_shares(item: Item, country: str) -> np.ndarray:
    """The shares of the shown options of an item, shape (K,); of a battery, how many mention each."""
    rng = keyed_rng(SEED, country, item.id, "planted shares")
    num_options = len(item.shown_options(country))
    if item.type is QuestionType.MULTIPLE:
        return rng.uniform(0.1, 0.7, num_options)
    if (country, item.variable) == AMERICAN:  # by this the importer knows the right release
        return np.array([*np.full(num_options - 1, 0.565 / (num_options - 1)), 0.435])
    return rng.dirichlet(np.full(num_options, 1.5))


def columns_of(country: str, num_people: int, *, clusters: bool = True) -> Columns:
    """People of one country with the variables of all items.

    Args:
        country: ISO alpha-3 code.
        num_people: N.
        clusters: Whether I_PSU is filled.
    """
    rng = keyed_rng(SEED, country, "people")
    cluster = np.arange(num_people) // IN_CLUSTER
    found: Columns = {
        "version": np.full(num_people, "6-0-0 (2024-04-30)"),
        "doi": np.full(num_people, "doi.org/10.14281/18241.24"),
        "A_WAVE": np.full(num_people, 7),
        "A_YEAR": np.full(num_people, 2018),
        "B_COUNTRY": np.full(num_people, 999),
        "B_COUNTRY_ALPHA": np.full(num_people, country),
        "I_PSU": cluster + 1 if clusters else np.full(num_people, -4),
        "W_WEIGHT": rng.uniform(0.4, 2.2, num_people).round(4),
        "Q260": rng.integers(1, 3, num_people),
        "Q262": rng.integers(*_AGES, num_people),
    }
    for item in items_of_wave():
        found |= answers_of(item, country, cluster)
    return found


def answers_of(item: Item, country: str, cluster: np.ndarray) -> Columns:
    """What people said to one item: its variable, or those of a battery's options."""
    shares = planted_shares(item, country)
    if item.type is not QuestionType.MULTIPLE:
        codes = np.array([option.code for option in item.shown_options(country)])
        return {item.variable: _drawn(item.variable, country, cluster, codes, shares)}
    options, asked = item.options, {option.code for option in item.shown_options(country)}
    mentioned = dict(zip(sorted(asked), shares, strict=True))
    found = {}
    for option in options:
        name = option.variable or ""
        if option.code in asked:
            parts = np.array([mentioned[option.code], 1 - mentioned[option.code]])
            found[name] = _drawn(name, country, cluster, np.array([1, 2]), parts)
        else:
            found[name] = np.full(len(cluster), -4)
    return found


def _drawn(name: str, country: str, cluster: np.ndarray, codes: np.ndarray, shares: np.ndarray) -> np.ndarray:
    rng = keyed_rng(SEED, country, name, "answers")
    own = rng.choice(codes, len(cluster), p=shares / shares.sum())
    common = rng.choice(codes, int(cluster.max()) + 1, p=shares / shares.sum())[cluster]
    said = np.where(rng.random(len(cluster)) < ALIKE, common, own)
    chance = rng.random(len(cluster))
    dont_know, no_answer = WITHHELD
    return np.select([chance < dont_know, chance < dont_know + no_answer], [-1, -2], said)


def write_csv(path: Path, countries: Iterable[Columns], *, delimiter: str = ",", columns: int = 0) -> None:
    """The people of some countries in one file, which has at least so many columns; others say nothing."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        for place, country in enumerate(countries):
            names = list(country)
            rest = [f"X{number:03d}" for number in range(max(0, columns - len(names)))]
            if place == 0:
                writer.writerow([*names, *rest])
            writer.writerows(_rows(country, [7] * len(rest)))


def _rows(country: Mapping[str, np.ndarray], rest: Sequence[int]) -> Iterator[list[object]]:
    for row in zip(*(values.tolist() for values in country.values()), strict=True):
        yield [*row, *rest]


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--people", type=int, default=6000, help="in all countries together")
    parser.add_argument("--columns", type=int, default=0, help="at least so many")
    parser.add_argument("--countries", nargs="+", default=["DEU", "BRA"])
    given = parser.parse_args()
    each = given.people // len(given.countries)
    write_csv(given.file, (columns_of(code, each) for code in given.countries), columns=given.columns)
    print(f"wrote {given.file}: {each * len(given.countries):,} people")


if __name__ == "__main__":
    main()
