"""Two judges of one run: agreement of their verdicts on the same answers."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from def_sim.evaluation.compared_judges import COLUMN_TYPES, JudgePair, compare_judges, judges_table
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Missing, Source, Value, Verdict


def a_set(
    name: str, values: Sequence[Value | None], *, question: str = "stance", rubric: str = "stance"
) -> VerdictSet:
    """A finished set on respondents 0, 1, 2, ...; None is a verdict that could not be had."""
    verdicts = tuple(
        Verdict(
            f"r{number:05d}",
            "toy.work",
            0,
            question,
            value,
            Source.JUDGE,
            missing=Missing.PROSE if value is None else None,
        )
        for number, value in enumerate(values)
    )
    return VerdictSet(name, rubric, {"label": f"judge of {name}"}, "json", len(verdicts), verdicts)


def pair_of(first: Sequence[Value | None], second: Sequence[Value | None]) -> JudgePair:
    [pair] = compare_judges([a_set("a", first), a_set("b", second)], seed=1)
    return pair


def test_agreement_and_kappa_of_two_judges_are_those_of_a_table_by_hand():
    # 10 texts; both say 1 of four and 2 of three, so .7 agree. The first says 1 of 6 and 2 of 4, the second 1
    # of 5 and 2 of 5: by chance .6 x .5 + .4 x .5 = .5 agree. Kappa = (.7 - .5) / (1 - .5) = .4.
    first = [(1,)] * 6 + [(2,)] * 4
    second = [(1,)] * 4 + [(2,)] * 2 + [(1,)] + [(2,)] * 3
    pair = pair_of(first, second)
    assert (pair.num_common, pair.agreement) == (10, 0.7)
    assert pair.kappa == pytest.approx(0.4)
    assert pair.low < 0.4 < pair.high


def test_kappa_is_that_of_scikit_learn_with_unclassified_texts_as_a_code_of_their_own():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 4, 200)
    heard = [np.where(rng.random(200) < 0.3, rng.integers(0, 4, 200), truth) for _ in range(2)]
    values = [[() if code == 0 else (int(code),) for code in codes] for codes in heard]
    pair = pair_of(values[0], values[1])
    assert pair.kappa == pytest.approx(cohen_kappa_score(heard[0], heard[1]))


def test_only_answers_with_a_verdict_of_both_count():
    pair = pair_of([(1,), None, (2,), (1,)], [(1,), (1,), (1,)])
    assert (pair.num_common, pair.agreement) == (2, 0.5)


def test_a_judge_without_any_usable_verdict_stands_there_with_no_answer_in_common():
    pair = pair_of([(1,), (2,)], [None, None])
    assert pair.num_common == 0
    assert math.isnan(pair.agreement)
    assert math.isnan(pair.kappa)
    assert math.isnan(pair.low)


def test_one_and_the_same_verdict_always_has_no_kappa():
    pair = pair_of([(1,)] * 5, [(1,)] * 5)
    assert pair.agreement == 1
    assert math.isnan(pair.kappa)
    assert math.isnan(pair.low)


def test_items_with_several_choices_are_left_out():
    pair = pair_of([(1, 2), (1,)], [(1, 2), (1,)])
    assert pair.num_common == 0
    assert math.isnan(pair.agreement)


def test_what_rules_found_is_in_both_sets_and_counts_in_no_pair():
    by_rule = Verdict("r00009", "toy.work", 0, "IU", True, Source.RULE)
    sets = [
        VerdictSet(
            name, "insensitivity", {}, "json", 3, (*a_set(name, values, question="IU").verdicts, by_rule)
        )
        for name, values in (("a", [True, False]), ("b", [True, True]))
    ]
    [pair] = compare_judges(sets, seed=1)
    assert (pair.question, pair.num_common) == ("IU", 2)


def test_sets_of_other_rubrics_are_not_compared_and_three_of_one_are_three_pairs():
    sets = [a_set(name, [(1,), (2,)]) for name in "abc"]
    other = a_set("d", [(1,)], question="unread", rubric="unread")
    pairs = compare_judges([*sets, other], seed=1)
    assert [(one.set_1, one.set_2) for one in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert compare_judges([sets[0], other], seed=1) == ()


def test_the_table_has_a_row_a_pair_and_its_columns_also_without_one():
    pairs = compare_judges([a_set("a", [(1,), (2,)]), a_set("b", [(1,), (1,)])], seed=1)
    table = judges_table(pairs)
    assert table[["set_1", "judge_1", "num_common"]].to_numpy().tolist() == [["a", "judge of a", 2]]
    assert list(judges_table([]).columns) == list(COLUMN_TYPES)
