"""Arms under every metric and in diversity: values by hand, differences in pairs, one replacement for all."""

import math

import numpy as np
import pytest
from test_arms import arm
from test_paired_runs import NUM_OPTIONS, NUM_RESPONDENTS, PEOPLE, _distribution

from def_sim.evaluation.arm_differences import (
    KL_ONE_REPLACEMENT,
    TOO_FEW_RESPONDENTS,
    differences,
    penalty_of,
)
from def_sim.evaluation.arm_diversity import NO_NONE, diversity_table
from def_sim.evaluation.arm_panels import (
    CHOICES,
    METRICS,
    SETTINGS,
    TEXTS,
    VARIETY,
    ArmPanel,
    DiversityLevel,
    RawDivergence,
    distinct_choices,
    distinct_texts,
    raw_divergence,
)
from def_sim.evaluation.arm_scores import arms_table
from def_sim.evaluation.arms import group_arms
from def_sim.evaluation.paired_runs import RunScores
from def_sim.evaluation.score_intervals import resample
from def_sim.evaluation.seed_spread import respondent_variance
from def_sim.metrics.bootstrap import ScoreDraws, draw_weights, linear_draws
from def_sim.metrics.diversity import choice_diversity, text_diversity
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.randomness import keyed_rng

NUM_ITEMS = 40
WITHOUT_MEMORY = {"protocol.modifications.memory": "false"}
TEXT_ROWS = [["a", "x"], ["b", "x"], ["a", None], ["c", "y"]]


def a_panel(name: str, *, wrong: float = 0.0, seed: int = 1, num_items: int = NUM_ITEMS) -> tuple:
    """People of whom a share gives the last option; scores to pair, and the rest of an arm."""
    draws = keyed_rng(seed, name)
    shares = (1 - wrong) * PEOPLE[:num_items] + wrong * np.eye(NUM_OPTIONS)[-1]
    choices = np.array([draws.choice(NUM_OPTIONS, size=NUM_RESPONDENTS, p=row) for row in shares]).T
    prompts = [_distribution(index, column) for index, column in enumerate(choices.T)]
    answers = PanelAnswers.from_choices(choices, [NUM_OPTIONS] * num_items)
    resampled = resample(prompts, answers, seed=seed, num_draws=200)
    weights = draw_weights(NUM_RESPONDENTS, keyed_rng(seed, "weights"), 200)
    of_choices = linear_draws(*distinct_choices(choices, [NUM_OPTIONS] * num_items), weights)
    level = DiversityLevel("everything", 30, 60, 0.5, 0.7, 0.9, 1.0, 0.95, num_items, "")
    panel = ArmPanel(
        name,
        seed,
        resampled.draws_by_metric([*METRICS, VARIETY]),
        raw_divergence(resampled),
        resampled.items,
        resampled.dimensions,
        {TEXTS: of_choices, CHOICES: of_choices},
        [level] * len(SETTINGS),
        resampled.answered,
    )
    return RunScores.of(name, resampled), panel


def test_the_mean_over_questions_is_the_published_diversity_of_texts():
    values, left_out = distinct_texts(TEXT_ROWS)
    # First question a, b, a, c: 2 beyond the first of 3; second x, x, y: 1 of 2. Together 3 of 5.
    assert values.mean() == pytest.approx(3 / 5) == pytest.approx(text_diversity(TEXT_ROWS))
    without_first = [row for index, row in enumerate(TEXT_ROWS) if index != 0]
    assert left_out[0].mean() == pytest.approx(text_diversity(without_first))
    assert left_out[3].mean() == pytest.approx(text_diversity(TEXT_ROWS[:3]))


def test_the_mean_over_questions_is_the_diversity_of_choices_with_every_respondent_left_out():
    choices = np.array([[0, 1], [2, 1], [0, -1], [1, 0], [2, 3]])
    values, left_out = distinct_choices(choices, [3, 4])
    assert values.mean() == pytest.approx(choice_diversity(choices, [3, 4]))
    for index in range(5):
        rest = np.delete(choices, index, axis=0)
        assert left_out[index].mean() == pytest.approx(choice_diversity(rest, [3, 4]))


def test_a_question_with_one_answer_has_no_diversity():
    values, _ = distinct_texts([["a", "x"], ["b", None], ["c", None]])
    assert values[0] == 1
    assert math.isnan(values[1])


