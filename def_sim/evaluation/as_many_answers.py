"""Scores of several panels at as many answers an item: what every difference of runs rests on.

Joins `metrics/equal_answers.py` with items and seeds. Reads no files.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.equal_answers import AnsweredItems, fewest_answers, score_shifts, shifted
from def_sim.metrics.item_metrics import ITEM_METRICS, ItemForm
from def_sim.metrics.noise_floor import draw_samples, expected_score
from def_sim.metrics.sample import Array, Sample
from def_sim.randomness import keyed_rng

FLOOR_DRAWS: Final = 400  # for each item; a mean over items is wanted


@dataclass(frozen=True)
class AtAsMany:
    """Scores of panels on the same items, each as if it had no more answers than any other.

    `fewest`: at how many each item is compared, shape (Q,); None where all have as many, and the scores are
    the panels' own.
    """

    draws: list[dict[str, ScoreDraws]]  # of each panel, by metric
    fewest: Array | None


def at_as_many(
    panels: Sequence[AnsweredItems], draws: Sequence[Mapping[str, ScoreDraws]], seed: int
) -> AtAsMany:
    """Scores at as many answers.

    Args:
        panels: Of the same items in the same order.
        draws: Their scores by metric, in the same order.
        seed: Of the answers that are drawn: the same ones for panels that answer alike.
    """
    fewest = fewest_answers(panels)
    if fewest is None:
        return AtAsMany([dict(one) for one in draws], None)
    found = []
    for panel, by_metric in zip(panels, draws, strict=True):
        shifts = score_shifts(panel, list(by_metric), fewest, rng_of(panel, seed))
        found.append(
            {
                name: shifted(one, shifts[name], panel.answered_by) if name in ITEM_METRICS else one
                for name, one in by_metric.items()
            }
        )
    return AtAsMany(found, fewest)


def rng_of(panel: AnsweredItems, seed: int) -> Callable[[int], np.random.Generator]:
    """Generators of the answers that are drawn from a panel, by the place of an item."""
    return lambda place: keyed_rng(seed, panel.items[place], "as many answers")


def floors_at(panel: AnsweredItems, metric: str, fewest: Array | None, seed: int) -> Array:
    """Expected scores of as many people, item by item: what both panels of a difference stand above.

    Args:
        panel: Of which the floor is wanted.
        metric: In ITEM_METRICS.
        fewest: As in `AtAsMany`.
        seed: Of the draws, which are those of the report's floor where each item has one wording.

    Returns:
        Shape (Q,); NaN without people or answers.
    """
    numbers = panel.numbers if fewest is None else np.minimum(panel.numbers, fewest)
    items = zip(panel.people, panel.forms, panel.items, numbers.tolist(), strict=True)
    return np.array(
        [
            float("nan")
            if human is None or not number > 0
            else _floor(seed, name, tuple(human.counts), float(human.num_respondents), form, number, metric)
            for human, form, name, number in items
        ]
    )


@lru_cache(maxsize=100_000)  # runs of a group share most of them
def _floor(
    seed: int,
    item: str,
    counts: tuple[float, ...],
    num_people: float,
    form: ItemForm,
    num_answers: float,
    metric: str,
) -> float:
    human = Sample(np.array(counts), num_people)
    rng = keyed_rng(seed, item, "floor")
    drawn = draw_samples(human.mention_rates, num_answers, rng, form=form, num_draws=FLOOR_DRAWS)
    return expected_score(ITEM_METRICS[metric](drawn, human, form))
