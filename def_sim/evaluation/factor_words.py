"""What pages call the factors of a design, which tables name by the last word of their setting."""

from collections.abc import Mapping
from typing import Final

_WORDS: Final[Mapping[str, str]] = {
    "prompt": "place in the prompt",
    "configuration": "varied decoding",
    "language": "language of the questions",
    "frame_language": "language of the instruction",
    "persona_country": "citizenship",
    "option_order": "order of options",
    "wordings": "wording",
}


def in_words(effect: str) -> str:
    """An effect or a source of variance: `prompt x memory` is "place in the prompt × memory".

    Args:
        effect: As a table has it. The value of a factor that is no switch stands behind its name.
    """
    return " × ".join(_factor(part) for part in effect.split(" x "))


def _factor(part: str) -> str:
    name, blank, value = part.partition(" ")
    return _WORDS.get(name, name.replace("_", " ")) + blank + value
