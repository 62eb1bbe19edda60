"""Builds data/structure/<population>/<source>.csv: how people's answers to two items go together.

The input is no microdata: weighted correlations between pairs of variables, computed once from the
institute's files. Only the items in data/items are taken, and of them what is not a battery.
Left out, because the input is not over the people of the reference:

    an item whose volunteered answers were counted as points of its scale, where they were more than
    half a percent of the answers (the reference leaves them out);
    pairs that the coding of an interview ties together (TIED). Imports, whose codings nobody looked into,
    leave all pairs beyond .9 out; of the shipped ones belief in hell and in heaven is such a pair.

    python scripts/build_correlations.py --figures FOLDER
"""

import argparse
import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from def_sim.records import ItemReference
from def_sim.resources import data_folder
from def_sim.surveys.human_reference import read_reference
from def_sim.surveys.human_structure import COLUMNS
from def_sim.surveys.importers.peoples_structure import has_correlations
from def_sim.surveys.item_bank import Item, read_items

SOURCE = "wvs7"
TIED = {("RUS", "Q165", "Q173")}  # one follows from the other
FEW_VOLUNTEERED = 0.005


class Pair(NamedTuple):
    """Two variables, their correlation, and how many people answered both."""

    a: str
    b: str
    r: float
    n: int


def read_pairs(figures: Path) -> dict[str, list[Pair]]:
    """Population -> all pairs of variables, in the order of the questionnaire."""
    pairs: dict[str, list[Pair]] = {}
    with (figures / "wvs7_correlations.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pair = Pair(row["a"], row["b"], float(row["r"]), int(row["n"]))
            pairs.setdefault(row["country"], []).append(pair)
    return pairs


def counts_volunteered(variable: str, pairs: list[Pair], reference: ItemReference) -> bool:
    """Whether a variable's correlations are over people whom its reference leaves out."""
    most = max((pair.n for pair in pairs if variable in (pair.a, pair.b)), default=0)
    return reference.volunteered_share > FEW_VOLUNTEERED and most > reference.n


def usable_variables(
    population: str, items: Mapping[str, Item], references: Mapping[str, ItemReference], pairs: list[Pair]
) -> set[str]:
    """Variables that a population was asked and whose correlations are over the people of its reference."""
    asked = {item.variable: item for item in items.values() if item.id in references}
    return {
        variable
        for variable, item in asked.items()
        if has_correlations(item, population) and not counts_volunteered(variable, pairs, references[item.id])
    }


def structure_rows(population: str, pairs: list[Pair], usable: set[str]) -> Iterator[tuple[str, ...]]:
    """The rows of one population, in the order of COLUMNS."""
    for pair in pairs:
        if {pair.a, pair.b} <= usable and (population, pair.a, pair.b) not in TIED:
            yield pair.a, pair.b, f"{pair.r:.4f}", str(pair.n)


def build(figures: Path, data: Path) -> list[Path]:
    """Writes the CSV for every population whose provenance stands ready."""
    written, pairs = [], read_pairs(figures)
    items = {item.id: item for item in read_items(data / "items" / f"{SOURCE}.yaml").items}
    for provenance in sorted((data / "structure").glob(f"*/{SOURCE}.yaml")):
        population, path = provenance.parent.name, provenance.with_suffix(".csv")
        people = read_reference(data / "references" / population / f"{SOURCE}.csv", items, population)
        usable = usable_variables(population, items, people.for_everyone(), pairs[population])
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(structure_rows(population, pairs[population], usable))
        written.append(path)
    return written


def main() -> None:
    """Builds every population that has a provenance here."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--figures", type=Path, required=True, help="folder of the aggregate tables")
    data = data_folder()
    for path in build(parser.parse_args().figures, data):
        print(f"wrote {path.relative_to(data.parent)}")


if __name__ == "__main__":
    main()
