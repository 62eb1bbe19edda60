"""Rectification: the weights by hand, what others' items may not do, and coverage in three cases."""

import numpy as np
import pytest

from def_sim.metrics.average_coverage import critical_value
from def_sim.metrics.rectified_shares import (
    FEWEST_ITEMS,
    as_share,
    combine,
    estimated_share,
    position_mean,
    position_variance,
    stabilised,
    student_widening,
)
from def_sim.metrics.sample import Array

Q = 60


def one_each(sample: Array) -> np.ndarray:
    return np.arange(sample.size)


def errors_of(size: float, num: int = Q) -> Array:
    """Differences of one size in both directions, so their mean square is known."""
    return np.where(np.arange(num) % 2 == 0, size, -size)


def test_the_weight_is_the_error_of_the_panel_over_the_error_of_both() -> None:
    sample, variances = np.full(Q, 0.5), np.full(Q, 0.01)
    found = combine(sample, variances, sample + errors_of(0.2), one_each(sample))
    # Mean squared difference .04, of which .01 is the sample's: the panel's own is .03.
    assert found.sample_weight == pytest.approx(np.full(Q, 0.75))
    assert found.estimate == pytest.approx(0.5 + 0.25 * errors_of(0.2))
    # Fourth power .2^4 less 6 * .01 * .04 less -3 * .01^2: below its floor of 1 + 32 * .01^2 / (59 * .03^2).
    kurtosis = 1 + 32 * 0.01**2 / (59 * 0.03**2)
    assert found.half_width == pytest.approx(np.full(Q, critical_value(1 / 3, kurtosis) * 0.75 * 0.1))


def test_an_item_has_no_part_in_its_own_weight() -> None:
    sample, variances, panel = np.full(Q, 0.5), np.full(Q, 0.01), 0.5 + errors_of(0.2)
    before = combine(sample, variances, panel, one_each(sample))
    panel[7] -= 0.05
    after = combine(sample, variances, panel, one_each(sample))
    assert after.sample_weight[7] == before.sample_weight[7]
    assert (after.sample_weight[np.arange(Q) != 7] > before.sample_weight[0]).all()


def test_an_item_of_many_options_counts_as_one() -> None:
    sample, variances = np.full(Q, 0.5), np.full(Q, 0.01)
    panel = sample + errors_of(0.2)
    items = one_each(sample)
    # The first item again in nine more options with no error: its mean square falls, others' stay.
    many = [np.concatenate([one, np.full(9, value)]) for one, value in ((sample, 0.5), (variances, 0.01))]
    found = combine(
        *many, np.concatenate([panel, np.full(9, 0.5)]), np.concatenate([items, np.zeros(9, int)])
    )
    # Others: 58 items of .04 - .01 and one of .004 - .01, whose mean has a standard error.
    squares = np.array([0.03] * 58 + [-0.006])
    second = squares.mean() + squares.std(ddof=1) / np.sqrt(59)
    assert found.sample_weight[5] == pytest.approx(second / (second + 0.01))


def test_what_few_items_say_is_taken_with_caution() -> None:
    sample, variances = np.full(Q, 0.5), np.full(Q, 0.01)
    uneven = np.where(np.arange(Q) % 4 < 2, 1.4, 0.2) * errors_of(0.2)  # the same mean square of .04
    even, cautious = (
        combine(sample, variances, sample + one, one_each(sample)) for one in (errors_of(0.2), uneven)
    )
    assert (cautious.sample_weight > even.sample_weight + 0.01).all()


@pytest.mark.parametrize("num", [2, FEWEST_ITEMS])
def test_with_few_items_the_sample_stands_alone(num: int) -> None:
    sample, variances = np.full(num, 0.5), np.full(num, 0.01)
    found = combine(sample, variances, sample.copy(), one_each(sample))
    assert (found.sample_weight == 1).all()
    assert (found.gain == 1).all()
    assert found.half_width == pytest.approx(np.full(num, 0.1 * 1.959964), rel=1e-6)


def test_a_panel_without_a_figure_leaves_the_sample_alone() -> None:
    sample, variances, panel = np.full(Q, 0.5), np.full(Q, 0.01), np.full(Q, 0.5)
    panel[3] = np.nan
    found = combine(sample, variances, panel, one_each(sample))
    assert found.sample_weight[3] == 1
    assert found.estimate[3] == 0.5
    assert found.sample_weight[4] < 0.2


