"""Tidy tables of a run: scores with what they stand beside, how answers ended, the headline.

Layout only; the numbers come from `comparisons`, `metrics.aggregation` and `distributions`. Undefined
scores are NaN, are counted, and never silently dropped.

Letters: Q items.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from def_sim.evaluation import distributions as counting
from def_sim.evaluation.comparisons import SOURCES, compare_items, replaced_items
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.metrics import aggregation
from def_sim.metrics.item_metrics import MULTIPLE_CHOICE_ONLY, NOT_A_DIVERGENCE
from def_sim.metrics.noise_floor import NUM_DRAWS, normalised_score
from def_sim.metrics.sample import Array
from def_sim.records import AnswerStatus, ItemReference, QuestionType

HEADLINE_METRICS: Final = ("js_divergence", "total_variation", "kl_paper", "wasserstein", "entropy_ratio")
SURVEY_LEVEL_ONLY: Final = ("close_count", "std_paper")  # published as one number a survey
ITEM_SUMS: Final = ("close_count",)

_SCORE_TYPES: Final = {
    "scope": "str",
    "item_id": "str",
    "wording": "Int64",
    "dimension": "str",
    "metric": "str",
    **dict.fromkeys(SOURCES, "float64"),
    "normalised": "float64",
    "num_items": "int64",
    "num_undefined": "int64",
    "num_other_humans": "int64",
    "is_replaced": "bool",
}
_STATUS_TYPES: Final = {
    "scope": "str",
    "item_id": "str",
    "wording": "Int64",
    "dimension": "str",
    "status": "str",
    "count": "int64",
    "share": "float64",
}
_Mean = Callable[[Array], float]


def score_table(
    distributions: Sequence[QuestionDistribution],
    *,
    seed: int,
    num_draws: int = NUM_DRAWS,
    pool_wordings: bool = False,
    other_references: Mapping[str, ItemReference] | None = None,
    metrics: Collection[str] | None = None,
) -> pd.DataFrame:
    """All scores of a run, one row for each scope and metric.

    Args:
        distributions: One for each prompt, aligned with the human reference.
        seed: Of the Monte Carlo draws behind the comparisons.
        num_draws: Draws for each item and comparison.
        pool_wordings: True averages an item's shares over its wordings first; False scores each
            prompt as a question of its own, as the study did.
        other_references: Item id -> shares of another country's people.
        metrics: Names of those wanted; None: all.

    Returns:
        Columns:
            scope: item; dimension (mean over its items); micro (mean over all items); macro
                (unweighted mean of the dimension means);
            item_id, wording (-1 if pooled), dimension: empty ("" or <NA>) where they do not apply;
            metric: see `metrics.item_metrics`, `metrics.kl_paper`. `close_count` (a number of items)
                and `std_paper` have one row, with scope micro; `mention_rate_difference` covers
                multiple-choice items only;
            value: of the panel; NaN if undefined;
            floor, human_to_human, uniform, other_humans: expectations, and mode: exact score, of the
                comparison panels of this size, over the items for which value is defined;
            normalised: 0 as a uniform answerer, 1 as people; NaN for single items, of which it would say
                nothing but noise, for what is no divergence, and if the uniform answerer scores no worse
                than the floor;
            num_items, num_undefined: items in scope, and how many of them have no value;
            num_other_humans: items behind other_humans, which are fewer than those behind value where
                the other country was not asked an item, or was shown other options;
            is_replaced: of an item under kl_paper: whether its value is not its own, which was infinite or
                undefined, but the largest finite one of the run plus 1; False in all other rows.
    """
    prompts = counting.pool_wordings(distributions) if pool_wordings else list(distributions)
    scores = compare_items(
        prompts, seed=seed, num_draws=num_draws, other_references=other_references, metrics=metrics
    )
    rows = [row for metric in scores for row in _metric_rows(metric, scores[metric], prompts)]
    table = pd.DataFrame(rows, columns=list(_SCORE_TYPES))
    is_item = (table["scope"] == "item") & (table["metric"] == "kl_paper")
    table["is_replaced"] = False
    if is_item.any():  # rows of items stand in the order of the prompts
        table.loc[is_item, "is_replaced"] = replaced_items(prompts)
    return table.astype(_SCORE_TYPES)


def status_table(distributions: Sequence[QuestionDistribution]) -> pd.DataFrame:
    """How the planned answers ended. Within a scope the counts add up to the plan.

    Args:
        distributions: One for each prompt (not pooled).

    Returns:
        Columns: scope (all, dimension or item), item_id, wording, dimension ("" or <NA> where they do
        not apply), status (all of them, also those that never occurred), count, share (of the answers
        in scope; NaN if there are none).

    Raises:
        ValueError: Pooled distributions, whose counts are means over wordings.
    """
    if any(one.wording == counting.POOLED for one in distributions):
        raise ValueError("Statuses are counted for each prompt: pass the distributions before pooling.")
    rows = _status_rows(distributions, _Scope("all"))
    for dimension in sorted({one.question.dimension for one in distributions if one.question.dimension}):
        members = [one for one in distributions if one.question.dimension is dimension]
        rows += _status_rows(members, _Scope("dimension", dimension=str(dimension)))
    for one in distributions:
        rows += _status_rows([one], _Scope.of_item(one))
    return pd.DataFrame(rows, columns=list(_STATUS_TYPES)).astype(_STATUS_TYPES)


def headline_scope(scores: pd.DataFrame) -> str:
    """Which mean speaks for a run: "macro", over topic groups, or "micro" where no item is in one."""
    of_metric = scores[scores["metric"] == "js_divergence"].set_index("scope")["num_items"]
    has_groups = of_metric.get("macro", 0) > 0
    return "macro" if has_groups or of_metric.get("micro", 0) == 0 else "micro"


def headline(scores: pd.DataFrame) -> pd.DataFrame:
    """The few scores that fit a terminal, of the scope that speaks for the run.

    Args:
        scores: From `score_table`.

    Returns:
        One row for each headline metric, in a fixed order. Columns: metric, scope, value, floor,
        human_to_human, uniform, normalised, num_items, num_undefined.
    """
    means = scores[scores["scope"] == headline_scope(scores)].set_index("metric")
    numbers = ["value", "floor", "human_to_human", "uniform", "normalised", "num_items", "num_undefined"]
    return means.loc[list(HEADLINE_METRICS), ["scope", *numbers]].reset_index()


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a row is about. Fields that do not apply stay empty."""

    scope: str
    item_id: str = ""
    wording: int | None = None
    dimension: str = ""

    @classmethod
    def of_item(cls, one: QuestionDistribution) -> "_Scope":
        return cls("item", one.question.item_id, one.wording, str(one.question.dimension))

    def columns(self) -> dict[str, object]:
        return {
            "scope": self.scope,
            "item_id": self.item_id,
            "wording": pd.NA if self.wording is None else self.wording,
            "dimension": self.dimension,
        }


