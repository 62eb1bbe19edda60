"""Builds data/dimension_map.csv: which dimension each item stands for, in which direction, and why.

A reading copy of data/items for people who judge or reuse the assignment; nothing reads it back.
An option of a battery has a row of its own, coded 1 for people who mention it and 0 for others.

    python scripts/build_dimension_map.py
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from def_sim.records import QuestionType
from def_sim.resources import data_folder
from def_sim.surveys.item_bank import Item, OptionEntry, read_items

COLUMNS = (
    "source",
    "variable_id",
    "topic",
    "type",
    "n_options",
    "code_min",
    "code_max",
    "low_code_means",  # empty where the codes have no direction
    "high_code_means",
    "dimension",
    "direction",
    "secondary",
    "confidence",  # empty for an option of a battery, which has none of its own
    "rationale",
)
SOURCES = ("wvs7", "gss2022", "pew_atp", "cgss2018", "css", "own_cn")

Row = dict[str, str]


def map_rows(item: Item) -> Iterator[Row]:
    """The row of an item and, for a battery, one row for each of its options."""
    yield _item_row(item)
    if item.type is QuestionType.MULTIPLE:
        for option in item.options:
            yield _option_row(item, option)


def _item_row(item: Item) -> Row:
    first, last = item.options[0], item.options[-1]
    has_direction = item.direction != 0
    return _row(
        item.id.split(".")[0],
        item.variable,
        item.topic,
        item.type.value,
        len(item.options),
        first.code,
        last.code,
        first.labels["en"] if has_direction else "",
        last.labels["en"] if has_direction else "",
        str(item.dimension or ""),
        item.direction,
        item.secondary.value if item.secondary else "",
        item.confidence or "",
        item.rationale or "",
    )


def _option_row(item: Item, option: OptionEntry) -> Row:
    return _row(
        item.id.split(".")[0],
        option.variable or f"{item.variable}_{option.code}",
        f"{item.topic}: {option.labels['en']}",
        "option",
        2,
        0,
        1,
        "not mentioned",
        "mentioned",
        str(option.dimension or item.dimension or ""),
        option.direction,
        "",
        "",
        "",
    )


def _row(*values: str | int) -> Row:
    return dict(zip(COLUMNS, map(str, values), strict=True))


def write_map(path: Path, items: Iterable[Item]) -> None:
    """Writes the rows of all items, in their order."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for item in items for row in map_rows(item))


def library(data: Path) -> list[Item]:
    """All shipped items, source by source."""
    return [item for source in SOURCES for item in read_items(data / "items" / f"{source}.yaml").items]


def main() -> None:
    """Writes the map of the shipped items."""
    data = data_folder()
    write_map(data / "dimension_map.csv", library(data))
    print("wrote data/dimension_map.csv")


if __name__ == "__main__":
    main()
