"""Which variables of a file are which items, and what their values mean: the mapping that a user confirms.

It is written by hand or out of the candidates (`labelled_candidates`); nothing is guessed from it. Of a
survey of one's own, whose items are known, it says only who people are.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from def_sim.errors import SurveyFormatError
from def_sim.records import MeasurementLevel
from def_sim.surveys.importers.labels import plain
from def_sim.surveys.importers.people import Reply
from def_sim.surveys.item_bank import Text
from def_sim.yaml_files import read_validated

Codes = list[float]
Variable = Text
GroupType = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MissingCodes(_Strict):
    """Codes that are no answer, by reason. What a file itself declares missing needs none."""

    dont_know: Codes = []
    refused: Codes = []
    not_asked: Codes = []
    missing: Codes = []  # nobody knows why

    def kind_of(self, code: float) -> Reply | None:
        """Why a code is no answer; None: it is not among these."""
        kinds = {
            Reply.DONT_KNOW: self.dont_know,
            Reply.NO_ANSWER: self.refused,
            Reply.NOT_ASKED: self.not_asked,
            Reply.MISSING: self.missing,
        }
        return next((kind for kind, codes in kinds.items() if code in codes), None)


class SexVariable(_Strict):
    """Where people's sex stands."""

    variable: Variable
    male: list[float | Text] = [1]  # codes or words
    female: list[float | Text] = [2]

    @property
    def codes(self) -> dict[float | str, str]:
        """Code, or word without case, spaces and punctuation -> one of SEXES."""
        both = {"male": self.male, "female": self.female}
        return {
            plain(value) if isinstance(value, str) else value: sex
            for sex, values in both.items()
            for value in values
        }


class AgeVariable(_Strict):
    """Where people's age stands."""

    variable: Variable
    born: bool = False  # it holds years of birth
    bands: dict[int | Text, Text] = {}  # it holds codes or words of bands, such as 18-29; in rising order


class GroupVariable(_Strict):
    """Where it stands which group people are of, beyond sex and age."""

    variable: Variable
    codes: dict[int | Text, Text] = {}  # file's -> name of the group; empty: by the file's value labels


class ItemEntry(_Strict):
    """One item and the variable that its answers stand in; with `wording` the entry makes the item."""

    variable: Variable | None = None
    variables: dict[int, Variable] = {}  # of a battery: the option's code -> its variable, 1 is mentioned
    codes: dict[int, int] = {}  # file's -> ours; empty: they are the same
    missing: MissingCodes = MissingCodes()
    confirmed: bool = False
    candidates: list[str] = []  # what was found in the file; read by people only
    wording: dict[Annotated[str, Field(pattern="^[a-z]{2}$")], Text] = {}
    labels: dict[int, dict[str, Text]] = {}  # of options, where those of the file are not to be used
    topic: Text | None = None
    level: MeasurementLevel = MeasurementLevel.NOMINAL  # an order is not guessed


class PeopleMapping(_Strict):
    """Where it stands who people are, and which codes are no answer."""

    title: Text | None = None
    citation: Text | None = None
    terms: Text | None = None
    id: Variable | None = None  # who a person is, once in each population
    weight: Variable | None = None
    strata: Variable | None = None
    clusters: Variable | None = None
    sex: SexVariable | None = None
    age: AgeVariable | None = None
    missing: MissingCodes = MissingCodes()


class FileMapping(PeopleMapping):
    """A mapping; what all rounds of a survey share may come from the importer's YAML instead."""

    population: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    country: Variable | None = None  # a variable that parts people of several countries
    country_codes: dict[str, Annotated[str, Field(pattern="^[A-Z]{3}$")]] = {}  # file's -> ISO alpha-3
    groups: dict[GroupType, GroupVariable] = {}  # region: ..., in references beside sex and age
    parts_withheld: bool = True  # false: who does not know could not say so, and counts as refused
    items: dict[str, ItemEntry]


def read_mapping(path: Path, shared: Mapping[str, Any]) -> FileMapping:
    """The mapping of a file, on top of what its survey's rounds share.

    Args:
        path: The YAML.
        shared: Keys of a mapping but for `items`; what the YAML says wins.

    Raises:
        SurveyFormatError: It breaks its format, with the line; an entry names no variable, or two ways.
    """
    own = read_validated(path, FileMapping)
    both = {**shared, **own.model_dump(mode="json", exclude_unset=True)}
    mapping = FileMapping.model_validate(both)
    for item, entry in mapping.items.items():
        if entry.confirmed and bool(entry.variable) == bool(entry.variables):
            raise wrong(path, item, "needs either `variable` or `variables`")
    return mapping


def check_shared(shared: Mapping[str, Any]) -> None:
    """Makes sure that an importer's YAML shares what mappings have.

    Raises:
        SurveyFormatError: A key that no mapping has, or another kind of value.
    """
    try:
        FileMapping.model_validate({**shared, "items": {}})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SurveyFormatError(
            f"shared.{where}: {first['msg']}.", fix="Correct the importer's YAML in conf/importer/."
        ) from None


def wrong(path: Path, item: str, what: str) -> SurveyFormatError:
    """An error that names the entry."""
    return SurveyFormatError(f"{path.name}: {item}: {what}.", fix=f"Correct {path} at {item}.")
