"""What strangers wrote reaches no terminal and no table as a command: every printer is tried."""

import ast
import io
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from rich.table import Table
from runs import SHORT, run_folder, start
from waiting import HANG_S

import def_sim.app
from def_sim.app.main import main
from def_sim.app.progress import InterviewProgress, print_note, seconds_between_lines
from def_sim.app.terminal import console, say, say_text, streams_of_libraries, visible_streams
from def_sim.evaluation.run_tables import csv_bytes
from def_sim.resources import data_folder
from def_sim.visible import visible

pytestmark = pytest.mark.slow

# Clears the screen, a link, a clipboard, a reversed reading, a new line, half a character, a zero width.
HOSTILE = "A\x1b[2J\x1b]8;;http://x\x07B\x1b]52;c;eA==\x07\u202eC\nerror: D\ud800\u200b\r\x9b31mE"
WRITTEN = (
    "A\\x1b[2J\\x1b]8;;http://x\\x07B\\x1b]52;c;eA==\\x07\\u202eC\\x0aerror: D\\ud800\\u200b\\x0d\\x9b31mE"
)
FORBIDDEN = {*map(chr, range(0x20)), "\x7f", "\x9b", "\u202e", "\u200b", "\ud800"} - {"\n"}
ITEMS = "items=[wvs7.Q1,gss2022.happy]"


class PretendedTerminal(io.StringIO):
    """Where rich draws a bar; what is written can be looked at."""

    def isatty(self) -> bool:
        return True


# --- the words themselves ---


def test_what_cannot_be_seen_is_written_out() -> None:
    assert visible(HOSTILE) == WRITTEN
    assert visible("a\tb\nc", keeps="\n\t") == "a\tb\nc"
    assert visible("\u3164 \U000e0101 \U000f0000 \u2028") == "\\u3164 \\U000e0101 \\U000f0000 \\u2028"


@pytest.mark.parametrize("text", ["", "Größe 幸福 خوشی שלום 🙂 –", "a\u00a0b\u3000c"])
def test_words_of_any_language_stay_as_they_are(text: str) -> None:
    assert visible(text) == text


# --- streams and consoles ---


def test_a_line_stays_one_line_and_a_text_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    say(HOSTILE, to_errors=True)
    say_text("a\n\tb\x1b")
    assert capsys.readouterr() == (f"{WRITTEN}\na\n\tb\\x1b\n", f"{WRITTEN}\n")


def test_whatever_anyone_prints_meanwhile_is_visible_and_after_it_nothing_has_changed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = sys.stdout, sys.stderr
    with visible_streams(), visible_streams():
        print("a\x1b]0;title\x07")
        sys.stderr.writelines(["b\u202e", "\n"])
        with streams_of_libraries():
            print("\rbar")
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr() == ("a\\x1b]0;title\\x07\n\rbar\n", "b\\u202e\n")


@pytest.mark.parametrize(
    ("encoding", "dash"), [("ascii", b"\\u2013"), ("latin-1", b"\\u2013"), ("utf-8", "–".encode())]
)
def test_no_character_is_too_much_for_the_encoding_of_a_terminal(
    encoding: str, dash: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding, errors="strict"))
    with visible_streams():
        print("– \ud800")
        console().print("–")
        sys.stdout.flush()
    assert sys.stdout.errors == "strict"
    assert written.getvalue() == dash + b" \\ud800\n" + dash + b"\n"


def test_a_table_of_rich_takes_no_markup_and_no_control_sequence_from_a_text() -> None:
    table = Table(title="[bold]T[/] \x1b[31m")
    table.add_column("[link=http://x]H")
    table.add_row("[red]x :smile: \u202e")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", PretendedTerminal())
        with visible_streams():
            console().print(table)
            console().print("[red]line \x1b]8;;http://y\x07")
        shown = sys.stdout.getvalue()
    for part in ("[bold]T[/] \\x1b[31m", "[link=http://x]H", "[red]x :smile: \\u202e"):
        assert part in shown
    assert "[red]line \\x1b]8;;http://y\\x07" in shown
    assert "\x1b]8" not in shown


# --- progress ---


def test_lines_of_progress_come_less_often_once_a_run_takes_long() -> None:
    assert [seconds_between_lines(elapsed) for elapsed in (0, 299, 300, 36_000)] == [10, 10, 60, 60]


def test_notes_are_of_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_note(HOSTILE)
    with InterviewProgress(total=2, done=0, note=lambda: HOSTILE) as progress:
        progress.tell(HOSTILE)
    said = capsys.readouterr().err
    assert said.count(f"note  {WRITTEN}\n") == 2
    assert not FORBIDDEN & set(said)


def test_nothing_that_is_said_beside_the_bar_steers_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = PretendedTerminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("TERM", "xterm")
    with visible_streams(), InterviewProgress(total=2, done=0, note=lambda: HOSTILE) as progress:
        progress.tell(HOSTILE)
        print("[bold]warning\x1b]8;;http://y\x07\u202e", file=sys.stderr)
    shown = terminal.getvalue()
    assert f"note  {WRITTEN}" in shown
    assert "[bold]warning\\x1b]8;;http://y\\x07\\u202e" in shown
    for sequence in ("\x1b]", "\x1b[2J\x1b]", "\x07", "\u202e", "\x9b"):
        assert sequence not in shown
    assert sys.stderr is terminal


