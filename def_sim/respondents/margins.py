"""Margins that a panel is raked to: the shares that categories of respondents should have.

A table with the columns variable, category and share. The category `other` takes all respondents whose own
category is not listed. Knows no weights; the fitting is `metrics.raking`.

Letters: N respondents.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError
from def_sim.records import RUN_COLUMNS

COLUMNS: Final = ("variable", "category", "share")
OTHER: Final = "other"
_SUM_TOLERANCE: Final = 1e-4
_FORMAT: Final = "docs/concepts/calibration.md, Weighted panels"


@dataclass(frozen=True, slots=True)
class MarginTable:
    """One variable: the place of each respondent's category among `categories`, and their shares."""

    variable: str
    categories: tuple[str, ...]
    shares: tuple[float, ...]  # sum to 1
    members: tuple[int, ...]  # length N


def read_margins(path: Path, variables: Mapping[str, Sequence[str]]) -> list[MarginTable]:
    """The margins of a table, joined with who the respondents are.

    Args:
        path: CSV.
        variables: Variable -> category of each of the N respondents.

    Raises:
        SurveyFormatError: An unknown variable, a share that is none, shares that do not sum to 1, a category
            that no respondent has, or a respondent's that is missing. With file and line.
    """
    rows = read_rows(path, fix=f"Correct {path} there (format: {_FORMAT}).")
    line, header = next(rows, (1, []))
    if tuple(header) not in (COLUMNS, (*RUN_COLUMNS, *COLUMNS)):  # the latter of a calibrated run
        raise _wrong(path, line, f"expected the columns {', '.join(COLUMNS)}")
    by_variable: dict[str, dict[str, tuple[int, float]]] = defaultdict(dict)
    for at, row in rows:
        variable, category, share = row[-len(COLUMNS) :]
        if variable not in variables:
            known = ", ".join(variables) or "none"
            raise _wrong(path, at, f"no variable {variable!r:.80} of the respondents; known: {known}")
        if category in by_variable[variable]:
            raise _wrong(path, at, f"{variable}={category!r:.80} stands there twice")
        by_variable[variable][category] = at, _share(path, at, share)
    if not by_variable:
        raise _wrong(path, line, "the table has no margin")
    return [_margin(path, name, found, variables[name]) for name, found in by_variable.items()]


def _margin(
    path: Path, variable: str, found: Mapping[str, tuple[int, float]], members: Sequence[str]
) -> MarginTable:
    first = next(iter(found.values()))[0]
    total = sum(share for _, share in found.values())
    if abs(total - 1) > _SUM_TOLERANCE:
        raise _wrong(path, first, f"the shares of {variable} sum to {total:.6g}, expected 1")
    names = tuple(found)
    placed = [name if name in found else OTHER for name in members]
    if OTHER in placed and OTHER not in found:
        missing = next(name for name in members if name not in found)
        raise _wrong(
            path,
            first,
            f"{variable} lacks the category {missing!r:.80}, which {members.count(missing)} respondents have "
            f"({OTHER!r} takes all that are not listed)",
        )
    for name, (line, share) in found.items():
        if share > 0 and name not in placed:
            raise _wrong(path, line, f"no respondent has {variable}={name!r:.80}: it cannot be weighted to")
    places = {name: place for place, name in enumerate(names)}
    shares = tuple(share / total for _, share in found.values())
    return MarginTable(variable, names, shares, tuple(places[name] for name in placed))


def _share(path: Path, line: int, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        raise _wrong(path, line, f"share must be a number, found {text!r:.80}") from None
    if not 0 <= share <= 1:  # also catches nan
        raise _wrong(path, line, f"share must lie in [0, 1], found {text!r:.80}")
    return share


def _wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    return SurveyFormatError(f"{path}, line {line}: {what}.", fix=f"Correct it there (format: {_FORMAT}).")
