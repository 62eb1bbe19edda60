"""What the people of a file have in one variable, whatever kind of file it is.

A value is a number, or a text: a label, `.d` (Stata's tagged missing, also in other files), or nothing.
Values that many people share are held once. Knows no survey.

Letters: N people, V distinct values.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Value = float | str
NOTHING: Final = ""  # the field is empty; SPSS and Stata call it system-missing
_TAGGED: Final = re.compile(r"\.([a-z])(?::.*)?", re.DOTALL)  # `.d`, or `.d:  label` as some exports write it
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d+,\d+")


@dataclass(frozen=True, eq=False)
class Variable:
    """One variable for all people of a file."""

    name: str  # as the file writes it
    label: str  # what the file says that it is; "": nothing
    value_labels: Mapping[Value, str]  # what the file says that its values are
    distinct: tuple[Value, ...]  # shape (V,), each once
    places: NDArray[np.intp]  # shape (N,), where each person's value stands in `distinct`
    missing: Callable[[Value], bool] = field(default=lambda value: False)  # what the file declares missing

    @property
    def counts(self) -> dict[Value, int]:
        """Value -> how many people have it; only those that occur."""
        numbers = np.bincount(self.places, minlength=len(self.distinct))
        return {value: int(n) for value, n in zip(self.distinct, numbers, strict=True) if n}

    def numbers(self) -> NDArray[np.float64]:
        """Each person's number, shape (N,); nan where the value is a text."""
        return self.mapped(lambda value: value if isinstance(value, float) else math.nan)

    def mapped(self, of_value: Callable[[Value], float]) -> NDArray[np.float64]:
        """What a function of the value is for each person, shape (N,)."""
        each = np.array([of_value(value) for value in self.distinct], dtype=np.float64)
        return each[self.places] if len(each) else np.zeros(len(self.places))

    def of_people(self, is_kept: NDArray[np.bool_]) -> "Variable":
        """The same for some of the people; `is_kept` has shape (N,)."""
        places = self.places[is_kept]
        return Variable(self.name, self.label, self.value_labels, self.distinct, places, self.missing)


def variable(
    name: str,
    values: Iterable[object],
    *,
    label: str = "",
    value_labels: Mapping[Value, str] | None = None,
    decimal_comma: bool = False,
    missing: Callable[[Value], bool] = lambda value: False,
) -> Variable:
    """A variable from what its file holds for each person, shape (N,)."""
    place_of: dict[object, int] = {}
    places = np.array([place_of.setdefault(value, len(place_of)) for value in values], dtype=np.intp)
    raw = list(place_of)
    return from_distinct(
        name,
        raw,
        places,
        label=label,
        value_labels=value_labels,
        decimal_comma=decimal_comma,
        missing=missing,
    )


def from_distinct(
    name: str,
    raw: Sequence[object],
    places: NDArray[np.intp],
    *,
    label: str = "",
    value_labels: Mapping[Value, str] | None = None,
    decimal_comma: bool = False,
    missing: Callable[[Value], bool] = lambda value: False,
) -> Variable:
    """A variable from the distinct things that its file holds; those that mean the same value become one."""
    values = [value_of(one, decimal_comma=decimal_comma) for one in raw]
    distinct = tuple(dict.fromkeys(values))
    place_of = {value: place for place, value in enumerate(distinct)}
    moved = np.array([place_of[value] for value in values], dtype=np.intp)
    return Variable(
        name, label, value_labels or {}, distinct, moved[places] if len(moved) else places, missing
    )


def is_nothing(value: Value) -> bool:
    """Whether there is nothing, also as R writes it."""
    return value in (NOTHING, "NA")


def is_tag(value: Value) -> bool:
    """Whether it is a tagged missing, such as `.d`."""
    return isinstance(value, str) and len(value) == 2 and value[0] == "."


def value_of(raw: object, *, decimal_comma: bool = False) -> Value:
    """What a field of a file means: 1, 1.0 and "1" are the same number; ".d:  label" is the tag ".d"."""
    if raw is None:
        return NOTHING
    if isinstance(raw, int | float):
        try:
            number = float(raw)
        except OverflowError:
            number = math.inf if raw > 0 else -math.inf
        if math.isinf(number):  # a number too large to be one
            return str(number)
        return NOTHING if math.isnan(number) else number
    text = str(raw).strip()
    if text in (NOTHING, "."):
        return NOTHING
    if tagged := _TAGGED.fullmatch(text):
        return f".{tagged[1]}"
    if decimal_comma and _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    try:
        number = float(text) if text[-1].isdigit() or text[-1] == "." else math.nan
    except ValueError:
        return text
    return number if math.isfinite(number) and "_" not in text else text
