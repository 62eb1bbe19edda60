"""Puts a set of files into the user's home, all of them or none, whenever the process is killed.

The files are first written into a hidden folder beside the others. Giving that folder the name `.ready` is
the one step that decides: what is killed before it has changed nothing, what is killed behind it is finished
by the next command at that home. Knows no survey.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
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
        if (home / READY).exists():
            raise StoreError(
                f"{home}: another command is writing into this home.", fix="Give the same command again."
            )
        folder.rename(home / READY)  # from here on the files are there
        sync_folder(home)
    finish(home)


def finish(home: Path) -> None:
    """Moves published files to their places; what a killed process left undone, too. Nothing to do otherwise.

    Raises:
        StoreError: The disk is full or not writable; the list of files is damaged.
    """
    ready = home / READY
    if not ready.is_dir():
        return
    with disk_errors(ready):
        names, removed = _read_list(ready / _LIST)
        for name in names:
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # it is in its place already
                (ready / _FILES / name).replace(home / name)
        for name in removed:
            (home / name).unlink(missing_ok=True)
        for folder in {(home / name).parent for name in names}:
            sync_folder(folder)
        _clear_away(home, ready)


def _clear_away(home: Path, ready: Path) -> None:
    """Under another name first: half of the folder, with that name, would be taken for files on their way."""
    now, empty = ready.stat().st_mtime, temporary_path(home / "import")
    ready.rename(empty)
    shutil.rmtree(empty, ignore_errors=True)
    remove_leftovers(home, now=now)


def _read_list(path: Path) -> tuple[list[str], list[str]]:
    """Names of files that come and of those that go, all below the home."""
    try:
        content = _List.model_validate_json(path.read_bytes())
    except ValidationError:
        raise StoreError(
            f"{path}: it does not say which files of the home are new.",
            fix=f"Delete {path.parent}, and import again.",
        ) from None
    return content.files, content.removed


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