def _metric_rows(
    metric: str, by_source: Mapping[str, Array], prompts: Sequence[QuestionDistribution]
) -> list[dict[str, object]]:
    """Rows of one metric: its items, its dimensions, micro, macro."""
    if metric in MULTIPLE_CHOICE_ONLY:
        chosen = [i for i, one in enumerate(prompts) if one.question.type is QuestionType.MULTIPLE]
        by_source, prompts = _select(by_source, chosen), [prompts[i] for i in chosen]
    if metric in ITEM_SUMS:
        return [_row(metric, by_source, _defined_sum, _Scope("micro"))]
    micro = _row(metric, by_source, aggregation.micro_mean, _Scope("micro"))
    if metric in SURVEY_LEVEL_ONLY:
        return [micro]
    dimensions = [str(one.question.dimension) for one in prompts]
    grouped = [index for index, name in enumerate(dimensions) if name]
    groups = [dimensions[index] for index in grouped]
    macro = _row(
        metric,
        _select(by_source, grouped),
        lambda values: aggregation.macro_mean(values, groups),
        _Scope("macro"),
    )
    return [
        *_item_rows(metric, by_source, prompts),
        *_dimension_rows(metric, by_source, dimensions),
        micro,
        macro,
    ]


def _item_rows(
    metric: str, by_source: Mapping[str, Array], prompts: Sequence[QuestionDistribution]
) -> list[dict[str, object]]:
    return [_item_row(metric, by_source, index, _Scope.of_item(one)) for index, one in enumerate(prompts)]


