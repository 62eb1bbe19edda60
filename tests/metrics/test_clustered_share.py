"""What answers of respondents are worth: intervals of shares hold the truth where they hang together."""

import numpy as np
import pytest

from def_sim.metrics.clustered_share import independent_answers
from def_sim.metrics.insensitivity import defect_rate


@pytest.mark.parametrize(("answers", "correlation"), [(10, 0.3), (36, 0.1)])
def test_the_interval_of_a_rate_holds_it_where_answers_of_one_respondent_hang_together(answers, correlation):
    # 600 panels, standard error of 95 % .9. Taken as independent, answers cover 70 and 65 %.
    rng, share, times = np.random.default_rng(7), 0.2, 1 / correlation - 1
    each = np.full(20, float(answers))
    held = 0
    for habits in rng.beta(share * times, (1 - share) * times, size=(600, 20)):
        hits = rng.binomial(answers, habits).astype(float)
        found = defect_rate(int(hits.sum()), 20 * answers, 0, worth=independent_answers(hits, each))
        held += found.low <= share <= found.high
    assert held / 600 >= 0.92


def test_answers_are_worth_no_more_than_there_are():
    rng = np.random.default_rng(1)
    for _ in range(200):
        each = rng.integers(1, 30, size=rng.integers(1, 40)).astype(float)
        hits = rng.binomial(each.astype(int), 0.3).astype(float)
        assert 0 < independent_answers(hits, each) <= each.sum()
    assert independent_answers(np.empty(0), np.empty(0)) == 0
