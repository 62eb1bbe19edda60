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


def check_name(name: str) -> str:
    """The name itself, if it can be a part of a path everywhere.

    Raises:
        ValueError: It breaks the rule.
    """
    if _NAME.fullmatch(name) is None or _RESERVED.fullmatch(name) is not None:
        raise ValueError(f"a name has {NAME_RULE}; found {name!r:.80}")
    return name


def check_path(text: str) -> str:
    """The path itself, if it can be shown and used: any place, but on one line and without NUL.

    Raises:
        ValueError: It holds a control character.
    """
    if any(ord(character) < 0x20 or character == "\x7f" for character in text):
        raise ValueError(f"a path has no line ends, NUL or other control characters; found {text!r:.80}")
    return text