def _item_row(metric: str, by_source: Mapping[str, Array], index: int, scope: _Scope) -> dict[str, object]:
    """As `_row` of one item, which is its own mean."""
    found = {source: float(values[index]) for source, values in by_source.items()}
    has_value = not math.isnan(found["value"])
    scores = found if has_value else dict.fromkeys(found, math.nan)
    return _columns(metric, scores, scope, 1, int(not has_value), int(not math.isnan(scores["other_humans"])))


def _dimension_rows(
    metric: str, by_source: Mapping[str, Array], dimensions: Sequence[str]
) -> list[dict[str, object]]:
    rows = []
    for name in sorted(set(dimensions) - {""}):
        members = [index for index, dimension in enumerate(dimensions) if dimension == name]
        scope = _Scope("dimension", dimension=name)
        rows.append(_row(metric, _select(by_source, members), aggregation.micro_mean, scope))
    return rows


def _row(metric: str, by_source: Mapping[str, Array], mean: _Mean, scope: _Scope) -> dict[str, object]:
    has_value = ~np.isnan(by_source["value"])
    has_other = has_value & ~np.isnan(by_source["other_humans"])
    means = {source: _mean_beside(values, has_value, mean) for source, values in by_source.items()}
    # The one comparison that may cover fewer items, since countries differ in what they were asked.
    means["other_humans"] = _mean_beside(by_source["other_humans"], has_other, mean)
    num_items, num_undefined = has_value.size, int((~has_value).sum())
    return _columns(metric, means, scope, num_items, num_undefined, int(has_other.sum()))


def _columns(
    metric: str,
    means: Mapping[str, float],
    scope: _Scope,
    num_items: int,
    num_undefined: int,
    num_other_humans: int,
) -> dict[str, object]:
    if metric in NOT_A_DIVERGENCE or scope.scope == "item":
        normalised = math.nan
    else:
        normalised = normalised_score(means["value"], means["floor"], means["uniform"])
    return {
        **scope.columns(),
        "metric": metric,
        **means,
        "normalised": normalised,
        "num_items": num_items,
        "num_undefined": num_undefined,
        "num_other_humans": num_other_humans,
    }


def _mean_beside(values: Array, is_chosen: NDArray[np.bool_], mean: _Mean) -> float:
    """Mean over the chosen items; NaN if one of them is lacking.

    Otherwise score and comparison would be means over different items.
    """
    if np.isnan(values[is_chosen]).any():
        return float("nan")
    return mean(np.where(is_chosen, values, np.nan))


def _defined_sum(values: Array) -> float:
    return float("nan") if np.isnan(values).all() else float(np.nansum(values))


def _select(by_source: Mapping[str, Array], members: Sequence[int]) -> dict[str, Array]:
    return {source: values[np.array(members, dtype=np.intp)] for source, values in by_source.items()}


def _status_rows(distributions: Sequence[QuestionDistribution], scope: _Scope) -> list[dict[str, object]]:
    counts = {status: sum(one.status_counts[status] for one in distributions) for status in AnswerStatus}
    total = sum(counts.values())
    return [
        {
            **scope.columns(),
            "status": str(status),
            "count": count,
            "share": count / total if total else np.nan,
        }
        for status, count in counts.items()
        if count or status is not AnswerStatus.UNJUDGED  # there is none where rules read the answers
    ]
