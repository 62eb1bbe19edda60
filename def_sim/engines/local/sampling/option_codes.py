"""The model's probability of each option code at the place where the answer stands.

A code may be several tokens ("10" as "1", "0"), and one code may begin another. The probability of a
code is that of all its tokens, times that of not going on to a longer code: "1" does not get what
belongs to "10". What is left over for other texts is dropped, so the probabilities sum to 1: the exact
distribution if nothing but a code could be written.

Pure: log-probabilities come in, the tokens to look at next go out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log

import numpy as np

from def_sim.engines.local.sampling.beam_search import Survivors
from def_sim.randomness import gumbel_noise
from def_sim.records import DecodingConfig

Tokens = tuple[int, ...]


@dataclass(slots=True)
class CodeScores:
    """Walks the tree of the codes' tokens from the root, one level a step.

    Attributes:
        codes: Tokens of each code, none empty, all different.
    """

    codes: Mapping[int, Tokens]
    _level: list[tuple[Tokens, float]] = field(default_factory=lambda: [((), 0.0)])
    _mass: dict[int, float] = field(default_factory=dict)

    @property
    def paths(self) -> list[Tokens]:
        """For each row of this step, the tokens after the prompt that it has taken."""
        return [begin for begin, _ in self._level]

    def wanted(self) -> list[list[int]]:
        """For each row of this step, the tokens whose log-probabilities are needed."""
        return [self._children(begin) for begin, _ in self._level]

    def advance(self, log_probabilities: Sequence[Sequence[float]]) -> Survivors | None:
        """Takes a level.

        Args:
            log_probabilities: Of the wanted tokens, a list for each row, in nats.

        Returns:
            The rows of the next level, or None if all is known.
        """
        following: list[tuple[int, int, Tokens, float]] = []
        for row, ((begin, so_far), values) in enumerate(zip(self._level, log_probabilities, strict=True)):
            children = self._children(begin)
            if (code := self._code_of(begin)) is not None:
                self._mass[code] = exp(so_far) * max(0.0, 1.0 - sum(map(exp, values)))
            for token, value in zip(children, values, strict=True):
                path = (*begin, token)
                if self._children(path):
                    following.append((row, token, path, so_far + value))
                else:
                    code = self._code_of(path)
                    assert code is not None  # a path ends where a code ends
                    self._mass[code] = exp(so_far + value)
        self._level = [(path, score) for _, _, path, score in following]
        if not following:
            return None
        parents, tokens, _, scores = zip(*following, strict=True)
        return Survivors(parents, tokens, scores)

    def probabilities(self) -> dict[int, float]:
        """Share of each code among all codes, in the order given; NaN if none has any probability."""
        total = sum(self._mass.values())
        return {code: self._mass[code] / total if total > 0 else float("nan") for code in self.codes}

    def _children(self, begin: Tokens) -> list[int]:
        length = len(begin)
        after = {
            tokens[length]
            for tokens in self.codes.values()
            if len(tokens) > length and tokens[:length] == begin
        }
        return sorted(after)

    def _code_of(self, path: Tokens) -> int | None:
        return next((code for code, tokens in self.codes.items() if tokens == path), None)


def choose_code(probabilities: Mapping[int, float], decoding: DecodingConfig, key: int) -> int:
    """The code that a respondent with this decoding gives.

    Args:
        probabilities: Of each code; they sum to 1.
        decoding: A respondent that does not sample gives the most probable code, the first of equals;
            one that samples draws at its temperature. Beams, top_k and top_p have no part.
        key: `randomness.noise_key` of the request.
    """
    codes = list(probabilities)
    scores = np.array([log(share) if share > 0 else -np.inf for share in probabilities.values()])
    if decoding.do_sample:
        scores = scores / decoding.temperature
        scores = scores + gumbel_noise(key, step=0, beam=0, tokens=np.array(codes) % 2**31)
    return codes[int(scores.argmax())]
