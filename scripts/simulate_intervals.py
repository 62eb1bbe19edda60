"""Simulates intervals where they are hardest to make, and prints tables for docs/concepts/intervals.md.

    few         means of few items: from how many on the level holds, on the score's own scale and as it is
    groups      means of a few small topic groups
    style       respondents who all lean one way on every item, so that none errs alone
    normalised  the normalised score, by Fieller's method and to first order
    pairs       two models that are equally good, on few items

Items, people, models and respondents are those of `simulate_coverage.py`, which does the same for surveys of
the usual size. Each command of the docs names its tables, repetitions and seed.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
from simulate_coverage import (
    FORM,
    LEVEL,
    POOL_SIZE,
    WORLDS,
    Numbers,
    WorldItem,
    contains,
    item_expectations,
    opinion,
    resampled,
    score_models,
    world,
)

from def_sim.metrics.bootstrap import ScoreDraws, draw_weights, score_draws_by_metric
from def_sim.metrics.fieller import normalised_interval
from def_sim.metrics.intervals import Interval, mean_interval
from def_sim.metrics.noise_floor import uniform_rates
from def_sim.metrics.normalised import ItemScores, normalised_draws
from def_sim.metrics.paired import paired_comparison
from def_sim.metrics.sample import Array
from def_sim.metrics.score_scale import SCALES, ScoreScale

METRICS: Final = (
    "js_divergence",
    "total_variation",
    "wasserstein",
    "kl_smoothed_model_human",
    "kl_smoothed_human_model",
    "js_distance",
)
FEW: Final = (3, 4, 5, 6, 8, 9, 12, 15)
GROUPS: Final = (("3 x 2", 3, 2), ("3 x 3", 3, 3), ("9 x 2", 9, 2), ("9 x 3", 9, 3))
STYLE: Final = 0.9  # correlation of every answer with the one trait
SPANS: Final = (5, 8, 15, 40)  # items of a normalised score
ANY: Final = 2  # items: intervals below the fewest that reports ask for are simulated too


@dataclass(frozen=True)
class Wanted:
    """What is simulated."""

    numbers: Numbers
    sizes: Sequence[int]
    metrics: Sequence[str]
    worlds: Sequence[str]


def any_number_of_items(metric: str) -> ScoreScale:
    """The scale of a metric without its demand for items."""
    return replace(SCALES[metric], fewest_items=ANY)


def even(metric: str) -> ScoreScale:
    """The same without range: the estimate and its reach to either side."""
    return ScoreScale(fewest_items=ANY, least_of_drawn=SCALES[metric].least_of_drawn)


def as_it_is(interval: Interval, metric: str) -> Interval:
    """The same estimate and reach without a change of scale, cut at the ends of the range."""
    scale = SCALES[metric]
    reach = interval.high - interval.estimate
    low, high = max(interval.estimate - reach, scale.least), min(interval.estimate + reach, scale.most)
    return replace(interval, low=low, high=high)


def on_its_scale(interval: Interval, metric: str) -> Interval:
    """An interval of any number put on the scale of its metric."""
    low, high = SCALES[metric].ends(interval.estimate, interval.high - interval.estimate)
    return replace(interval, low=low, high=high)


def samples(
    pool: Sequence[WorldItem], size: int, num_items: int, wanted: Wanted, rng: np.random.Generator
) -> Iterator[dict[str, ScoreDraws]]:
    """Scores of the metrics in each repetition, from items and respondents of its own."""
    for _ in range(wanted.numbers.repetitions):
        items = [pool[index] for index in rng.integers(len(pool), size=num_items)]
        panel = resampled(items, draw_weights(size, rng, wanted.numbers.draws), rng)
        yield score_draws_by_metric(*panel, wanted.metrics)


def truths(
    pool: Sequence[WorldItem], size: int, wanted: Wanted, rng: np.random.Generator
) -> dict[str, float]:
    """The expected score at N over all items of a world."""
    return {metric: float(item_expectations(pool, metric, size, rng).mean()) for metric in wanted.metrics}


def print_few(wanted: Wanted) -> None:
    """Coverage and median width by number of items."""
    heads = ("world", "N", "metric", "items", "as it is", "on its scale", "width", "upper end / score")
    print(f"| {' | '.join(heads)} |\n" + "|---" * len(heads) + "|")
    for name, size in product(wanted.worlds, wanted.sizes):
        rng = np.random.default_rng([wanted.numbers.seed, 31, WORLDS.index(name), size])
        pool = world(name, rng, POOL_SIZE)
        true = truths(pool, size, wanted, rng)
        rows: dict[tuple[str, int], list[tuple[float, ...]]] = {}
        for scored in samples(pool, size, max(FEW), wanted, rng):
            for metric, few in product(wanted.metrics, FEW):
                chosen = scored[metric].select(np.arange(max(FEW)) < few)
                found = mean_interval(chosen, rng, scale=even(metric))
                bent = on_its_scale(found, metric)
                row = (
                    contains(as_it_is(found, metric), true[metric]),
                    contains(bent, true[metric]),
                    bent.high - bent.low,
                    bent.high / bent.estimate,
                )
                rows.setdefault((metric, few), []).append(row)
        for (metric, few), found_rows in rows.items():
            plain, bent_rate, _, _ = np.nanmean(found_rows, axis=0)
            _, _, width, ratio = np.nanmedian(found_rows, axis=0)
            print(
                f"| {name} | {size} | `{metric}` | {few} | {100 * plain:.1f} | {100 * bent_rate:.1f} "
                f"| {width:.3f} | {ratio:.1f} |",
                flush=True,
            )


def print_groups(wanted: Wanted) -> None:
    """Coverage of means of group means."""
    print("\n| world | N | groups x items | metric | coverage | median width |\n" + "|---" * 6 + "|")
    for name, size, (title, num_groups, each) in product(wanted.worlds, wanted.sizes, GROUPS):
        rng = np.random.default_rng([wanted.numbers.seed, 33, WORLDS.index(name), size, num_groups, each])
        pool = world(name, rng, POOL_SIZE)
        true = truths(pool, size, wanted, rng)
        labels = [str(index % num_groups) for index in range(num_groups * each)]
        rows: dict[str, list[tuple[float, float]]] = {metric: [] for metric in wanted.metrics}
        for scored in samples(pool, size, len(labels), wanted, rng):
            for metric in wanted.metrics:
                scale = any_number_of_items(metric)
                found = mean_interval(scored[metric], rng, groups=labels, scale=scale)
                rows[metric].append((contains(found, true[metric]), found.high - found.low))
        for metric, found_rows in rows.items():
            rate, width = np.nanmean(found_rows, axis=0)[0], np.nanmedian(found_rows, axis=0)[1]
            print(f"| {name} | {size} | {title} | `{metric}` | {100 * rate:.1f} | {width:.3f} |", flush=True)


def print_style(wanted: Wanted) -> None:
    """Coverage where one trait moves all answers of a respondent the same way."""
    heads = ("world", "N", "metric", "as it is", "on its scale", "and least of draws", "mean width")
    print(f"\n| {' | '.join(heads)} |\n" + "|---" * len(heads) + "|")
    for name, size in product(wanted.worlds, wanted.sizes):
        rng = np.random.default_rng([wanted.numbers.seed, 35, WORLDS.index(name), size])
        pool = [replace(item, loading=STYLE, trait=0) for item in world(name, rng, POOL_SIZE)]
        true = truths(pool, size, wanted, rng)
        rows: dict[str, list[tuple[float, ...]]] = {metric: [] for metric in wanted.metrics}
        for scored in samples(pool, size, wanted.numbers.items, wanted, rng):
            for metric in wanted.metrics:
                jackknife = mean_interval(scored[metric], rng)
                found = mean_interval(scored[metric], rng, scale=even(metric))
                bent = on_its_scale(found, metric)
                kinds = (as_it_is(jackknife, metric), on_its_scale(jackknife, metric), bent)
                hits = (contains(one, true[metric]) for one in kinds)
                rows[metric].append((*hits, bent.high - bent.low))
        for metric, found_rows in rows.items():
            *rates, width = np.mean(found_rows, axis=0)
            shares = " | ".join(f"{100 * rate:.1f}" for rate in rates)
            print(f"| {name} | {size} | `{metric}` | {shares} | {width:.4f} |", flush=True)


def print_normalised(wanted: Wanted) -> None:
    """Coverage of the normalised score, and how often it has no interval."""
    print("\n| model | N | items | metric | to first order | Fieller | none |\n" + "|---" * 7 + "|")
    for name, size in product(("people", "typical", "random"), wanted.sizes):
        rng = np.random.default_rng([wanted.numbers.seed, 37, len(name), size])
        pool = world("typical", rng, POOL_SIZE)
        people = [replace(item, model=item.human) for item in pool]
        random = [replace(item, model=uniform_rates(item.human, form=FORM)) for item in pool]
        pool = {"people": people, "typical": pool, "random": random}[name]
        scales = {}
        for metric in wanted.metrics:
            value, floor, uniform = (
                item_expectations(items, metric, size, rng) for items in (pool, people, random)
            )
            scales[metric] = Scale(floor, uniform, 1 - (value - floor).mean() / (uniform - floor).mean())
        for num_items in SPANS:
            for metric, found in normalised_hits(pool, scales, size, num_items, wanted, rng).items():
                rates = " | ".join(f"{100 * rate:.1f}" for rate in np.nanmean(found, axis=0))
                print(f"| {name} | {size} | {num_items} | `{metric}` | {rates} |", flush=True)


@dataclass(frozen=True)
class Scale:
    """What a normalised score of a world is measured on: of each item, and the true score of all."""

    floor: Array
    uniform: Array
    true: float


def normalised_hits(
    pool: Sequence[WorldItem],
    scales: Mapping[str, Scale],
    size: int,
    num_items: int,
    wanted: Wanted,
    rng: np.random.Generator,
) -> dict[str, list[tuple[float, float, float]]]:
    """Whether intervals to first order and by Fieller hold the truth, and whether there is none."""
    hits: dict[str, list[tuple[float, float, float]]] = {metric: [] for metric in scales}
    for _ in range(wanted.numbers.repetitions):
        chosen = rng.integers(len(pool), size=num_items)
        weights = draw_weights(size, rng, wanted.numbers.draws)
        panel = resampled([pool[index] for index in chosen], weights, rng)
        for metric, scores in score_draws_by_metric(*panel, scales).items():
            scale = scales[metric]
            items = ItemScores(scores.values, scale.floor[chosen], scale.uniform[chosen], scores.values)
            first_order = mean_interval(normalised_draws(scores, items), rng)
            fieller = normalised_interval(scores, items, rng)
            both = (contains(one, scale.true) for one in (first_order, fieller))
            hits[metric].append((*both, float(bool(fieller.why_absent))))
    return hits


def print_pairs(wanted: Wanted) -> None:
    """False alarms at the 5 % level on few items."""
    print("\n| world | N | metric | items | false alarms |\n" + "|---" * 5 + "|")
    for name, size in product(wanted.worlds, wanted.sizes):
        rng = np.random.default_rng([wanted.numbers.seed, 39, WORLDS.index(name), size])
        alarms: dict[tuple[str, int], list[bool]] = {}
        for _ in range(wanted.numbers.repetitions):
            one = world(name, rng, max(FEW))
            other = [replace(item, model=opinion(item.human, name, rng)) for item in one]
            ones, others = score_models((one, other), size, wanted.metrics, rng, wanted.numbers)
            for metric, few in product(wanted.metrics, FEW):
                chosen = np.arange(max(FEW)) < few
                comparison = paired_comparison(
                    ones[metric].select(chosen),
                    others[metric].select(chosen),
                    rng,
                    same_respondents=True,
                    scale=any_number_of_items(metric).of_differences(),
                )
                alarms.setdefault((metric, few), []).append(comparison.p_value < LEVEL)
        for (metric, few), found in alarms.items():
            print(f"| {name} | {size} | `{metric}` | {few} | {100 * np.mean(found):.1f} |", flush=True)


TABLES: Final[dict[str, Callable[[Wanted], None]]] = {
    "few": print_few,
    "groups": print_groups,
    "style": print_style,
    "normalised": print_normalised,
    "pairs": print_pairs,
}


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=300)
    parser.add_argument("--items", type=int, default=100, help="of the table style")
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 200])
    parser.add_argument("--metrics", nargs="+", default=list(METRICS))
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=list(WORLDS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    given = parser.parse_args()
    numbers = Numbers(given.repetitions, given.items, given.draws, given.seed)
    for table in given.tables:
        TABLES[table](Wanted(numbers, given.sizes, given.metrics, given.worlds))


if __name__ == "__main__":
    main()
