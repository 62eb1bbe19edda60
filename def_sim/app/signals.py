"""Signals that ask this process to stop: Ctrl-C, and what schedulers and closed terminals send.

The first one ends the work in order: answers are on the disk, the lease is given back, and the
user learns where the run stands. It breaks into whatever runs by an exception; inside an event
loop the work is cancelled instead. A second one ends the process at once; in a call from Python, whose
process is not ours to end, it does what it did before the call.
A signal that the process was told to ignore (nohup) stays ignored.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import copy_context
from functools import partial
from types import FrameType
from typing import Any, Final, TypeVar

from def_sim.errors import DefSimError, StoreError

Result = TypeVar("Result")

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")  # not every system has all of them
_SIGNALS: Final = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
_STOPPED: Final = 2
_ANNOUNCING: Final = ("SIGUSR1", "SIGUSR2")  # that the time of a job ends: sbatch --signal, submitit
_TO_BE_REQUEUED: Final = 85  # what a Slurm job ends with so that the launcher queues it again
_LOOK_EVERY_S: Final = 0.2


class Interrupted(KeyboardInterrupt):
    """A signal asked the process to stop.

    Args:
        number: Of the signal.
        standing: Where the run stands, as a part of a sentence; empty if nothing was asked.
    """

    def __init__(self, number: int, standing: str = "") -> None:
        super().__init__(number)
        self.number = number
        self.standing = standing

    @property
    def as_error(self) -> DefSimError:
        """What to tell the user."""
        stands = f": {self.standing}" if self.standing else ""
        return DefSimError(
            f"Interrupted by {signal.Signals(self.number).name}{stands}.",
            fix="The same command goes on where it stopped.",
        )

    @property
    def exit_code(self) -> int:
        """2; 85 if Slurm announced the end of the job's time and will start it again."""
        is_announced = signal.Signals(self.number).name in _ANNOUNCING and "SLURM_JOB_ID" in os.environ
        return _TO_BE_REQUEUED if is_announced else _STOPPED


class _Stop:
    """The one signal that has arrived, and what it does at the moment. Of the process, as handlers are."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.instead: Callable[[int], object] | None = None  # of raising an exception
        self.then: Mapping[int, Any] = {}  # what a second signal does; without it the system's default

    def handle(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        for each in _SIGNALS:  # a second one needs no Python, which may be in the middle of a long call
            if signal.getsignal(each) == self.handle:
                signal.signal(each, self.then.get(each, signal.SIG_DFL))
        if self.instead is None:
            raise Interrupted(number)
        self.instead(number)

    @contextmanager
    def doing(self, instead: Callable[[int], object]) -> Iterator[None]:
        before, self.instead = self.instead, instead
        try:
            yield
        finally:
            self.instead = before


_STOP: Final = _Stop()


def is_stopping() -> bool:
    """Whether a signal has asked this process to stop."""
    return _STOP.number is not None


@contextmanager
def heeding_signals(*, is_call: bool = False) -> Iterator[None]:
    """Inside the block signals end the work in order. Only the main thread can do so.

    Args:
        is_call: The process goes on after the block, as a notebook's does: a second signal is left to whoever
            handled it before, and that there was one is forgotten at the end.

    Raises:
        Interrupted: A signal has arrived, here or wherever it broke in.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _STOP.number = None
    before = {each: signal.getsignal(each) for each in _SIGNALS}
    heeded = [each for each, handler in before.items() if handler not in (signal.SIG_IGN, None)]
    _STOP.then = before if is_call else {}
    for each in heeded:
        signal.signal(each, _STOP.handle)
    tell_before = sys.unraisablehook
    sys.unraisablehook = partial(_tell_of_others, tell_before)
    try:
        yield
        if _STOP.number is not None:  # it broke in where Python passes over exceptions
            raise Interrupted(_STOP.number)
    finally:
        sys.unraisablehook = tell_before
        for each in heeded:
            signal.signal(each, before[each])
        if is_call:
            _STOP.number = None


def _tell_of_others(tell: Callable[[Any], object], passed_over: Any) -> None:
    """A signal that broke in where Python passes over exceptions ends the work later, without a traceback."""
    if passed_over.exc_type is not Interrupted:
        tell(passed_over)


@contextmanager
def leaving_at_once(tell: Callable[[Interrupted], object]) -> Iterator[None]:
    """Inside the block the first signal ends the process: for work of others that cannot be broken into.

    Args:
        tell: Says so to the user.
    """

    def leave(number: int) -> None:
        stop = Interrupted(number)
        tell(stop)
        os._exit(stop.exit_code)

    with _STOP.doing(leave):
        yield


def run_coroutine(main: Coroutine[Any, Any, Result]) -> Result:
    """`asyncio.run`, in which a signal cancels the work: it ends through its own `finally` clauses.

    Where a loop runs in this thread already, as in a notebook, the work has a thread of its own, and this one
    waits for it.

    Raises:
        Interrupted: A signal has arrived.
        StoreError: The store has failed besides, which is more to know.
    """
    begun: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    def cancel(number: int) -> None:
        for loop, task in begun:
            with suppress(RuntimeError):  # the loop has just ended
                loop.call_soon_threadsafe(task.cancel)

    async def cancellable() -> Result:
        task = asyncio.current_task()
        assert task is not None
        begun.append((asyncio.get_running_loop(), task))
        if _STOP.number is not None:  # it came before there was anything to cancel
            main.close()
            raise asyncio.CancelledError
        return await main

    try:
        with _STOP.doing(cancel):
            result = _run_beside(cancellable()) if _has_loop() else asyncio.run(cancellable())
    except (asyncio.CancelledError, DefSimError) as error:
        if _STOP.number is None or isinstance(error, StoreError):
            raise
        raise Interrupted(_STOP.number) from error
    if _STOP.number is not None:
        raise Interrupted(_STOP.number)
    return result


def _has_loop() -> bool:
    """Whether a loop runs in this thread, in which case it cannot run another one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run_beside(main: Coroutine[Any, Any, Result]) -> Result:
    """`asyncio.run` in a thread of its own, which ends with the process if nobody waits for it any more."""
    ended: Future[Result] = Future()

    def run() -> None:
        try:
            ended.set_result(asyncio.run(main))
        except BaseException as error:
            ended.set_exception(error)

    # In the caller's context: a notebook tells by it which cell has printed.
    thread = threading.Thread(target=copy_context().run, args=(run,), name="def_sim interviews", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_EVERY_S)
    return ended.result()
