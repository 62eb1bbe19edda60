"""Arms of one comparison: who belongs together, what each is called, and which is the baseline."""

import math
from dataclasses import replace

import pytest
from some_runs import SETTINGS, run, scores
from test_paired_runs import a_run

from def_sim.errors import ConfigError
from def_sim.evaluation.arm_scores import NOT_READ, OTHER_ITEMS, arms_table
from def_sim.evaluation.arms import choose_baseline, group_arms, name_arms
from def_sim.evaluation.compared_runs import ComparedRun, group_runs
from def_sim.evaluation.comparison_table import comparison_table
from def_sim.evaluation.seed_spread import seeds_table

FULL = SETTINGS | {
    "survey.name": "us",
    "survey.population": "USA",
    "survey.language": "en",
    "survey.frame_language": "en",
    "survey.questions": "a" * 16,
    "prompts": "0123456789abcdef",
    "protocol.modifications.memory": "true",
    "protocol.presentation.option_order": "shuffled",
    "protocol.decoding.temperature": "1.0",
}
MEMORY, ORDER = "protocol.modifications.memory", "protocol.presentation.option_order"


def arm(name: str, changes: dict[str, str] | None = None, **more: object) -> ComparedRun:
    """A run of one model; its folder and hash are told by the name."""
    made = run("m", folder=f"outputs/{name}", run_hash=name, settings=FULL | (changes or {}))
    return replace(made, **more)


def titles(*runs: ComparedRun) -> list[str]:
    return [one.title for one in name_arms(runs)]


def test_an_arm_is_called_by_the_settings_in_which_it_differs_and_by_no_other():
    found = titles(arm("a"), arm("b", {MEMORY: "false"}), arm("c", {MEMORY: "false", ORDER: "code_order"}))
    assert found == [
        "memory off, option order code order",
        "memory off, option order shuffled",
        "memory on, option order shuffled",
    ]


def test_what_a_protocol_sets_alike_wherever_it_is_used_is_said_by_its_name():
    sound = {ORDER: "balanced", "protocol.decoding.temperature": "0.9"}
    found = titles(arm("a"), arm("b", {MEMORY: "false"}), arm("c", sound, protocol="sound"))
    # Memory differs among runs of the protocol "paper", order and temperature between protocols only.
    assert found == ["protocol paper, memory off", "protocol paper, memory on", "protocol sound, memory on"]


def test_a_hash_or_name_that_follows_from_a_language_is_not_said():
    chinese = {"survey.language": "zh", "survey.questions": "f" * 16, "survey.country": "中国"}
    assert titles(arm("a"), arm("b", chinese)) == ["questions in Chinese", "questions in English"]


def test_two_runs_whose_texts_alone_were_changed_are_no_arms_and_the_reason_is_a_sentence():
    other = {"prompts": "e" * 16}
    with pytest.raises(ConfigError, match=r"outputs/a and outputs/b differ in no setting that has a name"):
        name_arms([arm("a"), arm("b", other)])
    groups, problems = group_arms([arm("a"), arm("b", other)])
    assert groups == []
    assert problems[0].endswith("Leave one of the two out of runs=.")


@pytest.mark.parametrize(
    "more",
    [{"seed": 2}, {"items": ("x.Q1",)}, {"model": "other"}, {"model_settings": {"dtype": "float16"}}],
)
def test_runs_of_another_model_seed_or_items_are_no_arms(more):
    groups, _ = group_arms([arm("a"), arm("b", {MEMORY: "false"}, **more)])
    assert groups == []


def test_runs_of_other_people_or_another_number_of_respondents_are_no_arms():
    for name, value in (("survey.population", "CHN"), ("respondents", "40"), ("scored_with.reference", "h2")):
        assert group_arms([arm("a"), arm("b", {MEMORY: "false", name: value})])[0] == []


def test_runs_in_one_wording_each_are_arms_and_one_in_all_wordings_is_none():
    wordings = "survey.wordings"
    runs = [arm(f"w{given}", {wordings: given}) for given in ("base", "1", "all")]
    [group], _ = group_arms(runs)
    assert [one.title for one in group.arms] == ["wording 1", "wording base"]


def test_a_copy_of_a_run_is_the_same_arm():
    copy = replace(arm("a"), folder="outputs/copy of a")
    [group], problems = group_arms([arm("a"), copy, arm("b", {MEMORY: "false"})])
    assert len(group.arms) == 2
    assert problems == []


def test_the_baseline_is_the_arm_that_most_others_differ_from_by_one_setting():
    full = arm("full")
    without_memory = arm("no memory", {MEMORY: "false"})
    in_order = arm("in order", {ORDER: "code_order"})
    warm = arm("warm", {"protocol.decoding.temperature": "2.0"})
    # From the full one three differ by one setting; from each other arm one does, the others by two.
    [group], _ = group_arms([without_memory, in_order, warm, full])
    assert group.baseline.run is full
    assert [one.num_differing(group.baseline) for one in group.arms if one.run is not full] == [1, 1, 1]


def test_of_several_arms_that_could_be_the_baseline_the_first_by_title_is():
    arms = name_arms([arm("a"), arm("b", {MEMORY: "false"})])
    assert choose_baseline(arms).title == "memory off"


