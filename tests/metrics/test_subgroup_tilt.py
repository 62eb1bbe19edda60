"""Subgroup tilt: lift by hand, a planted tilt recovered, gaps beside those of a group that is none."""

import numpy as np
import pytest

from def_sim.metrics.item_metrics import ITEM_METRICS, ItemForm
from def_sim.metrics.sample import Sample
from def_sim.metrics.subgroup_tilt import (
    divergence_gaps,
    expected_gap,
    expected_modal_share,
    group_tilt,
    modal_share,
    option_lift,
)
from def_sim.randomness import keyed_rng

SIZES = np.array([0.22, 0.34, 0.44])  # of three groups
FORM = ItemForm(is_ordered=True)


def rng(*purpose):
    return keyed_rng(7, *purpose)


def population(key, *, num_items, spread, sharpness=(1.0, 1.0, 1.0)):
    """Shares of groups and of everyone, shapes (Q, G, K) and (Q, K).

    Groups differ at random by `spread`; a group of sharpness above 1 agrees more with itself.
    """
    draws = rng("population", key)
    centre = draws.dirichlet(np.full(4, 3.0), size=num_items)[:, None, :]
    noise = draws.normal(0, spread, size=(num_items, 3, 4))
    groups = centre ** np.array(sharpness)[:, None] * np.exp(noise)
    groups /= groups.sum(axis=-1, keepdims=True)
    return groups, np.einsum("g,qgk->qk", SIZES, groups)


def tilt_of(panels, groups, totals, *purpose, num_respondents):
    """The tilt of panels, shape (Q, K), against the floor of as many respondents."""
    people = np.concatenate([totals[:, None], groups], axis=1)  # everyone first
    shares = np.array([modal_share(panel, of_item) for panel, of_item in zip(panels, people, strict=True)])
    floor = np.array(
        [
            expected_modal_share(
                of_item, of_item[0], num_respondents, rng("floor", q, *purpose), form=FORM, num_draws=200
            )
            for q, of_item in enumerate(people)
        ]
    )
    return group_tilt(
        shares[:, 1:],
        shares[:, 0],
        floor_groups=floor[:, 1:],
        floor_everyone=floor[:, 0],
    )


def test_the_share_of_the_most_frequent_answer_is_averaged_over_ties():
    people = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])
    np.testing.assert_allclose(modal_share(np.array([1, 7, 2]), people), [0.5, 0.1])
    np.testing.assert_allclose(modal_share(np.array([7, 1, 7]), people), [0.25, 0.45])
    assert np.isnan(modal_share(np.zeros(3), people)).all()


def test_a_group_without_figures_has_no_share_and_the_others_keep_theirs():
    people = np.array([[0.2, 0.8], [np.nan, np.nan]])
    np.testing.assert_array_equal(modal_share(np.array([0, 3]), people), [0.8, np.nan])
    floor = expected_modal_share(people, people[0], 20, rng("gap"), form=FORM)
    np.testing.assert_array_equal(np.isnan(floor), [False, True])


def test_the_expected_share_of_one_respondent_is_a_sum_over_the_options():
    # One person drawn from everyone is its own most frequent answer: sum of rate times the group's share.
    people, rates = np.array([[0.1, 0.9], [0.7, 0.3]]), np.array([0.4, 0.6])
    found = expected_modal_share(people, rates, 1, rng("one"), form=FORM, num_draws=40_000)
    np.testing.assert_allclose(found, people @ rates, atol=0.01)


def test_lift_is_one_without_a_tilt_and_undefined_where_nobody_chose_the_option():
    np.testing.assert_array_equal(option_lift([0.3, 0.15, 0.0], [0.3, 0.3, 0.0]), [1.0, 0.5, np.nan])


def test_lift_is_a_ratio_of_means_and_the_difference_one_of_shares():
    # Nine items up and one down by the same amount.
    shares = np.full((10, 1), 0.6)
    shares[0] = 0.4
    found = group_tilt(shares, np.full(10, 0.5))
    assert found.lift[0] == pytest.approx((9 * 0.6 + 0.4) / 5)
    assert found.difference[0] == pytest.approx((9 * 0.1 - 0.1) / 10)


