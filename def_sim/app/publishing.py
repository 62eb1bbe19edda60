"""Puts a set of files into the user's home, all of them or none, whenever the process is killed.

The files are first written into a hidden folder beside the others. Giving that folder the name `.ready` is
the one step that decides: what is killed before it has changed nothing, what is killed behind it is finished
by the next command at that home. Knows no survey.
"""

import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from def_sim.answers.storage.disk import disk_errors, write_whole
from def_sim.errors import StoreError
from def_sim.names import check_path
from def_sim.temporary import remove_leftovers, sync_folder, temporary_path

READY: Final = ".ready"  # in a home: files on their way
_LIST: Final = "files.json"
_FILES: Final = "files"
_GONE: Final = frozenset({errno.ENOENT, errno.ESTALE})  # the second on network file systems


@contextmanager
def staged(home: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder beside the home's files that holds the new ones, to be looked at; it goes at the end.

    Args:
        home: The user's home.
        files: Name below the home -> content.

    Raises:
        StoreError: The disk is full or not writable; nothing is left behind.
    """
    folder = temporary_path(home / "import")
    with disk_errors(folder):
        try:
            for name, content in files.items():
                path = folder / _FILES / name
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, content)
            yield folder / _FILES
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def publish(home: Path, looked_at: Path, *, removed: Iterable[str] = ()) -> None:
    """Makes the files of `staged` those of the home.

    Args:
        home: The user's home.
        looked_at: The folder that `staged` gave.
        removed: Names below the home of files that go at the same time.

    Raises:
        StoreError: The disk is full or not writable, or another process publishes at the same time.
    """
    folder = looked_at.parent
    names = sorted(path.relative_to(looked_at).as_posix() for path in looked_at.rglob("*") if path.is_file())
    content = _List(files=names, removed=sorted(removed))
    write_whole(folder / _LIST, content.model_dump_json().encode())
    with disk_errors(home / READY):
        _make_ready(folder, home)
        sync_folder(home)
    finish(home)


def _make_ready(folder: Path, home: Path) -> None:
    """The step that decides: from here on the files are there."""
    with suppress(FileExistsError):
        if not (home / READY).exists():
            try:
                folder.rename(home / READY)
                return
            except OSError as error:
                if error.errno != errno.ENOTEMPTY:
                    raise
    raise StoreError(
        f"{home}: another command is writing into this home.", fix="Give the same command again."
    )


def finish(home: Path) -> None:
    """Moves published files to their places; what a killed process left undone, too. Nothing to do otherwise.

    Several processes may do it at once, as the commands of an array that begin together: when it returns,
    all files are in their places, whoever moved them.

    Raises:
        StoreError: The disk is full or not writable; the list of files is damaged.
    """
    ready = home / READY
    with disk_errors(ready), _opened(ready) as folder:
        found = None if folder is None else _read_list(ready, folder)
        if folder is None or found is None:
            return
        for name in found.files:
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            with _gone_is_done():  # it is in its place already
                os.replace(f"{_FILES}/{name}", home / name, src_dir_fd=folder)
        for name in found.removed:
            with _gone_is_done():
                _remove(home / name, ready, folder)
        for parent in {(home / name).parent for name in found.files}:
            with _gone_is_done():
                sync_folder(parent)
        _clear_away(home, ready, folder)


@contextmanager
def _opened(ready: Path) -> Iterator[int | None]:
    """The folder of files on their way, however it is named later; None where there is none.

    Names alone do not do: another process may finish it, and a second import come under the same name.
    """
    try:
        folder = os.open(ready, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        yield folder if stat.S_ISDIR(os.fstat(folder).st_mode) else None
    finally:
        os.close(folder)


@contextmanager
def _gone_is_done() -> Iterator[None]:
    """A block that does what another process may have done."""
    try:
        yield
    except OSError as error:
        if error.errno not in _GONE:
            raise


def _remove(path: Path, ready: Path, folder: int) -> None:
    """Removes a file, unless that was done and it is one of the next import by now."""
    aside = temporary_path(ready.with_name("import"))
    path.rename(aside)
    if _is_still(ready, folder):
        aside.unlink()
    else:
        aside.rename(path)


def _is_still(path: Path, folder: int) -> bool:
    """Whether a path names the opened folder."""
    try:
        return os.path.samestat(path.stat(), os.fstat(folder))
    except FileNotFoundError:
        return False


def _clear_away(home: Path, ready: Path, folder: int) -> None:
    """Under another name first: half of the folder, with that name, would be taken for files on their way."""
    if not _is_still(ready, folder):
        return
    now, empty = os.fstat(folder).st_mtime, temporary_path(home / "import")
    try:
        ready.rename(empty)
    except FileNotFoundError:
        return
    if not _is_still(empty, folder):  # within this moment it was cleared away, and the next import came
        empty.rename(ready)
        return
    shutil.rmtree(empty, ignore_errors=True)
    remove_leftovers(home, now=now)


def _read_list(ready: Path, folder: int) -> "_List | None":
    """Names of files that come and of those that go, all below the home; None: all that is done by now."""
    damaged = StoreError(
        f"{ready / _LIST}: it does not say which files of the home are new.",
        fix=f"Delete {ready}, and import again.",
    )
    try:
        with open(_LIST, "rb", opener=partial(os.open, dir_fd=folder)) as file:
            content = file.read()
    except OSError as error:
        if error.errno not in _GONE:
            raise
        if _is_still(ready, folder):
            raise damaged from None
        return None
    try:
        return _List.model_validate_json(content)
    except ValidationError:
        raise damaged from None


def _check_inside(name: str) -> str:
    """A home may come from somebody else: what its list names stays in it."""
    path = PurePosixPath(check_path(name))
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"{name!r:.80} lies outside of the home")
    return name


_Name = Annotated[str, AfterValidator(_check_inside)]


class _List(BaseModel):
    """`files.json`: names below the home."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: list[_Name]
    removed: list[_Name]
