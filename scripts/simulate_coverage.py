"""Simulates how often the intervals of scores hold what they promise, and prints the table.

Invented worlds: items with 2 to 10 options, people's shares, and a model whose respondents answer from
shares of its own, hanging together through three latent traits. Each repetition draws items and
respondents anew, computes the interval as a report would and looks whether the true value, known here, is
in it. The figures in docs/concepts/intervals.md come from

    python scripts/simulate_coverage.py --repetitions 300
    python scripts/simulate_coverage.py --repetitions 300 --tables comparisons

the second of which computes the tables of comparisons only. Further tables have people with the shipped
shares of a country: `tilt` (lean towards groups, `simulate_tilt`), `structure` and `slope`
(`simulate_dependence`), `groups` and `steering` (flattening, stereotyping, and what saying the group
changes, `simulate_groups`). `weights` has the scores of weighted panels (`simulate_weights`).
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Final

import numpy as np
from scipy.stats import norm

from def_sim.metrics.bootstrap import (
    ResampledPanel,
    ScoreDraws,
    draw_weights,
    resample_panel,
    score_draws_by_metric,
)
from def_sim.metrics.fieller import normalised_interval
from def_sim.metrics.intervals import Interval, mean_interval
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.limit import draw_way, limit_interval, score_way_by_metric
from def_sim.metrics.noise_floor import draw_samples, uniform_rates
from def_sim.metrics.normalised import ItemScores
from def_sim.metrics.paired import paired_comparison
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.panel_scores import score_panel
from def_sim.metrics.sample import Array, Sample
from def_sim.metrics.score_scale import SCALES

WORLDS: Final = ("people", "typical", "peaked", "mixed")
METRICS: Final = ("js_divergence", "total_variation", "wasserstein", "kl_smoothed_model_human")
NUM_OPTIONS, OPTION_RATES = (2, 3, 4, 5, 7, 10), (0.25, 0.15, 0.25, 0.15, 0.08, 0.12)
POOL_SIZE: Final = 600  # items that could have been asked
FORM: Final = ItemForm(is_ordered=True)
NUM_PEOPLE: Final = 1500.0
LEVEL: Final = 0.05
FEW_ITEMS: Final = 15  # about a dimension
TABLES: Final = (
    *("coverage", "misses", "comparisons", "tilt"),
    *("structure", "slope", "groups", "steering", "weights"),
)
CLOSER: Final = 0.25  # share of a closer model's answers that are given as people give them
UNEVEN: Final = 0.15  # share of items on which an uneven model is not like people, but peaked


@dataclass(frozen=True)
class Numbers:
    """How much is simulated."""

    repetitions: int
    items: int
    draws: int
    seed: int


@dataclass(frozen=True)
class WorldItem:
    """An item of an invented world: shares of people and of the model, and the trait behind the answers."""

    human: Array  # (K,)
    model: Array  # (K,)
    loading: float  # correlation of the answer with its trait
    trait: int

    @property
    def people(self) -> Sample:
        """The people behind the reference."""
        return Sample.of_people(self.human, NUM_PEOPLE)


def world(name: str, rng: np.random.Generator, size: int) -> list[WorldItem]:
    """Items of a world.

    `people`: the model answers like people; `typical`: half like people; `peaked`: with strong
    opinions of its own; `mixed`: like people on half of the items and peaked on the others.
    """
    return [_item(name, rng) for _ in range(size)]


def _item(name: str, rng: np.random.Generator) -> WorldItem:
    num_options = int(rng.choice(NUM_OPTIONS, p=OPTION_RATES))
    human = np.maximum(rng.dirichlet(np.full(num_options, 1.2)), 0.002)
    human /= human.sum()
    loading = float(rng.uniform(0, 0.8) * rng.choice([-1, 1]))
    return WorldItem(human, opinion(human, name, rng), loading, int(rng.integers(3)))


def opinion(human: Array, name: str, rng: np.random.Generator) -> Array:
    """The shares of one more model of this world on an item."""
    kind = str(rng.choice(["people", "peaked"])) if name == "mixed" else name
    own_share, concentration = {"people": (0.0, 1.0), "typical": (0.5, 0.6), "peaked": (0.8, 0.25)}[kind]
    own = rng.dirichlet(np.full(human.size, concentration))
    return np.asarray((1 - own_share) * human + own_share * own)


def answers(items: Sequence[WorldItem], num_respondents: int, rng: np.random.Generator) -> PanelAnswers:
    """A panel whose shares are the model's and whose respondents have traits."""
    traits = rng.standard_normal((num_respondents, 3))
    columns = []
    for item in items:
        noise = rng.standard_normal(num_respondents)
        leaning = item.loading * traits[:, item.trait] + np.sqrt(1 - item.loading**2) * noise
        columns.append(np.searchsorted(np.cumsum(item.model)[:-1], norm.cdf(leaning)))
    return PanelAnswers.from_choices(np.array(columns).T, [item.human.size for item in items])


