"""A cheap first look at a text: whether it lacks every word that a costly pattern needs.

Looking for a word takes a hundredth of the time of a pattern with many alternatives, and most texts hold none
of what is looked for. Says "lacks" only where it is certain; knows nothing of what the words mean.
"""

from collections.abc import Iterable
from typing import Final

# What a pattern that ignores case takes for i, s or k, while `lower` leaves it as it is or makes two of it.
FOLDED: Final = "\u0130\u0131\u017f\u212a"


def lacks(text: str, words: Iterable[str]) -> bool:
    """Whether a text certainly holds none of some words, in whatever case.

    Args:
        text: To be searched by a pattern that ignores case.
        words: In lower case, each of ASCII or of a script without cases. Every match of the pattern must hold
            one of them.

    Returns:
        True only if the pattern finds nothing; False says nothing.
    """
    if not text.isascii() and any(sign in text for sign in FOLDED):
        return False
    lowered = text.lower()
    return not any(word in lowered for word in words)
