"""The people of a labelled file, as a mapping reads them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from def_sim.errors import SurveyFormatError
from def_sim.records import AGES, ReferenceQuality
from def_sim.surveys.importers.coding import (
    Meaning,
    ages_of,
    answer,
    kind_by_words,
    replies_of,
    sexes_of,
)
from def_sim.surveys.importers.contract import FileVariable
from def_sim.surveys.importers.described import described
from def_sim.surveys.importers.labelled_mapping import FileMapping, ItemEntry, SexVariable
from def_sim.surveys.importers.labels import Labels
from def_sim.surveys.importers.people import People, Replies, Reply, bands_of
from def_sim.surveys.importers.variables import Value, Variable, is_nothing, is_tag
from def_sim.surveys.item_bank import Item


@dataclass(frozen=True, eq=False)
class MappedPeople:
    """All people of a file, with what a mapping says of its variables."""

    path: Path  # of the file, for errors
    year: int  # of the survey
    mapping: FileMapping
    labels: Labels
    variables: Mapping[str, Variable]
    groups: Mapping[str, NDArray[np.str_]]  # beyond sex and age (`further_groups`), of all people

    def of(
        self,
        population: str,
        members: NDArray[np.bool_],
        weights: NDArray[np.float64] | None,
        items: Sequence[Item],
        entries: Mapping[str, ItemEntry],
    ) -> People:
        """The people of one population.

        Args:
            population: ISO alpha-3 code.
            members: Who belongs to it, shape (N,) of all people.
            weights: Of its members, shape (M,); None: everyone counts once.
            items: Whose answers are wanted.
            entries: Item id -> where its answers stand.

        Raises:
            SurveyFormatError: A value that is no answer and that nothing says why.
        """
        replies: dict[str, Replies] = {}
        for item in items:
            entry = entries[item.id]
            named = {o.variable or "": entry.variables.get(o.code, "") for o in item.options}
            pairs = named if entry.variables else {item.variable: entry.variable or ""}
            for ours, theirs in pairs.items():
                variable = self.variables[theirs].of_people(members)
                meaning = self._meaning(item, entry, variable)
                replies[ours] = replies_of(variable, meaning)
        num_people = int(members.sum())
        kept = {name: one.of_people(members) for name, one in self.variables.items()}
        design = self.mapping
        return People(
            population=population,
            replies=replies,
            weights=np.ones(num_people) if weights is None else weights,
            sex=self._sex(kept, num_people),
            age_band=self._age_band(kept, num_people),
            bands=self._bands,
            further={kind: names[members] for kind, names in self.groups.items()},
            parts_withheld=self.mapping.parts_withheld,
            strata=kept[design.strata].places if design.strata else None,
            clusters=kept[design.clusters].places if design.clusters else None,
            quality=ReferenceQuality.UNWEIGHTED if weights is None else ReferenceQuality.WEIGHTED,
        )

    def is_answer(self, entry: ItemEntry) -> Callable[[Variable, Value], bool]:
        """Whether a value is one of an item's answers, as far as it is known why it would not be."""
        return lambda variable, value: self._why_none(entry, variable, value) is None

    def described(self, entries: Mapping[str, ItemEntry]) -> dict[str, FileVariable]:
        """Item -> its variable in the file's words, by our codes; items of several variables have none."""
        return {
            item_id: described(self.variables[entry.variable], self._code_of(entry, entry.variable))
            for item_id, entry in entries.items()
            if entry.variable is not None and not entry.variables
        }

    def _code_of(self, entry: ItemEntry, name: str) -> Callable[[Value], int | None]:
        """Our code of a value that is an answer, None of others."""
        variable = self.variables[name]

        def of_value(value: Value) -> int | None:
            if not isinstance(value, float) or not value.is_integer():
                return None
            if self._why_none(entry, variable, value) is not None:
                return None
            return entry.codes.get(int(value)) if entry.codes else int(value)

        return of_value

    def _meaning(self, item: Item, entry: ItemEntry, variable: Variable) -> Callable[[Value], Meaning]:
        known = f"the codes {', '.join(map(str, entry.codes or [o.code for o in item.options]))}"

        def of_value(raw: Value) -> Meaning:
            if (kind := self._why_none(entry, variable, raw)) is not None:
                return Meaning(kind)
            value = self.labels.code_of(variable, raw)
            found = answer(self.path, item.id, variable, value, known)
            if not entry.codes:
                return found
            if found.code not in entry.codes:
                people = f"{variable.counts.get(raw, 0):,} people"
                raise SurveyFormatError(
                    f"{self.path.name}: {item.id}: variable {variable.name} holds {found.code} ({people}); "
                    f"the mapping has {known}.",
                    fix="Add it to `codes` or `missing` of the item in the mapping.",
                )
            return Meaning(Reply.ANSWER, entry.codes[found.code])

        return of_value

    def _why_none(self, entry: ItemEntry, variable: Variable, raw: Value) -> Reply | None:
        """Why a value is no answer, by the mapping, else as the file declares it missing; None: it is one."""
        value = self.labels.code_of(variable, raw)
        if isinstance(value, float):
            for missing in (entry.missing, self.mapping.missing):
                if (kind := missing.kind_of(value)) is not None:
                    return kind
        if is_nothing(value):
            return Reply.NOT_ASKED
        words = kind_by_words(value if isinstance(value, str) else variable.value_labels.get(raw, ""))
        if variable.missing(raw) or is_tag(value):
            label = variable.value_labels.get(raw, "")
            return kind_by_words(label) or Reply.MISSING
        return words if isinstance(value, str) else None

    def _sex(self, kept: Mapping[str, Variable], num_people: int) -> NDArray[np.str_]:
        sex = self.mapping.sex
        if sex is None:
            return np.full(num_people, "")
        variable = kept[sex.variable]
        self._check_sexes(sex)
        return sexes_of(variable, lambda value: self.labels.code_of(variable, value), sex.codes)

    def _check_sexes(self, sex: SexVariable) -> None:
        """Codes or words that the mapping does not have would leave everyone in neither group, unseen."""
        everyone = self.variables[sex.variable]
        found = sexes_of(everyone, lambda value: self.labels.code_of(everyone, value), sex.codes)
        if not (found != "").any():
            held = ", ".join(f"{value!r:.40}" for value in list(everyone.counts)[:6])
            raise SurveyFormatError(
                f"{self.path.name}: {everyone.name} is the sex of the mapping, and nobody is a man or a "
                f"woman by it: it holds {held}.",
                fix="Write its codes or words as `male:` and `female:` of `sex:` in the mapping.",
            )

    @property
    def _bands(self) -> tuple[str, ...]:
        age = self.mapping.age
        return tuple(age.bands.values()) if age is not None and age.bands else AGES

    def _age_band(self, kept: Mapping[str, Variable], num_people: int) -> NDArray[np.str_]:
        age = self.mapping.age
        if age is None:
            return np.full(num_people, "")
        variable = kept[age.variable]
        if age.bands:
            codes = [self.labels.code_of(variable, value) for value in variable.distinct]
            bands = [age.bands.get(int(code) if isinstance(code, float) else code, "") for code in codes]
            return np.array(bands, dtype=np.str_)[variable.places]
        born_in = self.year if age.born else None
        return bands_of(
            ages_of(self.path, variable, lambda value: self.labels.code_of(variable, value), born_in=born_in)
        )
