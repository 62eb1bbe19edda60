"""Keeps a loaded model between the runs of one process: a sweep over surveys loads it once.

At most one model is kept, and only inside `keep_loaded()`; elsewhere an engine that closes frees its
model at once.
"""

import asyncio
import threading
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from def_sim.engines.local.model_processes import ModelProcesses


class _Shelf:
    """The one worker that waits for the next engine."""

    def __init__(self) -> None:
        self.is_open = False
        self.kept: tuple[Hashable, ModelProcesses] | None = None

    def clear(self) -> None:
        if self.kept is not None:
            self.kept[1].close()
        self.kept = None


_SHELF = _Shelf()


@contextmanager
def keep_loaded() -> Iterator[None]:
    """Inside the block an engine's model outlives it, until one that needs another model comes."""
    _SHELF.is_open = True
    try:
        yield
    finally:
        _SHELF.is_open = False
        _SHELF.clear()


def borrow(key: Hashable, make: Callable[[], ModelProcesses]) -> ModelProcesses:
    """The kept worker if it has the same model with the same settings, else a new one.

    Args:
        key: All that the worker's model and loop were made from.
        make: Makes a new worker.
    """
    kept, _SHELF.kept = _SHELF.kept, None
    if kept is not None and kept[0] == key and kept[1].is_usable:
        return kept[1]
    if kept is not None:
        kept[1].close()  # its memory is needed now
    return make()


async def give_back_aside(key: Hashable, worker: ModelProcesses) -> None:
    """`give_back` without blocking the event loop.

    In a thread that dies with the process: whoever is cancelled here, because the process is to end,
    leaves the model in the middle of its call.
    """
    given: Future[None] = Future()
    given.set_running_or_notify_cancel()  # so that nobody who waits for it can cancel it

    def give() -> None:
        try:
            give_back(key, worker)
        except BaseException as error:
            given.set_exception(error)
        else:
            given.set_result(None)

    threading.Thread(target=give, name="def_sim gives back a model", daemon=True).start()
    await asyncio.wrap_future(given)


def give_back(key: Hashable, worker: ModelProcesses) -> None:
    """Keeps a worker for the next engine, or closes it. Blocks until then."""
    if _SHELF.is_open and worker.is_usable:
        _SHELF.clear()
        _SHELF.kept = (key, worker)
    else:
        worker.close()