def test_of_two_respondents_diversity_says_that_they_are_too_few():
    _, panel = a_panel("two", num_items=4)
    nothing = ScoreDraws(np.full(4, np.nan), np.zeros((1, 4)), np.zeros((2, 4)))
    two = ArmPanel(**{**_fields(panel), "diversity": {TEXTS: nothing, CHOICES: nothing}})
    found = [one for one in differences(two, two, 1.0) if one.metric in (TEXTS, CHOICES)]
    assert [one.interval.why_absent for one in found] == [TOO_FEW_RESPONDENTS] * 2


def test_infinite_items_get_one_replacement_in_all_arms():
    raw = RawDivergence(np.array([0.2, np.inf, np.nan]), np.array([[np.inf, 0.3, np.nan]]), np.ones((2, 3)))
    other = RawDivergence(np.array([0.9, 0.1, np.nan]), np.zeros((1, 3)), np.zeros((2, 3)))
    _, panel = a_panel("any", num_items=4)
    panels = [ArmPanel(**{**_fields(panel), "raw": one}) for one in (raw, other)]
    assert penalty_of(panels) == pytest.approx(1.9)  # the largest finite value of any arm, .9, plus 1
    found = raw.replaced(1.9)
    assert found.values[:2].tolist() == [0.2, 1.9]
    assert math.isnan(found.values[2])
    assert found.draws[0, :2].tolist() == [1.9, 0.3]


def _fields(panel: ArmPanel) -> dict:
    return {name: getattr(panel, name) for name in ArmPanel.__dataclass_fields__}


def test_every_metric_has_a_difference_of_topic_groups_of_items_and_of_each_group():
    (_, near), (_, far) = a_panel("near"), a_panel("far", wrong=0.4)
    found = {
        (one.metric, one.scope, one.dimension): one for one in differences(far, near, penalty_of([near, far]))
    }
    assert ("js_divergence", "macro", "") not in found  # that one is tested, elsewhere
    for metric in (*METRICS, KL_ONE_REPLACEMENT):
        one = found[metric, "micro", ""]
        assert one.interval.estimate == pytest.approx(one.value - one.baseline_value)
        assert one.interval.low > 0, metric  # far is farther under every metric
    groups = {one.dimension for one in found.values() if one.scope == "dimension"}
    assert groups == {"EVI", "TDI"}
    assert found["choice_diversity", "micro", ""].people == 0.9
    assert found["entropy_ratio", "micro", ""].people == 0.95


def test_the_table_has_the_tested_row_first_and_a_sentence_for_variety():
    [group], _ = group_arms([arm("near"), arm("far", WITHOUT_MEMORY)], baseline="near")
    made = {f"outputs/{name}": a_panel(name, wrong=0.4 * (name == "far")) for name in ("near", "far")}
    scores, panels = ({folder: one[part] for folder, one in made.items()} for part in (0, 1))
    table = arms_table([group], scores, panels)
    tested = table[table["verdict"] != ""]
    assert set(tested["metric"]) == {"js_divergence"}
    assert len(tested) == 2
    [far] = tested[~tested["is_baseline"]].to_dict("records")
    assert far["verdict"] == "farther_than_variety"
    assert far["sentence"].startswith("Farther from people than the baseline by ")
    assert far["settings"] == "memory: off (on)"
    assert far["entropy_arm"] < far["entropy_baseline"] < far["entropy_people"] * 1.05
    told = table[(table["sentence"] != "") & (table["verdict"] == "")]
    assert set(told["metric"]) == {VARIETY, TEXTS, CHOICES}
    # Only the tested score has a p-value.
    assert table.loc[table["verdict"] == "", "p_value"].isna().all()


