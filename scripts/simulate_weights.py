"""Simulates how often the intervals of a weighted panel's scores hold what they promise.

Respondents are of two kinds, of which the panel has 70 % and 30 % and the margins want 40 % and 60 %; the
model's opinions of the two are different. The worlds are those of `simulate_coverage`, whose respondents
hang together through traits. The figures in docs/concepts/calibration.md come from

    python scripts/simulate_coverage.py --tables weights --sizes 20 200 --repetitions 60

with `--metrics js_divergence wasserstein`.
"""

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np
from simulate_coverage import (
    FORM,
    POOL_SIZE,
    WORLDS,
    Numbers,
    WorldItem,
    answers,
    contains,
    opinion,
    world,
)

from def_sim.metrics.bootstrap import draw_weights, resample_panel, score_draws_by_metric
from def_sim.metrics.intervals import mean_interval
from def_sim.metrics.panel_answers import ItemAnswers, PanelAnswers
from def_sim.metrics.panel_scores import score_panel
from def_sim.metrics.raking import Margin, kish_size, rake
from def_sim.metrics.sample import Array, Sample
from def_sim.metrics.score_scale import SCALES

SHARE_IN_PANEL: Final = 0.7  # of the first kind of respondents
SHARE_WANTED: Final = 0.4
_EXPECTED_DRAWS: Final = 400


def raked_weights(size: int) -> Array:
    """Of a panel whose first respondents are of the first kind, shape (N,)."""
    is_first = np.arange(size) < round(SHARE_IN_PANEL * size)
    members = np.where(is_first, 0, 1)
    return rake([Margin(members, np.array([SHARE_WANTED, 1 - SHARE_WANTED]))]).weights


def two_kinds(
    first: Sequence[WorldItem], second: Sequence[WorldItem], weights: Array, rng: np.random.Generator
) -> PanelAnswers:
    """A weighted panel; respondents of each kind answer by their own model's shares."""
    num_first = round(SHARE_IN_PANEL * weights.size)
    parts = answers(first, num_first, rng), answers(second, weights.size - num_first, rng)
    items = [
        ItemAnswers(
            np.concatenate([one.chosen, other.chosen], axis=1),
            np.concatenate([one.was_asked, other.was_asked], axis=1),
        )
        for one, other in zip(parts[0].items, parts[1].items, strict=True)
    ]
    return PanelAnswers(tuple(items), weights)


def expected_scores(
    first: Sequence[WorldItem],
    second: Sequence[WorldItem],
    weights: Array,
    metric: str,
    rng: np.random.Generator,
) -> Array:
    """Each item's expected score of such a panel, shape (pool,)."""
    num_first, worth = round(SHARE_IN_PANEL * weights.size), kish_size(weights)
    drawn = []
    for one, other in zip(first, second, strict=True):
        counts = weights[0] * rng.multinomial(num_first, one.model, _EXPECTED_DRAWS)
        counts = counts + weights[-1] * rng.multinomial(
            weights.size - num_first, other.model, _EXPECTED_DRAWS
        )
        drawn.append(Sample(counts * worth / weights.size, np.full(_EXPECTED_DRAWS, worth)))
    people = [one.people for one in first]
    return np.asarray(score_panel(drawn, people, [FORM] * len(people), metric).mean(axis=0))


def covered(name: str, size: int, metrics: Sequence[str], numbers: Numbers) -> dict[str, float]:
    """Share of intervals of a mean of items that hold its expectation over such panels and items."""
    rng = np.random.default_rng([numbers.seed, 31, WORLDS.index(name), size])
    first = world(name, rng, POOL_SIZE)
    second = [
        WorldItem(item.human, opinion(item.human, name, rng), item.loading, item.trait) for item in first
    ]
    weights = raked_weights(size)
    truths = {metric: expected_scores(first, second, weights, metric, rng).mean() for metric in metrics}
    found: dict[str, list[float]] = {metric: [] for metric in metrics}
    for _ in range(numbers.repetitions):
        chosen = rng.integers(len(first), size=numbers.items)
        panel = two_kinds([first[at] for at in chosen], [second[at] for at in chosen], weights, rng)
        people = [first[at].people for at in chosen]
        drawn = resample_panel(panel, draw_weights(size, rng, numbers.draws))
        for metric, scores in score_draws_by_metric(drawn, people, [FORM] * len(people), metrics).items():
            interval = mean_interval(scores, rng, scale=SCALES[metric])
            found[metric].append(contains(interval, truths[metric]))
    return {metric: float(np.mean(rows)) for metric, rows in found.items()}


def print_weights(sizes: Sequence[int], metrics: Sequence[str], numbers: Numbers) -> None:
    """Coverage, as a Markdown table, row by row as they are ready."""
    print(f"\n| world | N | worth | {' | '.join(f'`{metric}`' for metric in metrics)} |")
    print("|---" * (3 + len(metrics)) + "|")
    for name, size in product(WORLDS, sizes):
        found = covered(name, size, metrics, numbers)
        cells = " | ".join(f"{100 * found[metric]:.1f}" for metric in metrics)
        print(f"| {name} | {size} | {kish_size(raked_weights(size)):.0f} | {cells} |", flush=True)
