"""Similarity by the frame that a question was put in, and whether frames differ. Reads no files.

Each frame is asked of a part of the respondents, so it stands beside as many real people as it has answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.comparisons import item_form
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.style_scores import is_scored
from def_sim.metrics.aggregation import defined_mean
from def_sim.metrics.frame_differences import FramedItem, frames_p_value
from def_sim.metrics.noise_floor import draw_samples, expected_score
from def_sim.metrics.sample import Array
from def_sim.metrics.similarity import percentile_interval, similarity
from def_sim.randomness import keyed_rng

_MOST_DRAWS: Final = 200  # of people; means over items move far less than frames differ


@dataclass(frozen=True, slots=True)
class Frame:
    """The scene that a question was put in, and what models are used for there."""

    id: str
    use_case: str


def frame_table(
    arrays: PanelArrays,
    frames: Mapping[str, Frame],
    *,
    seed: int,
    num_draws: int,
    are_independent: bool,
) -> pd.DataFrame:
    """The frames of one run.

    Args:
        arrays: The panel's answers, people's shares beside them.
        frames: Respondent id -> the frame it was asked in, for all of the panel.
        seed: Of the run.
        num_draws: Of panels of people, at most 200 are taken.
        are_independent: Whether what a respondent answers to one item has nothing to do with the next.

    Returns:
        In the order of the respondents: frame; use_case; population; similarity: mean over items; low, high:
        its 95 % interval, percentiles over drawn items; unclassifiable: share of the answers that were read;
        floor: expected of as many real people as the frame has answers; num_items: with a similarity;
        num_respondents; p_differ: the chance of frames lying so far apart if the frame changed nothing, of
        all frames together.
    """
    by_frame: dict[Frame, list[str]] = {}
    for respondent in arrays.panel:
        by_frame.setdefault(frames[respondent.id], []).append(respondent.id)
    p_differ = _p_value(arrays, frames, list(by_frame), seed, are_independent)
    rows = [_row(frame, _asked_of(arrays, ids), seed, num_draws) for frame, ids in by_frame.items()]
    return pd.DataFrame(rows).assign(p_differ=p_differ)


def _asked_of(arrays: PanelArrays, respondent_ids: Sequence[str]) -> PanelArrays:
    """The answers of some of the respondents."""
    wanted = set(respondent_ids)
    return replace(
        arrays,
        panel=[one for one in arrays.panel if one.id in wanted],
        answers=[one for one in arrays.answers if one.respondent_id in wanted],
    )


def _row(frame: Frame, arrays: PanelArrays, seed: int, num_draws: int) -> dict[str, object]:
    prompts = [one for one in arrays.prompts if is_scored(one)]
    values = np.array([_similarity(one) for one in prompts], dtype=np.float64)
    floors = np.array([_floor(one, seed, min(num_draws, _MOST_DRAWS)) for one in prompts], dtype=np.float64)
    num_read = sum(one.num_answered + one.num_failed for one in prompts)
    interval = percentile_interval(values, keyed_rng(seed, "frames", "items", arrays.survey.population))
    num_failed = sum(one.num_failed for one in prompts)
    return {
        "frame": frame.id,
        "use_case": frame.use_case,
        "population": arrays.survey.population,
        "similarity": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "unclassifiable": num_failed / num_read if num_read else float("nan"),
        "floor": defined_mean(floors),
        "num_items": interval.num_items,
        "num_respondents": len(arrays.panel),
    }


def _similarity(one: QuestionDistribution) -> float:
    """Of one item; NaN without a valid answer."""
    if one.num_answered == 0:
        return float("nan")
    return float(similarity(one.shares, _people(one)))


def _floor(one: QuestionDistribution, seed: int, num_draws: int) -> float:
    """Expected of as many real people as answered; NaN without a valid answer."""
    if one.num_answered == 0:
        return float("nan")
    people = _people(one)
    rng = keyed_rng(seed, one.question.item_id, one.question.wording, "floor of a frame")
    drawn = draw_samples(people, one.num_answered, rng, form=item_form(one), num_draws=num_draws)
    return expected_score(similarity(drawn.shares, people))


def _people(one: QuestionDistribution) -> Array:
    """People's shares; as stored they sum to 1 but for the last digit."""
    assert one.reference is not None
    shares = np.array(one.reference.shares)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _p_value(
    arrays: PanelArrays,
    frames: Mapping[str, Frame],
    order: Sequence[Frame],
    seed: int,
    are_independent: bool,
) -> float:
    """Every wording as an item of its own."""
    asked = {one.question.id: one for one in arrays.distributions if is_scored(one)}
    items = [
        FramedItem(arrays.choices[:, place], _people(asked[question.id]))
        for place, question in enumerate(arrays.single_questions)
        if question.id in asked
    ]
    labels = np.array([order.index(frames[name]) for name in arrays.by_respondent], dtype=np.int64)
    rng = keyed_rng(seed, "frames", "handed out anew", arrays.survey.population)
    return frames_p_value(items, labels, rng, within_items=are_independent)
