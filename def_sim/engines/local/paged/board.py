"""The board: what every running sequence goes on with, on the device; and what choosing must be able to do.

Letters: S entries of the sequence table, B most beams, n candidates.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Board:
    """What every running answer goes on with; entry S is nobody's.

    Attributes:
        tokens: Newest token of each beam, shape (S + 1, B).
        scores: Log-probability of each beam's text, -inf for a beam that is none, shape (S + 1, B), float32.
        parents: The beam that each beam goes on from, shape (S + 1, B).
    """

    tokens: Tensor
    scores: Tensor
    parents: Tensor

    @classmethod
    def blank(cls, num_entries: int, num_beams: int, device: torch.device) -> "Board":
        """A board without answers."""
        shape = (num_entries + 1, num_beams)
        return cls(
            torch.zeros(shape, dtype=torch.int64, device=device),
            torch.zeros(shape, dtype=torch.float32, device=device),
            torch.zeros(shape, dtype=torch.int64, device=device),
        )


@dataclass(frozen=True, slots=True)
class Kind:
    """What the rows of a step may need; a graph of choosing is captured for each.

    Attributes:
        num_candidates: Most that an answer needs (n).
        most_top_k: Largest top_k of a row; 0: none has one.
        has_top_p: A row keeps a share of the probability only.
        has_beams: Answers have beams.
        scores_codes: Rows of option codes are among them, whose logits the host asks for.
    """

    num_candidates: int
    most_top_k: int
    has_top_p: bool
    has_beams: bool
    scores_codes: bool
