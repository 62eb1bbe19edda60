"""A YAML's arguments held against the constructor that receives them, and pydantic's errors in our words."""

import inspect
import json
from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final, get_type_hints

from pydantic import ConfigDict, ValidationError, create_model

from def_sim.app.choices import Name, Target
from def_sim.app.targets import resolve_target
from def_sim.errors import ConfigError

_KINDS: Final = ("int", "float", "str", "bool")


def as_config_error(error: ValidationError, prefix: str = "") -> ConfigError:
    """The first thing that pydantic found, as one message that names the parameter."""
    first = error.errors()[0]
    name = ".".join([prefix, *_parameter(first["loc"])]).strip(".")
    if first["type"] == "value_error":
        message = first["msg"].removeprefix("Value error, ")
        return ConfigError(f"{name + ': ' if name else ''}{message}.", fix=_fix(name))
    if first["type"] == "extra_forbidden":
        return ConfigError(f"There is no parameter {name!r}.", fix="Correct its name, or leave it out.")
    if first["type"] == "missing":
        return ConfigError(f"`{name}` needs a value and has none.", fix=f"Give it one: `{name}=...`.")
    expected = first["msg"][0].lower() + first["msg"][1:]
    return ConfigError(f"{name}={_short(first['input'])}: {expected}.", fix=_fix(name))


def _parameter(place: Sequence[int | str]) -> list[str]:
    """Where it stands, without what pydantic calls the kinds of value that a parameter may have."""
    own = takewhile(lambda part: isinstance(part, int) or (part.isidentifier() and part not in _KINDS), place)
    return [str(part) for part in own]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _fix(name: str) -> str:
    if not name:
        return "`def-sim --help` lists what can be chosen, `def-sim --help NAME` explains a parameter."
    named = ".".join(part for part in name.split(".") if not part.isdigit())  # items.0 is one of items=
    return f"`def-sim --help {named}` says what it takes."


def check_arguments(
    section: str,
    target: Target,
    given_by_app: set[str],
    read_by_app: Collection[str] = (),
    arguments: Mapping[str, Any] | None = None,
) -> None:
    """Holds a YAML's arguments against the constructor that will receive them.

    Args:
        section: Where they stand in the configuration; "": they are parameters of the command.
        target: What receives them.
        given_by_app: Parameters that no YAML gives.
        read_by_app: Parameters for which a YAML gives the name of a file and the app what the file says.
        arguments: By name; None: what the YAML gives.

    Raises:
        ConfigError: An argument is unknown, missing or of the wrong type.
    """
    signature = inspect.signature(resolve_target(target.target))
    hints = get_type_hints(_constructor(target.target))
    expected: dict[str, Any] = {
        name: (
            Name if name in read_by_app else hints.get(name, Any),
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for name, parameter in signature.parameters.items()
        if name not in given_by_app
    }
    model = create_model(
        f"{section} arguments", __config__=ConfigDict(extra="forbid", protected_namespaces=()), **expected
    )
    try:
        given = target.arguments if arguments is None else dict(arguments)
        model.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        raise as_config_error(error, prefix=section) from None


def _constructor(path: str) -> Any:
    target = resolve_target(path)
    return target.__init__ if inspect.isclass(target) else target
