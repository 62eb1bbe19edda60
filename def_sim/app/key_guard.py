"""Refuses configurations that hold a key: what is configured is printed, stored and shared."""

import os
import re
from collections.abc import Mapping
from typing import Any, Final

from def_sim.engines.shared.secrets import guard, holds_key
from def_sim.errors import ConfigError

_NAMES: Final = re.compile(r"(^|_)(api_?key|auth_?token|access_?token|secret|password)($|_)", re.IGNORECASE)
_VALUES: Final = re.compile(r"\bsk-[A-Za-z0-9_-]{16,}|\b(hf|gsk|xai)[-_][A-Za-z0-9]{30,}")

_VARIABLES: Final = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY")


def guard_keys(*variables: str) -> None:
    """Guards the keys in the usual variables of the environment, and in others, before anything is said."""
    for variable in (*_VARIABLES, *variables):
        guard(os.environ.get(variable, ""))


def refuse_keys(content: Mapping[str, Any], where: str = "") -> None:
    """Makes sure that nothing in a configuration is a key, by its name or its look.

    Raises:
        ConfigError: Something is; its value is not repeated.
    """
    guard_keys(*_key_variables(content))
    for name, value in content.items():
        dotted = f"{where}{name}"
        if isinstance(value, Mapping):
            refuse_keys(value, f"{dotted}.")
        elif _NAMES.search(str(name)) or _holds_key(value):
            raise ConfigError(
                f"`{dotted}` holds a key or is meant to; configurations are stored with every run.",
                fix="Put the key into the environment (ANTHROPIC_API_KEY, OPENAI_API_KEY, or the variable "
                "that model.engine.key_variable names), and replace it at the provider if others saw it.",
            )


def _key_variables(content: Mapping[str, Any]) -> list[str]:
    """The variables that a configuration names as those of its keys."""
    named = content.get("key_variable")
    inner = [
        name for value in content.values() if isinstance(value, Mapping) for name in _key_variables(value)
    ]
    return [*inner, named] if isinstance(named, str) else inner


def _holds_key(value: object) -> bool:
    """Whether a value looks like a key, or is one of those in the environment."""
    if isinstance(value, list | tuple):
        return any(map(_holds_key, value))
    if not isinstance(value, str):
        return False
    return _VALUES.search(value) is not None or holds_key(value, even_words=False)
