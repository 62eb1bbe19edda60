"""Wrong shares of factual questions, counted by hand, beside people."""

import math
from dataclasses import replace

import pytest
from statsmodels.stats.proportion import proportion_confint
from survey_examples import a_question, a_survey

from def_sim.evaluation.facts import facts_found, opinions_of
from def_sim.records import Answer, AnswerStatus, ItemReference, ReadingMethod

FACT = a_question("toy.fact", labels=("A", "B", "C"), is_factual=True, factual_key=2)
OPINION = a_question("toy.opinion")
SURVEY = a_survey(OPINION, FACT)
PEOPLE = {"toy.fact": ItemReference("toy.fact", "all", (1, 2, 3), (0.3, 0.6, 0.1), 100, 100.0)}


def answers(*codes, question=FACT):
    """One respondent an entry: a code, or a status without one."""
    return [
        Answer(
            f"r{i:05d}",
            question.item_id,
            0,
            0,
            code if isinstance(code, AnswerStatus) else AnswerStatus.ANSWERED,
            () if isinstance(code, AnswerStatus) else (code,),
            ReadingMethod.NUMBER,
            text="",
        )
        for i, code in enumerate(codes)
    ]


def test_the_wrong_share_is_of_readable_answers_and_stands_beside_people():
    given = answers(2, 2, 1, 3, AnswerStatus.REFUSED, AnswerStatus.NOT_ASKED)
    [item] = facts_found(SURVEY, [*given, *answers(1, 1, question=OPINION)], PEOPLE).items
    assert (item.num_answered, item.num_failed) == (4, 1)
    assert item.wrong == pytest.approx(0.5)
    assert (item.low, item.high) == pytest.approx(proportion_confint(2, 4, method="wilson"))
    assert item.people_wrong == pytest.approx(0.4)


def test_probabilities_count_by_what_they_give_to_wrong_options_and_have_no_interval():
    # .5 + .3 = .8 and .1 + .1 = .2 are wrong, whatever was drawn: .5 on average.
    given = [
        replace(answer, shown_codes=(3, 1, 2), option_probabilities=probabilities)
        for answer, probabilities in zip(answers(2, 2), [(0.5, 0.3, 0.2), (0.1, 0.1, 0.8)], strict=True)
    ]
    [item] = facts_found(SURVEY, given, PEOPLE).items
    assert item.wrong == pytest.approx(0.5)
    assert math.isnan(item.low)
    assert item.reason == "probabilities, of which nothing was drawn"


def test_without_an_answer_or_figures_a_share_is_absent_with_its_reason():
    found = facts_found(SURVEY, answers(AnswerStatus.AMBIGUOUS), {})
    [item], [finding] = found.items, found.findings
    assert math.isnan(item.wrong)
    assert math.isnan(item.people_wrong)
    assert (finding.group, finding.reason) == ("toy.fact#0", "no answer could be read")


def test_a_survey_without_factual_questions_has_no_facts():
    assert facts_found(a_survey(OPINION), answers(1, question=OPINION), {}) is None


def test_opinions_are_the_other_questions():
    assert opinions_of(SURVEY).questions == (OPINION,)
