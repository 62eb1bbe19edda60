"""What saying sex and age changed: a panel beside the same respondents of a run that does not say them.

Places, decoding and memory are drawn by the seed, so respondent n of both runs differs in the words on sex
and age alone. Both sides of a group have the same respondents, so their number does not enter the
difference. Interval and test: `metrics/steering.py`.

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
from def_sim.metrics.paired import adjusted_for_many
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.sample import Array, Sample
from def_sim.metrics.steering import PairedSteering, paired_steering
from def_sim.randomness import keyed_rng

LEVEL: Final = 0.05
OTHER_RUN: Final = "The two runs have not the same respondents or questions."
FEW: Final = f"No interval and no test: fewer than {FEWEST_MEMBERS} members."
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
    "p_value": "float64",
    "p_adjusted": "float64",
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
    p_value: float  # two-sided, of panels in which saying the group changes nothing
    reason: str

    @property
    def value(self) -> float:
        """How much nearer saying them brings the members; below 0: farther away."""
        return self.unsteered - self.steered


def steerability(steered: PanelArrays, unsteered: PanelArrays, *, seed: int) -> list[Steerability] | str:
    """Every group, or in words why the two runs cannot be paired.

    Args:
        steered: Of a run whose respondents have sex and age.
        unsteered: Of the run without, on the same seed.
        seed: Of the tests' exchanges.
    """
    first, second = unsteered.panel_answers, steered.panel_answers
    names = list(steered.by_respondent)
    if first is None or second is None or names != list(unsteered.by_respondent):
        return OTHER_RUN
    if [q.id for q in steered.survey.questions] != [q.id for q in unsteered.survey.questions]:
        return OTHER_RUN
    known = {respondent.id: respondent.persona for respondent in steered.panel}
    members = memberships([known[name] for name in names])
    return [
        _of_group(steered, (first, second), members[place], group, seed) for place, group in enumerate(GROUPS)
    ]


def _of_group(
    arrays: PanelArrays, both: tuple[PanelAnswers, PanelAnswers], belongs: Array, group: str, seed: int
) -> Steerability:
    prompts = arrays.prompts
    references = [group_reference(arrays.reference.items, one.question.item_id, group) for one in prompts]
    people = [Sample.of_people(np.array(one.shares), 1.0) if one else None for one in references]
    forms = [item_form(one) for one in prompts]
    rng = keyed_rng(seed, group, "exchanged answers")
    found = paired_steering(*both, belongs, people, forms, METRIC, rng)
    return _told(group, int(belongs.sum()), found)


def _told(group: str, num_members: int, found: PairedSteering) -> Steerability:
    """With neither interval nor test where there are too few members for them."""
    nan = float("nan")
    if not found.num_items:
        return Steerability(group, num_members, 0, nan, nan, (nan, nan), nan, NO_PEOPLE)
    is_enough = num_members >= FEWEST_MEMBERS
    return Steerability(
        group,
        num_members,
        found.num_items,
        found.unsteered,
        found.steered,
        found.interval if is_enough else (nan, nan),
        found.p_value if is_enough else nan,
        "" if is_enough else FEW,
    )


def steerability_table(found: Sequence[Steerability]) -> pd.DataFrame:
    """One row a group.

    Returns:
        Columns: group; num_members; num_items; unsteered, steered: divergence of the members from the
        group's people without and with the words; steerability: the first minus the second, with its 95 %
        interval low, high; p_value: of panels in which the words change nothing; p_adjusted: Holm over the
        groups; reason: why a number is absent.
    """
    adjusted = adjusted_for_many({one.group: one.p_value for one in found})
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
            "p_value": one.p_value,
            "p_adjusted": adjusted[one.group],
            "reason": one.reason,
        }
        for one in found
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)
