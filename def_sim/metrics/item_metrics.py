"""The scores that every item gets, by name. To add one: write a pure function, enter it here.

A metric takes the panel's sample, the people's sample and the form of the item, broadcasts over
drawn samples, and is NaN where undefined. `kl_paper` is not among them: its value for an item depends
on the other items of the survey (see `kl_paper.replace_undefined`).

Letters: K options.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from def_sim.metrics import divergence
from def_sim.metrics.sample import Array, Sample


@dataclass(frozen=True, slots=True)
class ItemForm:
    """What the options of an item allow: an order, several choices."""

    is_ordered: bool = False
    is_multiple: bool = False
    max_choices: int = 1  # most options a person may mention


ItemMetric = Callable[[Sample, Sample, ItemForm], Array]


def kl_smoothed_model_human(simulated: Sample, human: Sample, form: ItemForm) -> Array:
    """KL(model || human) in nats, smoothed: punishes answers that people would not give.

    Half a respondent is added to the panel and one to the people, each spread over the options.
    """
    return divergence.kl_of_shares(*_smoothed(simulated, human))


def kl_smoothed_human_model(simulated: Sample, human: Sample, form: ItemForm) -> Array:
    """KL(human || model) in nats, smoothed: punishes people's answers that the panel never gives."""
    panel, people = _smoothed(simulated, human)
    return divergence.kl_of_shares(people, panel)


def _smoothed(simulated: Sample, human: Sample) -> tuple[Array, Array]:
    return simulated.smoothed_panel, human.smoothed_people


def js_divergence(simulated: Sample, human: Sample, form: ItemForm) -> Array:
    """Jensen-Shannon divergence in bits, in [0, 1]."""
    return divergence.js_of_shares(simulated.shares, human.shares)


def js_distance(simulated: Sample, human: Sample, form: ItemForm) -> Array:
    """Square root of the Jensen-Shannon divergence, in [0, 1]."""
    return np.sqrt(js_divergence(simulated, human, form))


def total_variation(simulated: Sample, human: Sample, form: ItemForm) -> Array:
    """Share of answers that would have to change, in [0, 1]."""
    return divergence.variation_of_shares(simulated.shares, human.shares)


def wasserstein(simulated: Sample, human: Sample, form: ItemForm) -> Array:
    """W1/(K-1) on the positions of ordered options, in [0, 1]; NaN for options without order."""
    is_scale = form.is_ordered and not form.is_multiple  # mentions have no place on a scale
    return divergence.wasserstein_of_shares(simulated.shares, human.shares, is_ordered=is_scale)


def entropy_ratio(simulated: Sample, human: Sample, form: ItemForm) -> Array:
    """H(panel)/H(people): below 1 the panel agrees more than people do, above 1 it is flatter."""
    return divergence.entropy_ratio(simulated.shares, human.shares)


def mention_rate_difference(simulated: Sample, human: Sample, form: ItemForm) -> Array:
    """Mean absolute difference of mention rates, in [0, 1]; for multiple choice only."""
    return divergence.mention_rate_difference(simulated.mention_rates, human.mention_rates)


ITEM_METRICS: Final[Mapping[str, ItemMetric]] = {
    "kl_smoothed_model_human": kl_smoothed_model_human,
    "kl_smoothed_human_model": kl_smoothed_human_model,
    "js_divergence": js_divergence,
    "js_distance": js_distance,
    "total_variation": total_variation,
    "wasserstein": wasserstein,
    "entropy_ratio": entropy_ratio,
    "mention_rate_difference": mention_rate_difference,
}
ROOT_OF: Final = {"js_distance": "js_divergence"}  # need not be computed where the square is known
MULTIPLE_CHOICE_ONLY: Final = frozenset({"mention_rate_difference"})
NOT_A_DIVERGENCE: Final = frozenset({"entropy_ratio", "close_count", "std_paper"})  # have no normalised score
