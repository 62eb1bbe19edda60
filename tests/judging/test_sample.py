"""The sample of answers that are judged: self-weighting, nested, in whatever order they come."""

from collections import Counter
from itertools import product

import pytest
from judged_examples import an_answer
from survey_examples import a_question

from def_sim.judging.sample import in_sampling_order, sampled
from def_sim.records import AnswerStatus, Dimension, QuestionType

SIZES = {
    (QuestionType.SINGLE, Dimension.TDI): 53,
    (QuestionType.SINGLE, Dimension.PDI): 24,
    (QuestionType.SCALE, Dimension.TDI): 14,
    (QuestionType.MULTIPLE, Dimension.IVR): 9,
}


def a_run(sizes=SIZES):
    """Answers of so many respondents to one question of each stratum, and the questions."""
    questions = {
        stratum: a_question(f"toy.{i}", type=stratum[0], dimension=stratum[1])
        for i, stratum in enumerate(sizes)
    }
    answers = [
        an_answer(question=questions[stratum], respondent_id=f"r{i:05d}")
        for stratum, size in sizes.items()
        for i in range(size)
    ]
    return answers, {question.id: question for question in questions.values()}


def counts(answers, questions):
    found = Counter((questions[a.question_id].type, questions[a.question_id].dimension) for a in answers)
    return {stratum: found[stratum] for stratum in SIZES}


def seats_by_quotients(sizes, num_seats):
    """Sainte-Lague as it is told: each seat goes to the largest quotient of size by 1, 3, 5, ..."""
    seats = dict.fromkeys(sizes, 0)
    for _ in range(num_seats):
        winner = max(sizes, key=lambda one: sizes[one] / (2 * seats[one] + 1))
        seats[winner] += 1
    return seats


def test_strata_get_the_seats_of_sainte_lague():
    # The largest of 53, 24, 14 and 9 by 1, 3, 5, ...: 53, 24, 17.7, 14, 10.6, 9, 8; three of them of 53.
    answers, questions = a_run()
    order = in_sampling_order(answers, questions, seed=1)
    assert list(counts(sampled(order, 7), questions).values()) == [3, 2, 1, 1]
    for size in range(1, 100):
        assert counts(sampled(order, size), questions) == seats_by_quotients(SIZES, size), size


def test_samples_of_one_to_all_are_nested_and_the_last_is_all():
    answers, questions = a_run()
    order = in_sampling_order(answers, questions, seed=1)
    for size in range(1, len(order)):
        assert set(sampled(order, size)) < set(sampled(order, size + 1))
    assert set(order) == set(answers)
    assert sampled(order, None) == order


@pytest.mark.parametrize("size", [10, 20, 40, 80])
def test_every_stratum_has_its_share_of_the_sample_within_one_answer(size):
    answers, questions = a_run()
    found = counts(sampled(in_sampling_order(answers, questions, seed=1), size), questions)
    assert all(abs(found[stratum] - size * SIZES[stratum] / 100) < 1 for stratum in SIZES)


def test_the_sample_does_not_depend_on_the_order_of_the_answers():
    answers, questions = a_run()
    assert in_sampling_order(answers[::-1], questions, 1) == in_sampling_order(answers, questions, 1)


def test_another_seed_draws_other_answers_into_the_same_strata():
    answers, questions = a_run()
    first, second = (sampled(in_sampling_order(answers, questions, seed), 30) for seed in (1, 2))
    assert set(first) != set(second)
    assert counts(first, questions) == counts(second, questions)


def test_what_has_no_text_is_not_sampled():
    answers, questions = a_run()
    without = [
        an_answer("", question, respondent_id=f"r9000{i}", status=status)
        for i, (status, question) in enumerate(
            product((AnswerStatus.NOT_ASKED, AnswerStatus.ENGINE_ERROR), questions.values())
        )
    ]
    assert set(in_sampling_order([*without, *answers], questions, 1)) == set(answers)


def test_every_answer_of_a_stratum_is_drawn_as_often_as_any_other():
    # 400 seeds, 53 answers, 16 of them in a sample of 30: 120.8 times each, standard deviation 9.2.
    answers, questions = a_run()
    drawn = Counter(
        answer
        for seed in range(400)
        for answer in sampled(in_sampling_order(answers, questions, seed), 30)
        if questions[answer.question_id].type is QuestionType.SINGLE
        and questions[answer.question_id].dimension is Dimension.TDI
    )
    assert len(drawn) == 53
    assert max(drawn.values()) < 121 + 5 * 9.2
    assert min(drawn.values()) > 121 - 5 * 9.2
