"""What a server says, made fit to be shown and stored: no key, no control characters, not too long.

Whatever a server sends may end up on a terminal, in a journal or on a page. Knows no protocol.
"""

import re
from typing import Final

from def_sim.engines.shared.secrets import redacted
from def_sim.visible import visible

_LOOKS_LIKE_A_KEY: Final = re.compile(r"\bsk-[\w*.-]{6,}")
_LONGEST_QUOTE: Final = 300
_LONGEST_LOOKED_AT: Final = 20_000
_PAGE: Final = re.compile(r"\s*(<!doctype html|<html|<head)", re.IGNORECASE)
_TITLE: Final = re.compile(r"<title[^>]*>([^<]{0,200})", re.IGNORECASE)
_UNITS: Final = (
    ("year", 365.25 * 86400),
    ("day", 86400.0),
    ("hour", 3600.0),
    ("minute", 60.0),
    ("second", 1.0),
)
_MOST_YEARS: Final = 1_000_000


def quoted(text: str) -> str:
    """A server's words on one line, shortened, without keys and without anything invisible.

    Args:
        text: As it came; a web page becomes its title. Keys that are guarded are left out, and whatever
            looks like one.
    """
    text = redacted(text[:_LONGEST_LOOKED_AT])
    if is_web_page(text):
        title = _TITLE.search(text)
        text = f'a web page, "{title[1].strip()}"' if title else "a web page"
    text = " ".join(_LOOKS_LIKE_A_KEY.sub("[key]", text).split())
    text = text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 3] + "..."
    return visible(text)


def is_web_page(text: str) -> bool:
    """Whether a text is the beginning of an HTML page."""
    return _PAGE.match(text) is not None


def duration_in_words(seconds: float) -> str:
    """A length of time in its largest whole unit, such as `31 years`; at most a million years."""
    for unit, length_s in _UNITS:
        number = seconds / length_s
        if unit == "year" and number > _MOST_YEARS:
            return "more than a million years"
        if number >= 1 or unit == "second":
            whole = int(number)
            return f"{whole:,} {unit}{'' if whole == 1 else 's'}"
    raise AssertionError("the last unit always fits")
