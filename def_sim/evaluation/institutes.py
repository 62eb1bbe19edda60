"""What a change of institute costs: people against their country's people, asked nearly the same elsewhere.

Whoever words questions anew cannot expect a panel to be nearer to people than another institute's people are.
So a run's own items stand beside the distance between institutes on the same answers, coarsened alike.

Letters: K categories, N respondents, B draws.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from def_sim.evaluation.distributions import QuestionDistribution, pool_wordings
from def_sim.evaluation.findings import Finding
from def_sim.metrics.aggregation import defined_mean
from def_sim.metrics.divergence import js_of_shares, variation_of_shares
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.noise_floor import draw_samples, expected_score
from def_sim.metrics.sample import Array, Sample, normalise
from def_sim.randomness import keyed_rng
from def_sim.records import ItemReference
from def_sim.surveys.institute_pairs import InstitutePair, PairKind, Side

__all__ = [
    "InstitutePair",
    "Institutes",
    "PairDistance",
    "PairKind",
    "PanelDistance",
    "coarsened",
    "institutes",
    "pair_distance",
]

NO_PAIRS: Final = "No pairs of nearly equal questions are known for this country."
NO_ITEMS: Final = "The panel answered no item that another institute asked, too."
_FORM: Final = ItemForm(is_ordered=False, is_multiple=False, max_choices=1)
_MOST_DRAWS: Final = 200  # means over draws of single pairs, with standard errors far below their size


@dataclass(frozen=True, slots=True)
class PairDistance:
    """Distance between the people of two sources, in Jensen-Shannon divergence and total variation."""

    pair: InstitutePair
    js_divergence: float
    total_variation: float
    js_by_chance: float  # expected of two samples of these sizes of the same people
    variation_by_chance: float


@dataclass(frozen=True, slots=True)
class PanelDistance:
    """A panel on an item that another institute asked too: divergences (JSD) on the pair's categories."""

    pair: InstitutePair
    item_id: str
    panel: float  # of the panel from the item's own people
    floor: float  # expected of N of these people
    halves: float  # expected of two halves of these people
    institutes: float  # of the other institute's people from these


