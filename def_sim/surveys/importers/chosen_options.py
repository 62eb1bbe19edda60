"""What each person chose of an item, by the fields of a table: codes or labels, in a column or one an option.

Knows nobody's weight, sex or age.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.answer_table import AnswerTable, answers_wrong
from def_sim.surveys.importers.coding import kind_by_words
from def_sim.surveys.importers.labelled_mapping import MissingCodes
from def_sim.surveys.importers.people import Reply
from def_sim.surveys.importers.survey_form import AnswerColumns
from def_sim.surveys.item_bank import Item

_SEEN: Final = "-99"  # Qualtrics: the question was shown, and not answered
_NOT_CHOSEN: Final = ("", "0", "false", "no", _SEEN)
_PARTS: Final = re.compile(r"[,;\s]+")

Chosen = tuple[int, ...] | Reply  # codes that a person chose; Reply: why there are none


def chosen_options(
    table: AnswerTable, item: Item, columns: AnswerColumns, missing: MissingCodes
) -> list[Chosen] | None:
    """What each person chose, shape (N,); None if the table has no column of the item.

    Args:
        table: Answers of N people.
        item: What was asked.
        columns: Where its answers are.
        missing: Codes that are no answer; one that the item has as an option is an answer all the same.

    Raises:
        SurveyFormatError: A value that is neither code nor label, or an option without its column. With the
            line.
    """
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
