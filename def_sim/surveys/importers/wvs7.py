"""World Values Survey, wave 7: the pooled file or one country's, as the institute hands it out.

Countries become references of the shipped items, by the same rules as the shipped ones, with what the
sample's clusters cost where the file tells who was drawn together. No person's answers leave it.

Letters: N people.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim import __version__
from def_sim.csv_files import guarded
from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.file_hashes import hash_file
from def_sim.resources import data_folder
from def_sim.surveys.human_reference import ReferenceSource
from def_sim.surveys.importers.coding import UNWEIGHTED, no_weight
from def_sim.surveys.importers.contract import Imported, PopulationFigures
from def_sim.surveys.importers.described import described_items
from def_sim.surveys.importers.documents import csv_text
from def_sim.surveys.importers.doubled import check_doubled
from def_sim.surveys.importers.files import PeopleFile, opened, read_variables
from def_sim.surveys.importers.headers import find
from def_sim.surveys.importers.known_surveys import check_survey
from def_sim.surveys.importers.label_keys import read_keys
from def_sim.surveys.importers.labels import Labels
from def_sim.surveys.importers.people import People, figures_of_people
from def_sim.surveys.importers.peoples_structure import ratio_in_words, structure_of
from def_sim.surveys.importers.variables import Variable
from def_sim.surveys.importers.wvs_codes import WvsCodes
from def_sim.surveys.importers.wvs_country import (
    AGE,
    CLUSTER,
    COUNTRY,
    IDENTIFIER,
    SEX,
    YEAR,
    Country,
    CountryReader,
    item_variables,
    was_answered,
)
from def_sim.surveys.importers.wvs_options import never_chosen, shown_codes
from def_sim.surveys.item_bank import Item, read_items
from def_sim.surveys.shown_options import with_shown
from def_sim.surveys.survey import read_country_names

SOURCE: Final = "wvs7"
LOG: Final = "wvs7.import_log.csv"
ALL: Final = "all"
_FEWEST_VARIABLES: Final = 0.5  # of the items'; a file with fewer is of another survey
_LOG_COLUMNS: Final = ("population", "item_id", "outcome", "n", "n_asked", "never_chosen", "not_offered")
_CITATION: Final = (
    "Haerpfer, C., Inglehart, R., Moreno, A., Welzel, C., Kizilova, K., Diez-Medrano, J., Lagos, M., Norris, "
    "P., Ponarin, E. & Puranen, B. (eds.) 2022. World Values Survey: Round Seven - Country-Pooled Datafile. "
    "doi:10.14281/18241.24"
)
_TERMS: Final = "non-profit use with citation; the institute's data files are not redistributed"
_BY_CLUSTERS: Final = (
    "n over the design effect, from clusters and weights by Taylor linearisation; where design_effect is "
    "empty (fewer than ten clusters hold people of the group, or all gave the same answer), Kish's, from the "
    "weights alone"
)
_BY_WEIGHTS: Final = (
    "Kish, from the weights alone: the file does not say who was drawn together, so it is an upper bound"
)
_DONT_KNOW: Final = (
    "-1 (don't know) and -2 (no answer) count as asked and are left out of shares and n; other negative "
    "codes were not asked or are lost"
)


class WorldValuesSurvey:
    """Reads wave 7.

    Args:
        source: The file: CSV, workbook, SPSS or Stata, also in a .zip.
        countries: ISO alpha-3 codes, or `all`; None: the one country of the file.
        weight: The variable of weights, or `none`.
        labels: A file with the codes of labels, where `source` has labels that are not known.
        year: When people were asked, if the file has no A_YEAR.
        force: Takes release 1.5 of the United States, too.
    """

    def __init__(
        self,
        source: str,
        countries: list[str] | None = None,
        weight: str = "W_WEIGHT",
        labels: str | None = None,
        year: int | None = None,
        force: bool = False,
    ) -> None:
        self.path = Path(source).expanduser()
        self.countries, self.weight = countries, weight
        self.items = tuple(read_items(data_folder() / "items" / f"{SOURCE}.yaml").items)
        self.labels = Labels(None if labels is None else Path(labels).expanduser())
        self.year, self.force = year, force

    def read(self) -> Imported:
        """Figures, correlations and halves of each country, and a log of all items.

        Raises:
            SurveyFormatError: Not wave 7; weights, ages, codes or labels that cannot be; people who
                stand twice; release 1.5 of the United States.
            ConfigError: Another survey's file, no such weight, a country that is not in it, or several and
                none chosen.
        """
        with opened(self.path) as file:
            self._check_survey(file)
            variables = read_variables(file, self._wanted())
        marks = _texts(variables[COUNTRY])
        digest = hash_file(self.path)
        # Labels of a file of several countries name what any of them was offered.
        labels = {name: one.value_labels for name, one in variables.items()} if len(set(marks)) == 1 else {}
        reader = self._reader()
        populations: list[PopulationFigures] = []
        shown: dict[str, dict[str, list[int]]] = {}
        log: list[list[str]] = []
        for code in self._countries(marks):
            check_doubled(self.path, variables, IDENTIFIER, marks == code, code)
            own = {name: one.of_people(marks == code) for name, one in variables.items()}
            country = reader.country(code, own)
            asked = [item for item in self.items if was_answered(item, country.people)]
            of_country = {
                item_id: {code: codes}
                for item_id, codes in shown_codes(asked, country.people, labels).items()
            }
            items = list(with_shown({item.id: item for item in self.items}, of_country).values())
            for item_id, codes in of_country.items():
                shown.setdefault(item_id, {}).update(codes)
            populations.append(self._figures(items, country, digest))
            log += _log_rows(items, country.people, populations[-1])
        return Imported(
            source=SOURCE,
            items=None,
            asked_by="us",
            populations=tuple(populations),
            shown=shown,
            file_sha256=digest,
            tables={LOG: csv_text(_LOG_COLUMNS, log)},
            variables=described_items(self.items, variables),
            summary=tuple(line for one in populations for line in _summary(one)),
            terms=(f"World Values Survey: {_TERMS}.", f"Cite {_CITATION}."),
        )

    def _reader(self) -> CountryReader:
        codes = WvsCodes(self.labels, read_keys(data_folder() / "importers" / f"{SOURCE}_labels.csv"))
        return CountryReader(self.path, self.items, codes, self.weight, self.year, self.force)

    def _wanted(self) -> list[str]:
        weights = [] if self.weight == UNWEIGHTED else [self.weight]
        return [COUNTRY, IDENTIFIER, CLUSTER, SEX, AGE, YEAR, *weights, *item_variables(self.items)]

    def _check_survey(self, file: PeopleFile) -> None:
        check_survey(self.path, file.headers, SOURCE)
        wanted = item_variables(self.items)
        held = find(self.path, file.headers, self._wanted())
        lacking = [name for name in (COUNTRY, SEX, AGE) if name not in held]
        num_held = sum(name in held for name in wanted)
        if lacking or num_held < _FEWEST_VARIABLES * len(wanted):
            without = f" and lacks {', '.join(lacking)}" if lacking else ""
            raise SurveyFormatError(
                f"{self.path.name}: expected wave 7 of the World Values Survey, with {COUNTRY}, {SEX}, {AGE} "
                f"and {len(wanted)} variables of items; it has {num_held} of these{without}.",
                fix="Give the file of worldvaluessurvey.org (docs/how_to/importing.md), or choose another "
                "importer.",
            )
        if self.weight != UNWEIGHTED and self.weight not in held:
            raise no_weight(self.path, self.weight, tuple(file.headers))

    def _countries(self, marks: NDArray[np.str_]) -> list[str]:
        held = sorted({str(mark) for mark in marks if mark})
        if self.countries == [ALL] or (self.countries is None and len(held) == 1):
            return held
        if self.countries is None:
            raise ConfigError(
                f"{self.path.name} holds {len(held)} countries: {', '.join(held)}.",
                fix=f"Choose some, as in 'countries=[{','.join(held[:2])}]', or countries=[{ALL}].",
            )
        if absent := [code for code in self.countries if code not in held]:
            raise ConfigError(
                f"{self.path.name} has no people of {', '.join(absent)}; it has {', '.join(held)}.",
                fix="Correct `countries=` (ISO alpha-3 codes), or give the file that holds them.",
            )
        return list(dict.fromkeys(self.countries))

    def _figures(self, items: Sequence[Item], country: Country, digest: str) -> PopulationFigures:
        people, provenance = country.people, self._provenance(country, digest)
        answered = [item for item in items if was_answered(item, people)]
        figures = [one for item in answered for one in figures_of_people(item, people)]
        if not figures:
            raise SurveyFormatError(
                f"{self.path.name}: {people.population} has {len(people.weights):,} rows, and no item with "
                "answers of ten people.",
                fix="Check the file, or leave the country out of `countries=`.",
            )
        return PopulationFigures(provenance, tuple(figures), structure_of(items, people, figures, provenance))

    def _provenance(self, country: Country, digest: str) -> ReferenceSource:
        people, design = country.people, country.people.design
        name = read_country_names(data_folder()).get(people.population, {}).get("en", people.population)
        return ReferenceSource(
            population=people.population,
            source=SOURCE,
            title=f"World Values Survey, wave 7, {name.removeprefix('the ')}",
            year=country.year,
            weight=self.weight,
            effective_n=_BY_WEIGHTS if design is None else _BY_CLUSTERS,
            dont_know=_DONT_KNOW,
            release=f"computed from {self.path.name}",
            citation=_CITATION,
            terms=_TERMS,
            file=self.path.name,
            file_sha256=digest,
            num_people=len(people.weights),
            left_out=dict(country.left_out),
            num_clusters=None if design is None else len(design.stratum_of),
            num_lone_clusters=None if design is None else design.num_lone_clusters,
            notes=list(country.notes),
            version=__version__,
        )


def _texts(variable: Variable) -> NDArray[np.str_]:
    return np.array([str(value).strip().upper() for value in variable.distinct] or [""])[variable.places]


def _log_rows(items: Iterable[Item], people: People, figures: PopulationFigures) -> list[list[str]]:
    everyone = {one.item_id: one for one in figures.figures if one.group == "all"}
    rows = []
    for item in items:
        one = everyone.get(item.id)
        if one is None:
            why = "fewer than ten answers" if was_answered(item, people) else "not asked"
            rows.append([people.population, item.id, why, "", "", "", ""])
            continue
        not_offered = [str(option.code) for option in item.options if option.code not in one.codes]
        never = [str(code) for code in never_chosen(item, people)]
        counts = [str(one.n), str(one.n_asked)]
        rows.append([people.population, item.id, "imported", *counts, " ".join(never), " ".join(not_offered)])
    return [[guarded(text) for text in row] for row in rows]


def _summary(one: PopulationFigures) -> list[str]:
    """What was found in a country, for the terminal."""
    of, space = one.provenance, " " * 14
    everyone = [figures for figures in one.figures if figures.group == "all"]
    clusters = f" in {of.num_clusters:,} clusters" if of.num_clusters is not None else ""
    lines = [
        f"{of.population:<13} {len(everyone):,} items, {of.num_people:,} people{clusters}, weight {of.weight}"
    ]
    effects = [figures.design_effect for figures in everyone if figures.design_effect is not None]
    if effects:
        lines.append(f"{space}design effect {np.median(effects):.2f} in the median of its items")
    if one.structure is not None:
        ratio = ratio_in_words(one.structure.halves)
        lines.append(f"{space}{len(one.structure.pairs):,} correlations between items")
        lines.append(f"{space}halves of its people over halves that are drawn: {ratio}")
    return [*lines, *(f"{space}{note}" for note in of.notes)]