# --- tables as files ---


def test_a_table_for_people_holds_nothing_invisible() -> None:
    frame = pd.DataFrame({"model": ["a\x1b]52;c;eA==\x07\u202e", "Größe"], "value": [0.1, 2.0]})
    assert csv_bytes(frame).decode() == ("model,value\na\\x1b]52;c;eA==\\x07\\u202e,0.1\nGröße,2.0\n")


# --- the command line ---


@pytest.fixture
def hostile_survey(tmp_path: Path) -> str:
    """The words that choose a survey whose title is hostile."""
    text = (data_folder() / "surveys" / "us.yaml").read_text(encoding="utf-8")
    title = r'"A\e[2J\e]8;;http://x\aB\u202E[bold red]C\nerror: D\e]52;c;eA==\a"'
    (tmp_path / "mine.yaml").write_text(text.replace("title: US questionnaire", f"title: {title}"))
    return f"survey.file={tmp_path / 'mine.yaml'}"


TITLE = "A\\x1b[2J\\x1b]8;;http://x\\x07B\\u202e[bold red]C\\x0aerror: D\\x1b]52;c;eA==\\x07"


def test_a_whole_run_its_plan_and_its_comparison_say_a_hostile_title_in_visible_words(
    hostile_survey: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [hostile_survey, ITEMS, *SHORT, "respondents=2", f"output={tmp_path / 'runs'}"]
    for more in (["stage=plan"], ["stage=plan", "show=items"], ["stage=plan", "show=prompts"], []):
        assert main([*words, *more]) == 0
        out, err = capsys.readouterr()
        assert not FORBIDDEN & set(out + err), more
        assert "".join(TITLE.split()) in "".join(out.split())  # rich folds long titles
        assert not any(line.startswith("error:") for line in (out + err).splitlines())
    folder = run_folder(tmp_path / "runs")
    for more in (["stage=verify", f"run_folder={folder}"], ["stage=report", f"runs={folder}"]):
        assert main([*more, f"output={tmp_path / 'runs'}"]) == 0
        assert not FORBIDDEN & set("".join(capsys.readouterr()))


@pytest.mark.parametrize(
    "words",
    [
        ["model=\x1b[31m"],
        ["\x1b]8;;http://x\x07"],
        ["nonsense\u202e=1"],
        ["model.engine.path=/no/\u202efolder"],
        ["respondents=\u202e1"],
        ["run_folder=/no/\u202efolder", "stage=report"],
        ["runs=/no/\u202e*", "stage=report"],
        ["survey.file=/no/\u202efile"],
        ["references=/no/\u202efolder"],
        ["--\u202e"],
        ["-m", "seed=\u202e"],
    ],
    ids=ascii,
)
def test_an_error_quotes_the_command_line_in_visible_words(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, ITEMS]) == 2
    shown = "".join(capsys.readouterr())
    assert not FORBIDDEN & set(shown)
    assert "\\u202e" in shown or "\\x1b" in shown


def test_a_name_with_a_line_end_makes_no_line_that_looks_like_ours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["model.engine.path=\nerror: x\n  do:  y"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("error:") for line in lines) == 1
    assert sum(line.startswith("  do:") for line in lines) == 1


@pytest.mark.full
def test_a_terminal_that_knows_ascii_only_gets_a_whole_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii:strict")
    monkeypatch.setenv("PYTHONUTF8", "0")
    process = start(["items=[wvs7.Q1]", *SHORT, "respondents=2", f"output={tmp_path}", "survey=cn"])
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 0, err
    assert "report  " in out
    assert (out + err).isascii()


def test_a_traceback_too_is_visible() -> None:
    code = (
        "import sys; sys.argv[1:] = ['--help']\nimport def_sim.app.main as m\n"
        "def main(): raise RuntimeError('\\x1b[2J\\u202e')\nm.main = main\n"
        "import runpy; runpy.run_module('def_sim', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", timeout=HANG_S
    )
    assert "RuntimeError: \\x1b[2J\\u202e" in done.stderr


def test_nobody_in_the_app_prints_but_the_terminal() -> None:
    """A new printer goes through `say`; one that writes to a stream by itself would be a way around it.

    But for the log as JSON, which is ASCII and holds no text of a model (tests/app/test_event_log.py).
    """
    for path in sorted(Path(def_sim.app.__file__).parent.glob("*.py")):
        if path.name in ("terminal.py", "event_log.py"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        attributes = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not names & {"print", "Console"}, path.name
        assert not attributes & {"sys.stdout", "sys.stderr.write", "sys.__stdout__", "sys.__stderr__"}, (
            path.name
        )


def test_a_reader_who_has_seen_enough_is_told_of_no_error() -> None:
    words = [sys.executable, "-m", "def_sim", "stage=plan", ITEMS]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        command.stdout.close()  # as `| head` does; no line is printed before it
        _, said = command.communicate(timeout=HANG_S)
    assert command.returncode == 0
    assert "error" not in said