def true_values(
    pool: Sequence[WorldItem], metric: str, size: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Each item's expected score at N, and its limit; shape (pool,) each."""
    endless = [Sample(item.model * 1e9, 1e9) for item in pool]
    limits = score_panel(endless, [item.people for item in pool], [FORM] * len(pool), metric)
    return item_expectations(pool, metric, size, rng), limits


def resampled(
    items: Sequence[WorldItem], weights: Array, rng: np.random.Generator
) -> tuple[ResampledPanel, list[Sample], list[ItemForm]]:
    """A panel's answers, resampled, with what they are scored against."""
    panel = answers(items, weights.shape[1], rng)
    return resample_panel(panel, weights), [item.people for item in items], [FORM] * len(items)


@dataclass(frozen=True)
class Hits:
    """Share of repetitions whose interval contained the truth."""

    at_n: float
    few_items: float  # at N, of the mean over FEW_ITEMS of the items
    limit: float  # NaN where no limit is offered
    width: float  # mean, at N


def coverage(name: str, size: int, metrics: Sequence[str], numbers: Numbers) -> dict[str, Hits]:
    """Coverage over repetitions, each with its own items and respondents."""
    rng = np.random.default_rng([numbers.seed, WORLDS.index(name), size])
    pool = world(name, rng, POOL_SIZE)
    truths = {metric: true_values(pool, metric, size, rng) for metric in metrics}
    found: dict[str, list[tuple[float, ...]]] = {metric: [] for metric in metrics}
    for _ in range(numbers.repetitions):
        chosen = rng.integers(len(pool), size=numbers.items)
        items = [pool[index] for index in chosen]
        panel, people, forms = resampled(items, draw_weights(size, rng, numbers.draws), rng)
        way = draw_way(panel, people, forms, rng, num_draws=20)
        ways = score_way_by_metric(way, people, forms, metrics)
        for metric, scores in score_draws_by_metric(panel, people, forms, metrics).items():
            scale = SCALES[metric]
            at_n = mean_interval(scores, rng, scale=scale)
            few = mean_interval(scores.select(np.arange(len(items)) < FEW_ITEMS), rng, scale=scale)
            limit = limit_interval(at_n, ways[metric], size)
            at_size, endless = truths[metric]
            row = (
                contains(at_n, at_size.mean()),
                contains(few, at_size.mean()),
                contains(limit, endless.mean()),
                at_n.high - at_n.low,
            )
            found[metric].append(row)
    return {metric: Hits(*map(float, np.mean(rows, axis=0))) for metric, rows in found.items()}


def contains(interval: Interval, truth: float) -> float:
    """1 or 0; NaN without an interval."""
    if interval.why_absent:
        return float("nan")
    return float(interval.low - 1e-9 <= truth <= interval.high + 1e-9)


def found_different(
    name: str, size: int, metrics: Sequence[str], numbers: Numbers, *, closer: float = 0.0
) -> dict[str, float]:
    """Share of repetitions in which two models are found to differ at the 5 % level: false alarms, or power.

    Given people, the opinions of both are drawn alike, so neither is better over the items that could
    have been asked; unless the second gives the share `closer` of its answers as people do.
    """
    rng = np.random.default_rng([numbers.seed, 99, WORLDS.index(name), size])
    found: dict[str, list[bool]] = {metric: [] for metric in metrics}
    for _ in range(numbers.repetitions):
        one = world(name, rng, numbers.items)
        other = [
            replace(item, model=(1 - closer) * opinion(item.human, name, rng) + closer * item.human)
            for item in one
        ]
        ones, others = score_models((one, other), size, metrics, rng, numbers)
        for metric in metrics:
            p_value = paired_comparison(ones[metric], others[metric], rng, same_respondents=True).p_value
            found[metric].append(p_value < LEVEL)
    return {metric: float(np.mean(rows)) for metric, rows in found.items()}


def found_uneven(size: int, metrics: Sequence[str], numbers: Numbers) -> dict[str, float]:
    """False alarms between a model like people and one that is so on most items and far off on a few.

    Each score is taken above its expectation over all items, so neither is better; the differences are
    skewed, which those of two models of a kind never are.
    """
    rng = np.random.default_rng([numbers.seed, 55, size])
    pool = world("people", rng, POOL_SIZE)
    names = np.where(rng.random(len(pool)) < UNEVEN, "peaked", "people")
    uneven = [
        replace(item, model=opinion(item.human, name, rng)) for item, name in zip(pool, names, strict=True)
    ]
    means = {
        metric: [item_expectations(items, metric, size, rng).mean() for items in (pool, uneven)]
        for metric in metrics
    }
    found: dict[str, list[bool]] = {metric: [] for metric in metrics}
    for _ in range(numbers.repetitions):
        chosen = rng.integers(len(pool), size=numbers.items)
        kinds = [[kind[index] for index in chosen] for kind in (pool, uneven)]
        ones, others = score_models(kinds, size, metrics, rng, numbers)
        for metric in metrics:
            floors = np.full(numbers.items, means[metric][0]), np.full(numbers.items, means[metric][1])
            comparison = paired_comparison(
                ones[metric], others[metric], rng, same_respondents=True, floors=floors
            )
            found[metric].append(comparison.p_value < LEVEL)
    return {metric: float(np.mean(rows)) for metric, rows in found.items()}


def score_models(
    models: Sequence[Sequence[WorldItem]],
    size: int,
    metrics: Sequence[str],
    rng: np.random.Generator,
    numbers: Numbers,
) -> list[dict[str, ScoreDraws]]:
    """Scores of a panel of each model, resampled with the same weights."""
    weights = draw_weights(size, rng, numbers.draws)
    panels = [resampled(items, weights, rng) for items in models]
    return [score_draws_by_metric(*panel, metrics) for panel in panels]


def misses(size: int, metrics: Sequence[str], numbers: Numbers) -> dict[str, tuple[float, float]]:
    """How often the normalised score's interval misses 1 for people, and 0 for uniform answerers."""
    rng = np.random.default_rng([numbers.seed, 77, size])
    pool = world("people", rng, POOL_SIZE // 2)
    random = [replace(item, model=uniform_rates(item.human, form=FORM)) for item in pool]
    ends = {
        metric: [item_expectations(items, metric, size, rng) for items in (pool, random)]
        for metric in metrics
    }
    found: dict[str, list[tuple[bool, bool]]] = {metric: [] for metric in metrics}
    for _ in range(numbers.repetitions):
        chosen = rng.integers(len(pool), size=numbers.items)
        kinds = [[kind[index] for index in chosen] for kind in (pool, random)]
        scored = score_models(kinds, size, metrics, rng, numbers)
        for metric in metrics:
            floor, uniform = (end[chosen] for end in ends[metric])
            both = [
                _misses(scores[metric], floor, uniform, truth, rng)
                for scores, truth in zip(scored, (1.0, 0.0), strict=True)
            ]
            found[metric].append((both[0], both[1]))
    rates = {metric: np.mean(rows, axis=0) for metric, rows in found.items()}
    return {metric: (float(rate[0]), float(rate[1])) for metric, rate in rates.items()}


def item_expectations(items: Sequence[WorldItem], metric: str, size: int, rng: np.random.Generator) -> Array:
    """Each item's expected score of a panel drawn from the model's shares."""
    drawn = [draw_samples(item.model, size, rng, form=FORM) for item in items]
    people, forms = [item.people for item in items], [FORM] * len(items)
    return np.asarray(score_panel(drawn, people, forms, metric).mean(axis=0))


def _misses(scores: ScoreDraws, floor: Array, uniform: Array, truth: float, rng: np.random.Generator) -> bool:
    items = ItemScores(scores.values, floor, uniform, human_to_human=np.full_like(floor, np.nan))
    return not contains(normalised_interval(scores, items, rng), truth)


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.1f}"


def print_coverage(sizes: Sequence[int], metrics: Sequence[str], numbers: Numbers) -> None:
    """Intervals of means, as a Markdown table, row by row as they are ready."""
    print(f"| world | N | metric | at N | at N, {FEW_ITEMS} items | limit | width |\n" + "|---" * 7 + "|")
    for name, size in product(WORLDS, sizes):
        for metric, hits in coverage(name, size, metrics, numbers).items():
            shares = " | ".join(map(_percent, (hits.at_n, hits.few_items, hits.limit)))
            print(f"| {name} | {size} | `{metric}` | {shares} | {hits.width:.4f} |", flush=True)


def print_misses(sizes: Sequence[int], metrics: Sequence[str], numbers: Numbers) -> None:
    """Normalised scores."""
    print("\n| N | metric | misses 1, people | misses 0, uniform |\n|---|---|---|---|")
    for size in sizes:
        for metric, (people, uniform) in misses(size, metrics, numbers).items():
            print(f"| {size} | `{metric}` | {_percent(people)} | {_percent(uniform)} |", flush=True)


def print_comparisons(sizes: Sequence[int], metrics: Sequence[str], numbers: Numbers) -> None:
    """Pairs of models: equally good ones, one closer than the other, and an uneven one."""
    print("\n| world | N | metric | false alarms | closer one found |\n|---|---|---|---|---|")
    for name, size in product(WORLDS, sizes):
        alarms = found_different(name, size, metrics, numbers)
        power = {} if name == "people" else found_different(name, size, metrics, numbers, closer=CLOSER)
        for metric in metrics:
            shares = f"{_percent(alarms[metric])} | {_percent(power.get(metric, float('nan')))}"
            print(f"| {name} | {size} | `{metric}` | {shares} |", flush=True)
    print("\n| items | N | metric | false alarms, uneven |\n|---|---|---|---|")
    for items, size in product((numbers.items, FEW_ITEMS), sizes):
        for metric, rate in found_uneven(size, metrics, replace(numbers, items=items)).items():
            print(f"| {items} | {size} | `{metric}` | {_percent(rate)} |", flush=True)


def print_tilt(sizes: Sequence[int], _metrics: Sequence[str], numbers: Numbers) -> None:
    """Lean towards groups."""
    from simulate_tilt import print_tilt as print_stars  # beside this script, which tests load from its file

    print_stars(sizes, numbers.repetitions, numbers.seed)


def print_structure(table: str, sizes: Sequence[int], _metrics: Sequence[str], numbers: Numbers) -> None:
    """Structure: its verdicts, or the interval of its slope."""
    from simulate_dependence import print_structure as print_table

    print_table(table, sizes, numbers.repetitions)


def print_groups(table: str, sizes: Sequence[int], _metrics: Sequence[str], numbers: Numbers) -> None:
    """Groups of people: flattening and stereotyping, or what saying the group changes."""
    import simulate_groups as simulation

    simulated = simulation.Numbers(numbers.repetitions, numbers.seed, sizes, (1.0,), simulation.WORLDS)
    simulation.print_table(table, simulation.items(), simulated)


def print_weights(sizes: Sequence[int], metrics: Sequence[str], numbers: Numbers) -> None:
    """Scores of weighted panels."""
    from simulate_weights import print_weights as print_table

    print_table(sizes, metrics, numbers)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 200])
    parser.add_argument("--metrics", nargs="+", default=list(METRICS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES[:4])
    wanted = parser.parse_args()
    numbers = Numbers(wanted.repetitions, wanted.items, wanted.draws, wanted.seed)
    printers: dict[str, Callable[[Sequence[int], Sequence[str], Numbers], None]] = {
        "coverage": print_coverage,
        "misses": print_misses,
        "comparisons": print_comparisons,
        "tilt": print_tilt,
        "structure": partial(print_structure, "structure"),
        "slope": partial(print_structure, "slope"),
        "groups": partial(print_groups, "spread"),
        "steering": partial(print_groups, "steering"),
        "weights": print_weights,
    }
    for table in wanted.tables:
        printers[table](wanted.sizes, wanted.metrics, numbers)


if __name__ == "__main__":
    main()
