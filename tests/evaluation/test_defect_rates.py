"""Rates of defects by rules, by a judge and as people see them, counted by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, t
from statsmodels.stats.proportion import proportion_confint
from survey_examples import a_question

from def_sim.evaluation.defect_examples import defect_examples
from def_sim.evaluation.facts import Facts, FactualItem
from def_sim.evaluation.insensitivity import (
    JudgedModel,
    RuleFindings,
    insensitivity,
    insensitivity_table,
)
from def_sim.judging.audit import CodedAudit, draw_defects
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Missing, Source, Verdict
from def_sim.records import Answer, AnswerStatus, InsensitivityDimension, ReadingMethod

MODEL = JudgedModel({"weights": "abc"}, "llama")
JUDGE = {"label": "Judge", "family": "other", "identity": {"weights": "def"}}


def a_verdict(number, value, *, question="RP", source=Source.JUDGE, repeat=0):
    missing = Missing.PROSE if value is None else None
    return Verdict(f"r{number:05d}", "toy.work", 0, question, value, source, missing, repeat=repeat)


def a_set(*verdicts, judge=JUDGE, num_planned=None):
    planned = len(verdicts) if num_planned is None else num_planned
    return VerdictSet("insensitivity-1", "insensitivity", judge, "json", planned, verdicts)


def judged():
    """RP: 10 defects by rule, 20 by judge, 170 without, 10 missing, and a repeat that does not count."""
    by_rule = [a_verdict(i, True, source=Source.RULE) for i in range(10)]
    by_judge = [a_verdict(i, True) for i in range(10, 30)]
    clean = [a_verdict(i, False) for i in range(30, 200)]
    missing = [a_verdict(i, None) for i in range(200, 210)]
    return [*by_rule, *by_judge, *clean, *missing, a_verdict(30, True, repeat=1)]


def found(*sets, rules=None, facts=None, audits=None, model=MODEL):
    rules = rules or RuleFindings(0, ())
    return insensitivity(rules, facts, sets, audits or {}, model, seed=1)


def rows(result, which=-1):
    return {rate.dimension: rate for rate in result.sets[which].rates}


def test_rules_are_counted_over_all_answers() -> None:
    verdicts = tuple(a_verdict(i, True, question="IU", source=Source.RULE) for i in range(3))
    rate = rows(found(rules=RuleFindings(40, verdicts)))["IU"]
    assert (rate.by_rule, rate.found.num_judged, rate.found.rate) == (3, 40, 3 / 40)
    assert (rate.found.low, rate.found.high) == pytest.approx(proportion_confint(3, 40, method="wilson"))
    assert math.isnan(rate.found.if_missing_high)  # where no rule fired nothing was asked
    assert "rules alone" in rate.reason


def test_answers_of_one_respondent_are_worth_less_than_those_of_many() -> None:
    # Two of four respondents fall out of role in all of their ten answers: four answers' worth, not forty.
    # Student's quantile of 3 degrees of freedom is 1.624 times the normal one; the design effect is
    # 4 / 3 x 4 x 25 / (40 / 4) = 13.33, so 40 answers are worth 40 / 13.33 / 2.637 = 1.138.
    verdicts = [
        replace(a_verdict(who, who < 2), item_id=f"toy.q{item}") for who in range(4) for item in range(10)
    ]
    rate = rows(found(a_set(*verdicts)))["RP"].found
    worth = 3 / (t.ppf(0.975, 3) / norm.ppf(0.975)) ** 2
    assert worth == pytest.approx(1.138, abs=1e-3)
    assert (rate.low, rate.high) == pytest.approx(proportion_confint(worth / 2, worth, method="wilson"))
    fired = tuple(one for one in verdicts if one.value)
    ruled = RuleFindings(40, fired, by_respondent={f"r{who:05d}": 10 for who in range(4)})
    assert rows(found(rules=ruled), 0)["RP"].found.low == pytest.approx(rate.low)


def test_where_nobody_has_a_defect_a_respondent_counts_once() -> None:
    ruled = RuleFindings(200, (), by_respondent={f"r{who:05d}": 10 for who in range(20)})
    rate = rows(found(rules=ruled), 0)["RP"].found
    assert (rate.low, rate.high) == pytest.approx(proportion_confint(0, 20, method="wilson"))


def test_a_set_counts_each_verdict_once_and_no_missing_one() -> None:
    rate = rows(found(a_set(*judged())))["RP"]
    assert (rate.by_rule, rate.by_judge, rate.found.num_judged, rate.found.num_missing) == (10, 20, 200, 10)
    assert rate.found.rate == 30 / 200
    assert (rate.found.if_missing_low, rate.found.if_missing_high) == (30 / 210, 40 / 210)


def test_an_unfinished_set_has_counts_and_no_rate() -> None:
    rate = rows(found(a_set(*judged(), num_planned=600)))["RP"]
    assert rate.found.num_judged == 200
    assert math.isnan(rate.found.rate)
    assert rate.reason == "not finished: 211 of 600 verdicts"


def test_false_facts_have_a_row_for_choices_and_one_for_explanations() -> None:
    fact = a_question("toy.fact", is_factual=True, factual_key=1)
    facts = Facts((FactualItem(fact, 8, 0, 0.25, 0, 1, 0.4), FactualItem(fact, 2, 0, 1.0, 0, 1, 0.9)))
    claims = [a_verdict(0, True, question="FF", source=Source.RULE), a_verdict(1, False, question="FF")]
    result = found(a_set(*claims), facts=facts)
    # 2 of 8 and 2 of 2 are wrong; people (8 x .4 + 2 x .9) / 10.
    choices = rows(result, 0)["FF_keys"]
    assert (choices.by_rule, choices.found.rate) == (4, 0.4)
    assert choices.people == pytest.approx(0.5)
    explanations = rows(result)["FF_explanations"]
    assert (explanations.found.num_judged, explanations.found.rate) == (1, 0.0)
    assert "FF_keys" not in rows(result)


def test_without_free_text_there_is_nothing_but_the_reason() -> None:
    result = found(a_set(*judged()), rules=RuleFindings(9, (), frozenset(InsensitivityDimension)))
    assert result.sets == ()
    assert "no free text" in result.absent
    assert insensitivity_table(result).empty


def test_a_dimension_that_means_nothing_for_the_strategy_has_no_rate() -> None:
    result = found(a_set(*judged()), rules=RuleFindings(9, (), frozenset({InsensitivityDimension.RP})))
    for which in (0, 1):
        rate = rows(result, which)["RP"]
        assert math.isnan(rate.found.rate)
        assert "means nothing" in rate.reason


def test_a_set_about_options_is_no_set_of_defects() -> None:
    stance = a_set(a_verdict(1, (2,), question="stance"))
    assert [one.name for one in found(stance).sets] == ["rules"]


def coded(verdicts, *coders):
    """An audit in which each coder calls a defect what the given function says of a row's stratum."""
    audited = draw_defects(verdicts, seed=1)
    return CodedAudit("insensitivity-1", audited, tuple({r.row: says(r) for r in audited} for says in coders))


