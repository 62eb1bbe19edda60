"""Whether the same respondents are nearer to their group's people when the group is said than when it is not.

Both panels have the same N respondents, so a respondent's two sets of answers are a pair. If saying the
group changes nothing, which set is which is a matter of chance: the test exchanges them, all answers of a
respondent together, so it is exact however these hang together. The interval leaves out a respondent of both.
An answer that could be read in one set alone counts in neither: fewer answers are farther from people.

Letters: G groups, Q items, N respondents, B draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.jackknife import jackknife_interval
from def_sim.metrics.panel_answers import ItemAnswers, PanelAnswers
from def_sim.metrics.panel_scores import score_panel
from def_sim.metrics.sample import Array, Sample

NUM_EXCHANGES: Final = 499
_AT_ONCE: Final = 250  # exchanges scored together
_ROUNDING: Final = 1e-12


@dataclass(frozen=True, slots=True)
class PairedSteering:
    """Divergences of one group's members from its people: means over the items that both panels have."""

    num_items: int
    unsteered: float
    steered: float
    interval: tuple[float, float]  # 95 %, of the first minus the second
    p_value: float  # two-sided, of no steering; NaN without an item


def paired_steering(
    unsteered: PanelAnswers,
    steered: PanelAnswers,
    belongs: Array,
    people: Sequence[Sample | None],
    forms: Sequence[ItemForm],
    metric: str,
    rng: np.random.Generator,
    *,
    num_draws: int = NUM_EXCHANGES,
) -> PairedSteering:
    """One group.

    Args:
        unsteered: Answers of the respondents when the group is not said.
        steered: Of the same respondents, in the same order, to the same items, when it is.
        belongs: Who is of the group, 1 or 0, shape (N,).
        people: The group's people on each of the Q items; None where they are not known.
        forms: Of the items.
        metric: Which divergence.
        rng: Generator of the exchanges.
        num_draws: B.
    """
    pair = _Pair(_of_members(unsteered, steered, np.flatnonzero(belongs)), people, forms, metric)
    num = int(np.count_nonzero(belongs))
    everyone, alone = np.ones(num), 1.0 - np.eye(num)  # all members; all but one
    first, second = pair.scores(everyone, 0 * everyone), pair.scores(0 * everyone, everyone)
    is_scored = np.isfinite(first) & np.isfinite(second)
    if not is_scored.any():
        nan = float("nan")
        return PairedSteering(0, nan, nan, (nan, nan), nan)
    nearer = float((first - second)[is_scored].mean())
    left_out = pair.scores(alone, 0 * alone) - pair.scores(0 * alone, alone)
    return PairedSteering(
        int(is_scored.sum()),
        float(first[is_scored].mean()),
        float(second[is_scored].mean()),
        jackknife_interval(nearer, _mean(left_out[:, is_scored])),
        _p_value(pair, nearer, num, rng, num_draws),
    )


@dataclass(frozen=True)
class _Pair:
    """Both sets of answers of the members, one below the other, beside their group's people."""

    answers: PanelAnswers  # of twice as many
    people: Sequence[Sample | None]
    forms: Sequence[ItemForm]
    metric: str

    def scores(self, first: Array, second: Array) -> Array:
        """Of members whose first and second answers count so often, shape (..., members) to (..., Q)."""
        weights = np.concatenate([first, second], axis=-1)
        return score_panel(self.answers.samples(weights), self.people, self.forms, self.metric)


def _of_members(first: PanelAnswers, second: PanelAnswers, members: NDArray[np.intp]) -> PanelAnswers:
    pairs = zip(first.items, second.items, strict=True)
    return PanelAnswers(tuple(_of_item(one, other, members) for one, other in pairs))


def _of_item(first: ItemAnswers, second: ItemAnswers, members: NDArray[np.intp]) -> ItemAnswers:
    """Both answers of those members who have two that could be read, so that both sets are of as many."""
    chosen = [one.chosen[:, members] for one in (first, second)]
    is_read: NDArray[np.bool_] = np.asarray(chosen[0].any(axis=-1) & chosen[1].any(axis=-1))
    return ItemAnswers(
        np.concatenate([one & is_read[..., None] for one in chosen], axis=1),
        np.concatenate([one.was_asked[:, members] & is_read for one in (first, second)], axis=1),
    )


def _p_value(pair: _Pair, found: float, num: int, rng: np.random.Generator, num_draws: int) -> float:
    """Share of exchanges that differ by as much, the panels themselves counted as one of them."""
    num_extreme = 0
    for start in range(0, num_draws, _AT_ONCE):
        is_second = rng.integers(0, 2, (min(_AT_ONCE, num_draws - start), num)).astype(np.float64)
        changes = pair.scores(1 - is_second, is_second) - pair.scores(is_second, 1 - is_second)
        # Not below: exchanges without any item say nothing against chance.
        num_extreme += int((~(np.abs(_mean(changes)) < abs(found) - _ROUNDING)).sum())
    return (num_extreme + 1) / (num_draws + 1)


def _mean(scores: Array) -> Array:
    """Mean over the items that have a score, shape (..., Q) to (...); NaN without any."""
    is_known = np.isfinite(scores)
    num = is_known.sum(axis=-1)
    total: Array = np.where(is_known, scores, 0.0).sum(axis=-1)
    return total / np.where(num > 0, num, np.nan)
