"""Files appear in a home all at once or not at all, wherever the process is stopped."""

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from def_sim.app.publishing import READY, _List, finish, publish, staged
from def_sim.errors import StoreError

BEFORE = {"items/town.yaml": b"old items", "references/USA/town.csv": b"old figures", "mine.txt": b"mine"}
NEW = {"items/town.yaml": b"new items", "conf/survey/town.yaml": b"new choice", "surveys/town.yaml": b"new"}
AFTER = NEW | {"mine.txt": b"mine"}  # the figures are removed
CHANGES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir")  # Python's audit events of file changes


@pytest.fixture(autouse=True)
def no_power_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for the disk would take most of the time, and no test pulls the plug."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


class Killed(BaseException):
    """The process is gone: from here on nothing of it happens any more, no clearing up either."""


_watchers: list[Callable[[str, str], None]] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in CHANGES:
        for watcher in _watchers:
            watcher(event, " ".join(map(str, arguments)))


sys.addaudithook(_watch)  # it cannot be taken away again, so it asks the list


@contextmanager
def stopped_at(home: Path, number: int, error: BaseException, *, for_good: bool) -> Iterator[list[str]]:
    """Raises at that many changes of files in the home, and `for_good` at all later ones; lists them all."""
    seen: list[str] = []

    def watcher(event: str, path: str) -> None:
        if str(home) in path:
            seen.append(event)
            if len(seen) == number or (for_good and len(seen) > number):
                raise error

    _watchers.append(watcher)
    try:
        yield seen
    finally:
        _watchers.remove(watcher)


def a_home(folder: Path) -> Path:
    for name, content in BEFORE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def contents(home: Path) -> dict[str, bytes]:
    """What a command sees of a home: hidden folders are on their way."""
    files = [path for path in home.rglob("*") if path.is_file()]
    names = {path.relative_to(home).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith(".")}


def put(home: Path) -> None:
    with staged(home, NEW) as folder:
        publish(home, folder, removed=["references/USA/town.csv"])


def test_new_files_take_the_place_of_old_ones_and_nothing_else_changes(tmp_path: Path) -> None:
    put(a_home(tmp_path))
    assert contents(tmp_path) == AFTER
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_staged_files_can_be_looked_at_and_are_gone_if_they_are_not_published(tmp_path: Path) -> None:
    with staged(a_home(tmp_path), NEW) as folder:
        assert (folder / "items/town.yaml").read_bytes() == b"new items"
        assert contents(tmp_path) == BEFORE
    assert contents(tmp_path) == BEFORE
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_process_killed_at_any_change_of_a_file_leaves_all_of_the_old_or_all_of_the_new(
    tmp_path: Path,
) -> None:
    with stopped_at(a_home(tmp_path / "whole"), 10_000, Killed(), for_good=True) as seen:
        put(tmp_path / "whole")
    assert len(seen) > 20
    outcomes = []
    for number in range(1, len(seen) + 1):
        home = a_home(tmp_path / str(number))
        with stopped_at(home, number, Killed(), for_good=True), pytest.raises(Killed):
            put(home)
        finish(home)  # as the next command does
        found = contents(home)
        assert found in (BEFORE, AFTER), f"killed at {number}: {seen[number - 1]}"
        outcomes.append(found == AFTER)
        put(home)  # and the same import again is whole, and clears up
        assert contents(home) == AFTER
        assert not (home / READY).exists()
    assert outcomes == sorted(outcomes)  # one step decides
    assert {True, False} == set(outcomes)


def test_a_process_that_is_killed_while_it_finishes_is_finished_by_the_next(tmp_path: Path) -> None:
    """Killed twice: in publishing, and then at each change of the command that finishes it."""
    for number in range(1, 30):
        home = a_home(tmp_path / str(number))
        with stopped_at(home, 10_000, Killed(), for_good=True) as seen:
            with staged(home, NEW) as folder:
                (folder.parent / "files.json").write_text('{"files": ["items/town.yaml"], "removed": []}')
                folder.parent.rename(home / READY)
            seen.clear()
        with stopped_at(home, number, Killed(), for_good=True):
            try:
                finish(home)
            except Killed:
                finish_again = True
            else:
                finish_again = False
        finish(home)
        assert contents(home) == BEFORE | {"items/town.yaml": b"new items"}
        if not finish_again:
            return
    pytest.fail("finishing never ends")


