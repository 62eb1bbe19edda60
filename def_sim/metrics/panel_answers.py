"""Who answered what, as arrays: the form in which a panel's respondents can be resampled.

One row a respondent, so that resampling a respondent moves all of its answers together: they hang
together, and treating them as independent would make intervals too narrow. Knows positions of options
(0, 1, ..., K-1 in code order), not codes, questions or files.

Letters: K options, Q items, N respondents, V wordings of an item, B draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.sample import Array, Sample

NO_VALID_ANSWER: Final = -1  # asked, but refused, unread, out of range, ...
NOT_ASKED: Final = -2

Bools = NDArray[np.bool_]
Positions = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class ItemAnswers:
    """All respondents' answers to one item in each of its wordings.

    `chosen`, shape (V, N, K): which options each respondent chose; none for a failed answer.
    `was_asked`, shape (V, N).
    """

    chosen: Bools
    was_asked: Bools

    def __post_init__(self) -> None:
        if self.chosen.ndim != 3 or self.chosen.shape[:2] != self.was_asked.shape:
            raise ValueError(
                f"Choices need the shape (V, N, K) and was_asked (V, N); found {self.chosen.shape} and "
                f"{self.was_asked.shape}."
            )
        if (self.chosen.any(axis=-1) & ~self.was_asked).any():
            raise ValueError("A respondent who was not asked cannot have chosen anything.")

    @classmethod
    def from_positions(cls, positions: Positions, num_options: int) -> "ItemAnswers":
        """Answers with one choice each.

        Args:
            positions: Position of the chosen option, NO_VALID_ANSWER or NOT_ASKED; shape (N,), or (V, N)
                for an item in several wordings.
            num_options: K.

        Raises:
            ValueError: A position outside -2..K-1.
        """
        rows = np.atleast_2d(np.asarray(positions))
        if rows.size and (rows.min() < NOT_ASKED or rows.max() >= num_options):
            raise ValueError(
                f"Positions must lie in -2..{num_options - 1}; found {rows.min()}..{rows.max()}."
            )
        return cls(rows[..., None] == np.arange(num_options), rows != NOT_ASKED)

    @classmethod
    def from_mentions(cls, mentions: Bools, was_asked: Bools | None = None) -> "ItemAnswers":
        """Answers with several choices.

        Args:
            mentions: Shape (N, K), or (V, N, K). A row without any mention is a failed answer.
            was_asked: Shape (N,) or (V, N); without it everyone was asked.
        """
        chosen = np.asarray(mentions, dtype=np.bool_)
        chosen = chosen[None] if chosen.ndim == 2 else chosen
        if was_asked is None:
            return cls(chosen, np.ones(chosen.shape[:2], dtype=np.bool_))
        return cls(chosen, np.atleast_2d(np.asarray(was_asked, dtype=np.bool_)))

    def sample(self, weights: Array) -> Sample:
        """The answers, counted with weights, shape (N,) or (B, N); see `PanelAnswers.samples`."""
        return PanelAnswers((self,)).samples(weights)[0]


@dataclass(frozen=True, slots=True)
class PanelAnswers:
    """Answers of N respondents to Q items.

    `weights`, shape (N,): of the respondents, at least 0; None: all count alike. Weighted counts are scaled
    to Kish's effective number of those who answered an item, so that a weighted panel is as large as it is
    worth.
    """

    items: tuple[ItemAnswers, ...]
    weights: Array | None = None

    def __post_init__(self) -> None:
        sizes = {item.chosen.shape[1] for item in self.items}
        if len(sizes) != 1:
            raise ValueError(f"All items need the same respondents, in the same order; found {sizes}.")
        if self.weights is not None and not (self.weights >= 0).all():
            raise ValueError("Weights are numbers of at least 0.")

    @classmethod
    def from_choices(
        cls,
        choices: Positions,
        num_options: Sequence[int],
        mentions: Mapping[int, Bools] | None = None,
    ) -> "PanelAnswers":
        """A panel from one matrix.

        Args:
            choices: Positions of the chosen options, NO_VALID_ANSWER or NOT_ASKED, shape (N, Q).
            num_options: K of each item, length Q.
            mentions: Column -> mentions, shape (N, K), of the multiple-choice items. Their column in
                `choices` is read for NOT_ASKED only.
        """
        several = mentions or {}
        return cls(
            tuple(
                ItemAnswers.from_mentions(several[column], choices[:, column] != NOT_ASKED)
                if column in several
                else ItemAnswers.from_positions(choices[:, column], num)
                for column, num in enumerate(num_options)
            )
        )

    @property
    def num_respondents(self) -> int:
        """N, whether or not they answered."""
        return int(self.items[0].chosen.shape[1])

    @property
    def num_rows(self) -> int:
        """What is drawn again: the respondents."""
        return self.num_respondents

    def samples(self, weights: Array | None = None) -> list[Sample]:
        """Every item's answers as counts, with each respondent counted `weights` times.

        All items and draws are counted by one matrix product. Wordings are averaged as in the
        distributions: mean of their shares, times the mean number of valid answers.

        Args:
            weights: Shape (N,), or (B, N) for B resampled panels; 1 each if absent.

        Returns:
            Q samples: counts of shape (K,) or (B, K), numbers of respondents and failures of shape () or
            (B,).
        """
        every = np.ones(self.num_respondents) if weights is None else np.asarray(weights)
        if self.weights is not None:
            return self._weighted_samples(every, self.weights)
        return self._samples(every.astype(np.float32) @ self._columns())  # exact: whole numbers below 2**24

    def samples_without_one(self) -> list[Sample]:
        """The same without each respondent in turn: counts of shape (N, K).

        By subtraction, since weights for it would be N x N numbers: 20 GB for 50,000 respondents.
        """
        columns = self._columns()
        if self.weights is None:
            return self._samples(columns.sum(axis=0) - columns)
        once, twice = self.weights[:, None] * columns, self.weights[:, None] ** 2 * columns
        return self._kish_samples(once.sum(axis=0) - once, twice.sum(axis=0) - twice)

    def _samples(self, counted: NDArray[np.floating]) -> list[Sample]:
        shapes = [(item.chosen.shape[0], item.chosen.shape[2]) for item in self.items]
        return [_sample(block, *shape) for block, shape in zip(self._split(counted), shapes, strict=True)]

    def _weighted_samples(self, every: Array, own: Array) -> list[Sample]:
        columns = self._columns()
        return self._kish_samples((every * own) @ columns, (every * own**2) @ columns)

    def _kish_samples(self, counted: NDArray[np.floating], squares: NDArray[np.floating]) -> list[Sample]:
        blocks = zip(self._split(counted), self._split(squares), self.items, strict=True)
        return [
            _sample(_kish_scaled(block, squared, item), item.chosen.shape[0], item.chosen.shape[2])
            for block, squared, item in blocks
        ]

    def _split(self, counted: NDArray[np.floating]) -> list[NDArray[np.floating]]:
        """A block of columns for each item."""
        bounds = np.cumsum([item.chosen.shape[0] * (item.chosen.shape[2] + 2) for item in self.items])
        return list(np.split(counted, bounds[:-1], axis=-1))

    def _columns(self) -> NDArray[np.float32]:
        """For each item and wording: a column an option, one for valid answers, one for failures."""
        return np.concatenate([_item_columns(item) for item in self.items], axis=1, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class GroupedAnswers:
    """Answers of N respondents to Q items, counted in groups of respondents: for panels too large for rows.

    Each respondent is in one group with all answers, so that resampling groups moves them together, as
    resampling respondents does. `items`, Q of shape (V, G, K + 2): how many of each group chose each option,
    answered, and failed.

    Letters: G groups.
    """

    items: tuple[NDArray[np.int64], ...]
    num_respondents: int  # N, whether or not they answered

    def __post_init__(self) -> None:
        sizes = {item.shape[1] for item in self.items}
        if len(sizes) != 1:
            raise ValueError(f"All items need the same groups, in the same order; found {sizes}.")

    @property
    def num_rows(self) -> int:
        """G, what is drawn again."""
        return int(self.items[0].shape[1])

    def samples(self, weights: Array | None = None) -> list[Sample]:
        """Every item's answers as counts, with each group counted `weights` times; as `PanelAnswers.samples`.

        Args:
            weights: Shape (G,) or (B, G); 1 each if absent.
        """
        every = np.ones(self.num_rows) if weights is None else np.asarray(weights, dtype=np.float64)
        found = []
        for item in self.items:
            num_wordings, _, num_columns = item.shape
            blocks = [every @ of_wording for of_wording in item.astype(np.float64)]  # exact below 2**53
            found.append(_sample(np.concatenate(blocks, axis=-1), num_wordings, num_columns - 2))
        return found

    def samples_without_one(self) -> list[Sample]:
        """The same without each group in turn: counts of shape (G, K)."""
        return self.samples(1 - np.eye(self.num_rows))


def _item_columns(item: ItemAnswers) -> Bools:
    answered = item.chosen.any(axis=-1, keepdims=True)
    failed = item.was_asked[..., None] & ~answered
    blocks = np.concatenate([item.chosen, answered, failed], axis=-1)  # (V, N, K + 2)
    return np.concatenate(list(blocks), axis=-1)  # (N, V * (K + 2))


def _kish_scaled(
    block: NDArray[np.floating], squares: NDArray[np.floating], item: ItemAnswers
) -> NDArray[np.floating]:
    """Sums of weights, scaled so that those of valid answers add up to their effective number."""
    shape = (*block.shape[:-1], item.chosen.shape[0], item.chosen.shape[2] + 2)
    by_wording, squared = block.reshape(shape), squares.reshape(shape)[..., -2]
    answered = by_wording[..., -2]
    scale = np.divide(answered, squared, out=np.ones_like(answered), where=squared > 0)
    return (by_wording * scale[..., None]).reshape(block.shape)


def _sample(block: NDArray[np.floating], num_wordings: int, num_options: int) -> Sample:
    by_wording = block.reshape(*block.shape[:-1], num_wordings, num_options + 2).astype(np.float64)
    counts, answered, failed = by_wording[..., :-2], by_wording[..., -2], by_wording[..., -1]
    if num_wordings == 1:
        return Sample(counts[..., 0, :], answered[..., 0], failed[..., 0])
    has_answer = answered[..., None] > 0
    rates = np.divide(counts, answered[..., None], out=np.zeros_like(counts), where=has_answer)
    mean_rates = rates.sum(axis=-2) / np.maximum(has_answer.sum(axis=-2), 1)
    num_answered = answered.mean(axis=-1)
    return Sample(mean_rates * num_answered[..., None], num_answered, failed.mean(axis=-1))
