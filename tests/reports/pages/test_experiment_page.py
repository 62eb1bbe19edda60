"""The page of an experiment opens with its question and the answer, and says which arms are not there."""

import pandas as pd
import pytest
from some_runs import SETTINGS, run

from def_sim.evaluation.arm_scores import arms_table
from def_sim.evaluation.arms import ComparedExperiment, group_arms
from def_sim.evaluation.compared_runs import ComparedRun, group_runs
from def_sim.evaluation.comparison_table import comparison_table
from def_sim.evaluation.effect_answers import EffectAnswer
from def_sim.evaluation.seed_spread import seeds_table
from def_sim.reports.pages.comparison_arms import arm_parts, experiment_part
from def_sim.reports.pages.comparison_page import render_comparison

EVIL = "<script>alert(1)</script>"
MEMORY = "protocol.modifications.memory"
NO_SEEDS = seeds_table([])


def arm(memory: str, **more: object) -> ComparedRun:
    settings = SETTINGS | {MEMORY: memory}
    return run("m", folder=f"outputs/{memory}", run_hash=memory, settings=settings, **more)


def page(*runs: ComparedRun, factorial: pd.DataFrame | None = None, **more: object) -> str:
    groups = group_runs(runs)
    arms, _ = group_arms(runs, baselines=("outputs/false",))
    experiment = ComparedExperiment(
        "memory", f"Does memory help {EVIL}?", ("outputs/false",), {EVIL: "not held yet"}
    )
    parts = arm_parts(arms, arms_table(arms, {}), effects=factorial)
    return render_comparison(
        groups,
        comparison_table(groups),
        [],
        code_version="0.1",
        arms=parts,
        experiment=experiment_part(experiment, parts, seeds_table(groups)),
        **more,
    )


def test_the_question_is_the_title_and_the_answer_stands_before_everything_else() -> None:
    html = page(arm("true"), arm("false"))
    question, answer = html.index("<h1><bdi>Does memory help"), html.index("No arm has a verdict")
    assert question < answer < html.index('<section id="arms-1"') < html.index('<section id="groups"')
    assert html.count('<section id="arms-1"') == 1


def test_arms_that_are_not_there_are_named_and_nothing_of_them_is_executed() -> None:
    html = page(arm("true"), arm("false"))
    assert "Not all arms are there." in html
    assert EVIL not in html
    assert html.count("&lt;script&gt;alert(1)") >= 2


def test_an_unfinished_arm_is_shown_with_the_share_that_is_done_and_has_no_verdict() -> None:
    html = page(arm("true", num_done=15), arm("false"))
    assert "memory on</bdi>: 25 % of its answers" in html
    assert "No verdict: not finished" in html


def test_a_factorial_answers_by_its_effects() -> None:
    numbers = {"value": -0.02, "low": -0.03, "high": -0.01, "p_value": 0.001, "p_adjusted": 0.004}
    equal = {"at_equal_entropy": -0.01, "at_equal_low": -0.02, "at_equal_high": -0.001}
    row = {"group": 1, "metric": "js_divergence", "effect": "memory", **numbers, **equal, "reason": ""}
    html = page(arm("true"), arm("false"), factorial=pd.DataFrame([row]))
    lowers = "Lowers the distance to people by 0.020 (0.010 to 0.030)"
    told = f"{lowers}; where both are equally varied, 0.010 (0.001 to 0.020) is left"
    assert html.index(told) < html.index('<section id="arms-1"')
    assert html.count(told) == 2  # in the answer and in the table
    assert "No verdict" not in html[: html.index('<section id="arms-1"')]


@pytest.mark.parametrize("num_seeds", [2, 5])
def test_seeds_alone_answer_by_their_spread(num_seeds: int) -> None:
    html = page(*(run("m", 0.1 + seed / 100, seed=seed, folder=f"s{seed}") for seed in range(num_seeds)))
    assert f"Over {num_seeds} seeds the score is" in html


def test_other_comparisons_have_no_question() -> None:
    groups = group_runs([arm("true")])
    assert experiment_part(None, [], NO_SEEDS) is None
    html = render_comparison(groups, comparison_table(groups), [], code_version="0.1")
    assert "<h1>1 run compared</h1>" in html


EFFECTS = [
    EffectAnswer("curve.csv", "Number of respondents", (f"From 50 respondents on {EVIL}.",), is_answer=True),
    EffectAnswer("shares_moved.csv", "Answers moved", ("Arms 1: nothing moves.",), is_answer=False),
]


def test_the_page_has_a_section_of_effects_with_their_files_and_nothing_of_them_is_executed() -> None:
    html = page(arm("true"), arm("false"), effects=EFFECTS)
    section = html[html.index('<section id="effects"') :]
    assert section.index("<code>curve.csv</code>") < section.index("<code>shares_moved.csv</code>")
    assert "Arms 1: nothing moves." in section
    assert EVIL not in html
    assert '<a href="#effects">Effects</a>' in html


def test_a_comparison_without_effects_has_no_such_section() -> None:
    assert "#effects" not in page(arm("true"), arm("false"))


def test_what_answers_an_experiment_stands_in_its_first_lines() -> None:
    experiment = ComparedExperiment("curve", "How many?", (), {})
    part = experiment_part(experiment, [], NO_SEEDS, EFFECTS)
    assert part is not None
    assert [one.title for one in part.answers] == ["Number of respondents"]


def test_several_sentences_of_one_table_are_a_list_of_equals() -> None:
    several = [EffectAnswer("withheld.csv", "Answers withheld", ("Both.", "None."), is_answer=True)]
    part = experiment_part(ComparedExperiment("offer", "Who?", (), {}), [], NO_SEEDS, several)
    assert part is not None
    [answer] = part.answers
    assert (answer.sentence, answer.details) == ("", (("", "Both."), ("", "None.")))
