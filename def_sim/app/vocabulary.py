"""The words of a command: the names that it can use, and a command with one word mended.

What the rules of `word_rules` and `typed_words` are written in. Mends nothing by itself.
"""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Final

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel

from def_sim.app.composing import is_override, parameter_names
from def_sim.app.home import home_folder
from def_sim.app.home_checks import config_groups
from def_sim.app.known_choices import known_names
from def_sim.app.schema import RunConfig
from def_sim.resources import conf_folder

ANY: Final = ""
# Hydra's options that stay, with the values that the next word may have.
OPTIONS: Final = {
    "-m": (), "--multirun": (), "--resolve": (), "--hydra-help": (),
    "-c": ("job", "hydra", "all"), "--cfg": ("job", "hydra", "all"),
    "-i": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
    "--info": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
    "-p": (ANY,), "--package": (ANY,),
}  # fmt: skip
_PLACES: Final = ("--config-dir", "--config-path", "--config-name", "-cd", "-cp", "-cn")
ALIASES: Final = {
    "n": "respondents", "N": "respondents", "num_respondents": "respondents", "panel": "respondents",
    "samples": "respondents", "num_samples": "respondents", "sample_size": "respondents",
    "agents": "respondents", "num_agents": "respondents", "participants": "respondents",
    "country": "population", "lang": "language", "lm": "model", "llm": "model", "questionnaire": "survey",
    "temperature": "decoding.temperature", "temp": "decoding.temperature", "top_p": "decoding.top_p",
    "top_k": "decoding.top_k", "num_beams": "decoding.num_beams", "do_sample": "decoding.do_sample",
    "max_new_tokens": "decoding.max_new_tokens", "max_tokens": "decoding.max_new_tokens",
    "dtype": "model.engine.dtype", "quantization": "model.engine.quantization", "out": "output",
}  # fmt: skip
_LOCAL_ENGINE: Final = "def_sim.engines.local.engine.LocalEngine"
# Of these groups a choice alone says enough; `none` and the like stand in several.
_SAID_ALONE: Final = ("stage", "model", "survey", "strategy", "experiment")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a command, and the command that was meant.

    Args:
        problem: What was found and what is expected, as a sentence.
        words: The command's words with this mistake mended.
    """

    problem: str
    words: tuple[str, ...]


class Vocabulary:
    """The names that a command can use; read when they are asked for."""

    @cached_property
    def choices(self) -> dict[str, list[str]]:
        """The names of every group."""
        return {group: known_names(group) for group in config_groups()}

    @cached_property
    def parameters(self) -> list[str]:
        """All dotted names of the default configuration."""
        return parameter_names()

    def meant(self, name: str) -> str | None:
        """The parameter or group that a name stands for; None: no such."""
        name = name.replace("-", "_")
        if name in self.choices or _is_field(RunConfig, name) or name in self.parameters:
            return name
        return ALIASES.get(name)

    def runs_here(self, model: str) -> bool:
        """Whether a model's YAML, the home's or the shipped one, names the engine of this machine."""
        if model not in self.choices.get("model", ()):
            return False
        home, shipped = home_folder(), conf_folder() / "model" / f"{model}.yaml"
        own = shipped if home is None else home / "conf" / "model" / f"{model}.yaml"
        path = own if own.is_file() else shipped
        return _LOCAL_ENGINE in path.read_text(encoding="utf-8", errors="replace")

    def group_of(self, choice: str) -> str | None:
        """The group of which a word alone is a choice."""
        return next((group for group in _SAID_ALONE if choice in self.choices.get(group, ())), None)


def _is_field(model: type[BaseModel], name: str) -> bool:
    """Whether the schema alone says that there is such a parameter, which spares composing one to look."""
    first, _, rest = name.partition(".")
    found = next((one for key, one in model.model_fields.items() if first == (one.alias or key)), None)
    if found is None or not rest:
        return found is not None
    section = found.annotation
    if is_dataclass(section):
        return rest in {one.name for one in fields(section)}
    return isinstance(section, type) and issubclass(section, BaseModel) and _is_field(section, rest)


def command(words: Sequence[str]) -> str:
    """A command as it is pasted into a shell."""
    return shlex.join(["def-sim", *words])


def places(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The words that no option of Hydra takes as its value, with their places."""
    values: Sequence[str] = ()
    for place, word in enumerate(words):
        if values and not word.startswith("-") and (word in values or ANY in values):
            values = ()
            continue
        values = OPTIONS.get(word, ())
        yield place, word


def replaced(words: Sequence[str], place: int, by: str, taken: int = 1) -> tuple[str, ...]:
    """The words with another one in a place, or with none there."""
    return (*words[:place], *([by] if by else []), *words[place + taken :])


def is_hydras(word: str) -> bool:
    """Options of Hydra that name a place, such as `--config-dir=FOLDER`; `--cfg=job`."""
    return word.partition("=")[0] in (*OPTIONS, *_PLACES)


def named(words: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Place, name and value of the words that set something."""
    for place, word in places(words):
        if is_override(word):
            name, _, value = word.partition("=")
            yield place, name.lstrip("+"), value


def is_readable(word: str) -> bool:
    """Whether Hydra can read a word as name=value."""
    try:
        OverridesParser.create().parse_override(word)
    except (HydraException, OmegaConfBaseException):
        return False
    return True
