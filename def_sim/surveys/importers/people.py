"""Persons' answers as figures of items: weighted shares by sex and age, with what the sample's design costs.

An importer of persons' data reads its file into `People` and calls `figures_of_people` for each item. Knows
no file and no institute; no person's answers leave it.

Letters: N people, K options.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from def_sim.errors import SurveyFormatError
from def_sim.metrics.design import (
    Array,
    SampleDesign,
    design_effect_of_shares,
    design_effects,
    effective_people,
    share_variances,
)
from def_sim.records import AGES, SEXES, QuestionType, ReferenceQuality
from def_sim.surveys.importers.cells import MENTIONED, Cell, Withheld, figures_of_cells, variables_of
from def_sim.surveys.importers.contract import GroupFigures
from def_sim.surveys.item_bank import Item

FEWEST: Final = 10  # people with an answer, below which a group is not written
FEWEST_CLUSTERS: Final = 10  # below which a variance between clusters says little
_YOUNG, _OLD = 30, 50  # where the bands of AGES part


class Reply(IntEnum):
    """What there is of a person on a variable."""

    ANSWER = 0
    DONT_KNOW = 1
    NO_ANSWER = 2  # refused, or nothing noted; with a source that does not part them, don't know, too
    NOT_ASKED = 3
    MISSING = 4  # lost: nobody knows whether they were asked


@dataclass(frozen=True, eq=False, slots=True)
class Replies:
    """What N people said to one variable."""

    codes: NDArray[np.int64]  # shape (N,); of no meaning where there is no answer
    kinds: NDArray[np.int8]  # values of Reply, shape (N,)


@dataclass(frozen=True, eq=False)
class People:
    """The people of one population whom a survey reached, in the order of the file."""

    population: str  # ISO alpha-3 code
    replies: Mapping[str, Replies]  # variable -> its answers
    weights: Array  # shape (N,), at least 0
    sex: NDArray[np.str_]  # one of SEXES, "": not known; shape (N,)
    age_band: NDArray[np.str_]  # one of `bands`, "": not known; shape (N,)
    bands: tuple[str, ...] = AGES
    strata: NDArray[Any] | None = None  # a mark a person, shape (N,); None: not known
    clusters: NDArray[Any] | None = None
    quality: ReferenceQuality = ReferenceQuality.WEIGHTED  # UNWEIGHTED: there are no weights, all are 1
    parts_withheld: bool = True  # whether the source tells don't know from no answer
    further: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)  # "region" -> a name each, "": none
    design: SampleDesign | None = field(init=False)

    def __post_init__(self) -> None:
        is_known = self.strata is not None or self.clusters is not None
        design = SampleDesign.of(self.strata, self.clusters, num_people=len(self.weights))
        object.__setattr__(self, "design", design if is_known else None)


class Group(NamedTuple):
    """People who are described together."""

    type: str  # "overall", "sex", ...
    name: str  # "all", "male", ...
    members: NDArray[np.bool_]  # shape (N,)


def bands_of(ages: Array) -> NDArray[np.str_]:
    """The band of AGES of each age in years, "" where it is NaN; same shape."""
    return np.select([ages < _YOUNG, ages < _OLD, ages >= _OLD], list(AGES), default="")


def groups_of(people: People) -> Iterator[Group]:
    """Everyone, then by sex, by age and by both, as references have them, then by whatever else is known."""
    yield Group("overall", "all", np.ones(len(people.weights), dtype=np.bool_))
    sexes = {sex: people.sex == sex for sex in SEXES}
    bands = {band: people.age_band == band for band in people.bands}
    for sex, members in sexes.items():
        yield Group("sex", sex, members)
    for band, members in bands.items():
        yield Group("age", band, members)
    for sex, of_sex in sexes.items():
        for band, of_band in bands.items():
            yield Group("sex_x_age", f"{sex}|{band}", of_sex & of_band)
    for kind, names in people.further.items():
        for name in np.unique(names[names != ""]).tolist():
            yield Group(kind, name, names == name)


def figures_of_people(item: Item, people: People) -> list[GroupFigures]:
    """How people answered one item, in every group of at least FEWEST people with an answer.

    Args:
        item: What was asked; volunteered codes are left out of shares and n.
        people: Have the item's variables.

    Returns:
        Everyone first; [] if fewer than FEWEST people answered, or nobody chose what was shown.

    Raises:
        SurveyFormatError: A code that the item does not know (see `check_codes`).
    """
    check_codes(item, people)
    found = []
    for group in groups_of(people):
        figures = _of_group(item, people, group)
        if figures is None and group.name == "all":
            return []
        if figures is not None:
            found.append(figures)
    return found


def check_codes(item: Item, people: People) -> None:
    """Every answer is an option that was shown, or volunteered.

    Raises:
        SurveyFormatError: Another code, with the number of people who have it.
    """
    if item.type is QuestionType.MULTIPLE:
        return  # whatever is not MENTIONED is not mentioned
    shown = [option.code for option in item.shown_options(people.population)]
    known = [*shown, *item.volunteered]
    replies = people.replies[item.variable]
    codes, counts = np.unique(replies.codes[replies.kinds == Reply.ANSWER], return_counts=True)
    odd = [(int(code), int(n)) for code, n in zip(codes, counts, strict=True) if code not in known]
    if odd:
        found = ", ".join(f"{code} ({n:,} people)" for code, n in odd[:5])
        raise SurveyFormatError(
            f"{item.id}, {people.population}: variable {item.variable} holds {found}; the item has the codes "
            f"{', '.join(map(str, known))}.",
            fix="Check that the file is of this survey; codes that mean missing are negative there.",
        )


def _of_group(item: Item, people: People, group: Group) -> GroupFigures | None:
    """None where too few people of the group answered."""
    cells = {name: _cell(people, name, group) for name in variables_of(item, people.population)}
    if min(cell.n_valid for cell in cells.values()) < FEWEST:
        return None
    if item.type is not QuestionType.MULTIPLE and not _has_shown(item, people, cells[item.variable]):
        return None
    figures = figures_of_cells(item, people.population, group.name, cells)
    if figures.n is None or figures.n < FEWEST:
        return None
    return _with_design(figures, item, people, group) if people.design is not None else figures


def _has_shown(item: Item, people: People, cell: Cell) -> bool:
    return any(cell.shares.get(option.code) for option in item.shown_options(people.population))


def _cell(people: People, variable: str, group: Group) -> Cell:
    replies = people.replies[variable]
    kinds, weights = replies.kinds[group.members], people.weights[group.members]
    is_valid = kinds == Reply.ANSWER
    valid_weights = weights[is_valid]
    codes, place, counts = np.unique(
        replies.codes[group.members][is_valid], return_inverse=True, return_counts=True
    )
    sums = np.bincount(place.reshape(-1), valid_weights, len(codes))
    total = sums.sum()
    is_asked = kinds <= Reply.NO_ANSWER
    return Cell(
        group_type=group.type,
        counts=dict(zip(codes.tolist(), counts.tolist(), strict=True)),
        shares=dict(zip(codes.tolist(), (sums / total).tolist(), strict=True)) if total > 0 else {},
        n_valid=int(is_valid.sum()) if total > 0 else 0,
        n_effective=effective_people(valid_weights)
        if people.quality is not ReferenceQuality.UNWEIGHTED
        else None,
        quality=people.quality,
        withheld=_withheld(kinds[is_asked], weights[is_asked], parts=people.parts_withheld),
        n_asked=int(is_asked.sum()),
    )


def _withheld(kinds: NDArray[np.int8], weights: Array, *, parts: bool) -> Withheld | None:
    """Of the people who were asked."""
    total = weights.sum()
    if total <= 0:
        return None
    dont_know, refused = (
        float(weights[kinds == kind].sum() / total) for kind in (Reply.DONT_KNOW, Reply.NO_ANSWER)
    )
    return Withheld(dont_know, refused) if parts else Withheld(None, None, dont_know + refused)


def _with_design(figures: GroupFigures, item: Item, people: People, group: Group) -> GroupFigures:
    """With standard errors and design effect, where enough clusters hold people of the group."""
    assert people.design is not None
    shares = np.array(figures.shares)
    if item.type is QuestionType.MULTIPLE:
        names = variables_of(item, people.population)
        columns = [_chosen(people, name, (MENTIONED,), group) for name in names]
    else:
        columns = [_chosen(people, item.variable, figures.codes, group, left_out=item.volunteered)]
    num_clusters = min(people.design.num_clusters(weights) for _, weights in columns)
    counted = num_clusters if people.clusters is not None else None
    if num_clusters < FEWEST_CLUSTERS:
        return replace(figures, num_clusters=counted)
    variances = np.concatenate([share_variances(*column, people.design) for column in columns])
    if item.type is QuestionType.MULTIPLE:
        of_each = design_effects(shares, variances, figures.n or 0)
        effect = float(np.mean(of_each[np.isfinite(of_each)])) if np.isfinite(of_each).any() else math.nan
    else:
        effect = design_effect_of_shares(shares, variances, figures.n or 0)
    return replace(
        figures,
        standard_errors=tuple(np.sqrt(variances).tolist()),
        design_effect=effect if effect > 0 else None,
        num_clusters=counted,
    )


def _chosen(
    people: People, variable: str, codes: tuple[int, ...], group: Group, left_out: list[int] | None = None
) -> tuple[NDArray[np.bool_], Array]:
    """Who chose each code, shape (N, K), and people's weights in the group, 0 without a valid answer."""
    replies = people.replies[variable]
    is_valid = (replies.kinds == Reply.ANSWER) & ~np.isin(replies.codes, left_out or [])
    chosen = (replies.codes[:, None] == np.array(codes)) & is_valid[:, None]
    return chosen, np.where(is_valid & group.members, people.weights, 0.0)