@contextmanager
def meanwhile(home: Path, number: int, others: Callable[[], None]) -> Iterator[list[str]]:
    """Before that many-th change of a file in the home other processes do their work; lists all changes."""
    seen: list[str] = []

    def watcher(event: str, path: str) -> None:
        if str(home) in path or READY in path or "files" in path:
            seen.append(event)
            if len(seen) == number:
                _watchers.remove(watcher)
                others()
                _watchers.append(watcher)

    _watchers.append(watcher)
    try:
        yield seen
    finally:
        _watchers.remove(watcher)


def left_behind(home: Path) -> None:
    """The home as an import leaves it that was killed when all files were there and none in its place."""
    with staged(a_home(home), NEW) as folder:
        listed = _List(files=sorted(NEW), removed=["references/USA/town.csv"])
        (folder.parent / "files.json").write_text(listed.model_dump_json())
        folder.parent.rename(home / READY)


def test_a_process_that_finishes_beside_others_ends_as_they_do_whoever_is_first(tmp_path: Path) -> None:
    """The commands of an array begin at once, and each finishes what a killed import left."""
    left_behind(tmp_path / "whole")
    with meanwhile(tmp_path / "whole", 0, lambda: None) as seen:
        finish(tmp_path / "whole")
    assert len(seen) > 10
    for number in range(1, len(seen) + 1):
        home = tmp_path / str(number)
        left_behind(home)
        with meanwhile(home, number, lambda home=home: finish(home)):  # type: ignore[misc]
            finish(home)
        assert contents(home) == AFTER, f"finished by another process at {number}: {seen[number - 1]}"
        assert not [path for path in home.iterdir() if path.name.startswith(".")]


def test_a_process_that_finishes_late_leaves_the_next_import_alone(tmp_path: Path) -> None:
    """Another one finished before it, and a second import has come, whose files it must not take away."""
    second = {"references/USA/town.csv": b"newest figures", "items/town.yaml": b"newest items"}

    def others(home: Path) -> None:
        finish(home)
        with staged(home, second) as folder:
            publish(home, folder, removed=["surveys/town.yaml"])

    def others_left(home: Path) -> None:
        """The same, the second import killed before it moved a file."""
        finish(home)
        with staged(home, second) as folder:
            listed = _List(files=sorted(second), removed=["surveys/town.yaml"])
            (folder.parent / "files.json").write_text(listed.model_dump_json())
            folder.parent.rename(home / READY)

    expected = {name: content for name, content in (AFTER | second).items() if name != "surveys/town.yaml"}
    left_behind(tmp_path / "whole")
    with meanwhile(tmp_path / "whole", 0, lambda: None) as seen:
        finish(tmp_path / "whole")
    for kind in (others, others_left):
        for number in range(1, len(seen) + 1):
            home = tmp_path / f"{kind.__name__}-{number}"
            left_behind(home)
            with meanwhile(home, number, lambda kind=kind, home=home: kind(home)):  # type: ignore[misc]
                finish(home)
            finish(home)  # as the next command does
            assert contents(home) == expected, f"{kind.__name__} at {number}: {seen[number - 1]}"


def test_a_full_disk_at_any_moment_before_the_files_are_there_leaves_the_home_as_it_was(
    tmp_path: Path,
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    for number in range(1, 12):
        home = a_home(tmp_path / str(number))
        with stopped_at(home, number, full, for_good=False), pytest.raises(StoreError) as raised:
            put(home)
        assert "Free space" in raised.value.fix
        assert contents(home) == BEFORE
        assert not (home / READY).exists()


@pytest.mark.parametrize(
    "text",
    [
        '{"files": ["../stolen"], "removed": []}',
        '{"files": [], "removed": ["../../etc/passwd"]}',
        '{"files": ["/etc/passwd"], "removed": []}',
        '{"files": [1], "removed": []}',
        '{"files": []',
        "",
    ],
)
def test_a_list_of_files_that_leads_out_of_the_home_or_is_damaged_moves_nothing(
    tmp_path: Path, text: str
) -> None:
    home = a_home(tmp_path / "home")
    (tmp_path / "stolen").write_text("mine")
    (home / READY / "files").mkdir(parents=True)
    (home / READY / "files.json").write_text(text)
    with pytest.raises(StoreError) as raised:
        finish(home)
    assert f"Delete {home / READY}" in raised.value.fix
    assert contents(home) == BEFORE
    assert (tmp_path / "stolen").read_text() == "mine"


def test_while_another_process_publishes_the_second_is_told(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    with staged(home, NEW) as folder:
        (home / READY).mkdir()
        with pytest.raises(StoreError, match="another command is writing"):
            publish(home, folder)
    assert contents(home) == BEFORE
