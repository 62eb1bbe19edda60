"""What a judge is shown: frame, question, options, and the judged text behind bars.

The text is a stranger's, and may hold what looks like an instruction, a reply or the end of a turn. So each
of its lines begins with a bar, which nothing in it can close, invisible characters are written out, and
brackets that mark turns in chat templates are replaced. Words come from the rubric.
"""

import re
from dataclasses import dataclass
from typing import Final

from def_sim.judging.rubric import Rubric, RubricQuestion
from def_sim.records import Answer, Question
from def_sim.visible import visible

BAR: Final = "|"
# Templates mark turns as in <|im_end|>, </s> and [INST]; a tokenizer may read them out of a text, too.
_BRACKETS: Final = str.maketrans({"<": "‹", ">": "›"})
_TURN_WORD: Final = re.compile(r"\[(/?[A-Z][A-Z_]{1,30})\]")


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """An answer with what it answers: the question as it was asked, and the instruction around it."""

    question: Question  # of a follow-up, with the label of the first choice in its text
    answer: Answer
    frame: str


def quoted(text: str) -> str:
    """A text with a bar before each of its lines, however lines end in it; one bar if it is empty."""
    lines = text.splitlines() or [""]
    return "\n".join(f"{BAR} {_harmless(line)}".rstrip() for line in lines)


def _harmless(line: str) -> str:
    return _TURN_WORD.sub(r"(\1)", visible(line, keeps="\t").translate(_BRACKETS))


def options_for_judge(judged: JudgedAnswer, rubric: Rubric) -> str:
    """The options, one a line: as the respondent saw them, or numbered 1 to K for a judge that names one."""
    question, headings = judged.question, rubric.headings
    if rubric.verdict == "defect":
        order = judged.answer.shown_codes or question.codes
        numbers, line = dict(zip(order, order, strict=True)), headings.option
    else:
        order = question.codes
        numbers = {code: number for number, code in enumerate(order, start=1)}
        is_same = all(code == number for code, number in numbers.items())
        line = headings.option if is_same else (headings.option_with_code or headings.option)
    return "\n".join(_filled(line, numbers[code], code, question.label_of(code)) for code in order)


def _filled(line: str, number: int, code: int, label: str) -> str:
    """The label goes in last: what stands in it is filled with nothing."""
    return line.replace("{number}", str(number)).replace("{code}", str(code)).replace("{label}", label)


def exhibit(judged: JudgedAnswer, rubric: Rubric, question: RubricQuestion, how_to_reply: str) -> str:
    """All that a judge is told: who it is, what it is shown, what it is asked, how it replies."""
    parts = {
        "frame": judged.frame,
        "question": judged.question.text,
        "options": options_for_judge(judged, rubric),
        "text": quoted(judged.answer.text),
    }
    shown = [f"{getattr(rubric.headings, name)}\n{parts[name]}" for name in rubric.shows]
    return "\n\n".join([rubric.opening, *shown, question.ask, how_to_reply])
