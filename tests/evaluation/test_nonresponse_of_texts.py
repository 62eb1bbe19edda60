"""Bounds of scores where a judge read the texts: what it could not read is as unknown as a failure."""

import numpy as np
import pytest
from survey_examples import a_question

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.nonresponse import nonresponse
from def_sim.records import AnswerStatus, ItemReference
from def_sim.reports.sections.nonresponse import nonresponse_section

PEOPLE = ItemReference("toy.work", "all", (1, 2, 3, 4), (0.5, 0.5, 0.0, 0.0), n=1000, n_effective=1000.0)


def counted(**statuses: int) -> QuestionDistribution:
    """Six respondents who all chose the first option, and others who ended so."""
    ended = {AnswerStatus.ANSWERED: 6} | {AnswerStatus(name): num for name, num in statuses.items()}
    counts = np.array([6.0, 0.0, 0.0, 0.0])
    return QuestionDistribution(
        a_question("toy.work"), counts, {one: float(ended.get(one, 0)) for one in AnswerStatus}, PEOPLE
    )


def test_texts_without_a_verdict_are_no_failures_and_yet_within_the_bounds():
    found = nonresponse([counted(unjudged=6)])
    assert (found.share_failed, found.share_unread) == (0.0, 0.5)
    # By hand: left out, the panel says 1 always and is half of its mass away from people; if all six took the
    # second option it would be as people are, if the third or fourth half of its mass away again.
    assert found.means["total_variation"]["dropped"] == pytest.approx(0.5)
    assert found.means["total_variation"]["least"] == pytest.approx(0.0)
    assert found.means["total_variation"]["most"] == pytest.approx(0.5)
    assert {one.measure: one.value for one in found.findings}["share_unread"] == 0.5
    assert "gave no verdict that could be used" in str(nonresponse_section(found).body)


def test_with_every_verdict_there_nothing_is_said_of_missing_ones():
    found = nonresponse([counted(no_answer=6)])
    assert (found.share_failed, found.share_unread) == (0.5, 0.0)
    assert "share_unread" not in {one.measure for one in found.findings}
    assert "no verdict" not in str(nonresponse_section(found).body)
    same = nonresponse([counted(unjudged=6)])
    assert found.means == same.means
