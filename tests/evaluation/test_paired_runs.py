"""Pairs of runs on invented items: what is told apart, what is not, and how it is said."""

import math

import numpy as np
import pytest
from survey_examples import a_question

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.paired_runs import RunScores, pairs_table
from def_sim.evaluation.score_intervals import resample
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.randomness import keyed_rng
from def_sim.records import AnswerStatus, Dimension, ItemReference
from def_sim.reports.pages.comparison_maps import pair_lines, why_no_pair

NUM_ITEMS, NUM_OPTIONS, NUM_RESPONDENTS = 40, 4, 40
PEOPLE = keyed_rng(5, "people").dirichlet(np.ones(NUM_OPTIONS), size=NUM_ITEMS)


def a_run(name, *, wrong=0.0, flat=0.0, num_items=NUM_ITEMS, seed=1):
    """People of whom a share gives the last option, and a share answers at random."""
    draws = keyed_rng(7, name)
    last, even = np.eye(NUM_OPTIONS)[-1], np.full(NUM_OPTIONS, 1 / NUM_OPTIONS)
    shares = (1 - wrong - flat) * PEOPLE[:num_items] + wrong * last + flat * even
    choices = np.array([draws.choice(NUM_OPTIONS, size=NUM_RESPONDENTS, p=row) for row in shares]).T
    prompts = [_distribution(index, column) for index, column in enumerate(choices.T)]
    panel = PanelAnswers.from_choices(choices, [NUM_OPTIONS] * num_items)
    return RunScores.of(name, resample(prompts, panel, seed=seed, num_draws=400))


def _distribution(index, column):
    codes = tuple(range(1, NUM_OPTIONS + 1))
    dimension = (Dimension.EVI, Dimension.TDI)[index % 2]
    question = a_question(f"x.Q{index}", labels=tuple("abcd"), dimension=dimension)
    counts = np.bincount(column, minlength=NUM_OPTIONS).astype(np.float64)
    statuses = dict.fromkeys(AnswerStatus, 0.0) | {AnswerStatus.ANSWERED: float(len(column))}
    reference = ItemReference(f"x.Q{index}", "all", codes, tuple(PEOPLE[index].tolist()), 2000, 1500.0)
    return QuestionDistribution(question, counts, statuses, reference)


def test_the_closer_run_is_found_and_two_of_a_kind_are_not_told_apart():
    table = pairs_table(3, [a_run("far", wrong=0.5), a_run("near"), a_run("alike")])
    by_pair = table.set_index(["first", "second"])
    assert table["group"].tolist() == [3, 3, 3]
    assert by_pair.loc[("far", "near"), "difference"] > 0
    assert by_pair.loc[("far", "near"), "p_adjusted"] < 0.01
    assert by_pair.loc[("near", "alike"), "p_adjusted"] > 0.05
    assert (table["low"] <= table["difference"]).all()
    assert (table["p_adjusted"] >= table["p_value"]).all()


def test_the_difference_is_that_of_the_means_of_topic_groups():
    first, second = a_run("far", wrong=0.5), a_run("near")
    labels = np.array(first.dimensions)
    means = [
        np.mean([run.draws.values[labels == name].mean() for name in ("EVI", "TDI")])
        for run in (first, second)
    ]
    assert pairs_table(1, [first, second])["difference"][0] == pytest.approx(means[0] - means[1])


def test_an_advantage_of_variety_alone_is_said_to_be_one():
    one_sided = a_run("one-sided", wrong=0.6)
    mixed = a_run("mixed", wrong=0.3, flat=0.5)  # half as one-sided, and as many answer at random
    [row] = pairs_table(1, [one_sided, mixed]).to_dict("records")
    [line] = pair_lines(pairs_table(1, [one_sided, mixed]), {"one-sided": "A", "mixed": "B"})
    assert row["entropy_verdict"] in ("explained", "partly", "undecided")
    assert row["share_explained"] > 0
    assert line.verdict.startswith("B is closer, ")


def test_single_items_in_a_topic_group_leave_no_interval_but_a_reason():
    table = pairs_table(1, [a_run("far", wrong=0.5, num_items=2), a_run("near", num_items=2)])
    [line] = pair_lines(table, {"far": "A", "near": "B"})
    assert math.isnan(table["p_value"][0])
    assert line.interval == "–"
    assert why_no_pair([line]).startswith("Too few items: 1 with a score in")


def test_one_run_has_no_pairs():
    assert pairs_table(1, [a_run("near")]).empty
