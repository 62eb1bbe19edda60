"""The section on failed answers: between which ends scores lie, whatever the failed would have said."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from markupsafe import Markup

from def_sim.evaluation.comparisons import item_form
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.measures import MEASURES, as_percent, written
from def_sim.metrics.aggregation import defined_mean, macro_mean
from def_sim.metrics.nonresponse import NonresponseScores, nonresponse_scores
from def_sim.metrics.sample import Array, Sample
from def_sim.reports.section_parts import table
from def_sim.reports.sections import Finding, Section
from def_sim.reports.svg import element

METRICS: Final = ("js_divergence", "total_variation", "wasserstein", "entropy_ratio")
_FIELDS: Final = ("dropped", "category", "least", "most")
_NOTHING: Final = "No answered item has figures of people."


def nonresponse_section(prompts: Sequence[QuestionDistribution]) -> Section:
    """Means over topic groups with failures dropped, as an option of their own, and at their bounds.

    Args:
        prompts: What is scored, aligned with people; items without figures are left out.
    """
    known = [one for one in prompts if one.reference is not None and one.num_asked > 0]
    failed, asked = sum(one.num_failed for one in prompts), sum(one.num_asked for one in prompts)
    share = failed / asked if asked else math.nan
    means = {metric: _means(known, metric) for metric in METRICS} if failed else {}
    return Section(
        key="nonresponse",
        title="Answers that failed",
        shows="Between which ends the scores would lie, whatever those answers had been that failed.",
        hides="Where in between: that depends on what the answers would have been, which nobody knows.",
        body=_body(means, share, has_known=bool(known)),
        findings=(
            Finding("share_failed", share, reason="" if asked else "Nothing was asked."),
            *(
                Finding(f"{metric}_failures_{field}", value, num_items=len(known), reason=_why(value))
                for metric, fields in means.items()
                for field, value in fields.items()
            ),
        ),
    )


def _means(known: Sequence[QuestionDistribution], metric: str) -> dict[str, float]:
    """Mean over topic groups of each field; bounds of a mean are the means of the bounds."""
    scores = [_scores(one, metric) for one in known]
    dimensions = [str(one.question.dimension) for one in known]
    return {field: _macro([getattr(one, field) for one in scores], dimensions) for field in _FIELDS}


def _scores(one: QuestionDistribution, metric: str) -> NonresponseScores:
    assert one.reference is not None
    people = Sample.of_people(np.array(one.reference.shares), one.reference.n_for_uncertainty)
    panel = Sample(one.counts, one.num_answered, one.num_failed)
    return nonresponse_scores(panel, people, item_form(one), metric)


def _macro(values: Sequence[float], dimensions: Sequence[str]) -> float:
    numbers: Array = np.array(values, dtype=np.float64)
    return macro_mean(numbers, dimensions) if not math.isnan(defined_mean(numbers)) else math.nan


def _why(value: float) -> str:
    return "Not defined for these items." if math.isnan(value) else ""


def _body(means: dict[str, dict[str, float]], share: float, *, has_known: bool) -> Markup:
    if not means:
        return element("p", "No answer failed: the scores above are whole.")
    if not has_known:
        return element("p", f"Not known: {_NOTHING}")
    rows = [
        (MEASURES[metric].title, *(written(fields[field]) for field in _FIELDS))
        for metric, fields in means.items()
    ]
    columns = ("Mean of topic groups", "Left out", "As one more option", "Least", "Most")
    words = (
        f"{as_percent(share)} of the answers failed. Left out: as in the scores above, which compare those "
        "who "
        "answered. As one more option: people never chose it; along a scale it has no place. Least and "
        "most: each "
        "failed answer on the option that lowers or raises the score. The floor for least and most is that "
        "of "
        "everyone who was asked."
    )
    return table("Scores by what is made of failed answers", columns, rows) + element("p", words)