def test_items_without_figures_for_a_group_are_left_out_for_that_group_only():
    shares = np.array([[0.6, np.nan], [0.2, 0.9], [np.nan, np.nan]])
    found = group_tilt(shares, np.array([0.5, 0.5, 0.5]))
    assert found.num_items.tolist() == [2, 1]
    np.testing.assert_allclose(found.lift, [0.8 / 1.0, 0.9 / 0.5])
    nothing = group_tilt(np.full((4, 2), np.nan), np.full(4, 0.5))
    assert np.isnan([nothing.lift, nothing.difference]).all()
    assert nothing.num_items.tolist() == [0, 0]


@pytest.mark.parametrize("group", range(3))
def test_a_planted_tilt_is_recovered_even_towards_the_smallest_group(group):
    groups, totals = population("planted", num_items=120, spread=0.25)
    panels = np.round(groups[:, group] * 200)  # two hundred respondents who answer like this group
    options = panels.argmax(axis=1)
    # Counting heads would name the largest group nearly always: it has most people behind any option.
    heads = (groups * SIZES[:, None])[np.arange(120), :, options].argmax(axis=1)
    assert (heads == 2).mean() > 0.7
    found = tilt_of(panels, groups, totals, group, num_respondents=200)
    assert (found.lift / found.floor_lift).argmax() == group
    assert found.difference[group] > 0.01


def test_a_group_that_merely_agrees_more_is_not_mistaken_for_a_tilt():
    groups, totals = population("sharp", num_items=120, spread=0.05, sharpness=(1.0, 1.0, 2.0))
    panels = np.array([rng("sharp", q).multinomial(200, rates) for q, rates in enumerate(totals)])
    found = tilt_of(panels, groups, totals, num_respondents=200)
    assert found.lift[2] > 1.08  # frequent answers are more frequent in that group, whoever gives them
    assert found.lift[2] == pytest.approx(found.floor_lift[2], abs=0.01)
    assert found.difference[2] == pytest.approx(0, abs=0.005)


def test_the_gap_is_negative_towards_the_group_that_the_panel_is_drawn_from():
    young, old = np.array([0.5, 0.3, 0.1, 0.1]), np.array([0.1, 0.1, 0.3, 0.5])
    people = [Sample.of_people(rates, 500) for rates in (young, old)]
    total = Sample.of_people((young + old) / 2, 1000)
    metric = ITEM_METRICS["total_variation"]
    gaps = divergence_gaps(Sample(young * 20, 20), people, total, metric=metric, form=FORM)
    # The panel is the young exactly: 0 from them, 0.3 from everyone, 0.6 from the old.
    np.testing.assert_allclose(gaps, [-0.3, 0.3], atol=1e-12)


def test_a_group_that_is_no_group_has_the_expected_gap_and_it_is_positive():
    rates, panel = np.array([0.4, 0.3, 0.2, 0.1]), Sample(np.array([9.0, 5.0, 4.0, 2.0]), 20)
    total, metric = Sample.of_people(rates, 2000), ITEM_METRICS["js_divergence"]
    expected = expected_gap(panel, total, 60, rng("gap"), metric=metric, form=FORM, num_draws=4000)
    drawn = [Sample.of_people(counts / 60, 60) for counts in rng("groups").multinomial(60, rates, size=2000)]
    gaps = divergence_gaps(panel, drawn, total, metric=metric, form=FORM)
    assert expected > 0
    assert gaps.mean() == pytest.approx(expected, abs=4 * gaps.std() / np.sqrt(2000))


def test_the_gap_of_a_panel_that_answered_nothing_is_undefined():
    rates = np.array([0.4, 0.6])
    total, metric = Sample.of_people(rates, 100), ITEM_METRICS["js_divergence"]
    panel = Sample(np.zeros(2), 0, 20)
    assert np.isnan(divergence_gaps(panel, [total], total, metric=metric, form=FORM)).all()
    assert np.isnan(expected_gap(panel, total, 50, rng("none"), metric=metric, form=FORM))
