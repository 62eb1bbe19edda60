"""Which batches a run has sent, on file before anybody waits for them.

One line a batch, in the folder of the run: its id and the ids of its requests. So a run that
is interrupted asks for the results of what it sent, and never sends it again. Between the
provider's acceptance and the line here lies a moment in which a crash loses the batch.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from def_sim.errors import StoreError

FOLDER: Final = "batches"


class BatchJournal:
    """The batches of one shard of a run.

    Args:
        folder: The folder of the run; None keeps nothing on file.
        name: Of the shard, e.g. `shard-00-of-04`.
    """

    def __init__(self, folder: Path | None = None, name: str = "") -> None:
        self._path = folder / FOLDER / f"{name}.jsonl" if folder is not None else None
        self._batch_of: dict[str, str] = dict(_read(self._path)) if self._path is not None else {}

    @property
    def batch_of(self) -> Mapping[str, str]:
        """Request id -> id of the batch that it was sent in last."""
        return self._batch_of

    def add(self, batch_id: str, custom_ids: Iterable[str]) -> None:
        """Writes down a batch; it is on the disk when this returns."""
        sent = list(custom_ids)
        self._batch_of.update(dict.fromkeys(sent, batch_id))
        self._append({"batch_id": batch_id, "custom_ids": sent})

    def forget(self, custom_ids: Iterable[str]) -> None:
        """Writes down that requests got no answer and may be sent again."""
        lost = [custom_id for custom_id in custom_ids if self._batch_of.pop(custom_id, None)]
        if lost:
            self._append({"batch_id": None, "custom_ids": lost})

    def _append(self, line: Mapping[str, object]) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _read(path: Path) -> Iterable[tuple[str, str]]:
    batch_of: dict[str, str] = {}
    for number, line in enumerate(_whole_lines(path), start=1):
        batch_id, custom_ids = _entry(path, number, line)
        for custom_id in custom_ids:
            if batch_id is None:
                batch_of.pop(custom_id, None)
            else:
                batch_of[custom_id] = batch_id
    return batch_of.items()


def _entry(path: Path, number: int, line: bytes) -> tuple[str | None, list[str]]:
    try:
        entry = json.loads(line)
        batch_id, custom_ids = entry["batch_id"], entry["custom_ids"]
        are_ids = isinstance(custom_ids, list) and all(isinstance(one, str) for one in custom_ids)
        if are_ids and isinstance(batch_id, str | None):
            return batch_id, custom_ids
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise StoreError(
        f"{path}, line {number}: the line is damaged; it says which batch holds which requests.",
        fix="Restore the file from a copy, or delete it: the batches that it names are then paid for again.",
    )


def _whole_lines(path: Path) -> list[bytes]:
    """The lines of the file; a last one torn by a crash is cut off: nobody had begun to wait for it."""
    content = path.read_bytes() if path.is_file() else b""
    end = content.rfind(b"\n") + 1
    if end < len(content):
        os.truncate(path, end)
    return content[:end].splitlines()
