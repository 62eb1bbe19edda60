"""One country of a file of the World Values Survey as `People`: weights, clusters, sex, age and answers.

Letters: N people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.errors import ConfigError
from def_sim.metrics.design import Array
from def_sim.records import QuestionType, ReferenceQuality
from def_sim.surveys.importers.coding import UNWEIGHTED, ages_of, replies_of, sexes_of, weights_of
from def_sim.surveys.importers.people import People, Replies, Reply, bands_of
from def_sim.surveys.importers.variables import NOTHING, Variable
from def_sim.surveys.importers.wvs_codes import WvsCodes
from def_sim.surveys.importers.wvs_releases import check_release
from def_sim.surveys.item_bank import Item

COUNTRY: Final = "B_COUNTRY_ALPHA"
IDENTIFIER: Final = "D_INTERVIEW"  # of a person within a country
CLUSTER, SEX, AGE, YEAR = "I_PSU", "Q260", "Q262", "A_YEAR"
_SEXES: Final = {1: "male", 2: "female"}


@dataclass(frozen=True)
class Country:
    """One country of the file."""

    people: People
    year: int
    left_out: Mapping[str, int]  # why people do not count -> how many
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CountryReader:
    """Makes countries of a file's variables.

    `weight` is their name, or UNWEIGHTED; `year` is taken where the file has none; `force` takes release 1.5
    of the United States.
    """

    path: Path
    items: tuple[Item, ...]
    codes: WvsCodes
    weight: str
    year: int | None
    force: bool

    def country(self, code: str, own: Mapping[str, Variable]) -> Country:
        """One country.

        Args:
            code: ISO alpha-3.
            own: Name of a variable -> what the N people of the country have.

        Raises:
            SurveyFormatError: Weights, ages, codes or labels that cannot be; the wrong release.
            ConfigError: Nothing says when people were asked.
        """
        size = len(own[COUNTRY].places)
        replies = {
            name: self._replies(name, own[name]) if name in own else _not_asked(size)
            for name in item_variables(self.items)
        }
        weights = np.ones(size) if self.weight == UNWEIGHTED else weights_of(self.path, own[self.weight])
        notes = check_release(code, replies, weights, path=self.path, force=self.force)
        clusters, more_notes = _clusters(own.get(CLUSTER))
        people = People(
            population=code,
            replies=replies,
            weights=weights,
            sex=sexes_of(own[SEX], self.codes.code_of(SEX, own[SEX]), _SEXES),
            age_band=bands_of(ages_of(self.path, own[AGE], self.codes.code_of(AGE, own[AGE]))),
            clusters=clusters,
            quality=ReferenceQuality.UNWEIGHTED if self.weight == UNWEIGHTED else ReferenceQuality.WEIGHTED,
        )
        num_unknown = int(((people.sex == "") | (people.age_band == "")).sum())
        left_out = {"of groups by sex or age, which are not known": num_unknown} if num_unknown else {}
        return Country(people, self._year_of(code, own.get(YEAR)), left_out, (*notes, *more_notes))

    def _replies(self, name: str, variable: Variable) -> Replies:
        return replies_of(variable, self.codes.meaning_of(self.path, name, variable))

    def _year_of(self, code: str, years: Variable | None) -> int:
        numbers: Array = np.zeros(0) if years is None else years.numbers()
        known = numbers[numbers > 0]
        if len(known):
            return int(np.median(known))
        if self.year is None:
            raise ConfigError(
                f"{self.path.name} does not say when the people of {code} were asked (no {YEAR}).",
                fix="Give the year: year=2018.",
            )
        return self.year


def item_variables(items: Iterable[Item]) -> list[str]:
    """The variables of items, of all their options: another country may have been shown more of a battery."""
    names = (
        [option.variable or "" for option in item.options]
        if item.type is QuestionType.MULTIPLE
        else [item.variable]
        for item in items
    )
    return list(dict.fromkeys(name for of_item in names for name in of_item))


def was_answered(item: Item, people: People) -> bool:
    """Whether anybody gave an answer to it."""
    return any((people.replies[name].kinds == Reply.ANSWER).any() for name in item_variables([item]))


def _not_asked(size: int) -> Replies:
    return Replies(np.zeros(size, np.int64), np.full(size, Reply.NOT_ASKED, np.int8))


def _clusters(variable: Variable | None) -> tuple[NDArray[np.int64] | None, list[str]]:
    """A number a cluster, where the file says who was drawn together, and what is to be said of it.

    People without a mark, if they are fewer than half, are taken as drawn alone; with more of them, or one
    mark for all, the clusters are not known.
    """
    if variable is None:
        return None, []
    is_mark = [
        value != NOTHING and (isinstance(value, str) or value >= 0)  # negative codes are missing
        for value in variable.distinct
    ]
    is_filled = np.array(is_mark or [False])[variable.places]
    if is_filled.mean() < 0.5 or len(np.unique(variable.places[is_filled])) < 2:
        return None, [f"{CLUSTER} is not filled: what the clusters of the sample cost is not known"]
    alone = len(variable.distinct) + np.arange(len(is_filled))
    num_alone = int((~is_filled).sum())
    notes = [f"{num_alone:,} people without {CLUSTER} are taken as drawn alone"] if num_alone else []
    return np.where(is_filled, variable.places, alone).astype(np.int64), notes
