"""The section on variety: what people with answers as varied as the panel's would score."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from def_sim.evaluation.comparisons import item_form
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.measures import MEASURES, as_percent, written
from def_sim.evaluation.score_intervals import people_of
from def_sim.metrics.aggregation import macro_mean
from def_sim.metrics.entropy import entropy
from def_sim.metrics.entropy_control import flatten_people
from def_sim.metrics.item_metrics import ITEM_METRICS
from def_sim.metrics.sample import Sample
from def_sim.reports.charts import Mark, headline_chart
from def_sim.reports.section_parts import not_known
from def_sim.reports.sections import Finding, Section
from def_sim.reports.svg import element

METRIC = "js_divergence"
_FEWEST = 2  # respondents; fewer have no variety
_NOTHING = "No answered item has figures of people."


def variety_section(prompts: Sequence[QuestionDistribution], rng: np.random.Generator) -> Section:
    """The panel's divergence beside that of people who are made as varied as it.

    Args:
        prompts: What is scored, aligned with people.
        rng: Of the drawn people.
    """
    known = [one for one in prompts if one.reference is not None and one.num_answered > 0]
    found = _compare(known, rng) if known else None
    if found is None:
        found = _Varied(math.nan, math.nan, math.nan, math.nan, math.nan, _NOTHING)
    chart = _chart(found) if known else Markup()
    return Section(
        key="variety",
        title="Closeness and variety",
        shows="How far people would be from themselves if their answers were as varied as the panel's: the "
        "price of its variety alone.",
        hides="Which answers are wrong, or whether a panel with that score answers as these people do.",
        body=chart + (not_known(found.why) if found.why else element("p", _sentence(found))),
        findings=(
            Finding(
                "divergence",
                found.value,
                people=found.floor,
                random=found.at_random,
                num_items=len(known),
                reason="" if known else _NOTHING,
            ),
            Finding("divergence_as_varied", found.price, num_items=len(known), reason=found.why),
        ),
        charts={"variety": chart} if known else {},
    )


@dataclass(frozen=True, slots=True)
class _Varied:
    """Means over topic groups. Without people as varied as the panel, price and share are NaN."""

    value: float  # of the panel
    price: float  # of people who are as varied
    floor: float  # of people as they are
    at_random: float  # of random answers
    share: float  # of people who answer at random, or, below 0, like the majority
    why: str = ""  # why there is no price


def _compare(known: Sequence[QuestionDistribution], rng: np.random.Generator) -> _Varied:
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
    value, price, floor, at_random = (macro_mean(column, dimensions) for column in columns)
    if why := _why_no_price(samples, level, float(flattened.entropies[-1].mean())):
        price = share = math.nan
    return _Varied(value, price, floor, at_random, share, why)


def _why_no_price(samples: Sequence[Sample], level: float, entropy_at_random: float) -> str:
    """Where no share of random answerers or of the majority makes people as varied as the panel."""
    if max(float(sample.num_respondents) for sample in samples) < _FEWEST:
        return "One respondent answered, and a single answer has no variety."
    if level > entropy_at_random:
        return "The panel is more varied than random answers are on average: no share of them gives as much."
    return ""


def _chart(found: _Varied) -> Markup:
    marks = [
        Mark("panel", "This panel", found.value),
        Mark("mode", "People as varied as it", found.price),
        Mark("floor", "People (floor)", found.floor),
        Mark("uniform", "Random answers", found.at_random),
    ]
    return headline_chart(
        [mark for mark in marks if not math.isnan(mark.value)], title=MEASURES[METRIC].title
    )


def _sentence(found: _Varied) -> str:
    others = "answer at random" if found.share > 0 else "give the most frequent answer"
    made = f"People are as varied as the panel when {as_percent(abs(found.share))} of them {others}. "
    price, floor, excess = found.price, found.floor, found.value - found.floor
    if not excess > 0:
        return f"{made}The panel is no farther from people than people are."
    part = min(max((price - floor) / excess, 0.0), 1.0)
    return (
        f"{made}They would then score {written(price)}: {as_percent(part)} of the panel's distance above the "
        f"floor is the price of its variety, the rest is which answers it gives."
    )
