"""The calls that rephrasing has made, kept so that none is made twice: `wordings/calls/` in the home.

One folder a source and language, under one lease, since numbers of wordings are handed out there; in it one a
model with its settings, which holds who was asked (`asker.json`) and a journal of calls. A call that `append`
has taken survives the end of this process, however it ends.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from def_sim.answers.storage.calls import CallEntry, read_call_journal
from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.held_journals import HeldJournals
from def_sim.answers.storage.journal import repair_last_line
from def_sim.answers.storage.journal_writer import CallJournal
from def_sim.answers.storage.lease import Lease
from def_sim.answers.storage.sealed_json import read_sealed, write_sealed
from def_sim.errors import StoreError
from def_sim.records import Call
from def_sim.surveys.rephrase import DRAFTING
from def_sim.surveys.rephrase_replies import read_drafts

_log = logging.getLogger(__name__)
_ASKER: Final = "asker.json"
_JOURNAL: Final = "calls.jsonl"
_LEASE: Final = "calls.lease"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who was asked: a model with everything that its replies depend on. `model`: what defines it."""

    name: str
    label: str
    model: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Numbered:
    """The wordings of one stored call, numbered from `first` on; more may have come than were asked for."""

    item_id: str
    first: int
    texts: tuple[str, ...]
    asker: Asker

    @property
    def numbers(self) -> range:
        """All of them."""
        return range(self.first, self.first + len(self.texts))


def calls_folder(home: Path, source: str, language: str) -> Path:
    """Where the calls about a source lie."""
    return home / "wordings" / "calls" / f"{source}.{language}"


def how_to_mend(folder: Path) -> str:
    """The way out of a folder that is damaged."""
    return f"Restore the file from a copy, or delete {folder}: its calls are made anew."


def read_numbers(folder: Path) -> list[Numbered]:
    """What every call for wordings gave, of all models; none where nothing was asked.

    Args:
        folder: Of a source and language.

    Raises:
        StoreError: A journal or an `asker.json` is damaged; with file and line.
    """
    return [
        Numbered(call.item_id, call.wording, read_drafts(call.completion).drafts, asker)
        for path in sorted(folder.glob(f"*/{_JOURNAL}"))
        for asker in [_read_asker(path.parent)]
        for call in (entry.call for entry in _entries(path))
        if call.call == DRAFTING
    ]


def read_stored(of_asker: Path) -> dict[tuple[str, str], Call]:
    """Item and hash of the prompt -> the stored call of one model; none where nothing was asked."""
    return {(e.call.item_id, e.call.prompt_hash): e.call for e in _entries(of_asker / _JOURNAL)}


def _entries(path: Path) -> Iterator[CallEntry]:
    if not path.is_file():
        return
    try:
        with disk_errors(path):
            yield from read_call_journal(path)
    except StoreError as error:  # its way out is that of a run
        raise StoreError(error.message, fix=how_to_mend(path.parent)) from None


def _read_asker(of_asker: Path) -> Asker:
    path = of_asker / _ASKER
    content = read_sealed(path, fix=how_to_mend(of_asker))
    name, label, model = (content.get(key) for key in ("name", "label", "model"))
    if not isinstance(name, str) or not isinstance(label, str) or not isinstance(model, dict):
        raise StoreError(f"{path} does not say which model was asked.", fix=how_to_mend(of_asker))
    return Asker(name, label, model)


class CallStore:
    """The calls of one model about one source, open for writing. A context manager; open once constructed.

    Args:
        of_asker: The model's folder within that of the source; made if missing.
        asker: Who is asked.
        defines: What else its replies depend on, for `asker.json`.
        take_over: Whether it is taken from a process that may be alive; that one then stops.

    Raises:
        RunInUseError: Another process rephrases the same source and language.
        StoreError: The folder cannot be written, or what is in it is damaged.
    """

    def __init__(
        self, of_asker: Path, asker: Asker, defines: Mapping[str, Any], *, take_over: bool = False
    ) -> None:
        self.folder = of_asker
        self._path = of_asker / _JOURNAL
        self._lease = Lease(of_asker.parent / _LEASE)
        with disk_errors(self._path), ExitStack() as opened:
            of_asker.mkdir(parents=True, exist_ok=True)
            opened.callback(self._remove_if_empty)
            self._lease.acquire(take_over=take_over)
            opened.callback(self._lease.release)
            self._open(opened, asker, defines)
            self._opened = opened.pop_all()

    def _open(self, opened: ExitStack, asker: Asker, defines: Mapping[str, Any]) -> None:
        repaired = repair_last_line(self._path) if self._path.exists() else None
        if repaired is not None:
            _log.warning("%s", repaired)
        self.stored = read_stored(self.folder)
        if not (self.folder / _ASKER).is_file():  # before the first call: whose it is must be known
            content = {"name": asker.name, "label": asker.label, "model": dict(asker.model)}
            write_sealed(self.folder / _ASKER, content | {"defines": dict(defines)})
        self._journal = CallJournal(self._path)
        opened.callback(self._journal.close)
        self._held = HeldJournals(self._lease, [self._journal], opened)

    def _remove_if_empty(self) -> None:
        """Where not a single call came back nothing is left behind."""
        with suppress(OSError):
            if self._path.exists() and not self._path.stat().st_size:
                self._path.unlink()
                (self.folder / _ASKER).unlink(missing_ok=True)
            for folder in (self.folder, *list(self.folder.parents)[:3]):  # up to wordings/
                folder.rmdir()

    def check(self) -> None:
        """Makes sure that what was written is where it was written.

        Raises:
            StoreError: The journal was removed, replaced or cut, or the disk failed.
        """
        with disk_errors(self._path):
            self._held.check()

    def append(self, call: Call) -> None:
        """Stores one call. When this returns, it survives the end of the process.

        Raises:
            RunInUseError: The lease was taken over by another process.
            StoreError: The disk is full or failed, or the journal is gone; what was stored before is safe.
        """
        with disk_errors(self._path):
            self._held.make_ready()
            self._journal.append(call)
        self.stored[call.item_id, call.prompt_hash] = call

    def __enter__(self) -> "CallStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with disk_errors(self._path):
            self._opened.close()
            if error is None:
                self._held.check()