def test_a_panel_is_not_believed_where_it_is_far_off() -> None:
    sample, variances, panel = np.full(Q, 0.5), np.full(Q, 0.01), 0.5 + errors_of(0.15)
    panel[3] = 1.4
    found = combine(sample, variances, panel, one_each(sample))
    assert found.sample_weight[3] == 1
    assert found.estimate[3] == 0.5
    assert found.sample_weight[4] < 1


def test_an_interval_is_never_longer_than_that_of_the_sample_alone() -> None:
    rng = np.random.default_rng(1)
    sample, variances = rng.normal(size=Q), np.full(Q, 0.01)
    found = combine(sample, variances, sample + 5 * rng.standard_t(2, Q), one_each(sample))
    assert (found.half_width <= 0.1 * 1.95997).all()
    assert (found.gain >= 1).all()


def test_the_scale_makes_the_variance_the_same_for_every_share() -> None:
    rng, size = np.random.default_rng(2), 100
    for share in (0.05, 0.2, 0.5, 0.9):
        places = stabilised(rng.binomial(size, share, 20_000) / size, np.array(float(size)))
        assert places.var() == pytest.approx(1 / (4 * size), rel=0.06)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
def test_a_share_comes_back_from_the_scale(share: float) -> None:
    size = np.array([40.0])
    assert estimated_share(stabilised(np.array([share]), size), size) == pytest.approx([share], abs=1e-12)


def test_beyond_the_scale_lie_nobody_and_everybody() -> None:
    assert as_share(np.array([-0.1, 0.0, np.pi / 2, 1.7])) == pytest.approx([0, 0, 1, 1])


def test_mean_position_and_its_variance_by_hand() -> None:
    shares = np.array([0.5, 0.0, 0.5])  # at 0 and at 1
    assert position_mean(shares) == 0.5
    # 49 people and one more, spread over 0, 1/2 and 1: E x^2 = (24.5 + (0 + 1/4 + 1)/3) / 50, mean 1/2.
    expected = ((24.5 + 1.25 / 3) / 50 - 0.25) / 49
    assert position_variance(shares, 49.0) == pytest.approx(expected)


def test_thirty_people_know_their_spread_less_well_than_a_thousand() -> None:
    # Student's 97.5 % quantile with 29 degrees of freedom is 2.0452.
    assert student_widening(np.array([30.0, 1e6])) == pytest.approx([2.0452 / 1.95996, 1], abs=1e-4)


def test_people_who_all_agree_leave_some_variance() -> None:
    assert position_variance(np.array([1.0, 0.0]), 30.0) > 0


# --- coverage: the panel is like people, shifted, or useless ---


def covered(kind: str, repetitions: int = 40, size: int = 60) -> tuple[float, float]:
    """Share of intervals that hold the true share, and the mean squared error over that of the sample."""
    rng, hits, ours, alone = np.random.default_rng(3), [], [], []
    for _ in range(repetitions):
        truth = rng.beta(2, 2, Q)
        shifted = as_share(np.arcsin(np.sqrt(truth)) + rng.choice([-0.1, 0.1], Q))
        of_panel = {"perfect": truth, "biased": shifted, "useless": np.full(Q, 0.5)}[kind]
        sample, panel = rng.binomial(size, truth) / size, rng.binomial(200, of_panel) / 200
        sizes = np.full(Q, float(size))
        places = stabilised(panel, np.full(Q, 200.0))
        found = combine(stabilised(sample, sizes), 1 / (4 * sizes), places, np.arange(Q))
        low, high = as_share(found.estimate - found.half_width), as_share(found.estimate + found.half_width)
        hits.append((low <= truth) & (truth <= high))
        ours.append((estimated_share(found.estimate, sizes) - truth) ** 2)
        alone.append((sample - truth) ** 2)
    return float(np.mean(hits)), float(np.mean(ours) / np.mean(alone))


@pytest.mark.parametrize(("kind", "most_error"), [("perfect", 0.5), ("biased", 0.9), ("useless", 1.02)])
def test_intervals_cover_whether_the_panel_is_good_or_not(kind: str, most_error: float) -> None:
    share, error = covered(kind)
    assert share > 0.93  # 2,400 intervals: 0.95 less four standard errors
    assert error < most_error
