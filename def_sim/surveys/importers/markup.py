"""The words of a text with markup, as survey programs keep questions and labels.

Read in one pass, whatever a text holds: a file may come from anyone, and what the standard library does with
broken markup differs between versions of Python, takes hours or fails. Knows of HTML only what parts lines
and what nobody sees.
"""

import html
import re
from collections.abc import Iterator
from typing import Final

_BREAKS: Final = ("br", "p", "div", "li")
_UNSEEN: Final = ("script", "style")
# A tag or declaration ends before the next one begins, so that no sign is looked at twice; where none ends,
# a "<" is a sign as others, as in "<1,000".
_TAG: Final = re.compile(
    r"""<(?:[!?][^<>]*|(?P<end>/?)(?P<name>[a-zA-Z][^\s/<>]*)(?:[^<>"']|"[^"<]*"|'[^'<]*')*+)>"""
)
_LEADING_ZEROS: Final = re.compile(r"&#0+(?=[0-9])")
_NO_SIGN: Final = re.compile(r"&#[0-9]{8,};?")  # the largest has seven digits, and Python reads no thousands


def plain(found: object) -> str:
    """A text without its markup, a line for each paragraph; empty if it is no text."""
    text = "".join(_shown(_without_comments(found))) if isinstance(found, str) else ""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _without_comments(text: str) -> str:
    """One that is not closed stays."""
    parts, begin = [], 0
    while (start := text.find("<!--", begin)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        parts.append(text[begin:start])
        begin = end + 3
    return "".join([*parts, text[begin:]])


def _shown(text: str) -> Iterator[str]:
    """Words and ends of lines; nothing of scripts and styles."""
    begin = num_unseen = 0
    for tag in _TAG.finditer(text):
        if not num_unseen:
            yield _with_signs(text[begin : tag.start()])
        begin = tag.end()
        name = (tag["name"] or "").lower()
        if tag["end"]:
            num_unseen -= name in _UNSEEN and num_unseen > 0
        elif name in _BREAKS:
            yield "\n"
        elif not tag[0].endswith("/>"):
            num_unseen += name in _UNSEEN
    if not num_unseen:
        yield _with_signs(text[begin:])


def _with_signs(text: str) -> str:
    """With the signs that `&amp;` and `&#38;` stand for."""
    return html.unescape(_NO_SIGN.sub("\N{REPLACEMENT CHARACTER}", _LEADING_ZEROS.sub("&#", text)))
