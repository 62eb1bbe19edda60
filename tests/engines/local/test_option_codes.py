"""Probabilities of option codes: 1 is not 10."""

import numpy as np
import pytest
from scipy import stats

from def_sim.engines.local.sampling.option_codes import CodeScores, choose_code
from def_sim.records import DecodingConfig

ONE, FIVE, ZERO, END = 11, 15, 10, 2


def score(
    codes: dict[int, tuple[int, ...]], model: dict[tuple[int, ...], dict[int, float]]
) -> dict[int, float]:
    """Probabilities under a model given as next-token distributions by what was written."""
    scores, rows = CodeScores(codes), [()]
    while True:
        values = [
            [np.log(model[row][token]) for token in wanted]
            for row, wanted in zip(rows, scores.wanted(), strict=True)
        ]
        survivors = scores.advance(values)
        if survivors is None:
            return scores.probabilities()
        rows = [(*rows[p], t) for p, t in zip(survivors.parents, survivors.tokens, strict=True)]


def test_one_five_and_ten_come_back_unchanged() -> None:
    # "1" is written with .7, and .1 of these .7 go on to "10": p(1) = .6, p(5) = .3, p(10) = .1.
    model = {(): {ONE: 0.7, FIVE: 0.3}, (ONE,): {ZERO: 0.1 / 0.7, END: 0.6 / 0.7}}
    found = score({1: (ONE,), 5: (FIVE,), 10: (ONE, ZERO)}, model)
    assert found == pytest.approx({1: 0.6, 5: 0.3, 10: 0.1})


def test_other_texts_have_no_share() -> None:
    found = score({1: (ONE,), 5: (FIVE,)}, {(): {ONE: 0.2, FIVE: 0.1, END: 0.7}})
    assert found == pytest.approx({1: 2 / 3, 5: 1 / 3})


def test_codes_of_three_levels_are_scored_in_full() -> None:
    codes = {1: (1,), 10: (1, 0), 100: (1, 0, 0), 2: (2,)}
    model = {(): {1: 0.8, 2: 0.2}, (1,): {0: 0.5}, (1, 0): {0: 0.25}}
    # 1: .8 x .5; 10: .8 x .5 x .75; 100: .8 x .5 x .25
    assert score(codes, model) == pytest.approx({1: 0.4, 10: 0.3, 100: 0.1, 2: 0.2})


def test_a_code_that_is_one_token_needs_no_second_look() -> None:
    scores = CodeScores({1: (ONE,), 10: (19,)})
    assert scores.wanted() == [[ONE, 19]]
    assert scores.advance([[np.log(0.5), np.log(0.25)]]) is None


def test_without_sampling_the_most_probable_code_is_given_and_the_first_of_equals() -> None:
    greedy = DecodingConfig(num_beams=4, do_sample=False)
    assert choose_code({1: 0.2, 2: 0.5, 3: 0.3}, greedy, key=9) == 2
    assert choose_code({3: 0.4, 1: 0.4, 2: 0.2}, greedy, key=9) == 3


def test_with_sampling_codes_are_drawn_in_proportion_at_the_temperature() -> None:
    shares = {1: 0.5, 2: 0.3, 10: 0.2}
    decoding = DecodingConfig(temperature=0.5)
    drawn = [choose_code(shares, decoding, key) for key in range(10**9, 10**9 + 6000)]
    squares = np.array([0.25, 0.09, 0.04])  # a temperature of one half squares the probabilities
    counts = [drawn.count(code) for code in shares]
    assert stats.chisquare(counts, squares / squares.sum() * 6000).pvalue > 0.01
