"""What an importer hands over: items, figures of people and questionnaires, in the formats that surveys have.

An importer is a class that `conf/importer/<name>.yaml` names. It reads one source and writes nothing;
`documents` turns what it found into files, and the stage puts these into the user's home, all or none.

Letters: K options.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from def_sim.errors import ConfigError
from def_sim.records import ReferenceQuality, effective_number
from def_sim.surveys.human_reference import ReferenceSource
from def_sim.surveys.human_structure import StructureSource
from def_sim.surveys.item_bank import ItemFile
from def_sim.surveys.official_wordings import OfficialWordings
from def_sim.surveys.shown_options import ShownCodes
from def_sim.surveys.survey import SurveyFile


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """How the people of one group answered one item: K rows of a reference."""

    item_id: str
    group_type: str  # "overall", "sex", ...
    group: str  # "all", "male", ...
    codes: tuple[int, ...]  # shape (K,), those that the population was shown, rising
    shares: tuple[float, ...]  # shape (K,), of valid answers, volunteered ones left out
    n: int | None  # people with a valid answer; None: the source does not say
    n_effective: float | None  # Kish; None: unknown
    volunteered_share: float  # of valid answers
    quality: ReferenceQuality
    n_asked: int | None = None  # with or without an answer; this and all below: None: not known
    dont_know_share: float | None = None  # of those asked, weighted
    refused_share: float | None = None
    missing_share: float | None = None  # both of them, where the source does not part them
    standard_errors: tuple[float, ...] | None = None  # of the shares, shape (K,)
    design_effect: float | None = None
    num_clusters: int | None = None

    @property
    def effective_people(self) -> float | None:
        """What the people are worth, by `effective_number`."""
        return effective_number(self.n, self.design_effect, self.n_effective)


@dataclass(frozen=True, slots=True)
class HalvesRow:
    """How far apart random halves of the people are on one item, and as many drawn people would be."""

    item_id: str
    found: Mapping[str, float]  # measure of `metrics.halves.MEASURES` -> mean over the splits
    expected: Mapping[str, float]


@dataclass(frozen=True)
class StructureFigures:
    """How people's answers go together, and how far their halves are apart."""

    provenance: StructureSource
    pairs: tuple[tuple[str, str, float, int], ...]  # items without the source's name, r, n of both
    halves: tuple[HalvesRow, ...]


@dataclass(frozen=True, slots=True)
class FileVariable:
    """What a source calls the variable of an item, to be held against the item by eye."""

    name: str
    label: str  # "": the source does not say
    values: Mapping[int, str]  # our code -> the source's label; of answers, not of missing values


@dataclass(frozen=True)
class PopulationFigures:
    """The figures of one population, and where they come from."""

    provenance: ReferenceSource
    figures: tuple[GroupFigures, ...]
    structure: StructureFigures | None = None  # None: the source has no persons


@dataclass(frozen=True)
class Imported:
    """What a source holds, ready to be written."""

    source: str  # names items/<source>.yaml and references/<population>/<source>.csv
    items: ItemFile | None  # None: figures of items that are there already
    populations: tuple[PopulationFigures, ...]
    surveys: tuple[SurveyFile, ...] = ()
    asked_by: str = ""  # of figures alone: a survey that asks their items
    file_sha256: str = ""  # of the source, 64 hex digits
    tables: Mapping[str, str] = field(default_factory=dict)  # name below imports/ -> text: logs and checks
    shown: ShownCodes = field(default_factory=dict)  # where these differ from the items'
    summary: tuple[str, ...] = ()  # what was found, a line each, for the terminal
    variables: Mapping[str, FileVariable] = field(default_factory=dict)  # item -> what the source calls it
    official: tuple[OfficialWordings, ...] = ()  # sentences of a codebook, by language
    record_as: str = ""  # the record's name, where it is not that of the source
    terms: tuple[str, ...] = ()  # under which the source may be used, a line each


class NothingTakenError(ConfigError):
    """An importer needs the user's word first, and has written down what about.

    Args:
        files: Name below the home -> text; one that is there already stays as it is.
        fix: What to do; `{files}` stands for their paths.
    """

    def __init__(self, message: str, *, files: Mapping[str, str], fix: str) -> None:
        super().__init__(message, fix=fix)
        self.files = files


class Importer(Protocol):
    """Reads one source. Its constructor's parameters are what a command may give (`countries=`, `rule=`)."""

    def read(self) -> Imported:
        """What the source holds.

        Raises:
            SurveyFormatError: It is not what the importer reads; with the line and what was found.
            ConfigError: It holds nothing of what was asked for.
        """
        ...
