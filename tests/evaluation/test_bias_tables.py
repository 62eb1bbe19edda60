"""Tables of preference bias: matches by hand, groups joined where they add up, a planted tilt found."""

from dataclasses import replace

import numpy as np
import pytest
from survey_examples import a_question

from def_sim.evaluation.bias_tables import published_bias, sound_bias
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.group_leans import NO_RESPONDENTS, group_leans
from def_sim.evaluation.people_groups import GROUPS, group_reference
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.preference_bias import AGE_PROFILES, age_profile_of_code
from def_sim.randomness import keyed_rng
from def_sim.records import AnswerStatus, Dimension, ItemReference

EMPTY = dict.fromkeys(AnswerStatus, 0.0)


def reference(item_id, group, shares, n=100, n_effective=None):
    return ItemReference(item_id, group, (1, 2, 3, 4), tuple(shares), n, n_effective)


def counted(item_id, counts, shares, dimension="TDI"):
    question = a_question(item_id, dimension=Dimension(dimension))
    statuses = EMPTY | {AnswerStatus.ANSWERED: float(sum(counts))}
    whole = reference(item_id, "all", shares, n=600)
    return QuestionDistribution(question, np.array(counts, dtype=float), statuses, whole)


def by_group(item_id, **shares):
    """Groups with 100 people each; a keyword's value is the share of option 2, the rest is option 1."""
    return {
        (item_id, name): reference(item_id, name, (1 - share, share, 0, 0)) for name, share in shares.items()
    }


TWO_GROUPS = by_group("t.a", male=0.2, female=0.3) | {
    ("t.a", age): reference("t.a", age, (1 - share, share, 0, 0))
    for age, share in zip(("<=29", "30-49", ">=50"), (0.4, 0.4, 0.1), strict=True)
}


def test_a_mismatch_is_filed_under_the_group_with_the_most_people_who_chose_it():
    # The panel says 2, people say 1. Option 2 was chosen by 20 men, 30 women; 40, 40 and 10 by age.
    found = published_bias([counted("t.a", (5, 15, 0, 0), (0.75, 0.25, 0, 0), "PDI")], TWO_GROUPS)
    assert found.items.to_dict("records") == [
        {"item_id": "t.a", "wording": 0, "dimension": "PDI", "match": 0.0, "sex": "female", "age": "29-30"}
    ]
    assert found.mismatches.sum() == 1
    assert found.mismatches[1, AGE_PROFILES.index("29-30"), found.dimensions.index("PDI")] == 1
    assert found.rates() == {"PDI": 0.0, "all": 0.0}


def test_the_published_code_can_be_followed_in_its_defects():
    groups = TWO_GROUPS | {("t.a", ">=50"): reference("t.a", ">=50", (0.1, 0.9, 0, 0))}
    items = [counted("t.a", (5, 15, 0, 0), (0.75, 0.25, 0, 0))]
    assert published_bias(items, groups).items["age"].item() == "50+"
    assert published_bias(items, groups, name_age=age_profile_of_code).items["age"].item() == "T"


def test_items_without_groups_have_a_match_and_no_profile():
    found = published_bias([counted("t.a", (5, 15, 0, 0), (0.75, 0.25, 0, 0))], {})
    assert found.items["match"].item() == 0
    assert (found.items[["sex", "age"]] == "").all(axis=None)
    assert found.mismatches.sum() == 0
    groups = sound_bias([counted("t.a", (5, 15, 0, 0), (0.75, 0.25, 0, 0))], {}, seed=1).groups
    assert groups[["lift", "floor_lift", "difference", "gap", "expected_gap"]].isna().all(axis=None)
    assert (groups[["num_items", "num_gap_items"]] == 0).all(axis=None)


