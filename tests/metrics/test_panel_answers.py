"""Who answered what, as counts: with failures, follow-ups, several choices and wordings."""

import tracemalloc

import numpy as np
import pytest

from def_sim.metrics.panel_answers import NO_VALID_ANSWER, NOT_ASKED, ItemAnswers, PanelAnswers

EVERYONE = np.ones(4)


def test_failures_are_counted_apart_and_those_not_asked_nowhere():
    sample = ItemAnswers.from_positions(np.array([0, 2, NO_VALID_ANSWER, NOT_ASKED]), 3).sample(EVERYONE)
    assert sample.counts.tolist() == [1, 0, 1]
    assert (sample.num_respondents, sample.num_failed) == (2, 1)


def test_respondents_who_mention_nothing_failed():
    mentions = np.array([[True, True, False], [False, False, False], [True, False, False]])
    sample = ItemAnswers.from_mentions(mentions).sample(np.ones(3))
    assert sample.counts.tolist() == [2, 1, 0]
    assert (sample.num_respondents, sample.num_failed) == (2, 1)
    assert sample.mention_rates == pytest.approx([1, 0.5, 0])


def test_a_resampled_panel_counts_a_respondent_as_often_as_it_was_drawn():
    item = ItemAnswers.from_positions(np.array([0, 1, NO_VALID_ANSWER]), 2)
    sample = item.sample(np.array([[3.0, 0, 0], [0, 1, 2]]))
    assert sample.counts.tolist() == [[3, 0], [0, 1]]
    assert sample.num_failed.tolist() == [0, 2]
    assert sample.mention_rates.tolist() == [[1, 0], [0, 1]]


def test_all_items_and_draws_are_counted_as_one_by_one():
    rng = np.random.default_rng(1)
    choices = rng.integers(-2, 3, size=(30, 5))
    weights = rng.integers(0, 4, size=(7, 30)).astype(float)
    for column, sample in enumerate(PanelAnswers.from_choices(choices, [3] * 5).samples(weights)):
        for draw in range(7):
            listed = np.repeat(choices[:, column], weights[draw].astype(int))
            assert sample.counts[draw].tolist() == [(listed == k).sum() for k in range(3)]
            assert sample.num_failed[draw] == (listed == NO_VALID_ANSWER).sum()


def test_wordings_are_averaged_by_their_shares():
    # Shares (1, 0) of two who answered and (1/2, 1/2) of four: mean (3/4, 1/4), of three on average.
    wordings = np.array([[0, 0, NO_VALID_ANSWER, NO_VALID_ANSWER], [0, 0, 1, 1]])
    sample = ItemAnswers.from_positions(wordings, 2).sample(EVERYONE)
    assert sample.counts == pytest.approx([2.25, 0.75])
    assert (sample.num_respondents, sample.num_failed) == (3, 1)


def test_a_wording_that_nobody_answered_does_not_enter_the_shares():
    wordings = np.array([[NO_VALID_ANSWER] * 4, [0, 0, 0, 1]])
    sample = ItemAnswers.from_positions(wordings, 2).sample(EVERYONE)
    assert sample.shares == pytest.approx([0.75, 0.25])


def test_an_item_of_several_choices_stands_among_the_others():
    choices = np.array([[0, 0], [1, 0], [1, NOT_ASKED]])
    mentions = {1: np.array([[True, True], [False, True], [False, False]])}
    single, several = PanelAnswers.from_choices(choices, [2, 2], mentions).samples()
    assert single.counts.tolist() == [1, 2]
    assert several.counts.tolist() == [1, 2]
    assert (several.num_respondents, several.num_failed) == (2, 0)


