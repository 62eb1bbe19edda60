"""Variance components of a balanced design: against statsmodels, planted shares, and what is refused."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.stats import kendalltau
from statsmodels.stats.anova import anova_lm

from def_sim.metrics.rank_stability import rank_stability, stability_of_noise
from def_sim.metrics.variance_components import all_terms, projection, variance_components


def rng(key=0):
    return np.random.default_rng([67, key])


def still(scores, num_respondents=4):
    """Scores that no respondent changes."""
    return np.zeros((scores.shape[0], num_respondents, scores.shape[1]))


def by_name(components):
    """Share by `a`, `axb`, `items`, `items x a`, `noise`."""
    return {
        "noise"
        if one.is_noise
        else "x".join(([] if not one.is_of_items else ["items"]) + ["ab"[p] for p in one.term]): one
        for one in components
    }


def test_projections_are_orthogonal_and_add_up_to_everything():
    levels = (2, 3, 2)
    found = [projection(term, levels) for term in all_terms(3)]
    assert sum(found) == pytest.approx(np.eye(12))
    assert found[1] @ found[2] == pytest.approx(np.zeros((12, 12)))


def test_sums_of_squares_are_those_of_the_analysis_of_variance():
    levels, num_items = (2, 3), 7
    scores = rng(1).random((6, num_items))
    rows = [
        {"a": a, "b": b, "item": item, "y": scores[3 * a + b, item]}
        for a, b, item in product(range(2), range(3), range(num_items))
    ]
    # The items and all their products take every degree of freedom, so nothing is left to divide by.
    fitted = smf.ols("y ~ C(a) * C(b) * C(item) - C(a):C(b):C(item)", data=pd.DataFrame(rows)).fit()
    table = anova_lm(fitted)
    theirs = {
        "a": "C(a)",
        "b": "C(b)",
        "axb": "C(a):C(b)",
        "items": "C(item)",
        "itemsxa": "C(a):C(item)",
        "itemsxb": "C(b):C(item)",
        "itemsxaxb": "Residual",
    }
    ours = by_name(variance_components(scores, still(scores), levels))
    for name, of_them in theirs.items():
        assert ours[name].sum_of_squares == pytest.approx(table.loc[of_them, "sum_sq"]), name
        assert ours[name].degrees_of_freedom == table.loc[of_them, "df"], name


PLANTED = {"a": 0.15, "b": 0.05, "axb": 0.05, "items": 0.4, "itemsxa": 0.15, "itemsxb": 0.05, "noise": 0.15}


def planted(key, num_items=400, num_respondents=20):
    """Scores of a 2 x 3 design with the planted shares, and the noise that respondents add."""
    draw, levels = rng(key), (2, 3)
    a = np.array([-1.0, 1.0])[:, None]
    b = np.array([-1.0, 0.0, 1.0])[None] * np.sqrt(1.5)
    parts = {"a": a * np.ones((2, 3)), "b": np.ones((2, 3)) * b, "axb": a * b}
    scores = sum(np.sqrt(PLANTED[name]) * part[..., None] for name, part in parts.items())
    scores = scores + np.sqrt(PLANTED["items"]) * draw.standard_normal(num_items)
    for name in ("a", "b"):
        weights = draw.standard_normal(num_items) * np.sqrt(PLANTED[f"itemsx{name}"])
        scores = scores + parts[name][..., None] * weights
    # Each respondent errs by an equal part of the noise's variance, independently in arms and items.
    errors = draw.standard_normal((6, num_respondents, num_items))
    errors *= np.sqrt(PLANTED["noise"] / num_respondents)
    scores = scores.reshape(6, num_items) + errors.sum(axis=1)
    return scores, errors, levels


def test_planted_shares_are_found_within_three_points_on_400_items():
    found = by_name(variance_components(*planted(2)))
    for name, share in {**PLANTED, "itemsxaxb": 0.0}.items():
        assert found[name].share == pytest.approx(share, abs=0.03), name
    assert sum(one.share for one in found.values()) == pytest.approx(1)


def test_intervals_hold_the_planted_shares_on_60_items():
    names = ("items", "itemsxa", "itemsxb", "noise")
    held = {name: [] for name in names}
    for key in range(100):
        found = by_name(variance_components(*planted(key, num_items=60)))
        for name in names:
            held[name].append(found[name].low <= PLANTED[name] <= found[name].high)
    # Of 100 at 95 %, fewer than 88 happen twice in a thousand times; the jackknife is a little narrow.
    assert all(np.mean(one) >= 0.86 for one in held.values()), {n: np.mean(o) for n, o in held.items()}


def test_what_respondents_do_to_all_items_alike_is_noise_and_no_effect_of_a_setting():
    """One respondent's error moves all items of an arm together, and so the arm's mean."""
    found = {"known": [], "taken for an effect": []}
    for key in range(300):
        draw = rng(1000 + key)
        errors = np.repeat(draw.standard_normal((2, 20, 1)), 50, axis=2) * 0.1
        scores = draw.standard_normal(50)[None] * 0.5 + errors.sum(axis=1)
        for name, known in (("known", errors), ("taken for an effect", np.zeros_like(errors))):
            found[name].append(by_name(variance_components(scores, known, (2,)))["a"].variance)
    # The arms' means differ by errors of variance .2 + .2; a fourth of it is the mean square of the effect.
    assert np.mean(found["taken for an effect"]) == pytest.approx(0.1, abs=0.03)
    assert np.mean(found["known"]) == pytest.approx(0, abs=0.03)


def test_few_items_have_shares_without_an_interval():
    scores = rng(3).random((4, 4))
    found = variance_components(scores, still(scores), (2, 2))
    assert all(np.isnan([one.low, one.high]).all() for one in found)


def test_a_missing_arm_or_an_undefined_score_is_refused():
    scores = rng(4).random((5, 9))
    with pytest.raises(ValueError, match="need 6 arms"):
        variance_components(scores, still(scores), (2, 3))
    scores = np.where(np.arange(9) == 2, np.nan, rng(5).random((6, 9)))
    with pytest.raises(ValueError, match="balanced design"):
        variance_components(scores, still(scores), (2, 3))


# --- ranks ---


def test_tau_between_arms_is_scipys():
    scores = rng(6).random((6, 3))
    found = rank_stability(scores)
    taus = [kendalltau(scores[:, i], scores[:, j]).statistic for i, j in ((0, 1), (0, 2), (1, 2))]
    assert found.tau_mean == pytest.approx(np.mean(taus))
    assert found.tau_least == pytest.approx(min(taus))


def test_firsts_and_swaps_are_those_counted_by_hand():
    # Arms in columns: the first model leads in two of four, ties with the second in one, is last in one.
    scores = np.array([[0.1, 0.1, 0.2, 0.3], [0.2, 0.2, 0.2, 0.1], [0.3, 0.3, 0.3, 0.2]])
    found = rank_stability(scores)
    assert found.first == pytest.approx([2.5 / 4, 1.5 / 4, 0])
    assert found.swaps[0, 1] == pytest.approx(1.5 / 4)  # the second stands before it once and a half
    assert found.swaps[0, 2] == pytest.approx(1 / 4)
    assert found.swaps[1, 2] == 0


def test_noise_alone_swaps_equal_models_and_leaves_different_ones():
    alike, apart = np.full((3, 4), 0.2), np.array([[0.1], [0.2], [0.3]]) * np.ones((3, 4))
    noise = rng(7).normal(scale=0.01, size=(100, 3, 4))
    assert abs(stability_of_noise(alike, noise).tau_mean) < 0.1
    assert stability_of_noise(apart, noise).tau_mean == 1
    assert stability_of_noise(apart, noise).swaps.max() == 0


def test_one_model_or_one_arm_has_no_order():
    for shape in ((1, 3), (3, 1)):
        with pytest.raises(ValueError, match="two models in two arms"):
            rank_stability(np.zeros(shape))
