"""Which batches a run has sent, on file before anybody waits for them.

Two lines a batch, in the folder of the run: the ids of its requests before it is sent, and with its own id
once the provider has taken it. So a run that is interrupted asks for the results of what it sent, and never
sends it again; where the second line is missing it first has to be found out whether it was taken.
"""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from def_sim.errors import StoreError

FOLDER: Final = "batches"
_LATEST: Final = 1e11  # seconds since 1970


@dataclass(frozen=True, slots=True, eq=False)
class Sending:
    """A batch that was sent, and of which no reply has come.

    Attributes:
        custom_ids: Of its requests.
        sent_at: When, in seconds since 1970 by the clock of the sender.
    """

    custom_ids: tuple[str, ...]
    sent_at: float


class BatchJournal:
    """The batches of one shard of a run.

    Args:
        folder: The folder of the run; None keeps nothing on file.
        name: Of the shard, e.g. `shard-00-of-04`.

    Raises:
        StoreError: A line is damaged.
    """

    def __init__(self, folder: Path | None = None, name: str = "") -> None:
        self._path = folder / FOLDER / f"{name}.jsonl" if folder is not None else None
        self._batch_of: dict[str, str] = {}
        self._sending: dict[str, Sending] = {}
        self._own_ids: set[str] = set()
        if self._path is not None:
            for number, line in enumerate(_whole_lines(self._path), start=1):
                self._take_in(*_entry(self._path, number, line))

    @property
    def batch_of(self) -> Mapping[str, str]:
        """Request id -> id of the batch that it was sent in last."""
        return self._batch_of

    @property
    def sending(self) -> Mapping[str, Sending]:
        """Request id -> what it was sent in, where nobody knows whether the provider took that."""
        return self._sending

    def batch_ids(self) -> set[str]:
        """Of all batches of the run whose requests are known, other shards' among them."""
        found = set(self._own_ids)
        for path in self._path.parent.glob("*.jsonl") if self._path is not None else ():
            with suppress(OSError):
                found |= _ids_in(path.read_bytes())
        return found

    def send(self, custom_ids: Iterable[str], sent_at: float) -> Sending:
        """Writes down that requests, at least one, are about to be sent; on the disk when this returns."""
        sent = tuple(custom_ids)
        self._take_in(None, sent, sent_at)
        self._append({"batch_id": None, "custom_ids": sent, "sent_at": sent_at})
        return self._sending[sent[0]]

    def add(self, batch_id: str, custom_ids: Iterable[str]) -> None:
        """Writes down a batch; it is on the disk when this returns."""
        sent = tuple(custom_ids)
        self._take_in(batch_id, sent, None)
        self._append({"batch_id": batch_id, "custom_ids": sent})

    def forget(self, custom_ids: Iterable[str]) -> None:
        """Writes down that requests got no answer and may be sent again."""
        lost = [one for one in custom_ids if one in self._batch_of or one in self._sending]
        if lost:
            self._take_in(None, lost, None)
            self._append({"batch_id": None, "custom_ids": lost})

    def _take_in(self, batch_id: str | None, custom_ids: Iterable[str], sent_at: float | None) -> None:
        names = tuple(custom_ids)
        for name in names:
            self._batch_of.pop(name, None)
            self._sending.pop(name, None)
        if batch_id is not None:
            self._own_ids.add(batch_id)
            self._batch_of.update(dict.fromkeys(names, batch_id))
        elif sent_at is not None:
            self._sending.update(dict.fromkeys(names, Sending(names, sent_at)))

    def _append(self, line: Mapping[str, object]) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _ids_in(content: bytes) -> set[str]:
    """Ids of the batches that a journal names; another process may be writing its last line."""
    found = set()
    for line in content.splitlines():
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            batch_id = json.loads(line)["batch_id"]
            if isinstance(batch_id, str):
                found.add(batch_id)
    return found


def _entry(path: Path, number: int, line: bytes) -> tuple[str | None, list[str], float | None]:
    try:
        entry: dict[str, Any] = json.loads(line)
        batch_id, custom_ids, sent_at = entry["batch_id"], entry["custom_ids"], entry.get("sent_at")
        are_ids = isinstance(custom_ids, list) and all(isinstance(one, str) for one in custom_ids)
        if are_ids and isinstance(batch_id, str | None) and _is_moment(sent_at):
            return batch_id, custom_ids, sent_at
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise StoreError(
        f"{path}, line {number}: the line is damaged; it says which batch holds which requests.",
        fix="Restore the file from a copy, or delete it: the batches that it names are then paid for again.",
    )


def _is_moment(value: object) -> bool:
    """Whether it is a time in seconds since 1970, or none."""
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LATEST


def _whole_lines(path: Path) -> list[bytes]:
    """The lines of the file; a last one torn by a crash is cut off: nobody had begun to wait for it."""
    content = path.read_bytes() if path.is_file() else b""
    end = content.rfind(b"\n") + 1
    if end < len(content):
        os.truncate(path, end)
    return content[:end].splitlines()
