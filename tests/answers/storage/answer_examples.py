"""Answers to store, and a way to run code in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from waiting import HANG_S

import def_sim
from def_sim.records import Answer, AnswerStatus, FinishReason, ReadingMethod

_PREAMBLE = """
import os, sys, time
from pathlib import Path
from answer_examples import an_answer
from def_sim.answers.storage.store import AnswerStore
from def_sim.errors import DefSimError
folder = Path(sys.argv[1])
"""


def an_answer(number: int = 0, **changes: Any) -> Answer:
    """The number-th respondent's answer to one item; every field differs from its default."""
    fields: dict[str, Any] = {
        "respondent_id": f"r{number:05d}",
        "item_id": "wvs7.Q1",
        "wording": 1,
        "call": 2,
        "status": AnswerStatus.ANSWERED,
        "choices": (2, 4),
        "method": ReadingMethod.BOTH,
        "text": f"2 and 4, says {number}",
        "shown_codes": (4, 3, 2, 1),
        "memory": ("wvs7.Q2#0", "wvs7.Q3#1"),
        "prompt_hash": "0123456789abcdef",
        "finish_reason": FinishReason.LENGTH,
        "num_prompt_tokens": 512,
        "num_generated_tokens": 80,
        "error": "overloaded",
        "seconds": 0.1 + number,
    }
    return Answer(**fields | changes)


def start_process(code: str, folder: Path, *arguments: object, before: tuple[str, ...] = ()) -> Any:
    """Starts Python on the code, which finds `folder`, `an_answer` and the store; pipes on both ends."""
    tests = Path(__file__).parents[2]
    paths = [str(Path(def_sim.__file__).parents[1]), str(tests), str(Path(__file__).parent)]
    command = [*before, sys.executable, "-c", _PREAMBLE + code, str(folder), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1
    )


def finish(process: Any) -> str:
    """Closes the process's input, waits for its end and gives what it printed since."""
    process.stdin.close()
    printed = str(process.stdout.read())
    process.stdout.close()
    process.wait(timeout=HANG_S)
    return printed
