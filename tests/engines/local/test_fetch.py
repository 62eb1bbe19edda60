"""A checkpoint is fetched from a hub, here one on loopback, with what the engine reads and no more."""

import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest
from http_on_loopback import serving

from def_sim.engines.local.checkpoints.checkpoint import check_checkpoint, find_checkpoint
from def_sim.engines.local.checkpoints.fetch import fetch_checkpoint, needed_files
from def_sim.errors import ModelError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's protocol as a download needs, over the files of one folder."""

    folder: ClassVar[Path]
    requested: ClassVar[list[str]]
    refusal: ClassVar[tuple[int, str] | None] = None

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        if self.refusal is not None:
            status, code = self.refusal
            self._send(status, b"{}", with_body, {"X-Error-Code": code})
            return
        names = sorted(path.name for path in self.folder.iterdir())
        path = self.path.split("?")[0]
        if path.startswith("/api/models/lab/tiny/tree/"):
            tree = [
                {"type": "file", "path": name, "size": (self.folder / name).stat().st_size, "oid": "0" * 40}
                for name in names
            ]
            self._send(200, json.dumps(tree).encode(), with_body, {"Content-Type": "application/json"})
        elif path.startswith("/api/models/lab/tiny"):
            siblings = [{"rfilename": name} for name in names]
            info = {"id": "lab/tiny", "sha": COMMIT, "siblings": siblings, "private": False, "tags": []}
            self._send(200, json.dumps(info).encode(), with_body, {"Content-Type": "application/json"})
        else:
            name = path.rpartition("/")[2]
            content = (self.folder / name).read_bytes()
            if with_body:
                self.requested.append(name)
            digest = hashlib.sha256(content).hexdigest()
            self._send(200, content, with_body, {"ETag": f'"{digest}"', "X-Repo-Commit": COMMIT})

    def _send(self, status: int, content: bytes, with_body: bool, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "tokenizer.model").write_bytes(b"pieces")
    (folder / "modeling_tiny.py").write_text("raise SystemExit")
    (folder / "pytorch_model.bin").write_bytes(bytes(40))
    Hub.folder, Hub.requested, Hub.refusal = folder, [], None
    cache = tmp_path / "hub"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    with serving(Hub) as address:
        yield address


def test_what_was_fetched_is_found_without_a_network(hub: str) -> None:
    folder, num_bytes = fetch_checkpoint("lab/tiny", COMMIT, endpoint=hub)
    assert num_bytes == 23 + 6 + 40
    assert sorted(Hub.requested) == ["config.json", "pytorch_model.bin", "tokenizer.model"]  # no code
    assert find_checkpoint("lab/tiny", COMMIT).samefile(folder)
    check_checkpoint(folder, needs_chat_template=False)


def test_what_is_there_is_not_fetched_again(hub: str) -> None:
    fetch_checkpoint("lab/tiny", COMMIT, endpoint=hub)
    Hub.requested.clear()
    fetch_checkpoint("lab/tiny", COMMIT, endpoint=hub)
    assert Hub.requested == []


def test_a_folder_needs_no_network(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(bytes(7))
    assert fetch_checkpoint(str(tmp_path), None, endpoint="http://127.0.0.1:1") == (tmp_path.resolve(), 7)


@pytest.mark.parametrize(
    ("status", "code", "message", "fix"),
    [
        (403, "GatedRepo", "is gated", "hf auth login"),
        (404, "RevisionNotFound", "has no revision", "model.engine.revision="),
        (404, "RepoNotFound", "There is no checkpoint lab/tiny", "model.engine.path="),
        (400, "Other", "could not be fetched", "goes on where it stopped"),
    ],
)
def test_a_refusal_says_what_to_do(hub: str, status: int, code: str, message: str, fix: str) -> None:
    Hub.refusal = (status, code)
    with pytest.raises(ModelError, match=message) as caught:
        fetch_checkpoint("lab/tiny", COMMIT, endpoint=hub)
    assert fix in caught.value.fix


def test_no_network_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(
        "huggingface_hub.utils._http.time.sleep", lambda seconds: None
    )  # before it tries again
    with pytest.raises(ModelError, match="could not be fetched"):
        fetch_checkpoint("lab/tiny", COMMIT, endpoint="http://127.0.0.1:1")


def test_one_form_of_the_weights_is_enough() -> None:
    common = ["config.json", "generation_config.json", "tokenizer.model", "chat_template.jinja"]
    others = ["README.md", "modeling_x.py", "original/consolidated.00.pth", "consolidated.safetensors"]
    safe = ["model-00001-of-00001.safetensors", "model.safetensors.index.json"]
    legacy = ["pytorch_model-00001-of-00001.bin", "pytorch_model.bin.index.json", "training_args.bin"]
    assert needed_files([*common, *others, *safe, *legacy]) == tuple(sorted([*common, *safe]))
    assert needed_files([*common, *others, *legacy]) == tuple(sorted([*common, *legacy[:2]]))
