"""Every panel beside both peoples: whom does it answer like, whoever it is asked to be?

A panel that is told to be of a country can come nearer to that country's people, or to all people alike, or
to nobody. So each run is scored against its own population and against another country's people, on the items
that both were asked with the same options. Reads no files.

Letters: Q items, N respondents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.compared_runs import ComparedRun
from def_sim.evaluation.comparisons import compare_items
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.score_intervals import Resampled, people_of
from def_sim.metrics.aggregation import macro_mean
from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.equal_answers import AnsweredItems
from def_sim.metrics.intervals import mean_interval
from def_sim.metrics.sample import Array
from def_sim.metrics.score_scale import SCALES
from def_sim.randomness import keyed_rng
from def_sim.records import ItemReference

METRICS: Final = ("js_divergence", "wasserstein", "kl_smoothed_model_human")
NUM_DRAWS: Final = 300  # for the floor of each item; a mean over items is wanted
PERSONA: Final = "survey.persona_country"
Peoples = Mapping[str, Mapping[str, ItemReference]]  # population -> item -> shares of everyone
_TYPES: Final = {
    "folder": "str",
    "model": "str",
    "seed": "int64",
    "persona": "str",
    "people": "str",
    "metric": "str",
    "value": "float64",
    "low": "float64",
    "high": "float64",
    "floor": "float64",
    "num_items": "int64",
    "reason": "str",
}


def persona_of(run: ComparedRun) -> str:
    """Whose citizens the panel is asked to be: a population's code, or `none`."""
    return run.settings.get(PERSONA, run.population)


@dataclass(frozen=True)
class BesidePeople:
    """A panel's scores against one people, on the items that all the peoples share."""

    people: str
    draws: Mapping[str, ScoreDraws]  # by metric, Q items
    floors: Mapping[str, Array]  # expected of as many of these people, shape (Q,)
    dimensions: Sequence[str]  # length Q
    seed: int
    answered: AnsweredItems


def beside_peoples(resampled: Resampled, peoples: Peoples) -> list[BesidePeople]:
    """A panel against each people, on the shared items.

    Args:
        resampled: A finished run.
        peoples: At least two, the run's own among them.
    """
    shared = [place for place, prompt in enumerate(resampled.prompts) if _is_shared(prompt, peoples)]
    kept = _only(resampled, shared)
    return [_beside(kept, name, references) for name, references in peoples.items()]


def _is_shared(prompt: QuestionDistribution, peoples: Peoples) -> bool:
    found = [references.get(prompt.question.item_id) for references in peoples.values()]
    return all(one is not None and one.codes == prompt.question.codes for one in found)


def _only(resampled: Resampled, places: Sequence[int]) -> Resampled:
    panel = resampled.panel
    parts = {
        name: [samples[place] for place in places]
        for name, samples in (
            ("observed", panel.observed),
            ("drawn", panel.drawn),
            ("without_one", panel.without_one),
        )
    }
    return replace(
        resampled,
        prompts=[resampled.prompts[place] for place in places],
        panel=replace(panel, **parts),
        people=[resampled.people[place] for place in places],
        forms=[resampled.forms[place] for place in places],
    )


def _beside(resampled: Resampled, name: str, references: Mapping[str, ItemReference]) -> BesidePeople:
    prompts = [replace(one, reference=references[one.question.item_id]) for one in resampled.prompts]
    if not prompts:
        nothing = ScoreDraws(np.empty(0), np.empty((0, 0)), np.empty((0, 0)))
        empty = dict.fromkeys(METRICS, np.empty(0))
        nobody = AnsweredItems([], [], [], [])
        return BesidePeople(name, dict.fromkeys(METRICS, nothing), empty, [], resampled.seed, nobody)
    scored = replace(resampled, prompts=prompts, people=[people_of(one) for one in prompts])
    found = compare_items(prompts, seed=resampled.seed, num_draws=NUM_DRAWS, metrics=METRICS)
    floors = {metric: found[metric]["floor"] for metric in METRICS}
    draws = scored.draws_by_metric(METRICS)
    return BesidePeople(name, draws, floors, scored.dimensions, resampled.seed, scored.answered)


def people_matrix(runs: Sequence[ComparedRun], beside: Mapping[str, Sequence[BesidePeople]]) -> pd.DataFrame:
    """Each run against each people.

    Args:
        runs: Those without an entry in `beside` are left out.
        beside: Folder of a finished run -> from `beside_peoples`.

    Returns:
        Columns: folder; model; seed; persona: whose citizens the panel was asked to be, `none` for nobody's;
        people: against whom it is scored; metric; value, low, high: mean of topic groups with its 95 %
        interval; floor: expected of as many of these people; num_items: with a score, the same for all
        peoples of a run; reason: why there is no interval.
    """
    rows = [
        _run_columns(run) | {"people": one.people} | _score_columns(one, metric)
        for run in runs
        for one in beside.get(run.folder, ())
        for metric in METRICS
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def _run_columns(run: ComparedRun) -> dict[str, object]:
    return {"folder": run.folder, "model": run.model, "seed": run.seed, "persona": persona_of(run)}


def _score_columns(one: BesidePeople, metric: str) -> dict[str, object]:
    draws, groups = grouped(one.draws[metric], one.dimensions)
    rng = keyed_rng(one.seed, "people matrix", metric, one.people)
    interval = mean_interval(draws, rng, groups=groups, scale=SCALES[metric])
    has_score = ~np.isnan(one.draws[metric].values)
    floors = np.where(has_score, one.floors[metric], np.nan)
    return {
        "metric": metric,
        "value": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "floor": macro_mean(floors, one.dimensions),
        "num_items": interval.num_items - interval.num_undefined,
        "reason": interval.why_absent,
    }


def grouped(draws: ScoreDraws, dimensions: Sequence[str]) -> tuple[ScoreDraws, list[str]]:
    """Scores of the items in a topic group, and the group of each."""
    is_grouped = np.array([bool(name) for name in dimensions], dtype=np.bool_)
    return draws.select(is_grouped), [name for name in dimensions if name]
