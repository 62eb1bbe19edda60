"""One job of a sweep on a cluster: it runs a command and says in a file how that ended.

The file is all that the parent of the sweep learns; it may be gone by then, or on another machine.
"""

import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.answers.storage.disk import write_whole
from def_sim.answers.storage.lease import STALE_AFTER_S
from def_sim.app.composing import configured
from def_sim.app.event_log import WORD, events_as_json, write_event
from def_sim.app.holding import num_done_of, num_planned_of
from def_sim.app.home import VARIABLE
from def_sim.app.main import main
from def_sim.app.run import prepare_run
from def_sim.app.shard_progress import progress_path, read_progress
from def_sim.app.slurm_tasks import task_of
from def_sim.app.sweep_results import JOBS, REQUEUED, JobResult, read_result_of, write_result
from def_sim.app.sweep_tasks import Signs, signs_of_life, wait_for_tasks
from def_sim.app.terminal import say_error
from def_sim.app.waiting import IN_A_JOB_S, wait_of
from def_sim.errors import ConfigError, DefSimError, StoreError

TOKEN: Final = "token"


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

        def has_ended(rank: int) -> bool:
            result = read_result_of(Path(self.sweep), self.number, rank)
            return result is not None and result.restarts >= restarts

        def signs_of(rank: int) -> Signs:
            return signs_of_life(self._began(rank), Path(self.run_folder), rank, self.num_shards)

        wait_for_tasks(
            range(1, self.num_tasks),
            has_ended=has_ended,
            signs_of=signs_of,
            give_up=self._give_up,
            silent_s=self._silent_s(),
        )

    def _silent_s(self) -> float:
        """How long a living task may be silent: it may wait for the lease of its job's first try."""
        try:
            wait_s = wait_of(configured(self.words).lease)
        except DefSimError:
            wait_s = IN_A_JOB_S
        return wait_s + STALE_AFTER_S

    def _give_up(self, rank: int) -> None:
        """Says how a task ended that cannot say so itself; should it live after all, it says so later."""
        progress = read_progress(progress_path(Path(self.run_folder), rank, self.num_shards))
        error = DefSimError(
            f"it has given no sign of life for {self._silent_s():.0f} s; its process was killed, perhaps for "
            "lack of memory.",
            fix="See the log of that task; where memory ran out, ask for more (hydra.launcher.mem_gb=). The "
            "same command again runs what is missing.",
        )
        counts = (progress.done, progress.planned) if progress is not None else (0, 0)
        self._write_of(rank, 2, error, counts)

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
            write_whole(self._began(self._rank), b"")
        except StoreError as error:
            raise ConfigError(
                f"{here} cannot write into {path.parent}, which {self.host} can: {error.message}",
                fix="Give `output=` a folder that all nodes may write to.",
            ) from None

    def _began(self, rank: int) -> Path:
        return Path(self.sweep) / JOBS / f"{self.number}.{rank}.began"

    def _progress(self) -> tuple[int, int]:
        """Answers of the shard that are stored, and that it plans; 0 of 0 where the command was refused."""
        try:
            run = prepare_run(configured(self.words))
        except DefSimError:
            return 0, 0
        folder = Path(self.run_folder)
        return num_done_of(run, folder) if folder.is_dir() else 0, num_planned_of(run)

    def _write(self, code: int, error: DefSimError | None) -> None:
        self._write_of(self._rank, code, error, self._progress())

    def _write_of(self, rank: int, code: int, error: DefSimError | None, counts: tuple[int, int]) -> None:
        num_done, num_planned = counts
        result = JobResult(
            number=self.number,
            words=self.words,
            run_folder=self.run_folder,
            shard=self.shard + rank,
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
        write_result(Path(self.sweep), rank, result)


def _num_restarts() -> int:
    return int(os.environ.get("SLURM_RESTART_COUNT", "0"))
