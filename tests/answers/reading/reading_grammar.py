"""A grammar of answers: every sentence knows which options it chooses and which it does not.

Its productions are data (reading_productions_en.py, reading_productions_zh.py). Here they are filled with
codes and labels of a question, put into each other, and put side by side.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, product
from typing import Final

import reading_productions_en as english
import reading_productions_zh as chinese
from hypothesis import assume
from hypothesis import strategies as st

from def_sim.records import Question, QuestionType

PRODUCTIONS: Final = {"en": english, "zh": chinese}

Draw = Callable[[st.SearchStrategy[str]], str]

_WORDS: Final = {
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    "zh": ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"),
}
_FORMS: Final = {
    "en": (
        "{code}",
        "{code}",
        "{word}",
        "option {code}",
        "number {code}",
        '"{code}"',
        "**{code}**",
        "({code})",
    ),
    "zh": ("{code}", "{code}", "{word}", "选项{code}", "“{code}”", "**{code}**", "（{code}）"),
}
_LABEL_FORMS: Final = {
    "en": ("{label}", "{low}", '"{label}"', "“{label}”", "{code} ({label})", "{code}. {label}"),
    "zh": ("{label}", "{label}", "“{label}”", "「{label}」", "{code}（{label}）", "{code}. {label}"),
}
_SEPARATORS: Final = ("{code} = {label}", "{code}. {label}", "{code}: {label}", "{label}", "{code}")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence about the options of a question.

    Attributes:
        text: The sentence.
        kind: The productions that made it.
        chosen: Codes that it chooses; empty: it chooses none.
        excluded: Codes that it names without choosing them.
    """

    text: str
    kind: str
    chosen: frozenset[int] = field(default=frozenset())
    excluded: frozenset[int] = field(default=frozenset())


def name_of(code: int, question: Question) -> st.SearchStrategy[str]:
    """One of the ways to name an option: code, number word, label, or both."""
    label = next(option.label for option in question.options if option.code == code)
    forms = list(_FORMS[question.language])
    if not label.isdecimal():
        forms += [form for form in _LABEL_FORMS[question.language] if len(label) > 1 or form[-1] != "}"]
    word = _WORDS[question.language][code] if code < 11 else str(code)
    return st.sampled_from(
        [form.format(code=code, word=word, label=label, low=label.lower()) for form in forms]
    )


def _listing(question: Question) -> st.SearchStrategy[str]:
    """All options in their order. A label of one character is no word without its code."""
    labels = [option.label for option in question.options if not option.label.isdecimal()]
    return st.sampled_from(
        [
            separator.join(form.format(code=o.code, label=o.label) for o in question.options)
            for form in _SEPARATORS[: 3 if min(map(len, labels)) < 2 else None]
            for separator in (", ", "; ", "\n")
        ]
    )


def _scale(question: Question) -> st.SearchStrategy[str]:
    low, high = min(question.codes), max(question.codes)
    forms = {
        "en": ("from {} to {}", "between {} and {}", "{} to {}"),
        "zh": ("从{}到{}", "{}到{}之间", "{}至{}"),
    }
    return st.sampled_from([form.format(low, high) for form in forms[question.language]])


def _named_codes(text: str, question: Question) -> set[int]:
    """The codes whose labels occur in a text, so that no production spells a label by chance."""
    return {
        option.code
        for option in question.options
        if re.search(rf"(?<!\w){re.escape(option.label)}(?!\w)", text, re.I | re.A)
    }


def _filled(draw: Draw, template: str, kind: str, question: Question) -> Said:
    """A production with names of different options in its slots."""
    assume(not _named_codes(template, question))
    slots = [slot for slot in ("no", "nor", "yes") if f"{{{slot}}}" in template]
    used = dict(zip(slots, draw(st.permutations(question.codes)), strict=False))
    values = {slot: draw(name_of(code, question)) for slot, code in used.items()}
    if "{list}" in template or "{scale}" in template:
        values |= {"list": draw(_listing(question)), "scale": draw(_scale(question))}
    text = template.format(**values)
    return Said(
        text,
        kind,
        chosen=frozenset(code for slot, code in used.items() if slot == "yes"),
        excluded=frozenset(code for slot, code in used.items() if slot != "yes"),
    )


