"""People's answers to a survey of one's own: from a table with a row a person to weighted figures.

Answers are codes or labels, in one column an item, or one an option where several may be chosen; other
columns say who people are (`answering_people`). No person's answers leave this module.

Letters: N people, K options.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from def_sim.errors import ConfigError
from def_sim.records import QuestionType
from def_sim.surveys.importers.answer_table import read_answer_table
from def_sim.surveys.importers.answering_people import AnsweringPeople, read_people
from def_sim.surveys.importers.chosen_options import Chosen, chosen_options
from def_sim.surveys.importers.coding import UNWEIGHTED
from def_sim.surveys.importers.contract import GroupFigures
from def_sim.surveys.importers.labelled_mapping import PeopleMapping
from def_sim.surveys.importers.people import Replies, Reply, figures_of_people
from def_sim.surveys.importers.survey_form import AnswerColumns
from def_sim.surveys.item_bank import Item, OptionEntry


@dataclass(frozen=True)
class AnsweredItems:
    """Figures of the items that people answered, and what there is to say of the rest."""

    figures: tuple[GroupFigures, ...]
    num_people: int
    weight: str  # the column, or "none"
    notes: tuple[str, ...]  # which columns say who people are, and who is in no group; a line each
    said: tuple[str, ...]  # a line each, with the notes

    @property
    def effective_n(self) -> str:
        """How the effective n was found."""
        return "" if self.weight == UNWEIGHTED else "Kish's, of the weights"


def figures_of_answers(
    path: Path,
    items: Sequence[Item],
    columns: Mapping[str, AnswerColumns],
    population: str,
    *,
    mapping: PeopleMapping | None = None,
    weight: str | None = None,
    year: int | None = None,
) -> AnsweredItems:
    """Weighted shares of each item's options, of everyone and, if sex and age are known, of groups.

    Args:
        path: The table.
        items: What was asked.
        columns: Variable of an item -> where its answers are.
        population: ISO alpha-3 code.
        mapping: Which columns say who people are, and which codes are no answer; None: the usual ones.
        weight: The column of the weights, in place of the mapping's; "none": everyone counts once.
        year: When people were asked.

    Raises:
        SurveyFormatError: A value that is neither code nor label, an option without its column, a weight, sex
            or age that is none. With item and line.
        ConfigError: No column belongs to an item; as for `read_people`.
    """
    mapping = mapping or PeopleMapping()
    table = read_answer_table(path, mapping.id)
    found = {item.id: chosen_options(table, item, columns[item.variable], mapping.missing) for item in items}
    if not any(one is not None for one in found.values()):
        raise ConfigError(
            f"{path.name}: no column has answers to an item; it has {', '.join(table.names[:12])}.",
            fix=f"Call its columns as the survey does: {', '.join(columns)[:200]}.",
        )
    people = read_people(table, _of_items(columns.values()), mapping, weight=weight, year=year)
    figures: list[GroupFigures] = []
    said = [f"people        {len(table.lines):,} of {path.name}", *people.said]
    if table.num_left_out:
        said.append(f"left out      {table.num_left_out:,} previews, tests or spam")
    for item in items:
        answers = found[item.id]
        of_item = _figures(item, answers, people, population) if answers is not None else []
        figures += of_item
        if not of_item:
            why = "no column of answers" if answers is None else "too few people answered it"
            said.append(f"not scored    {item.variable}: {why}")
    return AnsweredItems(tuple(figures), len(table.lines), people.weight, people.said, tuple(said))


def _of_items(columns: Iterable[AnswerColumns]) -> set[str]:
    """Names of columns that hold answers, in lower case."""
    return {name.casefold() for one in columns for name in (*one.names, *one.of_options)}


def _figures(
    item: Item, answers: Sequence[Chosen], people: AnsweringPeople, population: str
) -> list[GroupFigures]:
    asked = _with_variables(item)
    codes = [() if isinstance(one, Reply) else one for one in answers]
    if item.type is QuestionType.MULTIPLE:
        chosen = {option.variable or "": option.code for option in asked.options}
        replies = {name: _replies(answers, [code in one for one in codes]) for name, code in chosen.items()}
    else:
        replies = {item.variable: _replies(answers, [one[0] if one else 0 for one in codes])}
    kinds = {_reply(one) for one in answers}
    found = figures_of_people(asked, people.answering(population, replies))
    if kinds & {Reply.DONT_KNOW, Reply.NO_ANSWER}:
        return found
    # Who left a field empty may not have been asked: nothing is known of answers withheld.
    unknown: dict[str, Any] = dict.fromkeys(
        ("n_asked", "dont_know_share", "refused_share", "missing_share"), None
    )
    return [replace(one, **unknown) for one in found]


def _with_variables(item: Item) -> Item:
    """An item of several choices as a battery of variables, one an option."""
    if item.type is not QuestionType.MULTIPLE:
        return item
    options: list[OptionEntry] = [
        option.model_copy(update={"variable": f"{item.variable}/{option.code}"}) for option in item.options
    ]
    return item.model_copy(update={"options": options})


def _replies(answers: Sequence[Chosen], codes: Sequence[int]) -> Replies:
    kinds = [_reply(one) for one in answers]
    return Replies(np.array(codes, dtype=np.int64), np.array(kinds, dtype=np.int8))


def _reply(answer: Chosen) -> Reply:
    """() is nothing chosen out of what was offered."""
    if isinstance(answer, Reply):
        return answer
    return Reply.ANSWER if answer else Reply.NO_ANSWER
