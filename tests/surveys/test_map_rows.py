"""Rows of the cultural map: recoding by hand, the same for people and respondents, and bad answers."""

import numpy as np
import pytest
from library import items_of

from def_sim.records import Answer, AnswerStatus, Dimension, ItemReference, ReadingMethod
from def_sim.surveys.map_rows import map_rows, respondent_values

WVS = items_of("wvs7")


def row(row_id):
    [found] = [row for row in map_rows(WVS.values()) if row.id == row_id]
    return found


def people(item_id, codes, shares):
    return ItemReference(item_id, "all", codes, shares, n=100, n_effective=None)


def answer(respondent, item_id, *choices, wording=0, status=AnswerStatus.ANSWERED):
    return Answer(respondent, item_id, wording, 0, status, choices, ReadingMethod.NUMBER, text="")


def test_a_scale_runs_from_nought_to_one_in_the_direction_of_its_dimension():
    god = row("wvs7.Q164")  # 1 to 10, more of tradition upwards
    assert god.weights[1] == 0.0
    assert god.weights[4] == pytest.approx(1 / 3)
    assert god.weights[10] == 1.0
    religion = row("wvs7.Q6")  # 1 = very important, so that low codes are more of tradition
    assert [religion.weights[code] for code in (1, 2, 3, 4)] == pytest.approx([1, 2 / 3, 1 / 3, 0])


def test_a_mean_of_people_is_their_share_at_each_place():
    # Half very, half not at all important: in the middle; .1 of 1, .2 of 2/3, .3 of 1/3: .1 + .4/3 + .1.
    religion = row("wvs7.Q6")
    assert religion.value_of_people(people("wvs7.Q6", (1, 2, 3, 4), (0.5, 0, 0, 0.5))) == pytest.approx(0.5)
    found = religion.value_of_people(people("wvs7.Q6", (1, 2, 3, 4), (0.1, 0.2, 0.3, 0.4)))
    assert found == pytest.approx(0.2 + 0.4 / 3)


def test_each_option_of_a_battery_is_a_row_of_its_own_dimension():
    options = [row for row in map_rows(WVS.values()) if row.item_id in ("wvs7.Q7_17", "wvs7.Q18_26")]
    assert len(options) == 11 + 9
    assert len({one.dimension for one in options}) > 1
    faith = row("wvs7.Q7_17:9")
    assert (faith.dimension, faith.direction) == (Dimension.TDI, 1)


def test_an_option_counts_who_mentions_it_and_a_turned_one_who_does_not():
    codes = tuple(range(1, 10))
    neighbours = people("wvs7.Q18_26", codes, (0.9, 0.25, 0.5, 0.1, 0.2, 0.1, 0.7, 0.1, 0.05))
    assert row("wvs7.Q18_26:1").value_of_people(neighbours) == pytest.approx(0.9)
    assert row("wvs7.Q18_26:2").value_of_people(neighbours) == pytest.approx(0.75)  # direction -1


def test_items_without_a_direction_give_no_row():
    ids = {row.item_id for row in map_rows(WVS.values())}
    assert "wvs7.Q152" not in ids
    assert all(WVS[item_id].direction or WVS[item_id].max_choices > 1 for item_id in ids)


def test_people_who_were_shown_a_shorter_scale_do_not_have_the_row_but_keep_other_options():
    shorter = people("wvs7.Q33", (2, 3, 4), (0.2, 0.3, 0.5))
    assert not row("wvs7.Q33").fits(shorter)
    egypt = people("wvs7.Q18_26", (1, 2, 3, 4, 5, 6, 7, 9), (0.5,) * 8)
    assert row("wvs7.Q18_26:7").fits(egypt)
    assert not row("wvs7.Q18_26:8").fits(egypt)


def test_the_answer_at_the_end_of_an_axis_follows_the_sign_of_the_loading():
    assert row("wvs7.Q6").answer_towards(0.2).endswith("Very important")
    assert row("wvs7.Q6").answer_towards(-0.2).endswith("Not at all important")
    assert row("wvs7.Q18_26:5").answer_towards(0.2).endswith(": not mentioned")
    assert row("wvs7.Q18_26:5").answer_towards(-0.2).endswith(": mentioned")


def test_respondents_are_recoded_by_the_same_numbers_as_people():
    rows = [row("wvs7.Q6"), row("wvs7.Q18_26:1"), row("wvs7.Q18_26:2")]
    answers = [
        answer("r00001", "wvs7.Q6", 4),
        answer("r00000", "wvs7.Q6", 1),
        answer("r00000", "wvs7.Q18_26", 1, 2),
        answer("r00001", "wvs7.Q18_26", 7),
        answer("r00001", "wvs7.Q1", 2),  # no row of these
    ]
    names, values = respondent_values(answers, rows)
    assert names == ("r00000", "r00001")
    np.testing.assert_array_equal(values, [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    shares = people("wvs7.Q18_26", tuple(range(1, 10)), (0.5, 0.5, 0, 0, 0, 0, 0.5, 0, 0))
    assert values[:, 2].mean() == rows[2].value_of_people(shares)


def test_wordings_are_averaged_and_failures_are_missing_but_respondents_stay():
    rows = [row("wvs7.Q6"), row("wvs7.Q164")]
    answers = [
        answer("a", "wvs7.Q6", 1),
        answer("a", "wvs7.Q6", 4, wording=1),
        answer("a", "wvs7.Q164", status=AnswerStatus.REFUSED),
        answer("b", "wvs7.Q6", status=AnswerStatus.TRUNCATED),
    ]
    names, values = respondent_values(answers, rows)
    assert names == ("a", "b")
    np.testing.assert_array_equal(values, [[0.5, np.nan], [np.nan, np.nan]])


def test_no_answers_are_an_empty_table():
    names, values = respondent_values([], [row("wvs7.Q6")])
    assert names == ()
    assert values.shape == (0, 1)


def test_a_choice_that_the_item_does_not_have_is_an_error():
    with pytest.raises(ValueError, match=r"wvs7.Q6#0: \[9\] are not among"):
        respondent_values([answer("a", "wvs7.Q6", 9)], [row("wvs7.Q6")])
