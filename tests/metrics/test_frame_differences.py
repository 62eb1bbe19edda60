"""Whether frames differ, by handing answers out anew within items."""

from itertools import combinations

import numpy as np
import pytest

from def_sim.metrics.frame_differences import FramedItem, frames_p_value

PEOPLE = np.array([0.6, 0.4])


def rng(key=0):
    return np.random.default_rng([31, key])


def items(answers, people=PEOPLE):
    """One item a column of positions, shape (N, Q)."""
    return [FramedItem(column, people) for column in np.asarray(answers).T]


def drawn(shares, frames, num_items, key):
    """Answers whose share of the first option depends on the frame; shape (N, Q)."""
    chances = np.asarray(shares)[frames][:, None]
    return (rng(key).random((frames.size, num_items)) >= chances).astype(int)


def by_all_permutations(answers, frames, people):
    """The exact test on one item: every way of handing the answers out."""

    def spread(labels):
        sims = [1 - abs(np.mean(answers[labels == f] == 0) - people[0]) for f in np.unique(frames)]
        return float(np.var(sims))

    observed = spread(frames)
    chosen = combinations(range(frames.size), int(frames.sum()))  # whose answers come under the second frame
    every = [spread(np.isin(np.arange(frames.size), ones).astype(int)) for ones in chosen]
    return np.mean([value >= observed - 1e-12 for value in every])


def test_it_is_the_exact_test_of_all_ways_of_handing_answers_out():
    frames = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    answers = np.array([0, 0, 0, 1, 1, 1, 1, 0])
    expected = by_all_permutations(answers, frames, PEOPLE)
    found = frames_p_value(items(answers[:, None]), frames, rng(1), num_permutations=10_000)
    assert 0.05 < expected < 0.95
    assert found == pytest.approx(expected, abs=0.015)


def test_frames_that_answer_alike_differ_in_one_test_of_twenty():
    frames = np.arange(100) % 10
    p_values = [
        frames_p_value(items(drawn([0.5] * 10, frames, 12, key)), frames, rng(key), num_permutations=99)
        for key in range(120)
    ]
    # Of 120 tests 6 are expected at .05; 14 or more have a chance of .3 %.
    assert sum(p_value <= 0.05 for p_value in p_values) < 14
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.08)


def test_one_frame_that_answers_otherwise_is_found():
    frames = np.arange(100) % 10
    answers = drawn([0.6] * 9 + [0.1], frames, 30, key=3)
    assert frames_p_value(items(answers), frames, rng()) == 1 / 1000


def test_how_many_answers_of_a_frame_are_valid_is_no_difference():
    # Frames answer alike, but of the first nine in ten answers fail: its score is farther from people for
    # resting on fewer answers, by chance alone.
    frames = np.arange(100) % 10
    p_values = []
    for key in range(60):
        answers = drawn([0.6] * 10, frames, 20, key)
        fails = (frames[:, None] == 0) & (rng(500 + key).random(answers.shape) < 0.9)
        framed = items(np.where(fails, -1, answers))
        p_values.append(frames_p_value(framed, frames, rng(key), num_permutations=99))
    assert sum(p_value <= 0.05 for p_value in p_values) < 9  # 3 expected; 9 have a chance of .3 %


def test_respondents_who_answer_all_items_alike_need_to_be_handed_out_whole():
    frames = np.arange(60) % 6
    alone, whole = [], []
    for key in range(60):
        own = rng(key).integers(2, size=(frames.size, 1))  # each gives one answer throughout
        framed = items(np.repeat(own, 20, axis=1))
        alone.append(frames_p_value(framed, frames, rng(key), num_permutations=99))
        whole.append(frames_p_value(framed, frames, rng(key), num_permutations=99, within_items=False))
    assert sum(p_value <= 0.05 for p_value in whole) < 9
    assert sum(p_value <= 0.05 for p_value in alone) > 40


def test_one_frame_or_no_valid_answer_is_no_test():
    assert np.isnan(frames_p_value(items(np.zeros((5, 3), int)), np.zeros(5, int), rng()))
    assert np.isnan(frames_p_value(items(np.full((4, 3), -1)), np.arange(4) % 2, rng()))
    assert np.isnan(frames_p_value([], np.arange(4) % 2, rng()))


def test_three_ordered_options_are_compared_on_their_scale():
    frames = np.arange(40) % 2
    answers = np.where(frames[:, None] == 0, 0, 2) * np.ones((1, 8), int)
    people = np.array([0.6, 0.2, 0.2])
    assert frames_p_value(items(answers, people), frames, rng()) == 1 / 1000
