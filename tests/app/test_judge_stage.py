"""stage=judge: each request once, the same verdicts after any interruption, and nothing else touched."""

import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from judged_runs import CodeJudge, a_judge, configured, depends_on_all, digests, judge, says_no, work_of
from scripted_runs import hold
from waiting import HANG_S, comes_true

from def_sim import interviews
from def_sim.answers.storage.answer_lines import decode_line, encode_line
from def_sim.answers.storage.completion import check_files, is_complete, mark_complete
from def_sim.answers.storage.shards import read_answers
from def_sim.app.composing import compose_config
from def_sim.app.judging_plan import calls_left, plan_lines_of
from def_sim.app.judging_stage import _without_copies, judge_run
from def_sim.app.judging_work import prepare_work
from def_sim.app.main import main
from def_sim.app.opened_runs import open_run
from def_sim.app.schema import validate_config
from def_sim.app.verdict_checks import check_verdicts
from def_sim.engines.hosted.cost import CostCapError
from def_sim.engines.scripted import ScriptedEngine
from def_sim.errors import ConfigError, DefSimError, EngineError, StoreError, VerificationError
from def_sim.judging.verdict_journal import files_of_finished, journal_of, read_placed, read_verdict_sets
from def_sim.judging.verdict_lines import StoredVerdict, encode_verdict
from def_sim.judging.verdicts import Missing, Source
from def_sim.records import Completion, Request

SMALL = ("respondents=4", "rubric.sample=6")  # of 16 answers; 36 verdicts
TEXTS = (
    "Answer: 2\nExplanation: I see it like that.",
    "2",  # IU: nothing is marked
    "Answer: 1\nExplanation: I grew up with it.",
)


