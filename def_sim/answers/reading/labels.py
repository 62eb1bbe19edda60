"""Finds option labels in a text and marks each by one character, so that what is left is not label.

Knows the longest-label-first rule and word boundaries; does not know what a label found
means for the answer.
"""

import re
from functools import lru_cache

from def_sim.answers.reading.normalise import strip_markup, unify_characters
from def_sim.records import Question

LABEL = "[\ue000-\uf8ff]"  # a marked label, for use inside other patterns
_FIRST_MARK = 0xE000
_WORD = "A-Za-z0-9\u00c0-\u024f"  # letters of Latin labels; Chinese has no word boundary
_NEGATIVE = re.compile(
    r"(?:no|not|never|none|nothing|neither|dis[a-z]+|un[a-z]+|hardly)\b|不|没|否|无|从不|非(?!常)|完全没"
    r"|一点也不"
)
_HAS_OBJECT = re.compile(r"(?:[a-z]+ )?(?:dis)?(?:agree|approve|trust|side)\b")
# "no doubt", "no more than": the word is no answer there.
_NO_ANSWER = (
    r"(?!\s(?:doubt|way|more|less|matter|idea|reason|question|chance|one|longer|means|case|sense"
    r"|hesitation|problem|opinion"
    r"|comment|need|other|point|exception|fewer|higher|lower|greater|sooner|better)\b)"
)
_NO_DEGREES = frozenset(("a", "all", "and", "at", "in", "it", "of", "say", "the", "to", "yes", "no", "or"))
_APART = r"\s.,;:!?()\[\]\"'|/=。、！？\ue000-\uf8ff-"  # what may stand beside a label of one character


@lru_cache(maxsize=4096)
def _patterns(question: Question) -> tuple[tuple[re.Pattern[str], str], ...]:
    """A pattern and a mark for each distinct label, longest first."""
    labels = sorted(_codes_by_label(question), key=len, reverse=True)
    marks = {label: chr(_FIRST_MARK + place) for place, label in enumerate(_codes_by_label(question))}
    return tuple((re.compile(_label_pattern(label), re.IGNORECASE), marks[label]) for label in labels)


@lru_cache(maxsize=4096)
def _codes_by_label(question: Question) -> dict[str, tuple[int, ...]]:
    """Codes under each label. The numbers between a scale's ends are no labels."""
    codes: dict[str, tuple[int, ...]] = {}
    for option in question.options:
        label = " ".join(strip_markup(unify_characters(option.label)).split()).strip(".。").casefold()
        if label and not label.isdecimal():
            codes[label] = (*codes.get(label, ()), option.code)
    return codes


def _label_pattern(label: str) -> str:
    body = r"\s+".join(re.escape(word) for word in label.split())
    if len(label) == 1:
        return f"(?<![^{_APART}]){body}(?![^{_APART}])|(?<=选){body}(?=[,.。!，！吧]|\\s*$)"
    before = f"(?<![{_WORD}])" if re.match(f"[{_WORD}]", label) else ""
    after = f"(?![{_WORD}])" if re.search(f"[{_WORD}]$", label) else ""
    if label == "no":
        after += _NO_ANSWER
    return before + body + after


def mark_labels(text: str, question: Question) -> str:
    """The text with every label replaced by its mark; a label inside a longer one is not seen."""
    for pattern, mark in _patterns(question):
        text = pattern.sub(mark, text)
    return text


def codes_of_mark(mark: str, question: Question) -> tuple[int, ...]:
    """Option codes of a marked label; more than one if options share it."""
    return list(_codes_by_label(question).values())[ord(mark) - _FIRST_MARK]


def may_be_cut_short(mark: str, question: Question) -> bool:
    """Whether another label begins with this one, so that a cut-off text may have meant it."""
    labels = list(_codes_by_label(question))
    label = labels[ord(mark) - _FIRST_MARK]
    return any(other != label and other.startswith(label) for other in labels)


@lru_cache(maxsize=4096)
def is_negative(code: int, question: Question) -> bool:
    """Whether the label of an option is itself a denial: "No", "Not at all", 不同意."""
    return any(
        code in codes and _NEGATIVE.match(label) is not None
        for label, codes in _codes_by_label(question).items()
    )


def is_shifted(code: int, before: str, behind: str, question: Question) -> bool:
    """Whether a word directly beside a label belongs to the labels of others: "strongly" beside "Agree"."""
    own = {word for label in _labels_of(code, question) for word in label.split()}
    others = {word for label in _codes_by_label(question) for word in label.split()} - own
    words = re.findall(r"([a-z]+)\W*$", before.casefold()) + re.findall(r"^\W*([a-z]+)", behind.casefold())
    return any(word in others and word not in _NO_DEGREES for word in words)


@lru_cache(maxsize=4096)
def takes_object(code: int, question: Question) -> bool:
    """Whether a label is a verb whose object may follow: "Agree" (with whom or what)."""
    return any(_HAS_OBJECT.match(label) for label in _labels_of(code, question))


def _labels_of(code: int, question: Question) -> list[str]:
    return [label for label, codes in _codes_by_label(question).items() if code in codes]
