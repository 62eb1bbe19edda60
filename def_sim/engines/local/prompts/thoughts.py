"""Thoughts on both sides of a prompt's end: what it leaves open, what follows, and how to close it.

Some templates end with an opened thought, so that the answer's text begins inside of it. What the marks
are is known to `answers/reading/reasoning.py`; here is what publishers' own templates write between an empty
thought and an answer. Pure: no tokenizer, no model.
"""

import re
from collections.abc import Mapping
from typing import Final

from def_sim.answers.reading.reasoning import Parted, part_reasoning

# Opening mark -> what ends the thought and begins the answer.
_CLOSINGS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"<(?P<tag>\w+)>(?P<line>\n?)", re.IGNORECASE), "\n</{tag}>\n\n"),
    (re.compile("<seed:think>", re.IGNORECASE), "</seed:think>"),
    (re.compile(r"\[THINK\]", re.IGNORECASE), "[/THINK]"),
    (re.compile("◁think▷"), "◁/think▷"),
    (re.compile(r"<\|START_THINKING\|>", re.IGNORECASE), "<|END_THINKING|><|START_RESPONSE|>"),
    (re.compile(r"<\|channel>thought\b", re.IGNORECASE), "<channel|>"),
    (re.compile(r"<\|inner_prefix\|>", re.IGNORECASE), "<|inner_suffix|>"),
    (
        re.compile(r"<\|channel\|>[^<]*<\|message\|>", re.IGNORECASE),
        "<|end|><|start|>assistant<|channel|>final<|message|>",
    ),
    (re.compile("Here(?:'s| is) my thought process:", re.IGNORECASE), "\n\nHere is my response:\n"),
)
# Ends a message, of which a turn has several where the tokenizer has the second token, too: no end of a turn.
MESSAGE_ENDS: Final[Mapping[str, str]] = {"<|end|>": "<|channel|>"}


def opening_of(text: str) -> str:
    """The thought that a text leaves open at its end, from its mark on; "" if it leaves none."""
    parted = part_reasoning(text)
    return parted.reasoning if parted.is_open else ""


def part(text: str, opening: str = "") -> Parted:
    """What was thought and answered in a completion.

    Args:
        text: The completion.
        opening: What `opening_of` says of its prompt. Not part of what was thought.
    """
    if not opening:
        return part_reasoning(text)
    parted = part_reasoning(opening + text)
    return Parted(parted.reasoning.removeprefix(opening), parted.answer, parted.is_open)


def closing_of(opening: str) -> str | None:
    """What closes a thought that was just opened, up to where the answer begins; None if not known."""
    for pattern, closing in _CLOSINGS:
        if mark := pattern.match(opening):
            # An empty thought between tags is written as an empty line, wherever the prompt broke off.
            break_off = "\n" if mark.groupdict().get("line") == "" else ""
            return break_off + closing.format(**mark.groupdict())
    return None
