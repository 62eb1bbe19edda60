"""Every parameter of a command: what it means, takes and is unless given, and whether it defines the run.

One source for `def-sim --help NAME` and for the reference pages: meanings are the descriptions of the schema
and, of settings that a class of ours receives, the arguments of its docstring; bounds are those of the type,
else the end of that docstring's sentence. Loads no model library and no file of a run.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from def_sim.app.choices import Name, Target
from def_sim.app.composing import default_values
from def_sim.app.definition import defines_run
from def_sim.app.described_types import values_in_words
from def_sim.app.experiments import ExperimentChoice
from def_sim.app.known_choices import known_names
from def_sim.app.schema import RunConfig
from def_sim.app.targets import resolve_target
from def_sim.resources import conf_folder

_BOUNDS: Final = re.compile(r"[,;] (from [\d.,]*\d(?: to [\d.,]*\d)?|above [\d.,]*\d(?: to [\d.,]*\d)?)\.$")
_READ_BY_APP: Final = ("frames",)  # a YAML gives the name of a file, and the app what it says
_GIVEN_BY_APP: Final = {"strategy": ("presentation", "texts"), "model.engine": ()}
_IN_YAML: Final = {"None": "null", "True": "true", "False": "false"}
# What the name's end says, else what the whole name is; a parameter without either has no unit.
_UNITS: Final = {
    "_s": "seconds", "_usd": "US dollars", "_usd_per_million": "US dollars per million tokens",
    "_bytes": "bytes", "_gb_per_s": "10^9 bytes a second", "_tokens": "tokens", "_min": "minutes",
    "mem_gb": "10^9 bytes", "watch": "seconds", "stream_above": "answers",
    "context_length": "tokens", "cache_bytes_per_token": "bytes a token", "_capacity": "exchanges",
    "half_width": "bits", "difference": "bits", "quantize_above": "parameters", "_parameters": "parameters",
    "year": "calendar year", "max_batch_rows": "rows", "unpacked_at_once": "parameters",
}  # fmt: skip
_AS_YAML_SAYS: Final = "as its YAML says"
_GROUPS: Final = ("stage", "survey", "model", "protocol", "strategy", "rubric", "importer")
_TARGET: Final = "The class or function that it chooses, which receives what else its YAML says."
_HOME: Final = (
    "A folder with conf/ and data of your own beside the shipped ones; null: what DEF_SIM_HOME says. On the "
    "command line only."
)


@dataclass(frozen=True, slots=True)
class ParameterHelp:
    """What is known of one parameter.

    Attributes:
        name: As on the command line, `decoding.top_k`.
        meaning: What it means, in sentences.
        takes: Type and bounds, `a whole number from 1`; "" for a section or a group of choices.
        unit: Of a number; "": none.
        default: As it would be written; "": it has none and must be given, or a section has several.
        defines_run: Whether another value makes another run, in another folder.
        choices: The names of the group whose YAML sets it, if only some have it: ("claude", "gpt4o").
    """

    name: str
    meaning: str
    takes: str
    unit: str
    default: str
    defines_run: bool
    choices: tuple[str, ...] = ()


@cache
def shipped_parameters() -> tuple[ParameterHelp, ...]:
    """All parameters, sections and groups of the shipped configuration, sorted by name.

    A name stands twice where engines or strategies of different kinds mean different things by it.
    """
    found = [
        *_of_model(RunConfig, "", default_values()),
        *_of_model(ExperimentChoice, "experiment.", {}),
        *_of_targets("model", "model.engine"),
        *_of_targets("strategy", "strategy"),
        *_of_launcher(),
        _single("stage.name", "Name of the stage.", "a name", _AS_YAML_SAYS),
        _single("home", _HOME, "a path, or null", "null"),
        _single("experiment", "Which question several runs answer together.", "", "null"),
        _single("hydra/launcher", "What carries the jobs of -m and experiment= to a cluster.", "", "basic"),
    ]
    return tuple(sorted(found, key=lambda one: (one.name, one.choices)))


def unit_of(name: str) -> str:
    """The unit that a parameter's name says; "": none."""
    last = name.rpartition(".")[2]
    ends = sorted((end for end in _UNITS if last.endswith(end)), key=len)
    return _UNITS[ends[-1]] if ends else ""


