"""Who the people of a table of answers are: which columns hold weight, sex, age, stratum and cluster.

A column is taken by its name, or because the user named it; nothing that looks like a weight or like a sex
passes unread without a word. Knows no item and no answer.

Letters: N people.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.records import AGES, ReferenceQuality
from def_sim.surveys.importers.answer_table import AnswerTable
from def_sim.surveys.importers.coding import UNWEIGHTED, is_like_weight, sex_in_words
from def_sim.surveys.importers.labelled_mapping import AgeVariable, PeopleMapping, SexVariable
from def_sim.surveys.importers.labels import plain
from def_sim.surveys.importers.people import People, Replies, bands_of

# What a column may be called if nobody names it; the first that is there counts.
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "weight": ("weight",),
    "sex": ("sex", "gender", "性别"),
    "age": ("age", "年龄"),
    "strata": ("stratum",),
    "clusters": ("cluster",),
}
_ROLES: Final = {"strata": "stratum", "clusters": "cluster"}  # in words
_OLDEST: Final = 130
_BIRTHS: Final = (1900, 2100)
_MOST_NAMED: Final = 12  # columns, and values, in a line


@dataclass(frozen=True, eq=False)
class AnsweringPeople:
    """What is known of the people of a table, shape (N,) each."""

    weight: str  # the column; "none": everyone counts once
    weights: NDArray[np.float64]
    sex: NDArray[np.str_]
    age_band: NDArray[np.str_]
    bands: tuple[str, ...]
    strata: NDArray[Any] | None
    clusters: NDArray[Any] | None
    parts_withheld: bool  # whether codes tell don't know from no answer
    said: tuple[str, ...]  # which columns are used and which are not, and who is in no group; a line each

    def answering(self, population: str, replies: Mapping[str, Replies]) -> People:
        """The same people with their answers."""
        is_weighted = self.weight != UNWEIGHTED
        return People(
            population=population,
            replies=replies,
            weights=self.weights,
            sex=self.sex,
            age_band=self.age_band,
            bands=self.bands,
            strata=self.strata,
            clusters=self.clusters,
            quality=ReferenceQuality.WEIGHTED if is_weighted else ReferenceQuality.UNWEIGHTED,
            parts_withheld=self.parts_withheld,
        )


def read_people(
    table: AnswerTable,
    of_items: Collection[str],
    mapping: PeopleMapping,
    *,
    weight: str | None = None,
    year: int | None = None,
) -> AnsweringPeople:
    """Who the people are.

    Args:
        table: Their answers.
        of_items: Columns that hold answers, in lower case: none of them is taken by its name alone.
        mapping: Names columns, and says what their values mean.
        weight: The column of the weights, in place of the mapping's; "none": everyone counts once.
        year: When people were asked; from it and a year of birth follows an age.

    Raises:
        SurveyFormatError: A weight, sex or age that is none. With the line.
        ConfigError: No such column; one that looks like a weight, and nobody says whether it is.
    """
    named = {
        "weight": weight or mapping.weight,
        "sex": mapping.sex.variable if mapping.sex else None,
        "age": mapping.age.variable if mapping.age else None,
        "strata": mapping.strata,
        "clusters": mapping.clusters,
    }
    columns = {role: _column(table, role, name, of_items) for role, name in named.items()}
    _check_weight(table, columns["weight"], named["weight"], of_items)
    fields = {role: table.column((name,)) if name else None for role, name in columns.items()}
    weights = _weights(table, fields["weight"])
    sex = _sexes(table, fields["sex"], columns["sex"] or "", mapping.sex)
    age_band, bands = _age_bands(table, fields["age"], mapping.age, year)
    return AnsweringPeople(
        weight=columns["weight"] or UNWEIGHTED,
        weights=weights,
        sex=sex,
        age_band=age_band,
        bands=bands,
        strata=_marks(fields["strata"]),
        clusters=_marks(fields["clusters"]),
        parts_withheld=bool(mapping.missing.dont_know),
        said=(
            *_used(table, columns, of_items, mapping.id),
            *_in_no_group("sex", fields["sex"], sex),
            *_in_no_group("age", fields["age"], age_band),
        ),
    )


def _column(table: AnswerTable, role: str, named: str | None, of_items: Collection[str]) -> str | None:
    """The column of a role, as the table writes it; None: there is none."""
    if named == UNWEIGHTED and role == "weight":
        return None
    if named is not None:
        if table.column((named,)) is None:
            raise ConfigError(
                f"{table.path.name}: there is no column {named!r:.60} for {_ROLES.get(role, role)}; it has "
                f"{', '.join(table.names[:_MOST_NAMED])}.",
                fix="Name one of its columns.",
            )
        return named
    written = {name.casefold(): name for name in table.names}
    usual = (name for name in _USUAL[role] if name in written and name not in of_items)
    return next((written[name] for name in usual), None)


def _check_weight(
    table: AnswerTable, column: str | None, named: str | None, of_items: Collection[str]
) -> None:
    if column is not None or named is not None:
        return
    others = [name for name in table.names if name.casefold() not in of_items]
    if like := [name for name in others if is_like_weight(name)]:
        raise ConfigError(
            f"{table.path.name}: no column is called weight, and {like[0]!r:.60} may hold weights.",
            fix=f"Say so with weight={like[0]:.60}, or weight=none: everyone counts once.",
        )


def _weights(table: AnswerTable, fields: Sequence[str] | None) -> NDArray[np.float64]:
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


def _sexes(
    table: AnswerTable, fields: Sequence[str] | None, column: str, given: SexVariable | None
) -> NDArray[np.str_]:
    """Each person's sex; "" of those whose value is in no list that the user gave, or says neither."""
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


def _age_bands(
    table: AnswerTable, fields: Sequence[str] | None, given: AgeVariable | None, year: int | None
) -> tuple[NDArray[np.str_], tuple[str, ...]]:
    """Each person's band of age, "" where it is not known, and all bands."""
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


def _used(
    table: AnswerTable, columns: Mapping[str, str | None], of_items: Collection[str], identifier: str | None
) -> list[str]:
    """Which columns say who people are, and which say nothing here."""
    person = table.person_column(identifier)
    roles = {"id": person, **columns}
    used = {role: name for role, name in roles.items() if name is not None}
    words = [
        name if name.casefold() == _ROLES.get(role, role) else f"{name} as {_ROLES.get(role, role)}"
        for role, name in used.items()
    ]
    lacking = [name for name in ("weight", "sex", "age") if columns[name] is None]
    taken = {name.casefold() for name in used.values()} | set(of_items)
    rest = [name for name in table.names if name and name.casefold() not in taken]
    more = f" and {len(rest) - _MOST_NAMED:,} more" if len(rest) > _MOST_NAMED else ""
    without = f"; there is no {' and no '.join(lacking)}" if lacking else ""
    return [
        f"used          {', '.join(words) or 'no column that says who people are'}{without}",
        *([f"not used      {', '.join(rest[:_MOST_NAMED])}{more}"] if rest else []),
    ]


def _in_no_group(what: str, fields: Sequence[str] | None, groups: NDArray[np.str_]) -> list[str]:
    if fields is None or not (groups == "").any():
        return []
    values = Counter(field for field, group in zip(fields, groups, strict=True) if not group)
    shown = ", ".join(f"{value!r:.40}" if value else "empty" for value, _ in values.most_common(5))
    return [f"{what:<13} {(groups == '').sum():,} of {len(groups):,} people are in no group of it: {shown}"]


def _marks(fields: Sequence[str] | None) -> NDArray[Any] | None:
    return None if fields is None else np.array(fields)


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
