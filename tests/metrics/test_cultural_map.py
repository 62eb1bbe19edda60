"""The cultural map: as published by hand, the sound one against numpy's SVD, its ellipses by simulation."""

import numpy as np
import pytest

from def_sim.metrics.cultural_map import (
    dimension_features,
    fit_map,
    mean_code,
    panel_ellipse,
    panel_values,
    place,
    published_map,
    share_carried,
    strongest_features,
)
from def_sim.metrics.sample import Sample
from def_sim.randomness import keyed_rng

CELLS = keyed_rng(1, "cells").uniform(size=(42, 15))


def rng(*purpose):
    return keyed_rng(7, *purpose)


# As published ---------------------------------------------------------------------------------


def test_a_failure_counts_as_a_code_of_zero():
    # Ten chose 1, five chose 4, five failed: (10 * 1 + 5 * 4 + 5 * 0) / 20 = 1.5.
    assert mean_code(Sample(np.array([10.0, 0, 0, 5]), 15, 5), codes=(1, 2, 3, 4)) == pytest.approx(1.5)


def test_the_mean_code_of_an_item_with_all_failures_is_zero_and_of_one_never_asked_undefined():
    nothing = np.zeros(3)
    assert mean_code(Sample(nothing, 0, 20), codes=(1, 2, 3)) == 0.0
    assert np.isnan(mean_code(Sample(nothing, 0, 0), codes=(1, 2, 3)))


def test_codes_of_several_choices_are_averaged_over_mentions():
    # Mentions 6 and 2 of codes 1 and 5: (6 * 1 + 2 * 5) / 8 = 2.
    assert mean_code(Sample(np.array([6.0, 2.0]), 6), codes=(1, 5)) == pytest.approx(2.0)


def test_a_dimension_is_the_mean_over_its_defined_items():
    values = np.array([1.0, 3.0, np.nan, 8.0])
    features = dimension_features(values, ["PDI", "PDI", "PDI", "TDI"], ["TDI", "PDI", "UAI"])
    np.testing.assert_array_equal(features, [8.0, 2.0, np.nan])


def test_the_published_map_is_a_singular_value_decomposition_of_all_rows():
    rows = rng("published").uniform(1, 10, size=(6, 9))
    found = published_map(rows, num_people=2, order=list("abcdefghi"))
    left, sizes, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(found.coordinates), np.abs(left[:, :2] * sizes[:2]))  # signs are free
    np.testing.assert_allclose(found.explained, sizes[:2] ** 2 / (sizes**2).sum())


def test_on_the_published_map_another_panel_moves_people():
    rows = rng("moves").uniform(1, 10, size=(7, 9))
    before = published_map(rows[:6], num_people=2, order=list("abcdefghi")).coordinates[:2]
    after = published_map(rows, num_people=2, order=list("abcdefghi")).coordinates[:2]
    assert np.abs(np.abs(before) - np.abs(after)).max() > 0.1


def test_a_dimension_that_people_lack_is_left_out_and_a_panel_that_lacks_another_has_no_point():
    rows = rng("lacks").uniform(1, 10, size=(5, 4))
    rows[1, 0], rows[3, 2] = np.nan, np.nan
    found = published_map(rows, num_people=2, order=["EVI", "IDV", "IVR", "LTO"])
    assert found.is_used == (False, True, True, True)
    assert found.why_left_out == ("", "", "", "no answered item in IVR", "")
    assert np.isfinite(found.coordinates).all(axis=1).tolist() == [True, True, True, False, True]
    # The others stand where they would without that panel.
    without = published_map(np.delete(rows, 3, axis=0), num_people=2, order=["EVI", "IDV", "IVR", "LTO"])
    np.testing.assert_array_equal(np.delete(found.coordinates, 3, axis=0), without.coordinates)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (np.full((3, 4), 2.0), "no map: all rows are the same"),
        (np.arange(4.0)[None], "no map: two axes need at least two rows and two features, found 1 x 4"),
        (np.arange(3.0)[:, None], "no map: two axes need at least two rows and two features, found 3 x 1"),
    ],
)
def test_rows_that_span_no_plane_have_no_published_map_but_a_reason(rows, why):
    found = published_map(rows, num_people=1, order=["EVI", "IDV", "IVR", "LTO"][: rows.shape[1]])
    assert np.isnan(found.coordinates).all()
    assert np.isnan(found.explained).all()
    assert set(found.why_left_out) == {why}


# The sound map --------------------------------------------------------------------------------


def test_the_axes_are_the_leading_right_singular_vectors_of_the_centred_cells():
    fitted = fit_map(CELLS)
    _, sizes, right = np.linalg.svd(CELLS - CELLS.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(fitted.axes), np.abs(right[:2]), atol=1e-12)
    np.testing.assert_allclose(fitted.explained, sizes[:2] ** 2 / (sizes**2).sum())
    np.testing.assert_allclose(place(CELLS, fitted), (CELLS - CELLS.mean(axis=0)) @ fitted.axes.T, atol=1e-12)


@pytest.mark.parametrize("anchor", range(15))
def test_the_anchor_points_to_the_positive_end_of_both_axes(anchor):
    assert (fit_map(CELLS, anchor=anchor).axes[:, anchor] > 0).all()


def test_without_an_anchor_or_with_one_of_no_weight_the_largest_loading_is_positive():
    cells = np.column_stack([CELLS, np.full(len(CELLS), 0.5)])  # a feature in which nobody differs
    for fitted in (fit_map(cells), fit_map(cells, anchor=15)):
        assert all(axis[np.abs(axis).argmax()] > 0 for axis in fitted.axes)


