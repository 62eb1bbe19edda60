"""Topic groups among people: whether the answers to a group's items go together, and which items do not.

From people's correlations between items, turned by the direction of each item. A mean over a group's
divergences needs no such thing; a reader who takes the group for a scale does.

Letters: K items of a group.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from def_sim.evaluation.dimensions import dimension_rank
from def_sim.evaluation.findings import Finding
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.metrics import one_factor, reliability
from def_sim.metrics.sample import Array
from def_sim.records import Question
from def_sim.surveys.group_likeness import GroupLikeness
from def_sim.surveys.human_structure import HumanStructure

MIN_ITEM_REST: Final = 0.1  # below it an item is marked; three standard errors at 900 effective people
NO_CORRELATIONS: Final = "People's correlations between items are not known for this country."
NO_GROUPS: Final = "None of the items is in a topic group."
FEW_ITEMS: Final = "Fewer than three items with a direction and known correlations."


@dataclass(frozen=True, slots=True)
class GroupItem:
    """One item within its group."""

    item_id: str
    item_rest: float  # correlation with the sum of the group's other items, turned by its direction
    loading: float  # on the one factor of the group

    @property
    def fits(self) -> bool:
        """Whether it goes with its group at all; True where that is not known."""
        return not self.item_rest < MIN_ITEM_REST


@dataclass(frozen=True, slots=True)
class TopicGroup:
    """How the items of one group hang together among the people of one country. NaN for under three items."""

    dimension: str
    items: tuple[GroupItem, ...]  # K of them, in the order of the questionnaire
    num_left_out: int  # items of the group without a direction or without known correlations
    alpha: float = math.nan  # standardised
    omega: float = math.nan  # of one factor
    eigenvalue_ratio: float = math.nan  # first over second
    first_share: float = math.nan  # of the variance of K standardised items
    residual: float = math.nan  # root mean square correlation that one factor leaves
    likeness: GroupLikeness | None = None  # of all items of the group, beside other countries

    @property
    def num_items(self) -> int:
        """K."""
        return len(self.items)

    @property
    def misfits(self) -> tuple[GroupItem, ...]:
        """Items that are marked."""
        return tuple(item for item in self.items if not item.fits)

    @property
    def reason(self) -> str:
        """Why there are no numbers; empty where there are."""
        return FEW_ITEMS if math.isnan(self.omega) else ""


@dataclass(frozen=True, slots=True)
class TopicGroups:
    """The groups of a questionnaire among the people whom it is about."""

    groups: tuple[TopicGroup, ...]
    topics: Mapping[str, str]  # item id -> a few words
    reason: str = ""  # why nothing is known
    country_names: Mapping[str, str] = field(default_factory=dict)  # ISO alpha-3 code -> name

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Their rows of `measures.csv`."""
        if self.reason:
            return (Finding("group_omega", math.nan, reason=self.reason),)
        return tuple(finding for group in self.groups for finding in _findings(group))


def _findings(group: TopicGroup) -> Iterable[Finding]:
    numbers = {
        "group_alpha": group.alpha,
        "group_omega": group.omega,
        "group_eigenvalue_ratio": group.eigenvalue_ratio,
        "group_num_misfits": math.nan if group.reason else float(len(group.misfits)),
    }
    for measure, value in numbers.items():
        yield Finding(measure, value, group=group.dimension, num_items=group.num_items, reason=group.reason)


