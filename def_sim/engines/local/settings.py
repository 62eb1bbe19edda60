"""The settings of the local engine: one record, from the constructor down to the loop. Knows no torch."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from def_sim.engines.local.loading.quantization import QUANTIZATIONS, QUANTIZE_ABOVE
from def_sim.engines.local.prompts.prompt_styles import PROMPT_STYLES
from def_sim.errors import ConfigError

DTYPES: Final = ("auto", "float32", "bfloat16", "float16")
_LOOPS: Final = ("auto", "slots", "generate")
_DEVICES: Final = re.compile("auto|split|cpu|cuda(:(0|[1-9][0-9]?))?")


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """All that a model and its loop are made from: equal settings can share a loaded model.

    `LocalEngine` says what each means; they are its arguments. `template_arguments` is a JSON object, so that
    settings can be compared.

    Raises:
        ConfigError: A value out of its range, or one that does not go with another.
    """

    path: str
    revision: str | None = None
    dtype: str = "auto"
    device: str = "auto"
    prompt_style: str = "chat"
    max_batch_rows: int = 256
    num_threads: int | None = None
    quantization: str = "none"
    quantize_above: int = QUANTIZE_ABOVE
    loop: str = "auto"
    reuses_prefixes: bool = True
    deterministic: bool = False
    num_processes: int | None = None
    template_arguments: str = "{}"

    def __post_init__(self) -> None:
        if not _DEVICES.fullmatch(self.device):
            raise ConfigError(
                f"model.engine.device={self.device!r} is no device.",
                fix="Use auto, cpu, cuda, cuda:1 (the second GPU), ..., or split (layers over all GPUs).",
            )
        _check_choice("dtype", self.dtype, DTYPES)
        _check_choice("prompt_style", self.prompt_style, PROMPT_STYLES)
        _check_choice("quantization", self.quantization, QUANTIZATIONS)
        _check_choice("loop", self.loop, _LOOPS)
        _check_positive("max_batch_rows", self.max_batch_rows)
        _check_positive("quantize_above", self.quantize_above)
        _check_style_of(self.arguments_of_template, self.prompt_style)
        for name in ("num_threads", "num_processes"):
            if (value := getattr(self, name)) is not None:
                _check_positive(name, value)

    @property
    def arguments_of_template(self) -> dict[str, Any]:
        """What the chat template is given beside the turns."""
        arguments: dict[str, Any] = json.loads(self.template_arguments)
        return arguments


def _check_style_of(template_arguments: dict[str, Any], prompt_style: str) -> None:
    if template_arguments and prompt_style != "chat":
        raise ConfigError(
            f"model.engine.template_arguments are for a chat template; prompt_style={prompt_style} has none.",
            fix="Leave them out, or use `model.engine.prompt_style=chat`.",
        )


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(
            f"model.engine.{name}={value!r} is none of {', '.join(choices)}.", fix="Choose one of these."
        )


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise ConfigError(f"model.engine.{name}={value} must be at least 1.", fix="Give a larger number.")
