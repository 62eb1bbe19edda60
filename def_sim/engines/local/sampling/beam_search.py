"""The bookkeeping of one answer's beams: which continuations go on, which are finished, when to end.

Follows `generate()` of transformers 5.23 with length_penalty 1 and early_stopping off, in plain
numbers: no tensor, no model. What differs between beam search and beam sampling, how candidates
are found, is decided before they come here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Candidate(NamedTuple):
    """One possible continuation: the log-probability of its whole text, its beam and its next token."""

    score: float
    beam: int
    token: int


@dataclass(frozen=True, slots=True)
class _Path:
    """A text as a chain of tokens from its end; beams share their common beginning."""

    token: int
    before: "_Path | None"


@dataclass(frozen=True, slots=True)
class Survivors:
    """The beams of the next step: where each one comes from, its newest token and its score."""

    parents: tuple[int, ...]
    tokens: tuple[int, ...]
    scores: tuple[float, ...]


def num_candidates(num_beams: int, num_stop_tokens: int) -> int:
    """Continuations to look at in a step: enough that num_beams of them do not end the text."""
    return max(2, 1 + num_stop_tokens) * num_beams


@dataclass(slots=True)
class BeamSearch:
    """Beams of one answer, from the first token on.

    Attributes:
        num_beams: Beams kept, and finished texts collected.
        max_new_tokens: Longest text.
        stop_tokens: Tokens that end a text.
    """

    num_beams: int
    max_new_tokens: int
    stop_tokens: frozenset[int]
    _beams: list[_Path | None] = field(default_factory=lambda: [None])
    _finished: list[tuple[float, _Path]] = field(default_factory=list)
    _length: int = 0

    def advance(self, candidates: Sequence[Candidate]) -> Survivors | None:
        """Takes one step.

        Args:
            candidates: The step's continuations, best first, `num_candidates` of them if there are so many.

        Returns:
            The beams that go on, or None if the answer is found.
        """
        self._length += 1
        is_last = self._length == self.max_new_tokens
        self._collect(candidates[: self.num_beams], is_last=is_last)
        going_on = [candidate for candidate in candidates if candidate.token not in self.stop_tokens]
        going_on = going_on[: self.num_beams]
        if is_last or not going_on or self._is_settled(going_on[0].score):
            return None
        self._beams = [_Path(token, self._beams[beam]) for _, beam, token in going_on]
        scores, parents, tokens = zip(*going_on, strict=True)
        return Survivors(parents, tokens, scores)

    def best(self) -> tuple[int, ...]:
        """Tokens of the best finished text. Only after `advance` has returned None."""
        tokens: list[int] = []
        path: _Path | None = self._finished[0][1]
        while path is not None:
            tokens.append(path.token)
            path = path.before
        return tuple(reversed(tokens))

    def _collect(self, best: Sequence[Candidate], *, is_last: bool) -> None:
        """Keeps the best finished texts; those ranked below num_beams do not count."""
        ended = [
            (score / self._length, _Path(token, self._beams[beam]))
            for score, beam, token in best
            if is_last or token in self.stop_tokens
        ]
        # The sort is stable: of two equals the older stays in front.
        self._finished = sorted([*self._finished, *ended], key=_by_score, reverse=True)[: self.num_beams]

    def _is_settled(self, best_running: float) -> bool:
        """True if no running beam can still get among the finished, at its present length."""
        if len(self._finished) < self.num_beams:
            return False
        return best_running / self._length <= self._finished[-1][0]


def _by_score(finished: tuple[float, _Path]) -> float:
    return finished[0]
