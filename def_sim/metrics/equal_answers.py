"""Panels of which different numbers of answers could be read, compared at as many answers an item.

A score of few answers is farther from people for being of few, by an amount that depends on what the panel
thinks: about the floor's where it answers as people do, more or less where it does not. So of the panel with
more answers as many are drawn, without replacement, as the other has; the mean score over such draws is an
unbiased estimate of what the panel would score with so few. Ecologists compare the number of species in
samples of different size in this way (rarefaction; Hurlbert 1971, Ecology 52). Both then stand above the same
floor. Subtracting each panel's own floor instead is right for panels that answer as people do alone
(docs/concepts/arms.md, scripts/simulate_unread.py).

Does not know which answers were not read: it takes them for as good as any. Several choices of one answer are
drawn as independent mentions, as for floors.

Letters: K options, Q items, N respondents, B draws.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.item_metrics import ITEM_METRICS, ItemForm
from def_sim.metrics.noise_floor import expected_scores
from def_sim.metrics.panel_scores import score_panel_by_metric
from def_sim.metrics.sample import Array, Sample

NUM_DRAWS: Final = 400  # for each item; means are over many items
RngOfItem = Callable[[int], np.random.Generator]


@dataclass(frozen=True)
class AnsweredItems:
    """A panel's readable answers to Q items, as counts of shape (K,), and their people.

    `answered_by`: who answered which item, shape (N, Q); None where that is not known.
    """

    samples: Sequence[Sample]
    people: Sequence[Sample | None]
    forms: Sequence[ItemForm]
    items: Sequence[str]  # what each is of
    answered_by: NDArray[np.bool_] | None = None

    @property
    def numbers(self) -> Array:
        """Of readable answers to each item, shape (Q,)."""
        return np.array([float(sample.num_respondents) for sample in self.samples])

    @property
    def share_read(self) -> float:
        """Readable answers over answers asked for, in [0, 1]; NaN where none was."""
        failed = sum(float(sample.num_failed) for sample in self.samples)
        asked = float(self.numbers.sum()) + failed
        return float(self.numbers.sum()) / asked if asked else float("nan")


def fewest_answers(panels: Sequence[AnsweredItems]) -> Array | None:
    """At how many answers each item is compared, shape (Q,): the fewest of any panel that has some.

    None where all panels have as many: nothing then has to be drawn.
    """
    numbers = np.array([panel.numbers for panel in panels])
    fewest: Array = np.where(numbers > 0, numbers, np.inf).min(axis=0)
    return fewest if (numbers > fewest).any() else None


def thinned(
    sample: Sample, most: float, form: ItemForm, rng: np.random.Generator, shape: tuple[int, ...]
) -> Sample:
    """Some of a sample's answers, drawn without replacement.

    Args:
        sample: Counts of shape (K,). Means over wordings need not be whole: they are rounded.
        most: Answers that are kept; a sample of no more is given back as it is.
        form: Of the item.
        rng: Of the draws.
        shape: Of the draws.

    Returns:
        Counts of shape (*shape, K).
    """
    counts = np.rint(sample.counts).astype(np.int64)
    size = _size(sample, form)
    kept = max(1, round(min(most, size)))
    if kept >= size:
        return sample
    if form.is_multiple:
        drawn = rng.hypergeometric(counts, size - counts, kept, size=(*shape, counts.size))
    else:
        drawn = rng.multivariate_hypergeometric(counts, kept, size=shape, method="marginals")
    return Sample(drawn.astype(np.float64), kept)


def score_shifts(
    panel: AnsweredItems, metrics: Collection[str], fewest: Array, rng_of: RngOfItem
) -> dict[str, Array]:
    """By how much the score of each item is expected to change with no more than so many answers.

    Args:
        panel: Q items.
        metrics: Of those in ITEM_METRICS; the published ones count whoever was asked, read or not, and have
            no shift.
        fewest: From `fewest_answers`, shape (Q,).
        rng_of: Place of an item -> the generator of its draws.

    Returns:
        Metric -> shape (Q,); 0 where the panel has no more answers than that.
    """
    shifts = {metric: np.zeros(len(panel.samples)) for metric in metrics}
    known = [metric for metric in metrics if metric in ITEM_METRICS]
    places = [place for place in range(len(panel.samples)) if _has_more(panel, place, fewest[place])]
    if not places or not known:
        return shifts
    people, forms = [panel.people[place] for place in places], [panel.forms[place] for place in places]
    whole = [_whole(panel.samples[place], panel.forms[place]) for place in places]
    fewer = [
        thinned(one, fewest[place], panel.forms[place], rng_of(place), (NUM_DRAWS,))
        for one, place in zip(whole, places, strict=True)
    ]
    before = score_panel_by_metric(whole, people, forms, known)
    after = score_panel_by_metric(fewer, people, forms, known)
    for metric in known:
        change = expected_scores(after[metric].T) - before[metric]
        shifts[metric][places] = np.where(np.isnan(change), 0.0, change)
    return shifts


def shifted(draws: ScoreDraws, shift: Array, answered_by: NDArray[np.bool_] | None) -> ScoreDraws:
    """The same scores, moved, as scores of a fixed number of answers.

    Args:
        draws: Of Q items.
        shift: From `score_shifts`, shape (Q,).
        answered_by: Who answered which item, shape (N, Q). A respondent without an answer then adds nothing
            to an item's error: that there is one answer less is no error of a score at a fixed number.
            None: as if all might have answered.
    """
    if answered_by is None:
        return replace(draws, values=draws.values + shift)
    num = np.maximum(answered_by.sum(axis=0), 1)
    means = np.where(answered_by, draws.contributions, 0.0).sum(axis=0) / num
    fixed = np.where(answered_by, draws.contributions - means, 0.0)
    contributions = np.where(np.isnan(draws.contributions), np.nan, fixed)
    return replace(draws, values=draws.values + shift, contributions=contributions)


def _has_more(panel: AnsweredItems, place: int, most: float) -> bool:
    size = _size(panel.samples[place], panel.forms[place])
    return panel.people[place] is not None and size > max(1, round(most))


def _size(sample: Sample, form: ItemForm) -> int:
    """Answers in a sample; means over wordings need not be whole, and are rounded option by option."""
    return round(float(sample.num_respondents)) if form.is_multiple else int(np.rint(sample.counts).sum())


def _whole(sample: Sample, form: ItemForm) -> Sample:
    """With whole counts, from which answers can be drawn; those of a single wording are."""
    return replace(sample, counts=np.rint(sample.counts), num_respondents=float(_size(sample, form)))
