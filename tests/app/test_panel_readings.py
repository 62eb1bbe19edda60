"""Runs whose texts need a judge: no score before one has read them, and every score by the set that did."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pandas as pd
import pytest
from homes import write_files
from judged_runs import CodeJudge, a_judge, configured, digests, judge, work_of
from scripted_runs import ITEMS, hold

from def_sim.answers.storage.answer_lines import decode_line, encode_line
from def_sim.answers.storage.completion import read_completion
from def_sim.answers.storage.sealed_json import write_sealed
from def_sim.answers.storage.shards import read_answers
from def_sim.app import interviewing, judging_stage, stages
from def_sim.app.judge_checks import OtherReader
from def_sim.app.judging_plan import calls_left
from def_sim.app.judging_stage import judge_run
from def_sim.app.judging_work import prepare_work
from def_sim.app.main import main
from def_sim.app.opened_runs import open_run
from def_sim.app.panel_readings import NotJudgedError, PanelReadings, panel_readings
from def_sim.app.read_panel import panel_answers
from def_sim.app.run import Run
from def_sim.app.stored_runs import read_run
from def_sim.app.used_verdicts import READINGS, UsedSet, read_readings, write_readings
from def_sim.engines.scripted import ScriptedEngine
from def_sim.errors import ConfigError, StoreError
from def_sim.evaluation.compared_runs import ComparedRun, group_runs
from def_sim.evaluation.distributions import count_answers
from def_sim.interviews import Engine
from def_sim.judging.verdict_journal import read_verdict_sets
from def_sim.records import Answer, AnswerStatus, ReadingMethod, Request

ESSAY = """\
# @package _global_
strategy:
  name: essay
  _target_: free_texts.Essay
"""
SIZE = ("strategy=essay", "respondents=4")  # of 4 questions: 16 texts
TEXTS = ("I like the first one best.", "The second, if you ask me.", "Who could tell?", "")
ASKED = 12  # a quarter of the respondents writes nothing


@pytest.fixture(autouse=True, scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home folder with a strategy of free texts."""
    folder = write_files(tmp_path_factory.mktemp("home"), {"conf/strategy/essay.yaml": ESSAY})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEF_SIM_HOME", str(folder))
        yield


def writes(run: object) -> ScriptedEngine:
    """Respondents 0, 1, 2, 3 write the first, second, third text and nothing."""
    return ScriptedEngine(reply=lambda request: TEXTS[int(request.key.respondent_id[1:]) % 4])


def hears(request: Request) -> str:
    """A judge who finds the first and second option where they are named, and none elsewhere."""
    shown = request.messages[0].content
    number = 1 if TEXTS[0] in shown else 2 if TEXTS[1] in shown else 0
    return json.dumps({"reasoning": "as written", "classification": number})


