"""Verdicts in words: each from its numbers, by the same template every time."""

import math

import pytest

from def_sim.evaluation.arm_sentences import (
    effect_sentence,
    level_sentence,
    seeds_sentence,
    summary_sentence,
    verdict_sentence,
)
from def_sim.evaluation.arm_verdicts import ArmVerdict, verdict_of

NOTHING = (math.nan, math.nan, math.nan)
CLOSER = (-0.0123, -0.02, -0.005)
BY = "Closer to people than the baseline by 0.012 (0.005 to 0.020)"
FARTHER = "Farther from people than the baseline by 0.020 (0.010 to 0.030)"
MORE_THAN = "more than 0.010 is excluded"
LOWERS = "Lowers the distance to people by 0.012 (0.005 to 0.020)"
WHERE = "where both are equally varied"
MORE = "More varied than the baseline by 0.400 (0.300 to 0.500)"
LESS = "Less varied than the baseline by 0.200 (0.100 to 0.300)"


@pytest.mark.parametrize(
    ("difference", "p", "entropy", "verdict"),
    [
        (-0.01, 0.2, "", ArmVerdict.NO_DIFFERENCE),
        (-0.01, math.nan, "", ArmVerdict.NO_DIFFERENCE),
        (0.01, 0.01, "not_more_varied", ArmVerdict.FARTHER),
        (0.01, 0.01, "partly", ArmVerdict.FARTHER_THAN_VARIETY),
        (0.01, 0.01, "explained", ArmVerdict.FARTHER_BY_VARIETY),
        (0.01, 0.01, "undecided", ArmVerdict.FARTHER_UNDECIDED),
        (0.01, 0.01, "no_advantage", ArmVerdict.FARTHER_UNDECIDED),
        (-0.01, 0.01, "not_more_varied", ArmVerdict.CLOSER),
        (-0.01, 0.01, "partly", ArmVerdict.CLOSER_THAN_VARIETY),
        (-0.01, 0.01, "explained", ArmVerdict.CLOSER_BY_VARIETY),
        (-0.01, 0.01, "undecided", ArmVerdict.CLOSER_UNDECIDED),
        (-0.01, 0.01, "no_advantage", ArmVerdict.CLOSER_UNDECIDED),
        (-0.01, 0.01, "absent", ArmVerdict.CLOSER_UNDECIDED),
    ],
)
def test_a_verdict_follows_from_difference_p_and_variety(difference, p, entropy, verdict):
    assert verdict_of(difference, p, entropy) is verdict


@pytest.mark.parametrize(
    ("verdict", "difference", "at_equal", "sentence"),
    [
        (
            ArmVerdict.CLOSER,
            CLOSER,
            NOTHING,
            f"{BY}, with answers that are no more varied.",
        ),
        (
            ArmVerdict.CLOSER_THAN_VARIETY,
            CLOSER,
            (-0.008, -0.013, -0.003),
            f"{BY}, also where both are equally varied: 0.008 (0.003 to 0.013) is left.",
        ),
        (
            ArmVerdict.CLOSER_BY_VARIETY,
            CLOSER,
            (-0.001, -0.004, 0.002),
            f"{BY}, by its more varied answers alone: {WHERE}, 0.001 (−0.002 to 0.004) is left.",
        ),
        (
            ArmVerdict.CLOSER_UNDECIDED,
            CLOSER,
            NOTHING,
            f"{BY}, undecided whether by more than its more varied answers.",
        ),
        (
            ArmVerdict.FARTHER,
            (0.02, 0.01, 0.03),
            NOTHING,
            f"{FARTHER}, with answers that are no less varied.",
        ),
        (
            ArmVerdict.FARTHER_THAN_VARIETY,
            (0.02, 0.01, 0.03),
            (0.01, 0.005, 0.015),
            f"{FARTHER}, also where both are equally varied: 0.010 (0.005 to 0.015) is left.",
        ),
        (
            ArmVerdict.FARTHER_BY_VARIETY,
            (0.02, 0.01, 0.03),
            (-0.004, -0.012, 0.004),  # the other way round, so below 0 in the direction that is told
            f"{FARTHER}, by its less varied answers alone: {WHERE}, −0.004 (−0.012 to 0.004) is left.",
        ),
        (
            ArmVerdict.CLOSER_BY_VARIETY,
            CLOSER,
            (0.001, -0.002, 0.004),
            f"{BY}, by its more varied answers alone: {WHERE}, −0.001 (−0.004 to 0.002) is left.",
        ),
        (
            ArmVerdict.FARTHER_UNDECIDED,
            (0.02, 0.01, 0.03),
            NOTHING,
            f"{FARTHER}, undecided whether by more than its less varied answers.",
        ),
        (
            ArmVerdict.NO_DIFFERENCE,
            (0.002, -0.006, 0.01),
            NOTHING,
            "No difference shown: closer by more than 0.006 or farther by more than 0.010 is excluded.",
        ),
        (
            ArmVerdict.NO_DIFFERENCE,
            (0.0, 0.0, 0.0),
            NOTHING,
            "No difference: the same score on every item.",
        ),
        (
            ArmVerdict.NO_DIFFERENCE,
            (0.02, 0.01, 0.03),
            NOTHING,
            "No difference shown once all arms count; its own interval is 0.010 to 0.030.",
        ),
        (ArmVerdict.BASELINE, NOTHING, NOTHING, ""),
    ],
)
def test_a_sentence_says_the_direction_and_the_amount(verdict, difference, at_equal, sentence):
    assert verdict_sentence(verdict, difference, at_equal) == sentence