def written(value: Any) -> str:
    """A value as it would be written on the command line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(one) for one in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {written(one)}" for key, one in value.items()) + "}"
    return str(getattr(value, "value", value))


def _single(name: str, meaning: str, takes: str, default: str) -> ParameterHelp:
    return ParameterHelp(name, meaning, takes, unit_of(name), default, defines_run(name))


def _of_model(model: type[BaseModel], prefix: str, given: Mapping[str, Any]) -> Iterator[ParameterHelp]:
    hints = get_type_hints(model, include_extras=True)
    for attribute, field in model.model_fields.items():
        name = prefix + (field.alias or attribute)
        section = _section_in(hints[attribute])
        takes = "" if section else values_in_words(hints[attribute])
        default = _default_of(name, given.get(name, field.get_default()), is_section=section is not None)
        yield ParameterHelp(name, field.description or "", takes, unit_of(name), default, defines_run(name))
        if section is None:
            continue
        if section is Target:
            yield _single(f"{name}._target_", _TARGET, "a text", _AS_YAML_SAYS)
        elif is_dataclass(section):
            yield from _of_arguments(section, f"{name}.", given)
        else:
            yield from _of_model(section, f"{name}.", given)


def _default_of(name: str, value: Any, *, is_section: bool) -> str:
    if name in _GROUPS:
        return written(value["name"]) if isinstance(value, Mapping) else "none"
    if name.partition(".")[0] in _GROUPS:
        return _AS_YAML_SAYS
    return "" if is_section or value is PydanticUndefined else written(value)


def _section_in(hint: Any) -> type[Any] | None:
    """The section that a hint is of; None: a single value."""
    for one in (hint, *get_args(hint)):
        bare = get_args(one)[0] if get_origin(one) is Annotated else one
        if isinstance(bare, type) and (is_dataclass(bare) or issubclass(bare, BaseModel)):
            return bare
    return None


def _of_arguments(
    receiver: Any, prefix: str, given: Mapping[str, Any], choices: tuple[str, ...] = ()
) -> Iterator[ParameterHelp]:
    """The arguments of a class, by its constructor and its docstring."""
    # Of a dataclass the constructor's hints are texts that its class resolves.
    hints = get_type_hints(receiver if is_dataclass(receiver) else receiver.__init__, include_extras=True)
    meanings = argument_meanings(receiver)
    for argument, parameter in inspect.signature(receiver).parameters.items():
        if argument in _GIVEN_BY_APP.get(prefix.removesuffix("."), ()):
            continue
        name, hint = prefix + argument, Name if argument in _READ_BY_APP else hints[argument]
        meaning, bounds = _apart(meanings.get(argument, ""))
        default = given.get(name, parameter.default)
        yield ParameterHelp(
            name,
            meaning,
            values_in_words(hint, bounds),
            unit_of(name),
            "" if default is inspect.Parameter.empty else written(default),
            defines_run(name),
            choices,
        )


def _apart(meaning: str) -> tuple[str, str]:
    """A meaning without the bounds at its end, and these."""
    found = _BOUNDS.search(meaning)
    return (meaning, "") if found is None else (f"{meaning[: found.start()]}.", found.group(1))


def argument_meanings(receiver: Any) -> dict[str, str]:
    """What a docstring's `Args:` says of each argument, as one line without marks of code."""
    text = inspect.getdoc(receiver) or ""
    _, _, after = text.partition("Args:\n")
    section = re.split(r"\n\n(?=\S)|\n(?=\w+:\n)", after)[0]
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=    \w)", "\n" + section)[1:]:
        name, _, meaning = entry.strip().partition(": ")
        words = " ".join(meaning.split()).translate({ord("`"): None, ord('"'): None})
        words = re.sub(r"\b(None|True|False)\b", lambda one: _IN_YAML[one.group()], words)
        found[name] = words if words.endswith(".") else f"{words}."
    return found


def _of_targets(group: str, prefix: str) -> Iterator[ParameterHelp]:
    """What the shipped YAMLs of a group pass to their classes, each class once."""
    by_target: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name in known_names(group):
        path = conf_folder() / group / f"{name}.yaml"
        content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
        section = content.get("engine") or content.get("strategy") or {}
        if "_target_" in section:
            by_target.setdefault(section["_target_"], {})[name] = section
    for target, sections in by_target.items():
        given = {f"{prefix}.{name}": value for name, value in _given_alike(list(sections.values())).items()}
        yield from _of_arguments(resolve_target(target), f"{prefix}.", given, tuple(sections))


def _given_alike(sections: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The values of a class's YAMLs: the one that all give, else that the YAML says it."""

    def alike(values: list[Any]) -> Any:
        is_value = not str(values[0]).startswith(("?", "$"))  # missing, or made of another one
        return values[0] if is_value and all(one == values[0] for one in values) else _AS_YAML_SAYS

    names = {name for section in sections for name in section}
    return {name: alike([section.get(name, "") for section in sections]) for name in names}


def _of_launcher() -> Iterator[ParameterHelp]:
    """The values of the shipped launcher, each with the comment behind it."""
    path = conf_folder() / "hydra" / "launcher" / "slurm.yaml"
    text = path.read_text(encoding="utf-8")
    for name, value in yaml.safe_load(text).items():
        if name == "defaults":
            continue
        [comment] = re.findall(rf"^{name}:.*?#\s*(.+)$", text, re.MULTILINE) or [""]
        meaning, bounds = _apart(f"{comment[:1].upper()}{comment[1:]}.")
        kind = values_in_words(int, bounds) if isinstance(value, int) else "a text or null"
        takes = "a list of texts" if isinstance(value, list) else kind
        full = f"hydra.launcher.{name}"
        yield ParameterHelp(full, meaning, takes, unit_of(full), written(value), False, ("slurm",))
