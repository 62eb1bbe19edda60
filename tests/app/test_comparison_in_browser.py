"""The comparison in a real browser: its script runs under its own policy and shows one score at a time."""

import re
import subprocess
from pathlib import Path

from chromium import CHROMIUM, FLAGS, NEEDS_CHROMIUM
from scripted_runs import hold
from waiting import HANG_S

from def_sim.app.main import main

pytestmark = NEEDS_CHROMIUM


def test_the_chosen_score_alone_is_shown(tmp_path: Path) -> None:
    for model in ("mistral7b", "llama3_8b"):
        hold(tmp_path, f"model={model}", "respondents=3")
    assert main(["stage=report", f"runs={tmp_path}/**", f"output={tmp_path}"]) == 0
    page = tmp_path / "comparison" / "comparison.html"
    assert CHROMIUM is not None
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=True,
    )
    parts = re.findall(r'<div class="metric" data-metric="(\w+)"( hidden)?', done.stdout)
    assert [metric for metric, hidden in parts if not hidden] == ["js_divergence"]
    assert len(parts) == 5
    assert "Refused to" not in done.stderr  # nothing of ours breaks our own policy
