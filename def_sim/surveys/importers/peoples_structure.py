"""How the people of an import answer two items together, and how far their halves are apart.

Both go into the user's home as sums over people; whose answers they are cannot be seen from them.

Letters: N people, Q items, C clusters, K options.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from def_sim.metrics.design import Array, SampleDesign, effective_people
from def_sim.metrics.halves import MEASURES, distances_of_halves, expected_distances, split_clusters
from def_sim.metrics.item_metrics import ItemForm
from def_sim.randomness import keyed_rng
from def_sim.records import MeasurementLevel, QuestionType
from def_sim.surveys.human_reference import ReferenceSource
from def_sim.surveys.human_structure import StructureSource
from def_sim.surveys.importers.cells import MENTIONED, variables_of
from def_sim.surveys.importers.contract import GroupFigures, HalvesRow, StructureFigures
from def_sim.surveys.importers.people import People, Reply
from def_sim.surveys.item_bank import Item

FEWEST_PAIRS: Final = 30  # people who answered both, below which a correlation is not written
TIED: Final = 0.9  # from here on two items are taken for one that was coded twice
_SEED: Final = 0  # of the halves: the same file gives the same bytes


def structure_of(
    items: Sequence[Item], people: People, figures: Sequence[GroupFigures], provenance: ReferenceSource
) -> StructureFigures:
    """Correlations and halves over the people behind the figures.

    Args:
        items: In the order of the questionnaire.
        people: Who were asked.
        figures: Theirs; items that have none are left out here, too.
        provenance: Of the figures.
    """
    everyone = {one.item_id: one for one in figures if one.group == "all"}
    asked = [item for item in items if item.id in everyone]
    ordered = [item for item in asked if has_correlations(item, people.population)]
    pairs, tied = _pairs(ordered, people)
    nominal = [_name(item) for item in asked if item not in ordered]
    left_out = [f"{', '.join(nominal)}: nominal, or several choices"] if nominal else []
    left_out += [f"{a} with {b}: r = {r:.2f}, one answer coded twice" for a, b, r, _ in tied]
    count = people.weights > 0
    source = StructureSource(
        **{name: getattr(provenance, name) for name in _SHARED},
        effective_share=round(max(effective_people(people.weights) / max(int(count.sum()), 1), 1e-4), 4),
        left_out=left_out,
    )
    return StructureFigures(source, tuple(pairs), tuple(_halves(asked, people, everyone)))


_SHARED: Final = ("population", "source", "title", "year", "weight", "release", "citation", "terms")
_Pair = tuple[str, str, float, int]


def has_correlations(item: Item, population: str) -> bool:
    """Whether an item's codes have an order, which two options have whatever they are."""
    if item.type is QuestionType.MULTIPLE:
        return False
    return item.level is not MeasurementLevel.NOMINAL or len(item.shown_options(population)) == 2


def _name(item: Item) -> str:
    return item.id.partition(".")[2]


def _pairs(items: Sequence[Item], people: People) -> tuple[list[_Pair], list[_Pair]]:
    """Pairs of items that are written, and those that are tied together."""
    if not items:
        return [], []
    columns = [_answers(item, people) for item in items]
    r, n = weighted_correlations(np.array(columns).T, people.weights)
    found = [
        (_name(items[a]), _name(items[b]), float(r[a, b]), int(n[a, b]))
        for a in range(len(items))
        for b in range(a + 1, len(items))
        if n[a, b] >= FEWEST_PAIRS and np.isfinite(r[a, b])
    ]
    return [one for one in found if not is_tied(one[2])], [one for one in found if is_tied(one[2])]


def is_tied(r: float) -> bool:
    """Whether two items with this correlation are one answer that was coded twice."""
    return abs(r) >= TIED


def _answers(item: Item, people: People) -> Array:
    """Codes as they were asked, shape (N,); NaN without an answer that counts."""
    replies = people.replies[item.variable]
    is_valid = (replies.kinds == Reply.ANSWER) & ~np.isin(replies.codes, item.volunteered)
    return np.where(is_valid, replies.codes.astype(np.float64), np.nan)


