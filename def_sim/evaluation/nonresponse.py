"""Non-response: between which ends scores lie, whatever the failed answers would have said."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from def_sim.evaluation.comparisons import item_form
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.findings import Finding
from def_sim.metrics.aggregation import defined_mean, macro_mean
from def_sim.metrics.nonresponse import NonresponseScores, nonresponse_scores
from def_sim.metrics.sample import Array, Sample

METRICS: Final = ("js_divergence", "total_variation", "wasserstein", "entropy_ratio")
FIELDS: Final = ("dropped", "category", "least", "most")
JUDGED: Final = "judged"  # one more field where a judge read what rules could not


@dataclass(frozen=True, slots=True)
class Nonresponse:
    """The share of answers that failed, and the scores by what is made of them.

    Texts that no judge could read are no failures, but their readings are as unknown: the bounds hold for
    them, too, and with failures they are the option of their own.
    """

    share_failed: float  # NaN if nothing was asked
    means: Mapping[str, Mapping[str, float]]  # metric -> field -> mean of topic groups; empty: none failed
    num_items: int  # with figures of people, behind the means
    num_asked: float  # answers
    judge: str = ""  # who read failed answers, in words; empty: nobody
    share_unread: float = 0.0  # of the answers: texts that wait for a judge whose verdict could not be had

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its rows of `measures.csv`."""
        return (
            Finding("share_failed", self.share_failed, reason="" if self.num_asked else "Nothing was asked."),
            *([Finding("share_unread", self.share_unread)] if self.share_unread else []),
            *(
                Finding(f"{metric}_failures_{field}", value, num_items=self.num_items, reason=_why(value))
                for metric, fields in self.means.items()
                for field, value in fields.items()
            ),
        )


def nonresponse(
    prompts: Sequence[QuestionDistribution],
    judged: Sequence[QuestionDistribution] = (),
    judge: str = "",
) -> Nonresponse:
    """Means over topic groups with failures dropped, as an option of their own, and at their bounds.

    Args:
        prompts: What is scored, aligned with people; items without figures are left out.
        judged: The same with failed answers as a judge read them; none: nobody did.
        judge: Who that was, in words.
    """
    known = [one for one in prompts if one.reference is not None and one.num_asked > 0]
    failed, asked = sum(one.num_failed for one in prompts), sum(one.num_asked for one in prompts)
    unread = sum(one.num_unread for one in prompts)
    means = {metric: _means(known, metric) for metric in METRICS} if failed or unread else {}
    if failed and judged:
        read = [one for one in judged if one.reference is not None and one.num_asked > 0]
        means = {metric: fields | {JUDGED: _dropped(read, metric)} for metric, fields in means.items()}
    return Nonresponse(
        failed / asked if asked else math.nan,
        means,
        len(known),
        asked,
        judge if judged else "",
        unread / asked if asked else 0.0,
    )


def _means(known: Sequence[QuestionDistribution], metric: str) -> dict[str, float]:
    """Mean over topic groups of each field; bounds of a mean are the means of the bounds."""
    scores = [_scores(one, metric) for one in known]
    dimensions = [str(one.question.dimension) for one in known]
    return {field: _macro([getattr(one, field) for one in scores], dimensions) for field in FIELDS}


def _dropped(known: Sequence[QuestionDistribution], metric: str) -> float:
    """Mean over topic groups of those who answered."""
    return _macro(
        [_scores(one, metric).dropped for one in known], [str(one.question.dimension) for one in known]
    )


def _scores(one: QuestionDistribution, metric: str) -> NonresponseScores:
    assert one.reference is not None
    people = Sample.of_people(np.array(one.reference.shares), one.reference.n_for_uncertainty)
    panel = Sample(one.counts, one.num_answered, one.num_failed + one.num_unread)
    return nonresponse_scores(panel, people, item_form(one), metric)


def _macro(values: Sequence[float], dimensions: Sequence[str]) -> float:
    numbers: Array = np.array(values, dtype=np.float64)
    return macro_mean(numbers, dimensions) if not math.isnan(defined_mean(numbers)) else math.nan


def _why(value: float) -> str:
    return "Not defined for these items." if math.isnan(value) else ""
