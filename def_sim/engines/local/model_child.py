"""A process that has the model once more and answers what it is sent; it ends when its parent is gone.

Speaks with `model_processes.py` through a pipe between our own processes.
"""

import os
import threading
from concurrent.futures import Future
from functools import partial
from multiprocessing.connection import Connection

from def_sim.engines.local.opening import import_libraries, open_model
from def_sim.engines.local.settings import EngineSettings
from def_sim.engines.local.worker import Worker
from def_sim.errors import EngineError
from def_sim.records import Completion, Request

# What the parent sends: first `LOAD`, then a ticket with a request, or without where nobody waits any more;
# None: end.
Order = tuple[int, Request | None] | None
# What it gets: a ticket, what became of the request, and the work done so far, in tokens and steps.
Reply = tuple[int, Completion | EngineError, dict[str, int]]
READY = 0  # the ticket of the first reply, once the model is loaded
LOAD: Order = (READY, None)


def answer_for_parent(settings: EngineSettings, pipe: "Connection[Reply, Order]") -> None:
    """Loads the model, once it is told to, and answers until it is told to end, or the pipe ends.

    Whatever goes wrong with the model itself ends the process: the parent asks again what it did not answer.
    """
    _prepare(pipe)
    worker = Worker(partial(open_model, settings))
    lock, waiting = threading.Lock(), dict[int, Future[Completion]]()

    def reply(ticket: int, result: Completion | EngineError) -> None:
        try:
            with lock:
                pipe.send((ticket, result, worker.work))
        except OSError:  # the parent is gone
            os._exit(1)

    def reply_when_done(ticket: int, completion: "Future[Completion]") -> None:
        waiting.pop(ticket, None)
        if completion.cancelled():
            return
        error = completion.exception()
        if error is None:
            reply(ticket, completion.result())
        elif isinstance(error, EngineError) and not error.retryable:
            reply(ticket, error)
        else:
            os._exit(1)

    def report_for_duty(loaded: "Future[dict[str, object]]") -> None:
        if loaded.exception() is not None:
            os._exit(1)
        reply(READY, Completion(text=""))

    worker.loaded.add_done_callback(report_for_duty)
    try:
        while True:
            if (order := pipe.recv()) is None:
                return
            ticket, request = order
            if request is None:
                if (forgotten := waiting.get(ticket)) is not None:
                    forgotten.cancel()
                continue
            waiting[ticket] = completion = worker.put(request)
            completion.add_done_callback(partial(reply_when_done, ticket))
    finally:  # the pipe has ended, or the worker has: neither can be mended here
        os._exit(0)


def _prepare(pipe: "Connection[Reply, Order]") -> None:
    """Imports, which takes longer than to load a small model, and waits for the order to load."""
    try:
        import_libraries()
        order = pipe.recv()
    except BaseException:
        os._exit(1)
    if order is None:
        os._exit(0)
