"""One job of a sweep on a cluster: it runs a command and says in a file how that ended.

The file is all that the parent of the sweep learns; it may be gone by then, or on another machine.
"""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from def_sim.answers.storage.disk import write_whole
from def_sim.app.composing import configured
from def_sim.app.event_log import WORD, events_as_json, write_event
from def_sim.app.holding import num_done_of, num_planned_of
from def_sim.app.home import VARIABLE
from def_sim.app.main import main
from def_sim.app.run import prepare_run
from def_sim.app.slurm_tasks import task_of
from def_sim.app.terminal import say_error
from def_sim.errors import ConfigError, DefSimError, StoreError

JOBS: Final = "jobs"  # below the sweep's folder
TOKEN: Final = "token"
REQUEUED: Final = 85  # what a command ends with that was told of the end of its job's time
_BY_WEIGHT: Final = (1, 2, REQUEUED, 0)  # codes of tasks, the one that decides first
_LOOK_EVERY_S: Final = 1.0


@dataclass(frozen=True)
class JobResult:
    """How a job of a sweep ended.

    Attributes:
        words: Of its command.
        code: 0 done, 2 an error that a user can mend, 85 to be queued again, 1 a bug.
        num_done: Answers of its shard that are stored.
        num_planned: Answers that its shard plans.
        error: What the user was told, empty without an error.
        fix: What to do about it.
        num_tasks: Processes of the job, each of which says so of its own shard.
    """

    number: int
    words: tuple[str, ...]
    run_folder: str
    shard: int
    num_shards: int
    host: str
    slurm_job: str
    restarts: int
    code: int
    num_done: int
    num_planned: int
    error: str = ""
    fix: str = ""
    num_tasks: int = 1


def result_path(sweep: Path, number: int, rank: int = 0) -> Path:
    """Where a job, or one task of it, says how it ended."""
    return sweep / JOBS / (f"{number}.{rank}.json" if rank else f"{number}.json")


def read_result(sweep: Path, number: int) -> JobResult | None:
    """What a job said, all its tasks together; None while one of them has said nothing."""
    first = _read(result_path(sweep, number))
    if first is None or first.num_tasks == 1:
        return first
    others = [_read(result_path(sweep, number, rank)) for rank in range(1, first.num_tasks)]
    results = [one for one in (first, *others) if one is not None]
    return _joined(results) if len(results) == first.num_tasks else None


def _joined(results: Sequence[JobResult]) -> JobResult:
    """The result of a job by those of its tasks: the worst code, with the words of the task that ended so."""
    worst = min(results, key=lambda one: _BY_WEIGHT.index(one.code))
    return replace(
        worst,
        shard=0,
        restarts=max(one.restarts for one in results),
        num_done=sum(one.num_done for one in results),
        num_planned=sum(one.num_planned for one in results),
        error=f"task {worst.shard}: {worst.error}" if worst.error else "",
    )


def _read(path: Path) -> JobResult | None:
    if not path.is_file():
        return None
    content: Mapping[str, Any] = json.loads(path.read_bytes())
    return JobResult(**{**content, "words": tuple(content["words"])})


@dataclass(frozen=True)
class SweepJob:
    """A command, as a job of a sweep runs it. Submitit keeps it in a file of its own and calls it.

    Attributes:
        number: Its place in the sweep.
        words: Of the command.
        sweep: Folder of the sweep.
        token: What the file `jobs/token` holds, if this machine sees the parent's files.
        host: Of the parent.
        home: The user's home folder; None without one.
        run_folder: Of its run.
        shard: Which part of the panel it asks; 0 where each task asks one.
        num_shards: Parts of the panel.
        num_tasks: Processes that run the command, with shard=slurm.
    """

    number: int
    words: tuple[str, ...]
    sweep: str
    token: str
    host: str
    home: str | None
    run_folder: str
    shard: int
    num_shards: int
    num_tasks: int = 1

    def __call__(self) -> int:
        """Runs the command and writes its result; raises where a bug ended it, which the scheduler logs."""
        self._check_shared()
        if self.home is not None:
            os.environ[VARIABLE] = self.home
        told: list[DefSimError] = []

        def tell(error: DefSimError) -> None:
            told.append(error)
            say_error(error)

        code = self._run(tell)
        self._write(code, told[-1] if told else None)
        if code == REQUEUED:
            if WORD in self.words:
                with events_as_json(True):
                    write_event("requeued", restarts=_num_restarts() + 1)
            # Ours came first; submitit's own answer to this signal puts the job into the queue again.
            os.kill(os.getpid(), signal.SIGUSR2)
        elif self._rank == 0:
            self._wait_for_others()
        return code

    def checkpoint(self, *arguments: object) -> object:
        """What submitit queues again: the same command, which goes on where it stopped."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, *arguments)

    def _run(self, tell: Callable[[DefSimError], None]) -> int:
        try:
            return main(self.words, tell=tell)
        except Exception as error:
            self._write(1, DefSimError(f"{type(error).__name__}: {error}", fix="This is a bug; see the log."))
            raise

    @property
    def _rank(self) -> int:
        task = task_of(os.environ)
        return task.rank if task is not None and self.num_tasks > 1 else 0

    def _wait_for_others(self) -> None:
        """Submitit queues a job again by its first task alone, which must be there when the time ends."""
        restarts = _num_restarts()
        for rank in range(1, self.num_tasks):
            path = result_path(Path(self.sweep), self.number, rank)
            while (result := _read(path)) is None or result.restarts < restarts:
                time.sleep(_LOOK_EVERY_S)

    def _check_shared(self) -> None:
        """Makes sure that this machine sees what the parent has written, and can write beside it."""
        path, here = Path(self.sweep) / JOBS / TOKEN, socket.gethostname()
        if not path.is_file() or path.read_text() != self.token:
            raise ConfigError(
                f"{here} does not see {path}, which {self.host} has written: the output "
                "folder is not shared between the two.",
                fix="Give `output=` a folder on a file system that all nodes share.",
            )
        try:
            write_whole(path.with_name(f"{self.number}.{self._rank}.began"), b"")
        except StoreError as error:
            raise ConfigError(
                f"{here} cannot write into {path.parent}, which {self.host} can: {error.message}",
                fix="Give `output=` a folder that all nodes may write to.",
            ) from None

    def _progress(self) -> tuple[int, int]:
        """Answers of the shard that are stored, and that it plans; 0 of 0 where the command was refused."""
        try:
            run = prepare_run(configured(self.words))
        except DefSimError:
            return 0, 0
        folder = Path(self.run_folder)
        return num_done_of(run, folder) if folder.is_dir() else 0, num_planned_of(run)

    def _write(self, code: int, error: DefSimError | None) -> None:
        num_done, num_planned = self._progress()
        result = JobResult(
            number=self.number,
            words=self.words,
            run_folder=self.run_folder,
            shard=self.shard + self._rank,
            num_shards=self.num_shards,
            host=socket.gethostname(),
            slurm_job=os.environ.get("SLURM_JOB_ID", ""),
            restarts=_num_restarts(),
            code=code,
            num_done=num_done,
            num_planned=num_planned,
            error=error.message if error else "",
            fix=error.fix if error else "",
            num_tasks=self.num_tasks,
        )
        text = json.dumps(asdict(result), ensure_ascii=False, indent=1)
        write_whole(result_path(Path(self.sweep), self.number, self._rank), text.encode("utf-8"))


def _num_restarts() -> int:
    return int(os.environ.get("SLURM_RESTART_COUNT", "0"))
