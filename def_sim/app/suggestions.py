"""What somebody may have meant who wrote a name that there is not."""

import difflib
from collections.abc import Sequence


def nearest(word: str, known: Sequence[str], before: str = "") -> str:
    """`Did you mean ...?` with the known name that is most like the word; "" where none is like it.

    Args:
        word: What was written.
        known: All names that there are.
        before: What stands before the name on the command line, such as `model=`.
    """
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean `{before}{close[0]}`?" if close else ""


def nearest_name(word: str, known: Sequence[str]) -> str:
    """The known name that a misspelt one most probably stands for; "" where none is very like it."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.8)
    return close[0] if close else ""
