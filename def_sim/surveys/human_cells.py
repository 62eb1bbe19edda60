"""People by country, sex and age, as rows of numbers: what the cultural map is fitted on.

Reads the references of every country that has the items of a survey, and keeps the rows
of the map that all of them share. Knows no model and no map.

Letters: C cells (country x sex x age), P countries, R rows of the map.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from def_sim.records import ItemReference
from def_sim.surveys.human_reference import HumanReference, merge_references, read_reference
from def_sim.surveys.item_bank import Item, read_items
from def_sim.surveys.map_rows import Array, MapRow, map_rows

CELLS: Final = tuple(f"{sex}|{age}" for sex in ("male", "female") for age in ("<=29", "30-49", ">=50"))


@dataclass(frozen=True)
class HumanCells:
    """People's values on the rows that all countries share, each in [0, 1]."""

    rows: tuple[MapRow, ...]  # R of them; empty if the countries share none
    populations: tuple[str, ...]  # P ISO alpha-3 codes, sorted
    cells: tuple[tuple[str, str], ...]  # C pairs of population and group, six a country
    cell_values: Array  # shape (C, R)
    cell_sizes: Array  # people in the cell, shape (C,): the median over rows
    totals: Array  # each country as a whole, shape (P, R)
    uniform: Array  # who answers at random, mentioning as many options as people do, shape (R,)
    left_out: Mapping[str, str]  # country -> why it is not among the populations
    num_rows_not_shared: int  # rows that the survey's items give, but not every country


@dataclass(frozen=True)
class PeopleBeside:
    """People of a country that the map is not fitted on, on its rows: NaN where they were not asked."""

    population: str  # ISO alpha-3 code
    total: Array  # of everyone, shape (R,)
    cells: Mapping[str, Array]  # group of CELLS -> shape (R,)


def people_beside(people: HumanCells, reference: HumanReference) -> PeopleBeside | None:
    """The people of a reference on the rows of a map, such as those of a country that was imported.

    Args:
        people: Those whom the map is fitted on.
        reference: Of one country; None comes back if it is among them.
    """
    if reference.population in people.populations:
        return None

    def values(group: str) -> Array:
        found = [reference.items.get((row.item_id, group)) for row in people.rows]
        return np.array(
            [
                row.value_of_people(one) if one is not None and row.fits(one) else np.nan
                for row, one in zip(people.rows, found, strict=True)
            ],
            dtype=np.float64,
        )

    return PeopleBeside(reference.population, values("all"), {group: values(group) for group in CELLS})


def read_human_cells(item_ids: Iterable[str], data: Path) -> HumanCells:
    """The human side of the map for the items of a survey, from every country's shipped figures.

    Args:
        item_ids: What the survey asks. Those that are not shared by all countries drop out.
        data: Folder that holds items/ and references/.

    Raises:
        SurveyFormatError: A data file breaks its format.
    """
    wanted = set(item_ids)
    folders = _folders(data / "references", {item_id.partition(".")[0] for item_id in wanted})
    shared_sources = sorted(set.intersection(*folders.values())) if folders else []
    items = [
        item for source in shared_sources for item in read_items(data / "items" / f"{source}.yaml").items
    ]
    by_id = {item.id: item for item in items}
    references = [
        _read_country(data / "references" / population, shared_sources, by_id, wanted)
        for population in folders
    ]
    return human_cells([item for item in items if item.id in wanted], references)


def human_cells(items: Iterable[Item], references: Iterable[HumanReference]) -> HumanCells:
    """The same from references that are already read.

    Args:
        items: What the survey asks.
        references: One a country. One without any figures by sex and age is left out, with the reason.
    """
    kept, left_out = {}, {}
    for reference in sorted(references, key=lambda one: one.population):
        if any(group in CELLS for _, group in reference.items):
            kept[reference.population] = reference.items
        else:
            left_out[reference.population] = "its figures have no groups by sex and age"
    rows = map_rows(items)
    shared = tuple(row for row in rows if kept and all(_holds(of_one, row) for of_one in kept.values()))
    cells = tuple((population, group) for population in kept for group in CELLS)
    totals = _values([(population, "all") for population in kept], shared, kept)
    return HumanCells(
        rows=shared,
        populations=tuple(kept),
        cells=cells,
        cell_values=_values(cells, shared, kept),
        cell_sizes=_sizes(cells, shared, kept),
        totals=totals,
        uniform=_uniform(shared, totals),
        left_out=left_out,
        num_rows_not_shared=len(rows) - len(shared),
    )


_Figures = Mapping[tuple[str, str], ItemReference]


def _folders(references: Path, sources: set[str]) -> dict[str, set[str]]:
    """Population -> the sources of the survey that it has figures for, if any."""
    found = {
        folder.name: {path.stem for path in folder.glob("*.csv")} & sources
        for folder in sorted(references.iterdir())
        if folder.is_dir()
    }
    return {population: has for population, has in found.items() if has}


def _read_country(
    folder: Path, sources: Iterable[str], items: Mapping[str, Item], wanted: Collection[str]
) -> HumanReference:
    """What a country's people say to the items wanted, or to all where none of these has groups.

    Whether a country has figures by sex and age at all is asked of its whole files.
    """

    def read(wanted: Collection[str] | None) -> HumanReference:
        paths = [folder / f"{source}.csv" for source in sources]
        parts = [read_reference(path, items, folder.name, wanted=wanted) for path in paths]
        return merge_references(folder.name, parts)

    found = read(wanted)
    return found if any(group in CELLS for _, group in found.items) else read(None)


def _holds(figures: _Figures, row: MapRow) -> bool:
    """Whether the country has the row for everyone and for each cell, on the same scale."""
    found = [figures.get((row.item_id, group)) for group in ("all", *CELLS)]
    return all(
        reference is not None and reference.n is not None and row.fits(reference) for reference in found
    )


def _values(
    cells: Iterable[tuple[str, str]], rows: tuple[MapRow, ...], figures: Mapping[str, _Figures]
) -> Array:
    values = [
        [row.value_of_people(figures[population][row.item_id, group]) for row in rows]
        for population, group in cells
    ]
    return np.array(values, dtype=np.float64).reshape(len(values), len(rows))


def _sizes(
    cells: Iterable[tuple[str, str]], rows: tuple[MapRow, ...], figures: Mapping[str, _Figures]
) -> Array:
    sizes = [
        np.median([figures[population][row.item_id, group].n for row in rows]) if rows else np.nan
        for population, group in cells
    ]
    return np.array(sizes, dtype=np.float64)


def _uniform(rows: tuple[MapRow, ...], totals: Array) -> Array:
    """Half the scale for an item; for an option the mean rate at which people mention options."""
    values = np.full(len(rows), 0.5)
    for item_id in {row.item_id for row in rows if row.code is not None}:
        options = [column for column, row in enumerate(rows) if row.item_id == item_id]
        # A row of direction -1 counts who does not mention the option.
        is_turned = np.array([rows[column].direction < 0 for column in options])
        rates = np.where(is_turned, 1 - totals[:, options], totals[:, options])
        values[options] = np.where(is_turned, 1 - rates.mean(), rates.mean())
    return values
