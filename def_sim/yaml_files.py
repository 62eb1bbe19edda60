"""YAML files whose errors name the line.

Reads with the safe loader only and validates by a pydantic model; a violation becomes one
SurveyFormatError with file, line and what was found. Knows nothing of surveys.
"""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from def_sim.errors import SurveyFormatError

ModelT = TypeVar("ModelT", bound=BaseModel)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is ten times faster


def read_validated(path: Path, model: type[ModelT]) -> ModelT:
    """The file's content as a validated model.

    Raises:
        SurveyFormatError: The file is missing, is no YAML, or breaks the model; the first
            violation is named with file and line, the others are counted.
    """
    text = _read_text(path)
    content = _parse(path, text)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _first_violation(path, text, error) from None


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SurveyFormatError(f"{path} does not exist.", fix="Check the name of the file.") from None
    except OSError as error:
        raise SurveyFormatError(
            f"{path} cannot be read ({error.strerror}).", fix="Check the name and rights of the file."
        ) from None
    except UnicodeDecodeError as error:
        raise SurveyFormatError(
            f"{path.name} is not UTF-8 text (byte {error.start}).", fix=f"Save {path} as UTF-8."
        ) from None


def _parse(path: Path, text: str) -> Any:
    try:
        node = yaml.compose(text, Loader=_Loader)
        if (twice := _key_given_twice(node)) is not None:
            raise _unreadable(path, twice.start_mark.line + 1, f"the key {twice.value!r} stands twice")
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _unreadable(path, line, str(error.problem)) from None
    except yaml.reader.ReaderError as error:
        # The two loaders count positions in bytes and in characters; the culprit itself is the same.
        line = text.count("\n", 0, text.find(chr(error.character))) + 1
        raise _unreadable(path, line, str(error.reason)) from None


def _unreadable(path: Path, line: int, problem: str) -> SurveyFormatError:
    return SurveyFormatError(
        f"{path.name}, line {line}: not readable as YAML ({problem}).", fix=f"Correct {path} at that line."
    )


def _key_given_twice(node: yaml.Node | None) -> yaml.Node | None:
    """A repeated key of some mapping: YAML's loader would keep the last one and say nothing."""
    if not isinstance(node, yaml.MappingNode | yaml.SequenceNode):
        return None
    children = list(node.value)
    if isinstance(node, yaml.MappingNode):
        keys = [key for key, _ in node.value]
        for i, key in enumerate(keys):
            if any(key.value == earlier.value for earlier in keys[:i]):
                return key  # type: ignore[no-any-return]
        children = [value for _, value in node.value]
    return next((found for child in children if (found := _key_given_twice(child)) is not None), None)


def _first_violation(path: Path, text: str, error: ValidationError) -> SurveyFormatError:
    violations = error.errors()
    first = violations[0]
    location = tuple(part for part in first["loc"] if isinstance(part, int | str))
    where = ".".join(str(part) for part in location) or "the file"
    more = f" ({len(violations) - 1} more below it)" if len(violations) > 1 else ""
    message = first["msg"].removeprefix("Value error, ")
    found = "" if first["type"] in ("value_error", "missing") else f" Found: {first['input']!r:.80}."
    line = line_of(text, location)
    return SurveyFormatError(
        f"{path.name}, line {line}, {where}: {message}.{found}{more}",
        fix=f"Correct {path} at line {line}; the format is described in data/README.md.",
    )


def line_of(text: str, location: tuple[int | str, ...]) -> int:
    """Line (from 1) of the deepest node on the way to `location` that the text has."""
    node = yaml.compose(text, Loader=_Loader)
    line = 1
    for part in location:
        child = _child(node, part)
        if child is None:
            break
        node = child
        line = node.start_mark.line + 1
    return line


def _child(node: yaml.Node | None, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]  # type: ignore[no-any-return]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value  # type: ignore[no-any-return]
    return None
