"""Packs single answers into one small JSON text that is safe inside a page.

Prompts repeat: the frame, the options and the remembered exchanges come back in answer
after answer. So every distinct line is stored once, a text is a list of line numbers, and
an exchange or an answer is a list of text numbers. `answers.js` unpacks the same shape.
"""

import json
import re
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.measures import METHOD_TITLES, STATUS_TITLES
from def_sim.reports.pages.facts import AnswerView

# "<" ends a script element early, U+2028 and U+2029 end a line for older parsers, and a lone
# surrogate cannot be written as UTF-8.
_UNSAFE: Final = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def safe_json(value: object) -> Markup:
    """JSON that can stand inside a script element whatever texts it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(_UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text))


class _Tables:
    """Distinct lines, texts and exchanges, each under the number of its first appearance."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self.texts: dict[tuple[int, ...], int] = {}
        self.exchanges: dict[tuple[int, int], int] = {}

    def text(self, text: str) -> int:
        lines = tuple(self.lines.setdefault(line, len(self.lines)) for line in text.split("\n"))
        return self.texts.setdefault(lines, len(self.texts))

    def exchange(self, request: str, answer: str) -> int:
        key = (self.text(request), self.text(answer))
        return self.exchanges.setdefault(key, len(self.exchanges))


def pack_answers(answers: Sequence[AnswerView]) -> dict[str, object]:
    """The answers as lists of numbers into tables of distinct texts.

    Returns:
        `lines` (texts without line breaks), `texts` (numbers of lines), `exchanges` (pairs of
        numbers of texts) and `answers`: for each, ten numbers of texts (respondent, question,
        topic, decoding, place, prompt, completion, status, method, choices) and the list of
        the exchanges remembered.
    """
    tables = _Tables()
    packed = [_packed(answer, tables) for answer in answers]
    return {
        "lines": list(tables.lines),
        "texts": list(tables.texts),
        "exchanges": list(tables.exchanges),
        "answers": packed,
    }


def _packed(answer: AnswerView, tables: _Tables) -> list[object]:
    texts = (
        answer.respondent_id,
        answer.question_id,
        answer.topic,
        answer.decoding,
        answer.place,
        answer.prompt,
        answer.text,
        STATUS_TITLES.get(answer.status, answer.status),
        METHOD_TITLES.get(answer.method, answer.method),
        _choices(answer),
    )
    remembered = [tables.exchange(request, reply) for request, reply in answer.memory]
    return [*(tables.text(text) for text in texts), remembered]


def _choices(answer: AnswerView) -> str:
    """Codes with their labels, one a line; labels that only repeat the code are left out."""
    labels = answer.choice_labels or tuple("" for _ in answer.choices)
    return "\n".join(
        f"{code}" if name in ("", str(code)) else f"{code}  {name}"
        for code, name in zip(answer.choices, labels, strict=True)
    )
