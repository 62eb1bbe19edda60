"""People's answers to a survey of one's own: from a table with a row a person to weighted figures.

Answers are codes or labels, in one column an item, or one an option where several may be chosen. Optional
columns say more of people: weight, sex, age, stratum, cluster. No person's answers leave this module.

Letters: N people, K options.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from def_sim.errors import ConfigError
from def_sim.records import AGES, SEXES, QuestionType, ReferenceQuality
from def_sim.surveys.importers.answer_table import AnswerTable, answers_wrong, read_answer_table
from def_sim.surveys.importers.contract import GroupFigures
from def_sim.surveys.importers.people import People, Replies, Reply, bands_of, figures_of_people
from def_sim.surveys.importers.survey_form import AnswerColumns
from def_sim.surveys.item_bank import Item, OptionEntry

WEIGHT: Final = "weight"
_SEEN: Final = "-99"  # Qualtrics: the question was shown, and not answered
_NOT_CHOSEN: Final = ("", "0", "false", "no", _SEEN)
_PARTS: Final = re.compile(r"[,;\s]+")
_OLDEST: Final = 130
_SEX: Final = {"m": "male", "f": "female"} | {sex: sex for sex in SEXES}


@dataclass(frozen=True)
class AnsweredItems:
    """Figures of the items that people answered, and what there is to say of the rest."""

    figures: tuple[GroupFigures, ...]
    num_people: int
    weight: str  # "weight", or "none"
    said: tuple[str, ...]  # a line each

    @property
    def effective_n(self) -> str:
        """How the effective n was found."""
        return "Kish's, of the weights" if self.weight == WEIGHT else ""


def figures_of_answers(
    path: Path, items: Sequence[Item], columns: Mapping[str, AnswerColumns], population: str
) -> AnsweredItems:
    """Weighted shares of each item's options, of everyone and, if sex and age are known, of groups.

    Args:
        path: The table.
        items: What was asked.
        columns: Variable of an item -> where its answers are.
        population: ISO alpha-3 code.

    Raises:
        SurveyFormatError: A value that is neither code nor label, an option without its column, a weight, sex
            or age that is none. With item and line.
        ConfigError: No column belongs to an item.
    """
    table = read_answer_table(path)
    people = _People(table)
    figures: list[GroupFigures] = []
    said = [f"people        {len(table.lines):,} of {path.name}"]
    if table.num_left_out:
        said.append(f"left out      {table.num_left_out:,} previews, tests or spam")
    found = {item.id: _answers(table, item, columns[item.variable]) for item in items}
    if not any(one is not None for one in found.values()):
        raise ConfigError(
            f"{path.name}: no column has answers to an item; it has {', '.join(table.names[:12])}.",
            fix=f"Call its columns as the survey does: {', '.join(columns)[:200]}.",
        )
    for item in items:
        answers = found[item.id]
        of_item = _figures(item, answers, people, population) if answers is not None else []
        figures += of_item
        if not of_item:
            why = "no column of answers" if answers is None else "too few people answered it"
            said.append(f"not scored    {item.variable}: {why}")
    return AnsweredItems(tuple(figures), len(table.lines), people.weight, tuple(said))


class _People:
    """What is known of the people of a table, shape (N,) each."""

    def __init__(self, table: AnswerTable) -> None:
        num = len(table.lines)
        given = table.column((WEIGHT,))
        self.weight = WEIGHT if given is not None else "none"
        self.weights = np.ones(num) if given is None else _each(table, given, WEIGHT, _weight)
        if self.weights.sum() <= 0:
            raise answers_wrong(table.path, table.lines[-1], "every weight is 0")
        sexes, ages = table.column(("sex",)), table.column(("age",))
        self.sex = np.array([_SEX.get(one.casefold(), "") for one in sexes or [""] * num])
        in_years = np.full(num, math.nan) if ages is None else _each(table, ages, "age", _age)
        self.age_band = np.array(bands_of(in_years))
        self.strata = _marks(table, "stratum")
        self.clusters = _marks(table, "cluster")

    def answering(self, population: str, replies: Mapping[str, Replies]) -> People:
        """The same people with their answers."""
        return People(
            population=population,
            replies=replies,
            weights=self.weights,
            sex=self.sex,
            age_band=self.age_band,
            bands=AGES,
            strata=self.strata,
            clusters=self.clusters,
            quality=ReferenceQuality.UNWEIGHTED if self.weight == "none" else ReferenceQuality.WEIGHTED,
            parts_withheld=False,
        )


def _marks(table: AnswerTable, name: str) -> NDArray[Any] | None:
    found = table.column((name,))
    return None if found is None else np.array(found)


def _each(
    table: AnswerTable, fields: Sequence[str], what: str, read: Callable[[str], float | str]
) -> NDArray[np.float64]:
    """Each person's number; `read` gives words instead if a field is none."""
    values = []
    for line, field in zip(table.lines, fields, strict=True):
        value = read(field)
        if isinstance(value, str):
            raise answers_wrong(table.path, line, f"{what} {value}, found {field!r:.40}")
        values.append(value)
    return np.array(values, dtype=np.float64)


def _weight(field: str) -> float | str:
    value = _number(field)
    return value if 0 <= value < 1e9 else "must be a number of 0 or more"


def _age(field: str) -> float | str:
    if not field:
        return math.nan
    value = _number(field)
    if 1900 <= value <= 2100:
        return "must be in years; this may be a year of birth"
    return value if 0 <= value <= _OLDEST else f"must be a number of years up to {_OLDEST}"


