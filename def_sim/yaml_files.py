"""YAML files whose errors name the line.

Reads with the safe loader only and validates by a pydantic model; a violation becomes one
SurveyFormatError with file, line and what was found. What was found is repeated only out of a file that has
the keys of the format: a path may name anything, a private key too. Knows nothing of surveys.
"""

from pathlib import Path
from typing import Final, TypeVar

import yaml
from pydantic import BaseModel, RootModel, ValidationError

from def_sim.errors import SurveyFormatError
from def_sim.text_files import read_text
from def_sim.yaml_nodes import YamlProblemError, build, check_tree, compose, keys_of, line_of

ModelT = TypeVar("ModelT", bound=BaseModel)
_MOST_BYTES: Final = 2**20  # the largest shipped file has 0.16 MB; time and memory grow with it


def read_validated(path: Path, model: type[ModelT]) -> ModelT:
    """The file's content as a validated model.

    Raises:
        SurveyFormatError: The file is missing, too large, is no YAML, or breaks the model; the first
            violation is named with file and line, the others are counted.
    """
    text, root = read_text(path, most_bytes=_MOST_BYTES), None
    try:
        root = compose(text)
        check_tree(root)
        content = build(root)
    except YamlProblemError as error:
        problem = error.problem_with_name if _is_ours(root, model) else error.problem
        raise SurveyFormatError(
            f"{path.name}, line {error.line}: not readable as YAML ({problem}).",
            fix=f"Correct {path} at that line.",
        ) from None
    if not _is_ours(root, model):
        raise _other_format(path, root, model)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _first_violation(path, root, error) from None


def _required(model: type[BaseModel]) -> list[str]:
    """Keys that a file of the format has; a RootModel's are its own."""
    if issubclass(model, RootModel):
        return []
    return [name for name, field in model.model_fields.items() if field.is_required()]


def _is_ours(root: yaml.Node | None, model: type[BaseModel]) -> bool:
    return isinstance(root, yaml.MappingNode) and keys_of(root).issuperset(_required(model))


def _other_format(path: Path, root: yaml.Node | None, model: type[BaseModel]) -> SurveyFormatError:
    """Says what is expected, in our words alone."""
    if isinstance(root, yaml.MappingNode):
        missing = [name for name in _required(model) if name not in keys_of(root)]
        more = f" ({', '.join(missing[1:])} too)" if len(missing) > 1 else ""
        what = f"{missing[0]}: Field required{more}"
    else:
        found = "a list" if isinstance(root, yaml.SequenceNode) else "plain text" if root else "nothing"
        what = f"the file: expected a mapping with the keys {', '.join(_required(model))}, found {found}"
    return SurveyFormatError(
        f"{path.name}, line 1, {what}.",
        fix=f"Check that {path} is the file that you mean; the format is described in data/README.md.",
    )


def _first_violation(path: Path, root: yaml.Node | None, error: ValidationError) -> SurveyFormatError:
    violations = error.errors()
    first = violations[0]
    location = tuple(part for part in first["loc"] if isinstance(part, int | str))
    where = ".".join(str(part) for part in location) or "the file"
    more = f" ({len(violations) - 1} more below it)" if len(violations) > 1 else ""
    message = first["msg"].removeprefix("Value error, ")
    found = "" if first["type"] in ("value_error", "missing") else f" Found: {first['input']!r:.80}."
    line = line_of(root, location)
    return SurveyFormatError(
        f"{path.name}, line {line}, {where}: {message}.{found}{more}",
        fix=f"Correct {path} at line {line}; the format is described in data/README.md.",
    )
