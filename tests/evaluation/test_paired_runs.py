"""Pairs of runs on invented items: what is told apart, what is not, and how it is said."""

import math

import numpy as np
import pytest
from survey_examples import a_question

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.paired_runs import RunScores, compare_pair, pairs_table
from def_sim.evaluation.score_intervals import resample
from def_sim.metrics.paired import paired_comparison
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.score_scale import SCALES
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


def unread(run, places, num_read):
    """The same run with only the first so many answers to some items read."""
    choices = keyed_rng(11, run.folder).integers(NUM_OPTIONS, size=(NUM_RESPONDENTS, NUM_ITEMS))
    choices[num_read:, places] = -1
    prompts = [_distribution(index, column[column >= 0]) for index, column in enumerate(choices.T)]
    panel = PanelAnswers.from_choices(choices, [NUM_OPTIONS] * NUM_ITEMS)
    return RunScores.of(run.folder, resample(prompts, panel, seed=run.seed, num_draws=400))


def test_runs_with_as_many_answers_are_compared_as_they_are():
    first, second = a_run("near"), a_run("far", wrong=0.3)
    one = compare_pair(first, second)
    groups = list(first.dimensions)
    plain = paired_comparison(
        first.draws,
        second.draws,
        keyed_rng(first.seed, "paired items", "js_divergence"),
        same_respondents=True,
        groups=groups,
        scale=SCALES["js_divergence"].of_differences(),
    )
    assert one.found == plain  # to the last bit
    assert one.fewest is None
    few = [unread(a_run(name), range(20), 10) for name in ("near", "alike")]  # the same items of both
    assert compare_pair(*few).fewest is None


def test_a_difference_is_of_two_scores_at_as_many_answers_above_one_floor():
    whole, part = unread(a_run("near"), [], 10), unread(a_run("alike"), range(0, NUM_ITEMS, 2), 10)
    one = compare_pair(whole, part)
    assert one.fewest[:2].tolist() == [10, NUM_RESPONDENTS]
    # Only the items of which the other read fewer are moved, and the other not at all.
    moved = one.draws[0].values - whole.draws.values
    assert (moved[::2] > 0).all()
    assert (moved[1::2] == 0).all()
    assert (one.draws[1].values == part.draws.values).all()
    [row] = pairs_table(1, [whole, part]).to_dict("records")
    assert row["difference"] == pytest.approx(row["first_value"] - row["second_value"])
    assert row["first_read"] == 1
    people = compare_pair(whole, whole)
    assert people.floor < one.floor < row["first_value"]


def test_answers_that_could_not_be_read_alone_make_no_difference():
    whole = unread(a_run("near"), [], 10)
    part = unread(a_run("alike"), range(NUM_ITEMS), 8)  # answers at random, of fewer respondents
    as_they_are = float(np.mean(part.draws.values - whole.draws.values))
    found = compare_pair(part, whole).found.difference
    assert as_they_are > 0.05
    assert found.low < 0 < found.high
    assert abs(found.estimate) < as_they_are / 3
