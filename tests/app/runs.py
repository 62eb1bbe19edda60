"""Small real runs of the demo respondent, in this process or in one of their own."""

import os
import subprocess
import sys
from pathlib import Path

from waiting import HANG_S

ITEMS = "items=[wvs7.Q1,wvs7.Q7_17,wvs7.Q46,wvs7.Q48,wvs7.Q57,wvs7.Q152,wvs7.Q153,wvs7.Q164]"
SHORT = ("decoding.max_new_tokens=48", "scoring.draws=20")


def words(output: Path, *more: str, respondents: int = 3) -> list[str]:
    """A command line for a run of a few questions."""
    return [ITEMS, *SHORT, f"respondents={respondents}", f"output={output}", *more]


def start(arguments: list[str], **options: object) -> "subprocess.Popen[str]":
    """`python -m def_sim` in a process of its own, away from the checkout's folder."""
    command = [sys.executable, "-m", "def_sim", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **options,  # type: ignore[call-overload]
    )


def run(arguments: list[str], **options: object) -> "subprocess.CompletedProcess[str]":
    """The same, waited for."""
    process = start(arguments, **options)
    out, err = process.communicate(timeout=HANG_S)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def run_folder(output: Path) -> Path:
    """The one run below an output folder."""
    [manifest] = output.glob("*/*/*/manifest.json")
    return manifest.parent


def num_lines(output: Path) -> int:
    """Whole answers on file so far."""
    journals = output.glob("*/*/*/answers/*.jsonl")
    return sum(path.read_bytes().count(b"\n") for path in journals)
