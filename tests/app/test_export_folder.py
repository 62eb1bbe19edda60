"""Exported files appear at once in a new folder and each whole in an old one, wherever a process stops."""

import errno
from contextlib import suppress
from pathlib import Path

import pytest
from test_publishing import Killed, stopped_at

from def_sim.app.export_folder import RECORD, check_target, publish_export, staged_export
from def_sim.errors import ConfigError, StoreError

OLD = {"panel.sav": b"old panel", "run.xlsx": b"old tables"}
NEW = {"panel.sav": b"new panel", "scores.tex": b"new scores"}
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(autouse=True)
def no_power_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for the disk would take most of the time, and no test pulls the plug."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


def put(folder: Path, contents: dict[str, bytes]) -> None:
    with staged_export(folder) as staged:
        for name, content in contents.items():
            (staged / name).write_bytes(content)
        publish_export(staged, folder)


def found(folder: Path) -> dict[str, bytes]:
    """The files that a user sees."""
    paths = [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.exists() else []
    return {path.name: path.read_bytes() for path in paths if path.name != RECORD}


def num_changes(folder: Path, *, before: bool) -> int:
    """How often the disk is touched by an export."""
    if before:
        put(folder, OLD)
    with stopped_at(folder.parent, 0, Killed(), for_good=False) as seen:
        put(folder, NEW)
    return len(seen)


def test_files_of_an_earlier_export_are_replaced_and_others_stay(tmp_path: Path) -> None:
    put(tmp_path / "export", OLD)
    (tmp_path / "export" / "mine.sps").write_bytes(b"mine")
    put(tmp_path / "export", NEW)
    assert found(tmp_path / "export") == OLD | NEW | {"mine.sps": b"mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_a_process_killed_at_any_moment_leaves_a_new_folder_whole_or_none(tmp_path: Path) -> None:
    num = num_changes(tmp_path / "count" / "export", before=False)
    assert num > 5
    for number in range(1, num + 1):
        folder = tmp_path / str(number) / "export"
        with stopped_at(folder.parent, number, Killed(), for_good=True), suppress(Killed):
            put(folder, NEW)
        assert found(folder) in ({}, NEW), number
        put(folder, NEW)
        assert found(folder) == NEW


def test_in_an_old_folder_each_file_is_whole_and_the_same_command_goes_on(tmp_path: Path) -> None:
    num = num_changes(tmp_path / "count" / "export", before=True)
    for number in range(1, num + 1):
        folder = tmp_path / str(number) / "export"
        put(folder, OLD)
        with stopped_at(folder.parent, number, Killed(), for_good=True), suppress(Killed):
            put(folder, NEW)
        for name, content in found(folder).items():
            assert content in (OLD.get(name), NEW.get(name)), (number, name)
        put(folder, NEW)  # what the killed one wrote is taken for ours
        assert found(folder) == OLD | NEW


def test_a_full_disk_at_any_moment_of_a_new_folder_is_one_message_and_no_file(tmp_path: Path) -> None:
    num = num_changes(tmp_path / "count" / "export", before=False)
    num_refused = 0
    for number in range(1, num + 1):
        folder = tmp_path / str(number) / "export"
        with stopped_at(folder.parent, number, FULL, for_good=False), suppress(StoreError):
            put(folder, NEW)
        num_refused += not folder.exists()
        assert found(folder) in ({}, NEW), number
    assert num_refused > 3


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("/etc/hostname")])
def test_what_no_export_wrote_is_refused_whatever_it_is(tmp_path: Path, make: object) -> None:
    put(tmp_path / "export", {"run.xlsx": b"tables"})
    make(tmp_path / "export" / "panel.sav")  # type: ignore[operator]
    with pytest.raises(ConfigError, match="not as an export wrote it"):
        check_target(tmp_path / "export", ["run.xlsx", "panel.sav"])
    check_target(tmp_path / "export", ["run.xlsx"])


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "export").touch()
    with pytest.raises(ConfigError, match="no folder"):
        check_target(tmp_path / "export", [])


def test_a_record_that_was_changed_vouches_for_nothing(tmp_path: Path) -> None:
    put(tmp_path / "export", OLD)
    record = tmp_path / "export" / RECORD
    record.write_text(record.read_text().replace("panel.sav", "other.sav"))
    with pytest.raises(StoreError):
        check_target(tmp_path / "export", ["panel.sav"])