def test_people_correct_a_rate_by_its_strata() -> None:
    # All that rules found are defects; of the judge's 20 every row with an even number is; of the
    # others none: (10 + 10) / 200.
    def says(row):
        number = int(row.verdict.respondent_id[1:])
        return number < 10 or (number < 30 and number % 2 == 0)

    one = a_set(*judged())
    rate = rows(found(one, audits={one.name: coded(one.verdicts, says)}))["RP"]
    assert rate.audited.corrected.rate == pytest.approx(20 / 200)
    assert rate.audited.corrected.low <= 0.1 <= rate.audited.corrected.high
    assert (rate.audited.precision, rate.audited.recall) == (pytest.approx(20 / 30), 1.0)
    assert rate.audited.num_audited == 10 + 20 + 25
    assert math.isnan(rate.audited.alpha)  # one coder agrees with nobody
    # 45 of 55 rows agree; 30 and 20 of them are called defects.
    by_chance = (30 * 20 + 25 * 35) / 55**2
    [agreement] = rate.audited.agreements
    assert agreement.kappa == pytest.approx((45 / 55 - by_chance) / (1 - by_chance))
    assert agreement.pair == "coder 1 and the verdicts"


def test_two_coders_give_the_mean_and_their_agreement() -> None:
    one = a_set(*judged())
    audit = coded(one.verdicts, lambda row: row.verdict.value, lambda row: False)
    rate = rows(found(one, audits={one.name: audit}))["RP"]
    assert rate.audited.corrected.by_coder == (pytest.approx(30 / 200), 0.0)
    assert rate.audited.corrected.rate == pytest.approx(15 / 200)
    pairs = {agreement.pair: agreement for agreement in rate.audited.agreements}
    assert list(pairs) == ["coder 1 and coder 2", "coder 1 and the verdicts", "coder 2 and the verdicts"]
    assert pairs["coder 1 and coder 2"].raw == pytest.approx(25 / 55)
    # Mean of 1 with the first and 0 with the second.
    assert rate.audited.kappa == pytest.approx(0.5)


