"""Brings a completion into one alphabet: no reasoning blocks, no markup, plain digits and brackets.

Knows nothing about questions, options or answers; it only removes what carries no meaning
for them. Every step is linear in the length of the text.
"""

import re

MAX_CHARACTERS = 100_000  # what stands further on cannot be the answer to a survey question

_REASONING_TAG = re.compile(
    r"<(/?)(?:think|thinking|thought|reasoning|reflection|scratchpad)>", re.IGNORECASE
)
_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")  # reserved here for marking labels, see labels.py
_LATEX_COMMAND = re.compile(r"\\(?:boxed|text(?:bf|it)?|mathbf|mathrm|left|right)(?![A-Za-z])|\\[\[\]()]")
_INLINE_MATH = re.compile(r"\$([^$\n]{1,12})\$")
_QUOTE_MARK = re.compile(r"^[ \t]*>[ \t]?", re.MULTILINE)


def _character_table() -> dict[int, str]:
    """One form for each character that is printed in several: width, dashes, quotes, circled numbers."""
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # full-width ASCII
    table |= dict.fromkeys([0x3000, 0xA0, 0x202F, *range(0x2000, 0x200B)], " ")
    table |= dict.fromkeys([*range(0x200B, 0x2010), 0x2060, 0xFEFF, 0xAD, 0xFE0F, 0x20E3], "")
    table |= dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-")
    table |= {0x2460 + n: f" {n + 1} " for n in range(20)}  # circled
    table |= {0x2776 + n: f" {n + 1} " for n in range(10)}  # circled, negative
    table |= dict.fromkeys([0x2028, 0x2029, 0x85, 0x0B, 0x0C], "\n")
    single = {"‘": "'", "’": "'", "“": '"', "”": '"', "「": '"', "」": '"', "【": "[", "】": "]"}
    return table | {ord(old): new for old, new in (single | {"〜": "~", "⁄": "/", "｡": "。"}).items()}


_CHARACTERS = _character_table()
_MARKUP = str.maketrans(dict.fromkeys("*`_{}#", " "))


def plain_text(text: str) -> str:
    """The completion without reasoning and markup, in one alphabet, ready to be searched."""
    return strip_markup(unify_characters(drop_reasoning(text)[:MAX_CHARACTERS])).strip()


def drop_reasoning(text: str) -> str:
    """The text outside `<think>...</think>` and its kin.

    An unclosed block runs to the end. A closing tag without an opening one means that the
    opening tag stood in the prompt: everything before it was reasoning.
    """
    kept: list[str] = []
    start, is_inside = 0, False
    for tag in _REASONING_TAG.finditer(text):
        is_closing = bool(tag[1])
        if is_closing and not is_inside:
            kept.clear()
        elif not is_closing and not is_inside:
            kept.append(text[start : tag.start()])
        start, is_inside = tag.end(), not is_closing
    if not is_inside:
        kept.append(text[start:])
    return "\n".join(kept)  # a line end, so that digits on both sides of a block do not join


def unify_characters(text: str) -> str:
    """Full-width forms to ASCII, one kind of dash, quote, space and line end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CHARACTERS)
    return _PRIVATE_USE.sub(" ", text)


def strip_markup(text: str) -> str:
    """Markdown emphasis, headings, code marks, quote marks and inline LaTeX, replaced by spaces."""
    text = _LATEX_COMMAND.sub(" ", text).translate(_MARKUP)
    return _QUOTE_MARK.sub("", _INLINE_MATH.sub(r" \1 ", text))
