"""Study B: how similar answers are to people's under each style of asking, beside what the study printed.

After Bravansky, Trhlik & Barez 2025: a row a country and style; `style_pairs.py` has the styles of a country
in pairs. Joins `metrics/similarity.py` with runs and seeds; reads no files.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.beside_uniform import AboveUniform, above_uniform
from def_sim.evaluation.compared_runs import ComparedRun
from def_sim.evaluation.style_cells import ReadRun, StyleCell, cells_of, published_rng
from def_sim.evaluation.style_scores import StyleScores
from def_sim.evaluation.style_studies import STYLES, StyleStudy, is_published_style
from def_sim.metrics.aggregation import defined_mean
from def_sim.metrics.intervals import mean_interval
from def_sim.metrics.similarity import (
    SCALE,
    matched_items,
    percentile_interval,
)
from def_sim.randomness import keyed_rng
from def_sim.surveys.published_scores import STUDY_B_SURVEY, PublishedScore

NO_RESPONDENTS: Final = "The answers are probabilities: no respondents to draw again."
TABLE_TYPES: Final = {
    "population": "str",
    "style": "str",
    "judge": "str",
    "similarity": "float64",
    "low": "float64",
    "high": "float64",
    "own_low": "float64",
    "own_high": "float64",
    "worst": "float64",
    "best": "float64",
    "matched": "float64",
    "unclassifiable": "float64",
    "num_items": "int64",
    "num_dropped": "int64",
    "num_answers": "int64",
    "floor": "float64",
    "uniform": "float64",
    "majority": "float64",
    "other_people": "float64",
    "published": "float64",
    "published_low": "float64",
    "published_high": "float64",
    "published_unclassifiable": "float64",
    "num_matched": "int64",
    "above_uniform": "float64",
    "above_uniform_low": "float64",
    "above_uniform_high": "float64",
    "p_uniform": "float64",
    "not_bare": "float64",
    "why_no_own": "str",
    "study": "int64",
    "strategy": "str",
    "model": "str",
    "seed": "int64",
    "survey": "str",
    "folder": "str",
}


def study_b_table(
    study: StyleStudy,
    read: Mapping[str, ReadRun],
    published: Mapping[tuple[str, str], PublishedScore],
) -> pd.DataFrame:
    """A row a country and style.

    Args:
        study: Its runs.
        read: Folder -> what was read of the run.
        published: From `read_study_b`; stands beside runs of its questionnaire alone.

    Returns:
        Columns:
            population; style; judge: who read the answers;
            similarity: mean over items of 1 - W1/(K-1), unclassifiable answers left out; low, high: its 95 %
                interval as published, percentiles over drawn items; own_low, own_high: the one of this
                project, over items and respondents;
            worst, best: mean over all items asked, unclassifiable answers placed so;
            matched: mean over the num_matched items of which at least half is classified under all styles of
                the country; NaN unless all three were asked;
            unclassifiable: share of num_answers; num_items: with a similarity; num_dropped: without a
                classified answer;
            floor, uniform, majority, other_people: what stands beside, over the same items;
            published, published_low, published_high, published_unclassifiable;
            above_uniform, above_uniform_low, above_uniform_high, p_uniform: similarity minus that of equal
                shares, see `AboveUniform`;
            not_bare: share of replies that are not the bare number, where no judge read them;
            why_no_own: why there is no own interval;
            study, strategy, model, seed, survey, folder.
    """
    cells = cells_of(study, read)
    rows = []
    for population in dict.fromkeys(cell.run.population for cell in cells):
        beside = [cell for cell in cells if cell.run.population == population]
        above = above_uniform(beside)
        rows += [_row(study, cell, beside, published, above[cell.run.folder]) for cell in beside]
    return pd.DataFrame(rows, columns=list(TABLE_TYPES)).astype(TABLE_TYPES)


def _row(
    study: StyleStudy,
    cell: StyleCell,
    beside: Sequence[StyleCell],
    published: Mapping[tuple[str, str], PublishedScore],
    above: AboveUniform,
) -> dict[str, object]:
    scores, run = cell.scores, cell.run
    is_kept = ~np.isnan(scores.similarity)
    interval = percentile_interval(scores.similarity, published_rng(run))
    own_low, own_high, why = _own(cell)
    matched = _matched(beside)
    return {
        "population": run.population,
        "style": cell.style,
        "judge": cell.read.judge,
        "similarity": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "own_low": own_low,
        "own_high": own_high,
        "worst": defined_mean(scores.worst),
        "best": defined_mean(scores.best),
        "matched": _mean_of(scores, matched),
        "num_matched": len(matched),
        "above_uniform": above.difference,
        "above_uniform_low": above.low,
        "above_uniform_high": above.high,
        "p_uniform": above.p_adjusted,
        "unclassifiable": scores.unclassifiable,
        "num_items": int(is_kept.sum()),
        "num_dropped": int((~is_kept).sum()),
        "num_answers": round(float(scores.num_asked.sum())),
        "floor": defined_mean(scores.floor[is_kept]),
        "uniform": defined_mean(scores.uniform[is_kept]),
        "majority": defined_mean(scores.majority[is_kept]),
        "other_people": defined_mean(scores.other_people[is_kept]),
        **_published(run, published),
        "not_bare": cell.read.not_bare,
        "why_no_own": why,
        "study": study.number,
        "strategy": run.strategy,
        "model": run.model,
        "seed": run.seed,
        "survey": run.survey,
        "folder": run.folder,
    }


def _own(cell: StyleCell) -> tuple[float, float, str]:
    """The interval of this project, and why there is none."""
    draws, run = cell.scores.draws, cell.run
    if draws is None:
        return float("nan"), float("nan"), NO_RESPONDENTS
    rng = keyed_rng(run.seed, "study B", "items and respondents", run.population, cell.style)
    found = mean_interval(draws, rng, scale=SCALE)
    return found.low, found.high, found.why_absent


def _matched(beside: Sequence[StyleCell]) -> frozenset[str]:
    """Items of which at least half is classified under every style; none unless all styles were asked."""
    if not {one.run.strategy for one in beside}.issuperset(STYLES):
        return frozenset()
    common = sorted(set.intersection(*(set(one.scores.items) for one in beside)))
    shares = [dict(zip(one.scores.items, one.scores.classified, strict=True)) for one in beside]
    is_matched = matched_items(np.array([[share[item] for item in common] for share in shares]))
    return frozenset(item for item, matched in zip(common, is_matched, strict=True) if matched)


def _mean_of(scores: StyleScores, items: frozenset[str]) -> float:
    is_chosen = np.array([item in items for item in scores.items], dtype=np.bool_)
    return defined_mean(scores.similarity[is_chosen])


def _published(run: ComparedRun, published: Mapping[tuple[str, str], PublishedScore]) -> dict[str, float]:
    """What was printed of the country and style; NaN of another questionnaire, or other frames."""
    found = published.get((run.population, run.strategy))
    if found is None or run.survey != STUDY_B_SURVEY or not is_published_style(run):
        found = PublishedScore(*[float("nan")] * 4)
    return {
        "published": found.similarity,
        "published_low": found.low,
        "published_high": found.high,
        "published_unclassifiable": found.unclassifiable,
    }
