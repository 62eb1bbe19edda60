"""A real server, `transformers serve` with the tiny checkpoint: interviewed, probed, and gone in the middle.

Runs where the extra `transformers[serving]` is installed.
"""

import asyncio
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hosted_examples import a_request, ask
from waiting import HANG_S

from def_sim.engines.openai_server import OpenAIServerEngine
from def_sim.errors import EngineError
from def_sim.records import FinishReason

IS_INSTALLED = all(importlib.util.find_spec(name) for name in ("fastapi", "uvicorn"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not IS_INSTALLED, reason="needs transformers[serving]: fastapi and uvicorn"),
]


@dataclass
class Peer:
    """A running server."""

    process: "subprocess.Popen[bytes]"
    port: int
    model_name: str

    def engine(self) -> OpenAIServerEngine:
        return OpenAIServerEngine(
            self.model_name,
            base_url=f"http://127.0.0.1:{self.port}/v1",
            deviations=["beams", "seed", "top_k"],
            max_retries=0,
            timeout_s=HANG_S,
        )


@pytest.fixture(scope="module")
def peer(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    folder = tmp_path_factory.mktemp("served") / "model"
    shutil.copytree(checkpoint, folder)
    path = folder / "generation_config.json"
    # A temperature alone does not switch sampling on there.
    path.write_text(json.dumps({**json.loads(path.read_text()), "do_sample": True}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--device", "cpu", str(folder)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        wait_for(port, process)
        yield Peer(process, port, str(folder))
        process.kill()


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until it answers."""
    give_up_at = time.monotonic() + HANG_S
    while time.monotonic() < give_up_at:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=HANG_S):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    pytest.fail("the server did not start")


def test_a_real_server_is_probed_and_answers_each_request(peer: Peer) -> None:
    engine = peer.engine()
    completions = ask(engine, [a_request(number, max_new_tokens=12, top_k=0) for number in range(6)])
    assert len(completions) == 6
    assert all(
        completion.finish_reason in (FinishReason.STOP, FinishReason.LENGTH) for completion in completions
    )
    assert all(0 < completion.num_generated_tokens <= 12 for completion in completions)
    assert len({completion.text for completion in completions}) == 6  # random words
    found = engine.describe()["probe"]
    assert isinstance(found, dict)
    assert found["sampling"] == "honoured"
    assert found["repeat_penalty"] == "refused"
    assert "generation_config" in engine.describe()["sends"]  # type: ignore[operator]
    assert found["top_k"] == "honoured"  # by way of generation_config: the name itself is refused
    assert (found["logprobs"], found["n"]) == ("ignored", "ignored"), found


def test_a_real_server_that_is_killed_in_the_middle_is_a_failure_to_be_tried_again(peer: Peer) -> None:
    async def run() -> None:
        engine = peer.engine()
        assert (await engine.submit(a_request(1, max_new_tokens=4, top_k=0))).num_generated_tokens
        peer.process.kill()
        peer.process.wait()
        try:
            with pytest.raises(EngineError, match="cannot be reached") as caught:
                await engine.submit(a_request(2, max_new_tokens=4, top_k=0))
        finally:
            await engine.close()
        assert caught.value.retryable

    asyncio.run(run())
