"""How varied a panel is: how many different answers it gives, beside what people of that number would give.

`text_diversity` is the published score; different words are not different opinions, so it stands beside
`choice_diversity`, the same on choices, and the entropy ratio. More than people's level is no better than
less. All comparisons are exact expectations, without draws; the range of people allows for answers of one
person that hang together. See docs/concepts/variety.md.

Letters: K options, Q items, N respondents.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr
from scipy.stats import binom
from scipy.stats import t as student

from def_sim.metrics.aggregation import defined_mean
from def_sim.metrics.choice_array import Choices, checked_choices, checked_shares, option_counts
from def_sim.metrics.design_effect import panel_design_effect, people_design_effects
from def_sim.metrics.divergence import entropy, entropy_ratio
from def_sim.metrics.sample import Array, normalise


def text_diversity(texts: Sequence[Sequence[str | None]]) -> float:
    """Share of answers beyond the first that are written differently from all others to the same item.

    (sum of distinct texts - Q) / (Q (N - 1)), as published. Texts are compared letter by letter.

    Args:
        texts: One row a respondent, one text an item, N rows of length Q; None where there is no text. An
            item with fewer than two texts is left out, and N is the number of its texts.

    Returns:
        Diversity in [0, 1]: 0 if everyone writes the same, 1 if no two do. NaN if no item has two texts.

    Raises:
        ValueError: Rows of different lengths.
    """
    if len({len(row) for row in texts}) > 1:
        raise ValueError("Every respondent needs one entry an item (None without a text).")
    columns = [[text for text in column if text is not None] for column in zip(*texts, strict=True)]
    distinct = np.array([len(set(column)) for column in columns], dtype=np.float64)
    most = np.array([len(column) for column in columns], dtype=np.float64)
    return _diversity(distinct, most)


def choice_diversity(choices: ArrayLike, num_options: Sequence[int]) -> float:
    """The same on choices: options in use beyond the first, of those that could be in use.

    sum of (distinct - 1) / sum of (min(N, K) - 1), N being those who gave a valid answer to the item.

    Args:
        choices: Shape (N, Q), see `choice_array`.
        num_options: K of each item, length Q.

    Returns:
        Diversity in [0, 1]: 0 if everyone agrees on every item, 1 if as many options are in use as can be.
        NaN if no item has two answers.
    """
    counts = _counts(choices, num_options)
    distinct = np.array([(one > 0).sum() for one in counts], dtype=np.float64)
    most = np.array([min(one.sum(), one.size) for one in counts], dtype=np.float64)
    return _diversity(distinct, most)


def _diversity(distinct: Array, most: Array) -> float:
    """Distinct answers beyond the first over the most there could be, shapes (Q,), where two can be."""
    can_differ = most > 1
    room = (most[can_differ] - 1).sum()
    return float((distinct[can_differ] - 1).sum() / room) if room > 0 else float("nan")


def _counts(choices: ArrayLike, num_options: Sequence[int]) -> list[Array]:
    array = checked_choices(choices, num_options)
    return [option_counts(array[:, item], options) for item, options in enumerate(num_options)]


@dataclass(frozen=True, slots=True)
class Diversity:
    """A panel's variety beside people's, over the items for which people's shares are known."""

    choice_diversity: float
    human: float  # expected of as many people
    human_low: float  # 95 % of panels of people lie between these two
    human_high: float
    design_effect: float  # of respondents, by which its variance is larger than with independent items
    uniform: float  # expected of as many random answerers
    entropy_ratio: float  # mean over items of H(panel)/H(people)
    entropy_ratio_human: float  # expected of as many people: below 1, the more so the fewer they are
    num_items: int  # compared
    num_left_out: int  # people's shares unknown, or fewer than two answers
    reason: str  # why there is no score; "" if there is one


