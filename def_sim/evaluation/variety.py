"""Closeness and variety: what people with answers as varied as the panel's would score."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from def_sim.evaluation.comparisons import item_form
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.findings import Finding
from def_sim.evaluation.score_intervals import people_of
from def_sim.metrics.aggregation import macro_mean, micro_mean
from def_sim.metrics.divergence import entropy
from def_sim.metrics.entropy_control import flatten_people
from def_sim.metrics.item_metrics import ITEM_METRICS
from def_sim.metrics.sample import Array, Sample

METRIC: Final = "js_divergence"
NOTHING: Final = "No answered item has figures of people."
_FEWEST: Final = 2  # respondents; fewer have no variety


@dataclass(frozen=True, slots=True)
class Variety:
    """Means over topic groups, or over items where none is in one.

    Without people as varied as the panel, price and share are NaN.
    """

    value: float  # of the panel
    price: float  # of people who are as varied
    floor: float  # of people as they are
    at_random: float  # of random answers
    share: float  # of people who answer at random, or, below 0, like the majority
    num_items: int  # answered, with figures of people
    why: str = ""  # why there is no price

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its rows of `measures.csv`."""
        return (
            Finding(
                "divergence",
                self.value,
                people=self.floor,
                random=self.at_random,
                num_items=self.num_items,
                reason="" if self.num_items else NOTHING,
            ),
            Finding("divergence_as_varied", self.price, num_items=self.num_items, reason=self.why),
        )


def variety(prompts: Sequence[QuestionDistribution], rng: np.random.Generator) -> Variety:
    """The panel's divergence beside that of people who are made as varied as it.

    Args:
        prompts: What is scored, aligned with people.
        rng: Of the drawn people.
    """
    known = [one for one in prompts if one.reference is not None and one.num_answered > 0]
    if not known:
        return Variety(math.nan, math.nan, math.nan, math.nan, math.nan, 0, NOTHING)
    return _compare(known, rng)


def _compare(known: Sequence[QuestionDistribution], rng: np.random.Generator) -> Variety:
    samples = [Sample(one.counts, one.num_answered, one.num_failed) for one in known]
    people, forms = [people_of(one) for one in known], [item_form(one) for one in known]
    dimensions = [str(one.question.dimension) for one in known]
    flattened = flatten_people(samples, people, forms, METRIC, rng)
    level = float(np.mean([float(entropy(sample.shares)) for sample in samples]))
    share, as_varied = flattened.at_entropy(level, np.ones(len(known), dtype=np.bool_))
    score = ITEM_METRICS[METRIC]
    values = np.array(
        [
            float(score(sample, human, form))
            for sample, human, form in zip(samples, people, forms, strict=True)
            if human is not None
        ]
    )
    unmixed = flattened.scores[int(np.argmin(np.abs(flattened.shares)))]
    columns = (values, as_varied, unmixed, flattened.scores[-1])
    value, price, floor, at_random = (_mean(column, dimensions) for column in columns)
    if why := _why_no_price(samples, level, float(flattened.entropies[-1].mean())):
        price = share = math.nan
    return Variety(value, price, floor, at_random, share, len(known), why)


def _mean(values: Array, dimensions: Sequence[str]) -> float:
    """The mean that speaks for a run, as `score_tables.headline_scope` chooses it."""
    return macro_mean(values, dimensions) if any(dimensions) else micro_mean(values)


def _why_no_price(samples: Sequence[Sample], level: float, entropy_at_random: float) -> str:
    """Where no share of random answerers or of the majority makes people as varied as the panel."""
    if max(float(sample.num_respondents) for sample in samples) < _FEWEST:
        return "One respondent answered, and a single answer has no variety."
    if level > entropy_at_random:
        return "The panel is more varied than random answers are on average: no share of them gives as much."
    return ""