def _of_kinds(productions: dict[str, tuple[str, ...]]) -> st.SearchStrategy[tuple[str, str]]:
    return st.sampled_from([(kind, template) for kind, group in productions.items() for template in group])


def _clause(draw: Draw, question: Question) -> Said:
    return _filled(draw, draw(st.sampled_from(PRODUCTIONS[question.language].CLAUSES)), "clause", question)


def _around(draw: Draw, said: Said, language: str) -> Said:
    """The sentence with an opener and a closer that change nothing."""
    opener, closer = (
        draw(st.sampled_from(PRODUCTIONS[language].OPENERS)),
        draw(st.sampled_from(PRODUCTIONS[language].CLOSERS)),
    )
    text = said.text
    if re.search(r"[.?!。？！]$", text):
        closer = closer if closer.startswith("\n") else ""
    return Said(opener + text + closer, said.kind, said.chosen, said.excluded)


def _excluding(draw: Draw, question: Question) -> Said:
    """A sentence that chooses nothing: a production of its own, or a choosing clause in a frame."""
    if question.type is not QuestionType.MULTIPLE and draw(st.integers(0, 3)) == 0:
        kind, frame = draw(_of_kinds(PRODUCTIONS[question.language].FRAMES))
        assume(not _named_codes(frame, question))
        clause = _clause(draw, question)
        return Said(frame.format(clause=clause.text), f"frame {kind}", excluded=clause.chosen)
    kind, template = draw(_of_kinds(PRODUCTIONS[question.language].EXCLUDING))
    return _filled(draw, template, kind, question)


def _names_no_more(said: Said, question: Question) -> bool:
    """Whether no production spelled a label by chance ("No" of a yes-no question, 不 before 同意)."""
    return "list" in said.kind or _named_codes(said.text, question) <= said.chosen | said.excluded


@st.composite
def excluding(draw: Draw, question: Question) -> Said:
    """Sentences that choose nothing."""
    said = _around(draw, _excluding(draw, question), question.language)
    assume(_names_no_more(said, question))
    return said


def every_framed_label(question: Question) -> Iterator[Said]:
    """Each label of a question of one choice in each frame, with the clauses in turn."""
    productions = PRODUCTIONS[question.language]
    clauses = cycle(productions.CLAUSES)
    if question.type is QuestionType.MULTIPLE:
        return
    for kind, frames in productions.FRAMES.items():
        apart = [frame for frame in frames if not _named_codes(frame, question)]
        for frame, option in product(apart, question.options):
            text = frame.format(clause=next(clauses).format(yes=option.label))
            said = Said(text, f"frame {kind}", excluded=frozenset({option.code}))
            if len(option.label) > 1 and not option.label.isdecimal() and _names_no_more(said, question):
                yield said


@st.composite
def contrasting(draw: Draw, question: Question) -> Said:
    """Sentences that choose one option and put another one aside, or first one and then another one."""
    kind, template = draw(_of_kinds(PRODUCTIONS[question.language].CONTRASTS))
    said = _around(draw, _filled(draw, template, kind, question), question.language)
    assume(_names_no_more(said, question))
    return said


@st.composite
def side_by_side(draw: Draw, question: Question) -> Said:
    """A sentence that chooses nothing beside one that chooses, in either order."""
    parts: Sequence[Said] = draw(st.permutations([_excluding(draw, question), _clause(draw, question)]))
    stop = {"en": ". ", "zh": "。"}[question.language]
    chosen, excluded = (
        frozenset[int]().union(*sets)
        for sets in ([part.chosen for part in parts], [part.excluded for part in parts])
    )
    text = stop.join(re.sub(r"[.。]$", "", part.text) for part in parts)
    said = Said(text, " + ".join(part.kind for part in parts), chosen, excluded - chosen)
    assume(_names_no_more(said, question) and not chosen & excluded)
    return said


@st.composite
def choosing(draw: Draw, question: Question) -> Said:
    """Sentences that choose one option and say nothing of others."""
    said = _around(draw, _clause(draw, question), question.language)
    assume(_names_no_more(said, question))
    return said