def test_adding_a_model_leaves_people_and_the_other_models_bit_identical():
    panels = rng("panels").uniform(size=(12, 15))
    for num in range(1, 12):
        few, more = fit_map(CELLS, anchor=3), fit_map(CELLS, anchor=3)
        assert few.axes.tobytes() == more.axes.tobytes()
        assert place(CELLS, few).tobytes() == place(CELLS, more).tobytes()
        # Even where people and panels are placed in one call, each row depends on itself alone.
        rows, longer = np.vstack([CELLS, panels[:num]]), np.vstack([CELLS, panels[: num + 1]])
        assert place(rows, few).tobytes() == place(longer, few)[: len(rows)].tobytes()


def test_missing_features_give_the_least_squares_point():
    fitted, values = fit_map(CELLS), CELLS[5].copy()
    values[[2, 7]] = np.nan
    seen = np.isfinite(values)
    expected, *_ = np.linalg.lstsq(fitted.axes[:, seen].T, (values - fitted.mean)[seen], rcond=None)
    np.testing.assert_allclose(place(values, fitted), expected)


def test_a_point_on_the_plane_is_found_again_from_half_of_its_features():
    fitted = fit_map(CELLS)
    values = fitted.mean + np.array([0.3, -0.2]) @ fitted.axes
    weakest = np.argsort((fitted.axes**2).sum(axis=0))[:5]
    values[weakest] = np.nan
    assert share_carried(values, fitted) > 0.5
    np.testing.assert_allclose(place(values, fitted), [0.3, -0.2])


def test_a_panel_whose_answers_carry_less_than_half_of_an_axis_has_no_point():
    fitted = fit_map(CELLS)
    values = CELLS[0].copy()
    values[np.argsort(-np.abs(fitted.axes[1]))[:8]] = np.nan
    assert share_carried(values, fitted) < 0.5
    assert np.isnan(place(values, fitted)).all()
    assert share_carried(np.full(15, np.nan), fitted) == 0.0
    assert share_carried(CELLS[0], fitted) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (CELLS[:1], "two rows"),
        (np.full((6, 3), 0.5), "the same"),
        (np.array([[0.1, np.nan], [0.2, 0.4], [0.3, 0.1]]), "missing"),
    ],
)
def test_people_that_span_no_plane_are_an_error_with_its_reason(cells, why):
    with pytest.raises(ValueError, match=why):
        fit_map(cells)


def test_an_axis_is_named_by_its_largest_loadings_whatever_their_sign():
    assert strongest_features(np.array([0.1, -0.6, 0.5, -0.2, 0.0, 0.4]), num=3) == (1, 2, 5)
    assert strongest_features(np.array([0.6, 0.0, -0.8]), num=3) == (2, 0)  # no weight, no name


# Ellipses -------------------------------------------------------------------------------------


def test_means_over_respondents_leave_failures_out():
    respondents = np.array([[0.0, np.nan, np.nan], [1.0, 0.5, np.nan]])
    np.testing.assert_array_equal(panel_values(respondents), [0.5, 0.5, np.nan])


@pytest.mark.parametrize("num", [0, 1, 2])
def test_too_few_respondents_have_a_point_but_no_ellipse(num):
    respondents = CELLS[:num]
    assert panel_ellipse(respondents, fit_map(CELLS), rng("few")) is None


def test_a_panel_that_has_no_point_has_no_ellipse():
    respondents = np.full((20, 15), np.nan)
    respondents[:, 0] = 0.5  # one item answered out of fifteen
    assert panel_ellipse(respondents, fit_map(CELLS), rng("no point")) is None


def test_respondents_who_all_answer_the_same_have_an_ellipse_of_no_size():
    ellipse = panel_ellipse(np.tile(CELLS[0], (20, 1)), fit_map(CELLS), rng("same"))
    assert ellipse is not None
    assert ellipse.half_axes == pytest.approx((0, 0), abs=1e-6)


def test_the_ellipse_is_the_textbook_region_of_a_mean():
    # Bootstrapping a mean has the covariance S / N, so the region is Hotelling's, in closed form.
    fitted, num = fit_map(CELLS), 60
    respondents = rng("people").uniform(size=(num, 15)) * np.linspace(0.2, 1, 15)
    ellipse = panel_ellipse(respondents, fitted, rng("boot"), num_draws=20_000)
    sizes, directions = np.linalg.eigh(np.cov(place(respondents, fitted), rowvar=False) / num)
    radius = np.sqrt(2 * 59 / 58 * 3.1559)  # the 95 % point of F(2, 58)
    np.testing.assert_allclose(ellipse.half_axes, np.sqrt(sizes[::-1]) * radius, rtol=0.03)
    along = abs(np.cos(ellipse.angle) * directions[0, 1] + np.sin(ellipse.angle) * directions[1, 1])
    assert along == pytest.approx(1, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("num", [20, 200])
def test_ellipses_hold_the_true_point_in_nineteen_of_twenty_panels(num):
    fitted, rates = fit_map(CELLS), np.linspace(0.1, 0.9, 15)
    truth, hits, trials = place(rates, fitted), 0, 600
    for trial in range(trials):
        draws = rng("coverage", num, trial)
        answers = (draws.uniform(size=(num, 15)) < rates).astype(float)
        answers[draws.uniform(size=answers.shape) < 0.05] = np.nan  # one answer in twenty fails
        ellipse = panel_ellipse(answers, fitted, rng("draws", trial), num_draws=300)
        cos, sin = np.cos(ellipse.angle), np.sin(ellipse.angle)
        off = truth - place(panel_values(answers), fitted)
        away = np.array([[cos, sin], [-sin, cos]]) @ off / np.array(ellipse.half_axes)
        hits += (away**2).sum() <= 1
    assert 0.925 <= hits / trials <= 0.98  # 0.95, and 2.5 standard errors of 600 trials are 0.022