@pytest.mark.parametrize("wanted", ["memory on", "a", "outputs/a"])
def test_a_baseline_is_named_by_title_or_by_folder(wanted):
    [group], _ = group_arms([arm("a"), arm("b", {MEMORY: "false"})], baseline=wanted)
    assert group.baseline.title == "memory on"


def test_a_baseline_that_is_no_arm_is_an_error_that_names_the_arms():
    with pytest.raises(ConfigError, match=r"Arms found: memory off; memory on\."):
        group_arms([arm("a"), arm("b", {MEMORY: "false"})], baseline="memory")


def test_a_model_without_the_baseline_that_is_asked_for_is_named_with_the_one_it_has():
    here = [arm("a"), arm("b", {MEMORY: "false"})]
    there = [
        replace(arm(name, change), model="o", model_label="Model o")
        for name, change in (("c", {ORDER: "code_order"}), ("d", {}))
    ]
    groups, [problem] = group_arms([*here, *there], baseline="memory off")
    assert [group.baseline.title for group in groups] == ["memory off", "option order code order"]
    assert problem.startswith("baseline=memory off: no arm of Model o, survey us, ")
    assert "they are compared with 'option order code order'. Its arms: option order" in problem
    assert group_arms(here, baseline="memory off")[1] == []


def test_an_arm_is_compared_with_the_baseline_as_arm_minus_baseline():
    [group], _ = group_arms([arm("near"), arm("far", {MEMORY: "false"})], baseline="near")
    found = {"outputs/near": a_run("near"), "outputs/far": a_run("far", wrong=0.5)}
    table = arms_table([group], found).set_index("arm")
    near, far = (found[f"outputs/{name}"].draws.values.mean() for name in ("near", "far"))
    # As many items in both topic groups, so the mean of group means is that of all items.
    assert table.loc["memory off", "difference"] == pytest.approx(far - near)
    assert 0 < table.loc["memory off", "low"] < far - near < table.loc["memory off", "high"]
    assert table.loc["memory on", "is_baseline"]
    assert math.isnan(table.loc["memory on", "difference"])


def test_p_is_adjusted_for_the_arms_that_were_compared():
    runs = [arm("near"), arm("far", {MEMORY: "false"}), arm("alike", {ORDER: "code_order"})]
    [group], _ = group_arms(runs, baseline="near")
    found = {f"outputs/{name}": a_run(name, wrong=0.1 * (name == "far")) for name in ("near", "far", "alike")}
    table = arms_table([group], found)
    p_values = table["p_value"].dropna().sort_values()
    # Holm over two: the smaller counts twice, the larger once but is no smaller than that.
    smaller = min(2 * p_values.iloc[0], 1)
    expected = [smaller, max(p_values.iloc[1], smaller)]
    assert sorted(table["p_adjusted"].dropna()) == pytest.approx(sorted(expected))


def test_an_unfinished_arm_and_one_of_other_items_have_a_reason_instead_of_a_difference():
    runs = [arm("full"), arm("open", {MEMORY: "false"}), arm("other", {ORDER: "code_order"})]
    [group], _ = group_arms(runs, baseline="full")
    found = {"outputs/full": a_run("full"), "outputs/other": a_run("other", num_items=39)}
    table = arms_table([group], found).set_index("folder")
    assert table.loc["outputs/open", "reason"] == NOT_READ
    assert table.loc["outputs/other", "reason"] == OTHER_ITEMS
    assert table["difference"].isna().all()


def test_seeds_of_one_model_have_a_mean_and_a_range_and_no_rank():
    values = (0.1, 0.4, 0.2)
    runs = [arm(f"s{seed}", seed=seed, scores=scores(value)) for seed, value in enumerate(values)]
    groups = group_runs(runs)
    [row] = seeds_table(groups).query("metric == 'js_divergence'").to_dict("records")
    assert (row["seeds"], row["num_seeds"]) == ("0 1 2", 3)
    assert row["mean"] == pytest.approx(0.7 / 3)
    assert (row["min"], row["max"]) == (0.1, 0.4)
    assert comparison_table(groups)["rank"].isna().all()


def test_a_seed_that_is_not_finished_is_not_in_the_spread():
    runs = [arm("s1", seed=1), arm("s2", seed=2, num_done=30)]
    assert seeds_table(group_runs(runs)).empty


def test_of_several_such_arms_the_baseline_is_the_one_in_the_middle_of_all():
    """Two arms are one setting from each other; the third is nearer to the plain one of them."""
    plain, near = arm("plain"), arm("near", {MEMORY: "false"})
    far = arm("far", {ORDER: "listed", "protocol.decoding.temperature": "0.7"})
    [group], _ = group_arms([near, far, plain])
    assert [one.run.folder for one in group.arms] == ["outputs/far", "outputs/near", "outputs/plain"]
    assert group.baseline.run is plain


def test_whose_citizens_an_arm_asks_for_is_said_also_where_they_are_the_populations():
    persona = "survey.persona_country"
    arms = (arm("own"), arm("other", {persona: "CHN"}), arm("nobody", {persona: "none"}))
    assert sorted(titles(*arms)) == ["citizens of CHN", "citizens of USA", "citizens of no country"]
