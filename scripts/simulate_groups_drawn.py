"""Simulates intervals of runs counted in groups of respondents; prints a table of docs/concepts/intervals.md.

    python scripts/simulate_groups_drawn.py --repetitions 200

Worlds, models and respondents are those of `simulate_coverage.py`. Each repetition draws items and 2,000
respondents anew, counts them in the 1,000 groups of a large run, and resamples once the respondents and once
the groups: standard errors of single items and of their mean side by side, and whether the 95 % interval by
groups holds the true mean score.
"""

import argparse
from collections.abc import Sequence

import numpy as np
from simulate_coverage import POOL_SIZE, answers, contains, true_values, world

from def_sim.evaluation.answer_counts import NUM_GROUPS, Grouping
from def_sim.metrics.bootstrap import draw_weights, resample_panel, score_draws_by_metric
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


def compare(name: str, options: argparse.Namespace) -> dict[str, tuple[float, ...]]:
    """Of each metric: ratio of standard errors of items, ratio of those of the mean, coverage."""
    rng = np.random.default_rng([options.seed, WORLDS.index(name)])
    pool = world(name, rng, POOL_SIZE // 4)
    truths = {metric: true_values(pool, metric, SIZE, rng)[0].mean() for metric in METRICS}
    errors: dict[str, list[tuple[float, ...]]] = {metric: [] for metric in METRICS}
    held: dict[str, list[float]] = {metric: [] for metric in METRICS}
    for number in range(options.repetitions):
        items = [pool[index] for index in rng.integers(len(pool), size=options.items)]
        panel = answers(items, SIZE, rng)
        grouped = in_groups(panel, Grouping(options.seed + number))
        by_way = [
            score_draws_by_metric(
                resample_panel(one, draw_weights(one.num_rows, rng, options.draws)),
                [item.people for item in items],
                [FORM] * len(items),
                METRICS,
            )
            for one in (panel, grouped)
        ]
        for metric in METRICS:
            by_respondents, by_groups = (way[metric].draws for way in by_way)
            errors[metric].append((*_errors(by_respondents), *_errors(by_groups)))
            interval = mean_interval(by_way[1][metric], rng, scale=SCALES[metric])
            held[metric].append(contains(interval, truths[metric]))
    return {metric: (*_ratios(errors[metric]), float(np.nanmean(held[metric]))) for metric in METRICS}


def _errors(draws: np.ndarray) -> tuple[float, float]:
    """Variance of an item's score, on average over items, and of the mean of all."""
    return float(draws.var(axis=0).mean()), float(draws.mean(axis=1).var())


def _ratios(rows: Sequence[tuple[float, ...]]) -> tuple[float, float]:
    """Standard errors by groups over those by respondents; of items and of the mean."""
    item, mean, item_of_groups, mean_of_groups = np.mean(rows, axis=0)
    return float(np.sqrt(item_of_groups / item)), float(np.sqrt(mean_of_groups / mean))


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--items", type=int, default=20)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("| world | metric | SE of an item, groups / respondents | SE of the mean, the same | coverage |")
    print("|---|---|---|---|---|")
    for name in WORLDS:
        for metric, (item, mean, coverage) in compare(name, options).items():
            print(f"| {name} | {metric} | {item:.3f} | {mean:.3f} | {coverage:.1%} |", flush=True)


if __name__ == "__main__":
    main()
