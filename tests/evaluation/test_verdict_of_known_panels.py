"""The verdict where the right one is known: panels drawn from people, and panels that answer at random."""

import math
import os

import numpy as np
import pandas as pd
import pytest
from test_score_intervals import PEOPLE, distribution, scored

from def_sim.evaluation.verdict import verdict_of
from def_sim.randomness import keyed_rng

NUM_RESPONDENTS = 20
SEEDS = 100 if os.environ.get("CI_FULL") else 8
STATUSES = pd.DataFrame({"scope": ["all"], "status": ["answered"], "count": [1]})


def closeness(seed: int, *, answers_as_people_do: bool) -> str:
    """The first sentence about a panel of independent draws on 30 items of four options."""
    rng = keyed_rng(seed, "people" if answers_as_people_do else "random")
    choices = np.array(
        [rng.choice(4, size=NUM_RESPONDENTS, p=shares if answers_as_people_do else None) for shares in PEOPLE]
    ).T
    scores = scored(choices, [distribution(index, column) for index, column in enumerate(choices.T)])
    return verdict_of(scores, STATUSES, num_respondents=NUM_RESPONDENTS).sentences[0]


@pytest.mark.parametrize(
    ("answers_as_people_do", "sentence"),
    [
        (True, "As near to people as 20 real people."),
        (False, "Not shown to be nearer to people than random answers."),
    ],
)
def test_panels_of_people_and_of_random_answers_get_their_sentence(
    answers_as_people_do: bool, sentence: str
) -> None:
    said = [closeness(seed, answers_as_people_do=answers_as_people_do) for seed in range(SEEDS)]
    assert said.count(sentence) >= math.floor(0.9 * SEEDS)
