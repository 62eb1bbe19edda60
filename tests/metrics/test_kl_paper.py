"""The published score, part by part, with values by hand."""

import numpy as np
import pytest

from def_sim.metrics.aggregation import dimension_means, macro_mean, micro_mean
from def_sim.metrics.kl_paper import (
    is_close,
    is_replaced,
    kl_with_failures,
    padded_shares,
    replace_undefined,
    row_deviation,
)
from def_sim.metrics.sample import Sample

PEOPLE = Sample.of_people(np.array([0.5, 0.3, 0.15, 0.05]), 1000)


def panel(*counts, failed=0):
    return Sample(np.array(counts, dtype=float), num_respondents=sum(counts), num_failed=failed)


def test_without_failures_it_is_the_plain_kl_of_the_panel_from_people():
    assert kl_with_failures(panel(10, 6, 3, 0), PEOPLE) == pytest.approx(0.0513, abs=5e-5)


def test_one_failure_in_twenty_makes_the_item_infinite():
    assert kl_with_failures(panel(10, 6, 3, 0, failed=1), PEOPLE) == np.inf


def test_failures_are_a_column_of_their_own_in_the_base_of_all_who_were_asked():
    assert padded_shares(panel(10, 6, 3, 0, failed=1)) == pytest.approx([0.5, 0.3, 0.15, 0, 0.05])


def test_infinite_and_undefined_items_become_the_largest_finite_one_plus_one():
    replaced = replace_undefined(np.array([0.0513, np.inf, 1.25, np.nan]))
    assert replaced == pytest.approx([0.0513, 2.25, 1.25, 2.25])


def test_without_any_finite_item_there_is_no_score():
    assert np.isnan(replace_undefined(np.array([np.inf, np.nan]))).all()
    assert np.isnan(micro_mean(replace_undefined(np.array([np.inf, np.inf]))))


def test_each_drawn_survey_is_replaced_from_its_own_largest_value():
    draws = np.array([[0.5, np.inf], [2.0, np.inf]])  # two draws of two items
    assert replace_undefined(draws) == pytest.approx(np.array([[0.5, 1.5], [2.0, 3.0]]))


def test_close_items_are_counted_before_replacement():
    # .6 and inf are not close; the largest finite value + 1 never could be, but .5 itself is not either
    assert is_close(np.array([0.49, 0.5, 0.6, np.inf, np.nan])).tolist() == [1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("counts", "deviation"),
    # SD of a row of 13 with m equal shares: sqrt(1/(13 m) - 1/169)
    [((20,), 0.2665), ((10, 10), 0.1804), ((5, 5, 5, 5), 0.1154), ((2,) * 10, 0.0421)],
)
def test_std_paper_is_the_population_deviation_over_thirteen_columns(counts, deviation):
    assert round(float(row_deviation(panel(*counts))), 4) == deviation


def test_std_paper_counts_failures_as_an_answer_like_any_other():
    assert row_deviation(panel(10, failed=10)) == pytest.approx(row_deviation(panel(10, 10)))


def test_std_paper_is_undefined_where_the_options_do_not_fit_its_columns():
    assert not np.isnan(row_deviation(panel(*[1] * 12)))  # 12 options and the failures
    assert np.isnan(row_deviation(panel(*[1] * 13)))


def test_nobody_asked_is_undefined():
    assert np.isnan(kl_with_failures(panel(0, 0, 0, 0), PEOPLE))
    assert np.isnan(row_deviation(panel(0, 0)))


def test_multiple_choice_is_normalised_over_mentions_on_both_sides():
    people = Sample.of_people(np.array([1.0, 0.5, 0.5]), 100)
    panel_of_ten = Sample(np.array([8.0, 4, 4]), num_respondents=10)
    assert kl_with_failures(panel_of_ten, people) == pytest.approx(0)


def test_micro_counts_items_and_macro_counts_dimensions():
    values, dimensions = np.array([1.0, 2.0, 3.0, 10.0]), ["IDV", "IDV", "IDV", "PDI"]
    assert micro_mean(values) == 4.0
    assert dimension_means(values, dimensions) == {"IDV": 2.0, "PDI": 10.0}
    assert macro_mean(values, dimensions) == 6.0


def test_undefined_items_are_left_out_of_means_and_an_undefined_dimension_is_not_zero():
    values, dimensions = np.array([1.0, np.nan, np.nan]), ["IDV", "IDV", "PDI"]
    means = dimension_means(values, dimensions)
    assert means["IDV"] == 1.0
    assert np.isnan(means["PDI"])
    assert macro_mean(values, dimensions) == 1.0


def test_it_is_known_which_items_were_replaced():
    values = np.array([[0.2, np.inf, np.nan, 0.0], [np.inf, np.nan, np.inf, np.nan]])
    assert is_replaced(values).tolist() == [[False, True, True, False], [False] * 4]
    changed = replace_undefined(values)[0] != values[0]
    assert is_replaced(values)[0].tolist() == changed.tolist()
