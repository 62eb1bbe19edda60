"""What a run comes to: five sentences by the interval of the normalised score, and their edges."""

import math

import numpy as np
import pandas as pd
import pytest

from def_sim.evaluation.verdict import closeness_sentence, reading_sentence, variety_sentence, verdict_of

FARTHER = "Farther from people than random answers."
NOT_SHOWN = "Not shown to be nearer to people than random answers."
AS_NEAR = "As near to people as 20 real people."
PERHAPS = (
    "At least 70 % of the way from random answers to people, and perhaps as near to people as 20 real people."
)
UNDECIDED = "Too few items to say whether the answers are nearer to people than random answers."
UNKNOWN = "Too few items or respondents to say how near to people the answers are."
BETWEEN = "62 % of the way from random answers to people (55 to 69)."


@pytest.mark.parametrize(
    ("normalised", "low", "high", "sentence"),
    [
        (-0.4, -0.6, -0.2, FARTHER),
        (-0.1, -0.2, -1e-9, FARTHER),
        (-0.1, -0.2, 0.0, NOT_SHOWN),
        (0.1, -0.2, 0.4, NOT_SHOWN),
        (0.1, 0.0, 0.4, NOT_SHOWN),
        (-0.4, -math.inf, 0.1, NOT_SHOWN),
        (0.62, 0.55, 0.69, BETWEEN),
        (0.5, 1e-9, 1 - 1e-9, "50 % of the way from random answers to people (0 to 100)."),
        (0.9, 0.75, 1.0, AS_NEAR),
        (0.9, 0.7, 1.0, PERHAPS),
        (1.1, 0.8, math.inf, AS_NEAR),
        (0.5, 0.0, 1.0, UNDECIDED),
        (0.5, -math.inf, math.inf, UNDECIDED),
        (0.5, math.nan, math.nan, UNKNOWN),
        (math.nan, math.nan, math.nan, UNKNOWN),
    ],
)
def test_the_interval_decides_how_near_the_panel_is(
    normalised: float, low: float, high: float, sentence: str
) -> None:
    assert closeness_sentence(normalised, low, high, num_respondents=20) == sentence


def test_one_respondent_is_one_real_person() -> None:
    assert closeness_sentence(0.9, 0.8, 1.2, num_respondents=1) == "As near to people as 1 real person."


@pytest.mark.parametrize(
    ("ratio", "low", "high", "words"),
    [
        (0.7, 0.6, 0.8, "Its answers are less varied than people's."),
        (0.9, 0.8, 0.96, "Its answers are about as varied as people's."),
        (0.95, 0.95, 1.0, "Its answers are about as varied as people's."),
        (0.9, 0.75, 0.96, "No difference in variety from people's is shown."),  # may be a fifth less
        (0.2, 0.05, 0.96, "No difference in variety from people's is shown."),
        (1.0, 0.9, 1.2, "No difference in variety from people's is shown."),
        (1.2, 1.1, 1.3, "Its answers are more varied than people's, which by itself lowers distances."),
    ],
)
def test_variety_is_told_beside_as_many_real_people(
    ratio: float, low: float, high: float, words: str
) -> None:
    assert variety_sentence(ratio, low, high, people=0.95) == words


@pytest.mark.parametrize("unknown", range(4))
def test_without_one_of_its_numbers_nothing_is_said_of_variety(unknown: int) -> None:
    numbers = [math.nan if place == unknown else 0.9 for place in range(4)]
    assert variety_sentence(*numbers[:3], people=numbers[3]) == ""


def statuses(**counts: int) -> pd.DataFrame:
    return pd.DataFrame({"scope": "all", "status": list(counts), "count": list(counts.values())})


def test_answers_that_could_not_be_read_are_counted_and_not_rounded_away() -> None:
    assert reading_sentence(statuses(answered=6198, no_answer=1, truncated=1)) == (
        "2 of 6,200 answers could not be read as an option."
    )
    assert reading_sentence(statuses(answered=9, not_asked=1)) == "Each of 10 answers could be read."
    assert reading_sentence(statuses(answered=1)) == "The one answer could be read."
    assert reading_sentence(statuses()) == ""


def test_who_withholds_an_answer_has_been_read() -> None:
    assert reading_sentence(statuses(answered=96, truncated=1, refused=1, dont_know=2)) == (
        "1 of 100 answers could not be read as an option. 3 said don't know or refused."
    )
    assert reading_sentence(statuses(answered=9, refused=1)) == (
        "Each of 10 answers could be read. 1 said don't know or refused."
    )


def scores(**near: float) -> pd.DataFrame:
    row = {"scope": "macro", "num_items": 9, "floor": 0.9, "interval_low": 0.8, "interval_high": 0.85}
    return pd.DataFrame(
        [{**row, "metric": "js_divergence", **near}, {**row, "metric": "entropy_ratio", "value": 0.82}]
    )


def test_a_verdict_gathers_closeness_variety_and_reading() -> None:
    found = verdict_of(
        scores(value=0.3, normalised=0.62, normalised_low=0.55, normalised_high=0.69),
        statuses(answered=9, ambiguous=1),
        num_respondents=20,
    )
    assert found.sentences == (
        BETWEEN,
        "Its answers are less varied than people's.",
        "1 of 10 answers could not be read as an option.",
    )
    assert (found.normalised, found.low, found.high, found.score) == (0.62, 0.55, 0.69, 0.3)


def test_a_run_that_could_not_be_scored_says_so_and_counts() -> None:
    found = verdict_of(scores(value=np.nan, normalised=np.nan), statuses(ambiguous=3), num_respondents=3)
    assert found.sentences[0] == UNKNOWN
    assert found.sentences[-1] == "3 of 3 answers could not be read as an option."
