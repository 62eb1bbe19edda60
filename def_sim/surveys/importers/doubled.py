"""Persons who stand in a file more than once: it was appended to itself, or a join went wrong.

They are told by the file's identifier. Without one a file is refused only where most rows equal another one
in many variables: a few such rows stand in the published files of 162 of 1,721 national surveys (Slomczynski,
Powałko and Krauze 2017, Survey Research Methods 11). Knows no survey.

Letters: N people of the file, V variables.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.variables import Variable, is_nothing, is_tag

FEWEST_PEOPLE: Final = 100  # below which equal rows say nothing
FEWEST_VARIABLES: Final = 20  # that differ between people, likewise
MOST_ALIKE: Final = 0.5  # share of rows that may equal another one
_EXACT: Final = 2.0**53  # from here on, numbers that differ in a file may be one here
_FIX: Final = "Take out the rows that repeat a person, or get the file again: a join may have gone wrong."


def check_doubled(
    path: Path,
    variables: Mapping[str, Variable],
    identifier: str | None,
    members: NDArray[np.bool_],
    population: str,
) -> None:
    """Makes sure that the people of a population are in a file once each.

    Args:
        path: The file, for errors.
        variables: All that is read of it, of N people each.
        identifier: The one that tells people of the population apart; None, or not among `variables`: none.
        members: Who belongs to the population, shape (N,).
        population: ISO alpha-3 code, for errors.

    Raises:
        SurveyFormatError: An identifier that stands twice; or, without identifiers, more than half of the
            rows equal another one in every variable, if there are enough of both.
    """
    rows = np.flatnonzero(members)
    where = f"{path.name}: of {len(rows):,} rows of {population}"
    if identifier is not None and identifier in variables:
        is_known = _is_identifying(variables[identifier])
        _check_identifiers(where, variables, identifier, rows[is_known[rows]])
        rows = rows[~is_known[rows]]
    _check_rows(where, variables, rows)


def _check_identifiers(
    where: str, variables: Mapping[str, Variable], identifier: str, rows: NDArray[np.intp]
) -> None:
    one = variables[identifier]
    if repeated := _repeated(rows, one.places[rows]):
        number, first, second = repeated
        value = one.distinct[one.places[first]]
        shown = f"{value:.17g}" if isinstance(value, float) else repr(value)
        raise SurveyFormatError(
            f"{where}, {number:,} have the identifier {one.name} of an earlier one, first {shown:.40} in "
            f"rows {first + 1:,} and {second + 1:,} of the file's people, which "
            f"{_difference(variables, first, second)}; expected it once.",
            fix=_FIX,
        )


def _check_rows(where: str, variables: Mapping[str, Variable], rows: NDArray[np.intp]) -> None:
    if len(rows) < FEWEST_PEOPLE:
        return
    columns = [one.places[rows] for one in variables.values()]
    columns = [column for column in columns if (column != column[0]).any()]
    kinds = _kinds_of_rows(columns) if len(columns) >= FEWEST_VARIABLES else None
    if kinds is not None and (repeated := _repeated(rows, kinds)):
        number, first, second = repeated
        raise SurveyFormatError(
            f"{where}, {number:,} are the same as an earlier one in all {len(variables)} variables that are "
            f"read, first rows {first + 1:,} and {second + 1:,} of the file's people; expected people who "
            "differ.",
            fix=f"{_FIX} If they are different people, keep the identifier of the survey in the file; in a "
            "mapping, `id:` names it.",
        )


def _difference(variables: Mapping[str, Variable], first: int, second: int) -> str:
    """How two rows differ: in nothing if they are one person, in much if the identifier is none."""
    number = sum(bool(one.places[first] != one.places[second]) for one in variables.values())
    if number == 0:
        return f"are alike in all {len(variables)} variables that are read"
    return f"differ in {number} of the {len(variables)} variables that are read"


def _is_identifying(identifier: Variable) -> NDArray[np.bool_]:
    """Whose field says who they are, shape (N,): there is something, and it is told from other numbers."""
    each = [
        not is_nothing(value)
        and not is_tag(value)
        and not identifier.missing(value)
        and (isinstance(value, str) or 0 <= value < _EXACT)  # negative codes are missing
        for value in identifier.distinct
    ]
    return np.array(each or [False])[identifier.places]


def _repeated(rows: NDArray[np.intp], marks: NDArray[np.int64]) -> tuple[int, int, int] | None:
    """How many rows have the mark of an earlier one, and the first two that share one; None: all differ."""
    _, first_of, mark_of = np.unique(marks, return_index=True, return_inverse=True)
    earliest = first_of[mark_of.reshape(-1)]  # place of the first row with the same mark
    is_repeated = earliest != np.arange(len(rows))
    if not is_repeated.any():
        return None
    second = int(np.flatnonzero(is_repeated)[np.argmin(earliest[is_repeated])])
    return int(is_repeated.sum()), int(rows[earliest[second]]), int(rows[second])


def _kinds_of_rows(columns: list[NDArray[np.intp]]) -> NDArray[np.int64] | None:
    """A number for each different row, shape (N,); None as soon as enough rows are like no other one."""
    kinds = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        both = kinds * (int(column.max()) + 1) + column
        _, kinds, sizes = np.unique(both, return_inverse=True, return_counts=True)
        kinds = kinds.reshape(-1)
        if sizes[sizes > 1].sum() <= MOST_ALIKE * len(kinds):
            return None
    return kinds
