"""Names that become parts of paths and commands: one rule for all of them, and one for paths.

A name of a model, say, is a folder of every run: it must not leave the output folder, whatever system
the folder is on.
"""

import re
from typing import Final

NAME_RULE: Final = (
    "letters A-Z, digits and . _ - only, no dot or hyphen at its beginning, no dot at its end, "
    "at most 64 characters, and no name that Windows reserves"
)
_NAME: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)

_NOT_IN_PATHS: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # halves stand for undecodable bytes
_SHOWN: Final = 60  # characters on either side of what is wrong


def check_name(name: str) -> str:
    """The name itself, if it can be a part of a path everywhere.

    Raises:
        ValueError: It breaks the rule.
    """
    if _NAME.fullmatch(name) is None or _RESERVED.fullmatch(name) is not None:
        raise ValueError(f"a name has {NAME_RULE}; found {name!r:.80}")
    return name


def check_path(text: str) -> str:
    """The path itself, if it can be stored and shown: any place, but text, on one line and without NUL.

    Raises:
        ValueError: It holds a control character, or a byte that is no text.
    """
    odd = _NOT_IN_PATHS.search(text)
    if odd is not None:
        raise ValueError(
            "a path has no line ends, NUL or other control characters and is text in UTF-8; "
            f"found {_around(text, odd.start())}"
        )
    return text


def _around(text: str, place: int) -> str:
    """What of a path shows the place: a folder deep down has more in front of it than a line holds."""
    begin, end = max(0, place - _SHOWN), place + _SHOWN
    return f"{'...' if begin else ''}{text[begin:end]!r}{'...' if end < len(text) else ''}"
