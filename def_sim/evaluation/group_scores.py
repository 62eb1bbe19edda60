"""How far a panel's members of each group are from that group's people, and whether saying the group helped.

The respondents are what varies: an interval leaves out members one by one, the test of steering hands
the groups out anew among respondents with all their answers. Items stay those of the questionnaire.

Letters: G groups (11: sexes, ages, sexes by ages), K options, Q items, N respondents, B draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from def_sim.evaluation.comparisons import item_form
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.people_groups import GROUPS, Groups, group_reference, independent_people
from def_sim.metrics.aggregation import defined_mean
from def_sim.metrics.item_metrics import ITEM_METRICS, ItemForm
from def_sim.metrics.jackknife import jackknife_interval
from def_sim.metrics.noise_floor import draw_samples, expected_score
from def_sim.metrics.paired import adjusted_for_many
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.panel_scores import score_panel
from def_sim.metrics.sample import Array, Sample
from def_sim.randomness import keyed_rng
from def_sim.records import ItemReference, Persona

METRIC: Final = "js_divergence"
FEWEST_MEMBERS: Final = 5  # for an interval: see docs/concepts/countries_and_groups.md
_PERMUTATIONS: Final = 499
_AT_ONCE: Final = 20  # permutations scored together
_MOST_DRAWS: Final = 100  # Monte Carlo draws for each item and group
_ROUNDING: Final = 1e-12


@dataclass(frozen=True, slots=True)
class GroupScore:
    """One group; divergences are means over items, in bits. NaN where not known, then with the reason."""

    group: str
    num_members: int
    num_items: int  # that have people of the group and an answer of a member
    divergence: float  # members from the group's people
    interval: tuple[float, float]  # 95 %, of another panel of such members on these items
    floor: float  # the same of as many people of the group
    from_everyone: float  # members from all people
    people_distance: float  # the group's people from all people: what there is to reproduce
    people_chance: float  # the same of as many people drawn from all
    steering: float  # divergence of as many respondents of any group, minus that of the members
    p_steering: float  # of a panel in which saying the group changes nothing; two-sided
    p_adjusted: float  # Holm over the groups
    reason: str


def memberships(personas: Sequence[Persona]) -> Array:
    """Who is of which of the 11 groups, 1 or 0, shape (G, N)."""
    own = [{persona.sex, persona.age, persona.group} for persona in personas]
    return np.array([[float(group in one) for one in own] for group in GROUPS])


def group_scores(
    prompts: Sequence[QuestionDistribution],
    answers: PanelAnswers,
    personas: Sequence[Persona],
    groups: Groups,
    *,
    seed: int,
    num_draws: int,
) -> list[GroupScore]:
    """Every group, in the order of `people_groups.GROUPS`.

    Args:
        prompts: What is scored, aligned with everyone; Q of them.
        answers: Of the same prompts, in the same order.
        personas: Of the same respondents.
        groups: People's shares by item and group.
        seed: Of all draws.
        num_draws: B of the floors, of which at most 100 are taken for each item and group.
    """
    beside = _Beside(prompts, answers, groups)
    members = memberships(personas)
    own = beside.scores(members)  # (G, Q)
    steering, p_values = _steering(beside, members, own, seed)
    adjusted = adjusted_for_many(dict(zip(GROUPS, p_values, strict=True)))
    draws = min(_MOST_DRAWS, num_draws)
    return [
        _score(beside, place, members, own[place], steering[place], p_values[place], adjusted, seed, draws)
        for place in range(len(GROUPS))
    ]


@dataclass(frozen=True)
class _Beside:
    """A panel beside the people of every group."""

    prompts: Sequence[QuestionDistribution]
    answers: PanelAnswers
    groups: Groups

    def reference(self, item: int, group: str) -> ItemReference | None:
        """People of a group on an item, where everyone's shares are known as well."""
        if self.prompts[item].reference is None:
            return None
        return group_reference(self.groups, self.prompts[item].question.item_id, group)

    @property
    def forms(self) -> list[ItemForm]:
        """Of each item."""
        return [item_form(one) for one in self.prompts]

    def scores(self, weights: Array, people: Sequence[Sample | None] | None = None) -> Array:
        """Divergence of weighted respondents from people, shape (..., N) to (..., Q).

        Args:
            weights: How often each respondent counts; shape (..., G, N) where no people are given.
            people: Of each item; None: for each row of weights the people of its group.
        """
        rows = weights.reshape(-1, weights.shape[-1])
        samples = self.answers.samples(rows)
        others = self.people(len(rows) // len(GROUPS)) if people is None else people
        found = score_panel(samples, others, self.forms, METRIC)
        return found.reshape(*weights.shape[:-1], found.shape[-1])

    def people(self, num_times: int) -> list[Sample | None]:
        """People of all groups, `num_times` one below the other; shares are NaN for a group without."""
        return [_stacked(self._shares_of_groups(item), num_times) for item in range(len(self.prompts))]

    def _shares_of_groups(self, item: int) -> Array:
        references = [self.reference(item, group) for group in GROUPS]
        unknown = [np.nan] * len(self.prompts[item].question.codes)
        return np.array([one.shares if one else unknown for one in references])

    def of_group(self, group: str) -> list[Sample | None]:
        """People of one group, item by item."""
        return [_people(self.reference(item, group)) for item in range(len(self.prompts))]

    def of_everyone(self, group: str) -> list[Sample | None]:
        """All people, on the items that have people of the group."""
        return [
            _people(one.reference) if self.reference(item, group) else None
            for item, one in enumerate(self.prompts)
        ]


def _stacked(shares: Array, num_times: int) -> Sample | None:
    if np.isnan(shares).all():
        return None
    return Sample(np.tile(shares, (num_times, 1)), np.ones(num_times * len(shares)))


def _people(reference: ItemReference | None) -> Sample | None:
    if reference is None:
        return None
    return Sample.of_people(np.array(reference.shares), reference.n_for_uncertainty)


def _mean(scores: Array) -> Array:
    """Mean over the items that have a score, shape (..., Q) to (...); NaN without any."""
    is_known = np.isfinite(scores)
    num = is_known.sum(axis=-1)
    total: Array = np.where(is_known, scores, 0.0).sum(axis=-1)
    return total / np.where(num > 0, num, np.nan)


def _steering(beside: _Beside, members: Array, own: Array, seed: int) -> tuple[Array, list[float]]:
    """How much nearer members are than as many respondents of any group, and how rarely by chance."""
    rng, drawn = keyed_rng(seed, "groups handed out anew"), []
    for start in range(0, _PERMUTATIONS, _AT_ONCE):
        num = min(_AT_ONCE, _PERMUTATIONS - start)
        orders = [rng.permutation(members.shape[1]) for _ in range(num)]
        drawn.append(_mean(beside.scores(np.stack([members[:, order] for order in orders]))))
    anew, found = np.concatenate(drawn), _mean(own)  # (B, G) and (G,)
    p_values = [_two_sided(anew[:, place], found[place]) for place in range(len(found))]
    return _mean(anew.T) - found, p_values


def _two_sided(drawn: Array, found: float) -> float:
    known = drawn[np.isfinite(drawn)]
    if np.isnan(found) or np.ptp(known) < _ROUNDING:  # everyone is of the group, or nobody
        return float("nan")
    below, above = (known <= found + _ROUNDING).sum(), (known >= found - _ROUNDING).sum()
    return float(min(1.0, 2 * (min(below, above) + 1) / (known.size + 1)))


def _score(
    beside: _Beside,
    place: int,
    members: Array,
    own: Array,
    steering: float,
    p_value: float,
    adjusted: Mapping[str, float],
    seed: int,
    num_draws: int,
) -> GroupScore:
    group, belongs = GROUPS[place], members[place]
    value, num_members = float(_mean(own)), int(belongs.sum())
    counted = np.isfinite(own)  # the same items in every number of the group
    everyone = beside.of_everyone(group)
    scored = [item for item, is_counted in enumerate(counted) if is_counted]
    floors = [_floor(beside, item, place, members, seed, num_draws) for item in scored]
    people, chance = _between_people(beside, group, scored, seed, num_draws)
    interval = _interval(beside, group, belongs, value)
    return GroupScore(
        group=group,
        num_members=num_members,
        num_items=int(counted.sum()),
        divergence=value,
        interval=interval,
        floor=defined_mean(np.array(floors)),
        from_everyone=float(_mean(beside.scores(belongs, everyone))),
        people_distance=people,
        people_chance=chance,
        steering=float(steering),
        p_steering=p_value,
        p_adjusted=adjusted[group],
        reason=_reason(num_members, int(counted.sum()), has_interval=not np.isnan(interval[0])),
    )


def _reason(num_members: int, num_items: int, *, has_interval: bool) -> str:
    if num_members == 0:
        return "No respondent of this group answered."
    if num_items == 0:
        return "No answered item has figures of this group."
    if num_members < FEWEST_MEMBERS:
        return f"No interval: fewer than {FEWEST_MEMBERS} members."
    return "" if has_interval else "No interval: the members answer alike, or an item has too few of them."


def _interval(beside: _Beside, group: str, belongs: Array, value: float) -> tuple[float, float]:
    chosen = np.flatnonzero(belongs)
    if chosen.size < FEWEST_MEMBERS or np.isnan(value):
        return float("nan"), float("nan")
    left_out = belongs - np.eye(belongs.size)[chosen]  # (members, N)
    low, high = jackknife_interval(value, _mean(beside.scores(left_out, beside.of_group(group))))
    return max(low, 0.0), min(high, 1.0)


def _floor(beside: _Beside, item: int, place: int, members: Array, seed: int, num_draws: int) -> float:
    """Expected of as many people of the group as members answered the item."""
    group, one = GROUPS[place], beside.prompts[item]
    reference = beside.reference(item, group)
    assert reference is not None  # else the item has no score
    form, people = item_form(one), _people(reference)
    [answered] = [beside.answers.items[item].chosen[:, members[place] > 0].any(axis=-1).sum(axis=-1).mean()]
    rng = keyed_rng(seed, one.question.id, group, "floor of a group")
    drawn = draw_samples(np.array(reference.shares), float(answered), rng, form=form, num_draws=num_draws)
    assert people is not None
    return expected_score(ITEM_METRICS[METRIC](drawn, people, form))


def _between_people(
    beside: _Beside, group: str, items: Sequence[int], seed: int, num_draws: int
) -> tuple[float, float]:
    """People of the group from all people, and the same of as many people drawn from all."""
    found, chance = [], []
    for item in items:
        one, reference = beside.prompts[item], beside.reference(item, group)
        assert reference is not None  # else the item has no score
        assert one.reference is not None
        form, everyone = item_form(one), Sample.of_people(np.array(one.reference.shares), 1.0)
        found.append(
            float(ITEM_METRICS[METRIC](Sample.of_people(np.array(reference.shares), 1.0), everyone, form))
        )
        rng = keyed_rng(seed, one.question.id, group, "people of any group")
        num_people = independent_people(reference, one.reference)
        drawn = draw_samples(np.array(one.reference.shares), num_people, rng, form=form, num_draws=num_draws)
        chance.append(expected_score(ITEM_METRICS[METRIC](drawn, everyone, form)))
    return defined_mean(np.array(found)), defined_mean(np.array(chance))
