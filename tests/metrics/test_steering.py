"""What saying the group changed, on the same respondents: against scipy's permutation test and deletions."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import permutation_test

from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.jackknife import jackknife_interval
from def_sim.metrics.panel_answers import NO_VALID_ANSWER, PanelAnswers
from def_sim.metrics.sample import Sample
from def_sim.metrics.steering import PairedSteering, paired_steering

PEOPLE = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8], [0.4, 0.3, 0.3]])


def rng(*key: int) -> np.random.Generator:
    return np.random.default_rng([5, *key])


def steering(
    unsteered: np.ndarray, steered: np.ndarray, belongs: np.ndarray, *, num_draws: int = 499, key: int = 0
) -> PairedSteering:
    first, second = (PanelAnswers.from_choices(one, [3] * one.shape[1]) for one in (unsteered, steered))
    people = [Sample.of_people(shares, 1.0) for shares in PEOPLE]
    forms = [ItemForm()] * len(people)
    return paired_steering(
        first, second, belongs, people, forms, "js_divergence", rng(9, key), num_draws=num_draws
    )


def mean_divergence(positions: np.ndarray) -> float:
    """Of answers, shape (N, Q), from the people, by scipy."""
    found = []
    for item, people in enumerate(PEOPLE):
        counts = np.bincount(positions[positions[:, item] >= 0, item], minlength=3)
        found.append(jensenshannon(counts, people, base=2) ** 2)
    return float(np.mean(found))


def answers(num: int, *key: int) -> np.ndarray:
    return rng(*key).integers(0, 3, (num, len(PEOPLE)))


def test_divergences_are_those_of_the_members_alone() -> None:
    unsteered, steered = answers(9, 1), answers(9, 2)
    belongs = np.array([1, 1, 0, 1, 0, 1, 1, 0, 1.0])
    found = steering(unsteered, steered, belongs, num_draws=9)
    assert found.unsteered == pytest.approx(mean_divergence(unsteered[belongs > 0]))
    assert found.steered == pytest.approx(mean_divergence(steered[belongs > 0]))
    assert found.num_items == 4


def test_an_answer_that_could_be_read_in_one_panel_alone_counts_in_neither() -> None:
    unsteered, steered = answers(9, 1), answers(9, 2)
    both = [one.copy() for one in (unsteered, steered)]
    unsteered[2, 1] = steered[5, 1] = NO_VALID_ANSWER
    for one in both:
        one[[2, 5], 1] = NO_VALID_ANSWER
    found = steering(unsteered, steered, np.ones(9), num_draws=9)
    assert (found.unsteered, found.steered) == pytest.approx(tuple(map(mean_divergence, both)))
    # Of two panels that answer alike, one half unread, nothing is left of the difference.
    half = np.where(np.arange(40)[:, None] % 2, NO_VALID_ANSWER, answers(40, 3))
    alike = steering(answers(40, 3), half, np.ones(40), num_draws=9)
    assert alike.unsteered == alike.steered


def test_the_interval_leaves_out_a_respondent_of_both() -> None:
    unsteered, steered = answers(7, 1), answers(7, 2)
    found = steering(unsteered, steered, np.ones(7), num_draws=9)
    left_out = [
        mean_divergence(np.delete(unsteered, i, axis=0)) - mean_divergence(np.delete(steered, i, axis=0))
        for i in range(7)
    ]
    expected = jackknife_interval(found.unsteered - found.steered, np.array(left_out))
    assert found.interval == pytest.approx(expected)


def test_the_p_value_is_that_of_scipy_s_paired_permutation_test() -> None:
    unsteered, steered = answers(8, 3), np.tile(PEOPLE.argmax(axis=1), (8, 1))
    steered[:4] = answers(4, 4)

    def statistic(first: np.ndarray, second: np.ndarray) -> float:
        both = np.concatenate([unsteered, steered])
        return mean_divergence(both[first.astype(int)]) - mean_divergence(both[second.astype(int)])

    # All 256 exchanges of eight pairs; the two sides are mirror images.
    exact = permutation_test(
        (np.arange(8.0), np.arange(8.0, 16.0)),
        statistic,
        permutation_type="samples",
        vectorized=False,
        n_resamples=np.inf,
    ).pvalue
    found = steering(unsteered, steered, np.ones(8), num_draws=3999).p_value
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))


def test_the_same_answers_on_both_sides_are_no_steering() -> None:
    one = answers(10, 6)
    found = steering(one, one, np.ones(10))
    assert found.interval == (0.0, 0.0)
    assert found.p_value == 1.0


def test_exchanging_the_panels_turns_the_difference_round() -> None:
    unsteered, steered = answers(10, 6), answers(10, 7)
    one, other = (steering(*both, np.ones(10)) for both in ((unsteered, steered), (steered, unsteered)))
    assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]))
    assert one.p_value == pytest.approx(other.p_value)


def test_an_item_that_one_panel_did_not_answer_is_left_out_of_both() -> None:
    unsteered, steered = answers(6, 1), answers(6, 2)
    steered[:, 2] = NO_VALID_ANSWER
    found = steering(unsteered, steered, np.ones(6), num_draws=9)
    assert found.num_items == 3
    assert np.isfinite(found.interval).all()


def test_without_an_answered_item_there_is_no_number() -> None:
    nobody = np.full((6, 4), NO_VALID_ANSWER)
    found = steering(nobody, answers(6, 2), np.ones(6))
    assert found.num_items == 0
    assert np.isnan([found.unsteered, found.steered, *found.interval, found.p_value]).all()


def test_panels_of_the_same_people_differ_in_few_tests_though_answers_of_one_are_all_alike() -> None:
    """One habit decides all four answers of a respondent."""
    p_values = []
    for case in range(200):
        habits = rng(8, case).integers(0, 3, (2, 12))
        first, second = (np.tile(one[:, None], (1, 4)) for one in habits)
        p_values.append(steering(first, second, np.ones(12), num_draws=39, key=case).p_value)
    # At most 5 %, of 200: 10, standard deviation 3.1.
    assert np.sum(np.array(p_values) <= 0.05) <= 19


def test_a_panel_brought_to_its_people_is_found() -> None:
    steered = np.array([rng(11).choice(3, 40, p=shares) for shares in PEOPLE]).T
    found = steering(np.zeros((40, 4), dtype=int), steered, np.ones(40))
    assert found.interval[0] > 0
    assert found.p_value == 1 / 500
