"""Names of variables in the first row of a file: `Q1`, `Q1: label`, `Q1 label`, `Q1P`, in any case."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.errors import SurveyFormatError

_HEADER: Final = re.compile(r"\s*([^\s:]+)\s*:?\s*(.*)", re.DOTALL)
_PUBLIC: Final = "p"  # some releases write Q1P for Q1


@dataclass(frozen=True, slots=True)
class Header:
    """One column of a file."""

    place: int  # from 0
    written: str  # as the file has it
    name: str
    label: str  # "": none


def header(place: int, written: str, label: str = "") -> Header:
    """A column by what stands at its top."""
    found = _HEADER.match(written)
    name, rest = (found[1], found[2].strip()) if found else ("", "")
    return Header(place, written, name, label or rest)


def repeated(names: Sequence[str]) -> str | None:
    """The first name that stands there twice; None: each is there once."""
    counts = Counter(names)
    return next((name for name in names if counts[name] > 1), None)


def find(path: Path, headers: Sequence[Header], wanted: Iterable[str]) -> dict[str, Header]:
    """The columns of the variables that a file has, out of those that are wanted.

    Args:
        path: The file, for errors.
        headers: All of its columns.
        wanted: Names of variables.

    Returns:
        Wanted name -> column; names without a column are left out.

    Raises:
        SurveyFormatError: A variable has two columns.
    """
    by_name: dict[str, list[Header]] = {}
    for one in headers:
        by_name.setdefault(one.name.casefold(), []).append(one)
    found = {}
    for name in wanted:
        columns = by_name.get(name.casefold()) or by_name.get(name.casefold() + _PUBLIC) or []
        if exact := [one for one in columns if one.name == name]:
            columns = exact
        if len(columns) > 1:
            places = " and ".join(f"{one.place + 1} ({one.written!r:.40})" for one in columns)
            raise SurveyFormatError(
                f"{path.name}: variable {name} stands in columns {places}; expected one.",
                fix="Take out all but the right one, and import again.",
            )
        if columns:
            found[name] = columns[0]
    return found