@pytest.fixture(scope="module")
def interviewed(home: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finished interviews, not judged; tests have copies."""
    return hold(tmp_path_factory.mktemp("held"), *SIZE, is_reported=False, respondent=writes)


@pytest.fixture(scope="module")
def heard(interviewed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, judged by `hears`."""
    folder = copied(interviewed, tmp_path_factory.mktemp("heard"))
    judged(folder)
    return folder


@pytest.fixture
def folder(interviewed: Path, tmp_path: Path) -> Path:
    return copied(interviewed, tmp_path / "out")


@pytest.fixture
def judged_folder(heard: Path, tmp_path: Path) -> Path:
    return copied(heard, tmp_path / "out")


def copied(folder: Path, output: Path) -> Path:
    """The run below another output folder, as if it had been held there."""
    return Path(shutil.copytree(folder, output / "demo" / "us" / folder.name))


def judged(folder: Path, reply: Callable[[Request], str] = hears) -> str:
    """Has all texts judged; name of the set."""
    return judge(folder, a_judge(reply), "rubric=stance").name


def statuses(answers: list[Answer]) -> Counter[AnswerStatus]:
    return Counter(answer.status for answer in answers)


OPENED: dict[bytes, Run] = {}  # manifest -> its run, which is the same wherever the folder lies


def opened(folder: Path) -> Run:
    manifest = (folder / "manifest.json").read_bytes()
    if manifest not in OPENED:
        OPENED[manifest], _ = open_run(folder)
    return OPENED[manifest]


def readings(folder: Path, verdicts: str | None = None, *, goes_on: bool = False) -> PanelReadings:
    run = opened(folder)
    run = replace(run, config=run.config.model_copy(update={"verdicts": verdicts}))
    return panel_readings(run, folder, panel_answers(run, folder), goes_on=goes_on)


def read(folder: Path, verdicts: str | None = None, *, goes_on: bool = False) -> list[Answer]:
    return readings(folder, verdicts, goes_on=goes_on).answers


# --- before the judge ---


def test_texts_wait_and_what_brought_none_does_not(folder: Path) -> None:
    answers = read_answers(folder)
    assert statuses(answers) == {AnswerStatus.UNJUDGED: ASKED, AnswerStatus.NO_ANSWER: 4}
    assert {answer.method for answer in answers} == {ReadingMethod.NONE}
    with pytest.raises(NotJudgedError, match="12 answers wait for a judge"):
        read(folder)


@pytest.mark.parametrize("words", [("stage=report",), ("stage=verify",)])
def test_a_report_of_texts_that_wait_names_the_judges_command_and_writes_nothing(
    words: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = digests(folder)
    assert main([*words, f"run_folder={folder}"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "12 answers wait for a judge" in said
    assert f"def-sim stage=judge rubric=stance run_folder={folder} model=..." in said
    assert digests(folder) == before


def test_a_comparison_with_texts_that_wait_names_the_judges_command_and_writes_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(tmp_path / "out", "strategy=single", "respondents=4")
    assert main(["stage=report", f"runs={tmp_path}/out/**", f"output={tmp_path}/compared"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"1 of the 2 runs wait for a judge: {folder}" in said
    assert f"stage=judge rubric=stance 'runs=[{folder}]' model=..." in said
    assert not (tmp_path / "compared").exists()


class Writer(ScriptedEngine):
    """The respondents of `writes`, known to be another model than any judge."""

    def __init__(self) -> None:
        super().__init__(reply=lambda request: TEXTS[int(request.key.respondent_id[1:]) % 4])

    def describe(self) -> dict[str, object]:
        return {"engine": "scripted", "identity": {"texts": "4"}}


@pytest.mark.slow
def test_the_whole_way_ends_with_the_judges_command_and_goes_on_once_it_has_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (interviewing, stages):
        monkeypatch.setattr(module, "create_engine", lambda config: Writer())
    folder = tmp_path / "mine"
    words = [ITEMS, *SIZE, "scoring.draws=20", f"output={tmp_path}/out", f"run_folder={folder}"]
    assert main(words) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "next" in said
    assert "12 answers wait for a judge" in said
    assert f"stage=judge rubric=stance run_folder={folder} model=..." in said
    assert not (folder / "report.html").exists()
    name = judged(folder)
    assert main(words) == 0
    table = pd.read_csv(folder / "statuses.csv").set_index(["scope", "status"])
    assert table["count"]["all", "answered"] == 8
    shares = pd.read_parquet(folder / "distributions.parquet")
    first = shares[shares["item_id"] == "wvs7.Q1"].sort_values("position")["simulated_share"]
    assert first.tolist()[:2] == [0.5, 0.5]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert f"12 of 12 texts (100 %), set {name}" in page
    assert "a judge model" in page
    assert {"readings.json", f"verdicts/{name}/judge.json"} <= read_completion(folder)["files"].keys()
    assert main(["stage=verify", f"run_folder={folder}"]) == 0
    assert f"12 of 12 texts (100 %), set {name}" in " ".join(capsys.readouterr().out.split())


def test_follow_ups_are_not_asked_whatever_the_protocol(tmp_path: Path) -> None:
    items = "items=[wvs7.Q152,wvs7.Q153]"
    words = (*SIZE, items, "presentation.follow_up=placeholder")
    engines: list[ScriptedEngine] = []

    def remembered(run: object) -> ScriptedEngine:
        engines.append(writes(run))
        return engines[0]

    folder = hold(tmp_path / "out", *words, is_reported=False, respondent=remembered)
    found = {a.status for a in read_answers(folder) if a.item_id == "wvs7.Q153"}
    assert found == {AnswerStatus.NOT_ASKED}
    assert {key.item_id for key in engines[0].num_asked} == {"wvs7.Q152"}


# --- the judge ---


def test_all_texts_are_judged_and_nothing_else(folder: Path) -> None:
    engine = a_judge(hears)
    assert len(calls_left(work_of(folder, engine, "rubric=stance"))) == ASKED
    found = judge(folder, engine, "rubric=stance")
    assert (len(engine.num_asked), len(found.verdicts)) == (ASKED, ASKED)
    assert {verdict.question for verdict in found.verdicts} == {"stance"}


@pytest.mark.parametrize(
    ("strategy", "rubric", "fix"),
    [("essay", "unread", "rubric=stance"), ("single", "stance", "rubric=unread")],
)
def test_a_rubric_for_other_readers_names_the_one_that_fits(
    strategy: str, rubric: str, fix: str, tmp_path: Path
) -> None:
    folder = hold(
        tmp_path / "out", f"strategy={strategy}", "respondents=2", is_reported=False, respondent=writes
    )
    config = configured(folder, f"rubric={rubric}")
    found = prepare_work(config, folder, cast(Engine, a_judge(hears)))
    assert isinstance(found, OtherReader)
    assert fix in found.fix


def test_of_several_runs_those_that_rules_read_are_left_out_with_a_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    by_rules = hold(tmp_path / "out", "strategy=single", "respondents=2", is_reported=False)
    monkeypatch.setattr(judging_stage, "create_engine", lambda config: a_judge(hears))
    assert main(["stage=judge", "rubric=stance", f"runs={tmp_path}/out/**", "model=gpt4o"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"left out {by_rules}: rubric=stance is for free texts; strategy=single is read by rules" in said
    assert len(read_verdict_sets(folder)) == 1
    assert not read_verdict_sets(by_rules)


# --- after the judge ---


def test_verdicts_are_laid_over_in_all_scores_and_the_answers_stay(interviewed: Path, heard: Path) -> None:
    assert digests(heard) == digests(interviewed)
    answers = read(heard)
    # By hand: of 4 respondents one takes the first option, one the second, one none, one wrote nothing.
    assert statuses(answers) == {AnswerStatus.ANSWERED: 8, AnswerStatus.NO_ANSWER: 8}
    chosen = {(a.respondent_id, a.choices, a.method) for a in answers if a.choices}
    assert {who for who, *_ in chosen} == {"r00000", "r00001"}
    assert {method for *_, method in chosen} == {ReadingMethod.JUDGE}


def test_a_verdict_that_could_not_be_had_is_neither_answer_nor_failure(folder: Path) -> None:
    def hears_some(request: Request) -> str:
        return "I would say so." if TEXTS[2] in request.messages[0].content else hears(request)

    judged(folder, hears_some)
    run, found = opened(folder), readings(folder)
    assert statuses(found.answers) == {
        AnswerStatus.ANSWERED: 8,
        AnswerStatus.UNJUDGED: 4,
        AnswerStatus.NO_ANSWER: 4,
    }
    assert found.used is not None
    assert (found.used.num_read, found.used.num_texts) == (8, 12)
    assert "8 of 12 texts (67 %)" in found.used.in_words
    for one in count_answers(found.answers, run.survey.questions):
        assert (one.num_asked, one.num_answered, one.num_failed, one.num_unread) == (4, 2, 1, 1)


def test_of_several_sets_one_must_be_named_and_what_follows_keeps_to_that_of_the_report(
    judged_folder: Path,
) -> None:
    folder = judged_folder
    [first] = (one.name for one in read_verdict_sets(folder))
    second = CodeJudge()
    judge_run(work_of(folder, second, "rubric=stance", "judging.format=code"), cast(Engine, second))
    names = sorted(one.name for one in read_verdict_sets(folder))
    with pytest.raises(ConfigError) as several:
        read(folder)
    assert all(name in several.value.message for name in names)
    by_first = read(folder, verdicts=first)
    assert statuses(by_first)[AnswerStatus.ANSWERED] == 8
    [other] = set(names) - {first}
    assert statuses(read(folder, verdicts=other))[AnswerStatus.ANSWERED] == ASKED  # codes are always options
    write_readings(folder, readings(folder, first).used)
    assert read(folder, goes_on=True) == by_first
    for wrong in ("stance-000000000000", "none"):
        with pytest.raises(ConfigError, match=f"verdicts={wrong}"):
            read(folder, verdicts=wrong)


def test_a_set_that_a_grown_panel_outgrew_is_not_finished(judged_folder: Path, tmp_path: Path) -> None:
    larger = hold(tmp_path / "out", "strategy=essay", "respondents=5", is_reported=False, respondent=writes)
    assert larger == judged_folder
    with pytest.raises(NotJudgedError, match="4 answers wait for a judge of 16"):
        read(larger)


def test_an_answer_that_changed_under_its_verdict_is_named(judged_folder: Path) -> None:
    path = judged_folder / "answers" / "shard-00-of-01.jsonl"
    lines = path.read_bytes().splitlines()
    at = next(i for i, line in enumerate(lines) if decode_line(line).status is AnswerStatus.UNJUDGED)
    changed = decode_line(lines[at])
    lines[at] = encode_line(replace(changed, text="Something else.")).rstrip()
    path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(StoreError, match=f"{changed.respondent_id} to {changed.question_id} has changed"):
        read(judged_folder)


@pytest.mark.parametrize(
    "content",
    [
        {"set": "../elsewhere", "judge": "GPT", "num_texts": 12, "num_read": 12},
        {"set": "stance-0", "judge": "GPT", "num_texts": "12", "num_read": 12},
        {"set": "stance-0", "judge": "G" * 101, "num_texts": 12, "num_read": 12},
        {"set": "stance-0", "judge": "GPT", "caveat": "<b>none</b>", "num_texts": 12, "num_read": 12},
        {"judge": "GPT", "num_texts": 12, "num_read": 12},
    ],
)
def test_a_record_of_readings_from_elsewhere_is_held_against_its_form(
    content: dict[str, object], tmp_path: Path
) -> None:
    write_sealed(tmp_path / READINGS, content)
    with pytest.raises(StoreError, match=r"readings\.json") as wrong:
        read_readings(tmp_path)
    assert "stage=report" in wrong.value.fix


def test_a_share_that_is_not_whole_is_never_said_to_be_all() -> None:
    almost = UsedSet(set="stance-0", judge="GPT", num_texts=1000, num_read=999)
    assert "999 of 1,000 texts (99 %), set stance-0; 1 without a verdict" in almost.in_words
    assert almost.in_short == "GPT (stance-0, 99 %)"


# --- runs side by side ---


@pytest.mark.slow
def test_runs_that_different_judges_read_stand_in_groups_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [
        hold(tmp_path / "out", *SIZE, f"seed={seed}", is_reported=False, respondent=writes)
        for seed in (1, 2, 3)
    ]
    sets = [judged(folder) for folder in folders[:2]]
    assert len(set(sets)) == 1  # of one judge: the same name in every run
    by_code = CodeJudge()
    for folder in folders[1:]:
        work = work_of(folder, by_code, "rubric=stance", "judging.format=code")
        judge_run(work, cast(Engine, by_code))
    assert main(["stage=report", f"runs={tmp_path}/out/**", f"output={tmp_path}/several"]) == 2
    assert "has several finished sets of verdicts" in " ".join(capsys.readouterr().err.split())
    write_readings(folders[1], readings(folders[1], sets[0]).used)  # its report rests on the first judge
    assert main(["stage=report", f"runs={tmp_path}/out/**", f"output={tmp_path}/compared"]) == 0
    assert f"read by group 1: GPT (gpt-4o-2024-08-06) ({sets[0]}, 100 %)" in " ".join(
        capsys.readouterr().out.split()
    )
    table = pd.read_csv(tmp_path / "compared" / "comparison" / "comparison.csv")
    by_run = table.drop_duplicates("folder").set_index("folder")[["group", "readings"]]
    first, second, third = (by_run.loc[str(folder)] for folder in folders)
    assert first["group"] == second["group"] != third["group"]
    assert first["readings"] == second["readings"] != third["readings"]
    page = (tmp_path / "compared" / "comparison" / "comparison.html").read_text(encoding="utf-8")
    assert "Answers read by a judge." in page
    assert "read by" in page


def test_rules_and_the_verdicts_of_a_named_set_stand_in_one_comparison(
    judged_folder: Path, tmp_path: Path
) -> None:
    by_rules = hold(tmp_path / "out", "strategy=single", "respondents=4")
    [name] = (one.name for one in read_verdict_sets(judged_folder))
    found = [read_run(folder, name) for folder in (by_rules, judged_folder)]
    assert [one.readings for one in found if isinstance(one, ComparedRun)] == [
        "rules",
        f"GPT (gpt-4o-2024-08-06) ({name}, 100 %)",
    ]
    assert len(group_runs([one for one in found if isinstance(one, ComparedRun)])) == 2


def test_the_plan_says_how_many_texts_wait_and_that_follow_ups_are_not_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    items = "items=[wvs7.Q1,wvs7.Q152,wvs7.Q153]"
    assert main(["stage=plan", *SIZE, items, f"output={tmp_path}"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "8 texts wait for one then: stage=judge rubric=stance; 4 follow-ups are not asked" in said
