"""Figures of people in a table with a row an option: shares, percents or counts become shares, by group.

Letters: K options.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from def_sim.records import AGES, SEXES, ReferenceQuality
from def_sim.surveys.importers.contract import GroupFigures
from def_sim.surveys.importers.tidy_rows import EVERYONE, TidyRow, TidyTable, the_same, wrong
from def_sim.surveys.item_bank import Item

_ROUNDED: Final = 0.02  # shares with two decimals may add up to this much more or less than 1
_WHOLE: Final = {"share": 1.0, "percent": 100.0}  # what the figures of an item add up to


def figures_of(table: TidyTable, item: Item, rows: Sequence[TidyRow]) -> list[GroupFigures]:
    """Figures of an item by group; in which language's rows they stand makes no difference.

    Args:
        table: Says in which unit they are.
        item: Its options are those of the figures.
        rows: Of the item.

    Returns:
        One for each group that has figures; none if the item has none.

    Raises:
        SurveyFormatError: An option without a figure, figures that do not add up, or none of everyone.
    """
    filled = [row for row in rows if row.figure is not None]
    if not filled:
        return []
    groups = list(dict.fromkeys(row.group for row in filled))
    if EVERYONE not in groups:
        raise wrong(
            table.path, filled[0].line, f"item {rows[0].item}: figures of everyone (group all) are needed"
        )
    return [_of_group(table, item, [row for row in filled if row.group == group]) for group in groups]


def _of_group(table: TidyTable, item: Item, rows: Sequence[TidyRow]) -> GroupFigures:
    where = f"item {rows[0].item}, group {rows[0].group}"
    codes = tuple(option.code for option in item.options)
    figures = np.array([_figure(table, rows, code, where) for code in codes], dtype=np.float64)
    n = the_same(table, rows, [row.n for row in rows], "n")
    is_single, is_count = item.max_choices == 1, table.unit == "count"
    if is_count and n is None:
        if not is_single:
            raise wrong(table.path, rows[0].line, f"{where}: n is needed, since people chose several options")
        n = int(figures.sum())
    whole = float(n or 0) if is_count else _WHOLE[table.unit]
    shares = figures / whole if whole else figures
    if shares.sum() <= 0 or shares.max() > 1 or (is_single and abs(shares.sum() - 1) > _ROUNDED):
        found = f"{table.unit} adds up to {figures.sum():g}, expected {whole:g}"
        raise wrong(table.path, rows[0].line, f"{where}: {found}")
    n_effective = the_same(table, rows, [row.n_effective for row in rows], "n_effective")
    return GroupFigures(
        item_id=item.id,
        group_type=_group_type(rows[0].group),
        group=rows[0].group,
        codes=codes,
        shares=tuple(float(share) for share in (shares / shares.sum() if is_single else shares)),
        n=n,
        n_effective=n_effective if n is not None else None,
        volunteered_share=0.0,
        quality=_quality(table.unit, n),
    )


def _figure(table: TidyTable, rows: Sequence[TidyRow], code: int, where: str) -> float:
    of_code = [row for row in rows if row.code == code]
    value = the_same(table, of_code, [row.figure for row in of_code], table.unit)
    if value is None:
        raise wrong(table.path, rows[0].line, f"{where}: code {code} has no {table.unit}")
    return value


def _quality(unit: str, n: int | None) -> ReferenceQuality:
    if n is None:
        return ReferenceQuality.PUBLISHED
    return ReferenceQuality.UNWEIGHTED if unit == "count" else ReferenceQuality.WEIGHTED


def _group_type(group: str) -> str:
    if group == EVERYONE:
        return "overall"
    if group in SEXES:
        return "sex"
    return "age" if group in AGES else "sex_x_age" if "|" in group else "other"
