"""What saying sex and age changed: a panel beside the same respondents of a run that does not say them.

Places, decoding and memory are drawn by the seed, so respondent n of both runs differs in the words on sex
and age alone. Both sides of a group have the same respondents, so their number does not enter the
difference; the interval leaves out a respondent of both runs at once.

Letters: G groups, Q items, N respondents.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.comparisons import item_form
from def_sim.evaluation.group_scores import FEWEST_MEMBERS, METRIC, memberships
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.people_groups import GROUPS, group_reference
from def_sim.metrics.jackknife import jackknife_interval
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.panel_scores import score_panel
from def_sim.metrics.sample import Array, Sample

OTHER_RUN: Final = "The two runs have not the same respondents or questions."
FEW: Final = f"No interval: fewer than {FEWEST_MEMBERS} members."
NO_PEOPLE: Final = "No member, or no answered item with figures of this group."
_TYPES: Final = {
    "group": "str",
    "num_members": "int64",
    "num_items": "int64",
    "unsteered": "float64",
    "steered": "float64",
    "steerability": "float64",
    "low": "float64",
    "high": "float64",
    "reason": "str",
}


@dataclass(frozen=True, slots=True)
class Steerability:
    """One group; divergences from its people are means over items, in bits."""

    group: str
    num_members: int
    num_items: int
    unsteered: float  # the members, when sex and age are not said
    steered: float  # the same respondents, when they are
    interval: tuple[float, float]  # 95 %, of the difference
    reason: str

    @property
    def value(self) -> float:
        """How much nearer saying them brings the members; below 0: farther away."""
        return self.unsteered - self.steered


def steerability(steered: PanelArrays, unsteered: PanelArrays) -> list[Steerability] | str:
    """Every group, or in words why the two runs cannot be paired.

    Args:
        steered: Of a run whose respondents have sex and age.
        unsteered: Of the run without, on the same seed.
    """
    first, second = steered.panel_answers, unsteered.panel_answers
    names = list(steered.by_respondent)
    if first is None or second is None or names != list(unsteered.by_respondent):
        return OTHER_RUN
    if [q.id for q in steered.survey.questions] != [q.id for q in unsteered.survey.questions]:
        return OTHER_RUN
    known = {respondent.id: respondent.persona for respondent in steered.panel}
    members = memberships([known[name] for name in names])
    return [_of_group(steered, (first, second), members[place], group) for place, group in enumerate(GROUPS)]


def _of_group(
    arrays: PanelArrays, both: tuple[PanelAnswers, PanelAnswers], belongs: Array, group: str
) -> Steerability:
    chosen = np.flatnonzero(belongs)
    weights = np.vstack([belongs, belongs - np.eye(belongs.size)[chosen]])  # all members, then all but one
    scores = [_scores(arrays, answers, weights, group) for answers in both]  # (1 + members, Q) each
    is_scored = np.isfinite(scores[0][0]) & np.isfinite(scores[1][0])
    if not is_scored.any():
        return Steerability(group, chosen.size, 0, np.nan, np.nan, (np.nan, np.nan), NO_PEOPLE)
    means = [_means(one[:, is_scored]) for one in scores]
    nearer = means[1] - means[0]
    has_interval = chosen.size >= FEWEST_MEMBERS
    interval = jackknife_interval(nearer[0], nearer[1:]) if has_interval else (np.nan, np.nan)
    steered, unsteered = (float(one[0]) for one in means)
    why = "" if has_interval else FEW
    return Steerability(group, chosen.size, int(is_scored.sum()), unsteered, steered, interval, why)


def _scores(arrays: PanelArrays, answers: PanelAnswers, weights: Array, group: str) -> Array:
    prompts = arrays.prompts
    references = [group_reference(arrays.reference.items, one.question.item_id, group) for one in prompts]
    people = [Sample.of_people(np.array(one.shares), 1.0) if one else None for one in references]
    return score_panel(answers.samples(weights), people, [item_form(one) for one in prompts], METRIC)


def _means(scores: Array) -> Array:
    """Mean over the items that have a score, shape (..., Q) to (...)."""
    is_known = np.isfinite(scores)
    num = is_known.sum(axis=-1)
    total: Array = np.where(is_known, scores, 0.0).sum(axis=-1)
    return total / np.where(num > 0, num, np.nan)


def steerability_table(found: Sequence[Steerability]) -> pd.DataFrame:
    """One row a group.

    Returns:
        Columns: group; num_members; num_items; unsteered, steered: divergence of the members from the
        group's people without and with the words; steerability: the first minus the second, with its 95 %
        interval low, high; reason: why a number is absent.
    """
    rows = [
        {
            "group": one.group,
            "num_members": one.num_members,
            "num_items": one.num_items,
            "unsteered": one.unsteered,
            "steered": one.steered,
            "steerability": one.value,
            "low": one.interval[0],
            "high": one.interval[1],
            "reason": one.reason,
        }
        for one in found
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)
