"""First mistakes of a command, each answered by the whole command to paste.

Whoever comes from another program writes `--model mistral7b`, `plan` or `n=20`. What was meant is clear
then, and the answer is one line that can be pasted: the same command with that word mended and all others
kept. Nothing is mended in silence: a command that runs says exactly what it does. A word that fits no rule is
left to the checks behind this one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from def_sim.app.suggestions import nearest, nearest_name
from def_sim.app.typed_words import TYPED
from def_sim.app.vocabulary import OPTIONS, Vocabulary, command, is_hydras, named, places, replaced
from def_sim.app.word_rules import RULES
from def_sim.errors import ConfigError

_VIEWS: Final = ("view", "show", "open", "browse")
_ASKING: Final = ("--help", "--version")


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
        mistake = next(
            (found for rule in (*TYPED, *RULES) if (found := rule(mended, known)) is not None), None
        )
        if mistake is None:
            break
        first, mended = first or mistake.problem, mistake.words
    if first:
        raise ConfigError(first, fix=f"`{command(mended)}`")
    _refuse_unknown(mended, known)


def _refuse_views(words: Sequence[str]) -> None:
    """`stage=view`: the report is a file, and nothing here opens a browser."""
    said = {name: value for _, name, value in named(words)}
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
    for place, word in places(words):
        before = words[place - 1] if place else ""
        if word.startswith("-") and not is_hydras(word):
            option = word.partition("=")[0]
            if meant := nearest_name(option, [*OPTIONS, *_ASKING]):
                raise ConfigError(
                    f"{option} is no option.", fix=f"`{command(replaced(words, place, meant))}`"
                )
            raise ConfigError(
                f"{option} is no option; parameters are written name=value.",
                fix=nearest(option.lstrip("-").replace("-", "_"), known.parameters)
                or "`def-sim --help` shows how a command looks.",
            )
        if "=" not in word and OPTIONS.get(before):
            raise ConfigError(
                f"{before} {word}: expected {' or '.join(OPTIONS[before])}.",
                fix=f"`{command([before, OPTIONS[before][0]])}`",
            )
