"""The normalised score, a chance-corrected skill score, with all it is made of: items, dimensions, survey.

0 is a uniform answerer, 1 a panel drawn from people, both of the panel's size:
1 - (D - floor) / (uniform - floor), on means of the same items. Only items that have the score and both
comparisons enter. Of a single item the score is noisy, and is given for the map of items, not to be read
alone.

Letters: Q items, B draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.deviations import item_weights
from def_sim.metrics.sample import Array

_NAN: Final = float("nan")


@dataclass(frozen=True, slots=True)
class ItemScores:
    """One metric's scores of Q items and what they stand beside, each of shape (Q,); NaN if undefined."""

    value: Array
    floor: Array  # expected from respondents drawn from people
    uniform: Array  # expected from uniform answerers
    human_to_human: Array  # expected between two halves of people

    @property
    def is_comparable(self) -> NDArray[np.bool_]:
        """Items with a score and both ends of the scale, shape (Q,)."""
        return ~(np.isnan(self.value) | np.isnan(self.floor) | np.isnan(self.uniform))


@dataclass(frozen=True, slots=True)
class NormalisedScore:
    """A normalised score and its ingredients, all means over the same items."""

    score: float  # 0 as uniform, 1 as people; NaN with a reason
    value: float
    floor: float
    uniform: float
    human_to_human: float  # NaN if one of the items lacks it
    num_items: int  # in scope
    num_undefined: int  # of them not comparable, left out
    why_undefined: str = ""


def normalise_scores(value: Array, floor: Array, uniform: Array) -> Array:
    """The formula on arrays that broadcast; NaN where uniform answers score no worse than people."""
    span = np.asarray(uniform, dtype=np.float64) - floor
    scores: Array = 1 - (np.asarray(value, dtype=np.float64) - floor) / np.where(span > 0, span, np.nan)
    return scores


def mean_score(items: ItemScores, groups: Sequence[str] | None = None) -> NormalisedScore:
    """The normalised score of means over items, or over the means of groups.

    Args:
        items: Q items.
        groups: Group of each item: then every group weighs the same, however many items it has.
    """
    chosen = items.is_comparable
    num_undefined = int((~chosen).sum())
    if not chosen.any():
        nothing = "No item has a score of the panel, of people and of uniform answerers."
        return NormalisedScore(_NAN, _NAN, _NAN, _NAN, _NAN, chosen.size, num_undefined, nothing)
    weights = _weights(chosen, groups)
    value, floor, uniform, halves = (
        float(column[chosen] @ weights)
        for column in (items.value, items.floor, items.uniform, items.human_to_human)
    )
    has_span = uniform > floor
    return NormalisedScore(
        score=float(normalise_scores(np.array(value), np.array(floor), np.array(uniform))),
        value=value,
        floor=floor,
        uniform=uniform,
        human_to_human=halves,
        num_items=chosen.size,
        num_undefined=num_undefined,
        why_undefined="" if has_span else "Uniform answers score no worse here than people do.",
    )


def group_scores(items: ItemScores, groups: Sequence[str]) -> dict[str, NormalisedScore]:
    """The normalised score of every group, sorted by name."""
    labels = np.asarray(groups, dtype=np.str_)
    return {str(name): mean_score(_select(items, labels == name)) for name in np.unique(labels)}


def normalised_draws(
    scores: ScoreDraws, items: ItemScores, groups: Sequence[str] | None = None
) -> ScoreDraws:
    """Scores on the normalised scale to first order; `fieller` makes the interval from them.

    The score s is a ratio of means. To first order each item counts as
    s - ((D - floor) - (1 - s)(uniform - floor)) / mean(uniform - floor): what it adds to the numerator, less
    what it adds to the denominator.

    Args:
        scores: Of the panel, from `bootstrap.score_draws`; its values are `items.value`.
        items: The same Q items with their comparisons.
        groups: As for `mean_score`.

    Returns:
        Values whose (group-weighted) mean is `mean_score(items, groups).score`; NaN throughout if that is
        undefined, and for items that are not comparable.
    """
    overall = mean_score(items, groups)
    span = overall.uniform - overall.floor if not overall.why_undefined else _NAN
    share_left = 1 - overall.score
    gap = (items.value - items.floor) - share_left * (items.uniform - items.floor)
    values = np.where(items.is_comparable, overall.score - gap / span, np.nan)
    return ScoreDraws(values, -scores.draws / span, -scores.contributions / span, scores.items)


def _weights(chosen: NDArray[np.bool_], groups: Sequence[str] | None) -> Array:
    kept = None if groups is None else list(np.asarray(groups, dtype=np.str_)[chosen])
    return item_weights(int(chosen.sum()), kept)


def _select(items: ItemScores, chosen: NDArray[np.bool_]) -> ItemScores:
    return ItemScores(
        items.value[chosen], items.floor[chosen], items.uniform[chosen], items.human_to_human[chosen]
    )
