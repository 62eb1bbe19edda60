"""Rows of GlobalOpinionQA: a question, its options, and how often each was chosen in each country.

`selections` is the text of a Python defaultdict and `options` that of a list. Both are read as literals and
never run. Knows no country and no rule.

Letters: K options.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError

COLUMNS: Final = ("question", "selections", "options", "source")
SOURCES: Final = ("GAS", "WVS")  # Pew's Global Attitudes Survey, World Values Survey
_DEFAULTDICT: Final = re.compile(r"defaultdict\(<class 'list'>, (\{.*\})\)", re.DOTALL)
_LARGEST: Final = 1e9
_MOST: Final = 1.1  # of the shares of one country, which are rounded and sometimes overlap
_HELP: Final = (
    "Download global_opinions.csv anew from huggingface.co/datasets/Anthropic/llm_global_opinions, "
    "and give it as it is."
)


@dataclass(frozen=True)
class OpinionRow:
    """One question as it stands in the file."""

    number: int  # from 1, the header is not counted
    line: int  # of the file, where the row ends
    question: str  # "" in a row of the published file
    options: tuple[str, ...]  # labels, shape (K,)
    shares: Mapping[str, tuple[float, ...]]  # country, with the sample behind it -> shape (K,), as published
    source: str  # one of SOURCES


def read_opinion_rows(path: Path) -> Iterator[OpinionRow]:
    """The rows in the order of the file.

    Raises:
        SurveyFormatError: Another file, a row that is cut, a field that is no literal of its form, an
            unknown source.
    """
    rows = read_rows(path, fix=_HELP)
    line, header = next(rows, (1, []))
    if missing := [name for name in COLUMNS if name not in header]:
        raise SurveyFormatError(
            f"{path.name}, line {line}: expected the columns {', '.join(COLUMNS)}; it lacks "
            f"{', '.join(missing)}.",
            fix=f"This is not GlobalOpinionQA. {_HELP}",
        )
    places = {name: header.index(name) for name in COLUMNS}
    for number, (at, fields) in enumerate(rows, start=1):
        yield _row(path, number, at, {name: fields[place] for name, place in places.items()})


def _row(path: Path, number: int, line: int, fields: Mapping[str, str]) -> OpinionRow:
    if fields["source"] not in SOURCES:
        found = f"expected {' or '.join(SOURCES)}, found {fields['source']!r:.40}; the file may be cut there"
        raise wrong(path, number, line, f"source: {found}")
    try:
        options = _options(fields["options"])
        shares = _selections(fields["selections"])
    except ValueError as error:
        raise wrong(path, number, line, str(error)) from None
    return OpinionRow(number, line, fields["question"].strip(), options, shares, fields["source"])


def check_shares(path: Path, row: OpinionRow, country: str) -> tuple[float, ...]:
    """The shares of one country, shape (K,), if they can be any.

    Raises:
        SurveyFormatError: Not one for each option, below 0, or adding up to nothing or to far more than 1.
    """
    shares = row.shares[country]
    problem = ""
    if len(shares) != len(row.options):
        problem = f"{len(shares)} shares for {len(row.options)} options"
    elif any(share < 0 for share in shares):
        problem = f"a share below 0 ({min(shares):g})"
    elif not 0 < sum(shares) <= _MOST:
        problem = f"shares that add up to {sum(shares):.3g}, expected about 1"
    if problem:
        raise wrong(path, row.number, row.line, f"{country}: {problem}")
    return shares


def wrong(path: Path, number: int, line: int, what: str) -> SurveyFormatError:
    """An error that names the row."""
    return SurveyFormatError(f"{path.name}, row {number} (line {line}): {what}.", fix=_HELP)


def _options(text: str) -> tuple[str, ...]:
    found = _literal(text, "options")
    if not isinstance(found, list) or not found or not all(_is_label(one) for one in found):
        raise ValueError(f"options: expected a list of texts or numbers, found {text!r:.60}")
    return tuple(_label(one) for one in found)


def _selections(text: str) -> dict[str, tuple[float, ...]]:
    named = _DEFAULTDICT.fullmatch(text.strip())
    found = _literal(named.group(1) if named else text, "selections")
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise ValueError(f"selections: expected countries with lists of shares, found {text!r:.60}")
    return {name: _shares(name, shares) for name, shares in found.items()}


def _shares(country: str, shares: object) -> tuple[float, ...]:
    if not isinstance(shares, list) or not all(_is_number(share) for share in shares):
        raise ValueError(f"selections: {country!r:.60}: expected a list of numbers, found {shares!r:.60}")
    return tuple(float(share) for share in shares)


def _literal(text: str, column: str) -> Any:
    """A value that is written out; names, calls and whatever else could run are refused."""
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"{column}: expected a written-out list or dictionary, found {text!r:.60}") from None


def _is_number(value: object) -> bool:
    """Whether it is one, and not one that no computer reckons with, such as NaN or 10 to the 4000."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def _is_label(value: object) -> bool:
    return isinstance(value, str) or _is_number(value)


def _label(value: str | float) -> str:
    """A text without blanks around it; a number as people write it: 7.0 is 7."""
    return " ".join(value.split()) if isinstance(value, str) else f"{value:g}"


def labels_twice(labels: Sequence[str]) -> bool:
    """Whether two options have the same label, whatever its case."""
    return len({label.casefold() for label in labels}) < len(labels)
