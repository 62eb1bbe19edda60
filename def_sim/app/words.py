"""First mistakes of a command, each answered by the whole command to paste.

Whoever comes from another program writes `--model mistral7b`, `plan` or `n=20`. What was meant is clear
then, and the answer is one line that can be pasted: the same command with that word mended and all others
kept. Nothing is mended in silence: a command that runs says exactly what it does. A word that fits no rule is
left to the checks behind this one.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from def_sim.app.composing import is_override, parameter_names
from def_sim.app.home import home_folder
from def_sim.app.home_checks import config_groups
from def_sim.app.known_choices import known_names
from def_sim.app.suggestions import nearest
from def_sim.errors import ConfigError
from def_sim.resources import conf_folder

_ANY: Final = ""
# Hydra's options that stay, with the values that the next word may have.
_OPTIONS: Final = {
    "-m": (), "--multirun": (), "--resolve": (), "--hydra-help": (),
    "-c": ("job", "hydra", "all"), "--cfg": ("job", "hydra", "all"),
    "-i": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
    "--info": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
    "-p": (_ANY,), "--package": (_ANY,),
}  # fmt: skip
_PLACES: Final = ("--config-dir", "--config-path", "--config-name", "-cd", "-cp", "-cn")
_ALIASES: Final = {
    "n": "respondents", "num_respondents": "respondents", "panel": "respondents",
    "country": "population", "lang": "language", "lm": "model", "llm": "model", "questionnaire": "survey",
    "temperature": "decoding.temperature", "temp": "decoding.temperature", "top_p": "decoding.top_p",
    "top_k": "decoding.top_k", "num_beams": "decoding.num_beams", "do_sample": "decoding.do_sample",
    "max_new_tokens": "decoding.max_new_tokens", "max_tokens": "decoding.max_new_tokens",
    "dtype": "model.engine.dtype", "quantization": "model.engine.quantization", "out": "output",
}  # fmt: skip
_LOCAL_ENGINE: Final = "def_sim.engines.local.engine.LocalEngine"
_COST: Final = ("max_cost_usd", "model.engine.max_cost_usd")
_INTEGERS: Final = ("respondents", "seed", "num_shards", "shard", "max_in_flight", "scoring.draws", "year")
_ROUND: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE]\+?[0-9]{1,2})?")
_VIEWS: Final = ("view", "show", "open", "browse")
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
        if name in self.choices or name in self.parameters:
            return name
        return _ALIASES.get(name)

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


def mend_first_mistakes(words: Sequence[str], vocabulary: Vocabulary | None = None) -> None:
    """Refuses a command that is not one, naming the one that was meant.

    Args:
        words: Of the command line, without the program.
        vocabulary: The known names; None: those of conf/ and of the home.

    Raises:
        ConfigError: A word is no parameter; its fix is the whole command, or the nearest name.
    """
    known = vocabulary or Vocabulary()
    _refuse_views(words)
    mended, first = tuple(words), ""
    for _ in range(len(words) + 10):  # a rule mends one word at a time
        mistake = next((found for rule in _RULES if (found := rule(mended, known)) is not None), None)
        if mistake is None:
            break
        first, mended = first or mistake.problem, mistake.words
    if first:
        raise ConfigError(first, fix=f"`{command(mended)}`")
    _refuse_unknown(mended, known)


def command(words: Sequence[str]) -> str:
    """A command as it is pasted into a shell."""
    return shlex.join(["def-sim", *words])


def _places(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The words that no option of Hydra takes as its value, with their places."""
    values: Sequence[str] = ()
    for place, word in enumerate(words):
        if values and not word.startswith("-") and (word in values or _ANY in values):
            values = ()
            continue
        values = _OPTIONS.get(word, ())
        yield place, word


def _replaced(words: Sequence[str], place: int, by: str, taken: int = 1) -> tuple[str, ...]:
    return (*words[:place], *([by] if by else []), *words[place + taken :])


