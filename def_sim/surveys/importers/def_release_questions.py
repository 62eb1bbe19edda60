"""The questionnaires of Liu et al. 2025 as their published code reads them: a line a question.

`[NUM] text- 1: label. 2: label.` has options, `[NUM] text` is a scale from 1 to NUM. Only the published code
was seen, never the files: whatever does not fit is an error with its line.
Source: github.com/alexc-l/DEF-Survey-Sim, `evaluation/utils.py` and `evaluation/auto_analyze.py`.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.errors import SurveyFormatError
from def_sim.text_files import read_text

COUNTRY: Final = "[COUNTRY]"
_MOST_BYTES: Final = 8 * 2**20
_LINE: Final = re.compile(r"\[\s*([0-9]{1,3})\s*\]\s*(.+)")
_OPTIONS: Final = re.compile(r"-\s+(?=[0-9]{1,2}\s*[:：])")  # behind it stand the options
_CODE: Final = re.compile(r"(?:^|(?<=[\s.,;。，；]))([0-9]{1,2})\s*[:：]\s*")
_AROUND: Final = " \t.,;。，；"  # a label


@dataclass(frozen=True)
class ReleasedQuestion:
    """One line: its number, which is the question's, what is asked, and the options."""

    number: int  # from 1
    text: str
    options: tuple[tuple[int, str], ...]  # code, label; codes rise
    is_scale: bool


def read_questions(path: Path, country: str) -> list[ReleasedQuestion]:
    """The questions in their order.

    Args:
        path: `<language>_questionaires.txt`.
        country: Stands for `[COUNTRY]`.

    Raises:
        SurveyFormatError: A line that is no question, a code that is missing or there twice, a label that is
            empty or there twice, braces. With the line.
    """
    lines = read_text(path, most_bytes=_MOST_BYTES).split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise wrong(path, 1, "the file is empty")
    return [_question(path, at, line.replace(COUNTRY, country)) for at, line in enumerate(lines, start=1)]


def _question(path: Path, at: int, line: str) -> ReleasedQuestion:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise wrong(path, at, "expected `[NUM] text- 1: label. 2: label.`, or `[NUM] text` for a scale")
    last, words = int(found[1]), found[2].strip()
    if "{" in words or "}" in words:
        raise wrong(path, at, "braces, which stand for slots here")
    parts = _OPTIONS.split(words, maxsplit=1)
    if len(parts) == 1:
        if not 2 <= last <= 100:
            raise wrong(path, at, f"a scale has 2 to 100 points, found {last}")
        points = tuple((code, str(code)) for code in range(1, last + 1))
        return ReleasedQuestion(at, words, points, is_scale=True)
    if not parts[0].strip():
        raise wrong(path, at, "options without a question")
    options = _options(path, at, parts[1])
    codes = [code for code, _ in options]
    if codes != list(range(codes[0], last + 1)) or codes[0] not in (0, 1):
        listed = ", ".join(map(str, codes))
        raise wrong(path, at, f"[{last}] expects the codes 1 to {last}, or from 0; found {listed}")
    return ReleasedQuestion(at, parts[0].strip(), options, is_scale=False)


def _options(path: Path, at: int, words: str) -> tuple[tuple[int, str], ...]:
    marks = list(_CODE.finditer(words))
    ends = [*(mark.start() for mark in marks[1:]), len(words)]
    options = tuple(
        (int(mark[1]), words[mark.end() : end].strip(_AROUND)) for mark, end in zip(marks, ends, strict=True)
    )
    labels = [label.casefold() for _, label in options]
    if not all(labels):
        raise wrong(path, at, f"code {options[labels.index('')][0]} has no label")
    if len(set(labels)) < len(labels):
        raise wrong(path, at, "two options with the same label")
    if len(options) < 2:
        raise wrong(path, at, "fewer than two options")
    return options


def wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    """An error that names the line."""
    return SurveyFormatError(
        f"{path.name}, line {line}: {what}.",
        fix=f"Correct {path} there; the layout is in docs/how_to/importing.md, The files of Liu et al. 2025.",
    )
