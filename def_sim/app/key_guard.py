"""Refuses configurations that hold a key: what is configured is printed, stored and shared."""

import re
from collections.abc import Mapping
from typing import Any, Final

from def_sim.errors import ConfigError

_NAMES: Final = re.compile(r"(^|_)(api_?key|auth_?token|access_?token|secret|password)($|_)", re.IGNORECASE)
_VALUES: Final = re.compile(r"\bsk-[A-Za-z0-9_-]{16,}|\b(hf|gsk|xai)[-_][A-Za-z0-9]{30,}")


def refuse_keys(content: Mapping[str, Any], where: str = "") -> None:
    """Makes sure that nothing in a configuration is a key, by its name or its look.

    Raises:
        ConfigError: Something is; its value is not repeated.
    """
    for name, value in content.items():
        dotted = f"{where}{name}"
        if isinstance(value, Mapping):
            refuse_keys(value, f"{dotted}.")
        elif _NAMES.search(str(name)) or (isinstance(value, str) and _VALUES.search(value)):
            raise ConfigError(
                f"`{dotted}` holds a key or is meant to; configurations are stored with every run.",
                fix="Put the key into the environment (ANTHROPIC_API_KEY, OPENAI_API_KEY, or the variable "
                "that model.engine.key_variable names), and replace it at the provider if others saw it.",
            )
