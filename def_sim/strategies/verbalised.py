"""Asks for the distribution itself: which share of the country's people would choose each option?

One JSON object with a number for every code, read strictly: what leaves a code out, names another, is
negative or does not add up is no answer. The shares are scored as option probabilities are; the choice that
is stored beside them is drawn from them at the question's address.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from def_sim.answers.reading.strict_objects import NotOneObjectError, only_object
from def_sim.randomness import Address
from def_sim.records import (
    Answer,
    AnswerMode,
    AnswerStatus,
    DecodingConfig,
    FinishReason,
    InsensitivityDimension,
    Question,
    QuestionType,
    Reading,
    ReadingMethod,
    Respondent,
    StopAfter,
)
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import OneCall, Presentation, read_as_answer
from def_sim.strategies.contract import Conversation
from def_sim.strategies.instruction import INSTRUCTION_TEXTS, instructed_request
from def_sim.strategies.texts import StrategyTexts

_OFF: Final = 0.05  # a sum of shares may be off by so much; then they are normalised
_ROUNDING: Final = 1e-9  # .95 and 1.05 themselves are within, however they are added up
_UNREAD: Final = {
    FinishReason.ERROR: AnswerStatus.ENGINE_ERROR,
    FinishReason.NOT_SENT: AnswerStatus.NOT_ASKED,
    FinishReason.REFUSAL: AnswerStatus.REFUSED,
    FinishReason.LENGTH: AnswerStatus.TRUNCATED,
}


class Verbalised(OneCall):
    """Asks once, without memory, for the shares of people who would choose each option.

    Args:
        presentation: How options are shown.
        texts: The instruction, by type of question.
        max_new_tokens: Longest reply; all else is decoded as drawn for the respondent; from 1.
    """

    uses_memory = False
    meaningless_dimensions = tuple(InsensitivityDimension)  # shares, and nobody who answers
    answer_modes = (AnswerMode.FREE,)

    def __init__(
        self, presentation: Presentation, texts: StrategyTexts, *, max_new_tokens: int = 256
    ) -> None:
        texts.check(INSTRUCTION_TEXTS)
        # Who states shares of people has no answer of his own to withhold.
        self._presentation, self._texts = replace(presentation, offer=""), texts
        self._max_new_tokens = max_new_tokens

    def mean_tokens(self, question: Question) -> float | None:
        """About seven a code: quotes, code, colon, number, comma."""
        return 4.0 + 7.0 * len(question.options)

    def decodings(self, respondent: Respondent) -> Sequence[DecodingConfig]:
        """The respondent's, with room for the whole object."""
        drawn = respondent.decoding
        return (replace(drawn, max_new_tokens=self._max_new_tokens, stop_after=StopAfter.END),)

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        """One request; the answer holds its shares, and a choice drawn from them."""
        [decoding] = self.decodings(respondent)
        request = instructed_request(question, respondent, address, self._presentation, self._texts, decoding)
        [completion] = yield [request]
        nothing = Memory(capacity=0, rules=memory.rules)
        answer = read_as_answer(completion, request, question, nothing, self._presentation)
        shares = None
        if completion.finish_reason is FinishReason.STOP:
            shares = read_shares(completion.text, question)
        if shares is None:
            status = _UNREAD.get(completion.finish_reason, AnswerStatus.NO_ANSWER)
            return _with_reading(answer, Reading(status), ())
        choices = draw_choices(shares, question, address.rng("verbalised choice"))
        reading = Reading(AnswerStatus.ANSWERED, choices, ReadingMethod.NUMBER)
        return _with_reading(answer, reading, tuple(shares[code] for code in request.option_codes))


def read_shares(text: str, question: Question) -> Mapping[int, float] | None:
    """Share of people for each option code, as a reply states them; None: it cannot be read.

    Of one choice they add up to 1 (.95 to 1.05, or 95 to 105 in per cent, and are normalised); of several
    each is the share that mentions the option, and they add up to anything.
    """
    try:
        found = only_object(text)
    except NotOneObjectError:
        return None
    if set(found) != {str(code) for code in question.codes}:
        return None
    values = {code: _number(found[str(code)]) for code in question.codes}
    if any(math.isnan(value) for value in values.values()):
        return None
    return _fractions(values) if question.type is QuestionType.MULTIPLE else _normalised(values)


def _number(value: Any) -> float:
    """A number that may be a share; anything else is NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 106:
        return math.nan
    return float(value)


def _normalised(values: Mapping[int, float]) -> Mapping[int, float] | None:
    total = math.fsum(values.values())
    is_whole = any(abs(total / whole - 1) <= _OFF + _ROUNDING for whole in (1.0, 100.0))
    return {code: value / total for code, value in values.items()} if is_whole else None


def _fractions(values: Mapping[int, float]) -> Mapping[int, float] | None:
    """Per cent where any is above 1; nobody mentioned anything is no distribution."""
    largest = max(values.values())
    if largest == 0 or largest > 100:
        return None
    return {code: value / (100.0 if largest > 1 else 1.0) for code, value in values.items()}


def draw_choices(
    shares: Mapping[int, float], question: Question, rng: np.random.Generator
) -> tuple[int, ...]:
    """What one of these people answers: one option, or at least one and at most `max_choices` mentioned."""
    codes = question.codes
    if question.type is not QuestionType.MULTIPLE:
        return (
            codes[
                int(np.searchsorted(np.cumsum([shares[code] for code in codes])[:-1], rng.random(), "right"))
            ],
        )
    leads = {code: shares[code] - float(rng.random()) for code in codes}
    ranked = sorted(codes, key=lambda code: -leads[code])
    mentioned = [code for code in ranked if leads[code] > 0] or ranked[:1]
    return tuple(mentioned[: question.max_choices])


def _with_reading(answer: Answer, reading: Reading, shares: tuple[float, ...]) -> Answer:
    return replace(
        answer,
        status=reading.status,
        choices=reading.choices,
        method=reading.method,
        option_probabilities=shares,
    )
