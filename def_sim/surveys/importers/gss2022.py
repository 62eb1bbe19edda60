"""The General Social Survey 2022 from NORC's file: all items of `items/gss2022.yaml` with weights and design.

Reads the file of 2022 or the cumulative one, of Stata, SPSS, or as CSV or workbook. Split ballots give each
item its own number of people, since who did not get a question was not asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.errors import ConfigError
from def_sim.file_hashes import hash_file
from def_sim.records import ReferenceQuality
from def_sim.resources import data_folder
from def_sim.surveys.human_reference import ReferenceSource
from def_sim.surveys.importers.coding import (
    UNWEIGHTED,
    Meaning,
    ages_of,
    answer,
    kind_by_words,
    no_weight,
    replies_of,
    sexes_of,
    weights_of,
)
from def_sim.surveys.importers.contract import Imported, PopulationFigures
from def_sim.surveys.importers.described import described_items
from def_sim.surveys.importers.doubled import check_doubled
from def_sim.surveys.importers.files import PeopleFile, opened, read_variables
from def_sim.surveys.importers.known_surveys import check_survey
from def_sim.surveys.importers.labels import Labels
from def_sim.surveys.importers.people import People, Reply, bands_of, figures_of_people
from def_sim.surveys.importers.people_facts import facts_of, lines_of
from def_sim.surveys.importers.peoples_structure import structure_of
from def_sim.surveys.importers.variables import Value, Variable, is_nothing, is_tag
from def_sim.surveys.item_bank import Item, read_items

SOURCE: Final = "gss2022"
_MOST_NAMED: Final = 12
_YEAR, _STRATUM, _CLUSTER, _SEX, _AGE = "year", "vstrat", "vpsu", "sex", "age"
_IDENTIFIER: Final = "id"  # of a person within a year
_CITATION: Final = (
    "Davern, M., Bautista, R., Freese, J., Herd, P. & Morgan, S. L. General Social Survey 2022. NORC at the "
    "University of Chicago. gssdataexplorer.norc.org"
)
_SEX_CODES: Final = {1: "male", 2: "female"}
# NORC's reasons for there being no answer; all others mean that the person did not get the question.
_TAGS: Final[dict[Value, Reply]] = {
    ".d": Reply.DONT_KNOW,
    ".n": Reply.NO_ANSWER,
    ".s": Reply.NO_ANSWER,
    ".r": Reply.NO_ANSWER,
}
_NUMBERS: Final[dict[Value, Reply]] = {
    -98: Reply.DONT_KNOW,
    -99: Reply.NO_ANSWER,
    -97: Reply.NO_ANSWER,
    -90: Reply.NO_ANSWER,
}


class Gss2022:
    """Reads NORC's file.

    Args:
        source: The file.
        year: Of the people who count; the cumulative file has others, too.
        weight: The weight; people without it, the oversample, are left out. "none": everyone counts once.
        labels: A file with the codes of labels, where `source` has labels only; see `Labels`.
    """

    def __init__(
        self, source: str, year: int = 2022, weight: str = "wtssnrps", labels: str | None = None
    ) -> None:
        self.path = Path(source).expanduser()
        self.year, self.weight = year, weight
        self.labels = Labels(None if labels is None else Path(labels).expanduser())

    def read(self) -> Imported:
        """Figures of the people of the United States for every item whose variable the file has.

        Raises:
            SurveyFormatError: Another survey's file, an unknown label or code, a weight that is none, people
                who stand twice.
            ConfigError: No weight, nobody of that year, none of the items.
        """
        items = read_items(data_folder() / f"items/{SOURCE}.yaml").items
        with opened(self.path) as file:
            check_survey(file.path, file.headers, SOURCE)
            variables = self._variables(file, items)
        is_of_year = self._of_year(variables)
        check_doubled(self.path, variables, _IDENTIFIER, is_of_year, "USA")
        weights = self._weights(variables)
        is_kept = is_of_year & np.isfinite(weights)
        people = self._people(variables, items, is_kept, weights[is_kept])
        found = [item for item in items if item.variable in people.replies]
        figures = tuple(one for item in found for one in figures_of_people(item, people))
        provenance = self._provenance(people, hash_file(self.path), int(is_of_year.sum()))
        structure = structure_of(found, people, figures, provenance)
        population = PopulationFigures(provenance, figures, structure)
        return Imported(
            source=SOURCE,
            items=None,
            asked_by="us",
            populations=(population,),
            file_sha256=provenance.file_sha256,
            summary=(*lines_of(population), *_without(items, population)),
            variables=described_items(found, variables),
            terms=("The General Social Survey is public; NORC asks to be cited.",),
        )

    def _variables(self, file: PeopleFile, items: list[Item]) -> dict[str, Variable]:
        needed = [] if self.weight == UNWEIGHTED else [self.weight]
        of_people = [*needed, _IDENTIFIER, _YEAR, _STRATUM, _CLUSTER, _SEX, _AGE]
        variables = read_variables(file, [*of_people, *(item.variable for item in items)])
        if needed and self.weight not in variables:
            raise no_weight(file.path, self.weight, file.headers)
        if missing := [name for name in (_SEX, _AGE) if name not in variables]:
            raise ConfigError(
                f"{file.path.name}: there is no variable {' and no '.join(missing)}; groups need both.",
                fix="Take them into the extract, or give the whole file.",
            )
        if not any(item.variable in variables for item in items):
            raise ConfigError(
                f"{file.path.name}: it has none of the {len(items)} variables, such as {items[0].variable}.",
                fix="Take them into the extract, or give the whole file.",
            )
        return variables

    def _of_year(self, variables: Mapping[str, Variable]) -> NDArray[np.bool_]:
        if _YEAR not in variables:
            return np.ones(len(variables[_SEX].places), dtype=np.bool_)
        years = variables[_YEAR].numbers()
        is_of_year: NDArray[np.bool_] = years == self.year
        if not is_of_year.any():
            held = ", ".join(f"{year:g}" for year in np.unique(years[np.isfinite(years)])[-6:])
            raise ConfigError(
                f"{self.path.name}: nobody was asked in {self.year}; it has {held or 'no years'}.",
                fix="Give the file of 2022, or the cumulative file.",
            )
        return is_of_year

    def _weights(self, variables: Mapping[str, Variable]) -> NDArray[np.float64]:
        if self.weight == UNWEIGHTED:
            return np.ones(len(variables[_SEX].places))
        return weights_of(self.path, variables[self.weight], may_lack=True)

    def _people(
        self,
        variables: Mapping[str, Variable],
        items: list[Item],
        is_kept: NDArray[np.bool_],
        weights: NDArray[np.float64],
    ) -> People:
        kept = {name: variable.of_people(is_kept) for name, variable in variables.items()}

        def code_in(name: str) -> Callable[[Value], Value]:
            return lambda value: self.labels.code_of(kept[name], value)

        return People(
            population="USA",
            replies={
                item.variable: replies_of(kept[item.variable], self._meaning(kept[item.variable], item))
                for item in items
                if item.variable in kept
            },
            weights=weights,
            sex=sexes_of(kept[_SEX], code_in(_SEX), _SEX_CODES),
            age_band=bands_of(ages_of(self.path, kept[_AGE], code_in(_AGE))),
            strata=kept[_STRATUM].numbers() if _STRATUM in kept else None,
            clusters=kept[_CLUSTER].numbers() if _CLUSTER in kept else None,
            quality=ReferenceQuality.UNWEIGHTED if self.weight == UNWEIGHTED else ReferenceQuality.WEIGHTED,
        )

    def _meaning(self, variable: Variable, item: Item) -> Callable[[Value], Meaning]:
        known = f"the codes {', '.join(str(option.code) for option in item.options)} or their labels"

        def of_value(raw: Value) -> Meaning:
            value = self.labels.code_of(variable, raw)
            if is_nothing(value):
                return Meaning(Reply.NOT_ASKED)
            if is_tag(value):
                return Meaning(_TAGS.get(value, Reply.NOT_ASKED))
            words = kind_by_words(value if isinstance(value, str) else variable.value_labels.get(raw, ""))
            if variable.missing(raw) or (isinstance(value, float) and value < 0):
                return Meaning(_NUMBERS.get(value, Reply.NOT_ASKED) if words is None else words)
            if isinstance(value, str) and words is not None:
                return Meaning(words)
            return answer(self.path, item.id, variable, value, known)

        return of_value

    def _provenance(self, people: People, digest: str, num_of_year: int) -> ReferenceSource:
        is_weighted = people.quality is ReferenceQuality.WEIGHTED
        left_out = num_of_year - len(people.weights)
        return ReferenceSource(
            population=people.population,
            source=SOURCE,
            title="General Social Survey 2022, United States",
            year=self.year,
            weight=self.weight.upper() if is_weighted else "none",
            effective_n=_effective_n(people),
            dont_know="don't know, no answer, skipped and inapplicable are left out of shares and n",
            release=f"computed from {self.path.name}",
            citation=_CITATION,
            terms="public; citation asked",
            file=self.path.name,
            file_sha256=digest,
            left_out={f"without {self.weight}, the oversample": left_out} if left_out else {},
            **facts_of(people),
        )


def _without(items: Sequence[Item], found: PopulationFigures) -> Iterator[str]:
    with_figures = {one.item_id for one in found.figures}
    if missing := [item.variable for item in items if item.id not in with_figures]:
        more = ", ..." if len(missing) > _MOST_NAMED else ""
        yield f"without       {len(missing)} of {len(items)}: {', '.join(missing[:_MOST_NAMED])}{more}"


def _effective_n(people: People) -> str:
    if people.quality is ReferenceQuality.UNWEIGHTED:
        return ""
    if people.design is None:
        return "Kish, from the weights alone: the file does not say who was drawn together"
    return "n over the design effect, from weights, strata and clusters by Taylor linearisation"
