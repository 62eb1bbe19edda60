"""What an answer asks of the logits of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from def_sim.records import DecodingConfig


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """An answer that needs its next token, and the rows of logits that it owns.

    `scores` are the log-probabilities of its beams so far, one a row; without beams a single 0.
    """

    decoding: DecodingConfig
    noise_key: int
    step: int
    scores: tuple[float, ...] = (0.0,)
    wanted: Sequence[Sequence[int]] | None = None  # for each row, tokens whose log-probabilities are asked

    @property
    def has_beams(self) -> bool:
        """True if continuations of several rows compete."""
        return self.decoding.num_beams > 1