def diversity_beside_people(
    choices: ArrayLike,
    num_options: Sequence[int],
    human_shares: Sequence[ArrayLike | None],
    human_r: ArrayLike | None = None,
) -> Diversity:
    """Choice diversity and entropy ratio with what as many people would have.

    Args:
        choices: Shape (N, Q), see `choice_array`.
        num_options: K of each item, length Q.
        human_shares: People's shares per item, shape (K,) each; None where unknown.
        human_r: People's correlations between the items, shape (Q, Q), NaN where unknown; None: all unknown.

    Returns:
        Scores over the items with shares and at least two answers. Its variance over panels of people is
        that of independent items times the larger of two design effects, the panel's own and that by
        people's correlations, and at least 1.
    """
    array = checked_choices(choices, num_options)
    shares = checked_shares(human_shares, num_options)
    pairs = enumerate(zip(_counts(array, num_options), shares, strict=True))
    known = [(item, one, people) for item, (one, people) in pairs if people is not None and one.sum() > 1]
    compared = [(panel, people) for _, panel, people in known]
    num_left_out = len(num_options) - len(compared)
    if all(panel.size < 2 for panel, _ in compared):  # of a single option there is nothing to vary
        nan = float("nan")
        why = "No item has two options." if compared else "No item has both two answers and people's shares."
        return Diversity(nan, nan, nan, nan, nan, nan, nan, nan, 0, len(num_options), why)
    distinct = np.array([(panel > 0).sum() for panel, _ in compared], dtype=np.float64)
    most = np.array([min(panel.sum(), panel.size) for panel, _ in compared])
    human = np.array([distinct_options(people, int(panel.sum())) for panel, people in compared])
    random = [distinct_options(np.full(one.size, 1 / one.size), int(one.sum()))[0] for one, _ in compared]
    level = _diversity(human[:, 0], most)
    items = [item for item, _, _ in known]
    effect = _design_effect(array[:, items], compared, _of_pairs(human_r, items))
    spread = _quantile(array) * float(np.sqrt(effect * human[:, 1].sum()) / (most - 1).sum())
    ratios = [float(entropy_ratio(normalise(panel), people)) for panel, people in compared]
    return Diversity(
        choice_diversity=_diversity(distinct, most),
        human=level,
        human_low=max(0.0, level - spread),
        human_high=min(1.0, level + spread),
        design_effect=effect,
        uniform=_diversity(np.array(random), most),
        entropy_ratio=defined_mean(np.array(ratios)),
        entropy_ratio_human=defined_mean(np.array([_expected_ratio(p, int(c.sum())) for c, p in compared])),
        num_items=len(compared),
        num_left_out=num_left_out,
        reason="",
    )


def _of_pairs(human_r: ArrayLike | None, items: Sequence[int]) -> Array | None:
    return None if human_r is None else np.asarray(human_r, dtype=np.float64)[np.ix_(items, items)]


def _design_effect(choices: Choices, compared: Sequence[tuple[Array, Array]], human_r: Array | None) -> float:
    """Of the number of options in use. NaN, where nobody differs in what he adds to it, counts as 1."""
    shares = [people for _, people in compared]
    values = [_rarity(people, int(panel.sum())) for panel, people in compared]
    of_panel = panel_design_effect(choices, values)
    added = [value[None] for value in values]
    of_people = 1.0 if human_r is None else float(people_design_effects(human_r, shares, added)[0])
    return float(np.nanmax([1.0, of_panel, of_people]))


def _rarity(shares: Array, num_respondents: int) -> Array:
    """Chance that nobody else chooses an option: what one answer adds to the options in use, shape (K,)."""
    alone: Array = (1 - shares) ** (num_respondents - 1)
    return alone


def _quantile(choices: Choices) -> float:
    """Student's of a central 95 %: the design effect is found from N respondents."""
    num_respondents = int((choices >= 0).any(axis=1).sum())
    return float(student.ppf(0.975, max(num_respondents - 1, 1)))


def distinct_options(shares: Array, num_respondents: int) -> tuple[float, float]:
    """Mean and variance of the number of options that N people who answer by these shares use.

    An option stays unused with probability (1 - h)^N, two together with (1 - h - h')^N.
    """
    unused = (1 - shares) ** num_respondents
    both = np.clip(1 - shares[:, None] - shares[None, :], 0, None) ** num_respondents
    np.fill_diagonal(both, unused)
    return float((1 - unused).sum()), float(max((both - np.outer(unused, unused)).sum(), 0.0))


def expected_entropy(shares: Array, num_respondents: int) -> float:
    """Mean entropy, in nats, of the answers of N people who answer by these shares.

    Exact: each option's count is binomial, so the mean of -c/N ln(c/N) is a sum over counts.
    """
    count = np.arange(num_respondents + 1)[:, None]
    chances = binom.pmf(count, num_respondents, shares)
    return float((chances * entr(count / num_respondents)).sum())


def _expected_ratio(shares: Array, num_respondents: int) -> float:
    human = float(entropy(shares))
    return expected_entropy(shares, num_respondents) / human if human > 0 else float("nan")
