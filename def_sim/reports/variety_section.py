"""The section on variety: what people with answers as varied as the panel's would score."""

import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from def_sim.distributions import QuestionDistribution
from def_sim.metrics.aggregation import macro_mean
from def_sim.metrics.entropy import entropy
from def_sim.metrics.entropy_control import flatten_people
from def_sim.metrics.item_metrics import ITEM_METRICS
from def_sim.metrics.sample import Sample
from def_sim.reports.charts import Mark, headline_chart
from def_sim.reports.comparisons import item_form
from def_sim.reports.measures import MEASURES, as_percent, written
from def_sim.reports.score_intervals import people_of
from def_sim.reports.section_parts import not_known
from def_sim.reports.sections import Finding, Section
from def_sim.reports.svg import element

METRIC = "js_divergence"
_NOTHING = "No answered item has figures of people."


def variety_section(prompts: Sequence[QuestionDistribution], rng: np.random.Generator) -> Section:
    """The panel's divergence beside that of people who are made as varied as it.

    Args:
        prompts: What is scored, aligned with people.
        rng: Of the drawn people.
    """
    known = [one for one in prompts if one.reference is not None and one.num_answered > 0]
    found = _compare(known, rng) if known else None
    chart = Markup() if found is None else _chart(*found)
    why = _NOTHING if found is None else ""
    value, price, floor, _ = found or (math.nan,) * 4
    return Section(
        key="variety",
        title="Closeness and variety",
        shows="How far people would be from themselves if their answers were as varied as the panel's: the "
        "price of its variety alone.",
        hides="Which answers are wrong, or whether a panel with that score answers as these people do.",
        body=not_known(why) if found is None else chart + element("p", _sentence(*found)),
        findings=(
            Finding("divergence", value, people=floor, num_items=len(known), reason=why),
            Finding("divergence_as_varied", price, num_items=len(known), reason=why),
        ),
        charts={} if found is None else {"variety": chart},
    )


def _compare(
    known: Sequence[QuestionDistribution], rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Means over topic groups of the panel, people as varied, people as they are; and the share mixed in."""
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
    value, price, floor = (macro_mean(column, dimensions) for column in (values, as_varied, unmixed))
    return value, price, floor, share


def _chart(value: float, price: float, floor: float, share: float) -> Markup:
    marks = [
        Mark("panel", "This panel", value),
        Mark("mode", "People as varied as it", price),
        Mark("floor", "People (floor)", floor),
    ]
    return headline_chart(marks, title=MEASURES[METRIC].title)


def _sentence(value: float, price: float, floor: float, share: float) -> str:
    others = "answer at random" if share > 0 else "give the most frequent answer"
    made = f"People are as varied as the panel when {as_percent(abs(share))} of them {others}. "
    excess = value - floor
    if not excess > 0:
        return f"{made}The panel is no farther from people than people are."
    part = min(max((price - floor) / excess, 0.0), 1.0)
    return (
        f"{made}They would then score {written(price)}: {as_percent(part)} of the panel's distance above the "
        f"floor is the price of its variety, the rest is which answers it gives."
    )
