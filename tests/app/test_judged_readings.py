"""Failed answers as a judge read them: one more treatment in the report, and no other number changes."""

from pathlib import Path

import pytest
from judged_runs import CodeJudge, a_judge, judge
from scripted_runs import hold

from def_sim.app.evaluated_run import compute_sections, judged_panel
from def_sim.app.judged_readings import judged_readings
from def_sim.app.opened_runs import open_run
from def_sim.app.read_panel import arrays_of, panel_answers
from def_sim.engines.scripted import ScriptedEngine
from def_sim.errors import ConfigError
from def_sim.evaluation.nonresponse import FIELDS, JUDGED
from def_sim.records import AnswerStatus, Request
from def_sim.reports.sections.nonresponse import nonresponse_section

CLEAR = "Answer: 1\nExplanation: I think so."


def half_unread(run: object) -> ScriptedEngine:
    """Every second respondent says nothing that rules can read."""
    texts = ("I would say it matters.", CLEAR)
    return ScriptedEngine(reply=lambda request: texts[int(request.key.respondent_id[1:]) % 2])


def names_second(request: Request) -> str:
    """A judge who hears the second option in everything."""
    return '{"reasoning": "so it seems", "classification": 2}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return hold(tmp_path, "respondents=4", is_reported=False, respondent=half_unread)


def test_without_verdicts_nothing_is_added(folder: Path) -> None:
    run, _ = open_run(folder)
    answers = panel_answers(run, folder)
    assert judged_panel(run, folder, answers) is None
    found = compute_sections(run, arrays_of(run, answers))
    assert found is not None
    assert all(set(fields) == set(FIELDS) for fields in found.nonresponse.means.values())
    assert "judge" not in str(nonresponse_section(found.nonresponse).body)


@pytest.mark.slow
def test_readings_of_a_judge_are_one_more_treatment_and_change_no_other_number(folder: Path) -> None:
    run, _ = open_run(folder)
    answers = panel_answers(run, folder)
    before = compute_sections(run, arrays_of(run, answers))
    engine = a_judge(names_second)
    found = judge(folder, engine, "rubric=unread")
    unread = [answer for answer in answers if answer.status is not AnswerStatus.ANSWERED]
    assert len(unread) == len(engine.num_asked) == len(found.verdicts) == 8
    judged = judged_panel(run, folder, answers)
    after = compute_sections(run, arrays_of(run, answers), judged)
    assert before is not None
    assert after is not None
    for metric, fields in after.nonresponse.means.items():
        assert {name: fields[name] for name in FIELDS} == before.nonresponse.means[metric]
    # By hand: half the panel said 1, the judge heard the second option in the other half. Total variation is
    # half the sum of differences from people's shares; first the mean of a topic group, then that of groups.
    expected: dict[str, list[float]] = {}
    for question in run.survey.questions:
        people = run.loaded.reference.for_everyone()[question.item_id]
        panel = [0.5 * (code == 1) + 0.5 * (code == question.codes[1]) for code in people.codes]
        distance = sum(abs(p - q) for p, q in zip(panel, people.shares, strict=True)) / 2
        expected.setdefault(question.dimension, []).append(distance)
    groups = [sum(distances) / len(distances) for distances in expected.values()]
    total = after.nonresponse.means["total_variation"]
    assert total[JUDGED] == pytest.approx(sum(groups) / len(groups))
    assert total[JUDGED] != pytest.approx(total["dropped"])
    others = {key: value for key, value in after.findings.items() if key != "nonresponse"}
    assert str(others) == str({key: before.findings[key] for key in others})
    body = str(nonresponse_section(after.nonresponse).body)
    assert "As a judge read them" in body
    assert found.name in body
    assert "100%" in body


def test_which_set_is_read_by_is_named_where_there_are_several(folder: Path) -> None:
    run, _ = open_run(folder)
    answers = panel_answers(run, folder)
    first = judge(folder, a_judge(names_second), "rubric=unread")
    assert judged_readings(folder, None, answers) is not None
    assert judged_readings(folder, "none", answers) is None
    with pytest.raises(ValueError, match="too many values"):  # the helper expects one set
        judge(folder, CodeJudge(), "rubric=unread", "judging.format=code")
    with pytest.raises(ConfigError, match="has several sets of verdicts on unread answers"):
        judged_readings(folder, None, answers)
    named = judged_readings(folder, first.name, answers)
    assert named is not None
    assert all(len(answer.choices) == 1 for answer in named.answers)
    with pytest.raises(ConfigError, match="has no such set"):
        judged_readings(folder, "unread-000000000000", answers)
