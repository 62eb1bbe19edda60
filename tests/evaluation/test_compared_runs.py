"""Which runs may stand in one table, and how they are ranked there."""

import math

import pandas as pd
import pytest
from some_runs import SETTINGS, run, scores

from def_sim.evaluation.compared_maps import sharing_a_map
from def_sim.evaluation.compared_runs import group_runs, without_copies
from def_sim.evaluation.comparison_table import comparison_table, metrics_compared


def macro(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["scope"] == "macro"].set_index("model")


def test_runs_that_differ_in_model_and_seed_only_are_one_group():
    [group] = group_runs([run("b"), run("a", seed=2), run("a")])
    assert [(one.model, one.seed) for one in group.runs] == [("a", 1), ("a", 2), ("b", 1)]
    assert group.differs == {}


def test_of_folders_with_the_same_run_the_one_with_most_answers_counts():
    half = run("a", folder="a/backup", num_done=30)
    whole, copy = run("a", folder="outputs/a"), run("a", folder="z/copy")
    kept, left_out = without_copies([half, run("b"), copy, whole])
    assert [one.folder for one in kept] == ["outputs/b", "outputs/a"]
    assert [(one.folder, one.why) for one in left_out] == [
        (folder, "It is the same run as outputs/a, a copy say, and counts once.")
        for folder in ("a/backup", "z/copy")
    ]


def test_the_same_run_with_other_figures_of_people_or_another_plan_is_no_copy():
    others = [run("a", folder=name, settings={**SETTINGS, name: "other"}) for name in SETTINGS]
    runs = [run("a"), *others, run("a", folder="seed", run_hash="of another seed")]
    assert without_copies(runs) == (runs, [])


def test_the_title_of_a_group_says_no_hash_where_words_tell_it_apart():
    other = {"prompts": "c145c52d9a9abbef", "survey.frame_language": "zh"}
    plain = {**SETTINGS, "prompts": "73cca53ea1a55482", "survey.frame_language": "en"}
    titles = [one.title for one in group_runs([run("a", settings=plain), run("b", settings=plain | other)])]
    assert sorted(title.rpartition(", ")[2] for title in titles) == ["frame_language en", "frame_language zh"]


@pytest.mark.parametrize("name", ["survey.questions", "respondents", "scored_with.reference"])
def test_one_other_setting_makes_a_group_of_its_own(name):
    other = run("c", settings={**SETTINGS, name: "other"})
    groups = group_runs([other, run("a"), run("b")])
    assert [[one.model for one in group.runs] for group in groups] == [["a", "b"], ["c"]]


def test_groups_of_one_name_are_told_apart_by_what_differs():
    switched = run("c", settings={**SETTINGS, "protocol.modifications.memory": "false"})
    first, second = group_runs([run("a"), run("b"), switched])
    assert (
        second.title == "survey us, the United States, diversity_enhanced, paper, 20 respondents, memory off"
    )
    assert first.title.endswith("memory nothing")
    assert second.differs == {"protocol.modifications.memory": "false"}


def test_groups_say_settings_in_the_words_of_arms():
    name = "protocol.modifications.configuration"
    groups = group_runs([run("a", settings=SETTINGS | {name: value}) for value in ("true", "false")])
    ends = sorted(group.title.rpartition(", ")[2] for group in groups)
    assert ends == ["varied decoding off", "varied decoding on"]


def test_maps_of_one_name_are_told_apart_by_what_differs():
    switched = run("c", settings={**SETTINGS, "protocol.modifications.memory": "false"})
    other_survey = run("d", settings={**SETTINGS, "survey.name": "cn"})
    maps = sharing_a_map(group_runs([run("a"), run("b"), switched, other_survey]))
    assert [len(one.runs) for one in maps] == [3, 1]
    assert maps[0].title.endswith("memory nothing")
    assert maps[1].title == "diversity_enhanced, paper, 20 respondents, memory off"


@pytest.mark.parametrize(
    ("present", "expected"),
    [((20, 20), "20 respondents"), ((7, 7), "7 of 20 respondents"), ((20, 3), "3 to 20 of 20 respondents")],
)
def test_the_title_of_a_group_tells_the_respondents_who_are_there(present, expected):
    [group] = group_runs([run("a", num_present=present[0]), run("b", num_present=present[1])])
    assert group.title == f"survey us, the United States, diversity_enhanced, paper, {expected}"
    table = comparison_table([group])
    assert set(table["num_present"]) == set(present)
    assert set(table["num_respondents"]) == {20}


def test_equal_values_share_the_better_rank_and_say_so():
    # As printed: .100, .200, .200, .300. The second and third are one place, the next is the fourth.
    values = {"a": 0.3, "b": 0.2004, "c": 0.1, "d": 0.1996}
    table = macro(comparison_table(group_runs([run(name, value) for name, value in values.items()])))
    assert table["rank"].to_dict() == {"a": 4, "b": 2, "c": 1, "d": 2}
    assert table["is_tied"].to_dict() == {"a": False, "b": True, "c": False, "d": True}
    assert set(table["num_ranked"]) == {4}


def test_ranks_do_not_reach_beyond_the_group():
    apart = [run(name, value, settings={"respondents": "40"}) for name, value in (("x", 0.01), ("y", 0.02))]
    table = macro(comparison_table(group_runs([run("a", 0.3), run("b", 0.2), *apart])))
    assert table["rank"].to_dict() == {"a": 2, "b": 1, "x": 1, "y": 2}


def test_an_unfinished_run_and_an_undefined_value_have_no_rank():
    runs = [run("a", 0.1, num_done=59), run("b", math.nan), run("c", 0.3)]
    table = macro(comparison_table(group_runs(runs)))
    assert table["rank"].isna().to_dict() == {"a": True, "b": True, "c": False}
    assert table.loc["c", "rank"] == 1
    assert table.loc["a", "share_done"] == pytest.approx(59 / 60)
    assert not table["is_tied"].any()


def test_the_variety_of_answers_is_not_ranked():
    varied = [run(name, scores=scores(0.9, metric="entropy_ratio")) for name in "ab"]
    table = comparison_table(group_runs(varied))
    assert table["rank"].isna().all()
    assert metrics_compared(table) == ["entropy_ratio"]


def test_each_topic_group_has_ranks_of_its_own():
    runs = [run("a", scores=scores(0.1, 0.9)), run("b", scores=scores(0.2, 0.8))]
    table = comparison_table(group_runs(runs)).set_index(["scope", "model"])["rank"]
    assert table.to_dict() == {
        ("macro", "a"): 1, ("dimension", "a"): 2, ("macro", "b"): 2, ("dimension", "b"): 1
    }  # fmt: skip


def test_intervals_are_handed_on_where_a_run_has_them_and_are_missing_elsewhere():
    known = scores(0.1, interval_low=0.08, interval_high=0.13)
    table = macro(comparison_table(group_runs([run("a", scores=known), run("b")])))
    assert table.loc["a", ["interval_low", "interval_high"]].tolist() == [0.08, 0.13]
    assert table.loc["b", ["interval_low", "interval_high"]].isna().all()


def test_single_items_are_not_in_the_table():
    item = scores(0.7).assign(scope="item", item_id="wvs7.Q1")
    table = comparison_table(group_runs([run("a", scores=pd.concat([scores(0.1), item]))]))
    assert table["scope"].tolist() == ["macro"]
