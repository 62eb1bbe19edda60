"""Pew's American Trends Panel from the file of one wave: the wave's items of `items/pew_atp.yaml`.

Other waves than those of the items come by a mapping (`labelled`), with what all waves share from here. Panel
members answer online, where not knowing is not offered: whoever skips a question counts as refused, code 99.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final

import numpy as np

from def_sim.errors import ConfigError
from def_sim.file_hashes import hash_file
from def_sim.records import SEXES, ItemReference
from def_sim.resources import data_folder, look_up
from def_sim.surveys.human_reference import ReferenceSource, read_reference
from def_sim.surveys.importers.coding import Meaning, answer, no_weight, replies_of, sexes_of, weights_of
from def_sim.surveys.importers.contract import GroupFigures, Imported, PopulationFigures
from def_sim.surveys.importers.described import described_items
from def_sim.surveys.importers.documents import items_in_words
from def_sim.surveys.importers.doubled import check_doubled
from def_sim.surveys.importers.files import opened, read_variables
from def_sim.surveys.importers.headers import Header
from def_sim.surveys.importers.known_surveys import check_survey
from def_sim.surveys.importers.labelled import Labelled
from def_sim.surveys.importers.labels import Labels, plain
from def_sim.surveys.importers.people import People, Reply, figures_of_people
from def_sim.surveys.importers.people_facts import facts_of, lines_of
from def_sim.surveys.importers.peoples_structure import structure_of
from def_sim.surveys.importers.variables import Value, Variable, is_nothing, is_tag
from def_sim.surveys.item_bank import Item, read_items

SOURCE: Final = "pew_atp"
BANDS: Final = ("18-29", "30-49", "50-64", "65+")  # of codes 1 to 4; nobody's age in years is published
_MOST_NAMED: Final = 12
_REFUSED: Final = 99.0
_IDENTIFIER: Final = "QKEY"  # of a member of the panel
_WEIGHT: Final = re.compile(r"weight_w(\d+)")
_SEX: Final = ("F_SEX_FINAL", "F_SEX", "F_GENDER")  # waves call it differently
_AGE: Final = ("F_AGECAT_FINAL", "F_AGECAT")
_SEX_CODES: Final = {1: "male", 2: "female"}
_SAME: Final = tuple(
    one.name for one in fields(GroupFigures) if one.name in {of.name for of in fields(ItemReference)}
)
_TERMS: Final = (
    "attribution to Pew Research Center, which bears no responsibility for analyses or interpretations; "
    "no microdata"
)


class PewAtp:
    """Reads the file of a wave.

    Args:
        source: The file.
        labels: A file with the codes of labels, where `source` has labels only; see `Labels`.
        mapping: Of another wave than those of the items: which variables are which items; see `Labelled`.
        name: With a mapping: what the survey is called.
        year: With a mapping: when the wave was asked.
        home: The user's home; its figures of other waves stay.
    """

    def __init__(
        self,
        source: str,
        labels: str | None = None,
        mapping: str | None = None,
        name: str | None = None,
        year: int | None = None,
        home: Path | None = None,
    ) -> None:
        self.source, self.path = source, Path(source).expanduser()
        self.given_labels, self.mapping, self.name, self.year = labels, mapping, name, year
        self.labels = Labels(None if labels is None else Path(labels).expanduser())
        self.home = home

    def read(self) -> Imported:
        """Figures of every item of the wave; those of other waves as they are.

        Raises:
            SurveyFormatError: An unknown label or code, a weight that is none, people who stand twice.
            ConfigError: Another survey's file, no weight of a wave, or one of a wave without items.
        """
        items = read_items(data_folder() / f"items/{SOURCE}.yaml").items
        with opened(self.path) as file:
            check_survey(file.path, file.headers, SOURCE)
            wave, weight = _wave(file.path, file.headers)
            if self.mapping is not None or self.name is not None:
                return self._by_mapping(file.headers, weight)
            of_wave = [item for item in items if item.variable.endswith(f"_W{wave}")]
            if not of_wave:
                raise _no_items(file.path, wave, items)
            names = [weight, _IDENTIFIER, *_SEX, *_AGE, *(item.variable for item in of_wave)]
            variables = read_variables(file, names)
        is_member = np.ones(len(variables[weight].places), dtype=np.bool_)
        check_doubled(self.path, variables, _IDENTIFIER, is_member, "USA")
        found = [item for item in of_wave if item.variable in variables]
        people = self._people(variables, weight, found)
        figures = [
            one for item in found for one in figures_of_people(item, people) if one.group_type != "sex_x_age"
        ]
        provenance = self._provenance(wave, weight, people)
        structure = structure_of(found, people, figures, provenance)
        others = self._others(items, {one.item_id for one in figures})
        order = {item.id: place for place, item in enumerate(items)}
        every = tuple(sorted([*figures, *others], key=lambda one: order[one.item_id]))
        return Imported(
            source=SOURCE,
            items=None,
            asked_by="us",
            populations=(PopulationFigures(provenance, every, structure),),
            file_sha256=provenance.file_sha256,
            variables=described_items(found, variables),
            summary=(
                *lines_of(PopulationFigures(provenance, tuple(figures), structure)),
                *_beside(of_wave, figures, others),
            ),
            terms=(_TERMS,),
        )

    def _by_mapping(self, headers: Sequence[Header], weight: str) -> Imported:
        """Another wave, with what all waves share."""
        if self.name is None or self.year is None:
            raise ConfigError(
                f"{self.path.name}: a mapping makes a survey of its own, which needs a name and a year.",
                fix="Give them, as in `name=pew_w92 year=2021`.",
            )
        known = {one.name for one in headers}
        sex = next((name for name in _SEX if name in known), None)
        age = next((name for name in _AGE if name in known), None)
        shared = {
            "title": "Pew Research Center American Trends Panel",
            "terms": _TERMS,
            "population": "USA",
            "weight": weight,
            "id": _IDENTIFIER if _IDENTIFIER in known else None,
            "sex": {"variable": sex} if sex else None,
            "age": {"variable": age, "bands": dict(enumerate(BANDS, start=1))} if age else None,
            "missing": {"refused": [_REFUSED]},
            "parts_withheld": False,
        }
        return Labelled(
            self.source,
            self.name,
            self.year,
            mapping=self.mapping,
            labels=self.given_labels,
            home=self.home,
            shared=shared,
        ).read()

    def _people(self, variables: Mapping[str, Variable], weight: str, items: Sequence[Item]) -> People:
        sex = next((variables[name] for name in _SEX if name in variables), None)
        age = next((variables[name] for name in _AGE if name in variables), None)
        if sex is None or age is None:
            raise ConfigError(
                f"{self.path.name}: it lacks {' and '.join(_SEX[:2])}, or {' and '.join(_AGE)}.",
                fix="Give the file as Pew publishes it.",
            )
        bands = [self._band(age, value) for value in age.distinct]
        return People(
            population="USA",
            replies={
                item.variable: replies_of(
                    variables[item.variable], self._meaning(variables[item.variable], item)
                )
                for item in items
            },
            weights=weights_of(self.path, variables[weight]),
            sex=sexes_of(sex, lambda value: self.labels.code_of(sex, value), _SEX_CODES),
            age_band=np.array(bands, dtype=np.str_)[age.places],
            bands=BANDS,
            parts_withheld=False,
        )

    def _band(self, age: Variable, raw: Value) -> str:
        value = self.labels.code_of(age, raw)
        if isinstance(value, float):
            return BANDS[int(value) - 1] if value in (1, 2, 3, 4) else ""
        return value if value in BANDS else ""

    def _meaning(self, variable: Variable, item: Item) -> Callable[[Value], Meaning]:
        known = f"the codes {', '.join(str(option.code) for option in item.options)}, 99, or their labels"

        def of_value(raw: Value) -> Meaning:
            value = self.labels.code_of(variable, raw)
            if is_nothing(value) or is_tag(value):  # the other form of the questionnaire
                return Meaning(Reply.NOT_ASKED)
            if value == _REFUSED or (isinstance(value, str) and plain(value) == "refused"):
                return Meaning(Reply.NO_ANSWER)
            return answer(self.path, item.id, variable, value, known)

        return of_value

    def _others(self, items: Sequence[Item], imported: set[str]) -> list[GroupFigures]:
        """Figures of items that this file has none of, as they are now."""
        path = look_up(f"references/USA/{SOURCE}.csv", data_folder(), self.home)
        before = read_reference(path, {item.id: item for item in items}, "USA").items
        return [_as_figures(one) for one in before.values() if one.item_id not in imported]

    def _provenance(self, wave: int, weight: str, people: People) -> ReferenceSource:
        return ReferenceSource(
            population="USA",
            source=SOURCE,
            title="Pew Research Center American Trends Panel, United States",
            year=2018,
            weight=f"{weight}; of other waves theirs",
            effective_n="Kish, from the wave's weights; what the panel's recruitment adds is not in it, "
            "so it is an upper bound",
            dont_know="refused is missing and left out of shares and n",
            release=f"wave {wave} imported; other waves as they were",
            citation=f"Pew Research Center, American Trends Panel Wave {wave}",
            terms=_TERMS,
            file=self.path.name,
            file_sha256=hash_file(self.path),
            **facts_of(people),
        )


def _wave(path: Path, headers: Sequence[Header]) -> tuple[int, str]:
    """Number of the wave, and the variable of its weight."""
    found = [(int(m[1]), one.name) for one in headers if (m := _WEIGHT.fullmatch(one.name.casefold()))]
    if len(found) != 1:
        if not found:
            raise no_weight(path, "WEIGHT_W and the number of the wave", tuple(headers))
        raise ConfigError(
            f"{path.name} has the weights of several waves: {', '.join(name for _, name in found[:6])}.",
            fix="Give the file of one wave.",
        )
    return found[0]


def _no_items(path: Path, wave: int, items: Sequence[Item]) -> ConfigError:
    waves = sorted({int(item.variable.rpartition("_W")[2]) for item in items})
    return ConfigError(
        f"{path.name} is of wave {wave}; there are items of the waves {', '.join(map(str, waves))}.",
        fix="Make items of it by a mapping: `name=pew_w... year=... mapping=...` (docs/how_to/importing.md).",
    )


def _as_figures(one: ItemReference) -> GroupFigures:
    kind = "overall" if one.group == "all" else "sex" if one.group in SEXES else "age"
    same = {name: getattr(one, name) for name in _SAME}
    return GroupFigures(group_type=kind, **same)


def _beside(
    of_wave: Sequence[Item], figures: Sequence[GroupFigures], others: Sequence[GroupFigures]
) -> Iterator[str]:
    """What the wave should have and the file has not, and what stays as it was."""
    with_figures = {one.item_id for one in figures}
    if missing := [item.variable for item in of_wave if item.id not in with_figures]:
        more = ", ..." if len(missing) > _MOST_NAMED else ""
        yield f"without       {len(missing)} of {len(of_wave)}: {', '.join(missing[:_MOST_NAMED])}{more}"
    kept = len({one.item_id for one in others})
    yield f"kept          {items_in_words(kept)} that the file has no figures of, as they were"
