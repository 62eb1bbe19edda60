"""stage=rephrase: each call once whatever happens, faults named in the sheet, and people's words kept."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from described_cells import misfits_of_sheet
from rephrased_homes import (
    FAULTY,
    SOUND,
    Another,
    ask,
    planted,
    rephrased_home,
    sheet,
    sheet_file,
    sound,
    work_of,
)
from waiting import HANG_S

from def_sim.app.main import main
from def_sim.app.rephrasing_plan import calls_of, plan_lines_of
from def_sim.app.rephrasing_work import Numbers
from def_sim.engines.scripted import ScriptedEngine
from def_sim.errors import ConfigError, DefSimError, EngineError
from def_sim.records import Completion, Request

sys.path.append(str(Path(__file__).parents[1] / "engines"))
from loopback import KEY, Loopback

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return rephrased_home(tmp_path / "mine")


def test_drafts_stand_in_the_sheet_with_their_base_number_rules_and_check(home: Path) -> None:
    engine, rows = ask(home, sound, "rephrasing.num_drafts=1")
    assert [(row["item_id"], row["number"]) for row in rows] == [
        ("town.Q1", "2"),  # its file has the wordings 0 and 1
        ("town.Q2", "1"),
        ("town.Q3", "1"),
    ]
    assert {row["item_id"]: row["draft"] for row in rows} == SOUND
    assert {row["rules"] for row in rows} == {"passed"}
    assert {(row["check"], row["why"]) for row in rows} == {("gpt4o: same", "gpt4o: only words differ")}
    assert {row["verdict"] for row in rows} == {""}
    assert len(engine.num_asked) == 6
    assert set(engine.num_asked.values()) == {1}


def test_each_planted_fault_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, rows = ask(home, planted, "rephrasing.num_drafts=4")
    rules = {row["draft"]: row["rules"] for row in rows if row["item_id"] == "town.Q2"}
    assert all(rules[text].startswith(fault) for text, fault in FAULTY.items()), rules
    assert {row["check"] for row in rows if row["item_id"] == "town.Q2"} == {""}
    said = capsys.readouterr().out
    assert "not drafted   town.Q3: the reply holds no JSON list" in said
    assert "not drafted   town.Q1: 3 of 4 wordings did not come" in said
    assert "4 have faults that rules found" in said
    assert misfits_of_sheet("wordings/<source>.<language>.draft.csv", sheet_file(home)) == []


def test_a_plan_names_at_least_as_many_calls_as_are_made_and_writes_nothing(home: Path) -> None:
    work = work_of(home, ScriptedEngine(reply=sound), "rephrasing.num_drafts=1")
    lines = plan_lines_of([work])
    assert "calls         6 at most: 3 for wordings, 3 for checks of those that pass the rules" in lines
    assert any(line.startswith("cost          about $") for line in lines)
    assert not (home / "wordings").exists()
    ask(home, sound, "rephrasing.num_drafts=1")
    assert calls_of(work, Numbers(work)) == []


def test_the_same_command_again_asks_nothing_and_changes_nothing(home: Path) -> None:
    ask(home, sound)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    engine, _ = ask(home, sound)
    assert not engine.num_asked
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_another_seed_asks_anew_under_numbers_of_its_own(home: Path) -> None:
    ask(home, sound, "rephrasing.num_drafts=1")
    _, rows = ask(home, lambda request: sound(request).replace("right", "good"), "seed=2")
    of_item = [(row["number"], row["rules"]) for row in rows if row["item_id"] == "town.Q1"]
    assert of_item == [("2", "passed"), ("3", "passed")]
    rules = [row["rules"] for row in rows if row["item_id"] == "town.Q2"]
    assert rules == ["passed", "double: another wording once more"]


def test_numbers_are_not_used_again_when_the_sheet_is_gone(home: Path) -> None:
    ask(home, sound)
    sheet_file(home).unlink()
    _, rows = ask(home, lambda request: sound(request).replace("right", "good"), "seed=2")
    assert [row["number"] for row in rows if row["item_id"] == "town.Q1"] == ["3"]


def test_what_people_wrote_into_the_sheet_stays(home: Path) -> None:
    ask(home, sound)
    lines = sheet_file(home).read_text(encoding="utf-8").splitlines()
    said = lines[1].replace("only words differ,,,", "only words differ,Ada,yes,fine")
    lines[1] = said.replace("Would", "Will")
    sheet_file(home).write_text("\n".join(lines), encoding="utf-8")
    _, rows = ask(home, lambda request: sound(request).replace("right", "good"), "seed=2")
    assert (rows[0]["reviewer"], rows[0]["verdict"], rows[0]["note"]) == ("Ada", "yes", "fine")
    assert rows[0]["draft"] == SOUND["town.Q1"].replace("Would", "Will")


def test_a_check_by_another_model_stands_beside_the_first(home: Path) -> None:
    ask(home, sound)
    checker = Another(reply=lambda request: '{"same": false, "why": "shift"}')
    engine, rows = ask(home, checker, "model=claude", "check=true")
    assert len(engine.num_asked) == 3
    assert rows[0]["check"] == "gpt4o: same | claude: not the same"
    assert rows[0]["why"] == "gpt4o: only words differ | claude: shift"
    again, _ = ask(home, Another(reply=sound), "model=claude", "check=true")
    assert not again.num_asked


def test_a_model_does_not_check_its_own_drafts_as_another(home: Path) -> None:
    with pytest.raises(ConfigError, match="finds no draft but its own"):
        ask(home, sound, "check=true")
    ask(home, sound)
    with pytest.raises(ConfigError, match="finds no draft but its own"):
        ask(home, sound, "check=true")


def test_an_unreadable_check_is_not_the_same(home: Path) -> None:
    _, rows = ask(home, lambda request: sound(request) if request.key.call == 0 else "Yes, the same.")
    assert rows[0]["check"] == "gpt4o: not the same"
    assert rows[0]["why"] == "gpt4o: unreadable: the reply is not one JSON object"


class Fails(ScriptedEngine):
    """A model that fails for good on the items named."""

    def __init__(self, *item_ids: str) -> None:
        super().__init__(reply=sound)
        self._item_ids = item_ids

    async def submit(self, request: Request) -> Completion:
        if request.key.item_id in self._item_ids:
            raise EngineError("No such key.", fix="Set one.")
        return await super().submit(request)


def test_a_call_that_failed_is_made_again_by_the_same_command(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, rows = ask(home, Fails("town.Q2"), "max_engine_errors=5")
    assert {row["item_id"] for row in rows} == {"town.Q1", "town.Q3"}
    assert "the first: No such key." in capsys.readouterr().err
    engine, rows = ask(home, sound)
    assert {key.item_id for key in engine.num_asked} == {"town.Q2"}
    assert len(rows) == 3


def test_where_every_call_fails_nothing_is_left_behind(home: Path) -> None:
    with pytest.raises(DefSimError, match="All 3 calls failed"):
        ask(home, Fails(*SOUND), "max_engine_errors=5")
    assert not (home / "wordings").exists()


def test_a_damaged_journal_is_told_with_file_and_line(home: Path) -> None:
    ask(home, sound)
    [journal] = (home / "wordings" / "calls" / "town.en").glob("*/calls.jsonl")
    journal.write_bytes(journal.read_bytes().replace(b"words differ", b"words defer", 1))
    with pytest.raises(DefSimError, match=r"calls\.jsonl, line \d+: the line is damaged") as caught:
        ask(home, sound)
    assert "its calls are made anew" in caught.value.fix


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("model=demo",), "cannot rephrase: what it says means nothing"),
        (("items=[town.Q9]",), "has no item 'town.Q9'"),
    ],
)
def test_what_cannot_be_asked_is_one_message(home: Path, words: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        ask(home, sound, *words)
    assert not (home / "wordings").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from rephrased_homes import sound, work_of
from def_sim.app.home import at_home
from def_sim.app.rephrasing_calls import CallStore
from def_sim.app.rephrasing_stage import ask_about
from def_sim.engines.scripted import ScriptedEngine

home, log = Path(sys.argv[1]), Path(sys.argv[2])

def reply(request):
    with log.open("a") as file:
        print(request.key, file=file)
    return sound(request)

append = CallStore.append

def append_and_die(self, call):
    append(self, call)
    os.kill(os.getpid(), signal.SIGKILL)

CallStore.append = append_and_die
work, num_killed, status = work_of(home, ScriptedEngine(reply=reply), "max_in_flight=1"), -1, 1
while status != 0:  # each child is killed when its first call is on file; the last has none to make
    num_killed += 1
    if (child := os.fork()) == 0:
        with at_home(str(home)):
            ask_about(work, ScriptedEngine(reply=reply))
        os._exit(0)
    status = os.waitpid(child, 0)[1]
print("killed", num_killed)
"""


