"""How far a stored run is, from its files alone: journals, leases, progress files, what was spent.

Reads only and trusts nothing: the run may be at work on other machines, or be a stranger's. Nothing that it
names is imported, and no answer is checked; that is what `stage=verify` is for.
"""

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from def_sim.answers.storage.lease import STALE_AFTER_S, last_sign
from def_sim.answers.storage.manifest import manifest_path
from def_sim.answers.storage.shards import answers_folder, journals_of, shard_name
from def_sim.app.received import read_stored_manifest
from def_sim.app.shard_progress import (
    PROGRESS_FILES,
    REPORT_LEASE,
    ShardProgress,
    progress_path,
    read_progress,
)
from def_sim.engines.hosted.accounts import FOLDER as SPENDING
from def_sim.errors import StoreError
from def_sim.records import AnswerStatus

_SHARD_FILE: Final = re.compile(r"shard-(\d{1,6})-of-(\d{1,6})\.(jsonl|lease|progress\.json)")
_LINE: Final = re.compile(
    rb'\{"respondent_id":"r(\d{1,18})","item_id":"[^"]*","wording":\d+,"call":\d+,"status":"(\w+)"'
)
_MOST_OF_A_LINE: Final = 2**20
_MOST: Final = 2**53  # of a number that a stranger's manifest may hold
_MOST_BYTES: Final = 10_000  # of a file with five numbers
_READ: Final = frozenset({AnswerStatus.ANSWERED, AnswerStatus.NOT_ASKED, AnswerStatus.UNJUDGED})


class State(StrEnum):
    """What a shard is doing."""

    DONE = "done"
    RUNNING = "running"
    SILENT = "silent"  # no sign of life for 120 s
    FAILED = "failed"  # ended by an error, or killed
    STOPPED = "stopped"  # ended unfinished by a signal; or of a version that does not say why
    NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True)
class ShardStatus:
    """One shard at the moment of the look.

    Attributes:
        name: Such as `shard 1 of 4`.
        state: What it is doing.
        phase: Loading or asking while it is at work, else empty.
        done: Answers that are stored.
        planned: Answers that it is to see to.
        statuses: How many of the stored answers ended in each status.
        answers_per_hour: Of the last ten minutes; None where it is not at work or nothing is known.
        error: Why it failed or stopped, as far as it is known.
    """

    name: str
    state: State
    phase: str
    done: int
    planned: int
    statuses: Mapping[str, int]
    answers_per_hour: float | None
    error: str


