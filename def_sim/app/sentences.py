"""Parameters whose values are sentences: a comma, a bracket or a colon in them is nothing but that.

Hydra would read `a, b` as two values. Knows no other parameter.
"""

import re
from collections.abc import Sequence
from typing import Final

_SENTENCES: Final = ("population_label", "citation")
_QUOTES: Final = ("'", '"')


def with_sentences(words: Sequence[str]) -> list[str]:
    """The words of a command, with quotes around such a value unless it has some already."""
    return [_quoted(word) for word in words]


def _quoted(word: str) -> str:
    name, sign, value = word.partition("=")
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in _QUOTES
    if name not in _SENTENCES or not sign or not value or value == "null" or is_quoted:
        return word
    # In quotes a backslash is one, but for those before a quote.
    escaped = re.sub(r"(\\*)('|$)", _before_a_quote, value)
    return f"{name}='{escaped}'"


def _before_a_quote(found: re.Match[str]) -> str:
    return found[1] * 2 + ("\\'" if found[2] else "")
