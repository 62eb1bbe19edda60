"""What a respondent remembers of its earlier answers: bounded, with random deletion.

A memory is a value: remembering gives a new one. How it forgets is one of three rules;
the draws are addressed by the question just answered, so a resumed respondent remembers
exactly what it would have remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from def_sim.records import Exchange

Deletion = Literal["uniform", "recency", "resample"]

_LARGEST_CAPACITY: Final = 1_000_000

# Beginnings that the authors' published code takes for a disclaimer rather than an answer.
_DISCLAIMERS = ("As an AI", "As a language model", "I'm sorry", "I am sorry", "Sorry", "I cannot", "I can't")


@dataclass(frozen=True, slots=True)
class MemoryRules:
    """How much is remembered, and how it is forgotten.

    Args:
        min_capacity: Fewest exchanges that a respondent may hold, from 0.
        max_capacity: Most exchanges; the capacity is drawn uniformly between the two, once a respondent;
            from 0.
        deletion: "uniform" deletes at random without replacement and keeps the order;
            "recency" deletes older exchanges more often; "resample" draws the whole memory
            anew with replacement, as the authors' code does, so that it collapses to few.
        explanation: "none" keeps the bare answer; "first_sentence" adds the explanation's first.
        erodes: True cleans every held answer again after each question, as the authors' code
            does, until nothing is left of it.

    Raises:
        ValueError: The capacities are no range, or larger than any questionnaire.
    """

    min_capacity: int = 0
    max_capacity: int = 15
    deletion: Deletion = "uniform"
    explanation: Literal["none", "first_sentence"] = "none"
    erodes: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.min_capacity <= self.max_capacity:
            raise ValueError(
                f"capacities must satisfy 0 <= min_capacity <= max_capacity, "
                f"found {self.min_capacity} and {self.max_capacity}"
            )
        if self.max_capacity > _LARGEST_CAPACITY:
            raise ValueError(
                f"max_capacity must be at most {_LARGEST_CAPACITY:,}, found {self.max_capacity}: no "
                "questionnaire has more questions"
            )


@dataclass(frozen=True, slots=True)
class Memory:
    """The exchanges a respondent holds, oldest first, and how many it can hold."""

    capacity: int
    rules: MemoryRules = MemoryRules()
    exchanges: tuple[Exchange, ...] = ()

    def remember(self, exchange: Exchange, rng: np.random.Generator) -> "Memory":
        """The memory after one more answer.

        Args:
            exchange: The question and answer just given.
            rng: Addressed by that question; used only if something must be forgotten.
        """
        held: Sequence[Exchange] = (*self.exchanges, exchange)
        if self.rules.erodes:
            held = _erode(held)
        if len(held) > self.capacity:
            held = _forget(held, self.capacity, self.rules.deletion, rng)
        return replace(self, exchanges=tuple(held))

    @property
    def question_ids(self) -> tuple[str, ...]:
        """Which questions are remembered, oldest first."""
        return tuple(exchange.question_id for exchange in self.exchanges)


def _forget(
    held: Sequence[Exchange], capacity: int, deletion: Deletion, rng: np.random.Generator
) -> list[Exchange]:
    count = len(held)
    if deletion == "resample":
        return [held[i] for i in rng.integers(count, size=capacity)]
    weights = None
    if deletion == "recency":
        age = np.arange(count, 0, -1, dtype=float)  # the oldest is the most likely to go
        weights = age / age.sum()
    deleted = set(rng.choice(count, size=count - capacity, replace=False, p=weights).tolist())
    return [exchange for i, exchange in enumerate(held) if i not in deleted]


def _erode(held: Sequence[Exchange]) -> list[Exchange]:
    eroded = ((exchange, erode_answer(exchange.answer)) for exchange in held)
    return [replace(exchange, answer=answer) for exchange, answer in eroded if answer is not None]


def erode_answer(answer: str) -> str | None:
    """One cleaning pass of the authors' code; None drops the item.

    It means to keep "Answer: 2" and the first sentence of the explanation. Since -1 (not
    found) is used as an index, a second pass cuts the explanation and a third one the code.

    Source: algorithm of the published code, restated in docs/concepts/protocols.md.
    """
    if "Answer: " not in answer or answer.startswith(_DISCLAIMERS):
        return None
    start = answer.find("Answer:")
    explanation = answer.find("Explanation:")
    full_stop = explanation + answer[explanation:].find(".")
    newline = explanation + answer[explanation:full_stop].find("\n")
    return answer[start : max(full_stop, newline)]


def first_sentence(explanation: str) -> str:
    """An explanation up to its first full stop (either script) or line break.

    As the published code means to cut it; where an answer may stop is `sections.through_first_sentence`.
    """
    ends = [explanation.find(mark) for mark in (".", "。", "\n")]
    found = [end for end in ends if end >= 0]
    return explanation[: min(found) + 1].strip() if found else explanation.strip()
