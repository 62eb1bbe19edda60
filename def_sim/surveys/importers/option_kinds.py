"""What an answer option of an institute's list is: an answer, one that was volunteered, or none at all.

By closed lists of the words that institutes use: what is not in them is an answer, so that no option is lost
because its words are unusual ("None of these", "Don't know anyone").
"""

import re
from enum import StrEnum
from typing import Final


class OptionKind(StrEnum):
    """How an option enters the figures."""

    ANSWER = "answer"
    VOLUNTEERED = "volunteered"  # noted by interviewers, never shown
    MISSING = "missing"  # don't know, refused, not asked


_NO_ANSWER: Final = (
    r"(?:i )?don'?t know|dk|unsure|no answer|refused|(?:other )?missing|unknown|not available|"
    r"not applicable(?: for other reasons)?|multiple answers mail \(evs\)"
)
_MISSING: Final = re.compile(rf"(?:{_NO_ANSWER})(?:\s*[;/]\s*(?:{_NO_ANSWER}))*")
_VOLUNTEERED: Final = re.compile(r"\((?:vol\.?|do not read)\)|\[only if volunteered\]")


def option_kind(label: str) -> OptionKind:
    """What the option with this label is."""
    words = label.strip().strip('"').replace("’", "'").casefold()
    if _MISSING.fullmatch(words):
        return OptionKind.MISSING
    return OptionKind.VOLUNTEERED if _VOLUNTEERED.search(words) else OptionKind.ANSWER
