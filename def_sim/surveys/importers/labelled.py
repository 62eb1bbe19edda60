"""Any labelled file with a row a person, by a mapping that a user has confirmed: CGSS, ESS, ISSP, one's own.

Without a mapping it offers candidates and imports nothing. What is not confirmed is left out and named.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from def_sim.errors import ConfigError
from def_sim.file_hashes import hash_file
from def_sim.names import check_name
from def_sim.records import ReferenceQuality
from def_sim.resources import data_folder, look_up
from def_sim.surveys.human_reference import ReferenceSource
from def_sim.surveys.importers.coding import UNWEIGHTED, no_weight, weights_of
from def_sim.surveys.importers.contract import Imported, NothingTakenError, PopulationFigures
from def_sim.surveys.importers.doubled import check_doubled
from def_sim.surveys.importers.files import PeopleFile, opened, read_variables
from def_sim.surveys.importers.labelled_candidates import candidates_text
from def_sim.surveys.importers.labelled_groups import further_groups, lines_of_groups
from def_sim.surveys.importers.labelled_items import new_item
from def_sim.surveys.importers.labelled_mapping import (
    FileMapping,
    ItemEntry,
    check_shared,
    read_mapping,
    wrong,
)
from def_sim.surveys.importers.labelled_people import MappedPeople
from def_sim.surveys.importers.labels import Labels
from def_sim.surveys.importers.people import figures_of_people
from def_sim.surveys.importers.people_facts import facts_of, lines_of
from def_sim.surveys.importers.peoples_structure import structure_of
from def_sim.surveys.importers.statistical_files import StatisticalPeople
from def_sim.surveys.importers.variables import Value, Variable
from def_sim.surveys.item_bank import Item, ItemFile, read_items
from def_sim.surveys.survey import SurveyFile

EVERY_COUNTRY: Final = "all"


class Labelled:
    """Reads a labelled file.

    Args:
        source: The file.
        name: Of the survey: `cgss2018`, whose items are there already, or a new one.
        mapping: The YAML that says which variables are which items; None: candidates are offered.
        countries: The population of the file; of a file with several those that are wanted, or [all].
        year: When people were asked.
        weight: The variable of the weights, in place of the mapping's; "none": everyone counts once.
        citation: How the survey is cited, in place of the mapping's words.
        labels: A file with the codes of labels, where `source` has labels only; see `Labels`.
        home: The user's home, whose items count, too.
        shared: Keys of a mapping that all rounds of a survey share.
    """

    def __init__(
        self,
        source: str,
        name: str,
        year: int,
        mapping: str | None = None,
        countries: list[str] | None = None,
        weight: str | None = None,
        labels: str | None = None,
        home: Path | None = None,
        shared: dict[str, Any] | None = None,
        citation: str | None = None,
    ) -> None:
        self.path, self.name = Path(source).expanduser(), check_name(name)
        self.mapping = None if mapping is None else Path(mapping).expanduser()
        self.countries, self.year, self.weight = countries or [], year, weight
        self.citation = citation
        self.labels = Labels(None if labels is None else Path(labels).expanduser())
        self.shared = shared or {}
        check_shared(self.shared)
        items = look_up(f"items/{name}.yaml", data_folder(), home)
        self._are_shipped = (data_folder() / f"items/{name}.yaml").is_file()
        self.known = {item.id: item for item in read_items(items).items} if items.is_file() else {}

    def read(self) -> Imported:
        """Figures of every confirmed item, and the items that the mapping makes.

        Raises:
            NothingTakenError: No mapping was given; holds the candidates.
            SurveyFormatError: The mapping or the file breaks its form, they do not fit together, or people
                stand twice.
            ConfigError: No weight, no such country.
        """
        with opened(self.path) as file:
            if self.mapping is None:
                raise self._candidates(file)
            mapping = read_mapping(self.mapping, self.shared)
            if not self._are_shipped and any(entry.wording for entry in mapping.items.values()):
                self.known = {}  # those of the home were made by this mapping, as it was, and are made anew
            confirmed = {item_id: entry for item_id, entry in mapping.items.items() if entry.confirmed}
            self._check_entries(mapping, confirmed)
            variables = self._variables(file, mapping, confirmed)
        groups = further_groups(self.mapping, mapping, self.labels, variables)
        people = MappedPeople(self.path, self.year, mapping, self.labels, variables, groups)
        items = [self._item(people, item_id, entry) for item_id, entry in confirmed.items()]
        self._check_codes(confirmed, items)
        digest = hash_file(self.path)
        populations = tuple(
            self._figures(people, mapping, items, code, members, digest)
            for code, members in self._populations(mapping, variables)
        )
        made = [item for item in items if item.id not in self.known]
        return Imported(
            source=self.name,
            items=self._item_file(mapping, made) if made else None,
            populations=populations,
            surveys=(self._survey(mapping, made, populations[0]),) if made else (),
            file_sha256=digest,
            variables=people.described(confirmed),
            summary=tuple(self._summary(mapping, populations)),
            terms=(mapping.terms,) if mapping.terms else (),
        )

    def _candidates(self, file: PeopleFile) -> NothingTakenError:
        values = file.value_labels() if isinstance(file, StatisticalPeople) else {}
        name = f"imports/{self.name}.mapping.yaml"
        text = candidates_text(list(self.known.values()), file.headers, values, self.name, self.shared)
        return NothingTakenError(
            f"{self.path.name}: nothing says which of its variables are which items, and none is guessed.",
            files={name: text},
            fix="Compare the candidates in {files} with the codebook, confirm what is right, and give "
            "mapping={files}.",
        )

    def _check_entries(self, mapping: FileMapping, confirmed: Mapping[str, ItemEntry]) -> None:
        assert self.mapping is not None
        if not confirmed:
            raise ConfigError(
                f"{self.mapping.name}: none of its {len(mapping.items):,} entries is confirmed.",
                fix=f"Compare them with the codebook and write `confirmed: true` in {self.mapping}.",
            )
        for item_id, entry in mapping.items.items():
            if bool(entry.wording) and self.known:
                what = f"has a wording, but the items of {self.name} are there already; give another name="
                raise wrong(self.mapping, item_id, what)
            if not entry.wording and item_id not in self.known:
                what = f"{self.name} has no such item, and no `wording` makes it one"
                raise wrong(self.mapping, item_id, what)

    def _variables(
        self, file: PeopleFile, mapping: FileMapping, confirmed: Mapping[str, ItemEntry]
    ) -> dict[str, Variable]:
        assert self.mapping is not None
        weight = self.weight or mapping.weight or ""
        of_people = [mapping.country, mapping.id, mapping.strata, mapping.clusters]
        of_people += [one.variable for one in (mapping.sex, mapping.age) if one is not None]
        of_people += [one.variable for one in mapping.groups.values()]
        needed = [name for name in of_people if name]
        variables = read_variables(
            file, [*needed, *([weight] if weight != UNWEIGHTED else []), *_names(confirmed.values())]
        )
        if weight != UNWEIGHTED and weight not in variables:
            raise no_weight(file.path, weight or "in the mapping", file.headers)
        for name in needed:
            if name not in variables:
                raise wrong(self.mapping, name, f"{file.path.name} has no such variable")
        for item_id, entry in confirmed.items():
            for name in _names([entry]):
                if name not in variables:
                    raise wrong(self.mapping, item_id, f"{file.path.name} has no variable {name}")
        return variables

    def _item(self, people: MappedPeople, item_id: str, entry: ItemEntry) -> Item:
        assert self.mapping is not None
        if item_id in self.known:
            return self.known[item_id]
        return new_item(self.mapping, item_id, entry, people.variables, people.is_answer(entry))

    def _check_codes(self, confirmed: Mapping[str, ItemEntry], items: Sequence[Item]) -> None:
        assert self.mapping is not None
        for item in items:
            known = {option.code for option in item.options} | set(item.volunteered)
            entry = confirmed[item.id]
            if odd := sorted(({*entry.codes.values()} | {*entry.variables}) - known):
                what = f"code {odd[0]} is none of the item's, which are {', '.join(map(str, sorted(known)))}"
                raise wrong(self.mapping, item.id, what)
            if entry.variables and set(entry.variables) != {option.code for option in item.options}:
                raise wrong(self.mapping, item.id, "`variables` needs one for each option")

    def _populations(
        self, mapping: FileMapping, variables: Mapping[str, Variable]
    ) -> list[tuple[str, NDArray[np.bool_]]]:
        """ISO alpha-3 code and who of the file's people belongs to it, shape (N,)."""
        num_people = len(next(iter(variables.values())).places)
        if mapping.country is None:
            wanted = self.countries or ([mapping.population] if mapping.population else [])
            if len(wanted) != 1 or wanted == [EVERY_COUNTRY]:
                raise ConfigError(
                    f"{self.path.name}: nothing says of which country its people are.",
                    fix="Give it, as in `countries=[CHN]`, or `country: VARIABLE` in the mapping.",
                )
            return [(wanted[0], np.ones(num_people, dtype=np.bool_))]
        country = variables[mapping.country]
        codes = [_country(value, mapping.country_codes) for value in country.distinct]
        present = [code for code in dict.fromkeys(codes) if code]
        wanted = sorted(present) if self.countries == [EVERY_COUNTRY] else self.countries
        if not wanted and len(present) == 1:
            wanted = present
        if not wanted or not set(wanted) <= set(present):
            missing = ", ".join(code for code in wanted if code not in present)
            what = f"nobody is of {missing}" if missing else "it has people of several countries"
            raise ConfigError(
                f"{self.path.name}: {what}; it has {', '.join(sorted(present)[:40]) or 'none known'}.",
                fix="Name those that you want, as in `countries=[DEU,FRA]`, or `countries=[all]`.",
            )
        return [(code, np.array([one == code for one in codes])[country.places]) for code in wanted]

    def _figures(
        self,
        people: MappedPeople,
        mapping: FileMapping,
        items: Sequence[Item],
        population: str,
        members: NDArray[np.bool_],
        digest: str,
    ) -> PopulationFigures:
        check_doubled(self.path, people.variables, mapping.id, members, population)
        weight = self.weight or mapping.weight or UNWEIGHTED
        weights = None
        if weight != UNWEIGHTED:
            weights = weights_of(self.path, people.variables[weight].of_people(members))
        entries = {item.id: mapping.items[item.id] for item in items}
        of_population = people.of(population, members, weights, items, entries)
        figures = [one for item in items for one in figures_of_people(item, of_population)]
        assert self.mapping is not None
        is_weighted = of_population.quality is ReferenceQuality.WEIGHTED
        provenance = ReferenceSource(
            population=population,
            source=self.name,
            title=f"{mapping.title or self.name}, {population}",
            year=self.year,
            weight=weight if is_weighted else "none",
            effective_n="Kish, from the weights; with clusters or strata n over the design effect"
            if is_weighted
            else "",
            dont_know="left out of shares and n, as are refused and other missing answers",
            release=f"computed from {self.path.name}",
            citation=self.citation or mapping.citation or self.path.name,
            terms=mapping.terms or "as agreed with the institute; not to be passed on",
            file=self.path.name,
            file_sha256=digest,
            mapping_sha256=hash_file(self.mapping),
            **facts_of(of_population),
        )
        structure = structure_of(items, of_population, figures, provenance)
        return PopulationFigures(provenance, tuple(figures), structure)

    def _item_file(self, mapping: FileMapping, made: Sequence[Item]) -> ItemFile:
        return ItemFile(
            source=self.name,
            title=mapping.title or self.name,
            year=self.year,
            citation=self.citation or mapping.citation or self.path.name,
            items=list(made),
        )

    def _survey(self, mapping: FileMapping, made: Sequence[Item], first: PopulationFigures) -> SurveyFile:
        language = next(iter(made[0].wordings))
        return SurveyFile(
            name=self.name,
            title=mapping.title or self.name,
            population=first.provenance.population,
            language=language,
            frame_language=language,
            sources=[self.name],
        )

    def _summary(self, mapping: FileMapping, populations: Sequence[PopulationFigures]) -> Iterator[str]:
        left_out = [item_id for item_id, entry in mapping.items.items() if not entry.confirmed]
        for one in populations:
            yield from lines_of(one)
            yield from lines_of_groups(mapping, one.figures)
        if left_out:
            more = ", ..." if len(left_out) > 12 else ""
            yield f"left out      {len(left_out):,} not confirmed: {', '.join(left_out[:12])}{more}"


def _names(entries: Iterable[ItemEntry]) -> list[str]:
    """The variables of the file that entries name."""
    return [
        name for entry in entries for name in (entry.variable, *entry.variables.values()) if name is not None
    ]


def _country(value: Value, codes: Mapping[str, str]) -> str:
    """The ISO alpha-3 code behind a file's mark of a country; "": not known."""
    text = f"{value:g}" if isinstance(value, float) else value
    return codes.get(text, text if len(text) == 3 and text.isupper() else "")
