"""What a parameter takes, in words: its type and, where its annotation has them, the bounds.

Reads type hints and pydantic's constraints; knows no parameter.
"""

import types
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from def_sim.app.choices import Name, PathText

_SINGLE: Final[Mapping[Any, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    types.NoneType: "null",
}
_SEVERAL: Final[Mapping[str, str]] = {
    "a whole number": "whole numbers",
    "a number": "numbers",
    "a text": "texts",
    "a name": "names",
    "a path": "paths",
}
_FROM: Final = (("ge", "from"), ("gt", "above"))
_TO: Final = (("le", "to"), ("lt", "to below"))


def values_in_words(hint: Any, bounds: str = "") -> str:
    """What a hint takes: `a whole number from 1 to 1,000,000 or null`.

    Args:
        hint: A type, with its annotations.
        bounds: Of a number whose annotation has none, such as `from 1`.
    """
    kinds = [_kind(one, bounds) for one in _alternatives(hint)]
    if len(kinds) < 3:
        return " or ".join(kinds)
    return f"{', '.join(kinds[:-1])} or {kinds[-1]}"


def _alternatives(hint: Any) -> list[Any]:
    """The members of a union and of a literal, in their order, null last."""
    members: list[Any] = []
    for one in _united(hint):
        members += [_Said(str(value)) for value in get_args(one)] if get_origin(one) is Literal else [one]
    return sorted(members, key=lambda one: one is types.NoneType)


def _united(hint: Any) -> list[Any]:
    if get_origin(hint) in (Union, types.UnionType):
        return [member for one in get_args(hint) for member in _united(one)]
    inner = get_args(hint)[0] if get_origin(hint) is Annotated else None
    return _united(inner) if inner is not None and get_origin(inner) in (Union, types.UnionType) else [hint]


class _Said:
    """A value that is written as it stands."""

    def __init__(self, word: str) -> None:
        self.word = word


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _kind(hint: Any, bounds: str) -> str:
    if isinstance(hint, _Said):
        return hint.word
    if hint == Name:
        return "a name"
    if hint == PathText:
        return "a path"
    bare = _bare(hint)
    if bare in (int, float):
        return " ".join(part for part in (_SINGLE[bare], _bounds(hint) or bounds) if part)
    if bare in _SINGLE:
        return _SINGLE[bare]
    if isinstance(bare, type) and issubclass(bare, Enum):
        return " or ".join(str(one.value) for one in bare)
    if get_origin(bare) in (list, tuple, Sequence):
        of = values_in_words(get_args(bare)[0])
        return f"a list of {_SEVERAL.get(of, 'lists of ' + _SEVERAL.get(_first_of(bare), 'values'))}"
    if get_origin(bare) in (dict, Mapping) or bare is Any:
        return "a mapping {name: value}"
    return "its parameters"


def _first_of(bare: Any) -> str:
    """Of a list of pairs, what the pairs are of."""
    inner = get_args(get_args(bare)[0])
    return values_in_words(inner[0]) if inner else ""


def _bounds(hint: Any) -> str:
    constraints = list(_constraints(hint))

    def of(names: Sequence[tuple[str, str]]) -> list[str]:
        found = [(word, getattr(one, name, None)) for one in constraints for name, word in names]
        return [f"{word} {_number(value)}" for word, value in found if value is not None]

    return " ".join([*of(_FROM)[:1], *of(_TO)[:1]])


def _constraints(hint: Any) -> list[Any]:
    if get_origin(hint) is not Annotated:
        return []
    inner, *metadata = get_args(hint)
    found = [
        one for given in metadata for one in (given.metadata if isinstance(given, FieldInfo) else [given])
    ]
    return [*found, *_constraints(inner)]


def _number(value: float) -> str:
    # Years are no amounts.
    return f"{value:,}" if not 1900 <= value <= 2100 else f"{value}"
