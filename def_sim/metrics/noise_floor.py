"""What a score must be compared with: panels that nobody can tell from people, and panels that anybody can.

    floor           N respondents drawn from the human distribution itself: a perfect simulator
    human to human  two independent halves of the people behind the reference
    uniform         N respondents who choose at random
    mode            N respondents who all give people's most frequent answer
    other humans    N respondents drawn from the people of another country

All but the mode are *expectations at this N* over Monte Carlo draws: a small panel scores badly for being
small, at N = 20 by about (K-1)/(2N) in KL. The functions draw samples; any metric then scores them.
Randomness comes in as a generator, one for each item and purpose, so no item's draws depend on another's.

Multiple choice: options are drawn as independent mentions, because references hold the share of
people per option and not which options go together. The true dependence between mentions, and any
limit on their number, is unknown here; real panels vary somewhat less or more than these draws.

Letters: K options, N respondents, B draws.
"""

import math
from typing import Final

import numpy as np

from def_sim.metrics.aggregation import defined_mean
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.sample import Array, Sample, normalise

NUM_DRAWS: Final = 1000


def draw_samples(
    mention_rates: Array,
    num_respondents: float,
    rng: np.random.Generator,
    *,
    form: ItemForm,
    num_draws: int = NUM_DRAWS,
) -> Sample:
    """B samples of N respondents who answer like a given population.

    Args:
        mention_rates: Share of the population per option, shape (K,), or (T, K) for T populations; sums
            to 1 unless the form is multiple choice.
        num_respondents: N; a mean over wordings is rounded to a whole number, at least 1.
        rng: Generator of this item and purpose.
        form: Multiple choice draws each option's mentions on their own (see the module).
        num_draws: B.

    Returns:
        Sample with counts of shape (B, K), or (T, B, K). With N = 0 its shares are NaN.
    """
    if not math.isfinite(num_respondents):
        raise ValueError(f"A sample has a number of respondents, found {num_respondents}.")
    size = max(1, round(num_respondents)) if num_respondents > 0 else 0
    rates = np.asarray(mention_rates, dtype=np.float64)[..., None, :]
    shape = (*rates.shape[:-2], num_draws)
    if form.is_multiple:
        counts = rng.binomial(size, rates, size=(*shape, rates.shape[-1]))
    else:
        counts = rng.multinomial(size, normalise(rates), size=shape)
    return Sample(counts=counts.astype(np.float64), num_respondents=size)


def draw_halves(
    mention_rates: Array,
    num_people: float,
    rng: np.random.Generator,
    *,
    form: ItemForm,
    num_draws: int = NUM_DRAWS,
) -> tuple[Sample, Sample]:
    """Two independent halves of the people behind a reference, B times.

    How far a survey is from itself. Two full samples of people would differ by half the Jensen-Shannon
    divergence and by 1/sqrt(2) of the distances. A panel of N respondents who answer as the n people do is
    expected nearer to their figures once N > n / 3, since 1/N + 1/n is then below 2/n + 2/n.

    Args:
        mention_rates: Weighted shares of people, shape (K,).
        num_people: Effective number of people (Kish); weights make a sample worth fewer people.
        rng: Generator of this item and purpose.
        form: See `draw_samples`.
        num_draws: B.

    Returns:
        Two samples of num_people / 2 each, counts of shape (B, K).
    """
    half = max(1.0, num_people / 2)
    return (
        draw_samples(mention_rates, half, rng, form=form, num_draws=num_draws),
        draw_samples(mention_rates, half, rng, form=form, num_draws=num_draws),
    )


def uniform_rates(human_rates: Array, *, form: ItemForm) -> Array:
    """Mention rates of an answerer who chooses at random.

    For multiple choice it mentions as many options as people do on average, each as likely as any
    other: what it lacks is their taste, not their number of ticks.
    """
    rates = np.asarray(human_rates, dtype=np.float64)
    level = rates.mean() if form.is_multiple else 1 / rates.size
    return np.full(rates.size, level)


def modal_sample(human_rates: Array, num_respondents: float, *, form: ItemForm) -> Sample:
    """N respondents who all give people's most frequent answer. Exact, not an expectation.

    For multiple choice they all mention the most frequent options, as many as people mention on
    average (rounded, at least one, at most the number allowed). A tie goes to the lower code.

    Returns:
        Sample with counts of shape (K,).
    """
    rates = np.asarray(human_rates, dtype=np.float64)
    num_chosen = int(np.clip(round(float(rates.sum())), 1, form.max_choices)) if form.is_multiple else 1
    chosen = np.argsort(-rates, kind="stable")[:num_chosen]
    counts = np.zeros(rates.size)
    counts[chosen] = num_respondents
    return Sample(counts=counts, num_respondents=num_respondents)


def expected_score(draws: Array) -> float:
    """Mean over draws. Draws without a score (no option mentioned by anyone) are left out."""
    return defined_mean(draws)


def expected_scores(draws: Array) -> Array:
    """The same over the last axis, shape (..., B): one mean for each of the leading axes."""
    is_defined = ~np.isnan(draws)
    num_defined = is_defined.sum(axis=-1)
    sums: Array = np.where(is_defined, draws, 0.0).sum(axis=-1)
    return sums / np.where(num_defined > 0, num_defined, np.nan)


def normalised_score(value: float, floor: float, uniform: float) -> float:
    """Where a divergence lies between a uniform answerer (0) and a panel drawn from people (1).

    1 - (value - floor) / (uniform - floor), meant for *means* over items: of one item it is noisy.

    Args:
        value: Mean divergence of the panel; lower is better.
        floor: Expected mean divergence, at the panel's N, of respondents drawn from people.
        uniform: Expected mean divergence, at the same N, of uniform answerers.

    Returns:
        Score up to about 1; negative if worse than uniform answers, above 1 if luckier than the
        floor. NaN if uniform answers score no worse than people do: the item cannot tell them apart.
    """
    span = uniform - floor
    return 1 - (value - floor) / span if span > 0 else float("nan")
