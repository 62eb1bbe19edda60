"""What a methods section must say of a run: each number of it from the tables, each missing one left out."""

import math
from dataclasses import replace

import pandas as pd
from made_reports import FACTS, STATUSES, score_rows, share_rows

from def_sim.reports.pages.facts import SettingInWords
from def_sim.reports.pages.methods_words import methods_sentences

SCORES = pd.DataFrame(score_rows(4)).assign(interval_low=0.15, interval_high=0.25, normalised_low=-2.0)
SCORES["normalised_high"] = 0.4
SHARES = pd.DataFrame(share_rows(4, human_n=2593.0, human_n_effective=1582.0))


def words(facts=FACTS, *, scores=SCORES, shares=SHARES, statuses=STATUSES) -> str:
    return methods_sentences(facts, scores, shares, statuses)


def test_who_was_asked_what_how_and_beside_whom() -> None:
    facts = replace(
        FACTS,
        precision="bfloat16",
        people=("World Values Survey, wave 7, United States (2017)",),
        settings=(SettingInWords("Memory", "0 to 15 answers, drawn once for each respondent"),),
    )
    said = words(facts)
    assert said.startswith(
        "Some model, computed in bfloat16, answered Some survey (2 questions) as 20 simulated respondents, "
        "with def_sim 0.1, strategy diversity_enhanced, protocol paper, seed 7 (run abc123). "
        "Memory: 0 to 15 answers, drawn once for each respondent. "
    )
    assert (
        "They are compared with World Values Survey, wave 7, United States (2017); behind an item are 2,593 "
        "people, effective 1,582."
    ) in said
    assert (
        "Jensen-Shannon divergence (base 2), mean of topic groups, 4 items: 0.200 (95 % 0.150 to 0.250); as "
        "many people would score 0.050, random answers 0.400; normalised score 0.200 (below −1 to 0.400)."
    ) in said


def test_answers_are_counted_by_how_they_could_be_read_and_by_item() -> None:
    statuses = pd.DataFrame(
        [("all", "answered", 30), ("all", "refused", 1), ("all", "dont_know", 2), ("all", "truncated", 7)],
        columns=["scope", "status", "count"],
    )
    shares = SHARES.assign(num_answered=SHARES["item_id"].map({"wvs.Q0": 0, "wvs.Q1": 9, "gss.Q2": 10}))
    said = words(shares=shares, statuses=statuses)
    assert "Of 40 answers 30 named an option, 3 withheld one and 7 could not be read" in said
    assert "an item has 0 to 10 (median 9) of them." in said


def test_what_is_not_known_or_not_there_is_not_said() -> None:
    said = words(
        scores=SCORES.assign(interval_low=math.nan, interval_high=math.nan, normalised_low=math.nan),
        shares=SHARES.assign(human_n=math.nan),
    )
    assert "They are compared" not in said
    assert "nan" not in said
    assert "4 items: 0.200; as many people" in said
    assert "demonstration" not in said


def test_a_demonstration_and_an_unfinished_run_say_so() -> None:
    said = words(replace(FACTS, is_demonstration=True, is_complete=False, num_done=30))
    assert "trained on an invented population. Of 40 answers 30 have been asked." in said
