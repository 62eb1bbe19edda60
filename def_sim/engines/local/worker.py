"""The one thread that owns the model: takes requests, lets the runner work, delivers.

Requests come from any thread and their completions go to futures, so the event loop is
never blocked. A request that fails takes nobody with it; one that is cancelled is forgotten.
The worker knows no torch: the model is behind whatever `load` returns (`scheduling/runner.py`).
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final

from def_sim.engines.local.scheduling.runner import Ended, Runner
from def_sim.engines.shared.lack_of_memory import lack_of_memory
from def_sim.errors import DefSimError, EngineError, ModelError
from def_sim.records import Completion, Request

AGAIN: Final = "Run the same command again: it goes on where it stopped."


@dataclass(frozen=True, slots=True)
class _Arrival:
    request: Request
    completion: "Future[Completion]"
    submitted_at: float


class Worker:
    """Runs requests on a model in a thread of its own.

    Args:
        load: Makes the runner; called once, in the thread.
        gather_s: How long an idle worker waits, after the first request, for company.
    """

    def __init__(self, load: Callable[[], Runner], *, gather_s: float = 0.002) -> None:
        self.loaded: Future[dict[str, object]] = Future()
        self.loaded.set_running_or_notify_cancel()  # so that nobody who waits for it can cancel it
        self.work: dict[str, int] = {}  # what has been done so far; replaced, never changed
        self._load = load
        self._gather_s = gather_s
        self._inbox: queue.SimpleQueue[_Arrival | None] = queue.SimpleQueue()  # None: close
        self._arrivals: dict[int, _Arrival] = {}  # by ticket: what the runner has not ended yet
        self._num_tickets = 0
        self._unfinished: set[Future[Completion]] = set()
        self._lock = threading.Lock()
        self._is_closed = False
        self._failure: EngineError | None = None  # why the thread ended by itself
        self._thread = threading.Thread(target=self._run, name="def_sim model", daemon=True)
        self._thread.start()

    def put(self, request: Request) -> "Future[Completion]":
        """Queues a request.

        Raises:
            EngineError: The worker has been closed.
        """
        completion: Future[Completion] = Future()
        with self._lock:
            if self._is_closed:
                ended = EngineError(f"{request.key}: the engine has ended.", fix=AGAIN, retryable=True)
                raise self._failure or ended
            self._unfinished.add(completion)
            self._inbox.put(_Arrival(request, completion, time.monotonic()))
        completion.add_done_callback(self._unfinished.discard)
        return completion

    @property
    def num_waiting(self) -> int:
        """Requests that are not answered yet."""
        return len(self._unfinished)

    @property
    def is_usable(self) -> bool:
        """True if the model is loaded, nobody waits for it, and it has not been closed."""
        has_loaded = self.loaded.done() and self.loaded.exception() is None
        return has_loaded and not self._unfinished and not self._is_closed

    def close(self) -> None:
        """Ends the thread after the batch it is running; what still waits fails. Blocks until then."""
        with self._lock:
            self._is_closed = True
            self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._serve()
        finally:
            self._fail_unfinished()

    def _serve(self) -> None:
        try:
            runner = self._load()
        except DefSimError as error:
            self.loaded.set_exception(error)
            return
        except Exception as error:
            if (lack := lack_of_memory(error)) is None:
                raise
            self.loaded.set_exception(lack)
            return
        self.loaded.set_result(runner.facts())
        try:
            while self._take_arrivals(runner):
                self._forget_cancelled(runner)
                if runner.has_work:
                    self._deliver(runner.step())
                    self.work = runner.work()
        except EngineError as error:  # the runner cannot go on; whoever waits is told why
            self._failure = error
        finally:
            runner.close()

    def _take_arrivals(self, runner: Runner) -> bool:
        """Hands new requests to the runner, blocking only if it has nothing to do; False: close."""
        is_idle = not runner.has_work
        while is_idle or not self._inbox.empty():  # this thread alone takes from it
            arrival = self._inbox.get()
            if arrival is None:
                return False
            self._admit(runner, arrival)
            if is_idle:
                time.sleep(self._gather_s)
                is_idle = False
        return True

    def _admit(self, runner: Runner, arrival: _Arrival) -> None:
        try:
            prompt = runner.prompt(arrival.request)
        except DefSimError as error:
            if arrival.completion.set_running_or_notify_cancel():
                arrival.completion.set_exception(error)
            return
        self._num_tickets += 1
        self._arrivals[self._num_tickets] = arrival
        runner.add(self._num_tickets, prompt)

    def _forget_cancelled(self, runner: Runner) -> None:
        cancelled = [ticket for ticket, arrival in self._arrivals.items() if arrival.completion.cancelled()]
        for ticket in cancelled:
            runner.cancel(ticket)
            del self._arrivals[ticket]

    def _deliver(self, results: Sequence[Ended]) -> None:
        for ticket, result in results:
            arrival = self._arrivals.pop(ticket)
            if not arrival.completion.set_running_or_notify_cancel():
                continue
            if isinstance(result, EngineError):
                arrival.completion.set_exception(result)
            else:
                seconds = time.monotonic() - arrival.submitted_at
                arrival.completion.set_result(replace(result, seconds=seconds))

    def _fail_unfinished(self) -> None:
        """Nobody may wait for a thread that has ended, whatever ended it."""
        with self._lock:
            self._is_closed = True
        for completion in list(self._unfinished):  # a copy: futures leave the set as they finish
            if completion.done():
                continue
            if completion.running() or completion.set_running_or_notify_cancel():
                # Retryable: nothing was wrong with the request, so no failure may be recorded for it.
                completion.set_exception(
                    self._failure
                    or EngineError("The engine ended before it answered.", fix=AGAIN, retryable=True)
                )
        if not self.loaded.done():
            self.loaded.set_exception(ModelError("The engine ended while the model was loading."))