@dataclass(frozen=True, slots=True)
class Institutes:
    """Distances between institutes, and of a panel on the same items."""

    distances: tuple[PairDistance, ...]
    panel: tuple[PanelDistance, ...]
    reason: str = ""  # why there is nothing

    def of_kind(self, kind: PairKind) -> tuple[PairDistance, ...]:
        """Pairs between institutes, or of two versions within one survey."""
        return tuple(one for one in self.distances if one.pair.kind is kind)

    def mean(self, name: str, kind: PairKind) -> float:
        """Mean of a field of `PairDistance` over the pairs of a kind; NaN without any."""
        return _mean(getattr(one, name) for one in self.of_kind(kind))

    def panel_mean(self, name: str) -> float:
        """Mean of a field of `PanelDistance`; NaN without any."""
        return _mean(getattr(one, name) for one in self.panel)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Rows of `measures.csv`."""
        if self.reason:
            return (Finding("institutes_js_divergence", math.nan, reason=self.reason),)
        return (*self._by_kind(), *self._of_panel())

    def _by_kind(self) -> Iterable[Finding]:
        for kind in PairKind:
            num = len(self.of_kind(kind))
            for measure, by_chance in (
                ("js_divergence", "js_by_chance"),
                ("total_variation", "variation_by_chance"),
            ):
                yield Finding(
                    f"institutes_{measure}",
                    self.mean(measure, kind),
                    group=kind.value,
                    people=self.mean(by_chance, kind),
                    num_items=num,
                    reason="" if num else NO_PAIRS,
                )

    def _of_panel(self) -> Iterable[Finding]:
        for measure, name in (("panel", "panel"), ("institutes", "institutes"), ("halves", "halves")):
            yield Finding(
                f"common_items_{measure}",
                self.panel_mean(name),
                people=self.panel_mean("floor") if name == "panel" else math.nan,
                num_items=len(self.panel),
                reason="" if self.panel else NO_ITEMS,
            )


def institutes(
    pairs: Sequence[InstitutePair],
    distributions: Sequence[QuestionDistribution],
    *,
    seed: int,
    num_draws: int,
) -> Institutes:
    """All pairs, and the panel on those of its items that are in one.

    Args:
        pairs: Of the country whose people the panel is compared with.
        distributions: The panel's answers by prompt, people's shares beside them.
        seed: Of the draws.
        num_draws: B at most.
    """
    if not pairs:
        return Institutes((), (), NO_PAIRS)
    draws = min(num_draws, _MOST_DRAWS)
    answered = {one.question.item_id: one for one in pool_wordings(distributions) if one.num_answered > 0}
    of_panel = [
        _panel_distance(pair, side, answered[side.name], seed, draws)
        for pair in pairs
        if pair.kind is PairKind.INSTITUTE
        for side in (pair.first, pair.second)
        if side.name in answered
    ]
    return Institutes(
        tuple(pair_distance(pair, seed=seed, num_draws=draws) for pair in pairs),
        tuple(one for one in of_panel if one is not None),
    )


def pair_distance(pair: InstitutePair, *, seed: int, num_draws: int) -> PairDistance:
    """Of the people of both sources, beside two samples of these sizes of the same people.

    The same people: their shares are the means of both sides', weighted by effective numbers of people.
    """
    first, second = _shares(pair.first), _shares(pair.second)
    sizes = pair.first.n_for_uncertainty, pair.second.n_for_uncertainty
    joined = (first * sizes[0] + second * sizes[1]) / sum(sizes)
    rng = keyed_rng(seed, pair.id, "between institutes")
    drawn = [_drawn(joined, size, rng, num_draws) for size in sizes]
    return PairDistance(
        pair,
        float(js_of_shares(first, second)),
        float(variation_of_shares(first, second)),
        expected_score(js_of_shares(*drawn)),
        expected_score(variation_of_shares(*drawn)),
    )


def _panel_distance(
    pair: InstitutePair, side: Side, answered: QuestionDistribution, seed: int, num_draws: int
) -> PanelDistance | None:
    """None where nobody chose an option of a category, or the item has no figures here."""
    reference, other = answered.reference, pair.other_of(side.name)
    if reference is None or other is None:
        return None
    panel, people = coarsened(answered, side)
    num_people = reference.n_for_uncertainty * float(people.sum())
    if panel.sum() == 0 or num_people == 0:
        return None
    people = normalise(people)
    rng = keyed_rng(seed, pair.id, side.name, "common items")
    respondents = _drawn(people, float(panel.sum()), rng, num_draws)
    halves = [_drawn(people, num_people / 2, rng, num_draws) for _ in range(2)]
    return PanelDistance(
        pair,
        side.name,
        panel=float(js_of_shares(normalise(panel), people)),
        floor=expected_score(js_of_shares(respondents, people)),
        halves=expected_score(js_of_shares(*halves)),
        institutes=float(js_of_shares(_shares(other), people)),
    )


def coarsened(answered: QuestionDistribution, side: Side) -> tuple[Array, Array]:
    """A panel's counts and people's shares of each category; codes in no category are left out.

    Returns:
        Both of shape (K,); people's shares sum to what is in a category.
    """
    assert answered.reference is not None
    counts = dict(zip(answered.question.codes, answered.counts.tolist(), strict=True))
    shares = _by_code(answered.reference)
    panel = [sum(counts.get(code, 0.0) for code in codes) for codes in side.codes]
    people = [sum(shares.get(code, 0.0) for code in codes) for codes in side.codes]
    return np.array(panel), np.array(people)


def _by_code(reference: ItemReference) -> Mapping[int, float]:
    return dict(zip(reference.codes, reference.shares, strict=True))


def _shares(side: Side) -> Array:
    return normalise(np.array(side.shares))  # stored with six decimals


def _drawn(shares: Array, size: float, rng: np.random.Generator, num_draws: int) -> Array:
    """Shares of B samples, shape (B, K)."""
    sample: Sample = draw_samples(shares, size, rng, form=_FORM, num_draws=num_draws)
    return sample.shares


def _mean(values: Iterable[float]) -> float:
    return defined_mean(np.array(list(values), dtype=np.float64))
