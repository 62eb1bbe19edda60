"""Shares that were published without a number of people: scored, smoothed as of 1,000, tested on nothing."""

from dataclasses import replace

import numpy as np
import pytest
from survey_examples import a_question

from def_sim.evaluation.bias_tables import published_bias, sound_bias
from def_sim.evaluation.comparisons import compare_items
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.people_groups import GROUPS, group_reference
from def_sim.evaluation.score_tables import score_table
from def_sim.records import AnswerStatus, ItemReference, ReferenceQuality

SHARES = (0.5, 0.3, 0.2, 0.0)
KNOWN = ItemReference("t.a", "all", (1, 2, 3, 4), SHARES, 1000, 1000.0)
PUBLISHED = replace(KNOWN, n=None, n_effective=None, quality=ReferenceQuality.PUBLISHED)


def counted(reference: ItemReference, item_id: str = "t.a") -> QuestionDistribution:
    statuses = dict.fromkeys(AnswerStatus, 0.0) | {AnswerStatus.ANSWERED: 20.0}
    return QuestionDistribution(a_question(item_id), np.array([8.0, 4.0, 6.0, 2.0]), statuses, reference)


def test_all_scores_but_human_to_human_are_those_of_a_thousand_people() -> None:
    known = compare_items([counted(KNOWN)], seed=1, num_draws=50)
    found = compare_items([counted(PUBLISHED)], seed=1, num_draws=50)
    for metric, by_source in found.items():
        for source, scores in by_source.items():
            expected = np.full(1, np.nan) if source == "human_to_human" else known[metric][source]
            np.testing.assert_array_equal(scores, expected, err_msg=f"{metric}, {source}")


def test_a_mean_of_which_one_item_has_no_number_of_people_has_no_human_to_human() -> None:
    prompts = [counted(KNOWN), counted(replace(PUBLISHED, item_id="t.b"), "t.b")]
    table = score_table(prompts, seed=1, num_draws=20)
    rows = table[table["metric"] == "js_divergence"]
    of_items = rows[rows["scope"] == "item"].set_index("item_id")["human_to_human"]
    assert of_items.notna().to_dict() == {"t.a": True, "t.b": False}
    macro = rows[rows["scope"] == "macro"]
    assert macro["human_to_human"].isna().all()
    assert macro["value"].notna().all()
    assert macro["normalised"].notna().all()


def test_groups_are_not_tested_on_shares_without_people() -> None:
    male = replace(KNOWN, group="male", n=400)
    assert group_reference({("t.a", "male"): male}, "t.a", "male") == male
    for groups in (
        {("t.a", "male"): replace(male, n=None, n_effective=None)},
        {("t.a", "male"): male, ("t.a", "all"): PUBLISHED},
        {("t.a", "50-64"): male, ("t.a", "65+"): replace(male, n=None)},
    ):
        assert all(group_reference(groups, "t.a", group) is None for group in GROUPS)


def test_the_match_is_counted_and_its_halves_are_absent() -> None:
    found = sound_bias([counted(PUBLISHED)], {}, seed=1, num_draws=20)
    known = sound_bias([counted(KNOWN)], {}, seed=1, num_draws=20)
    assert found.items["credit"].item() == known.items["credit"].item() == 1.0  # both say option 1
    assert np.isnan(found.items["halves"].item())
    assert 0 < known.items["halves"].item() <= 1
    assert published_bias([counted(PUBLISHED)], {}).rates()["all"] == pytest.approx(1.0)
