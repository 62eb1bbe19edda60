"""Whether two labels of an answer say the same: denials, and lists that run the other way.

In English and Chinese, by closed lists of words, which find what is common and prefer silence.
"""

import re
from collections.abc import Sequence
from typing import Final

_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_ENGLISH_DENIAL: Final = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot)\b|n['’]t\b"
    r"|\b(?:dis(?:agree|approv|satisf|trust|honest|like)|un(?:importan|likel|fair|accept|just|happ|satisf|true)"
    r"|im(?:possib|polite)|in(?:correct|accept|toleran))",
    re.IGNORECASE,
)
_CHINESE_DENIAL: Final = re.compile(r"[不没無无未]|非(?!常)")
_CHINESE_NEUTRAL: Final = re.compile(r"不过|不同|不久|不少|未来|无论")
_WORD: Final = re.compile(r"[^\W_]+")
_CLEARLY: Final = 0.3  # by so much the other order must fit better


def is_chinese(text: str) -> bool:
    """Whether a text has Chinese characters."""
    return _CHINESE.search(text) is not None


def denies(label: str) -> bool:
    """Whether a label has a word that denies."""
    if is_chinese(label):
        return _CHINESE_DENIAL.search(_CHINESE_NEUTRAL.sub("", label)) is not None
    return _ENGLISH_DENIAL.search(label) is not None


def same_words(one: str, other: str) -> bool:
    """Whether two labels are the same but for case, blanks and punctuation."""
    return _words(one) == _words(other) != []


def runs_the_other_way(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether two lists of labels fit better with one of them turned round.

    Args:
        ours: Labels in the order of their codes.
        theirs: Those at the same codes in the source.
    """
    if len(ours) < 2:
        return False
    as_listed = sum(_likeness(*pair) for pair in zip(ours, theirs, strict=True))
    turned = sum(_likeness(*pair) for pair in zip(ours, reversed(theirs), strict=True))
    return turned > as_listed + _CLEARLY


def _likeness(one: str, other: str) -> float:
    """Words in common, of all that there are; in [0, 1]."""
    first, second = set(_words(one)), set(_words(other))
    return len(first & second) / len(first | second) if first | second else 0.0


def _words(text: str) -> list[str]:
    """Words in lower case; of Chinese its characters."""
    if is_chinese(text):
        return [sign for sign in text if _WORD.fullmatch(sign)]
    return _WORD.findall(text.casefold())