def test_a_coder_who_left_all_empty_has_no_say() -> None:
    one = a_set(*judged())
    audit = coded(one.verdicts, lambda row: row.verdict.value, lambda row: None)
    rate = rows(found(one, audits={one.name: audit}))["RP"]
    assert rate.audited.corrected.by_coder == (pytest.approx(30 / 200),)
    assert math.isnan(rate.audited.alpha)


def test_too_few_coded_rows_are_no_correction_but_a_reason() -> None:
    one = a_set(*judged())
    audit = coded(one.verdicts, lambda row: row.verdict.value if row.row <= 4 else None)
    result = found(one, audits={one.name: audit})
    table = insensitivity_table(result)
    row = table[(table["set"] == one.name) & (table["dimension"] == "RP")].iloc[0]
    assert np.isnan(row["corrected"])
    assert "too few audited rows" in row["reason"]
    assert row["num_audited"] == 4


def test_explanations_are_corrected_without_what_rules_found() -> None:
    wrong_choice = [a_verdict(i, True, question="FF", source=Source.RULE) for i in range(50)]
    claims = [a_verdict(i, i < 60, question="FF") for i in range(50, 150)]
    one = a_set(*wrong_choice, *claims)
    audit = coded(one.verdicts, lambda row: row.verdict.value)
    rate = rows(found(one, audits={one.name: audit}))["FF_explanations"]
    assert rate.audited.corrected.rate == pytest.approx(10 / 100)
    assert rate.audited.num_audited == 10 + 25


def test_the_judged_model_and_its_family_are_named_as_judges() -> None:
    itself = {"label": "Me", "family": "llama", "identity": {"weights": "abc"}}
    family = itself | {"identity": {"weights": "def"}}
    said = [
        found(a_set(a_verdict(1, True), judge=judge)).sets[1].remarks for judge in (itself, family, JUDGE)
    ]
    assert "is the judged model" in said[0][0]
    assert "family" in said[1][0]
    assert said[2] == ()


def test_three_answers_of_each_kind_are_shown_and_long_ones_are_cut() -> None:
    answers = [
        Answer(
            f"r{i:05d}", "toy.work", 0, 0, AnswerStatus.ANSWERED, (1,), ReadingMethod.NUMBER, text="x" * 700
        )
        for i in range(10)
    ]
    ruled = [a_verdict(i, True, source=Source.RULE) for i in range(5)]
    one = a_set(*(a_verdict(i, i % 2 == 0, question="IR") for i in range(3)))
    shown = defect_examples(ruled, [one], answers, seed=1)
    assert [example.dimension for example in shown] == ["RP", "RP", "RP", "IR", "IR"]
    assert {example.found_by for example in shown} == {"rule", "Judge"}
    assert all(example.text == "x" * 600 + "…" for example in shown)
    assert shown == defect_examples(ruled[::-1], [one], answers[::-1], seed=1)
