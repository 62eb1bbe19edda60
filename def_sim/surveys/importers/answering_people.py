"""Who the people of a table of answers are: which columns hold weight, sex, age, stratum and cluster.

A column is taken by its name, or because the user named it; nothing that looks like a weight or like a sex
passes unread without a word. Knows no item and no answer.

Letters: N people.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from def_sim.errors import ConfigError
from def_sim.records import ReferenceQuality
from def_sim.surveys.importers.answer_table import AnswerTable
from def_sim.surveys.importers.coding import UNWEIGHTED, is_like_weight
from def_sim.surveys.importers.labelled_mapping import PeopleMapping
from def_sim.surveys.importers.people import People, Replies
from def_sim.surveys.importers.people_fields import age_bands_of_fields, sexes_of_fields, weights_of_fields

# What a column may be called if nobody names it; the first that is there counts.
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "weight": ("weight",),
    "sex": ("sex", "gender", "性别"),
    "age": ("age", "年龄"),
    "strata": ("stratum",),
    "clusters": ("cluster",),
}
_ROLES: Final = {"strata": "stratum", "clusters": "cluster"}  # in words
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
    weights = weights_of_fields(table, fields["weight"])
    sex = sexes_of_fields(table, fields["sex"], columns["sex"] or "", mapping.sex)
    age_band, bands = age_bands_of_fields(table, fields["age"], mapping.age, year)
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