def test_items_that_nobody_answered_or_without_people_are_in_no_rate():
    right = counted("t.b", (1, 19, 0, 0), (0.2, 0.8, 0, 0))
    silent = counted("t.a", (0, 0, 0, 0), (0.75, 0.25, 0, 0))
    unknown = replace(counted("t.c", (5, 15, 0, 0), (1, 0, 0, 0)), reference=None)
    published = published_bias([right, silent, unknown], TWO_GROUPS)
    assert published.rates() == {"TDI": 1.0, "all": 1.0}
    assert published.items["item_id"].tolist() == ["t.b", "t.a"]
    found = sound_bias([right, silent, unknown], TWO_GROUPS, seed=1)
    assert found.rates() == {"TDI": 1.0, "all": 1.0}
    assert found.rates("chance") == {"TDI": 0.25, "all": 0.25}
    assert found.rates("halves")["all"] == pytest.approx(1, abs=1e-9)
    assert (found.groups["num_items"] == 0).all()  # the one item with groups was not answered


def test_nothing_at_all_has_tables_of_nothing():
    assert published_bias([], {}).rates() == {"all": pytest.approx(np.nan, nan_ok=True)}
    found = sound_bias([], {}, seed=1)
    assert found.items.empty
    assert found.groups["group"].tolist() == list(GROUPS)
    assert found.groups["gap"].isna().all()


def test_finer_age_bands_are_joined_by_their_people():
    groups = {
        ("t.a", "18-29"): reference("t.a", "18-29", (1, 0, 0, 0)),
        ("t.a", "50-64"): reference("t.a", "50-64", (0.5, 0.5, 0, 0), n=300),
        ("t.a", "65+"): reference("t.a", "65+", (0.1, 0.9, 0, 0), n=100),
    }
    old = group_reference(groups, "t.a", ">=50")
    assert (old.n, old.n_effective) == (400, None)
    assert old.shares == pytest.approx((0.4, 0.6, 0, 0))
    assert group_reference(groups, "t.a", "<=29").shares == (1, 0, 0, 0)
    assert group_reference(groups, "t.a", "30-49") is None
    assert group_reference(groups, "t.a", ">=50").n_effective is None  # no band's is known
    del groups["t.a", "65+"]
    assert group_reference(groups, "t.a", ">=50") is None  # half a group is not the group


def test_joined_bands_have_the_effective_n_of_their_mean():
    groups = {
        ("t.a", "50-64"): reference("t.a", "50-64", (1, 0, 0, 0), n=300, n_effective=100.0),
        ("t.a", "65+"): reference("t.a", "65+", (1, 0, 0, 0), n=100, n_effective=80.0),
    }
    # Variance of the mean: (3/4)^2 / 100 + (1/4)^2 / 80 = .00640625.
    assert group_reference(groups, "t.a", ">=50").n_effective == pytest.approx(156.0976, abs=1e-4)
    clustered = replace(groups["t.a", "65+"], design_effect=2.5)  # 100 people are worth 40
    joined = group_reference(groups | {("t.a", "65+"): clustered}, "t.a", ">=50")
    assert joined.n_effective == pytest.approx(1 / (0.75**2 / 100 + 0.25**2 / 40))
    groups["t.a", "65+"] = reference("t.a", "65+", (1, 0, 0, 0), n=100)
    assert group_reference(groups, "t.a", ">=50").n_effective is None


def test_joined_bands_have_kishs_n_of_all_their_people_where_weights_are_shared_out_as_n():
    rng = np.random.default_rng(6)
    weights = [rng.gamma(2, size=n) for n in (300, 100)]
    weights = [w / w.mean() for w in weights]  # so that a band's sum of weights is its n
    everyone = np.concatenate(weights)
    kish = [w.sum() ** 2 / (w**2).sum() for w in (*weights, everyone)]
    groups = {
        ("t.a", band): reference("t.a", band, (1, 0, 0, 0), n=w.size, n_effective=of_band)
        for band, w, of_band in zip(("50-64", "65+"), weights, kish, strict=False)
    }
    assert group_reference(groups, "t.a", ">=50").n_effective == pytest.approx(kish[2])


