"""Which verdicts people code, and what their codes say: counted by hand."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from def_sim.judging.audit import (
    BY_JUDGE,
    BY_RULE,
    NO_DEFECT,
    coded_strata,
    coding_table,
    draw_defects,
    draw_stances,
    sheet_order,
)
from def_sim.judging.verdicts import Missing, Source, Verdict


def a_verdict(number, value, *, question="RP", source=Source.JUDGE, **changes):
    missing = Missing.PROSE if value is None else None
    return Verdict(f"r{number:05d}", "toy.work", 0, question, value, source, missing, **changes)


def a_set(question="RP"):
    """40 defects by rule, 10 by judge, 150 without, 7 missing."""
    by_rule = [a_verdict(i, True, question=question, source=Source.RULE) for i in range(40)]
    by_judge = [a_verdict(i, True, question=question) for i in range(40, 50)]
    clean = [a_verdict(i, False, question=question) for i in range(50, 200)]
    return [*by_rule, *by_judge, *clean, *(a_verdict(i, None, question=question) for i in range(200, 207))]


def stances():
    """100 of option 1, 20 of option 2, 3 that cannot be classified, 2 of several."""
    values = [(1,)] * 100 + [(2,)] * 20 + [()] * 3 + [(1, 2)] * 2
    return [a_verdict(i, value, question="stance") for i, value in enumerate(values)]


def test_each_stratum_of_each_question_gives_up_to_so_many_rows():
    rows = draw_defects([*a_set("RP"), *a_set("IU")], seed=1)
    counts = Counter((row.verdict.question, row.stratum) for row in rows)
    each = {BY_RULE: 25, BY_JUDGE: 10, NO_DEFECT: 25}
    assert counts == {(question, stratum): n for question in ("RP", "IU") for stratum, n in each.items()}


def test_rows_are_numbered_from_1_in_an_order_that_says_nothing_of_the_verdict():
    rows = draw_defects(a_set(), seed=1)
    assert [row.row for row in rows] == list(range(1, 61))
    # With 25 of 60 in the order of chance the first 20 rows hold 8.3 of a stratum, give or take 1.8.
    first = Counter(row.stratum for row in rows[:20])
    assert 3 <= first[BY_RULE] <= 14
    assert 3 <= first[NO_DEFECT] <= 14


def test_rows_do_not_depend_on_the_order_of_the_verdicts_but_on_the_seed():
    assert draw_defects(a_set()[::-1], seed=1) == draw_defects(a_set(), seed=1)
    assert draw_defects(a_set(), seed=2) != draw_defects(a_set(), seed=1)


def test_a_larger_audit_holds_the_rows_of_a_smaller_one():
    held = [{row.verdict for row in draw_defects(a_set(), 1, size)} for size in range(1, 60)]
    assert all(smaller <= larger for smaller, larger in pairwise(held))
    assert len(held[-1]) == 40 + 10 + 59


def test_missing_verdicts_and_repeats_are_not_audited():
    repeated = a_verdict(1, False, repeat=1)
    rows = draw_defects([a_verdict(1, True), repeated, a_verdict(2, None)], seed=1)
    assert [row.verdict for row in rows] == [a_verdict(1, True)]


def test_stances_are_drawn_in_turn_over_the_options_taken():
    rows = draw_stances(stances(), seed=1)
    counts = Counter(row.stratum for row in rows)
    # 3 and 2 are all there is; of the 45 others 20 are all of option 2, the rest is of option 1.
    assert counts == {"option 1": 25, "option 2": 20, "cannot be classified": 3, "several options": 2}
    assert Counter(row.stratum for row in draw_stances(stances(), 1, 8)) == dict.fromkeys(counts, 2)


def test_two_coders_get_the_same_rows_in_two_orders():
    rows = draw_defects(a_set(), seed=1)
    first, second = sheet_order(rows, 1, 1), sheet_order(rows, 1, 2)
    assert first != second
    assert set(first) == set(second) == set(rows)
    assert [row.row for row in first] != sorted(row.row for row in first)


def test_codes_are_counted_by_stratum_and_an_empty_one_is_not_audited():
    verdicts = a_set()
    rows = draw_defects(verdicts, seed=1)
    # This coder agrees with rules, finds half of the judge's defects none, and leaves the others empty.
    by_judge = [row for row in rows if row.stratum == BY_JUDGE]
    codes = {row.row: True for row in rows if row.stratum == BY_RULE}
    codes |= {row.row: i < 5 for i, row in enumerate(by_judge)}
    codes |= {row.row: None for row in rows if row.stratum == NO_DEFECT}
    found = {one.stratum: one for one in coded_strata(rows, verdicts, codes)}
    assert {stratum: (one.size, one.num_audited) for stratum, one in found.items()} == {
        BY_RULE: (40, 25),
        BY_JUDGE: (10, 10),
        NO_DEFECT: (150, 0),
    }
    assert (found[BY_RULE].num_defects, found[BY_JUDGE].num_defects) == (25, 5)
    assert [one.is_positive for one in found.values()] == [True, True, False]


def test_a_code_is_right_where_it_is_the_verdict():
    verdicts = stances()
    rows = draw_stances(verdicts, seed=1)
    codes = {row.row: (1,) for row in rows}
    found = {one.stratum: one for one in coded_strata(rows, verdicts, codes)}
    assert (found["option 1"].num_right, found["option 1"].num_audited) == (25, 25)
    assert (found["option 2"].num_right, found["option 2"].num_audited) == (0, 20)
    assert found["several options"].size == 2
    clean = {one.stratum: one for one in coded_strata(*_all_called_clean())}
    assert (clean[NO_DEFECT].num_right, clean[BY_RULE].num_right) == (25, 0)


def _all_called_clean():
    verdicts = a_set()
    rows = draw_defects(verdicts, seed=1)
    return rows, verdicts, {row.row: False for row in rows}


def test_the_table_of_codes_has_a_line_for_each_coder_and_one_for_the_verdict():
    verdicts = [a_verdict(1, True), a_verdict(2, False), a_verdict(3, True)]
    rows = draw_defects([*verdicts, a_verdict(4, True, question="IU")], seed=1)
    by_respondent = {row.verdict.respondent_id: row.row for row in rows if row.verdict.question == "RP"}
    first = {by_respondent["r00001"]: True, by_respondent["r00002"]: True}
    table = coding_table(rows, [first, {}], "RP")
    columns = [row.verdict.respondent_id for row in rows if row.verdict.question == "RP"]
    in_order = table[:, [columns.index(f"r0000{i}") for i in (1, 2, 3)]]
    expected = [[1, 1, np.nan], [np.nan] * 3, [1, 0, 1]]
    assert np.array_equal(in_order, expected, equal_nan=True)


def test_codes_of_options_are_the_same_number_where_they_are_the_same_options():
    verdicts = stances()
    rows = draw_stances(verdicts, seed=1)
    same = {row.row: row.verdict.value for row in rows}
    table = coding_table(rows, [same], "stance")
    assert np.array_equal(table[0], table[1])
    assert len(np.unique(table)) == 4


@pytest.mark.parametrize("verdicts", [[], [a_verdict(1, None)]])
def test_without_verdicts_there_is_nothing_to_audit(verdicts):
    assert draw_defects(verdicts, seed=1) == draw_stances(verdicts, seed=1) == ()
    assert coded_strata((), verdicts, {}) == []
    assert coding_table((), [{}, {}], "RP").shape == (3, 0)
