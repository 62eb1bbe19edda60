"""From counts of variables to figures of items: what becomes of volunteered answers and of batteries.

A variable of an institute is a column of its file, a battery an item of several such columns, each of which
says whether an option was mentioned. These rules hold for shipped and for imported figures alike.

Letters: K options.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from def_sim.errors import SurveyFormatError
from def_sim.records import QuestionType, ReferenceQuality
from def_sim.surveys.importers.contract import GroupFigures
from def_sim.surveys.item_bank import Item

MENTIONED: Final = 1  # code of a battery's variable; others are "not mentioned"


@dataclass(frozen=True, slots=True)
class Withheld:
    """Shares of those asked, weighted, who gave no answer that counts."""

    dont_know: float | None
    refused: float | None
    missing: float | None = None  # both of them, where the source does not part them; else None


@dataclass(frozen=True, slots=True)
class Cell:
    """Answers to one variable in one group of one population. Volunteered codes are among them."""

    group_type: str  # "overall", "sex", ...
    counts: Mapping[int, int]  # code -> people
    shares: Mapping[int, float]  # code -> weighted share of valid answers
    n_valid: int
    n_effective: float | None  # Kish; None: the weights are unknown
    quality: ReferenceQuality
    withheld: Withheld | None = None
    n_asked: int | None = None


def variables_of(item: Item, population: str) -> tuple[str, ...]:
    """The variables that an item's figures come from, of the options that a population was shown."""
    if item.type is not QuestionType.MULTIPLE or not any(option.variable for option in item.options):
        return (item.variable,)
    return tuple(option.variable or "" for option in item.shown_options(population))


def figures_of_cells(item: Item, population: str, group: str, cells: Mapping[str, Cell]) -> GroupFigures:
    """The figures of one item in one group.

    Args:
        item: What was asked.
        population: Decides which options were shown.
        group: "all", "male", ...
        cells: Variable -> its answers in that group, for all of `variables_of`.
    """
    if item.type is QuestionType.MULTIPLE:
        return _battery_figures(item, population, group, cells)
    return _question_figures(item, population, group, cells[item.variable])


def _question_figures(item: Item, population: str, group: str, cell: Cell) -> GroupFigures:
    """Shares of the shown codes among valid answers; volunteered codes leave shares and n."""
    left_out = sum(cell.shares.get(code, 0.0) for code in item.volunteered)
    kept_n = cell.n_valid - sum(cell.counts.get(code, 0) for code in item.volunteered)
    kept = {option.code: cell.shares.get(option.code, 0.0) for option in item.shown_options(population)}
    total = sum(kept.values())
    if total == 0:
        raise SurveyFormatError(
            f"{item.id}, {population}, group {group}: nobody chose an option that was shown.",
            fix="Leave the item out, or correct `shown` in its file.",
        )
    n_effective = None if cell.n_effective is None else cell.n_effective * (1 - left_out)
    kept_cell = replace(cell, n_valid=kept_n, n_effective=n_effective)
    shares = {code: share / total for code, share in kept.items()}
    return _figures(item, group, kept_cell, shares, left_out)


def _battery_figures(item: Item, population: str, group: str, cells: Mapping[str, Cell]) -> GroupFigures:
    """Share of people who mention each option. n is the smallest of the battery's variables."""
    of_option = {option.code: cells[option.variable or ""] for option in item.shown_options(population)}
    every = list(of_option.values())
    known = [cell.n_effective for cell in every if cell.n_effective is not None]
    asked = [cell.n_asked for cell in every if cell.n_asked is not None]
    common = replace(
        every[0],
        n_valid=min(cell.n_valid for cell in every),
        n_effective=min(known) if len(known) == len(every) else None,
        n_asked=min(asked) if len(asked) == len(every) else None,
        withheld=_mean_withheld([cell.withheld for cell in every]),
    )
    shares = {code: cell.shares.get(MENTIONED, 0.0) for code, cell in of_option.items()}
    return _figures(item, group, common, shares, 0.0)


def _mean_withheld(of_options: Sequence[Withheld | None]) -> Withheld | None:
    """Of a battery, each of whose options people may leave unanswered."""
    known = [one for one in of_options if one is not None]
    if len(known) < len(of_options):
        return None
    return Withheld(
        _mean([one.dont_know for one in known]),
        _mean([one.refused for one in known]),
        _mean([one.missing for one in known]),
    )


def _mean(shares: Sequence[float | None]) -> float | None:
    known = [share for share in shares if share is not None]
    return sum(known) / len(known) if len(known) == len(shares) else None


def _figures(
    item: Item, group: str, cell: Cell, shares: Mapping[int, float], volunteered_share: float
) -> GroupFigures:
    withheld = cell.withheld or Withheld(None, None)
    return GroupFigures(
        item_id=item.id,
        group_type=cell.group_type,
        group=group,
        codes=tuple(shares),
        shares=tuple(shares.values()),
        n=cell.n_valid,
        n_effective=cell.n_effective,
        volunteered_share=volunteered_share,
        quality=cell.quality,
        n_asked=cell.n_asked,
        dont_know_share=withheld.dont_know,
        refused_share=withheld.refused,
        missing_share=withheld.missing,
    )