def test_without_a_verdict_the_reason_is_the_sentence():
    assert (
        verdict_sentence(ArmVerdict.ABSENT, NOTHING, NOTHING, "not finished") == "No verdict: not finished."
    )


@pytest.mark.parametrize(
    ("difference", "levels", "people", "sentence"),
    [
        (
            (0.4, 0.3, 0.5),
            (0.6, 0.2),
            0.7,
            f"{MORE}, nearer to people's level: 0.600, people 0.700.",
        ),
        (
            (0.4, 0.3, 0.5),
            (0.8, 0.4),
            0.65,
            f"{MORE}, nearer to people's level, and beyond it: 0.800, people 0.650.",
        ),
        (
            (0.4, 0.3, 0.5),
            (0.9, 0.5),
            0.6,
            f"{MORE}, farther from people's level, and beyond it: 0.900, people 0.600.",
        ),
        (
            (-0.2, -0.3, -0.1),
            (0.2, 0.4),
            0.6,
            f"{LESS}, farther from people's level: 0.200, people 0.600.",
        ),
        (
            (0.2, 0.1, 0.3),
            (0.6, 0.4),
            math.nan,
            "More varied than the baseline by 0.200 (0.100 to 0.300); people's level is not known.",
        ),
        ((0.1, -0.1, 0.3), (0.5, 0.4), 0.6, "No difference in variety shown: −0.100 to 0.300."),
    ],
)
def test_more_variety_is_praised_only_as_far_as_people_have_it(difference, levels, people, sentence):
    assert level_sentence(difference, levels, people) == sentence


@pytest.mark.parametrize(
    ("effect", "p", "at_equal", "sentence"),
    [
        (
            CLOSER,
            0.01,
            (-0.008, -0.013, -0.003),
            f"{LOWERS}; {WHERE}, 0.008 (0.003 to 0.013) is left.",
        ),
        (
            CLOSER,
            0.01,
            (0.002, -0.001, 0.005),
            f"{LOWERS}; {WHERE}, no effect is shown: −0.002 (−0.005 to 0.001).",
        ),
        (CLOSER, 0.01, (0.004, 0.001, 0.007), f"{LOWERS}; {WHERE}, it raises it by 0.004 (0.001 to 0.007)."),
        ((0.02, 0.01, 0.03), 0.01, NOTHING, "Raises the distance to people by 0.020 (0.010 to 0.030)."),
        (
            (0.002, -0.006, 0.01),
            0.5,
            NOTHING,
            f"No effect shown: lowering the distance by more than 0.006 or raising it by {MORE_THAN}.",
        ),
        (
            (0.02, 0.01, 0.03),
            0.08,
            NOTHING,
            "No effect shown once all effects count; its own interval is 0.010 to 0.030.",
        ),
    ],
)
def test_an_effect_is_told_with_what_is_left_of_it_at_equal_variety(effect, p, at_equal, sentence):
    assert effect_sentence(effect, p, at_equal) == sentence


def test_seeds_are_told_with_how_far_respondents_would_move_the_score():
    spread = (0.1, 0.12, 0.15)
    moved = "it moves 1.2 times as far as its respondents make expect (0.016)"
    told = seeds_sentence(5, spread, 0.016, 1.25)
    assert told == f"Over 5 seeds the score is 0.120 on average, from 0.100 to 0.150; {moved}."
    assert seeds_sentence(2, spread, math.nan, math.nan).endswith("is not known.")


def test_all_arms_come_to_one_sentence_that_counts_the_verdicts():
    verdicts = [ArmVerdict.CLOSER_BY_VARIETY, ArmVerdict.FARTHER, ArmVerdict.CLOSER_BY_VARIETY]
    found = "2 closer to people by more varied answers alone; 1 farther from people and no less varied"
    assert summary_sentence(verdicts, "all off") == f"Of 3 arms beside the baseline (all off): {found}."


@pytest.mark.parametrize("verdicts", [[], [ArmVerdict.ABSENT] * 2])
def test_without_any_verdict_there_is_no_answer(verdicts):
    nothing = "No arm has a verdict beside the baseline (all off) yet."
    assert summary_sentence(verdicts, "all off") == nothing
    assert summary_sentence(verdicts, "all off", "Too few items.") == f"{nothing} Too few items."
