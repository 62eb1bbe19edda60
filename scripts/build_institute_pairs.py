"""Builds data/institutes/pairs.csv: what people answered to questions that two sources asked alike.

The input is no microdata: the tables that `build_references.py` reads, of which also variables are taken that
are no items here. Which questions, and which codes of them are the same answer: data/institutes/pairs.yaml.
A code that people gave and that stands there neither in a category nor as left out is an error.

    python scripts/build_institute_pairs.py --figures FOLDER
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

from build_references import READERS, Cell, Cells

from def_sim.resources import data_folder
from def_sim.surveys.institute_pairs import (
    COLUMNS,
    POPULATION,
    SHARES_FILE,
    SIDES,
    PairEntry,
    PairFile,
    codes_of,
    read_pair_file,
)


def side_rows(file: PairFile, pair: PairEntry, place: int, cell: Cell) -> Iterator[tuple[str, ...]]:
    """One row a category of one side.

    Raises:
        ValueError: People gave a code that the pair does not name.
    """
    categories, left_out = file.categories_of(pair), pair.left_out[place]
    named = {code for category in categories for code in codes_of(category, place)}
    if unnamed := {code for code, n in cell.counts.items() if n} - named - set(left_out):
        raise ValueError(f"{pair.id}, {SIDES[place]}: codes {sorted(unnamed)} are in no category.")
    kept = sum(cell.shares.get(code, 0.0) for code in named)
    n = sum(cell.counts.get(code, 0) for code in named)
    n_effective = "" if cell.n_effective is None else f"{cell.n_effective * kept:.2f}"
    for category in categories:
        share = sum(cell.shares.get(code, 0.0) for code in codes_of(category, place)) / kept
        yield pair.id, SIDES[place], category[0], f"{share:.6f}", str(n), n_effective, cell.quality.value


def pair_rows(file: PairFile, cells: dict[str, Cells]) -> Iterator[tuple[str, ...]]:
    """The rows of all pairs, in the order of COLUMNS."""
    for pair in file.pairs:
        for place, name in enumerate((pair.first, pair.second)):
            source, _, variable = name.partition(".")
            yield from side_rows(file, pair, place, cells[source][POPULATION, "all", variable])


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--figures", type=Path, required=True, help="folder of the aggregate tables")
    figures, data = parser.parse_args().figures, data_folder()
    cells = {source: read(figures) for source, read in READERS.items()}
    with (data / SHARES_FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(pair_rows(read_pair_file(data), cells))
    print(f"wrote data/{SHARES_FILE}")


if __name__ == "__main__":
    main()
