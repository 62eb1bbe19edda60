"""Panels of invented people for the tables of effects."""

import numpy as np
from survey_examples import a_question

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.effect_panels import EffectPanel
from def_sim.evaluation.score_intervals import resample
from def_sim.metrics.left_out_diversity import choice_diversity_left_out, text_diversity_left_out
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.randomness import keyed_rng
from def_sim.records import AnswerStatus, Dimension, ItemReference, MeasurementLevel

NUM_ITEMS, NUM_OPTIONS, NUM_RESPONDENTS = 40, 4, 40
PEOPLE = keyed_rng(5, "people").dirichlet(np.ones(NUM_OPTIONS), size=NUM_ITEMS)
LAST = np.eye(NUM_OPTIONS)[-1]


def choices_of(shares, key, num_respondents=NUM_RESPONDENTS):
    """Answers of independent respondents by their shares, shape (N, Q)."""
    draws = keyed_rng(7, "answers", key)
    return np.array([draws.choice(len(row), size=num_respondents, p=row) for row in shares]).T


def a_panel(shares, key, *, num_respondents=NUM_RESPONDENTS, people=PEOPLE, num_draws=200) -> EffectPanel:
    """A finished run on ordered items of two topic groups."""
    choices = choices_of(shares, key, num_respondents)
    prompts = [distribution(place, column, people[place]) for place, column in enumerate(choices.T)]
    options = [len(row) for row in shares]
    return EffectPanel(
        resample(prompts, PanelAnswers.from_choices(choices, options), seed=1, num_draws=num_draws),
        {
            "text_diversity": text_diversity_left_out([[str(one) for one in row] for row in choices]),
            "choice_diversity": choice_diversity_left_out(choices, options),
        },
    )


def distribution(place, column, people) -> QuestionDistribution:
    """One item's answers beside people's shares."""
    codes = tuple(range(1, len(people) + 1))
    question = a_question(
        f"x.Q{place}",
        labels=tuple("abcdefghij"[: len(people)]),
        dimension=(Dimension.EVI, Dimension.TDI)[place % 2],
        level=MeasurementLevel.ORDINAL,
    )
    counts = np.bincount(column, minlength=len(people)).astype(np.float64)
    statuses = dict.fromkeys(AnswerStatus, 0.0) | {AnswerStatus.ANSWERED: float(len(column))}
    reference = ItemReference(f"x.Q{place}", "all", codes, tuple(people.tolist()), 2000, 1500.0)
    return QuestionDistribution(question, counts, statuses, reference)
