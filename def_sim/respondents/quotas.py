"""Sex and age of a panel to quotas: which share each of the six groups has, and who is of which.

A respondent's place in the quotas comes from a low-discrepancy sequence with a drawn start: each has
the wanted chance of each group, the first N fill the quotas nearly exactly whatever N is, and a
larger panel begins with the same ones. Knows no configuration and no model.

Letters: G groups, N respondents.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError
from def_sim.randomness import keyed_rng
from def_sim.records import AGES, SEXES, ItemReference

Person = tuple[str, str]  # sex and age band

PERSONS: Final = tuple((sex, age) for sex in SEXES for age in AGES)
COLUMNS: Final = ("sex", "age", "share")
_STEP: Final = (5**0.5 - 1) / 2  # the golden ratio's fraction: of all steps the most evenly spread
_TOLERANCE: Final = 0.005  # shares with two digits need not sum to 1 exactly
_FIX: Final = (
    f"Write the columns {', '.join(COLUMNS)} and one row for each of {' and '.join(SEXES)} with each of "
    f"{', '.join(AGES)}; the shares sum to 1."
)


@dataclass(frozen=True, slots=True)
class Quotas:
    """Share of each group of the panel, in the order of `PERSONS`, G of them; they sum to 1."""

    shares: tuple[float, ...]

    def by_group(self) -> dict[str, float]:
        """Group, as references name it -> share, to six digits."""
        return {"|".join(person): round(share, 6) for person, share in zip(PERSONS, self.shares, strict=True)}


EQUAL: Final = Quotas((1 / len(PERSONS),) * len(PERSONS))


def person_of(index: int, seed: int, quotas: Quotas) -> Person:
    """Sex and age of respondent number `index`; of no other respondent and no size of panel.

    Systematic sampling: the start is drawn by the seed, and each respondent is a golden step further.
    Of the first N each group, sex and age has its share of N but for one or two people, and the steps
    have no period that could coincide with a rotation of options.
    """
    start = float(keyed_rng(seed, "sex and age").random())
    position = (start + index * _STEP) % 1.0
    place = int(np.searchsorted(np.cumsum(quotas.shares), position, side="right"))
    return PERSONS[min(place, len(PERSONS) - 1)]  # the sum may fall short of 1 by rounding


def reference_quotas(references: Iterable[ItemReference]) -> Quotas | None:
    """The groups' weighted shares among the people behind a reference; None where they are not known.

    A reference does not say them. But everyone's share of an option is the mean of the groups' shares
    with just these weights, so they follow by least squares from all options of all items.

    Args:
        references: Of all items and groups of one population.
    """
    by_item: dict[str, dict[str, ItemReference]] = {}
    for reference in references:
        by_item.setdefault(reference.item_id, {})[reference.group] = reference
    names = ["|".join(person) for person in PERSONS]
    known = [groups for groups in by_item.values() if groups.keys() >= {"all", *names}]
    if not known:
        return None
    of_groups = np.hstack([[groups[name].shares for name in names] for groups in known])  # (G, options)
    of_all = np.concatenate([groups["all"].shares for groups in known])
    # One row more, heavy enough to hold the sum at 1.
    heavy = 1e3 * np.ones((len(names), 1))
    found = np.linalg.lstsq(np.hstack([of_groups, heavy]).T, np.append(of_all, 1e3), rcond=None)[0]
    positive = np.maximum(found, 0.0)
    return Quotas(tuple((positive / positive.sum()).tolist()))


def lacking_groups(references: Iterable[ItemReference]) -> tuple[str, ...]:
    """Groups without figures on the item that has figures of most of them; (): some item has them all.

    Args:
        references: Of all items and groups of one population.
    """
    of_items: dict[str, set[str]] = {}
    for reference in references:
        of_items.setdefault(reference.item_id, set()).add(reference.group)
    names = ["|".join(person) for person in PERSONS]
    most = max(of_items.values(), key=lambda groups: len(groups & set(names)), default=set())
    return tuple(name for name in names if name not in most)


def read_quotas(path: Path) -> Quotas:
    """Quotas from a table with the columns sex, age and share.

    Raises:
        SurveyFormatError: No such file, other columns, a group that is unknown, missing or there twice, a
            share that is no number or negative, or shares that do not sum to 1. File and line are named.
    """
    rows = read_rows(path, fix=_FIX)
    line, header = next(rows, (1, []))
    if sorted(header) != sorted(COLUMNS):
        # What stands there is not repeated: a stored run may name any file.
        raise _wrong(path, line, f"expected the columns {', '.join(COLUMNS)}, found others")
    shares: dict[Person, float] = {}
    for line, fields in rows:
        row = dict(zip(header, fields, strict=True))
        person = (row["sex"], row["age"])
        if person not in PERSONS:
            raise _wrong(path, line, f"there is no group of sex {person[0]!r} and age {person[1]!r}")
        if person in shares:
            raise _wrong(path, line, f"{' '.join(person)} stands there twice")
        shares[person] = _share(path, line, row["share"])
    return Quotas(_checked(path, line, shares))


def _share(path: Path, line: int, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = float("nan")
    if not 0 <= share <= 1:
        raise _wrong(path, line, f"expected a share between 0 and 1, found {text!r}")
    return share


def _checked(path: Path, line: int, shares: Mapping[Person, float]) -> tuple[float, ...]:
    if missing := [person for person in PERSONS if person not in shares]:
        raise _wrong(path, line, f"{' '.join(missing[0])} is missing")
    total = sum(shares.values())
    if abs(total - 1) > _TOLERANCE:
        raise _wrong(path, line, f"expected shares that sum to 1, found a sum of {total:g}")
    return tuple(shares[person] / total for person in PERSONS)


def _wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    return SurveyFormatError(f"{path}, line {line}: {what}.", fix=_FIX)