def topic_groups(
    arrays: PanelArrays,
    people: HumanStructure | None,
    likeness: Mapping[str, GroupLikeness],
    country_names: Mapping[str, str],
) -> TopicGroups:
    """The groups of the items that a run asks. Of the panel's answers nothing is used.

    Args:
        arrays: For its questionnaire.
        people: Their correlations; None where they are not known.
        likeness: Topic group -> its likeness between countries; may be empty.
        country_names: ISO alpha-3 code -> name of the country.
    """
    base = [one for one in arrays.survey.questions if one.id in arrays.first_wordings]
    topics = {question.item_id: question.topic for question in base}
    names = {str(question.dimension) for question in base if question.dimension}
    if not names:
        return TopicGroups((), topics, NO_GROUPS)
    if people is None:
        return TopicGroups((), topics, NO_CORRELATIONS)
    found = [
        _of_questions(name, [q for q in base if str(q.dimension) == name], people, likeness.get(name))
        for name in sorted(names, key=dimension_rank)
    ]
    return TopicGroups(tuple(found), topics, country_names=country_names)


def _of_questions(
    dimension: str, questions: Sequence[Question], people: HumanStructure, likeness: GroupLikeness | None
) -> TopicGroup:
    directions = {question.item_id: question.direction for question in questions}
    return topic_group(dimension, directions, people, likeness)


def topic_group(
    dimension: str,
    directions: Mapping[str, int],
    people: HumanStructure,
    likeness: GroupLikeness | None = None,
) -> TopicGroup:
    """One group among the people of one country.

    Args:
        dimension: Its code.
        directions: Item id -> 1, -1, or 0 for an item without a direction, of all items of the group.
        people: Their correlations.
        likeness: Between countries.
    """
    item_ids, known = known_items(directions, people)
    num_left_out = len(directions) - len(item_ids)
    if len(item_ids) < 3:
        empty = tuple(GroupItem(item_id, math.nan, math.nan) for item_id in item_ids)
        return TopicGroup(dimension, empty, num_left_out, likeness=likeness)
    loadings, values = one_factor.one_factor_loadings(known), one_factor.eigenvalues(known)
    of_items = zip(item_ids, reliability.item_rest(known).tolist(), loadings.tolist(), strict=True)
    return TopicGroup(
        dimension,
        tuple(GroupItem(*one) for one in of_items),
        num_left_out,
        alpha=reliability.standardised_alpha(known),
        omega=reliability.omega(loadings),
        eigenvalue_ratio=float(values[0] / values[1]),
        first_share=float(values[0] / len(values)),
        residual=one_factor.residual_correlation(known, loadings),
        likeness=likeness,
    )


def known_items(directions: Mapping[str, int], people: HumanStructure) -> tuple[list[str], Array]:
    """Items with a direction whose correlations with each other are all known, and these, turned.

    Returns:
        K item ids and their correlations, shape (K, K).
    """
    directed = [item_id for item_id, direction in directions.items() if direction]
    signs = np.array([directions[item_id] for item_id in directed])
    of_people = people.of_items(directed).correlations
    known = reliability.turned(of_people, signs)
    # An item of which nothing is known keeps the diagonal of 1 and would be complete when alone.
    has_any = np.flatnonzero(~np.isnan(of_people).all(axis=1))
    kept = has_any[reliability.complete_items(known[np.ix_(has_any, has_any)])]
    return [directed[place] for place in kept], known[np.ix_(kept, kept)]


def least_alike(
    directions: Mapping[str, int], here: HumanStructure, others: Sequence[HumanStructure]
) -> tuple[float, str]:
    """The lowest congruence of a group's loadings here with those of another country, and which one that is.

    Each pair of countries is compared on the items that both have, loadings found anew on these.

    Returns:
        Tucker's congruence and the population; NaN and "" where no two share three items.
    """
    found = [(_congruence(directions, here, other), other.population) for other in others]
    known = [one for one in found if not math.isnan(one[0])]
    return min(known, default=(math.nan, ""))


def _congruence(directions: Mapping[str, int], first: HumanStructure, second: HumanStructure) -> float:
    both = {
        item_id: directions[item_id]
        for item_id in known_items(directions, first)[0]
        if item_id in set(known_items(directions, second)[0])
    }
    if len(both) < 3:
        return math.nan
    loadings = [one_factor.one_factor_loadings(known_items(both, one)[1]) for one in (first, second)]
    return one_factor.congruence(*loadings)
