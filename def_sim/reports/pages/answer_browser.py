"""Packs single answers as rows of a report's data, and chooses as many as find room there.

Prompts repeat: the frame, the options and the remembered exchanges come back in answer after answer. So a
text is a list of numbers of lines, and an exchange or an answer is a list of numbers of texts.
`answers.js` unpacks the same shape.
"""

from collections.abc import Iterable, Sequence

from def_sim.evaluation.measures import METHOD_TITLES, STATUS_TITLES
from def_sim.reports.pages.facts import AnswerView
from def_sim.reports.pages.report_data import Lines, safe_json


class _Tables:
    """Distinct texts and exchanges, each under the number of its first appearance, and what all weighs."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.texts: dict[tuple[int, ...], int] = {}
        self.exchanges: dict[tuple[int, int], int] = {}
        self.rows: list[list[object]] = []
        self.num_bytes = 0  # of the JSON, with a comma behind each entry

    def add(self, answer: AnswerView) -> None:
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
        remembered = [self._exchange(request, reply) for request, reply in answer.memory]
        self.rows.append([*(self._text(text) for text in texts), remembered])
        self._weigh(self.rows[-1])

    def _text(self, text: str) -> int:
        numbers = tuple(self._line(line) for line in text.split("\n"))
        if numbers not in self.texts:
            self._weigh(numbers)
        return self.texts.setdefault(numbers, len(self.texts))

    def _line(self, line: str) -> int:
        before = len(self.lines)
        number = self.lines.number(line)
        if number == before:
            self._weigh(line)
        return number

    def _exchange(self, request: str, reply: str) -> int:
        pair = (self._text(request), self._text(reply))
        if pair not in self.exchanges:
            self._weigh(pair)
        return self.exchanges.setdefault(pair, len(self.exchanges))

    def _weigh(self, value: object) -> None:
        self.num_bytes += len(safe_json(value).encode("utf-8")) + 1


def pack_answers(answers: Sequence[AnswerView], lines: Lines) -> dict[str, object]:
    """The answers as lists of numbers into tables of distinct texts.

    Args:
        answers: In the order they are offered.
        lines: The page's table of texts without line breaks, which grows.

    Returns:
        `texts` (numbers of lines), `exchanges` (pairs of numbers of texts) and `rows`: for each answer, ten
        numbers of texts (respondent, question, topic, decoding, place, prompt, completion, status, method,
        choices) and the list of the exchanges remembered.
    """
    tables = _Tables(lines)
    for answer in answers:
        tables.add(answer)
    return {"texts": list(tables.texts), "exchanges": list(tables.exchanges), "rows": tables.rows}


def with_room(respondents: Iterable[Sequence[AnswerView]], *, limit_bytes: int) -> list[AnswerView]:
    """The answers of as many respondents as find room on a page; whole respondents, the first ones.

    Args:
        respondents: The answers of each, in the order in which they are wanted; read no further than needed.
        limit_bytes: Most bytes that the answers may take in the page's data.

    Returns:
        Their answers in that order. Of a first respondent who alone exceeds the limit, the first answers.
    """
    tables, kept = _Tables(Lines()), list[AnswerView]()
    for views in respondents:
        for number, view in enumerate(views):
            tables.add(view)
            if tables.num_bytes > limit_bytes:
                return kept or list(views[:number])
        kept += views
    return kept


def _choices(answer: AnswerView) -> str:
    """Codes with their labels, one a line; labels that only repeat the code are left out."""
    labels = answer.choice_labels or tuple("" for _ in answer.choices)
    return "\n".join(
        f"{code}" if name in ("", str(code)) else f"{code}  {name}"
        for code, name in zip(answer.choices, labels, strict=True)
    )