def weighted_correlations(values: Array, weights: Array) -> tuple[Array, Array]:
    """Weighted Pearson correlations over the people who have both values, and how many these are.

    Args:
        values: Shape (N, Q); NaN: none.
        weights: Shape (N,), at least 0.

    Returns:
        r and n, shape (Q, Q) each; r is NaN where either does not vary.
    """
    has_value = np.isfinite(values)
    sums = weights @ has_value
    means = weights @ np.nan_to_num(values) / np.where(sums > 0, sums, 1)
    x = np.where(has_value, values - means, 0.0)  # near 0, so that little is lost in differences of sums
    m = has_value.astype(np.float64)
    weighted_m, weighted_x = weights[:, None] * m, weights[:, None] * x
    total = m.T @ weighted_m
    total = np.where(total > 0, total, np.nan)
    mean_a = x.T @ weighted_m / total  # of the first item over those who have both
    covariance = x.T @ weighted_x / total - mean_a * mean_a.T
    variance_a = (x**2).T @ weighted_m / total - mean_a**2
    spread = np.sqrt(np.maximum(variance_a, 0) * np.maximum(variance_a.T, 0))
    varies = spread > 1e-9
    r = np.where(varies, covariance / np.where(varies, spread, 1), np.nan)
    return np.clip(r, -1, 1), m.T @ m


def _halves(items: Sequence[Item], people: People, figures: Mapping[str, GroupFigures]) -> list[HalvesRow]:
    design = people.design or SampleDesign.of(None, None, num_people=len(people.weights))
    num_clusters = len(design.stratum_of)
    first = split_clusters(num_clusters, keyed_rng(_SEED, people.population, "halves of people"))
    return [_halves_of(item, people, design, first, figures[item.id]) for item in items]


def _halves_of(
    item: Item, people: People, design: SampleDesign, first: Array, figures: GroupFigures
) -> HalvesRow:
    is_multiple = item.type is QuestionType.MULTIPLE
    form = ItemForm(
        is_ordered=item.level is not MeasurementLevel.NOMINAL,
        is_multiple=is_multiple,
        max_choices=item.max_choices,
    )
    names = variables_of(item, people.population)
    codes = [MENTIONED] * len(figures.codes) if is_multiple else list(figures.codes)
    mentions, bases = [], []
    for place, code in enumerate(codes):
        replies = people.replies[names[place] if is_multiple else names[0]]
        is_valid = (replies.kinds == Reply.ANSWER) & ~np.isin(replies.codes, item.volunteered)
        mentions.append(_sums(design, people.weights * (is_valid & (replies.codes == code))))
        bases.append(_sums(design, people.weights * is_valid))
    found = distances_of_halves(np.array(mentions).T, np.array(bases).T, first, form)
    worth = figures.effective_people or float(figures.n or 0)
    rng = keyed_rng(_SEED, people.population, item.id, "halves of drawn people")
    return HalvesRow(item.id, found, expected_distances(np.array(figures.shares), worth, rng, form))


def _sums(design: SampleDesign, values: Array) -> Array:
    return np.bincount(design.cluster_of, values, len(design.stratum_of)).astype(np.float64)


def ratio_in_words(halves: Sequence[HalvesRow]) -> str:
    """Distances of halves over those expected, on average over the items, for the terminal."""
    parts = []
    for name in MEASURES:
        pairs = np.array([(row.found[name], row.expected[name]) for row in halves], dtype=np.float64)
        pairs = pairs[np.isfinite(pairs).all(axis=1)] if len(pairs) else pairs
        if len(pairs) and pairs[:, 1].sum() > 0:
            parts.append(f"{name} {pairs[:, 0].sum() / pairs[:, 1].sum():.2f}")
    return ", ".join(parts)