def some_defects(run: object) -> ScriptedEngine:
    """Respondents of whom every third answers without marks."""
    return ScriptedEngine(reply=lambda request: TEXTS[int(request.key.respondent_id[1:]) % 3])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished run of 4 respondents and 4 questions."""
    return hold(tmp_path, "respondents=4", is_reported=False, respondent=some_defects)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interviews, "_RETRY_PAUSES_S", (0.0, 0.0, 0.0))


# --- what is asked ---


def test_a_plan_names_as_many_calls_as_are_made_and_each_is_made_once(folder: Path) -> None:
    engine = a_judge()
    work = work_of(folder, engine, "rubric.sample=6")
    planned = len(calls_left(work))
    found = judge(folder, engine, "rubric.sample=6")
    assert set(engine.num_asked.values()) == {1}
    assert len(engine.num_asked) == planned
    by_rule = [verdict for verdict in found.verdicts if verdict.source is Source.RULE]
    assert found.is_finished
    assert len(found.verdicts) == 36 == planned + len(by_rule)
    assert by_rule  # planted: some answers have no marks
    assert {verdict.question for verdict in by_rule} == {"IU"}


def test_the_plan_says_calls_tokens_and_dollars_and_writes_nothing(folder: Path) -> None:
    before = digests(folder)
    lines = plan_lines_of([work_of(folder, a_judge(), "rubric.sample=6")])
    assert any(line.startswith("calls ") for line in lines)
    assert any(line.startswith("tokens ") for line in lines)
    assert any(line.startswith("cost ") and "$" in line for line in lines)
    assert digests(folder) == before
    assert not (folder / "verdicts").exists()


def test_the_same_command_again_asks_nothing_and_changes_no_file(folder: Path) -> None:
    before = digests(folder)
    found = judge(folder, a_judge(depends_on_all), "rubric.sample=6")
    of_set = {path: path.read_bytes() for path in (folder / "verdicts").rglob("*") if path.is_file()}
    engine = a_judge(depends_on_all)
    assert judge(folder, engine, "rubric.sample=6") == found
    assert not engine.num_asked
    assert {path: path.read_bytes() for path in (folder / "verdicts").rglob("*") if path.is_file()} == of_set
    assert digests(folder) == before


def test_a_larger_sample_asks_only_what_the_smaller_one_had_not(folder: Path) -> None:
    first, second = a_judge(depends_on_all), a_judge(depends_on_all)
    small = judge(folder, first, "rubric.sample=3")
    large = judge(folder, second, "rubric.sample=7")
    assert set(small.verdicts) < set(large.verdicts)
    assert not first.num_asked.keys() & second.num_asked.keys()
    assert large.is_finished


def test_repeats_are_asked_with_noise_of_their_own(folder: Path) -> None:
    engine = a_judge()
    found = judge(folder, engine, "rubric.sample=2", "judging.num_repeats=3")
    assert set(engine.num_asked.values()) == {1}
    by_judge = [verdict for verdict in found.verdicts if verdict.source is Source.JUDGE]
    assert Counter(verdict.repeat for verdict in by_judge) == dict.fromkeys(range(3), len(by_judge) // 3)
    assert {verdict.repeat for verdict in found.verdicts if verdict.source is Source.RULE} <= {0}


def test_a_judge_held_to_codes_gives_a_probability(folder: Path) -> None:
    found = judge(folder, CodeJudge(), "rubric.sample=2", "judging.format=code")
    by_judge = [verdict for verdict in found.verdicts if verdict.source is Source.JUDGE]
    assert {(verdict.value, verdict.probability) for verdict in by_judge} == {(True, 0.75)}
    assert found.format == "code"


def test_the_judge_sees_the_instruction_and_the_question_as_they_were_put(folder: Path) -> None:
    seen: list[str] = []

    def look(request: Request) -> str:
        seen.append(request.messages[0].content)
        return says_no(request)

    judge(folder, a_judge(look), "rubric.sample=all")
    run, _ = open_run(folder)
    places = {respondent.persona.place for respondent in run.panel}
    assert all(any(place in text for place in places) for text in seen)
    assert all(any(question.text in text for question in run.survey.questions) for text in seen)


# --- interrupted ---


class StopsAfter(ScriptedEngine):
    """A judge that is there for so many requests."""

    def __init__(self, num: int) -> None:
        super().__init__(reply=depends_on_all)
        self.num_left = num

    async def submit(self, request: Request) -> Completion:
        """As the script says, or the end."""
        self.num_left -= 1
        if self.num_left < 0:
            raise DefSimError("gone", fix="come back")
        return await super().submit(request)


@pytest.mark.parametrize("num", [0, 1, 5, 17, 30])
def test_an_interrupted_set_goes_on_with_the_verdicts_of_an_undisturbed_one(
    folder: Path, tmp_path: Path, num: int
) -> None:
    other = hold(tmp_path / "other", "respondents=4", is_reported=False, respondent=some_defects)
    undisturbed = judge(other, a_judge(depends_on_all), *SMALL[1:])
    first, second = StopsAfter(num), a_judge(depends_on_all)
    with pytest.raises(DefSimError, match="gone"):
        judge(folder, first, "rubric.sample=6", "max_in_flight=1")
    found = judge(folder, second, "rubric.sample=6")
    assert found.verdicts == undisturbed.verdicts
    assert all(count == 1 for count in (first.num_asked + second.num_asked).values())


def test_a_reply_that_could_not_be_used_is_not_asked_for_again(folder: Path) -> None:
    class GoneTheSecondTime(ScriptedEngine):
        async def submit(self, request: Request) -> Completion:
            if request.key.call == 1:
                raise DefSimError("gone", fix="come back")
            return await super().submit(request)

    first, second = GoneTheSecondTime(reply=lambda request: "Yes."), a_judge()
    with pytest.raises(DefSimError, match="gone"):
        judge(folder, first, "rubric.sample=1", "max_in_flight=1")
    found = judge(folder, second, "rubric.sample=1")
    [twice] = [verdict for verdict in found.verdicts if len(verdict.replies) == 2]
    assert twice.replies == ("Yes.", '{"defect": false, "why": "none seen"}')
    asked = f"{twice.respondent_id}/judged/insensitivity/{twice.question}/0"
    assert {key.call for key in first.num_asked if key.respondent_id == asked} == {0}
    assert {key.call for key in second.num_asked if key.respondent_id == asked} == {1}


KILLED = """
import sys, time
sys.path[:0] = {folders!r}
from pathlib import Path
from judged_runs import ScriptedEngine, depends_on_all, judge
folder, log = Path(sys.argv[1]), open(sys.argv[2], "a", buffering=1)
def reply(request):
    log.write(f"{{request.key}}\\n")
    return depends_on_all(request)
