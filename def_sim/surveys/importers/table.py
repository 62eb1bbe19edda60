"""A survey of one's own, from a table with a row an option (`tidy_rows`): items, questionnaire and figures.

Without figures a survey is asked and counted, and scored once its figures are brought.

Letters: K options.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.file_hashes import hash_file
from def_sim.surveys.human_reference import ReferenceSource
from def_sim.surveys.importers.contract import GroupFigures, Imported, PopulationFigures
from def_sim.surveys.importers.documents import items_in_words
from def_sim.surveys.importers.labelled_mapping import MissingCodes, PeopleMapping
from def_sim.surveys.importers.person_answers import AnsweredItems, figures_of_answers
from def_sim.surveys.importers.qsf import read_qsf
from def_sim.surveys.importers.survey_form import AnswerColumns, SurveyForm
from def_sim.surveys.importers.tables import WORKBOOKS
from def_sim.surveys.importers.tidy_figures import figures_of
from def_sim.surveys.importers.tidy_items import tidy_item
from def_sim.surveys.importers.tidy_rows import TidyRow, TidyTable, read_tidy_table
from def_sim.surveys.importers.workbooks import read_sheets
from def_sim.surveys.importers.xlsform import read_xlsform
from def_sim.surveys.importers.xlsform_sheets import is_xlsform
from def_sim.surveys.item_bank import Item, ItemFile
from def_sim.surveys.survey import SurveyFile
from def_sim.visible import visible
from def_sim.yaml_files import read_validated

_NAME: Final = re.compile("[a-z0-9_]+")


class Table:
    """Reads a table with a row an option, or Qualtrics' survey file, which has no figures.

    Args:
        source: The file.
        name: Of the survey, its source and its choice of the command line.
        countries: The one population that was asked, an ISO alpha-3 code.
        year: When it was asked; needed if there are figures.
        answers: A table with a row a person (`person_answers`), whose figures are computed.
        weight: Its column of weights, in place of the mapping's; "none": everyone counts once.
        population_label: Whom the survey asked, as it stands behind "people of"; None: the whole country.
        citation: How it is cited, in place of the mapping's words; None in both: by its name and file.
        mapping: A YAML that says which of its columns say who people are, and which codes are no answer.
    """

    def __init__(
        self,
        source: str,
        name: str,
        countries: list[str],
        year: int | None = None,
        answers: str | None = None,
        weight: str | None = None,
        mapping: str | None = None,
        population_label: str | None = None,
        citation: str | None = None,
    ) -> None:
        self.path = Path(source).expanduser()
        self.answers = Path(answers).expanduser() if answers is not None else None
        self.citation = citation
        self.mapping = Path(mapping).expanduser() if mapping is not None else None
        self.name, self.year, self.weight = name, year, weight
        if answers is None and (given := "weight" if weight else "mapping" if mapping else ""):
            raise ConfigError(
                f"{given}= is of people's answers, a row a person, and there are none.",
                fix=f"Add answers=FILE, or leave {given}= out.",
            )
        if _NAME.fullmatch(name) is None:
            raise ConfigError(
                f"name={name}: a survey's name has small letters a-z, digits and _ only.",
                fix="Give another name, as in `name=town`.",
            )
        if len(countries) != 1:
            raise ConfigError(
                f"countries: a table is of one population, found {len(countries)}.",
                fix="Give the one that was asked, as in `countries=[USA]`, and import each by itself.",
            )
        self.population, self.population_label = countries[0], population_label

    @cached_property
    def people_mapping(self) -> PeopleMapping | None:
        """What `mapping=` says of the people; None: nothing is given."""
        return None if self.mapping is None else read_validated(self.mapping, PeopleMapping)

    def read(self) -> Imported:
        """Items, the questionnaire, and figures if the table has some.

        Raises:
            SurveyFormatError: The table breaks its format; with the line.
        """
        form = self._form()
        table = form.table if form is not None else read_tidy_table(self.path)
        by_item: dict[str, list[TidyRow]] = defaultdict(list)
        for row in table.rows:
            by_item[row.item].append(row)
        items = [tidy_item(self.name, table, rows) for rows in by_item.values()]
        figures = [
            one
            for item, rows in zip(items, by_item.values(), strict=True)
            for one in figures_of(table, item, rows)
        ]
        answered = self._answered(table, form, items, has_figures=bool(figures))
        figures = list(answered.figures) if answered is not None else figures
        file = self._item_file(table, items, {one.item_id for one in figures})
        digest = hash_file(self.path)
        return Imported(
            source=self.name,
            items=file,
            populations=(self._population_figures(figures, answered),) if figures else (),
            surveys=(self._survey(items),),
            file_sha256=digest,
            summary=(
                *(f"left out      {visible(line)}" for line in (form.left_out if form else ())),
                *(visible(line) for line in (answered.said if answered else ())),
                *self._summary(table, file, figures),
            ),
        )

    def _form(self) -> SurveyForm | None:
        """The file as a survey program's; None: it is a table with a row an option."""
        ending = self.path.suffix.casefold()
        if ending == ".qsf":
            return read_qsf(self.path)
        if ending in WORKBOOKS and is_xlsform(sheets := read_sheets(self.path)):
            return read_xlsform(self.path, sheets)
        return None

    def _answered(
        self, table: TidyTable, form: SurveyForm | None, items: Sequence[Item], *, has_figures: bool
    ) -> AnsweredItems | None:
        """Figures of a table with a row a person; None: none was given."""
        if self.answers is None:
            return None
        if has_figures:
            raise ConfigError(
                f"{self.path.name} has figures of people, and answers={self.answers.name} would be others.",
                fix=f"Leave out answers=, or the columns {table.unit} and n of {self.path.name}.",
            )
        columns = form.columns if form is not None else {item.variable: _columns(item) for item in items}
        return figures_of_answers(
            self.answers,
            items,
            columns,
            self.population,
            mapping=self.people_mapping,
            weight=self.weight,
            year=self.year,
        )

    def _item_file(self, table: TidyTable, items: Sequence[Item], scored: set[str]) -> ItemFile:
        """The file of items; those without figures are asked of the population all the same."""
        of_user = {"reference": "user", "asked_in": [self.population]}
        entries = [item if item.id in scored else item.model_copy(update=of_user) for item in items]
        content = {
            "source": self.name,
            "title": self.name,
            "year": self.year or "not given",
            "citation": self._cited(table.path),
        }
        try:
            return ItemFile.model_validate({**content, "items": entries})
        except ValidationError as error:
            what = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise SurveyFormatError(
                f"{table.path.name}: {what}.", fix=f"Correct {table.path} where that item stands."
            ) from None

    def _population_figures(
        self, figures: Sequence[GroupFigures], answered: AnsweredItems | None
    ) -> PopulationFigures:
        path = self.path if self.answers is None else self.answers
        if self.year is None:
            raise ConfigError(
                f"{path.name} has figures of people, and nothing says when they were asked.",
                fix="Add `year=`, as in `year=2026`.",
            )
        weight = dont_know = "as the table has it"
        effective_n = ""
        notes: tuple[str, ...] = ()
        if answered is not None:
            weight, effective_n, notes = answered.weight, answered.effective_n, answered.notes
            dont_know = "an option like any other where it was offered; empty fields are left out"
            if self.people_mapping is not None and self.people_mapping.missing != MissingCodes():
                dont_know += ", as are codes that mean no answer"
        provenance = ReferenceSource(
            population=self.population,
            source=self.name,
            title=f"{self.name}, {self.population_label or self.population}",
            year=self.year,
            weight=weight,
            effective_n=effective_n,
            dont_know=dont_know,
            release=path.name,
            citation=self._cited(path),
            terms="the user's own",
            file=path.name,
            file_sha256=hash_file(path),
            mapping_sha256="" if self.mapping is None else hash_file(self.mapping),
            num_people=None if answered is None else answered.num_people,
            notes=[f"{note[:14].strip()}: {visible(note[14:])}" for note in notes],
        )
        return PopulationFigures(provenance, tuple(figures))

    def _cited(self, path: Path) -> str:
        own = f"Own survey {self.name}{f', {self.year}' if self.year else ''}: {path.name}"
        return self.citation or (self.people_mapping.citation if self.people_mapping else None) or own

    def _survey(self, items: Sequence[Item]) -> SurveyFile:
        language = next(iter(items[0].wordings))
        return SurveyFile(
            name=self.name,
            title=self.name,
            population=self.population,
            population_label=self.population_label,
            language=language,
            frame_language=language,
            sources=[self.name],
        )

    def _summary(self, table: TidyTable, file: ItemFile, figures: Sequence[GroupFigures]) -> list[str]:
        scored = {one.item_id for one in figures}
        levels = {row.item for row in table.rows} - {row.item for row in table.rows if "level" in row.said}
        lines = [
            f"items         {len(file.items):,}, of which {len(scored):,} have figures of {self.population}"
        ]
        if figures and self.population_label is None:
            lines.append(
                f"people of     {self.population}: if you asked others, such as those of a town, say so with "
                "population_label="
            )
        if levels:
            which = f"{items_in_words(len(levels))} without one"
            lines.append(f"level         nominal for {which}: no distance along a scale (W1)")
        return lines


def _columns(item: Item) -> AnswerColumns:
    """Answers to an item of a table are in a column of its name, or in one an option: `item_code`."""
    codes = {str(option.code): option.code for option in item.options}
    of_options = {f"{item.variable}{mark}{code}": code for mark in "_/" for code in codes.values()}
    return AnswerColumns((item.variable,), codes, of_options if item.max_choices > 1 else {})
