"""Whether a panel's most frequent answers are people's, and whose they are where they are not.

As published: match of the two most frequent options, and the profile of the panel's option: the
sex and the age group with the most people who chose it. Sound: ties share their credit, and a
match rate stands between chance and two halves of people. Whose answers they are, free of the
size of the groups, is in `subgroup_tilt`. See docs/concepts/countries_and_groups.md.

Letters: K options, Q items, B Monte Carlo draws, D dimensions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.noise_floor import NUM_DRAWS, draw_halves, draw_samples, expected_score
from def_sim.metrics.sample import Array

TIE: Final = "T"
SEXES: Final = ("male", "female")
AGES: Final = ("<=29", "30-49", "50+")
AGE_TIES: Final = {(0, 1): "29-30", (0, 2): "29-50", (1, 2): "30-50", (0, 1, 2): TIE}  # the published names
SEX_PROFILES: Final = (*SEXES, TIE)
AGE_PROFILES: Final = (*AGES, *AGE_TIES.values())


def modal_options(counts: Array) -> NDArray[np.bool_]:
    """Which options are the most frequent ones: several after a tie, none if nothing was chosen.

    Args:
        counts: Counts, shares or mention rates, shape (..., K); NaN counts as not chosen.

    Returns:
        Shape (..., K).
    """
    counts = np.nan_to_num(np.asarray(counts, dtype=np.float64))
    most = counts.max(axis=-1, keepdims=True)
    return np.asarray((counts == most) & (most > 0))


def published_match(panel: Array, people: Array) -> Array:
    """1 if the most frequent options are the same, 0 if not; after a tie the lowest code stands for all.

    Args:
        panel: Counts of the panel, shape (..., K), failures not among them.
        people: Shares of people, same options.

    Returns:
        Shape (...); NaN where either side chose nothing.
    """
    ours, theirs = modal_options(panel), modal_options(people)
    is_same = ours.argmax(axis=-1) == theirs.argmax(axis=-1)
    return np.where(ours.any(axis=-1) & theirs.any(axis=-1), is_same.astype(np.float64), np.nan)


def match_credit(panel: Array, people: Array) -> Array:
    """Chance that the two most frequent options are the same when ties are broken by lot.

    A panel tied between t options of which one is people's gets 1/t.

    Args:
        panel: Counts, shape (..., K).
        people: Counts or shares, shape (..., K).

    Returns:
        Shape (...), in [0, 1]; NaN where either side chose nothing.
    """
    ours, theirs = modal_options(panel), modal_options(people)
    ways = (ours.sum(axis=-1) * theirs.sum(axis=-1)).astype(np.float64)
    shared = (ours & theirs).sum(axis=-1)
    credit: Array = np.divide(shared, ways, out=np.full(ways.shape, np.nan), where=ways > 0)
    return credit


def chance_credit(num_options: int) -> float:
    """Expected credit of a panel that answers at random, whatever its size: 1/K, by symmetry."""
    return 1 / num_options


def halves_credit(
    rates: Array,
    num_people: float,
    rng: np.random.Generator,
    *,
    form: ItemForm,
    num_draws: int = NUM_DRAWS,
) -> float:
    """Expected credit of one half of the people against the other: how often a survey matches itself.

    Args:
        rates: Weighted shares of people, shape (K,).
        num_people: Effective number of people.
        rng: Generator of this item and purpose.
        form: Multiple choice draws each option's mentions on their own.
        num_draws: B.
    """
    one, other = draw_halves(rates, num_people, rng, form=form, num_draws=num_draws)
    return expected_score(match_credit(one.counts, other.counts))


def floor_credit(
    rates: Array,
    num_respondents: float,
    rng: np.random.Generator,
    *,
    form: ItemForm,
    num_draws: int = NUM_DRAWS,
) -> float:
    """Expected credit of a perfect simulator: N respondents drawn from people, against those people.

    NaN with N = 0. The other arguments are those of `halves_credit`.
    """
    drawn = draw_samples(rates, num_respondents, rng, form=form, num_draws=num_draws)
    return expected_score(match_credit(drawn.counts, np.asarray(rates, dtype=np.float64)))


def sex_profile(counts: Sequence[float]) -> str:
    """The sex with the most people who chose an option, from its counts for men and women; T for a tie."""
    men, women = counts
    _check_known(counts)
    return TIE if men == women else SEXES[int(women > men)]


def age_profile(counts: Sequence[float]) -> str:
    """The age group with the most people who chose an option; ties by their published names.

    Args:
        counts: People up to 29, 30 to 49, from 50 on.

    Returns:
        One of `AGE_PROFILES`: "29-30" is a tie of the first two, "T" of all three.
    """
    leading = _leading(counts)
    return AGES[leading[0]] if len(leading) == 1 else AGE_TIES[leading]


def age_profile_of_code(counts: Sequence[float]) -> str:
    """The same with the defects of the published code, for comparison with its output only.

    A tie of all three is named after the first two, and a tie of the two smaller groups hides
    the largest. Known from three cases; the others follow by symmetry, which is our reading.
    """
    leading = _leading(counts)
    if len(leading) == 1 and len(set(counts)) < len(counts):
        return TIE
    return AGE_TIES[(0, 1)] if len(leading) == len(AGES) else age_profile(counts)


def _leading(counts: Sequence[float]) -> tuple[int, ...]:
    if len(counts) != len(AGES):
        raise ValueError(f"Expected counts of {len(AGES)} age groups, found {len(counts)}.")
    _check_known(counts)
    return tuple(index for index, count in enumerate(counts) if count == max(counts))


def _check_known(counts: Sequence[float]) -> None:
    if np.isnan(counts).any():
        raise ValueError(f"Whose answer it is needs the counts of all groups, found {list(counts)}.")


@dataclass(frozen=True, slots=True)
class Profile:
    """Whose answer an option is, by sex and by age."""

    sex: str  # one of SEX_PROFILES
    age: str  # one of AGE_PROFILES


def option_profile(
    by_sex: Sequence[float],
    by_age: Sequence[float],
    *,
    name_age: Callable[[Sequence[float]], str] = age_profile,
) -> Profile | None:
    """Profile of one option, as published.

    Args:
        by_sex: Men and women who chose it.
        by_age: People up to 29, 30 to 49, from 50 on who chose it.
        name_age: `age_profile`, or `age_profile_of_code`.

    Returns:
        None if a group's count is unknown (NaN) or nobody chose the option.
    """
    counts = np.array([*by_sex, *by_age], dtype=np.float64)
    if not np.isfinite(counts).all() or counts.max() <= 0:
        return None
    return Profile(sex_profile(by_sex), name_age(by_age))


def mismatch_table(
    matches: Array, profiles: Sequence[Profile | None], dimensions: Sequence[str], order: Sequence[str]
) -> NDArray[np.int64]:
    """How many mismatches have which profile, by dimension: the published heat map.

    Args:
        matches: 1, 0 or NaN for each item, shape (Q,); a mismatch is 0.
        profiles: Of the panel's option for each item, length Q; None is counted nowhere.
        dimensions: Of each item, length Q; an item of none of the columns is counted nowhere.
        order: Dimensions of the columns, length D.

    Returns:
        Counts, shape (3, 7, D), in the order of `SEX_PROFILES` and `AGE_PROFILES`.
    """
    table = np.zeros((len(SEX_PROFILES), len(AGE_PROFILES), len(order)), dtype=np.int64)
    for match, profile, dimension in zip(matches, profiles, dimensions, strict=True):
        if match == 0 and profile is not None and dimension in order:
            sex, age = SEX_PROFILES.index(profile.sex), AGE_PROFILES.index(profile.age)
            table[sex, age, list(order).index(dimension)] += 1
    return table
