"""Groups of people: whether the members of a panel's groups answer as the people of these groups do.

Only of panels whose respondents are said to be of a sex and an age (`modifications.persona=demographic`).

Letters: K options, Q items, N respondents, C cells (sexes by ages).
"""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from def_sim.evaluation.findings import Finding
from def_sim.evaluation.group_scores import GroupScore, group_scores
from def_sim.evaluation.panel_arrays import Columns, PanelArrays
from def_sim.evaluation.people_groups import AGES, SEXES, group_reference
from def_sim.metrics.group_spread import GroupSpread, group_spread
from def_sim.metrics.sample import Array
from def_sim.randomness import keyed_rng
from def_sim.records import Persona

__all__ = ["NO_SPREAD", "GroupSpread", "GroupsOfPeople", "groups_of_people", "personas_of"]

CELLS: Final = tuple(f"{sex}|{age}" for sex in SEXES for age in AGES)
NO_PANEL: Final = "The answers are probabilities, with no respondents to hand out among groups anew."
NO_INTERVAL: Final = "No interval: without one of the respondents no two groups have two answers."
NO_VARIETY: Final = "Everyone gives the same answers."
NO_SPREAD: Final = "No item has figures and two answers each of two groups by sex and age."


@dataclass(frozen=True)
class GroupsOfPeople:
    """The 11 groups one by one, and the variety within and between the six of them that do not overlap."""

    scores: list[GroupScore]  # empty where `why` says why
    spread: GroupSpread | None
    why: str

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its rows of `measures.csv`."""
        if self.spread is None:
            return (Finding("group_divergence", math.nan, reason=self.why),)
        of_groups = tuple(finding for one in self.scores for finding in _of_group(one))
        return of_groups + _of_spread(self.spread)


def groups_of_people(arrays: PanelArrays, *, seed: int, num_draws: int) -> GroupsOfPeople | None:
    """Of a panel with sex and age; None for any other.

    Args:
        arrays: The panel's answers, people's shares by group beside them.
        seed: Of all draws.
        num_draws: Monte Carlo draws for each item and group, of which at most 100 are taken.
    """
    personas = personas_of(arrays)
    if not any(persona.has_person for persona in personas):
        return None
    answers = arrays.panel_answers
    if answers is None:
        return GroupsOfPeople([], None, NO_PANEL)
    scores = group_scores(
        arrays.prompts, answers, personas, arrays.reference.items, seed=seed, num_draws=num_draws
    )
    return GroupsOfPeople(scores, _spread_of(arrays, personas, seed), "")


def personas_of(arrays: PanelArrays) -> list[Persona]:
    """Of the respondents with answers, in the order of the arrays."""
    known = {respondent.id: respondent.persona for respondent in arrays.panel}
    return [known[name] for name in arrays.by_respondent]


def _spread_of(arrays: PanelArrays, personas: list[Persona], seed: int) -> GroupSpread:
    items = arrays.columns(lambda question: question.id in arrays.first_wordings)
    most = max(items.num_options, default=1)
    people = [_people_of_cell(arrays, items, cell, most) for cell in CELLS]
    return group_spread(
        items.choices[..., None] == np.arange(most),
        np.array([CELLS.index(persona.group) for persona in personas]),
        np.array([shares for shares, _ in people]),
        np.array([num for _, num in people]),
        keyed_rng(seed, "spread of groups"),
    )


def _people_of_cell(arrays: PanelArrays, items: Columns, cell: str, most: int) -> tuple[Array, Array]:
    """Shares of a cell's people, shape (Q, K), NaN where unknown, and how many they are, shape (Q,)."""
    shares, num_people = np.full((len(items.questions), most), np.nan), np.zeros(len(items.questions))
    for place, question in enumerate(items.questions):
        reference = group_reference(arrays.reference.items, question.item_id, cell)
        if reference is not None:
            shares[place] = np.pad(reference.shares, (0, most - len(reference.shares)))
            num_people[place] = reference.n_for_uncertainty
    return shares, num_people


def _of_group(one: GroupScore) -> tuple[Finding, ...]:
    low, high = one.interval
    divergence = Finding(
        "group_divergence",
        one.divergence,
        group=one.group,
        low=low,
        high=high,
        people=one.floor,
        num_items=one.num_items,
        reason=one.reason,
    )
    why_no_test = one.reason if math.isnan(one.divergence) else "Everyone is of this group."
    steering = Finding(
        "steering",
        one.steering,
        group=one.group,
        num_items=one.num_items,
        reason=why_no_test if math.isnan(one.p_steering) else "",
    )
    return (
        divergence,
        replace(_bare(divergence), measure="group_divergence_from_everyone", value=one.from_everyone),
        replace(
            _bare(divergence),
            measure="group_people_distance",
            value=one.people_distance,
            random=one.people_chance,
        ),
        Finding("group_members", float(one.num_members), group=one.group),
        steering,
        replace(steering, measure="steering_p_adjusted", value=one.p_adjusted),
    )


def _bare(divergence: Finding) -> Finding:
    """The same group and items; a number of them that has no interval and no floor."""
    reason = divergence.reason if math.isnan(divergence.value) else ""
    return replace(divergence, low=math.nan, high=math.nan, people=math.nan, reason=reason)


def _of_spread(found: GroupSpread) -> tuple[Finding, ...]:
    panel, people, num_items = found.panel, found.people, found.panel.num_items
    why = "" if num_items else NO_SPREAD
    no_interval = NO_INTERVAL if num_items and math.isnan(found.within[0]) else why
    return (
        Finding(
            "within_groups",
            panel.within,
            low=found.within[0],
            high=found.within[1],
            people=people.within,
            num_items=num_items,
            reason=no_interval,
        ),
        Finding(
            "between_groups",
            panel.between,
            low=found.between[0],
            high=found.between[1],
            people=people.between,
            num_items=num_items,
            reason=no_interval,
        ),
        Finding(
            "share_between_groups",
            panel.share_between,
            people=people.share_between,
            reason=why or (NO_VARIETY if math.isnan(panel.share_between) else ""),
        ),
        Finding("groups_p_value", found.p_value, num_items=num_items, reason=why),
    )
