"""GGUF files that are damaged, hostile, or of a kind that is not read: one message, nothing written."""

import resource
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tiny_gguf import make_network, write_gguf

from def_sim.app.main import main
from def_sim.engines.local.checkpoints.gguf.header import read_header
from def_sim.engines.local.checkpoints.gguf.unpacking import unpack
from def_sim.errors import ModelError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEF_SIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "tiny.gguf"
    return write_gguf(path, make_network("llama"), "llama").read_bytes()


def begun(*, version: int = 3, tensors: int = 1, settings: int = 1) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, settings)


def text(content: bytes) -> bytes:
    return struct.pack("<Q", len(content)) + content


ENDLESS = 2**62
HOSTILE = [
    (b"PK\x03\x04 something else", "is no GGUF file"),
    (b"", "is no GGUF file"),
    (b"GGUF", "cut off within its header"),
    (begun(version=1), "is GGUF version 1"),
    (begun(version=4), "is GGUF version 4"),
    (b"GGUF" + struct.pack(">IQQ", 3, 1, 1), "big endian"),
    (begun(tensors=ENDLESS), "claims 4,611,686,018,427,387,904 tensors"),
    (begun(settings=ENDLESS), "4,611,686,018,427,387,904 settings"),
    (begun() + struct.pack("<Q", ENDLESS), "claims a text of"),
    (begun() + text(b"k") + struct.pack("<IQ", 8, ENDLESS), "claims a text of"),
    (begun() + text(b"k") + struct.pack("<IIQ", 9, 8, ENDLESS), "elements for 'k'"),
    (begun() + text(b"k") + struct.pack("<IIQ", 9, 12, 1_000_000), "cut off within its header"),
    (begun() + text(b"k") + struct.pack("<IIQ", 9, 9, 3), "list of the unreadable type 9"),
    (begun() + text(b"k") + struct.pack("<I", 77), "value of the unknown type 77"),
    (begun() + text(b"\xff\xfe") + struct.pack("<IB", 0, 1), "no UTF-8"),
    (begun(settings=0) + text(b"t") + struct.pack("<I", 4_000_000), "4000000 dimensions"),
    (begun(settings=0) + text(b"t") + struct.pack("<IQIQ", 1, ENDLESS, 0, 0), "is cut off: 't'"),
    (begun(settings=0) + text(b"t") + struct.pack("<IQIQ", 1, 33, 2, 0), "which Q4_0 cannot have"),
    (begun(settings=0) + text(b"t") + struct.pack("<IQIQ", 1, 32, 9, 0), "quantisation of number 9"),
    (begun(settings=0) + text(b"t") + struct.pack("<IQIQ", 1, 32, 200, 0), "quantisation of number 200"),
]


@pytest.mark.parametrize(("content", "message"), HOSTILE)
def test_a_file_that_lies_about_itself_is_one_message(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=message) as error:
        read_header(path)
    assert error.value.fix


@pytest.mark.parametrize("share", [0.01, 0.3, 0.999])
def test_a_file_that_was_cut_off_anywhere_is_refused_before_anything_is_written(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str], whole: bytes, share: float
) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(whole[: int(share * len(whole))])
    assert main(["model=hf", f"model.engine.path={path}", f"output={tmp_path}/out", "stage=interview"]) == 2
    said = capsys.readouterr()
    assert "is cut off" in said.err
    assert "Download or copy the file again" in said.err
    assert not cache.exists()


def test_a_part_of_a_model_in_several_files_says_how_to_merge_them(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "tiny-00002-of-00003.gguf"
    path.write_bytes(whole)
    with pytest.raises(ModelError, match="part 2 of 3") as error:
        unpack(path)
    assert "llama-gguf-split --merge" in error.value.fix


def test_a_file_that_is_not_there_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model=hf", f"model.engine.path={tmp_path}/none.gguf", "stage=interview"]) == 2
    assert "There is no file" in capsys.readouterr().err


def test_an_architecture_that_is_not_read_is_named_and_a_server_offered(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", make_network("llama"), "llama")
    path.write_bytes(path.read_bytes().replace(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0xyzzy", 1))
    with pytest.raises(ModelError, match=r"architecture 'xyzzy'; read are .*llama.*qwen2") as error:
        unpack(path)
    assert "model=server" in error.value.fix


@contextmanager
def small_disk() -> Iterator[None]:
    """No file of this process may be longer than a part of the model: as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_one_message_and_leaves_no_half_a_file(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str], whole: bytes
) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(whole)
    with small_disk():
        assert main(["model=hf", f"model.engine.path={path}", "stage=fetch"]) == 2
    assert "cannot be written to" in capsys.readouterr().err
    assert [file.name for file in cache.rglob("*") if file.is_file()] == []


def test_no_room_is_said_before_anything_is_written(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, whole: bytes
) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(whole)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(ModelError, match=r"0\.0 GB are free") as error:
        unpack(path)
    assert "DEF_SIM_CACHE" in error.value.fix
    assert not cache.exists()
