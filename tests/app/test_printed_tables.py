"""Tables of the terminal: drawn where somebody looks on, plain lines where a program or a file reads."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from waiting import HANG_S

import def_sim
from def_sim.app.printed_tables import PrintedTable, plain_lines

LONG = "A model whose name and number of parameters are longer than a terminal of eighty columns is wide"
TABLE = PrintedTable("Scores", ("mean of", "value", "norm."), ((LONG, "0.697", "–"), ("b", "0.1", "< -1")))
LINES = [
    "Scores",
    "  mean of" + " " * (len(LONG) - 7) + "  value  norm.",
    f"  {LONG}  0.697      –",
    "  b" + " " * (len(LONG) - 1) + "    0.1   < -1",
]

PROGRAM = (
    "from def_sim.app.printed_tables import print_table\n"
    "import test_printed_tables as t\n"
    "print_table(t.TABLE)"
)
BAR = (
    "from def_sim.app.progress import InterviewProgress\n"
    "with InterviewProgress(total=2, done=1, note=lambda: ''): pass"
)
COLOUR = re.compile("\x1b\\[[0-9;]*[349][0-7][;m]")


def environment(of: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "COLUMNS")}
    paths = (
        str(Path(def_sim.__file__).parents[1]),
        str(Path(__file__).parent),
        str(Path(__file__).parents[1]),
    )
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8", **of}


def on_terminal(program: str, **of: str) -> str:
    """What a program shows on a terminal of the system."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=environment(of), stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65_536):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait(timeout=HANG_S) == 0
    return shown.decode().replace("\r\n", "\n")


def test_plain_lines_are_as_wide_as_their_words_and_end_with_no_blank() -> None:
    assert plain_lines(TABLE) == LINES
    assert [
        line for line in plain_lines(PrintedTable("", ("a", "b"), (("c", ""),))) if line.endswith(" ")
    ] == []


def test_what_a_stranger_wrote_into_a_cell_stays_in_its_cell() -> None:
    table = PrintedTable("t", ("m", "v"), (("a\x1b[31m\nb", "1"), ("c", "2")))
    assert plain_lines(table)[2:] == ["  a\\x1b[31m\\x0ab  1", "  c" + " " * 13 + "  2"]


@pytest.mark.slow
def test_a_pipe_gets_plain_lines_that_are_not_wrapped() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment({"TERM": "xterm-256color"}), capture_output=True,
        timeout=HANG_S,
    )  # fmt: skip
    assert done.stdout.decode().splitlines() == LINES, done.stderr


@pytest.mark.slow
def test_a_terminal_gets_a_drawn_table() -> None:
    shown = on_terminal(PROGRAM, TERM="xterm-256color", COLUMNS="80")
    assert "───" in shown
    assert "0.697" in shown  # the words are folded, not the numbers
    assert max(map(len, re.sub("\x1b\\[[0-9;]*m", "", shown).splitlines())) <= 80


@pytest.mark.slow
def test_a_title_is_folded_where_the_terminal_ends_and_not_where_the_table_does() -> None:
    program = PROGRAM.replace(
        "(t.TABLE)", "(t.PrintedTable('A title longer than both columns', ('a', 'b'), ()))"
    )
    shown = on_terminal(program, TERM="xterm-256color", COLUMNS="80")
    assert "A title longer than both columns" in shown


@pytest.mark.slow
def test_a_terminal_too_narrow_for_the_numbers_gets_all_of_them_as_plain_lines() -> None:
    assert on_terminal(PROGRAM, TERM="xterm-256color", COLUMNS="24").splitlines() == LINES
    assert "───" in on_terminal(PROGRAM, TERM="xterm-256color", COLUMNS="40")


@pytest.mark.slow
def test_a_dumb_terminal_gets_what_a_pipe_gets() -> None:
    assert on_terminal(PROGRAM, TERM="dumb").splitlines() == LINES


@pytest.mark.slow
def test_no_color_takes_the_colours_of_the_bar_away() -> None:
    assert COLOUR.search(on_terminal(BAR, TERM="xterm-256color"))
    assert not COLOUR.search(on_terminal(BAR, TERM="xterm-256color", NO_COLOR="1"))


@pytest.mark.slow
def test_a_dumb_terminal_gets_lines_instead_of_a_bar() -> None:
    assert "\x1b" not in on_terminal(BAR, TERM="dumb")
