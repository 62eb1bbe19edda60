"""Simulates what standard errors and design effects of imported figures promise, on clustered samples.

A population has strata of clusters whose people are alike. Clusters are drawn in each stratum, people within
them with unequal chances, which their weights undo. The figures in docs/concepts/peoples_figures.md come from

    python scripts/simulate_design.py
"""

import argparse
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.stats import norm, t

from def_sim.metrics.design import (
    Array,
    SampleDesign,
    design_effect_of_shares,
    effective_people,
    share_variances,
)

NUM_STRATA: Final = 5
NUM_CLUSTERS: Final = 12  # drawn in each stratum
IN_CLUSTER: Final = 12  # people drawn
SHARES: Final = np.array([0.45, 0.3, 0.15, 0.1])  # of options, before strata and clusters differ
LEVEL: Final = 0.95


@dataclass(frozen=True)
class World:
    """How a population hangs together."""

    name: str
    alike: float  # of people of a cluster: their intraclass correlation, about
    strata: float  # how much strata differ, as `alike`
    weights: bool  # whether people have unequal chances, which go with their answers


WORLDS: Final = (
    World("independent", 0.0, 0.0, weights=False),
    World("weights", 0.0, 0.0, weights=True),
    World("clusters", 0.10, 0.0, weights=False),
    World("clusters, strata, weights", 0.10, 0.05, weights=True),
)


class Figures(NamedTuple):
    """Of one drawn sample and one option."""

    share: float
    error: float  # standard error by the design
    kish_error: float  # by weights alone
    effect: float  # design effect of the question


def cluster_shares(world: World, count: int, rng: np.random.Generator) -> Array:
    """What people of each cluster of each stratum would say, shape (strata, count, K)."""
    base = _around(np.broadcast_to(SHARES, (NUM_STRATA, SHARES.size)), world.strata, np.random.default_rng(7))
    return _around(np.repeat(base[:, None], count, axis=1), world.alike, rng)


def _around(shares: Array, alike: float, rng: np.random.Generator) -> Array:
    """Dirichlet draws around shares, whose people would be alike by that intraclass correlation."""
    if alike == 0:
        return np.array(shares)
    gammas = rng.gamma(shares * (1 - alike) / alike)
    return np.asarray(gammas / gammas.sum(axis=-1, keepdims=True), dtype=np.float64)


def chances(world: World) -> Array:
    """How likely people who choose each option are to be drawn, relative to each other, shape (K,)."""
    return np.array([1.0, 2.0, 1.0, 3.0]) if world.weights else np.ones(SHARES.size)


def true_shares(world: World, rng: np.random.Generator) -> Array:
    """Of the whole population, shape (K,): strata are of equal size."""
    return cluster_shares(world, 200_000 // NUM_STRATA, rng).mean(axis=(0, 1))


def drawn_figures(world: World, rng: np.random.Generator, option: int = 0) -> Figures:
    """One sample, and what its file says of an option."""
    shares = cluster_shares(world, NUM_CLUSTERS, rng)
    # A cluster stands for more people, the less likely its people are to be met.
    met = shares * chances(world)
    sizes = met.sum(axis=-1, keepdims=True)
    counts = rng.multinomial(IN_CLUSTER, met / sizes)  # (strata, clusters, K)
    of_people = np.repeat(np.arange(counts.size), counts.ravel())
    codes, cluster = of_people % SHARES.size, of_people // SHARES.size
    weights = (sizes / chances(world)).reshape(-1)[of_people]
    design = SampleDesign.of(cluster // NUM_CLUSTERS, cluster, num_people=len(codes))
    chosen = codes[:, None] == np.arange(SHARES.size)
    found = weights @ chosen / weights.sum()
    variances = share_variances(chosen, weights, design)
    kish = found[option] * (1 - found[option]) / effective_people(weights)
    effect = design_effect_of_shares(found, variances, len(codes))
    return Figures(float(found[option]), float(np.sqrt(variances[option])), float(np.sqrt(kish)), effect)


class Outcome(NamedTuple):
    """Over many samples."""

    ratio: float  # mean standard error over the spread of the estimates
    coverage: float  # of intervals with Student's quantile of clusters - strata
    kish_coverage: float  # of intervals by weights alone
    effect: float  # mean design effect


def outcome(world: World, num_samples: int, seed: int) -> Outcome:
    """What the figures promise, and what is so."""
    rng = np.random.default_rng([seed, WORLDS.index(world)])
    truth = float(true_shares(world, rng)[0])
    found = np.array([drawn_figures(world, rng) for _ in range(num_samples)])
    shares, errors, kish, effects = found.T
    freedom = NUM_STRATA * (NUM_CLUSTERS - 1)
    half = (1 + LEVEL) / 2
    covered = np.abs(shares - truth) <= float(t.ppf(half, freedom)) * errors
    by_weights = np.abs(shares - truth) <= float(norm.ppf(half)) * kish
    return Outcome(
        ratio=float(errors.mean() / shares.std(ddof=1)),
        coverage=float(covered.mean()),
        kish_coverage=float(by_weights.mean()),
        effect=float(effects.mean()),
    )


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print("| population | mean standard error / spread | 95 % covers | by weights alone | design effect |")
    print("|---|---|---|---|---|")
    for world in WORLDS:
        found = outcome(world, given.samples, given.seed)
        print(
            f"| {world.name} | {found.ratio:.3f} | {100 * found.coverage:.1f} | "
            f"{100 * found.kish_coverage:.1f} | {found.effect:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
