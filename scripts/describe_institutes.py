"""Describes how far people of one country are from each other when two institutes ask them nearly the same.

Prints the tables of docs/concepts/peoples_figures.md from data/institutes. Takes seconds.

    python scripts/describe_institutes.py
"""

from collections.abc import Iterator, Sequence

import numpy as np

from def_sim.evaluation.institutes import PairDistance, PairKind, pair_distance
from def_sim.resources import data_folder
from def_sim.surveys.institute_pairs import read_institute_pairs

SEED = 1
NUM_DRAWS = 1000


def distances() -> list[PairDistance]:
    """Of all pairs."""
    pairs = read_institute_pairs(data_folder())
    return [pair_distance(pair, seed=SEED, num_draws=NUM_DRAWS) for pair in pairs]


def group_of(one: PairDistance) -> str:
    """Which sources, or that it is two versions of one."""
    if one.pair.kind is PairKind.WORDING:
        return "two wordings within GSS 2022"
    return f"{_source(one.pair.first.name)}, {_source(one.pair.second.name)}"


def _source(name: str) -> str:
    return {"wvs7": "WVS 2017", "gss2022": "GSS 2022", "pew_atp": "Pew 2016"}[name.partition(".")[0]]


def summary(found: Sequence[PairDistance]) -> Iterator[str]:
    """Means by sources."""
    yield "| sources | pairs | JSD | by chance | TV | by chance | TV, median | TV, most |"
    yield "|---|---|---|---|---|---|---|---|"
    groups = {name: [one for one in found if group_of(one) == name] for name in map(group_of, found)}
    for name, members in groups.items():
        means = [
            float(np.mean([getattr(one, field) for one in members]))
            for field in ("js_divergence", "js_by_chance", "total_variation", "variation_by_chance")
        ]
        variations = [one.total_variation for one in members]
        yield (
            f"| {name} | {len(members)} | {means[0]:.4f} | {means[1]:.4f} | {means[2]:.3f} | {means[3]:.3f} "
            f"| {np.median(variations):.3f} | {max(variations):.3f} |"
        )


def single(found: Sequence[PairDistance]) -> Iterator[str]:
    """A row a pair."""
    yield "\n| topic | first | second | JSD | TV | by chance |"
    yield "|---|---|---|---|---|---|"
    for one in found:
        pair = one.pair
        yield (
            f"| {pair.topic} | {pair.first.name} | {pair.second.name} | {one.js_divergence:.4f} "
            f"| {one.total_variation:.3f} | {one.variation_by_chance:.3f} |"
        )


def main() -> None:
    """Prints both tables."""
    found = distances()
    print("\n".join((*summary(found), *single(found))))


if __name__ == "__main__":
    main()
