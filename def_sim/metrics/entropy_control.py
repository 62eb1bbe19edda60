"""Is a panel closer to people because it knows them, or because its answers are more spread out?

Flat answers lie near everything, so a panel can win by variety alone. The control takes the variety away:
a share of the other panel's respondents is replaced by random answerers, just as many as make its mean
entropy equal. What is left of the advantage then is not due to entropy. Likewise people are
flattened (some of them answer at random) or sharpened (some give the most frequent answer) until they
are as varied as a panel: what they score is the price of that panel's variety alone.

Everything is drawn at the panel's own size, since small samples are less varied than what they come from.

Letters: K options, Q items, N respondents, T steps of dilution.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.divergence import entropy
from def_sim.metrics.equal_answers import thinned
from def_sim.metrics.intervals import Interval, mean_interval
from def_sim.metrics.item_metrics import ITEM_METRICS, ItemForm
from def_sim.metrics.noise_floor import draw_samples, expected_scores, modal_sample, uniform_rates
from def_sim.metrics.paired import difference
from def_sim.metrics.sample import Array, Sample
from def_sim.metrics.score_scale import SCALES

NUM_STEPS: Final = 11
NUM_DRAWS: Final = 60  # for each item and step; means are over many items
MOSTLY: Final = 0.5  # of an advantage that must be gone before entropy is said to explain it
_NAN: Final = float("nan")


class EntropyVerdict(StrEnum):
    """What entropy has to do with one panel being closer to people than another."""

    NO_ADVANTAGE = "no_advantage"  # the interval of the advantage is not wholly above 0
    NOT_MORE_VARIED = "not_more_varied"  # closer, although its answers are no more spread out
    EXPLAINED = "explained"  # at equal entropy at least half is gone, and the rest may be nothing
    PARTLY = "partly"  # at equal entropy some advantage is left for certain
    UNDECIDED = "undecided"  # at equal entropy the rest may be nothing, but less than half is gone
    ABSENT = "absent"  # no interval; see the advantage's reason


@dataclass(frozen=True, slots=True)
class Dilution:
    """What becomes of a panel's variety and score, step by step.

    `shares`, shape (T,): of respondents who are replaced. `entropies` and `scores`, shape (T, Q): expected.
    """

    shares: Array
    entropies: Array
    scores: Array

    def at_entropy(self, mean_entropy: float, chosen: NDArray[np.bool_]) -> tuple[float, Array]:
        """The share at which the chosen items have that mean entropy, and all scores there, shape (Q,).

        Beyond the ends of the dilution: the nearest end.
        """
        rising = np.maximum.accumulate(self.entropies[:, chosen].mean(axis=1))
        share = float(np.interp(mean_entropy, rising, self.shares))
        by_item = [np.interp(share, self.shares, column) for column in self.scores.T]
        return share, np.array(by_item)


@dataclass(frozen=True, slots=True)
class Entropies:
    """Mean entropy over the items of the comparison, in nats."""

    first: float
    second: float
    human: float


@dataclass(frozen=True, slots=True)
class EntropyFacts:
    """Whether entropy explains that a first panel is closer to people than a second, and all that says so."""

    verdict: EntropyVerdict
    advantage: Interval  # second minus first, means over items; above 0: the first is closer
    remaining: Interval  # the same once both are equally varied; NaN where that was not asked
    entropies: Entropies
    share_random: float = _NAN  # of the second panel, replaced to make it as varied as the first
    share_explained: float = _NAN  # of the advantage that is gone then; can lie outside 0..1


def explained_by_entropy(
    first: Sequence[Sample],
    second: Sequence[Sample],
    people: Sequence[Sample | None],
    forms: Sequence[ItemForm],
    metric: str,
    scores: tuple[ScoreDraws, ScoreDraws],
    rng: np.random.Generator,
    *,
    same_respondents: bool,
    fewest: Array | None = None,
) -> EntropyFacts:
    """Decides whether the first panel's advantage over the second is one of variety.

    In this order: no interval, ABSENT; the interval of the advantage reaches 0, NO_ADVANTAGE; the first
    is no more varied, NOT_MORE_VARIED; then the second is diluted to the first's mean entropy: an
    advantage still certain, PARTLY; otherwise EXPLAINED if at least half of it is gone, else UNDECIDED.

    Args:
        first: Q samples of the panel that may be better, counts of shape (K,).
        second: Of the other panel, or of a control (e.g. `noise_floor.modal_sample` of each item).
        people: Q references; items without one are left out.
        forms: Q forms of items.
        metric: A divergence in ITEM_METRICS.
        scores: Both panels' scores under that metric, from `bootstrap.score_draws`.
        rng: Of dilution and items.
        same_respondents: As for `paired.paired_comparison`.
        fewest: At how many answers each item is compared, shape (Q,), where panels have different numbers of
            them (`equal_answers.fewest_answers`); `scores` are then those of as many.

    Returns:
        The interval of what remains is taken as wide as that of the advantage around each item's own
        rest: dilution removes noise of the second panel, so it is rather too wide.
    """
    changes = difference(scores[1], scores[0], same_respondents=same_respondents)
    scale = SCALES[metric].of_differences()
    advantage = mean_interval(changes, rng, scale=scale)
    chosen = ~np.isnan(changes.values)
    compared = [_with_no_more(panel, forms, fewest, rng, (NUM_DRAWS,)) for panel in (first, second)]
    levels = Entropies(*(_mean_entropy(samples, chosen) for samples in (*compared, people)))
    if advantage.why_absent or advantage.low <= 0 or levels.first <= levels.second:
        return EntropyFacts(_early_verdict(advantage), advantage, _not_asked(advantage), levels)
    dilution = dilute_panel(second, people, forms, metric, rng, fewest=fewest)
    share, diluted = dilution.at_entropy(levels.first, chosen)
    rest = replace(changes, values=np.where(chosen, diluted - scores[0].values, np.nan))
    remaining = mean_interval(rest, rng, scale=scale)
    explained = 1 - remaining.estimate / advantage.estimate
    return EntropyFacts(_verdict(remaining, explained), advantage, remaining, levels, share, explained)


def dilute_panel(
    panel: Sequence[Sample],
    people: Sequence[Sample | None],
    forms: Sequence[ItemForm],
    metric: str,
    rng: np.random.Generator,
    *,
    fewest: Array | None = None,
) -> Dilution:
    """A panel in which more and more respondents are replaced by random answerers, up to all of them.

    With `fewest` no more of them than so many answer each item, shape (Q,).
    """

    def draw(sample: Sample, human: Sample, form: ItemForm, shares: Array) -> Sample:
        uniform = uniform_rates(human.mention_rates, form=form)
        return _with_random_answerers(sample, uniform, form, shares, rng)

    some = _with_no_more(panel, forms, fewest, rng, (NUM_STEPS, NUM_DRAWS))
    return _dilution(some, people, forms, metric, np.linspace(0, 1, NUM_STEPS), draw)


def _with_no_more(
    panel: Sequence[Sample],
    forms: Sequence[ItemForm],
    fewest: Array | None,
    rng: np.random.Generator,
    shape: tuple[int, ...],
) -> list[Sample]:
    """The panel with some of its answers to items of which it has more, drawn anew in each draw."""
    if fewest is None:
        return list(panel)
    return [
        thinned(sample, most, form, rng, shape)
        for sample, form, most in zip(panel, forms, fewest, strict=True)
    ]


def flatten_people(
    panel: Sequence[Sample],
    people: Sequence[Sample | None],
    forms: Sequence[ItemForm],
    metric: str,
    rng: np.random.Generator,
) -> Dilution:
    """People in panels of the given size, of whom a share answers at random, or like the majority.

    Args:
        panel: Q samples; only their numbers of respondents are used.
        people: Q references, whose shares are mixed.
        forms: Q forms of items.
        metric: A divergence in ITEM_METRICS.
        rng: Of the drawn panels.

    Returns:
        Shares run from -1 (all give the most frequent answer) over 0 (people as they are) to 1 (all answer
        at random), so that variety rises throughout. With `at_entropy`: people as varied as a panel.
    """

    def draw(sample: Sample, human: Sample, form: ItemForm, shares: Array) -> Sample:
        rates, share = human.mention_rates, shares[:, None]
        mode = modal_sample(rates, 1, form=form).counts
        other = np.where(share > 0, uniform_rates(rates, form=form), mode)
        mixed = (1 - np.abs(share)) * rates + np.abs(share) * other  # (T, K)
        return draw_samples(mixed, float(sample.num_respondents), rng, form=form, num_draws=NUM_DRAWS)

    return _dilution(panel, people, forms, metric, np.linspace(-1, 1, 2 * NUM_STEPS - 1), draw)


def _dilution(
    panel: Sequence[Sample],
    people: Sequence[Sample | None],
    forms: Sequence[ItemForm],
    metric: str,
    shares: Array,
    draw: Callable[[Sample, Sample, ItemForm, Array], Sample],
) -> Dilution:
    entropies = np.full((shares.size, len(panel)), np.nan)
    scores = np.full_like(entropies, np.nan)
    for index, (sample, human, form) in enumerate(zip(panel, people, forms, strict=True)):
        if human is None or not sample.counts.sum() > 0:
            continue
        drawn = draw(sample, human, form, shares)  # counts of shape (T, draws, K)
        entropies[:, index] = expected_scores(entropy(drawn.shares))
        scores[:, index] = expected_scores(ITEM_METRICS[metric](drawn, human, form))
    return Dilution(shares, entropies, scores)


def _with_random_answerers(
    sample: Sample, uniform: Array, form: ItemForm, shares: Array, rng: np.random.Generator
) -> Sample:
    """The panel with every respondent replaced with a probability, NUM_DRAWS times for each of `shares`."""
    kept_rates = 1 - shares[:, None, None]
    counts = np.rint(sample.counts).astype(np.int64)  # means over wordings need not be whole
    size = round(float(sample.num_respondents)) if form.is_multiple else int(counts.sum(axis=-1).max())
    if form.is_multiple:
        num_kept = rng.binomial(size, kept_rates, size=(shares.size, NUM_DRAWS, 1))
        kept = rng.hypergeometric(counts, size - counts, num_kept)
        added = rng.binomial(size - num_kept, uniform)
    else:
        kept = rng.binomial(counts, kept_rates, size=(shares.size, NUM_DRAWS, counts.shape[-1]))
        added = rng.multinomial(size - kept.sum(axis=-1), uniform)
    return Sample((kept + added).astype(np.float64), size)


def _mean_entropy(samples: Sequence[Sample | None], chosen: NDArray[np.bool_]) -> float:
    kept = [sample for sample, is_kept in zip(samples, chosen, strict=True) if is_kept]
    levels = [float(entropy(sample.shares).mean()) for sample in kept if sample is not None]
    return float(np.mean(levels)) if levels else _NAN


def _early_verdict(advantage: Interval) -> EntropyVerdict:
    if advantage.why_absent:
        return EntropyVerdict.ABSENT
    return EntropyVerdict.NO_ADVANTAGE if advantage.low <= 0 else EntropyVerdict.NOT_MORE_VARIED


def _verdict(remaining: Interval, share_explained: float) -> EntropyVerdict:
    if remaining.low > 0:
        return EntropyVerdict.PARTLY
    return EntropyVerdict.EXPLAINED if share_explained >= MOSTLY else EntropyVerdict.UNDECIDED


def _not_asked(advantage: Interval) -> Interval:
    return Interval(
        advantage.estimand,
        _NAN,
        num_items=advantage.num_items,
        num_undefined=advantage.num_undefined,
        why_absent="There is no advantage of a more varied panel to explain.",
    )
