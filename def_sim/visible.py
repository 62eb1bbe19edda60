"""Texts of strangers made fit to be shown: what cannot be seen is written out.

Names, answers, files and servers may hold characters that move the cursor, change the direction of
reading or cannot be seen at all. Knows no terminal and no page.
"""

import unicodedata
from typing import Final

# Control, format (bidirectional overrides among them), half characters, private use, line separators.
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EMPTY_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")  # letters without a shape
_FIRST_SELECTOR, _LAST_SELECTOR = 0xE0100, 0xE01EF  # hidden variants: any text can be smuggled in them


def visible(text: str, *, keeps: str = "") -> str:
    r"""A text whose invisible characters are written out, as in `\x1b`, `\u202e` and `\x0a`.

    Args:
        text: Whatever came; lone halves of characters (surrogates) too.
        keeps: Characters that stay as they are, such as line ends.
    """
    odd = [character for character in set(text) if character not in keeps and _is_invisible(character)]
    return text.translate({ord(character): _written_out(character) for character in odd}) if odd else text


def _is_invisible(character: str) -> bool:
    return (
        unicodedata.category(character) in _INVISIBLE
        or character in _EMPTY_LETTERS
        or _FIRST_SELECTOR <= ord(character) <= _LAST_SELECTOR
    )


def _written_out(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
