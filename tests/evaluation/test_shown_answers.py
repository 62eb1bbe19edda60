"""The answers that a report shows: whole respondents, drawn by the run's seed."""

import pytest

from def_sim.evaluation.shown_answers import shown_answers


def test_a_sample_keeps_whole_respondents_in_their_order():
    given_by = [f"r{r}" for _ in range(3) for r in range(10)]
    kept = shown_answers(given_by, limit=10, seed=1)
    respondents = {given_by[place] for place in kept}
    assert len(respondents) == 3  # 3 x 3 = 9 answers fit, 12 would not
    assert kept == [place for place, one in enumerate(given_by) if one in respondents]


def test_the_seed_chooses_the_sample():
    given_by = [f"r{r:02d}" for r in range(50)]
    first, again, other = (shown_answers(given_by, limit=5, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_nothing_is_left_out_where_all_answers_fit():
    assert shown_answers(["r1", "r0"], limit=2, seed=1) == [0, 1]


@pytest.mark.parametrize("limit", [1, 2])
def test_one_respondent_with_too_many_answers_is_cut(limit):
    assert shown_answers(["r0"] * 3, limit=limit, seed=1) == list(range(limit))
