"""Scores at as many answers: means over draws by hand, nothing drawn where nothing is to be left out."""

import numpy as np
import pytest

from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.equal_answers import AnsweredItems, fewest_answers, score_shifts, shifted, thinned
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.sample import Sample

ONE, SEVERAL = ItemForm(is_ordered=True), ItemForm(is_ordered=False, is_multiple=True, max_choices=2)
PEOPLE = Sample.of_people(np.array([0.5, 0.5]), 1000.0)


def rng_of(place: int) -> np.random.Generator:
    return np.random.default_rng([3, place])


def counted(*counts: tuple[int, ...], failed: int = 0) -> AnsweredItems:
    samples = [Sample(np.array(one, dtype=np.float64), sum(one), failed) for one in counts]
    return AnsweredItems(
        samples, [PEOPLE] * len(samples), [ONE] * len(samples), [f"x.Q{i}" for i in range(len(samples))]
    )


def test_some_answers_are_those_that_were_given_and_as_many_as_wanted():
    drawn = thinned(Sample(np.array([3.0, 1.0, 0.0]), 4), 2, ONE, rng_of(0), (500,))
    assert (drawn.counts.sum(axis=1) == 2).all()
    assert drawn.counts.max(axis=0).tolist() == [2, 1, 0]
    assert drawn.num_respondents == 2
    # Of two of three first answers and one second the second is there in half of the draws.
    assert drawn.counts[:, 1].mean() == pytest.approx(0.5, abs=0.07)


def test_mentions_are_drawn_option_by_option_among_the_respondents():
    drawn = thinned(Sample(np.array([4.0, 2.0]), 4), 2, SEVERAL, rng_of(0), (500,))
    assert (drawn.counts[:, 0] == 2).all()  # everyone mentions the first
    assert drawn.counts[:, 1].mean() == pytest.approx(1.0, abs=0.08)


def test_a_sample_of_no_more_answers_is_given_back_as_it_is():
    sample = Sample(np.array([3.0, 1.0]), 4)
    assert thinned(sample, 4, ONE, rng_of(0), (5,)) is sample
    assert thinned(sample, np.inf, ONE, rng_of(0), (5,)) is sample


def test_a_score_of_fewer_answers_is_the_mean_over_all_choices_of_them():
    # Two of (2, 1) are (2, 0) once in three and (1, 1) twice: beside people's halves a total variation of
    # 1/2 and of 0, 1/6 on average; of all three answers it is 2/3 - 1/2 = 1/6. One answer alone: 1/2.
    panel = counted((2, 1), (2, 1))
    shifts = score_shifts(panel, ["total_variation", "kl_paper"], np.array([2.0, 1.0]), rng_of)
    assert shifts["total_variation"][0] == pytest.approx(0, abs=0.03)
    assert shifts["total_variation"][1] == pytest.approx(1 / 2 - 1 / 6)
    assert shifts["kl_paper"].tolist() == [0, 0]  # that counts whoever was asked


def test_the_fewest_are_those_of_panels_that_have_any():
    three = [counted((2, 1), (4, 0), (0, 0)), counted((1, 0), (0, 0), (0, 0))]
    assert fewest_answers(three).tolist() == [1, 4, np.inf]
    assert fewest_answers([three[0], three[0]]) is None
    assert fewest_answers([counted((2, 2)), counted((4, 0))]) is None


def test_the_share_read_is_of_the_answers_asked_for():
    assert counted((2, 1), (3, 0), failed=1).share_read == pytest.approx(6 / 8)
    assert np.isnan(AnsweredItems([], [], [], []).share_read)


def test_who_did_not_answer_adds_nothing_to_the_error_of_a_score_at_a_fixed_number():
    # Leaving one of the two answers out moved the score by .4 and .2, leaving the others out by nothing.
    contributions = np.array([[0.25], [0.05], [-0.15], [-0.15]])
    draws = ScoreDraws(np.array([0.3]), np.zeros((1, 1)), contributions)
    answered_by = np.array([[True], [True], [False], [False]])
    found = shifted(draws, np.array([0.1]), answered_by)
    assert found.values.tolist() == [0.4]
    assert found.contributions[:, 0].tolist() == pytest.approx([0.1, -0.1, 0, 0])
    assert shifted(draws, np.zeros(1), None).contributions is contributions
