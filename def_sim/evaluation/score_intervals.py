"""Intervals beside the scores of a run: of the score at this N, of its limit, of the normalised score.

Joins `metrics/bootstrap.py`, `intervals.py`, `limit.py` and `normalised.py` with the table of scores and
with seeds. The respondents that a draw takes depend on seed and N alone, so models are resampled in pairs.

Letters: Q items, N respondents, B draws.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from def_sim.evaluation.comparisons import item_form
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.metrics.bootstrap import (
    NUM_DRAWS,
    ResampledPanel,
    ScoreDraws,
    draw_weights,
    resample_panel,
    score_draws_by_metric,
)
from def_sim.metrics.equal_answers import AnsweredItems
from def_sim.metrics.fieller import normalised_interval
from def_sim.metrics.intervals import ALL_ALIKE, Interval, mean_interval, without_interval
from def_sim.metrics.item_metrics import MULTIPLE_CHOICE_ONLY, NOT_A_DIVERGENCE, ItemForm
from def_sim.metrics.limit import (
    FEWEST_RESPONDENTS,
    WayScores,
    draw_way,
    limit_interval,
    score_way_by_metric,
)
from def_sim.metrics.normalised import ItemScores
from def_sim.metrics.panel_answers import GroupedAnswers, PanelAnswers
from def_sim.metrics.sample import Sample
from def_sim.metrics.score_scale import SCALES
from def_sim.randomness import keyed_rng

NUMBERS: Final = (
    "interval_low",
    "interval_high",
    "limit",
    "limit_low",
    "limit_high",
    "normalised_low",
    "normalised_high",
)
WHY: Final = "why_no_interval"
WHY_NO_LIMIT: Final = "why_no_limit"
WHY_NOT_NORMALISED: Final = "why_no_normalised"
_REASONS: Final = (WHY, WHY_NO_LIMIT, WHY_NOT_NORMALISED)
_SCOPES: Final = ("macro", "dimension", "micro")
_COUNTS: Final = ("close_count",)
NO_LIMIT: Final = "The limit of this score cannot be had from a panel."
NO_SPREAD: Final = "All items are counted, or none: how other items would differ is unknown."
NO_NORMALISED: Final = "The normalised score itself is not defined."
NO_PANEL: Final = "The answers are probabilities: no respondents to draw again."


@dataclass(frozen=True)
class Resampled:
    """A panel beside its people, resampled; what all intervals of a run are made from."""

    prompts: Sequence[QuestionDistribution]
    panel: ResampledPanel
    people: list[Sample | None]
    forms: list[ItemForm]
    num_respondents: int
    seed: int

    @property
    def dimensions(self) -> list[str]:
        """Topic group of each item."""
        return [str(one.question.dimension) for one in self.prompts]

    @property
    def items(self) -> list[str]:
        """What each score is of: the item, with its wording where several are scored apart."""
        ids = [one.question.item_id for one in self.prompts]
        counts = Counter(ids)
        names = zip(ids, (one.question.id for one in self.prompts), strict=True)
        return [item_id if counts[item_id] == 1 else question_id for item_id, question_id in names]

    @property
    def answered(self) -> AnsweredItems:
        """Its readable answers, counted."""
        columns = [
            np.asarray(without.num_respondents) < whole.num_respondents
            for without, whole in zip(self.panel.without_one, self.panel.observed, strict=True)
        ]
        answered_by = np.stack(columns, axis=-1) if columns else None
        return AnsweredItems(self.panel.observed, self.people, self.forms, self.items, answered_by)

    @property
    def of_item(self) -> NDArray[np.str_] | None:
        """Which item each score is of, where wordings are scored apart; else None."""
        ids = np.array([one.question.item_id for one in self.prompts], dtype=np.str_)
        return ids if np.unique(ids).size < ids.size else None

    def draws(self, metric: str) -> ScoreDraws:
        """Scores of all items under a metric."""
        return self.draws_by_metric([metric])[metric]

    def draws_by_metric(self, metrics: Collection[str]) -> dict[str, ScoreDraws]:
        """Scores of all items under several metrics."""
        found = score_draws_by_metric(self.panel, self.people, self.forms, metrics)
        return {name: replace(one, items=self.of_item) for name, one in found.items()}


def resample(
    prompts: Sequence[QuestionDistribution],
    answers: PanelAnswers | GroupedAnswers,
    *,
    seed: int,
    num_draws: int = NUM_DRAWS,
) -> Resampled:
    """Draws the panel's respondents again, or the groups in which they were counted.

    Args:
        prompts: What is scored, aligned with people.
        answers: Who chose what on each of them, in the same order.
        seed: Of the run.
        num_draws: B.
    """
    what = "resampled respondents" if isinstance(answers, PanelAnswers) else "resampled groups"
    rng = keyed_rng(seed, what, answers.num_rows)
    return Resampled(
        prompts=prompts,
        panel=resample_panel(answers, draw_weights(answers.num_rows, rng, num_draws)),
        people=[people_of(one) for one in prompts],
        forms=[item_form(one) for one in prompts],
        num_respondents=answers.num_respondents,
        seed=seed,
    )


def people_of(one: QuestionDistribution) -> Sample | None:
    """The people of a question as a sample; None without a reference."""
    if one.reference is None:
        return None
    return Sample.of_people(np.array(one.reference.shares), one.reference.n_for_uncertainty)


def with_intervals(scores: pd.DataFrame, resampled: Resampled | None) -> pd.DataFrame:
    """The table of scores with intervals at the scopes macro, dimension and micro.

    Args:
        scores: From `score_tables.score_table`, of the same prompts.
        resampled: From `resample`; None where answers have no respondents to draw again.

    Returns:
        The same rows with further columns, NaN where they do not apply:
            interval_low, interval_high: 95 %, of the expected score at this N;
            limit, limit_low, limit_high: the debiased score, which the panel would tend to with N;
            normalised_low, normalised_high: of the normalised score;
            why_no_interval, why_no_limit, why_no_normalised: why these are absent, "" if they are there and
                for single items; the last is about the interval of the normalised score.
    """
    added = {row: _columns_of(NO_PANEL) for row in scores.index[scores["scope"].isin(_SCOPES)]}
    if resampled is not None:
        names = list(scores["metric"].unique())
        draws, ways = resampled.draws_by_metric(names), _ways(names, resampled)
        for name, rows in scores.groupby("metric", sort=False):
            of_items = _item_scores(rows, resampled.prompts)
            metric = _Metric(str(name), resampled, draws[str(name)], ways.get(str(name)), of_items)
            added |= _metric_columns(metric, rows)
    columns = pd.DataFrame.from_dict(added, orient="index", columns=[*NUMBERS, *_REASONS])
    whole = scores.join(columns)
    words = {name: whole[name].fillna("").astype("str") for name in _REASONS}
    return whole.assign(**words).astype(dict.fromkeys(NUMBERS, "float64"))


def _columns_of(why: str) -> list[object]:
    return [float("nan")] * len(NUMBERS) + [why] * len(_REASONS)


@dataclass(frozen=True)
class _Metric:
    """All that the rows of one metric need."""

    name: str
    resampled: Resampled
    draws: ScoreDraws
    way: WayScores | None  # None: the metric has no limit
    items: ItemScores

    def columns(self, scope: str, dimension: str, *, has_normalised: bool) -> list[object]:
        """The values of one row, in the order of the columns."""
        labels = np.array(self.resampled.dimensions)
        is_multiple = np.array([form.is_multiple for form in self.resampled.forms])
        is_inside = labels == dimension if scope == "dimension" else (labels != "") | (scope == "micro")
        is_covered = is_multiple | (self.name not in MULTIPLE_CHOICE_ONLY)
        chosen: NDArray[np.bool_] = np.asarray(is_inside & is_covered, dtype=np.bool_)
        groups = list(labels[chosen]) if scope == "macro" else None
        rng = keyed_rng(self.resampled.seed, "resampled items", self.name, scope, dimension)
        interval = mean_interval(self.draws.select(chosen), rng, groups=groups, scale=SCALES[self.name])
        if self.name in _COUNTS:
            interval = _of_count(interval)
        limit = self._limit(interval, chosen, groups)
        normalised = self._normalised(chosen, groups, rng) if has_normalised else None
        factor = float(interval.num_items - interval.num_undefined) if self.name in _COUNTS else 1.0
        ends = [interval.low * factor, interval.high * factor]
        of_limit = [limit.estimate, limit.low, limit.high] if limit else [np.nan] * 3
        of_normalised = [normalised.low, normalised.high] if normalised else [np.nan] * 2
        reasons = (
            interval.why_absent,
            limit.why_absent if limit else NO_LIMIT,
            normalised.why_absent if normalised else NO_NORMALISED,
        )
        return [*ends, *of_limit, *of_normalised, *reasons]

    def _limit(
        self, interval: Interval, chosen: NDArray[np.bool_], groups: list[str] | None
    ) -> Interval | None:
        if self.way is None:
            return None
        way = WayScores(self.name, self.way.at_n[:, chosen], self.way.in_the_limit[:, chosen])
        return limit_interval(interval, way, self.resampled.num_respondents, groups=groups)

    def _normalised(
        self, chosen: NDArray[np.bool_], groups: list[str] | None, rng: np.random.Generator
    ) -> Interval | None:
        items = ItemScores(
            self.items.value[chosen],
            self.items.floor[chosen],
            self.items.uniform[chosen],
            self.items.human_to_human[chosen],
        )
        return normalised_interval(self.draws.select(chosen), items, rng, groups=groups)


def _of_count(interval: Interval) -> Interval:
    """The interval of a share of items that a count is made from, with the reason in words of counts.

    Where all items are close, or none is, drawing them again gives the same count: that says nothing of
    other items, and is no certainty.
    """
    return without_interval(interval, NO_SPREAD) if interval.why_absent == ALL_ALIKE else interval


def _metric_columns(metric: _Metric, rows: pd.DataFrame) -> dict[object, list[object]]:
    means = rows[rows["scope"].isin(_SCOPES)]
    return {
        row: metric.columns(scope, dimension, has_normalised=has_normalised)
        for row, scope, dimension, has_normalised in zip(
            means.index,
            means["scope"],
            means["dimension"],
            means["normalised"].notna() & (metric.name not in NOT_A_DIVERGENCE),
            strict=True,
        )
    }


def _ways(names: Sequence[str], resampled: Resampled) -> dict[str, WayScores]:
    """Of the metrics that have a limit; empty where there are too few respondents for it anyway."""
    nothing = np.empty((0, len(resampled.forms)))
    ways = {name: WayScores(name, nothing, nothing) for name in names if name in FEWEST_RESPONDENTS}
    enough = [name for name in ways if resampled.num_respondents >= FEWEST_RESPONDENTS[name]]
    if not enough:
        return ways
    rng = keyed_rng(resampled.seed, "way to people")
    panels = draw_way(resampled.panel, resampled.people, resampled.forms, rng)
    return ways | score_way_by_metric(panels, resampled.people, resampled.forms, enough)


def _item_scores(rows: pd.DataFrame, prompts: Sequence[QuestionDistribution]) -> ItemScores:
    """The metric's scores of single items, in the order of the prompts; NaN for those it does not cover."""
    items = rows[rows["scope"] == "item"].set_index(["item_id", "wording"])
    places = pd.MultiIndex.from_tuples([(one.question.item_id, one.wording) for one in prompts])
    found = items.reindex(places)
    return ItemScores(
        *(found[name].to_numpy(dtype=np.float64) for name in ("value", "floor", "uniform", "human_to_human"))
    )
