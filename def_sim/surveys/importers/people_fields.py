"""Weights, sexes and ages of people, from the fields of a table; an error says how to write what is meant.

Letters: N people.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.records import AGES
from def_sim.surveys.importers.answer_table import AnswerTable
from def_sim.surveys.importers.coding import sex_in_words
from def_sim.surveys.importers.labelled_mapping import AgeVariable, SexVariable
from def_sim.surveys.importers.labels import plain
from def_sim.surveys.importers.people import bands_of

_OLDEST: Final = 130
_BIRTHS: Final = (1900, 2100)


def weights_of_fields(table: AnswerTable, fields: Sequence[str] | None) -> NDArray[np.float64]:
    """Each person's weight, 1 without a column, shape (N,).

    Raises:
        SurveyFormatError: One that is no number or below 0, or none is above. With the line.
    """
    if fields is None:
        return np.ones(len(table.lines))
    fix = (
        "Weigh everyone with a number (1.25; 1,25 only if no comma parts the fields) or take these rows out; "
        "weight=none counts everyone once."
    )

    def weight_of(field: str) -> float | str:
        value = _number(table, field)
        return value if 0 <= value < 1e9 else "must be a number of 0 or more"

    weights = _each(table, fields, "weight", weight_of, fix)
    if weights.sum() <= 0:
        raise _wrong(table, table.lines[-1], "every weight is 0", fix)
    return weights


def sexes_of_fields(
    table: AnswerTable, fields: Sequence[str] | None, column: str, given: SexVariable | None
) -> NDArray[np.str_]:
    """Each person's sex, shape (N,); "" of those whose value is in no list of the user's, or says neither.

    Raises:
        SurveyFormatError: A value that nobody knows, and no list was given. With the line.
    """
    if fields is None:
        return np.full(len(table.lines), "")
    codes = given.codes if given is not None else {}

    def of_field(field: str) -> str | None:
        number = _number(table, field)
        if (sex := codes.get(plain(field), codes.get(number))) is not None:
            return sex
        words = sex_in_words(field)
        return words if words is not None or given is None else ""

    found = [of_field(field) for field in fields]
    if None in found:
        unknown = Counter(field for field, sex in zip(fields, found, strict=True) if sex is None)
        values = ", ".join(f"{value!r:.40} ({_people(n)})" for value, n in unknown.most_common(5))
        raise _wrong(
            table,
            table.lines[found.index(None)],
            f"{column} holds {values}; expected words such as male and female",
            f"If it is the sex, write `sex: {{variable: {column:.60}, male: [1], female: [2]}}` with its own "
            "codes or words into a file of yours and give it, as in mapping=town.mapping.yaml. People with "
            "any other value are in neither group.",
        )
    return np.array(found, dtype=np.str_)


def age_bands_of_fields(
    table: AnswerTable, fields: Sequence[str] | None, given: AgeVariable | None, year: int | None
) -> tuple[NDArray[np.str_], tuple[str, ...]]:
    """Each person's band of age, shape (N,), "" where it is not known, and all bands.

    Raises:
        SurveyFormatError: What is no age, or no year of birth where these are expected. With the line.
        ConfigError: Years of birth, and nobody says when people were asked.
    """
    if fields is None:
        return np.full(len(table.lines), ""), AGES
    numbers = [_number(table, field) for field in fields]
    if given is not None and given.bands:
        keys = [int(one) if one.is_integer() else field for one, field in zip(numbers, fields, strict=True)]
        bands = [given.bands.get(key, "") for key in keys]
        return np.array(bands, dtype=np.str_), tuple(dict.fromkeys(given.bands.values()))
    is_born = given is not None and given.born
    if is_born and year is None:
        raise ConfigError(
            f"{table.path.name}: no age follows from a year of birth, since nothing says when people were "
            "asked.",
            fix="Add `year=`, as in `year=2026`.",
        )

    def age_of(field: str) -> float | str:
        if not field:
            return math.nan
        value = _number(table, field)
        looks_born = _BIRTHS[0] <= value <= _BIRTHS[1]
        if is_born:
            return (year or 0) - value if looks_born else "must be a year of birth"
        if looks_born:
            return "must be in years; this may be a year of birth"
        return value if 0 <= value <= _OLDEST else f"must be a number of years up to {_OLDEST}"

    fix = (
        "Leave the field empty where the age is not known. Of a year of birth write "
        "`age: {variable: NAME, born: true}`, of bands `bands: {1: <=29, 2: 30-49}` instead of "
        "`born`, into a file of yours and give it, as in mapping=town.mapping.yaml."
    )
    ages = _each(table, fields, "age", age_of, fix)
    return bands_of(np.where(ages >= 0, ages, np.nan)), AGES


def _each(
    table: AnswerTable, fields: Sequence[str], what: str, read: Callable[[str], float | str], fix: str
) -> NDArray[np.float64]:
    """Each person's number; `read` gives words instead if a field is none."""
    values = []
    for line, field in zip(table.lines, fields, strict=True):
        value = read(field)
        if isinstance(value, str):
            raise _wrong(table, line, f"{what} {value}, found {field!r:.40}", fix)
        values.append(value)
    return np.array(values, dtype=np.float64)


def _number(table: AnswerTable, field: str) -> float:
    """NaN where it is none."""
    text = field.replace(",", ".") if table.decimal_comma and "." not in field else field
    try:
        return float(text)
    except ValueError:
        return math.nan


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _wrong(table: AnswerTable, line: int, what: str, fix: str) -> SurveyFormatError:
    return SurveyFormatError(f"{table.path.name}, line {line}: {what}.", fix=fix)
