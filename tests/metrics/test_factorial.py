"""Effects of a full factorial design: by hand, against a linear model, and when nothing may be said."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.equal_entropy import DilutedPanel, difference_at_equal_entropy, diluted
from def_sim.metrics.factorial import (
    all_cells,
    all_effects,
    contrast,
    contrast_of_numbers,
    contrast_weights,
    effect_at_equal_entropy,
    mean_effect,
    one_setting_apart,
)
from def_sim.metrics.item_metrics import ITEM_METRICS, ItemForm
from def_sim.metrics.paired import difference
from def_sim.metrics.sample import Sample
from def_sim.metrics.score_scale import SCALES

NUM_ITEMS, NUM_RESPONDENTS, NUM_DRAWS = 12, 6, 50
JS = SCALES["js_divergence"]


def rng(key=0):
    return np.random.default_rng([41, key])


def random_scores(key=0):
    draw = rng(key)
    shapes = (NUM_ITEMS,), (NUM_DRAWS, NUM_ITEMS), (NUM_RESPONDENTS, NUM_ITEMS)
    return ScoreDraws(*(draw.random(shape) for shape in shapes))


def random_arms(num_factors=3):
    return {cell: random_scores(key) for key, cell in enumerate(all_cells(num_factors))}


def test_three_settings_have_seven_effects_the_single_ones_first():
    assert all_effects(3) == [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    assert len(all_cells(3)) == 8


def test_the_effects_of_eight_numbers_are_those_found_by_hand():
    # Score = 10 - 4 a - 2 b + 3 a b, whatever c is.
    cells = {(a, b, c): np.array(10.0 - 4 * a - 2 * b + 3 * a * b) for a, b, c in all_cells(3)}
    found = {effect: float(contrast_of_numbers(cells, effect)) for effect in all_effects(3)}
    # a: -4 where b is off, -4 + 3 = -1 where it is on; b: -2 and +1; together: what a gains, 3.
    by_hand = {(0,): -2.5, (1,): -0.5, (2,): 0, (0, 1): 3, (0, 2): 0, (1, 2): 0, (0, 1, 2): 0}
    assert found == by_hand


def test_an_interaction_of_all_three_is_what_that_of_two_gains_when_the_third_is_on():
    cells = {cell: np.array(float(all(cell))) for cell in all_cells(3)}
    assert contrast_of_numbers(cells, (0, 1, 2)) == 1
    assert contrast_of_numbers(cells, (0, 1)) == 0.5  # 1 with the third on, 0 with it off
    assert contrast_of_numbers(cells, (0,)) == 0.25


def test_the_seven_contrasts_are_the_coefficients_of_ordinary_least_squares():
    arms = random_arms()
    rows = [
        {"y": value, **{name: on - 0.5 for name, on in zip("abc", cell, strict=True)}}
        for cell, scores in arms.items()
        for value in scores.values
    ]
    fitted = smf.ols("y ~ a * b * c", data=pd.DataFrame(rows)).fit()
    for effect in all_effects(3):
        name = ":".join("abc"[place] for place in effect)
        assert contrast(arms, effect).values.mean() == pytest.approx(fitted.params[name])


def test_with_two_settings_left_alone_the_effect_is_the_paired_difference():
    off, on = random_scores(1), random_scores(2)
    arms = {(a, b): on if a else off for a, b in all_cells(2)}
    found, expected = contrast(arms, (0,)), difference(on, off, same_respondents=True)
    for part in ("values", "draws", "contributions"):
        assert getattr(found, part) == pytest.approx(getattr(expected, part))


def test_an_item_without_a_score_in_one_arm_is_left_out_and_counted():
    arms = random_arms()
    lacking = arms[True, False, True]
    holes = np.where(np.arange(NUM_ITEMS) == 3, np.nan, 1.0)
    arms[True, False, True] = ScoreDraws(
        lacking.values * holes, lacking.draws * holes, lacking.contributions * holes
    )
    found = mean_effect(contrast(arms, (2,)), rng(), scale=JS).difference
    assert (found.num_items, found.num_undefined) == (NUM_ITEMS, 1)
    assert not np.isnan([found.estimate, found.low, found.high]).any()


def test_seven_arms_are_no_factorial():
    arms = random_arms()
    del arms[True, True, True]
    with pytest.raises(ValueError, match="needs all 8 arms"):
        contrast(arms, (0,))


def test_an_effect_may_be_larger_than_the_range_of_a_score():
    # The interaction of three: four arms at 1 and four at 0, by the sign of their weight.
    weights = contrast_weights((0, 1, 2), 3)
    noise = rng(3).normal(scale=1e-3, size=NUM_ITEMS)
    still = np.zeros((NUM_RESPONDENTS, NUM_ITEMS))
    arms = {
        cell: ScoreDraws((weight > 0) + noise * weight, np.zeros((NUM_DRAWS, NUM_ITEMS)), still)
        for cell, weight in weights.items()
    }
    interval = mean_effect(contrast(arms, (0, 1, 2)), rng(), scale=JS).difference
    assert interval.estimate == pytest.approx(4, abs=0.01)
    assert interval.low < interval.estimate < interval.high  # not cut at 2, twice the range of a score


def test_four_items_have_no_interval_but_a_reason():
    few = np.arange(NUM_ITEMS) < 4
    arms = {cell: scores.select(few) for cell, scores in random_arms().items()}
    found = mean_effect(contrast(arms, (0,)), rng(), scale=JS)
    assert found.difference.why_absent
    assert "Too few items: 4" in found.difference.why_absent


def test_where_variety_is_left_alone_an_effect_at_equal_entropy_is_the_effect():
    arms = {cell: scores.values for cell, scores in random_arms().items()}
    differences = {pair: arms[pair[0]] - arms[pair[1]] for pair in one_setting_apart(3)}
    for effect in all_effects(3):
        expected = contrast_of_numbers(arms, effect)
        assert effect_at_equal_entropy(differences, effect, 3) == pytest.approx(expected)


FORM = ItemForm(is_ordered=True)
ITEMS, PANEL = 60, 400
HUMAN = [rng(900 + item).dirichlet(np.ones(5)) for item in range(ITEMS)]
WRONG = [np.roll(one, 2) for one in HUMAN]
PEOPLE: list[Sample | None] = [Sample.of_people(one, 1500.0) for one in HUMAN]


def a_panel(shares, key) -> DilutedPanel:
    draw, forms = rng(key), [FORM] * ITEMS
    samples = [Sample(draw.multinomial(PANEL, one).astype(float), PANEL) for one in shares]
    score = partial(ITEM_METRICS["js_divergence"], form=FORM)
    values = np.array([float(score(one, human)) for one, human in zip(samples, PEOPLE, strict=True)])
    return diluted(samples, PEOPLE, forms, "js_divergence", values, draw)


def test_random_answerers_alone_make_no_difference_at_equal_entropy():
    flat = a_panel([0.6 * one + 0.4 * np.full(5, 0.2) for one in WRONG], 1)
    sharp = a_panel(WRONG, 2)
    as_it_is, at_equal = flat.values - sharp.values, difference_at_equal_entropy(flat, sharp)
    assert as_it_is.mean() < -0.05  # by its variety the flat one is closer
    assert abs(at_equal.mean()) < 0.1 * abs(as_it_is.mean())
    assert difference_at_equal_entropy(sharp, flat) == pytest.approx(-at_equal)


def test_knowledge_of_people_makes_a_difference_at_equal_entropy():
    knowing = a_panel([0.6 * one + 0.4 * human for one, human in zip(WRONG, HUMAN, strict=True)], 3)
    ignorant = a_panel(WRONG, 4)
    left = difference_at_equal_entropy(knowing, ignorant).mean()
    assert left < -0.02
    assert left > (knowing.values - ignorant.values).mean()


def test_items_without_a_score_have_no_difference_at_equal_entropy():
    one = a_panel(WRONG, 5)
    nothing = DilutedPanel(np.full(ITEMS, np.nan), one.entropies, one.dilution)
    assert np.isnan(difference_at_equal_entropy(one, nothing)).all()
