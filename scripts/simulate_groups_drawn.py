"""Simulates intervals of runs counted in groups of respondents; prints a table of docs/concepts/intervals.md.

    python scripts/simulate_groups_drawn.py --repetitions 200

Worlds, models and respondents are those of `simulate_coverage.py`. Each repetition draws items and 2,000
respondents anew, counts them in the 1,000 groups of a large run, and resamples once the respondents and once
the groups: standard errors of single items and of their mean side by side, the latter also from leaving one
out at a time, which is what intervals take, and whether the 95 % intervals hold the true mean score, of all
items or of each of some topic groups. The size of a large run:

    python scripts/simulate_groups_drawn.py --items 600 --topic-groups 20 --repetitions 30
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from simulate_coverage import POOL_SIZE, answers, contains, true_values, world

from def_sim.evaluation.answer_counts import NUM_GROUPS, Grouping
from def_sim.metrics.bootstrap import ScoreDraws, draw_weights, resample_panel, score_draws_by_metric
from def_sim.metrics.intervals import mean_interval
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.panel_answers import GroupedAnswers, PanelAnswers
from def_sim.metrics.score_scale import SCALES

WORLDS = ("people", "typical", "peaked")
METRICS = ("js_divergence", "total_variation", "wasserstein")
SIZE = 2000
FORM = ItemForm(is_ordered=True)


def in_groups(panel: PanelAnswers, grouping: Grouping) -> GroupedAnswers:
    """The same answers, counted in groups."""
    group = np.array([grouping.group_of(index) for index in range(panel.num_respondents)])
    items = []
    for item in panel.items:
        [chosen], [asked] = item.chosen, item.was_asked
        answered = chosen.any(axis=-1)
        columns = np.column_stack([chosen, answered, asked & ~answered])
        counts = np.zeros((NUM_GROUPS, columns.shape[1]), dtype=np.int64)
        np.add.at(counts, group, columns)
        items.append(counts[None])
    return GroupedAnswers(tuple(items), panel.num_respondents)


@dataclass(frozen=True)
class Found:
    """Groups beside respondents: ratios of standard errors, and shares of intervals that hold the truth."""

    of_items: float
    of_means: float  # drawn again
    of_means_left_out: float
    by_groups: float
    by_respondents: float


def compare(name: str, options: argparse.Namespace) -> dict[str, Found]:
    """Of each metric."""
    rng = np.random.default_rng([options.seed, WORLDS.index(name)])
    beside = np.random.default_rng([options.seed, WORLDS.index(name), 1])
    pool = world(name, rng, POOL_SIZE // 4)
    truths = {metric: true_values(pool, metric, SIZE, rng)[0].mean() for metric in METRICS}
    errors: dict[str, list[tuple[float, ...]]] = {metric: [] for metric in METRICS}
    held: dict[str, list[list[float]]] = {metric: [] for metric in METRICS}
    for number in range(options.repetitions):
        items = [pool[index] for index in rng.integers(len(pool), size=options.items)]
        panel = answers(items, SIZE, rng)
        grouped = in_groups(panel, Grouping(options.seed + number))
        by_respondents, by_groups = (
            score_draws_by_metric(
                resample_panel(one, draw_weights(one.num_rows, rng, options.draws)),
                [item.people for item in items],
                [FORM] * len(items),
                METRICS,
            )
            for one in (panel, grouped)
        )
        for metric in METRICS:
            ways = by_groups[metric], by_respondents[metric]
            errors[metric].append(tuple(value for way in ways for value in _variances(way)))
            for topic in np.array_split(np.arange(len(items)), options.topic_groups):
                is_chosen = np.isin(np.arange(len(items)), topic)
                intervals = [
                    mean_interval(way.select(is_chosen), own, scale=SCALES[metric])
                    for way, own in zip(ways, (rng, beside), strict=True)
                ]
                held[metric].append([contains(one, truths[metric]) for one in intervals])
    return {
        metric: Found(*_ratios(errors[metric]), *map(float, np.nanmean(held[metric], axis=0)))
        for metric in METRICS
    }


def _variances(scores: ScoreDraws) -> tuple[float, float, float]:
    """Of an item's score, on average over items, and of the mean of all, by drawing again and leaving out."""
    of_means = scores.draws.mean(axis=1).var(), (scores.contributions.mean(axis=1) ** 2).sum()
    return float(scores.draws.var(axis=0).mean()), *map(float, of_means)


def _ratios(rows: Sequence[tuple[float, ...]]) -> list[float]:
    """Standard errors by groups over those by respondents."""
    by_groups, by_respondents = np.split(np.mean(rows, axis=0), 2)
    return list(np.sqrt(by_groups / by_respondents))


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--items", type=int, default=20)
    parser.add_argument("--topic-groups", type=int, default=1, help="into which the items fall")
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    columns = (
        *("world", "metric", "SE of an item, groups / respondents", "SE of the mean, the same"),
        *("the same by leaving out", "coverage by groups", "by respondents"),
    )
    print(f"| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    for name in WORLDS:
        for metric, found in compare(name, options).items():
            ratios = f"{found.of_items:.3f} | {found.of_means:.3f} | {found.of_means_left_out:.3f}"
            covered = f"{100 * found.by_groups:.1f} % | {100 * found.by_respondents:.1f} %"
            print(f"| {name} | {metric} | {ratios} | {covered} |", flush=True)


if __name__ == "__main__":
    main()