def test_an_arm_that_is_more_varied_alone_is_said_to_be_so_with_the_baseline_made_as_varied():
    [group], _ = group_arms([arm("wrong"), arm("flat", WITHOUT_MEMORY)], baseline="wrong")
    even = np.full(NUM_OPTIONS, 1 / NUM_OPTIONS)
    last = np.eye(NUM_OPTIONS)[-1]
    scores = {
        "outputs/wrong": _scores("wrong", 0.3 * PEOPLE + 0.7 * last),
        "outputs/flat": _scores("flat", 0.5 * (0.3 * PEOPLE + 0.7 * last) + 0.5 * even),
    }
    [row] = arms_table([group], scores).query("not is_baseline").to_dict("records")
    assert row["verdict"] == "closer_by_variety"
    assert row["difference"] < row["at_equal_entropy"] < -row["difference"]
    assert row["at_equal_low"] < 0 < row["at_equal_high"]
    assert row["share_explained"] > 0.5
    [turned], _ = group_arms([arm("wrong"), arm("flat", WITHOUT_MEMORY)], baseline="flat")
    [row] = arms_table([turned], scores).query("not is_baseline").to_dict("records")
    assert row["verdict"] == "farther_by_variety"
    assert ", by its less varied answers alone: where both are equally varied, " in row["sentence"]


def _scores(name: str, shares: np.ndarray, num_draws: int = 200) -> RunScores:
    draws = keyed_rng(9, name)
    choices = np.array([draws.choice(NUM_OPTIONS, size=NUM_RESPONDENTS, p=row) for row in shares]).T
    prompts = [_distribution(index, column) for index, column in enumerate(choices.T)]
    answers = PanelAnswers.from_choices(choices, [NUM_OPTIONS] * len(shares))
    return RunScores.of(name, resample(prompts, answers, seed=1, num_draws=num_draws))


# --- diversity in the settings of the study ---

OFF = {f"protocol.modifications.{name}": "false" for name in ("prompt", "configuration", "memory")}
ALL = dict.fromkeys(OFF, "true")


def _level(texts: float) -> DiversityLevel:
    return DiversityLevel("everything", 30, 60, texts, 0.5, 0.6, 0.7, 0.9, 40, "")


def test_the_three_readings_of_diversity_stand_beside_the_published_figure():
    [group], _ = group_arms([arm("none", OFF), arm("all", ALL)], baseline="none")
    _, panel = a_panel("any", num_items=4)
    panels = {
        f"outputs/{name}": ArmPanel(**{**_fields(panel), "levels": [_level(texts)] * len(SETTINGS)})
        for name, texts in (("none", 0.4), ("all", 0.7))
    }
    table = diversity_table([group], panels)
    row = table[table["folder"] == "outputs/all"].to_dict("records")[0]
    assert row["text_diversity"] == 0.7
    assert row["minus_none"] == pytest.approx(0.3)
    assert row["over_none"] == pytest.approx(0.75)
    assert row["published"] == 0.798
    assert row["reason"] == ""


def test_without_an_arm_without_modifications_there_are_no_readings_but_the_reason():
    memory = OFF | {"protocol.modifications.memory": "true"}
    [group], _ = group_arms([arm("memory", memory), arm("all", ALL)], baseline="all")
    _, panel = a_panel("any", num_items=4)
    table = diversity_table([group], {f"outputs/{name}": panel for name in ("memory", "all")})
    assert table["over_none"].isna().all()
    assert set(table["reason"]) == {NO_NONE}
    assert set(table.loc[table["folder"] == "outputs/memory", "published"]) == {0.765}


# --- seeds ---


def ratio_of_a_set(index: int, wrong: float) -> float:
    """Spread of five seeds' scores over the error that their respondents make expect."""
    shares = (1 - wrong) * PEOPLE[:20] + wrong * np.eye(NUM_OPTIONS)[-1]
    runs = [_scores(f"set {index}, seed {seed}", shares, num_draws=2) for seed in range(5)]
    errors = [respondent_variance(run.draws, run.dimensions) for run in runs]
    return float(np.std([run.draws.values.mean() for run in runs], ddof=1) / np.sqrt(np.mean(errors)))


def test_scores_of_seeds_move_as_much_as_respondents_make_them():
    """The mean of 100 sets; a panel with opinions of its own."""
    assert np.mean([ratio_of_a_set(index, 0.4) for index in range(100)]) == pytest.approx(1, abs=0.2)


def test_of_a_panel_that_is_as_near_as_people_the_expected_error_is_too_large_and_not_too_small():
    """At its floor a divergence is a square of errors, and leaving one out shows up to 1.5 times too much."""
    assert 0.5 < np.mean([ratio_of_a_set(index, 0.0) for index in range(40)]) < 0.9
