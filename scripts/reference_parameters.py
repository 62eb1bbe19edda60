"""Every parameter of a configuration as rows for the reference: name, default, values, meaning.

Meanings are the schema's where it describes a parameter, else a record's docstring, else the comment beside
the parameter in `conf/`. Defaults are those of the YAML. Reads text and the schema; composes nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from def_sim.app.schema import RunConfig
from def_sim.resources import conf_folder

_LINE: Final = re.compile(r"^(?P<indent> *)(?P<key>[\w-]+):(?P<value>[^#]*?)(?:\s*#\s?(?P<comment>.*))?$")
_MORE: Final = re.compile(r"^\s{8,}#\s?(?P<comment>.*)$")
_ARGUMENT: Final = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
_NOT_OURS: Final = ("defaults", "hydra", "protocol", "home")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: dotted name, default as it is written, values it may have, and what it means."""

    name: str
    default: str
    values: str
    meaning: str


def parameters() -> list[Parameter]:
    """All parameters of a run in the order of `conf/config.yaml`, then what a protocol sets."""
    rows = []
    for path in (conf_folder() / "config.yaml", conf_folder() / "protocol" / "paper.yaml"):
        text = path.read_text(encoding="utf-8")
        comments = comments_of(text)
        for name, default in _leaves(yaml.safe_load(text)):
            if name.split(".")[0] not in _NOT_OURS:
                rows.append(
                    Parameter(name, written(default), _values_of(name), _meaning(name) or comments[name])
                )
    return rows


def comments_of(text: str) -> dict[str, str]:
    """What stands behind `#` beside each key of a YAML, lines below it joined.

    By dotted name; "" without one.
    """
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    name = ""
    for line in text.splitlines():
        if (more := _MORE.match(line)) and name:
            found[name] += f" {more['comment']}"
        elif match := _LINE.match(line):
            indent = len(match["indent"])
            above = [*(one for one in above if one[0] < indent), (indent, match["key"])]
            name = ".".join(key for _, key in above)
            found[name] = match["comment"] or ""
    return found


def about(path: Path) -> str:
    """The first comment of a YAML, in one line: what that choice is."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# @package"):
            continue
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def written(value: Any) -> str:
    """A value as it stands in a command."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return "[]" if value == [] else str(value)


def _leaves(content: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield before + key, value


@cache
def _schema() -> dict[str, Any]:
    return RunConfig.model_json_schema(by_alias=True)


def _entry(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the schema says of a parameter, and of the section that it stands in."""
    schema = _schema()
    section, known = schema, schema["$defs"]
    *sections, last = name.split(".")
    for one in sections:
        section = known[section["properties"][one]["$ref"].rsplit("/", 1)[-1]]
    return section["properties"][last], section


def _meaning(name: str) -> str:
    entry, section = _entry(name)
    arguments = dict(_ARGUMENT.findall(section.get("description", "")))
    found: str = entry.get("description") or arguments.get(name.rsplit(".", 1)[-1], "")
    return " ".join(found.split())


def _values_of(name: str) -> str:
    return ", ".join(dict.fromkeys(_kinds(_entry(name)[0])))


def _kinds(entry: Mapping[str, Any]) -> Iterator[str]:
    """The alternatives of a value in words: "1 to 100", "`a`", "null"."""
    if "anyOf" in entry:
        for one in entry["anyOf"]:
            yield from _kinds(one)
    elif "enum" in entry:
        yield from (f"`{one}`" for one in entry["enum"])
    elif "const" in entry:
        yield f"`{entry['const']}`"
    elif entry.get("type") in ("integer", "number"):
        yield _range(entry)
    elif "$ref" in entry:
        yield from _kinds(_schema()["$defs"][entry["$ref"].rsplit("/", 1)[-1]])
    else:
        yield {"boolean": "`true`, `false`", "array": "a list", "string": "text", "null": "`null`"}.get(
            entry.get("type", ""), "any"
        )


def _range(entry: Mapping[str, Any]) -> str:
    kind = "whole number" if entry["type"] == "integer" else "number"
    ends = [
        f"{words} {_number(entry[key])}"
        for key, words in (
            ("minimum", "from"),
            ("exclusiveMinimum", "above"),
            ("maximum", "to"),
            ("exclusiveMaximum", "below"),
        )
        if key in entry
    ]
    return " ".join([kind, *ends])


def _number(value: float) -> str:
    return f"{value:,}" if value >= 10_000 else str(value)
