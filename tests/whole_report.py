"""The report of the whole questionnaire of a survey, 20 respondents, with all that a run's report has.

No model is asked: a code is picked by the hash of a request, and an explanation that nobody else gives stands
behind it, so long that single answers fill their room on the page. One text in forty cannot be read.

`python tests/whole_report.py FOLDER survey=us` makes it below that folder, in a process of its own: where
playwright has started Chromium, no other event loop may run.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from scripted_runs import hold
from waiting import HANG_S

from def_sim.app.main import main
from def_sim.app.run import Run
from def_sim.engines.scripted import ScriptedEngine, answer_text
from def_sim.records import Request

_EXPLANATION: Final = "This is what matters to me, and I have thought of it for {} days. " + "So it is. " * 9


def make_whole_report(output: Path, *words: str) -> Path:
    """The folder of a finished run with its report; `words` choose the survey."""
    done = subprocess.run(
        [sys.executable, __file__, str(output), *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stderr
    [manifest] = output.glob("*/*/*/manifest.json")
    return manifest.parent


def _make(output: Path, *words: str) -> int:
    settings = ("items=null", "model=demo", "respondents=20", *words)
    folder = hold(output, *settings, is_reported=False, respondent=_by_hash)
    return main(["stage=report", f"run_folder={folder}"])


def _by_hash(_: Run) -> ScriptedEngine:
    return ScriptedEngine(reply=_reply)


def _reply(request: Request) -> str:
    number = int.from_bytes(hashlib.sha256(str(request.key).encode()).digest()[:6], "big")
    if number % 40 == 0:
        return f"I cannot choose between {number} things."
    code = request.option_codes[number % len(request.option_codes)]
    return f"{answer_text((code,), request.answer_anchor)} {_EXPLANATION.format(number)}"


if __name__ == "__main__":
    sys.exit(_make(Path(sys.argv[1]), *sys.argv[2:]))
