"""People's answers to a survey of one's own: from a table with a row a person to weighted figures.

Answers are codes or labels, in one column an item, or one an option where several may be chosen; other
columns say who people are (`answering_people`). No person's answers leave this module.

Letters: N people, K options.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.records import QuestionType
from def_sim.surveys.importers.answer_table import AnswerTable, answers_wrong, read_answer_table
from def_sim.surveys.importers.answering_people import AnsweringPeople, read_people
from def_sim.surveys.importers.coding import UNWEIGHTED, kind_by_words
from def_sim.surveys.importers.contract import GroupFigures
from def_sim.surveys.importers.labelled_mapping import MissingCodes, PeopleMapping
from def_sim.surveys.importers.people import Replies, Reply, figures_of_people
from def_sim.surveys.importers.survey_form import AnswerColumns
from def_sim.surveys.item_bank import Item, OptionEntry

_SEEN: Final = "-99"  # Qualtrics: the question was shown, and not answered
_NOT_CHOSEN: Final = ("", "0", "false", "no", _SEEN)
_PARTS: Final = re.compile(r"[,;\s]+")


Chosen = tuple[int, ...] | Reply  # codes that a person chose; Reply: why there are none


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
    found = {item.id: _answers(table, item, columns[item.variable], mapping.missing) for item in items}
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


def _answers(
    table: AnswerTable, item: Item, columns: AnswerColumns, missing: MissingCodes
) -> list[Chosen] | None:
    """What each person chose, shape (N,); None if the table has no column of the item."""
    if columns.of_options and (split := _by_options(table, item, columns, missing)) is not None:
        return split
    fields = table.column(columns.names)
    if fields is None:
        return None
    why_none = _withheld(item, columns, missing)
    withheld = {field: kind for field in set(fields) if (kind := why_none(field)) is not None}
    read = _reader(table, item, columns, [field for field in fields if field not in withheld])
    return [withheld[field] if field in withheld else read(field) for field in fields]


def _withheld(item: Item, columns: AnswerColumns, missing: MissingCodes) -> Callable[[str], Reply | None]:
    """Why a field is no answer; None: it is one, or nobody says. What the item has as an option is one."""
    labels = _labels_of(item)

    def of_field(field: str) -> Reply | None:
        if field in ("", _SEEN):
            return Reply.NO_ANSWER if field else Reply.MISSING
        if _words(field) in labels or _codes(field, columns.codes, several=False):
            return None
        return _kind(field, missing)

    return of_field


def _kind(field: str, missing: MissingCodes) -> Reply | None:
    """Why a code, or a word that institutes use, is no answer; None: nobody says that."""
    try:
        return missing.kind_of(float(field))
    except ValueError:
        return kind_by_words(field)


def _by_options(
    table: AnswerTable, item: Item, columns: AnswerColumns, missing: MissingCodes
) -> list[Chosen] | None:
    """Answers in a column an option; nothing is known of who has nothing in any of them."""
    found = {
        code: fields
        for name, code in columns.of_options.items()
        if (fields := table.column((name,))) is not None
    }
    if not found:
        return None
    if lacking := [option for option in item.options if option.code not in found]:
        names = [name for name, code in columns.of_options.items() if code == lacking[0].code]
        raise answers_wrong(
            table.path, 1, f"{item.variable} has columns of some options; expected {names[0]!r:.60}, too"
        )
    for code, fields in found.items():
        _check_chosen(table, item, code, fields, missing)
    return [_of_row(dict(zip(found, row, strict=True)), missing) for row in zip(*found.values(), strict=True)]


def _check_chosen(
    table: AnswerTable, item: Item, code: int, fields: Sequence[str], missing: MissingCodes
) -> None:
    """Two numbers in the column of an option, such as 1 and 2: one may mean that it was not chosen."""
    given = {field for field in fields if field not in _NOT_CHOSEN and _kind(field, missing) is None}
    if len(numbers := sorted(field for field in given if field.isdecimal())) > 1:
        line = next(at for at, field in zip(table.lines, fields, strict=True) if field == numbers[-1])
        raise SurveyFormatError(
            f"{table.path.name}, line {line}: item {item.variable}, option {code}: its column holds "
            f"{' and '.join(numbers[:5])}, and nothing says which of them means that it was chosen.",
            fix="Write 1 where the option was chosen and 0 or nothing where it was not.",
        )


def _of_row(fields: Mapping[int, str], missing: MissingCodes) -> Chosen:
    """The options that a person chose, by what stands in the column of each."""
    kinds = {code: _kind(field, missing) for code, field in fields.items()}
    chosen = [
        code for code, field in fields.items() if field.casefold() not in _NOT_CHOSEN and kinds[code] is None
    ]
    known = [kind for kind in kinds.values() if kind is not None]
    if known and not chosen:
        return known[0]
    return tuple(chosen) if any(fields.values()) else Reply.MISSING


def _reader(
    table: AnswerTable, item: Item, columns: AnswerColumns, answers: Sequence[str]
) -> Callable[[str], tuple[int, ...]]:
    """How the answers of a column are read: all as codes, or all as labels."""
    distinct = set(answers)
    labels = _labels_of(item)
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
    odd = Counter(field for field in answers if not 0 < len(best(field)) <= item.max_choices)
    value, num = odd.most_common(1)[0]
    fields = table.column(columns.names) or ()
    line = next(at for at, field in zip(table.lines, fields, strict=True) if field == value)
    people = "1 person" if num == 1 else f"{num:,} people"
    most = f", at most {item.max_choices} of them" if several else ""
    raise SurveyFormatError(
        f"{table.path.name}, line {line}: item {item.variable}: {value!r:.60} ({people}) is neither a code "
        f"({', '.join(columns.codes):.80}) nor a label{most}.",
        fix=f"If it is no answer, write `missing: {{refused: [{_as_code(value)}]}}` (or dont_know, "
        "not_asked) into a file of yours and give it, as in mapping=town.mapping.yaml; if it is one, the "
        "survey lacks an option.",
    )


def _as_code(field: str) -> str:
    """As it would stand in a mapping, which has numbers there."""
    try:
        return f"{float(field):g}"
    except ValueError:
        return "9"


def _labels_of(item: Item) -> dict[str, int]:
    return {_words(label): option.code for option in item.options for label in option.labels.values()}


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
