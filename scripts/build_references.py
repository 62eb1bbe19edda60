"""Builds data/references/<population>/wvs7.csv from tables of published-terms aggregates.

The input is no microdata: weighted shares per variable and group (`wvs7_aggregates.csv`) and
Kish's effective n (`wvs7_effective_n.csv`), each computed once from the institute's files.
Only the items in data/items/wvs7.yaml are taken, with the options each population was shown.

    python scripts/build_references.py --figures FOLDER
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from def_sim.records import QuestionType
from def_sim.resources import data_folder
from def_sim.surveys.human_reference import COLUMNS
from def_sim.surveys.item_bank import Item, read_items

_MENTIONED = "1"  # in the batteries of the source, 2 is "not mentioned"

Key = tuple[str, str, str]  # country, group, variable


class Cell(NamedTuple):
    """One variable in one group: valid answers by code, their n, and the effective n."""

    group_type: str
    counts: dict[str, int]
    weighted: dict[str, float]
    n_valid: int
    n_effective: float


def read_cells(figures: Path) -> dict[Key, Cell]:
    """All variables in all groups; missing values (negative codes) are left out."""
    effective = {
        (row["country"], row["group"], row["variable"]): float(row["n_effective"])
        for row in _rows(figures / "wvs7_effective_n.csv")
    }
    grouped: dict[Key, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(figures / "wvs7_aggregates.csv"):
        if row["is_missing"] == "0":
            grouped[row["country"], row["group"], row["variable"]].append(row)
    return {
        key: Cell(
            rows[0]["group_type"],
            {row["option"]: int(row["n"]) for row in rows},
            {row["option"]: float(row["weighted_share"] or 0) for row in rows},
            int(rows[0]["n_valid"]),
            effective[key],
        )
        for key, rows in grouped.items()
        if key in effective
    }


def _rows(path: Path) -> Iterator[dict[str, str]]:
    # Plain csv, not pandas: a party is labelled "None".
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def reference_rows(item: Item, population: str, cells: Mapping[Key, Cell]) -> Iterable[dict[str, Any]]:
    """The rows of one item for every group in which it was asked."""
    variables = [option.variable or item.variable for option in item.options]
    groups = [g for (country, g, variable) in cells if country == population and variable == variables[0]]
    for group in groups:
        if item.type is QuestionType.MULTIPLE:
            yield from _battery_rows(item, population, group, cells)
        else:
            yield from _question_rows(item, population, group, cells[population, group, item.variable])


def _question_rows(item: Item, population: str, group: str, cell: Cell) -> Iterable[dict[str, Any]]:
    """Shares of the shown codes among valid answers; volunteered codes leave shares and n."""
    volunteered = [str(code) for code in item.volunteered]
    left_out = sum(cell.weighted.get(code, 0.0) for code in volunteered)
    kept_n = cell.n_valid - sum(cell.counts.get(code, 0) for code in volunteered)
    kept = {o.code: cell.weighted.get(str(o.code), 0.0) for o in item.shown_options(population)}
    total = sum(kept.values())
    for code, share in kept.items():
        yield _row(
            item,
            cell.group_type,
            group,
            code,
            share / total,
            kept_n,
            cell.n_effective * (1 - left_out),
            left_out,
        )


def _battery_rows(
    item: Item, population: str, group: str, cells: Mapping[Key, Cell]
) -> Iterable[dict[str, Any]]:
    """Share of people who mention each option. n is the smallest of the battery's variables."""
    of_option = {o.code: cells[population, group, o.variable or ""] for o in item.shown_options(population)}
    n = min(cell.n_valid for cell in of_option.values())
    n_effective = min(cell.n_effective for cell in of_option.values())
    for code, cell in of_option.items():
        yield _row(item, cell.group_type, group, code, cell.weighted[_MENTIONED], n, n_effective, 0.0)


def _row(
    item: Item,
    group_type: str,
    group: str,
    code: int,
    share: float,
    n: int,
    n_effective: float,
    volunteered_share: float,
) -> dict[str, Any]:
    values = (
        item.id, group_type, group, code, f"{share:.6f}", n, f"{n_effective:.2f}", f"{volunteered_share:.6f}"
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def main() -> None:
    """Writes the CSV of every population that has a folder in data/references."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--figures", type=Path, required=True, help="folder of the two aggregate tables")
    cells = read_cells(parser.parse_args().figures)
    items = read_items(data_folder() / "items" / "wvs7.yaml").items
    for folder in sorted((data_folder() / "references").iterdir()):
        if not folder.is_dir():
            continue
        path = folder / "wvs7.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for item in items:
                writer.writerows(reference_rows(item, folder.name, cells))
        print(f"wrote {path.relative_to(data_folder().parent)}")


if __name__ == "__main__":
    main()
