"""Whether models keep their order from arm to arm, beside what the noise of respondents alone does.

Joins `metrics/rank_stability.py` with groups of comparable runs: each group is one arm, in which models were
asked alike. Reads no files.

Letters: M models, A arms, B draws, Q items.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.as_many_answers import at_as_many
from def_sim.evaluation.compared_runs import ComparedRun, RunGroup, model_of
from def_sim.evaluation.paired_runs import METRIC, RunScores
from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.deviations import item_weights
from def_sim.metrics.rank_stability import Stability, rank_stability, stability_of_noise
from def_sim.metrics.sample import Array

MOST_DRAWS: Final = 200  # of the noise; each ranks all models in all arms
_TYPES: Final = {
    "survey": "str",
    "population": "str",
    "seed": "int64",
    "statistic": "str",
    "model": "str",
    "other": "str",
    "value": "float64",
    "of_noise": "float64",
    "num_models": "int64",
    "num_arms": "int64",
}


def stability_table(groups: Sequence[RunGroup], scores: Mapping[str, RunScores]) -> pd.DataFrame:
    """The order of models over the arms in which all of them are finished.

    Args:
        groups: From `group_runs`.
        scores: Folder -> scores of a finished run.

    Returns:
        One block for each survey, population and seed with at least two models in two groups. Columns:
            survey, population, seed;
            statistic: tau_mean and tau_least (Kendall's, over pairs of arms), first (share of the arms in
                which `model` is closest to people), swaps (share of the arms in which `model` and `other`
                stand in the rarer of their two orders);
            model, other: "" where they do not apply; value;
            of_noise: the same where all arms order models alike but for the noise of respondents;
            num_models, num_arms.
    """
    rows = [
        row
        for members in _by_survey(groups, scores).values()
        if (shared := _shared_by_all(members)) is not None
        for row in _rows(*shared, scores)
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


_Member = dict[tuple[object, ...], ComparedRun]  # model -> its run in one group


def _by_survey(
    groups: Sequence[RunGroup], scores: Mapping[str, RunScores]
) -> dict[tuple[object, ...], list[_Member]]:
    """Survey, population, seed, items -> the models of each group."""
    found: dict[tuple[object, ...], list[_Member]] = {}
    for group in groups:
        by_seed: dict[tuple[object, ...], _Member] = {}
        for run in group.runs:
            if run.folder in scores:
                key: tuple[object, ...] = (
                    run.survey,
                    run.population,
                    run.seed,
                    tuple(scores[run.folder].items),
                )
                by_seed.setdefault(key, {}).setdefault(model_of(run), run)
        for key, member in by_seed.items():
            found.setdefault(key, []).append(member)
    return found


def _shared_by_all(members: Sequence[_Member]) -> tuple[list[tuple[object, ...]], list[_Member]] | None:
    """The models of the largest set of arms that hold the same ones; None if there is no order to compare."""
    several = [member for member in members if len(member) > 1]
    if len(several) < 2:
        return None
    most = max(map(len, several))
    arms = [member for member in several if len(member) == most]
    models = sorted(set.intersection(*(set(arm) for arm in arms)), key=str)
    return (models, arms) if len(arms) > 1 and len(models) > 1 else None


def _rows(
    models: Sequence[tuple[object, ...]], arms: Sequence[_Member], scores: Mapping[str, RunScores]
) -> list[dict[str, object]]:
    runs = [[arm[model] for arm in arms] for model in models]
    by_arm = [_mean_draws([scores[run.folder] for run in column]) for column in zip(*runs, strict=True)]
    drawn = list(zip(*by_arm, strict=True))
    values = np.array([[value for value, _ in row] for row in drawn])  # (M, A)
    if np.isnan(values).any():
        return []
    deviations = np.array([[one for _, one in row] for row in drawn]).transpose(2, 0, 1)  # (B, M, A)
    found = rank_stability(values)
    noise = stability_of_noise(values, deviations[:MOST_DRAWS])
    one = runs[0][0]
    base: dict[str, object] = {
        "survey": one.survey,
        "population": one.population,
        "seed": one.seed,
        "model": "",
        "other": "",
        "num_models": len(models),
        "num_arms": len(arms),
    }
    return [base | row for row in _statistics(found, noise, [row[0].model for row in runs])]


def _statistics(found: Stability, noise: Stability, models: Sequence[str]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {"statistic": "tau_mean", "value": found.tau_mean, "of_noise": noise.tau_mean},
        {"statistic": "tau_least", "value": found.tau_least, "of_noise": noise.tau_least},
    ]
    rows += [
        {"statistic": "first", "model": model, "value": value, "of_noise": of_noise}
        for model, value, of_noise in zip(models, found.first, noise.first, strict=True)
    ]
    rows += [
        {
            "statistic": "swaps",
            "model": models[i],
            "other": models[j],
            "value": found.swaps[i, j],
            "of_noise": noise.swaps[i, j],
        }
        for i, j in combinations(range(len(models)), 2)
    ]
    return rows


def _mean_draws(models: Sequence[RunScores]) -> list[tuple[float, Array]]:
    """Of each model in one arm: its mean of topic groups under `METRIC`, deviations in resampled panels (B,).

    At as many answers an item: the order is not to be that of how many answers could be read.
    """
    own = [{METRIC: one.draws} for one in models]
    equal = at_as_many([one.answered for one in models], own, models[0].seed)
    return [_mean_of(one, found[METRIC]) for one, found in zip(models, equal.draws, strict=True)]


def _mean_of(one: RunScores, draws: ScoreDraws) -> tuple[float, Array]:
    has_score = np.array([bool(name) for name in one.dimensions]) & ~np.isnan(draws.values)
    if not has_score.any():
        return float("nan"), np.zeros(len(draws.draws))
    groups = [name for name, has in zip(one.dimensions, has_score, strict=True) if has]
    weights = item_weights(int(has_score.sum()), groups)
    drawn = draws.draws[:, has_score] @ weights
    return float(draws.values[has_score] @ weights), drawn - drawn.mean()