judge(folder, ScriptedEngine(reply=reply, delay_s=0.01), "rubric.sample=all", "max_in_flight=3")
"""


@pytest.mark.soak
def test_killed_at_ten_moments_no_stored_verdict_is_asked_for_again(tmp_path: Path) -> None:
    folder = hold(tmp_path / "a", "respondents=10", is_reported=False, respondent=some_defects)
    other = hold(tmp_path / "b", "respondents=10", is_reported=False, respondent=some_defects)
    undisturbed, before = judge(other, a_judge(depends_on_all), "rubric.sample=all"), digests(folder)
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    stored: set[str] = set()
    for moment in range(11):
        log = tmp_path / f"log{moment}"
        command = [sys.executable, "-c", KILLED.format(folders=folders), str(folder), str(log)]
        process = subprocess.Popen(command)
        if moment < 10:
            comes_true(lambda log=log, enough=3 + 2 * moment: _num_lines(log) > enough)
            process.kill()
        process.wait(timeout=HANG_S)
        assert not set(log.read_text().split()) & stored, moment
        stored = _keys_of_stored_replies(folder)
    assert process.returncode == 0
    [found] = read_verdict_sets(folder)
    assert found.verdicts == undisturbed.verdicts
    assert digests(folder) == before


def _num_lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.is_file() else 0


def _keys_of_stored_replies(folder: Path) -> set[str]:
    """The keys of all requests whose replies are on file."""
    [of_set] = (folder / "verdicts").iterdir()
    return {
        f"1/{key[0]}/judged/insensitivity/{key[3]}/{key[4]}/{key[1]}/{key[2]}/{call}"
        for key, placed in read_placed(of_set).items()
        for call in range(len(placed.stored.completions))
    }


# --- a judge that fails ---


def test_failed_calls_are_tried_again_and_never_more_are_under_way_than_allowed(
    folder: Path, no_pauses: None
) -> None:
    class Busy(ScriptedEngine):
        num_under_way = most = 0

        async def submit(self, request: Request) -> Completion:
            self.num_under_way += 1
            self.most = max(self.most, self.num_under_way)
            try:
                completion = await super().submit(request)
            finally:
                self.num_under_way -= 1
            if self.num_asked[request.key] < 3 and int(request.key.respondent_id[1:6]) % 2:
                raise EngineError("429", retryable=True)
            return completion

    engine = Busy(reply=says_no, delay_s=0.001)
    found = judge(folder, engine, "rubric.sample=all", "max_in_flight=5")
    assert found.is_finished
    assert not any(verdict.missing for verdict in found.verdicts)
    assert engine.most == 5


def test_a_call_that_fails_for_good_is_missing_with_its_reason_and_is_counted(folder: Path) -> None:
    def reply(request: Request) -> str:
        if "/CV/" in request.key.respondent_id:
            raise EngineError("too long", fix="shorten it")
        return says_no(request)

    found = judge(folder, a_judge(reply), "rubric.sample=6", "max_engine_errors=6")
    failed = [verdict for verdict in found.verdicts if verdict.missing is Missing.ENGINE_ERROR]
    assert {verdict.question for verdict in failed} == {"CV"}
    assert len(failed) == 6


def test_too_many_failed_calls_stop_the_judge(folder: Path) -> None:
    def reply(request: Request) -> str:
        if "/CV/" in request.key.respondent_id:
            raise EngineError("too long", fix="shorten it")
        return says_no(request)

    with pytest.raises(EngineError, match="too long"):
        judge(folder, a_judge(reply), "rubric.sample=6", "max_engine_errors=5")


def test_while_no_call_succeeds_no_failure_is_stored(folder: Path) -> None:
    def fail(request: Request) -> str:
        raise EngineError("no such model", fix="name another")

    with pytest.raises(EngineError, match=r"All 2[0-9]|All 3[0-9]"):
        judge(folder, a_judge(fail), "rubric.sample=6", "max_engine_errors=100")
    [found] = read_verdict_sets(folder)
    assert {verdict.source for verdict in found.verdicts} <= {Source.RULE}
    engine = a_judge()
    assert judge(folder, engine, "rubric.sample=6").is_finished
    assert len(engine.num_asked) + len(found.verdicts) == 36


def test_a_spent_cap_says_what_is_left_to_judge(folder: Path) -> None:
    class Costs(ScriptedEngine):
        async def submit(self, request: Request) -> Completion:
            if len(self.num_asked) == 10:
                raise CostCapError("The cost cap is reached.", fix="Raise it.")
            return await super().submit(request)

    with pytest.raises(CostCapError, match=r"of 36 verdicts are there, [0-9]+ are left to judge"):
        judge(folder, Costs(reply=says_no), "rubric.sample=6", "max_in_flight=1")


# --- refused ---


def test_a_model_judges_itself_only_if_that_is_allowed(folder: Path) -> None:
    class Same(ScriptedEngine):
        def describe(self) -> dict[str, object]:
            return {"engine": "scripted", "identity": {"scripted": "demo"}}

    with pytest.raises(ConfigError, match="judge its own answers"):
        judge(folder, Same(reply=says_no))
    found = judge(folder, Same(reply=says_no), "rubric.sample=1", "judging.allow_self=true")
    assert found.judge["is_self"] is True


def test_the_demo_respondent_judges_only_if_that_is_allowed(folder: Path) -> None:
    with pytest.raises(ConfigError, match="cannot judge"):
        prepare_work(configured(folder, model="demo"), folder, a_judge())  # type: ignore[arg-type]


def test_a_judge_without_that_mode_is_not_held_to_a_code(folder: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be held to a code"):
        work_of(folder, a_judge(), "judging.format=code")


def test_a_run_whose_interviews_are_not_finished_is_not_judged(tmp_path: Path) -> None:
    folder = hold(tmp_path, "respondents=4", num_asked=3, is_reported=False)
    with pytest.raises(ConfigError, match="4 of 16 answers are not there yet"):
        work_of(folder, a_judge())


def test_shares_of_others_have_no_defects_of_a_person(tmp_path: Path) -> None:
    folder = hold(tmp_path, "respondents=2", "strategy=verbalised", is_reported=False)
    with pytest.raises(ConfigError, match="means nothing of answers given with strategy=verbalised"):
        work_of(folder, a_judge())


def test_stance_is_refused_for_a_run_that_rules_can_read_and_left_out_among_several(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["stage=plan", "rubric=stance", "model=gpt4o"]
    assert main([*words, f"run_folder={folder}"]) == 2
    assert "rubric=unread" in capsys.readouterr().err
    assert main([*words, f"runs={folder}"]) == 0
    assert "left out" in capsys.readouterr().out


def test_a_smaller_sample_than_the_set_has_is_an_error(folder: Path) -> None:
    judge(folder, a_judge(), "rubric.sample=4")
    with pytest.raises(ConfigError, match=r"sample of 4 answers, found rubric\.sample=2"):
        judge(folder, a_judge(), "rubric.sample=2")


def test_of_several_runs_damage_and_copies_are_left_out_before_anything_is_asked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy, broken = tmp_path / "a_copy", tmp_path / "broken"
    for other in (copy, broken):
        shutil.copytree(folder, other)
    (broken / "manifest.json").write_text("{")
    words = ["stage=plan", "rubric=unread", "model=gpt4o"]
    assert main([*words, f"runs=[{folder},{copy},{broken}]"]) == 0
    said = capsys.readouterr().out
    assert f"left out      {broken}: {broken}/manifest.json is damaged" in said
    assert f"left out      {folder}: the same run as {copy}, a copy say" in said
    judge(folder, a_judge(), "rubric.sample=4")
    [of_set] = (folder / "verdicts").iterdir()
    works = _without_copies([work_of(one, a_judge(), "rubric.sample=4") for one in (copy, folder)])
    assert [work.of_set for work in works] == [of_set]  # the one in which this judge has begun
    assert main([*words, f"runs={broken}"]) == 2
    assert "manifest.json is damaged" in capsys.readouterr().err


def test_an_answer_that_changed_under_its_verdict_is_named(folder: Path) -> None:
    found = judge(folder, a_judge(), "rubric.sample=4")
    judged = found.verdicts[0]
    [path] = (folder / "answers").glob("*.jsonl")
    answers = [decode_line(line) for line in path.read_bytes().splitlines()]
    lines = []
    for answer in answers:
        is_judged = (answer.respondent_id, answer.item_id) == (judged.respondent_id, judged.item_id)
        lines.append(encode_line(replace(answer, text=answer.text + ".") if is_judged else answer))
    path.write_bytes(b"".join(lines))
    where = f"{judged.respondent_id}, {judged.item_id}#0"
    with pytest.raises(StoreError, match=rf"line [0-9]+ \({where}.*the answer has changed"):
        judge(folder, a_judge(), "rubric.sample=4")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["stage=judge", "run_folder=x"], "needs a rubric"),
        (["stage=judge", "rubric=unread"], "needs run_folder=FOLDER or runs="),
        (["stage=judge", "rubric=unread", "run_folder=x", "runs=y"], "give one of the two"),
        (["stage=report", "rubric=unread", "run_folder=x"], "belongs to stage=judge and plan"),
        (["stage=judge", "rubric=taste", "run_folder=x"], "there is no such rubric"),
        (["stage=judge", "rubric=unread", "run_folder=x", "judging.format=prose"], "judging.format"),
        (["stage=judge", "rubric=unread", "run_folder=x", "rubric.sample=0"], "rubric.sample"),
    ],
)
def test_a_command_that_names_no_judgement_is_one_message_with_a_fix(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate_config(compose_config(words))
    assert message in caught.value.message
    assert caught.value.fix


# --- checked ---


def checked(folder: Path) -> list[str]:
    run, _ = open_run(folder)
    return list(check_verdicts(run, folder, read_answers(folder)))


def test_a_check_finds_every_verdict_once_more(folder: Path) -> None:
    assert checked(folder) == []
    judge(folder, a_judge(depends_on_all), "rubric.sample=6")
    [line] = checked(folder)
    assert "36 of 36" in line


@pytest.mark.parametrize("kind", ["value", "rule", "why", "reply"])
def test_a_verdict_that_was_forged_with_its_checksum_is_found_with_file_and_line(
    folder: Path, kind: str
) -> None:
    judge(folder, a_judge(), "rubric.sample=6")
    [of_set] = (folder / "verdicts").iterdir()
    placed = list(read_placed(of_set).values())
    is_rule = kind == "rule"
    forged = next(one for one in placed if (one.stored.verdict.source is Source.RULE) == is_rule)
    stored = forged.stored
    changes = {
        "value": replace(stored, verdict=replace(stored.verdict, value=True)),
        "rule": replace(stored, verdict=replace(stored.verdict, why="for no reason")),
        "why": replace(stored, verdict=replace(stored.verdict, why="for no reason")),
        "reply": replace(stored, completions=(Completion('{"defect": true}'),)),
    }
    lines = journal_of(of_set).read_bytes().splitlines(keepends=True)
    lines[forged.number - 1] = encode_verdict(changes[kind])
    journal_of(of_set).write_bytes(b"".join(lines))
    with pytest.raises(VerificationError, match=rf"jsonl, line {forged.number} \("):
        checked(folder)


def test_a_verdict_beside_the_sample_is_found(folder: Path) -> None:
    judge(folder, a_judge(), "rubric.sample=1")
    [of_set] = (folder / "verdicts").iterdir()
    with journal_of(of_set).open("ab") as journal:
        other = next(iter(read_placed(of_set).values())).stored
        journal.write(encode_verdict(StoredVerdict(replace(other.verdict, respondent_id="r00777"))))
    with pytest.raises(VerificationError, match="not among what the sample"):
        checked(folder)


def test_judging_by_a_started_engine_closes_it(folder: Path) -> None:
    class Closes(ScriptedEngine):
        is_closed = False

        async def close(self) -> None:
            self.is_closed = True

    engine = Closes(reply=says_no)
    judge_run(work_of(folder, engine, "rubric.sample=1"), engine)  # type: ignore[arg-type]
    assert engine.is_closed


# --- a finished run ---


def test_a_finished_set_is_held_by_the_mark_and_a_set_that_grows_takes_that_mark_away(folder: Path) -> None:
    judge(folder, a_judge(), "rubric.sample=2")
    files = [path.relative_to(folder) for path in files_of_finished(folder)]
    assert {path.name for path in files} == {"judge.json", "shard-00-of-01.jsonl"}
    mark_complete(folder, ["manifest.json", *files], num_answers=16)
    judge(folder, a_judge(), "rubric.sample=2")  # nothing new
    check_files(folder)
    judge(folder, a_judge(), "rubric.sample=3")
    assert not is_complete(folder)


def test_a_mark_that_holds_no_verdicts_stays_when_a_run_is_judged(folder: Path) -> None:
    mark_complete(folder, ["manifest.json"], num_answers=16)
    judge(folder, a_judge(), "rubric.sample=2")
    check_files(folder)


def test_an_unfinished_set_is_in_no_mark(folder: Path) -> None:
    with pytest.raises(DefSimError, match="gone"):
        judge(folder, StopsAfter(3), "rubric.sample=6")
    assert files_of_finished(folder) == []


@pytest.mark.parametrize("where", ["verdicts", "verdicts/unread-0123456789ab"])
def test_a_link_out_of_the_run_is_not_followed_among_verdicts(
    folder: Path, tmp_path: Path, where: str
) -> None:
    (folder / where).mkdir(parents=True)
    (folder / where / "spending").symlink_to(tmp_path)
    with pytest.raises(StoreError, match="a link that leads out of the run folder"):
        work_of(folder, a_judge())


def test_a_folder_without_a_run_is_one_message_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stage=judge", "rubric=unread", f"run_folder={tmp_path}", "model=claude"]) == 2
    assert "error:" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
