"""Values of Python as the words of a command: what a call says goes the way of the command line.

Knows how words are quoted; what a parameter means is for others to check.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import Any, Final

from def_sim.errors import ConfigError

_ARGUMENTS: Final = ("model", "survey", "respondents", "items", "output")
# Of commands that are no interviews, or of the command line itself.
_OF_OTHERS: Final = ("stage", "runs", "experiment", "hydra", "log", "watch", "format", "show", "power")
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_MEANT: Final = ("true", "false", "null", "nan", "inf")  # words that are no texts where they stand alone


def words_of(
    *,
    model: str,
    survey: str,
    respondents: int,
    items: Sequence[str] | str | None,
    output: str | PathLike[str],
    settings: Mapping[str, Any] | None,
) -> list[str]:
    """The words of the command that means the same.

    Args:
        model: Name of a model's configuration.
        survey: Name of a survey's.
        respondents: How many.
        items: Ids of those to ask; None: all.
        output: Folder of all runs.
        settings: Dotted name of a parameter, or name of a group -> its value.

    Raises:
        ConfigError: A setting is none that a call may give, or its value cannot be a parameter's.
    """
    given: dict[str, Any] = {
        "model": model,
        "survey": survey,
        "respondents": respondents,
        "items": [items] if isinstance(items, str) else items,
        "output": fspath(output),
    }
    for name in settings or {}:
        _check_name(name)
    return [f"{name}={_written(name, value)}" for name, value in {**given, **(settings or {})}.items()]


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not re.fullmatch(r"\+{0,2}[A-Za-z_][\w./@-]*", name):
        raise ConfigError(
            f"settings: {name!r} is no name of a parameter.",
            fix='Write it as in settings={"decoding.max_num_beams": 1}.',
        )
    if name in _ARGUMENTS:
        raise ConfigError(
            f"settings: {name} is an argument of its own.", fix=f"Take it out of settings: {name}=..."
        )
    if name.partition(".")[0] in _OF_OTHERS:
        raise ConfigError(
            f"settings: {name} belongs to the command line.", fix="Take it out, or give the command def-sim."
        )


def _written(name: str, value: object) -> str:
    """A value as Hydra reads it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float) and math.isfinite(value):
        return repr(float(value))
    if isinstance(value, str | PathLike):
        return _quoted(str(fspath(value)))
    if isinstance(value, Mapping):
        pairs = (f"{_quoted(str(key))}:{_written(name, one)}" for key, one in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, Sequence | set | frozenset | range) and not isinstance(value, bytes | bytearray):
        return "[" + ",".join(_written(name, one) for one in value) + "]"
    if hasattr(value, "tolist"):  # numbers and arrays of numpy, columns of pandas
        return _written(name, value.tolist())
    raise ConfigError(
        f"{name}: {type(value).__name__} {str(value)[:40]!r} is no value of a parameter.",
        fix="Give a text, a finite number, True, False, None, or a list or dictionary of these.",
    )


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.casefold() not in _MEANT:
        return text
    if "\0" in text or "\n" in text or "\r" in text:
        raise ConfigError(f"{json.dumps(text)} holds a line end.", fix="Give it without.")
    # A backslash counts only before a quote, and a dollar only before a brace: an interpolation.
    text = re.sub(r"(\\*)\$\{", lambda found: f"{found.group(1) * 2}\\${{", text)
    text = re.sub(r"(\\*)'", lambda found: f"{found.group(1) * 2}\\'", text)
    ending = re.search(r"\\*$", text)
    return f"'{text}{ending.group(0) if ending else ''}'"
