"""The words for scores."""

import pytest

from def_sim.evaluation.measures import (
    normalised_ends_in_words,
    normalised_in_short,
    normalised_in_words,
)

NAN = float("nan")


@pytest.mark.parametrize(
    ("normalised", "words", "short"),
    [
        (0.52, "0.520", "0.52"),
        (-0.4, "−0.400", "-0.40"),
        (-1, "−1.00", "-1.00"),
        (-26.3, "worse than random (0.400 against 0.300)", "< -1"),
        (1.2, "as close as people", "> 1"),
        (NAN, "–", "–"),
    ],
)
def test_the_size_of_a_normalised_score_is_told_between_minus_one_and_one_only(normalised, words, short):
    assert normalised_in_words(normalised, 0.4, 0.3) == words
    assert normalised_in_short(normalised) == short


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.2, 0.8, "0.200 to 0.800"),
        (-14.1, 1.7, "below −1 to above 1"),
        (0.9, 1.7, "0.900 to above 1"),
        (-9, -2, ""),
        (NAN, NAN, ""),
    ],
)
def test_neither_is_that_of_its_interval(low, high, words):
    assert normalised_ends_in_words(low, high) == words
