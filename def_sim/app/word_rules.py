"""Rules for words that mean a parameter and are written otherwise: `--model mistral7b`, `plan`, `n=20`.

Each rule finds its first mistake in a command and mends that one; a word that fits no rule is left alone.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from def_sim.app.composing import is_override
from def_sim.app.suggestions import nearest_name
from def_sim.app.vocabulary import (
    ALIASES,
    OPTIONS,
    Mistake,
    Vocabulary,
    is_hydras,
    is_readable,
    named,
    places,
    replaced,
)

_COST: Final = ("max_cost_usd", "model.engine.max_cost_usd")
_INTEGERS: Final = ("respondents", "seed", "num_shards", "shard", "max_in_flight", "scoring.draws", "year")
_ROUND: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE]\+?[0-9]{1,2})?")


def _dashed(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`--model mistral7b`, `--model=mistral7b`, `--factual`, `--plan`."""
    for place, word in places(words):
        if not word.startswith("-") or word in OPTIONS or is_hydras(word):
            continue
        option, has_value, value = word.partition("=")
        name = option.lstrip("-")
        problem = f"{option} is no option; parameters are written name=value."
        if (meant := known.meant(name)) is None:
            if not has_value and (group := known.group_of(name)) is not None:
                return Mistake(problem, replaced(words, place, f"{group}={name}"))
            continue
        following = words[place + 1] if place + 1 < len(words) else ""
        if has_value:
            return Mistake(problem, replaced(words, place, f"{meant}={value}"))
        if following and not following.startswith("-") and not is_override(following):
            return Mistake(problem, replaced(words, place, f"{meant}={following}", taken=2))
        return Mistake(problem, replaced(words, place, f"{meant}=true"))
    return None


def _help(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`help`, `help survey`."""
    if words and words[0] in ("help", "man", "?", "/?"):
        problem = f"`{words[0]}` is not understood; help is an option."
        return Mistake(problem, ("--help", *words[1:]))
    return None


def _misspelt(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`respondnts=20`; a choice's own parameters, which are not all known, are left alone."""
    for place, name, value in named(words):
        is_known = known.meant(name) is not None or name in ALIASES or words[place].startswith(("+", "~"))
        if is_known or name.partition(".")[0] in known.choices or name.startswith("hydra"):
            continue
        if meant := nearest_name(name, [*known.parameters, *known.choices]):
            return _renamed(words, place, name, f"{meant}={value}")
    return None


def _bare(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`model mistral7b`, `plan`."""
    for place, word in places(words):
        if word.startswith("-") or "=" in word:
            continue
        following = words[place + 1] if place + 1 < len(words) else ""
        meant = known.meant(word)
        if meant is not None and following and not following.startswith("-") and "=" not in following:
            problem = f"`{word} {following}` is not understood; parameters are written name=value."
            return Mistake(problem, replaced(words, place, f"{meant}={following}", taken=2))
        if (group := known.group_of(word)) is not None:
            problem = f"`{word}` alone is not understood; parameters are written name=value."
            return Mistake(problem, replaced(words, place, f"{group}={word}"))
    return None


def _alias(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`n=200`, `country=CHN`, `temperature=.7`, `gpu=1`."""
    for place, name, value in named(words):
        if name in ("gpu", "device", "cuda") and re.fullmatch(r"[0-9]{1,2}|cpu|cuda(:[0-9]+)?", value):
            device = f"cuda:{value}" if value.isdigit() else value
            return _renamed(words, place, name, f"model.engine.device={device}")
        if name in ALIASES and known.meant(name) != name:
            return _renamed(words, place, name, f"{ALIASES[name]}={value}")
    return None


def _renamed(words: Sequence[str], place: int, name: str, by: str) -> Mistake:
    meant = by.partition("=")[0]
    return Mistake(
        f"There is no parameter {name!r}; `{meant}` is what it is called.", replaced(words, place, by)
    )


def _case(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`survey=US`."""
    for place, name, value in named(words):
        choices = known.choices.get(name, ())
        alike = [choice for choice in choices if choice.casefold() == value.casefold()]
        if value not in choices and len(alike) == 1:
            problem = f"{name}={value}: there is no such {name}; names are written in small letters."
            return Mistake(problem, replaced(words, place, f"{name}={alike[0]}"))
    return None


def _model_path(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`model=org/name`, `model=FOLDER`, a path of Windows, `model=x.gguf`."""
    for place, name, value in named(words):
        if name != "model" or value in known.choices.get("model", ()) or "," in value:
            continue
        if (
            "/" in value
            or "\\" in value
            or value.lower().endswith(".gguf")
            or Path(value).expanduser().is_dir()
        ):
            problem = f"model={value}: model= takes one of the names in --help, no path and no hub id."
            path = f"model.engine.path={value}"
            return Mistake(problem, (*words[:place], "model=hf", path, *words[place + 1 :]))
    return None


def _whole_number(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`respondents=1e3`."""
    for place, name, value in named(words):
        if name not in _INTEGERS or not _ROUND.fullmatch(value) or value.isdigit():
            continue
        number = float(value)
        if number.is_integer() and number < 1e15:
            problem = f"{name}={value}: a whole number is expected, written with its digits."
            return Mistake(problem, replaced(words, place, f"{name}={int(number)}"))
    return None


def _cost_of_nothing(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`max_cost_usd=5` of a local model, or without the engine's name before it."""
    model = next((value for _, name, value in named(words) if name == "model"), "demo")
    for place, name, value in named(words):
        if name not in _COST:
            continue
        if known.runs_here(model):
            problem = f"{name}={value}: model={model} runs on this machine and costs nothing."
            return Mistake(problem, replaced(words, place, ""))
        if name == _COST[0]:
            return _renamed(words, place, name, f"{_COST[1]}={value}")
    return None


def _quoted(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`name=a=b`, `sample=a#b.csv`, `home=town[1]`, Chinese: values that Hydra reads only in quotes."""
    for place, name, value in named(words):
        if is_readable(words[place]) or '"' in value or "'" in value:
            continue
        quoted = f'{name}="{value}"'
        if "\\" not in value and is_readable(quoted):
            signs = [one for one in dict.fromkeys(value) if not (one.isalnum() or is_readable(f"a=b{one}b"))]
            such = " ".join(signs) or "such characters"  # letters of other scripts are many
            problem = f"`{name}={value}` is not understood: a value with {such} stands in quotes."
            return Mistake(problem, replaced(words, place, quoted))
    return None


RULES: Final[tuple[Callable[[Sequence[str], Vocabulary], Mistake | None], ...]] = (
    _help, _dashed, _bare, _alias, _misspelt, _cost_of_nothing, _case, _model_path, _whole_number, _quoted,
)  # fmt: skip
