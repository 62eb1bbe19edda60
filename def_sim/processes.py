"""Work side by side: in processes of their own, with results in the order of the tasks.

Processes start anew (spawn), so they have no thread or lock of ours half-way; what they are given and give
back travels by pickle between our own processes only. Knows nothing of runs or models.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, TypeVar

from def_sim.errors import DefSimError

Task = TypeVar("Task")
Result = TypeVar("Result")

MOST_PROCESSES: Final = 4  # each may hold a whole run: about 1 GB for 120,000 answers


def num_usable_cores() -> int:
    """Cores that this process may run on, which can be fewer than the machine has."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


class WorkerProcesses:
    """Processes that start when they are first needed and end with the block.

    Args:
        num_processes: 1: everything is done here, one task after another.
    """

    def __init__(self, num_processes: int) -> None:
        self.num_processes = min(num_processes, MOST_PROCESSES)
        self._pool: ProcessPoolExecutor | None = None
        self._others = frozenset(multiprocessing.active_children())

    def __enter__(self) -> "WorkerProcesses":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is None:
            return
        if error is not None:  # nobody waits for what is still being worked on
            for process in set(multiprocessing.active_children()) - self._others:
                process.terminate()
        self._pool.shutdown(cancel_futures=True)

    def map(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
        """The result of each task, in their order.

        Args:
            function: Of a module, so that another process finds it by its name.
            tasks: Whatever it takes.

        Raises:
            DefSimError: What the function raises for the first task that fails, or a process was killed.
        """
        if self.num_processes < 2 or len(tasks) < 2:
            return [function(task) for task in tasks]
        with interrupts_stay_here():
            if self._pool is None:
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self.num_processes, context, _end_with_parent)
            results = self._pool.map(function, tasks)
        try:
            return list(results)
        except BrokenProcessPool:
            raise DefSimError(
                "A process that worked on a run was ended from outside, perhaps for want of memory.",
                fix="Free memory, or compare fewer runs at once, and run the same command again.",
            ) from None


@contextmanager
def interrupts_stay_here() -> Iterator[None]:
    """Processes that start inside never see what a terminal sends to all, Ctrl-C or its end: we end them.

    Nor do they run the script of a user once more, which would call us again.
    """
    before = signal.pthread_sigmask(
        signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2}
    )
    main = sys.modules["__main__"]
    named: dict[str, Any] = {
        name: vars(main)[name] for name in ("__file__", "__spec__") if name in vars(main)
    }
    main.__spec__ = None  # a new process imports the main module by these two
    vars(main).pop("__file__", None)
    try:
        yield
    finally:
        vars(main).update(named)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """In a new process: ends it when the one that started it is gone, however that came."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_end, args=(parent.join,), daemon=True).start()


def _wait_and_end(until_gone: Callable[[], None]) -> None:
    until_gone()
    os._exit(1)