def _dashed(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`--model mistral7b`, `--model=mistral7b`, `--factual`, `--plan`."""
    for place, word in _places(words):
        if not word.startswith("-") or word in _OPTIONS or _is_hydras(word):
            continue
        option, has_value, value = word.partition("=")
        name = option.lstrip("-")
        problem = f"{option} is no option; parameters are written name=value."
        if (meant := known.meant(name)) is None:
            if not has_value and (group := known.group_of(name)) is not None:
                return Mistake(problem, _replaced(words, place, f"{group}={name}"))
            continue
        following = words[place + 1] if place + 1 < len(words) else ""
        if has_value:
            return Mistake(problem, _replaced(words, place, f"{meant}={value}"))
        if following and not following.startswith("-") and not is_override(following):
            return Mistake(problem, _replaced(words, place, f"{meant}={following}", taken=2))
        return Mistake(problem, _replaced(words, place, f"{meant}=true"))
    return None


def _is_hydras(word: str) -> bool:
    """Options of Hydra that name a place, such as `--config-dir=FOLDER`; `--cfg=job`."""
    return word.partition("=")[0] in (
        *_OPTIONS,
        "--config-dir",
        "--config-path",
        "--config-name",
        "-cd",
        "-cp",
        "-cn",
    )


def _bare(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`model mistral7b`, `plan`."""
    for place, word in _places(words):
        if word.startswith("-") or "=" in word:
            continue
        following = words[place + 1] if place + 1 < len(words) else ""
        meant = known.meant(word)
        if meant is not None and following and not following.startswith("-") and "=" not in following:
            problem = f"`{word} {following}` is not understood; parameters are written name=value."
            return Mistake(problem, _replaced(words, place, f"{meant}={following}", taken=2))
        if (group := known.group_of(word)) is not None:
            problem = f"`{word}` alone is not understood; parameters are written name=value."
            return Mistake(problem, _replaced(words, place, f"{group}={word}"))
    return None


def _alias(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`n=200`, `country=CHN`, `temperature=.7`, `gpu=1`."""
    for place, name, value in _named(words):
        if name in ("gpu", "device", "cuda") and re.fullmatch(r"[0-9]{1,2}|cpu|cuda(:[0-9]+)?", value):
            device = f"cuda:{value}" if value.isdigit() else value
            return _renamed(words, place, name, f"model.engine.device={device}")
        if name in _ALIASES and known.meant(name) != name:
            return _renamed(words, place, name, f"{_ALIASES[name]}={value}")
    return None


def _renamed(words: Sequence[str], place: int, name: str, by: str) -> Mistake:
    meant = by.partition("=")[0]
    return Mistake(
        f"There is no parameter {name!r}; `{meant}` is what it is called.", _replaced(words, place, by)
    )


def _named(words: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Place, name and value of the words that set something."""
    for place, word in _places(words):
        if is_override(word):
            name, _, value = word.partition("=")
            yield place, name.lstrip("+"), value


def _case(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`survey=US`."""
    for place, name, value in _named(words):
        choices = known.choices.get(name, ())
        alike = [choice for choice in choices if choice.casefold() == value.casefold()]
        if value not in choices and len(alike) == 1:
            problem = f"{name}={value}: there is no such {name}; names are written in small letters."
            return Mistake(problem, _replaced(words, place, f"{name}={alike[0]}"))
    return None


def _model_path(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`model=org/name`, `model=FOLDER`, `model=x.gguf`."""
    for place, name, value in _named(words):
        if name != "model" or value in known.choices.get("model", ()) or "," in value:
            continue
        if "/" in value or value.lower().endswith(".gguf") or Path(value).expanduser().is_dir():
            problem = f"model={value}: model= takes one of the names in --help, no path and no hub id."
            path = f"model.engine.path={value}"
            return Mistake(problem, (*words[:place], "model=hf", path, *words[place + 1 :]))
    return None


def _whole_number(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`respondents=1e3`."""
    for place, name, value in _named(words):
        if name not in _INTEGERS or not _ROUND.fullmatch(value) or value.isdigit():
            continue
        number = float(value)
        if number.is_integer() and number < 1e15:
            problem = f"{name}={value}: a whole number is expected, written with its digits."
            return Mistake(problem, _replaced(words, place, f"{name}={int(number)}"))
    return None


def _cost_of_nothing(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`max_cost_usd=5` of a local model, or without the engine's name before it."""
    model = next((value for _, name, value in _named(words) if name == "model"), "demo")
    for place, name, value in _named(words):
        if name not in _COST:
            continue
        if known.runs_here(model):
            problem = f"{name}={value}: model={model} runs on this machine and costs nothing."
            return Mistake(problem, _replaced(words, place, ""))
        if name == _COST[0]:
            return _renamed(words, place, name, f"{_COST[1]}={value}")
    return None


def _quoted(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`name=a=b`, `sample=a#b.csv`, `home=town[1]`, Chinese: values that Hydra reads only in quotes."""
    for place, name, value in _named(words):
        if _is_readable(words[place]) or '"' in value or "'" in value:
            continue
        quoted = f'{name}="{value}"'
        if "\\" not in value and _is_readable(quoted):
            problem = f"`{name}={value}` is not understood: a value with such characters stands in quotes."
            return Mistake(problem, _replaced(words, place, quoted))
    return None


def _is_readable(word: str) -> bool:
    try:
        OverridesParser.create().parse_override(word)
    except (HydraException, OmegaConfBaseException):
        return False
    return True


_RULES: Final[tuple[Callable[[Sequence[str], Vocabulary], Mistake | None], ...]] = (
    _dashed, _bare, _alias, _cost_of_nothing, _case, _model_path, _whole_number, _quoted,
)  # fmt: skip


def _refuse_views(words: Sequence[str]) -> None:
    """`stage=view`: the report is a file, and nothing here opens a browser."""
    said = {name: value for _, name, value in _named(words)}
    if (stage := said.get("stage")) not in _VIEWS:
        return
    runs = "/".join((said.get("output", "outputs"), said.get("model", "demo"), said.get("survey", "us")))
    pages = sorted(Path(runs).glob("*/report.html"), key=lambda page: page.stat().st_mtime)
    raise ConfigError(
        f"stage={stage}: there is no such stage; a report is a file that any browser opens.",
        fix=f"Open {pages[-1]}"
        if pages
        else f"Run the command without stage= first; {runs} holds no report yet.",
    )


def _refuse_unknown(words: Sequence[str], known: Vocabulary) -> None:
    for place, word in _places(words):
        before = words[place - 1] if place else ""
        if word.startswith("-") and not _is_hydras(word):
            option = word.partition("=")[0]
            raise ConfigError(
                f"{option} is no option; parameters are written name=value.",
                fix=nearest(option.lstrip("-").replace("-", "_"), known.parameters)
                or "`def-sim --help` shows how a command looks.",
            )
        if "=" not in word and _OPTIONS.get(before):
            raise ConfigError(
                f"{before} {word}: expected {' or '.join(_OPTIONS[before])}.",
                fix=f"`{command([before, _OPTIONS[before][0]])}`",
            )
