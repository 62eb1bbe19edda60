"""From distributions and people's groups to the tables of preference bias, published and sound.

Joins `metrics/preference_bias.py` and `metrics/subgroup_tilt.py` with items, groups and seeds. A
draw depends on seed, item, group and purpose alone. A group that an item's figures lack is missing for
that item only.

Letters: K options, Q items, G groups.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from def_sim.evaluation.comparisons import item_form
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.people_groups import (
    AGES,
    GROUPS,
    SEXES,
    Groups,
    group_reference,
    independent_people,
)
from def_sim.metrics import preference_bias, subgroup_tilt
from def_sim.metrics.aggregation import defined_mean, dimension_means
from def_sim.metrics.item_metrics import ITEM_METRICS
from def_sim.metrics.preference_bias import Profile
from def_sim.metrics.sample import Array, Sample
from def_sim.randomness import keyed_rng
from def_sim.records import DIMENSION_TITLES, ItemReference

GAP_METRIC: Final = "js_divergence"
_DIMENSIONS: Final = tuple(str(dimension) for dimension in DIMENSION_TITLES)
SEX_WORDS: Final[Mapping[str, str]] = {"male": "men", "female": "women", "T": "sexes tied"}
AGE_WORDS: Final[Mapping[str, str]] = {
    "<=29": "up to 29",
    "30-49": "30 to 49",
    "50+": "50 and over",
    "29-30": "tie of up to 29 and 30 to 49",
    "29-50": "tie of up to 29 and 50 and over",
    "30-50": "tie of 30 to 49 and 50 and over",
    "T": "all ages tied",
}
# Whose answer a mismatch is, in words, by sex and age as in `PublishedBias.mismatches`.
PROFILE_TITLES: Final = tuple(
    tuple(f"{SEX_WORDS[sex]}, {AGE_WORDS[age]}" for age in preference_bias.AGE_PROFILES)
    for sex in preference_bias.SEX_PROFILES
)


@dataclass(frozen=True)
class PublishedBias:
    """Matches and profiles as published."""

    items: pd.DataFrame  # item_id, wording, dimension, match (1, 0, NaN), sex, age ("" without figures)
    mismatches: NDArray[np.int64]  # shape (3, 7, 9), see preference_bias.mismatch_table
    dimensions: tuple[str, ...] = _DIMENSIONS  # of its last axis

    def rates(self) -> dict[str, float]:
        """Match rate by dimension and, as "all", over all items; NaN without any."""
        return _rates(self.items["match"].to_numpy(dtype=np.float64), list(self.items["dimension"]))


def published_bias(
    distributions: Sequence[QuestionDistribution],
    groups: Groups,
    *,
    name_age: Callable[[Sequence[float]], str] = preference_bias.age_profile,
) -> PublishedBias:
    """Match of the most frequent options, and whose answers the mismatches are, as published.

    Args:
        distributions: Aligned with the whole population; questions without a reference are left out.
        groups: Shares by group, from the same reference. Counts are shares times n, rounded.
        name_age: `age_profile`, or `age_profile_of_code` for the defects of the published code.
    """
    known = [one for one in distributions if one.reference is not None]
    matches = np.array([float(_published_match(one)) for one in known])
    profiles = [_profile(one, groups, name_age) for one in known]
    dimensions = [str(one.question.dimension) for one in known]
    items = pd.DataFrame(
        {
            "item_id": [one.question.item_id for one in known],
            "wording": [one.wording for one in known],
            "dimension": dimensions,
            "match": matches,
            "sex": [profile.sex if profile else "" for profile in profiles],
            "age": [profile.age if profile else "" for profile in profiles],
        }
    )
    table = preference_bias.mismatch_table(matches, profiles, dimensions, _DIMENSIONS)
    return PublishedBias(items, table)


def _published_match(one: QuestionDistribution) -> Array:
    return preference_bias.published_match(one.counts, _shares(one.reference))


def _profile(
    one: QuestionDistribution, groups: Groups, name_age: Callable[[Sequence[float]], str]
) -> Profile | None:
    is_modal = preference_bias.modal_options(one.counts)
    if not is_modal.any():
        return None
    option = int(is_modal.argmax())  # after a tie the lowest code, as in the match
    by_sex, by_age = (
        [_heads(group_reference(groups, one.question.item_id, group), option) for group in names]
        for names in (SEXES, AGES)
    )
    return preference_bias.option_profile(by_sex, by_age, name_age=name_age)


def _heads(reference: ItemReference | None, option: int) -> float:
    if reference is None or reference.n is None:
        return np.nan
    return float(round(reference.shares[option] * reference.n))


@dataclass(frozen=True)
class SoundBias:
    """Match rates between chance and people, and tilts towards groups."""

    items: pd.DataFrame  # item_id, wording, dimension, credit, chance, floor, halves
    groups: pd.DataFrame  # group; lift, floor_lift, difference, num_items (see subgroup_tilt.Tilt); gap,
    # expected_gap, num_gap_items (means over items)

    def rates(self, column: str = "credit") -> dict[str, float]:
        """Mean of credit, chance, floor or halves by dimension and, as "all", over all items.

        All over the same items: those that the panel answered.
        """
        values = self.items[column].where(self.items["credit"].notna()).to_numpy(dtype=np.float64)
        return _rates(values, list(self.items["dimension"]))


def sound_bias(
    distributions: Sequence[QuestionDistribution], groups: Groups, *, seed: int, num_draws: int = 200
) -> SoundBias:
    """Match rates with shared credit, lift, and divergence gaps by group.

    Args:
        distributions: Aligned with the whole population; pool the wordings of an item first.
        groups: Shares by group, from the same reference.
        seed: Of all draws.
        num_draws: Monte Carlo draws for each item (floor, halves) and group (expected gap).
    """
    known = [one for one in distributions if one.reference is not None]
    items = pd.DataFrame([_item_row(one, seed, num_draws) for one in known], columns=_ITEM_COLUMNS)
    shares = np.array([_modal_shares(one, groups, seed, num_draws) for one in known])
    found, floor = shares.reshape(len(known), 2, 1 + len(GROUPS)).swapaxes(0, 1)
    tilt = subgroup_tilt.group_tilt(
        found[:, 1:],
        found[:, 0],
        floor_groups=floor[:, 1:],
        floor_everyone=floor[:, 0],
    )
    gaps = np.array([_gaps(one, groups, seed, num_draws) for one in known]).reshape(
        len(known), len(GROUPS), 2
    )
    frame = pd.DataFrame(
        {
            "group": GROUPS,
            "lift": tilt.lift,
            "floor_lift": tilt.floor_lift,
            "difference": tilt.difference,
            "num_items": tilt.num_items,
            "gap": [defined_mean(gaps[:, index, 0]) for index in range(len(GROUPS))],
            "expected_gap": [defined_mean(gaps[:, index, 1]) for index in range(len(GROUPS))],
            "num_gap_items": np.isfinite(gaps[..., 0]).sum(axis=0),
        }
    )
    return SoundBias(items, frame)


_ITEM_COLUMNS: Final = ["item_id", "wording", "dimension", "credit", "chance", "floor", "halves"]


def _item_row(one: QuestionDistribution, seed: int, num_draws: int) -> dict[str, object]:
    assert one.reference is not None
    item_id, form, rates = one.question.item_id, item_form(one), _shares(one.reference)
    floor, halves = (keyed_rng(seed, item_id, f"modal {purpose}") for purpose in ("floor", "halves"))
    people = one.reference.n_for_uncertainty
    has_halves = one.reference.n is not None  # of an unknown number of people there is no half
    return {
        "item_id": item_id,
        "wording": one.wording,
        "dimension": str(one.question.dimension),
        "credit": float(preference_bias.match_credit(one.counts, rates)),
        "chance": preference_bias.chance_credit(len(rates)),
        "floor": preference_bias.floor_credit(rates, one.num_answered, floor, form=form, num_draws=num_draws),
        "halves": preference_bias.halves_credit(rates, people, halves, form=form, num_draws=num_draws)
        if has_halves
        else np.nan,
    }


def _modal_shares(one: QuestionDistribution, groups: Groups, seed: int, num_draws: int) -> Array:
    """Share of everyone, then of each group, that gives the panel's most frequent answer, and the floor's.

    Shape (2, 1 + G).
    """
    assert one.reference is not None
    item_id, rates = one.question.item_id, _shares(one.reference)
    of_groups = [group_reference(groups, item_id, group) for group in GROUPS]
    unknown = np.full(len(rates), np.nan)
    people = np.array([rates, *(_shares(part) if part else unknown for part in of_groups)])
    rng = keyed_rng(seed, item_id, "modal share floor")
    floor = subgroup_tilt.expected_modal_share(
        people, rates, one.num_answered, rng, form=item_form(one), num_draws=num_draws
    )
    return np.array([subgroup_tilt.modal_share(one.counts, people), floor])


def _gaps(one: QuestionDistribution, groups: Groups, seed: int, num_draws: int) -> list[tuple[float, float]]:
    """Gap and expected gap of each group on one item; NaN for groups without figures."""
    assert one.reference is not None
    item_id, form, metric = one.question.item_id, item_form(one), ITEM_METRICS[GAP_METRIC]
    panel, total = Sample(one.counts, one.num_answered), _people(one.reference)
    found = dict.fromkeys(GROUPS, (np.nan, np.nan))
    references = {group: group_reference(groups, item_id, group) for group in GROUPS}
    known = {group: part for group, part in references.items() if part is not None}
    if one.num_answered == 0:
        return list(found.values())
    gaps = subgroup_tilt.divergence_gaps(
        panel, list(map(_people, known.values())), total, metric=metric, form=form
    )
    for gap, (group, reference) in zip(gaps, known.items(), strict=True):
        people = independent_people(reference, one.reference)
        rng = keyed_rng(seed, item_id, group, "expected gap")
        expected = subgroup_tilt.expected_gap(
            panel, total, people, rng, metric=metric, form=form, num_draws=num_draws
        )
        found[group] = float(gap), expected
    return list(found.values())


def _shares(reference: ItemReference | None) -> Array:
    return np.array(reference.shares if reference else (), dtype=np.float64)


def _people(reference: ItemReference) -> Sample:
    return Sample.of_people(_shares(reference), reference.n_for_uncertainty)


def _rates(values: Array, dimensions: Sequence[str]) -> dict[str, float]:
    return {**dimension_means(values, dimensions), "all": defined_mean(values)}
