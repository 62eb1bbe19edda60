"""The disk of an installation beside what README.md says of it."""

import os
from pathlib import Path

import pytest
from scripts_loaded import script

size = script("check_install_size")


def venv(folder: Path, *, num_bytes: int) -> Path:
    folder.mkdir()
    (folder / "pyvenv.cfg").touch()
    (folder / "library.so").write_bytes(os.urandom(num_bytes))
    return folder


def test_readme_says_one_figure() -> None:
    assert 0.5 < size.said_gb(size.README.read_text(encoding="utf-8")) < 10
    with pytest.raises(SystemExit, match="found 0"):
        size.said_gb("It is small.")
    with pytest.raises(SystemExit, match="found 2"):
        size.said_gb("1 GB of disk, or 2 GB of disk")


def test_a_file_with_two_names_is_counted_once(tmp_path: Path) -> None:
    folder = venv(tmp_path / "one", num_bytes=1_000_000)
    before = size.taken_gb(folder)
    os.link(folder / "library.so", folder / "again.so")
    assert before >= 0.001  # 1 MB at least
    assert size.taken_gb(folder) == pytest.approx(before, abs=5e-5)  # the folder's own entries


@pytest.mark.parametrize(
    ("taken", "expected"), [(2.0, False), (2.29, False), (1.71, False), (2.31, True), (1.69, True)]
)
def test_more_than_15_per_cent_of_two_gigabytes_off_is_too_much(taken: float, expected: bool) -> None:
    assert size.is_off(taken, said=2.0) is expected  # 15 % of 2 are .3


def test_a_folder_that_is_no_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"Name one virtual environment"):
        size.main([str(tmp_path)])