def planted(group, num_items=80):
    """A panel that answers like one of six groups, and the groups' shares."""
    distributions, groups = [], {}
    cells = GROUPS[5:]
    for index in range(num_items):
        item_id, draws = f"t.q{index}", keyed_rng(8, index)
        centre = draws.dirichlet(np.full(4, 3.0))
        shares = centre * np.exp(draws.normal(0, 0.35, size=(6, 4)))
        shares /= shares.sum(axis=1, keepdims=True)
        groups |= {
            (item_id, cell): reference(item_id, cell, row) for cell, row in zip(cells, shares, strict=True)
        }
        panel = draws.multinomial(50, shares[cells.index(group)])
        distributions.append(counted(item_id, panel, shares.mean(axis=0)))
    return distributions, groups


@pytest.mark.parametrize("group", ["female|<=29", "male|>=50"])
def test_a_panel_that_answers_like_a_group_leans_to_it_and_is_nearest_to_it(group):
    found = sound_bias(*planted(group), seed=1, num_draws=50).groups.set_index("group")
    assert found["difference"].idxmax() == group
    assert (found["lift"] / found["floor_lift"]).idxmax() == group
    assert (found["gap"] - found["expected_gap"]).idxmin() == group
    assert found.loc[group, "gap"] < 0


def test_people_parted_at_random_have_the_expected_gap_and_not_that_of_strangers():
    # Half of everyone is on both sides, so it is nearer to everyone than as many other people would be:
    # half the variance, and so half the gap. Taken over both halves, in which nothing else is left.
    draws, distributions, groups = np.random.default_rng(4), [], {}
    for index in range(150):
        item_id, shares = f"t.q{index}", draws.dirichlet(np.full(4, 3.0))
        halves = draws.multinomial(300, shares, size=2)
        groups |= {
            (item_id, sex): reference(item_id, sex, half / 300, n=300)
            for sex, half in zip(("male", "female"), halves, strict=True)
        }
        panel = draws.multinomial(20, (0.4, 0.3, 0.2, 0.1))
        distributions.append(counted(item_id, panel, halves.sum(axis=0) / 600))
    found = sound_bias(distributions, groups, seed=1).groups.set_index("group").loc[["male", "female"]]
    assert found["gap"].mean() == pytest.approx(found["expected_gap"].mean(), rel=0.2)


def test_the_order_and_number_of_items_change_no_draw():
    distributions, groups = planted("male|30-49", num_items=6)
    whole = sound_bias(distributions, groups, seed=1, num_draws=50).items.set_index("item_id")
    part = sound_bias(distributions[:1:-1], groups, seed=1, num_draws=50).items.set_index("item_id")
    assert part.equals(whole.loc[part.index])


# --- lean of all answers ---


def panel_of(group, num_respondents, groups, distributions):
    """Answers of respondents who answer like a group, none alike in common habits."""
    draws = keyed_rng(9, group)
    columns = [
        draws.choice(4, p=groups[one.question.item_id, group].shares, size=num_respondents)
        for one in distributions
    ]
    return PanelAnswers.from_choices(np.array(columns).T, [4] * len(columns))


@pytest.mark.parametrize("group", ["female|<=29", "male|>=50"])
def test_a_panel_that_answers_like_a_group_leans_to_it_by_more_than_chance(group):
    distributions, groups = planted(group)
    found = group_leans(distributions, panel_of(group, 50, groups, distributions), groups, None).set_index(
        "group"
    )
    assert found["lean"].idxmax() == group
    assert found.loc[group, "p_adjusted"] < 0.05
    assert found.loc[group, "low"] > 0
    assert (found.loc[["male", "<=29"], "num_items"] == 0).all()  # these have no figures
    assert found.loc["male", "reason"] == "No answered item has figures for the group."


def test_items_without_people_are_in_no_lean_and_probabilities_have_none():
    distributions, groups = planted("male|<=29", num_items=12)
    answers = panel_of("male|<=29", 30, groups, distributions)
    without = [replace(one, reference=None) if index < 2 else one for index, one in enumerate(distributions)]
    assert group_leans(without, answers, groups, None)["num_items"].max() == 10
    nobody = group_leans(distributions, None, groups, None)
    assert nobody["lean"].isna().all()
    assert set(nobody["reason"]) == {NO_RESPONDENTS}
