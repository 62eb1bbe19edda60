"""Brings a completion into one alphabet: no thoughts, objects or markup, plain digits and brackets.

Knows nothing about questions, options or answers; it only removes what carries no meaning
for them. Every step is linear in the length of the text.
"""

import re

from def_sim.answers.reading.objects import unwrap_objects
from def_sim.answers.reading.reasoning import part_reasoning

MAX_CHARACTERS = 100_000  # what stands further on cannot be the answer to a survey question

_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")  # reserved here for marking labels, see labels.py
_LATEX_COMMAND = re.compile(
    r"\\(?:f?boxed|text(?:bf|it|rm|sf|tt)?|mathbf|mathrm|mathit|mathsf|operatorname|displaystyle|large"
    r"|Large|huge|Huge"
    r"|left|right|quad|qquad)(?![A-Za-z])|\\[\[\](),;! ]"
)
_MORE_THAN = (
    (r"\geqslant", "≥"),
    (r"\leqslant", "≤"),
    (r"\geq", "≥"),
    (r"\leq", "≤"),
    (r"\ge", "≥"),
    (r"\le", "≤"),
    (r"\gt", ">"),
    (r"\lt", "<"),
)
_MATH = re.compile(r"\$\$?(?!\d[\d.,]*\s+[a-z])([^$\n]{1,200})\$\$?")  # "$5 to $10" are prices
# A quoted line of Markdown; ">5" and a line that is only "> 5" compare.
_QUOTE_MARK = re.compile(r"^[ \t]*>(?![ \t]*=?[ \t]*[0-9.]+[ \t]*$)(?![=0-9])[ \t]?", re.MULTILINE)


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
    answer = unwrap_objects(part_reasoning(text).answer[:MAX_CHARACTERS])
    return strip_markup(unify_characters(answer)).strip()


def unify_characters(text: str) -> str:
    """Full-width forms to ASCII, one kind of dash, quote, space and line end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CHARACTERS)
    return _PRIVATE_USE.sub(" ", text)


def strip_markup(text: str) -> str:
    """Markdown emphasis, headings, code marks, quote marks and LaTeX, replaced by spaces."""
    if "\\" in text:
        for command, sign in _MORE_THAN:
            text = re.sub(re.escape(command) + "(?![A-Za-z])", sign, text)
    text = _LATEX_COMMAND.sub(" ", text).translate(_MARKUP)
    return _QUOTE_MARK.sub("", _MATH.sub(r" \1 ", text))
