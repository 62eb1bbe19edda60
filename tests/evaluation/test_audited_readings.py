"""How right a judge's options are by people's codes, counted by hand."""

import math

import pytest
from statsmodels.stats.proportion import proportion_confint

from def_sim.evaluation.audited_readings import audited_readings
from def_sim.judging.audit import CodedAudit, draw_stances
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Missing, Source, Verdict


def a_verdict(number, value):
    missing = Missing.PROSE if value is None else None
    return Verdict(f"r{number:05d}", "toy.work", 0, "unread", value, Source.JUDGE, missing)


# 60 texts take option 1, 30 option 2, 8 none; of two there is no verdict.
VALUES = [(1,)] * 60 + [(2,)] * 30 + [()] * 8 + [None] * 2
SET = VerdictSet(
    "unread-1", "unread", {"label": "J"}, "json", 100, tuple(a_verdict(i, v) for i, v in enumerate(VALUES))
)
ROWS = draw_stances(SET.verdicts, seed=1)  # 21 of each option, and all 8


def coded(*coders):
    codes = tuple({row.row: says(row) for row in ROWS} for says in coders)
    return {SET.name: CodedAudit(SET.name, ROWS, codes)}


def agrees(row):
    return row.verdict.value


def denies_option_2(row):
    """Says that texts which the judge put under option 2 take none."""
    return () if row.verdict.value == (2,) else row.verdict.value


def test_a_verdict_counts_by_how_many_texts_it_was_given_to():
    [found] = audited_readings([SET], coded(denies_option_2), seed=1)
    # All of option 1 and of none are right, nothing of option 2: 68 of 98 texts.
    accuracy = found.found.accuracy
    assert accuracy.share == pytest.approx(68 / 98)
    effective = 98**2 / (60**2 / 21 + 30**2 / 21 + 8**2 / 8)
    expected = proportion_confint(68 / 98 * effective, effective, method="wilson")
    assert (accuracy.low, accuracy.high) == pytest.approx(expected)
    assert (found.num_missing, found.judge, found.rubric) == (2, "J", "unread")


def test_two_coders_give_the_mean_and_an_interval_that_holds_both():
    both = audited_readings([SET], coded(agrees, denies_option_2), seed=1)[0].found
    each = [audited_readings([SET], coded(one), seed=1)[0].found for one in (agrees, denies_option_2)]
    assert both.accuracy.share == pytest.approx((1 + 68 / 98) / 2)
    assert (both.accuracy.low, both.accuracy.high) == (each[1].accuracy.low, each[0].accuracy.high)
    assert next(one.pair for one in both.agreements) == "coder 1 and coder 2"


def test_each_option_has_its_verdicts_and_what_each_coder_found_right():
    [found] = audited_readings([SET], coded(agrees, denies_option_2), seed=1)
    counts = {one.value: (one.num_verdicts, one.num_audited, one.num_right) for one in found.options}
    assert counts == {
        "option 1": (60, (21, 21), (21, 21)),
        "option 2": (30, (21, 21), (21, 0)),
        "cannot be classified": (8, (8, 8), (8, 8)),
    }


def test_an_option_that_nobody_coded_leaves_no_accuracy():
    accuracy = audited_readings([SET], coded(lambda row: row.verdict.value or None), seed=1)[0].found.accuracy
    assert all(math.isnan(number) for number in (accuracy.share, accuracy.low, accuracy.high))


def test_only_sets_of_options_whose_sheets_came_back_are_there():
    of_defects = VerdictSet(
        "insensitivity-1", "insensitivity", {}, "json", 1,
        (Verdict("r00001", "toy.work", 0, "RP", True, Source.JUDGE),),
    )  # fmt: skip
    audits = coded(agrees) | {"insensitivity-1": CodedAudit("insensitivity-1", (), ())}
    assert [one.set_name for one in audited_readings([SET, of_defects], audits, seed=1)] == ["unread-1"]
    assert audited_readings([SET], {}, seed=1) == ()


def test_findings_hold_accuracy_with_its_interval_kappa_and_alpha():
    [found] = audited_readings([SET], coded(agrees, denies_option_2), seed=1)
    findings = {one.measure: one for one in found.findings}
    assert set(findings) == {"accuracy", "kappa_with_people", "alpha_of_people"}
    assert {one.group for one in findings.values()} == {"unread-1"}
    accuracy = findings["accuracy"]
    assert accuracy.low < accuracy.value < accuracy.high