@dataclass(frozen=True, slots=True)
class RunStatus:
    """One run at the moment of the look.

    Attributes:
        folder: Of the run.
        shards: Its parts, by number.
        usd: What its requests cost, in dollars; None where nothing is known to have been spent.
        silence_s: Seconds since the last sign of life; None without any.
        is_reporting: Whether the shard that ended last is writing the report.
        damage: Why nothing else is known of it; None for a run that can be read.
    """

    folder: Path
    shards: tuple[ShardStatus, ...]
    usd: float | None
    silence_s: float | None
    is_reporting: bool = False
    damage: StoreError | None = None

    def num(self, state: State) -> int:
        """Shards in a state."""
        return sum(shard.state is state for shard in self.shards)

    @property
    def is_done(self) -> bool:
        """Whether all shards are; nobody knows of a damaged run."""
        return self.damage is None and self.num(State.DONE) == len(self.shards)

    @property
    def done(self) -> int:
        """Answers that are stored."""
        return sum(shard.done for shard in self.shards)

    @property
    def planned(self) -> int:
        """Answers of the whole run, as far as it is known."""
        return sum(shard.planned for shard in self.shards)

    @property
    def answers_per_hour(self) -> float | None:
        """Of all shards at work; None where none says."""
        rates = [shard.answers_per_hour for shard in self.shards if shard.answers_per_hour is not None]
        return sum(rates) if rates else None

    @property
    def left_s(self) -> float | None:
        """Seconds to the end at the present rate; None where there is none, or nothing is left."""
        rate = self.answers_per_hour
        return None if self.is_done or not rate else (self.planned - self.done) / rate * 3600

    @property
    def unread_share(self) -> float | None:
        """Share of the stored answers that could not be read, in [0, 1]; None without answers."""
        counts = sum((Counter(shard.statuses) for shard in self.shards), Counter[str]())
        unread = sum(count for status, count in counts.items() if status not in _READ)
        return unread / counts.total() if counts.total() else None


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run, also of one whose model is loading and that has no manifest yet."""
    return manifest_path(folder).is_file() or any(answers_folder(folder).glob(PROGRESS_FILES))


def read_status(folder: Path, now: float) -> RunStatus:
    """Looks at a run.

    Args:
        folder: Of the run.
        now: Seconds since 1970.

    Raises:
        StoreError: Its manifest is damaged, or a file of the folder lies elsewhere.
    """
    look = _Look(folder, now)
    signs = look.signs()
    return RunStatus(
        folder=folder,
        shards=tuple(look.shard(number) for number in range(look.num_shards)),
        usd=_spent(folder),
        silence_s=max(now - max(signs), 0.0) if signs else None,
        is_reporting=_is_alive(last_sign(answers_folder(folder) / REPORT_LEASE), now),
    )


def _is_alive(sign: tuple[object, float] | None, now: float) -> bool:
    return sign is not None and now - sign[1] < STALE_AFTER_S


class _Look:
    """One look at a run; answers are counted only if a shard does not say how many it has."""

    def __init__(self, folder: Path, now: float) -> None:
        self._folder, self._now = folder, now
        self._has_plan = manifest_path(folder).is_file()  # it comes once a model is loaded
        plan = read_stored_manifest(folder)["plan"] if self._has_plan else {"respondents": 0, "answers": 0}
        self._num_respondents = min(int(plan["respondents"]), _MOST)
        self._num_questions = min(int(plan["answers"]) // max(self._num_respondents, 1), _MOST)
        self.num_shards = _num_shards(folder)
        self._counts: list[Counter[str]] | None = None

    def signs(self) -> list[float]:
        """When files of the run gave signs of life, in seconds since 1970."""
        answers = answers_folder(self._folder)
        files = [*journals_of(self._folder), *answers.glob(PROGRESS_FILES)]
        leases = [sign[1] for path in answers.glob("shard-*.lease") if (sign := last_sign(path))]
        return leases + [moment for path in files if (moment := _changed(path)) is not None]

    def shard(self, number: int) -> ShardStatus:
        """One shard."""
        path = progress_path(self._folder, number, self.num_shards)
        progress = read_progress(path)
        counts = Counter(progress.statuses) if progress else self._counted(number)
        respondents = max(-((number - self._num_respondents) // self.num_shards), 0)
        planned = progress.planned if progress else respondents * self._num_questions
        done = min(progress.done if progress else counts.total(), planned)
        state, error = self._state(number, path, progress, is_there=self._has_plan and done >= planned)
        is_at_work = state is State.RUNNING
        return ShardStatus(
            name=f"shard {number} of {self.num_shards}",
            state=state,
            phase=progress.phase if progress and is_at_work else "",
            done=done,
            planned=planned,
            statuses=counts,
            answers_per_hour=progress.answers_per_hour if progress and is_at_work else None,
            error=error,
        )

    def _state(
        self, number: int, path: Path, progress: ShardProgress | None, *, is_there: bool
    ) -> tuple[State, str]:
        name = shard_name(number, self.num_shards)
        if (sign := last_sign(answers_folder(self._folder) / f"{name}.lease")) is not None:
            holder, heartbeat = sign
            if holder is not None and holder.is_here() and not holder.is_running():
                return State.FAILED, f"process {holder.pid} on {holder.host} ended without a word"
            return self._alive(heartbeat), ""
        if progress is not None and progress.phase == "stopped":
            return (State.STOPPED if progress.was_interrupted else State.FAILED), progress.error
        if progress is not None:
            return self._alive(_changed(path) or progress.at), ""
        if is_there:
            return State.DONE, ""
        has_begun = (answers_folder(self._folder) / f"{name}.jsonl").exists()
        return (State.STOPPED if has_begun else State.NOT_STARTED), ""

    def _alive(self, heartbeat: float) -> State:
        return State.RUNNING if self._now - heartbeat < STALE_AFTER_S else State.SILENT

    def _counted(self, number: int) -> Counter[str]:
        if self._counts is None:
            self._counts = [Counter() for _ in range(self.num_shards)]
            for index, status in _lines(journals_of(self._folder)):
                if index < self._num_respondents:
                    self._counts[index % self.num_shards][status] += 1
        return self._counts[number]


def _num_shards(folder: Path) -> int:
    """Of the division that was at work last: names of files say it."""
    last = (0.0, 1)
    for path in answers_folder(folder).glob("shard-*"):
        found = _SHARD_FILE.fullmatch(path.name)
        if found and int(found[1]) < int(found[2]) and (moment := _changed(path)) is not None:
            last = max(last, (moment, int(found[2])))
    return last[1]


def _lines(journals: Iterable[Path]) -> Iterable[tuple[int, str]]:
    """Respondent's number and status of each whole line."""
    for path in journals:
        with suppress(OSError), path.open("rb") as file:
            while line := file.readline(_MOST_OF_A_LINE):
                if line.endswith(b"\n") and (found := _LINE.match(line)):
                    yield int(found[1]), found[2].decode("ascii", errors="replace")


def _changed(path: Path) -> float | None:
    """When a file or folder was changed, in seconds since 1970; None if it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


class _Spent(BaseModel):
    model_config = ConfigDict(extra="ignore")

    usd: Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]


def _spent(folder: Path) -> float | None:
    """Dollars that all shards' requests cost; None where no price was known, or nothing was spent."""
    usd = 0.0
    for path in (folder / SPENDING).glob("*.json"):
        with suppress(OSError, ValidationError):
            usd += _Spent.model_validate_json(path.read_bytes()[:_MOST_BYTES]).usd
    return usd or None


def look_at(folders: Iterable[Path]) -> list[RunStatus]:
    """All runs at this moment, those among them that cannot be read.

    Raises:
        StoreError: Not a single one can be; of the first.
    """
    found = [_looked_at(folder) for folder in folders]
    if found and all(run.damage for run in found):
        assert found[0].damage is not None
        raise found[0].damage
    return found


def _looked_at(folder: Path) -> RunStatus:
    try:
        return read_status(folder, time.time())
    except StoreError as error:
        return RunStatus(folder, shards=(), usd=None, silence_s=None, damage=error)
