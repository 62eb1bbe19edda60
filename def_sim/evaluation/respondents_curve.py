"""How many respondents are enough: a run's scores by its first 5, 10, 20, ... respondents.

A panel of n is the first n respondents of a larger one, since no draw depends on how many there are. So each
row is what a run of that size reports, to the last bit. Reads no files.

Letters: N respondents.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.score_intervals import resample, with_intervals
from def_sim.evaluation.score_tables import score_table
from def_sim.metrics.diversity import diversity_beside_people
from def_sim.metrics.jackknife import jackknife_interval
from def_sim.metrics.left_out_diversity import (
    LeftOut,
    choice_diversity_left_out,
    text_diversity_left_out,
)

SIZES: Final = (5, 10, 20, 50, 100, 200)
METRICS: Final = ("js_divergence", "kl_smoothed_model_human", "wasserstein", "entropy_ratio")
PRECISE: Final = 0.01  # half-width of an interval that is called narrow
_OF_SCORES: Final = {
    "value": "value",
    "low": "interval_low",
    "high": "interval_high",
    "floor": "floor",
    "human_to_human": "human_to_human",
    "uniform": "uniform",
    "normalised": "normalised",
    "normalised_low": "normalised_low",
    "normalised_high": "normalised_high",
    "limit": "limit",
    "limit_low": "limit_low",
    "limit_high": "limit_high",
    "num_items": "num_items",
    "reason": "why_no_interval",
}
_TYPES: Final = {
    "num_respondents": "int64",
    "metric": "str",
    **{name: "float64" for name in _OF_SCORES if name not in ("num_items", "reason")},
    "num_items": "int64",
    "reason": "str",
}


def respondents_curve(
    arrays: PanelArrays, *, seed: int, num_draws: int, sizes: Sequence[int] = SIZES
) -> pd.DataFrame:
    """Scores by the first n respondents.

    Args:
        arrays: All answers of a finished run.
        seed: Of the run.
        num_draws: Draws for each item and comparison, as in the run's report.
        sizes: Numbers of respondents; those beyond the panel's are left out, and its own is added.

    Returns:
        Columns:
            num_respondents; metric: four scores, choice_diversity and text_diversity;
            value; low, high: its 95 % interval, of diversity over respondents alone; floor, human_to_human,
                uniform: as in metrics.csv, means of topic groups, of choice_diversity floor is what as many
                people have and uniform what random answerers have; normalised, limit with their intervals;
            num_items; reason: why there is no interval.
    """
    whole = len(arrays.panel)
    wanted = sorted({*(size for size in sizes if size < whole), whole})
    rows = [
        row
        for size in wanted
        for row in _rows_of(first_respondents(arrays, size), size, seed=seed, num_draws=num_draws)
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def first_respondents(arrays: PanelArrays, size: int) -> PanelArrays:
    """The panel that a run of that size would have had, with its answers."""
    panel = arrays.panel[:size]
    kept = {respondent.id for respondent in panel}
    answers = [answer for answer in arrays.answers if answer.respondent_id in kept]
    return replace(arrays, panel=panel, answers=answers)


def _rows_of(arrays: PanelArrays, size: int, *, seed: int, num_draws: int) -> list[dict[str, object]]:
    scores = score_table(
        arrays.distributions,
        seed=seed,
        num_draws=num_draws,
        pool_wordings=arrays.pool_wordings,
        metrics=METRICS,
    )
    panel = arrays.panel_answers
    resampled = resample(arrays.prompts, panel, seed=seed) if panel is not None else None
    macro = with_intervals(scores, resampled).query("scope == 'macro'").set_index("metric")
    rows: list[dict[str, object]] = [
        {"num_respondents": size, "metric": metric}
        | {name: macro.loc[metric, column] for name, column in _OF_SCORES.items()}
        for metric in METRICS
    ]
    return [*rows, *(row | {"num_respondents": size} for row in _diversity_rows(arrays))]


def _diversity_rows(arrays: PanelArrays) -> list[dict[str, object]]:
    beside = diversity_beside_people(arrays.choices, arrays.num_options, arrays.people())
    choices = choice_diversity_left_out(arrays.choices, arrays.num_options)
    texts = text_diversity_left_out(arrays.texts)
    of_choices = {"floor": beside.human, "uniform": beside.uniform}
    num_questions = len(arrays.survey.questions)
    return [
        {
            "metric": name,
            "value": found.value,
            **dict(zip(("low", "high"), jackknife_interval(found.value, found.without_one), strict=True)),
            **more,
            "num_items": num_items,
            "reason": _why_no_interval(found),
        }
        for name, found, more, num_items in (
            ("choice_diversity", choices, of_choices, len(arrays.num_options)),
            ("text_diversity", texts, {}, num_questions),
        )
    ]


def _why_no_interval(found: LeftOut) -> str:
    if len(found.without_one) < 2:
        return "One respondent: how they differ is unknown."
    low, _ = jackknife_interval(found.value, found.without_one)
    return "It is the same without any of them: how they differ is unknown." if math.isnan(low) else ""


def enough_respondents(
    curve: pd.DataFrame, metric: str = METRICS[0], *, half_width: float = PRECISE
) -> int | None:
    """The smallest n from which on every interval of the curve is at most so wide to either side.

    Args:
        curve: From `respondents_curve`.
        metric: One of its metrics.
        half_width: Half the distance of the interval's ends.

    Returns:
        None where the widest panel's interval is wider, or absent.
    """
    rows = curve[curve["metric"] == metric].sort_values("num_respondents", ascending=False)
    found: int | None = None
    for size, low, high in zip(rows["num_respondents"], rows["low"], rows["high"], strict=True):
        if not (high - low) / 2 < half_width:
            break
        found = int(size)
    return found


def curve_sentence(curve: pd.DataFrame) -> str:
    """From how many respondents on the interval of the tested score is narrow, in one sentence."""
    found, most = enough_respondents(curve), int(curve["num_respondents"].max())
    score = f"the interval of the {METRICS[0].replace('_', ' ')}"
    if found is None:
        return f"With {most} respondents {score} still reaches {PRECISE:g} or more to either side."
    return f"From {found} respondents on {score} reaches less than {PRECISE:g} to either side."