def test_killed_after_every_call_no_call_is_made_twice(home: Path, tmp_path: Path) -> None:
    undisturbed = rephrased_home(tmp_path / "undisturbed")
    engine, rows = ask(undisturbed, sound)
    log = tmp_path / "calls.log"
    folders = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(home), str(log)],
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "killed 6"
    calls = log.read_text().splitlines()
    assert sorted(calls) == sorted(map(str, engine.num_asked))
    assert sheet(home) == rows


def test_a_hosted_model_from_the_command_line_keeps_its_accounts_and_no_key(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)

    def reply(body: dict[str, Any]) -> dict[str, Any]:
        asked = body["messages"][-1]["content"]
        is_check = '"same"' in str(asked)
        text = '{"same": true, "why": "so"}' if is_check else json.dumps([SOUND["town.Q1"]])
        return {"content": [{"type": "text", "text": text}]}

    with Loopback(changes=reply) as server:
        words = ["stage=rephrase", "survey=town", "items=[town.Q1]", "model=claude", f"home={home}"]
        assert main([*words, f"model.engine.base_url={server.address}"]) == 0
        assert len(server.requests) == 2
    assert "takes no temperature 0.7: wordings are drafted at 1" in capsys.readouterr().err
    assert [row["check"] for row in sheet(home)] == ["claude: same"]
    [account] = (home / "wordings" / "calls" / "town.en").glob("claude-*/spending/*.json")
    assert json.loads(account.read_text())["num_requests"] == 2
    assert not [path for path in home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_the_command_line_plans_and_says_what_is_missing(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEF_SIM_HOME", raising=False)
    plan = ["stage=plan", "show=rephrasing", "survey=town", "model=gpt4o", f"home={home}"]
    assert main(plan) == 0
    assert "calls         12 at most: 3 for wordings, 9 for checks" in capsys.readouterr().out
    for words, problem in (
        (["survey=us_short", "model=gpt4o"], "writes into your home folder, and there is none"),
        (["survey=us_short", "name=mine"], "it needs review=FILE"),
        (["survey=us_short", "rephrasing.num_drafts=0"], "rephrasing.num_drafts"),
    ):
        assert main(["stage=rephrase", *words]) == 2
        assert problem in " ".join(capsys.readouterr().err.split())


def test_a_language_without_texts_is_named_with_what_to_write(home: Path) -> None:
    for name in ("items/town.yaml", "surveys/town.yaml"):
        text = re.sub(r"\ben:", "fr:", (home / name).read_text(encoding="utf-8"))
        text = text.replace("language: en", "language: fr").replace("[USA]", "[FRA]")
        (home / name).write_text(text, encoding="utf-8")
    (home / "populations.yaml").write_text("FRA: {fr: la France}\n")
    with pytest.raises(ConfigError, match="There are no texts to ask for wordings in 'fr'") as caught:
        ask(home, sound, "population=FRA", "frame_language=en")
    assert "prompts/rephrase/fr.yaml" in caught.value.fix


def test_drafts_that_a_person_wrote_are_looked_at_by_rules_and_a_model(home: Path) -> None:
    sheet_file(home).parent.mkdir()
    base = "Should the town spend more on its parks?"
    rows = [
        f"town.Q1,2,{base},{SOUND['town.Q1']}",
        f"town.Q1,3,{base},Should the town spend no more on parks?",
    ]
    lines = ["item_id,number,base,draft,reviewer,verdict,note", *(f"{row},,," for row in rows)]
    sheet_file(home).write_text("\n".join(lines), encoding="utf-8")
    engine, found = ask(home, sound, "check=true")
    assert [(row["rules"], row["check"]) for row in found] == [
        ("passed", "gpt4o: same"),
        ("negation: added", ""),
    ]
    assert len(engine.num_asked) == 1
