"""Rules for what keyboards and word processors make of a command: blanks, curly quotes, long dashes.

A command copied from a mail or a document has `survey = cn`, a long dash before `model`, or quotes that mean
nothing to a shell. Knows these signs, and of names only whether there is such a one.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from def_sim.app.vocabulary import Mistake, Vocabulary, places, replaced

_CURLY: Final = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb"
_LONG_DASHES: Final = "\u2012\u2013\u2014\u2015\u2212"
_SEPARATED: Final = re.compile(r"([a-z][a-z0-9_./]*)(?::=|==|:)(?!//)(.+)")


def _curly_quotes(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`survey=` with curly quotes around `cn`; words between two such quotes belong together."""
    for place, word in enumerate(words):
        num_quotes = sum(sign in _CURLY for sign in word)
        if num_quotes == 0:
            continue
        end = place + 1
        while num_quotes % 2 and end < len(words):
            num_quotes += sum(sign in _CURLY for sign in words[end])
            end += 1
        plain = " ".join(words[place:end]).translate({ord(sign): None for sign in _CURLY})
        problem = f"`{word}` has curly quotes, which mean nothing to a shell."
        return Mistake(problem, replaced(words, place, plain, taken=end - place))
    return None


def _long_dashes(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """A long dash and `model mistral7b`, which was `--model`."""
    for place, word in enumerate(words):
        if word[:1] in _LONG_DASHES and word[:1]:
            name = word.lstrip(_LONG_DASHES)
            problem = f"`{word}` begins with a long dash; parameters are written name=value."
            dashes = "-" if len(name) == 1 else "--"
            return Mistake(problem, replaced(words, place, dashes + name))
    return None


def _blanks(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`survey = cn`, `survey= cn`, `survey =cn`."""
    for place, word in places(words):
        name, sign, value = word.partition("=")
        following = [*words[place + 1 : place + 3], "", ""]
        if not sign and following[0] == "=" and _is_value(following[1]):
            taken, value = 3, following[1]
        elif not sign and len(following[0]) > 1 and following[0].startswith("="):
            taken, value = 2, following[0][1:]
        elif sign and not value and _is_value(following[0]):
            taken, value = 2, following[0]
        else:
            continue
        if word.startswith("-") or not known.meant(name):
            continue
        written = " ".join(words[place : place + taken])
        problem = f"`{written}`: there is no blank beside the = of name=value."
        return Mistake(problem, replaced(words, place, f"{name}={value}", taken=taken))
    return None


def _is_value(word: str) -> bool:
    return bool(word) and "=" not in word and not word.startswith("-")


def _signs(words: Sequence[str], known: Vocabulary) -> Mistake | None:
    """`respondents:20`, `survey==cn`, and `stage=plan,` before another word."""
    for place, word in places(words):
        if (found := _SEPARATED.fullmatch(word)) and known.meant(found[1]):
            problem = f"`{word}` is not understood; parameters are written name=value."
            return Mistake(problem, replaced(words, place, f"{found[1]}={found[2]}"))
        name, _, value = word.partition("=")
        ends_early = len(value) > 1 and value[-1] in ",;" and value[0] not in "[{"
        if ends_early and known.meant(name):
            problem = f"`{word}`: nothing stands between the words of a command but blanks."
            return Mistake(problem, replaced(words, place, word.rstrip(",;")))
    return None


TYPED: Final[tuple[Callable[[Sequence[str], Vocabulary], Mistake | None], ...]] = (
    _curly_quotes, _long_dashes, _blanks, _signs,
)  # fmt: skip