def _number(field: str) -> float:
    try:
        return float(field)
    except ValueError:
        return math.nan


def _answers(table: AnswerTable, item: Item, columns: AnswerColumns) -> list[tuple[int, ...] | None] | None:
    """Codes that each person chose; () where a question was shown and not answered, None where not known.

    Returns:
        Shape (N,); None if the table has no column of the item.
    """
    if columns.of_options and (split := _by_options(table, item, columns)) is not None:
        return split
    fields = table.column(columns.names)
    if fields is None:
        return None
    read = _reader(table, item, columns, fields)
    return [None if not field else () if field == _SEEN else read(field) for field in fields]


def _by_options(
    table: AnswerTable, item: Item, columns: AnswerColumns
) -> list[tuple[int, ...] | None] | None:
    """Answers in a column an option; nothing is known of who has nothing in any of them."""
    found = {
        code: fields
        for name, code in columns.of_options.items()
        if (fields := table.column((name,))) is not None
    }
    if not found:
        return None
    if missing := [option for option in item.options if option.code not in found]:
        names = [name for name, code in columns.of_options.items() if code == missing[0].code]
        raise answers_wrong(
            table.path, 1, f"{item.variable} has columns of some options; expected {names[0]!r:.60}, too"
        )
    people = zip(*found.values(), strict=True)
    return [
        tuple(code for code, one in zip(found, fields, strict=True) if one.casefold() not in _NOT_CHOSEN)
        if any(fields)
        else None
        for fields in people
    ]


def _reader(
    table: AnswerTable, item: Item, columns: AnswerColumns, fields: Sequence[str]
) -> Callable[[str], tuple[int, ...]]:
    """How the fields of a column are read: all as codes, or all as labels."""
    distinct = {field for field in fields if field and field != _SEEN}
    labels = {_words(label): option.code for option in item.options for label in option.labels.values()}
    several = item.max_choices > 1

    def by_code(field: str) -> tuple[int, ...]:
        return _codes(field, columns.codes, several=several)

    def by_label(field: str) -> tuple[int, ...]:
        return _labels(_words(field), labels, several=several)

    readers = (by_code, by_label)
    for one in readers:
        if all(0 < len(one(field)) <= item.max_choices for field in distinct):
            return one
    num_read = [sum(len(one(field)) > 0 for field in distinct) for one in readers]
    best = readers[num_read.index(max(num_read))]
    odd = Counter(
        field for field in fields if field in distinct and not 0 < len(best(field)) <= item.max_choices
    )
    value, num = odd.most_common(1)[0]
    line = next(at for at, field in zip(table.lines, fields, strict=True) if field == value)
    people = "1 person" if num == 1 else f"{num:,} people"
    expected = ", ".join(columns.codes)
    raise answers_wrong(
        table.path,
        line,
        f"item {item.variable}: {value!r:.60} ({people}) is neither a code ({expected:.80}) nor a label"
        + (f", at most {item.max_choices} of them" if item.max_choices > 1 else ""),
    )


def _codes(field: str, known: Mapping[str, int], *, several: bool) -> tuple[int, ...]:
    """() if one of them is unknown."""
    parts = _PARTS.split(field) if several else [field]
    found = [known.get(part, known.get(part.removesuffix(".0"))) for part in parts if part]
    return tuple(dict.fromkeys(code for code in found if code is not None)) if None not in found else ()


def _labels(words: str, known: Mapping[str, int], *, several: bool) -> tuple[int, ...]:
    """() if it is no label, or not labels parted by commas or semicolons, which may be in labels, too."""
    if words in known:
        return (known[words],)
    for label in sorted(known, key=len, reverse=True) if several else ():
        rest = words.removeprefix(label).lstrip()
        if words.startswith(label) and rest[:1] in (",", ";"):
            others = {one: code for one, code in known.items() if one != label}
            if behind := _labels(rest[1:].lstrip(), others, several=True):
                return (known[label], *behind)
    return ()


def _words(text: str) -> str:
    return " ".join(text.split()).casefold()


def _figures(
    item: Item, answers: Sequence[tuple[int, ...] | None], people: _People, population: str
) -> list[GroupFigures]:
    asked = _with_variables(item)
    if item.type is QuestionType.MULTIPLE:
        chosen = {option.variable or "": option.code for option in asked.options}
        replies = {
            name: _replies(answers, [code in (one or ()) for one in answers]) for name, code in chosen.items()
        }
    else:
        replies = {item.variable: _replies(answers, [one[0] if one else 0 for one in answers])}
    knows_asked = any(one == () for one in answers)
    found = figures_of_people(asked, people.answering(population, replies))
    # Who left a field empty may not have been asked: nothing is known of answers withheld.
    return found if knows_asked else [replace(one, n_asked=None, missing_share=None) for one in found]


def _with_variables(item: Item) -> Item:
    """An item of several choices as a battery of variables, one an option."""
    if item.type is not QuestionType.MULTIPLE:
        return item
    options: list[OptionEntry] = [
        option.model_copy(update={"variable": f"{item.variable}/{option.code}"}) for option in item.options
    ]
    return item.model_copy(update={"options": options})


def _replies(answers: Sequence[tuple[int, ...] | None], codes: Sequence[int]) -> Replies:
    kinds = [Reply.MISSING if one is None else Reply.ANSWER if one else Reply.NO_ANSWER for one in answers]
    return Replies(np.array(codes, dtype=np.int64), np.array(kinds, dtype=np.int8))
