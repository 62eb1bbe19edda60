"""A server repeats the key wherever it can: no file of the run, and no line of the terminal, holds it."""

import base64
import itertools
import json
import os
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from runs import run_folder, words
from waiting import HANG_S

sys.path.append(str(Path(__file__).parents[1] / "engines"))
from loopback import Loopback

pytestmark = pytest.mark.slow

KEY = "zq-Secret-0123456789-abcDEFghij"
FORMS = (
    KEY,
    KEY.upper(),
    KEY[::-1],
    " ".join(KEY),
    f"{KEY[:9]}\n{KEY[9:]}",
    urllib.parse.quote(KEY).replace("-", "%2D"),
    "".join(f"\\u{ord(character):04x}" for character in KEY),
    base64.b64encode(KEY.encode()).decode(),
    KEY.encode().hex(),
)
# Of each form, without blanks and in small letters.
TRACES = [form.replace(" ", "").replace("\n", "").lower().encode() for form in FORMS]


def echo(number: "itertools.count[int]") -> Any:
    """Replies with the key in every field, in one form after another; each sixth ends for no known reason."""

    def changes(body: dict[str, Any]) -> dict[str, Any]:
        turn = next(number)
        key = FORMS[turn % len(FORMS)]
        text = f"Answer: 2\nExplanation: Mine is {key} indeed."
        is_odd = turn % 6 == 5
        message = {"role": "assistant", "content": text, "reasoning_content": f"I was sent {key}."}
        choice = {"index": 0, "finish_reason": key if is_odd else "stop", "message": message}
        return {
            "id": key,
            "model": key,
            "choices": [choice],
            "content": [
                {"type": "thinking", "thinking": f"I was sent {key}."},
                {"type": "text", "text": text},
            ],
            "stop_reason": key if is_odd else "end_turn",
            "usage": {
                "prompt_tokens": 300,
                "completion_tokens": 20,
                "input_tokens": 300,
                "output_tokens": 20,
            },
        }

    return changes


def run(tmp_path: Path, *choice: str) -> "subprocess.CompletedProcess[bytes]":
    """The command, in a process of its own, with the logs of the libraries on."""
    noisy = {"OPENAI_LOG": "debug", "ANTHROPIC_LOG": "debug", "ANTHROPIC_API_KEY": KEY, "LOOPBACK_KEY": KEY}
    command = [sys.executable, "-m", "def_sim", *words(tmp_path, *choice)]
    # It ends with 0, or with 2 where it has to stop.
    return subprocess.run(
        command, env={**os.environ, **noisy}, capture_output=True, timeout=3 * HANG_S, check=False
    )


def holds_trace(content: bytes) -> bool:
    bare = b"".join(content.split()).replace(b"\\n", b"").lower()
    return any(trace in bare for trace in TRACES)


def files_with_traces(folder: Path) -> list[str]:
    """Files that hold a key, as bytes or, where they are packed, as the table that is in them."""
    found = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += pd.read_parquet(path).to_json(orient="records").encode()
        if holds_trace(content):
            found.append(path.name)
    return found


ENGINES = {
    "openai": ["model=server", "model.engine.model_name=m", "model.engine.key_variable=LOOPBACK_KEY",
               "model.engine.probes=false", "model.engine.deviations=[beams,seed,top_k]"],
    "anthropic": ["model=claude"],
    "batches": ["model=claude", "modifications.memory=false", "model.engine.batches=true",
                "model.engine.batch_gather_s=0.05", "model.engine.batch_poll_s=0.02"],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
def test_nothing_that_a_run_leaves_behind_holds_the_key(name: str, tmp_path: Path) -> None:
    def faults(number: int) -> str | None:
        return {2: "429", 4: "500", 7: "400"}.get(number)

    with Loopback(key=KEY, faults=faults, changes=echo(itertools.count()), says=f"no {KEY}, no") as server:
        path = "/v1" if name == "openai" else ""
        ended = run(tmp_path, *ENGINES[name], f"model.engine.base_url={server.address}{path}")
    terminal = ended.stdout + ended.stderr
    assert ended.returncode == 0, terminal.decode()[-2000:]
    assert not holds_trace(terminal)
    assert files_with_traces(tmp_path) == []
    folder = run_folder(tmp_path)
    assert (folder / "report.html").is_file()
    journal = "".join(path.read_text(encoding="utf-8") for path in folder.glob("answers/*.jsonl"))
    assert "Mine is [key] indeed." in journal
    assert "I was sent [key]." in journal
    # Told on the terminal, and counted on file.
    assert b"repeats the key that it was sent" in terminal
    [spending] = folder.glob("spending/*.json")
    assert json.loads(spending.read_text(encoding="utf-8"))["num_with_key"] >= 20


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_a_key_that_is_refused_is_not_shown(name: str, tmp_path: Path) -> None:
    with Loopback(key="another-key-0123456789") as server:
        path = "/v1" if name == "openai" else ""
        ended = run(tmp_path, *ENGINES[name], f"model.engine.base_url={server.address}{path}")
    assert ended.returncode == 2
    assert b"refused the key in" in ended.stderr
    assert not holds_trace(ended.stdout + ended.stderr)
    assert files_with_traces(tmp_path) == []