def test_impossible_answers_are_refused():
    with pytest.raises(ValueError, match=r"-2\.\.1"):
        ItemAnswers.from_positions(np.array([0, 2]), 2)
    with pytest.raises(ValueError, match="not asked"):
        ItemAnswers.from_mentions(np.array([[True]]), np.array([False]))
    with pytest.raises(ValueError, match="same respondents"):
        PanelAnswers(
            (
                ItemAnswers.from_positions(np.array([0, 1]), 2),
                ItemAnswers.from_positions(np.array([0]), 2),
            )
        )
    with pytest.raises(ValueError, match="shape"):
        ItemAnswers(np.ones((1, 2, 3), dtype=bool), np.ones((1, 3), dtype=bool))


# --- weights of respondents ---


def test_weighted_shares_are_those_of_respondents_who_stand_there_as_often():
    choices = np.array([[0], [1], [1], [2]])
    weights = np.array([3.0, 1.0, 2.0, 2.0])
    [weighted] = PanelAnswers(PanelAnswers.from_choices(choices, [3]).items, weights).samples()
    [repeated] = PanelAnswers.from_choices(np.repeat(choices, weights.astype(int), axis=0), [3]).samples()
    assert weighted.shares == pytest.approx(repeated.shares)


def test_a_weighted_panel_is_as_large_as_those_who_answered_are_worth():
    item = ItemAnswers.from_positions(np.array([0, 1, NO_VALID_ANSWER, NOT_ASKED]), 2)
    [sample] = PanelAnswers((item,), np.array([3.0, 1.0, 2.0, 5.0])).samples()
    # Kish: (3 + 1)^2 / (9 + 1) = 1.6, a factor of .4 on all weights.
    assert sample.counts == pytest.approx([1.2, 0.4])
    assert float(sample.num_respondents) == pytest.approx(1.6)
    assert float(sample.num_failed) == pytest.approx(0.8)


def test_a_resampled_weighted_panel_counts_copies_as_respondents():
    item = ItemAnswers.from_positions(np.array([0, 1, 1]), 2)
    [sample] = PanelAnswers((item,), np.array([3.0, 1.0, 1.0])).samples(np.array([[2.0, 1, 0], [0, 1, 2]]))
    # First draw: weights 3, 3, 1 are worth 49/19; the second: three equal ones.
    assert sample.num_respondents == pytest.approx([49 / 19, 3])
    assert sample.shares == pytest.approx(np.array([[6 / 7, 1 / 7], [0, 1]]))


def test_weights_of_several_wordings_scale_each_by_those_who_answered_it():
    item = ItemAnswers.from_positions(np.array([[0, 1, 1], [0, NO_VALID_ANSWER, 1]]), 2)
    [sample] = PanelAnswers((item,), np.array([2.0, 1.0, 1.0])).samples()
    # Shares .5 and 2/3 of option 0; worth 16/6 and 9/5.
    worth = (16 / 6 + 9 / 5) / 2
    assert sample.shares == pytest.approx([7 / 12, 5 / 12])
    assert float(sample.num_respondents) == pytest.approx(worth)


@pytest.mark.parametrize("own", [None, np.random.default_rng(3).gamma(1.0, size=30)])
def test_leaving_each_respondent_out_is_counting_all_others(own):
    choices = np.random.default_rng(2).integers(-2, 3, size=(30, 5))
    panel = PanelAnswers(tuple(ItemAnswers.from_positions(one, 3) for one in choices.T), own)
    expected, found = panel.samples(1 - np.eye(30)), panel.samples_without_one()
    for one, other in zip(found, expected, strict=True):
        assert one.counts == pytest.approx(other.counts, rel=1e-6, abs=1e-12)
        assert one.num_respondents == pytest.approx(other.num_respondents, rel=1e-6)
        assert one.num_failed == pytest.approx(other.num_failed, rel=1e-6, abs=1e-12)
        assert own is not None or (one.counts == other.counts).all()


def test_a_large_panel_leaves_respondents_out_without_as_many_weights_as_pairs():
    positions = np.random.default_rng(4).integers(0, 3, size=4000)
    panel = PanelAnswers((ItemAnswers.from_positions(positions, 3),))
    tracemalloc.start()
    panel.samples_without_one()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10e6  # 4,000 x 4,000 weights would be 128 MB
