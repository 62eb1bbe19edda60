"""The one thread that owns the model: takes what waits, runs it in batches, delivers.

Requests come from any thread and their completions go to futures, so the event loop is
never blocked. A request that fails takes nobody with it; one that is cancelled while it
waits is not run. The worker knows no torch: the model is whatever `load` returns.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol

from def_sim.engines.local.batching import BatchTooLargeError, Prompt, Waiting, choose_batch
from def_sim.errors import DefSimError, EngineError, ModelError
from def_sim.records import Completion, Request


class BatchModel(Protocol):
    """What the worker asks of a model; see `model.LocalModel`."""

    def prompt(self, request: Request) -> Prompt:
        """Token ids for a request."""

    def complete(self, batch: Sequence[Prompt]) -> list[Completion | EngineError]:
        """One result a prompt, in order."""

    def facts(self) -> dict[str, object]:
        """What of the machine may change an answer."""

    def close(self) -> None:
        """Frees the memory."""


_AGAIN = "Run the same command again: it goes on where it stopped."


@dataclass(frozen=True, slots=True)
class _Arrival:
    request: Request
    completion: "Future[Completion]"
    submitted_at: float


class BatchWorker:
    """Runs requests on a model in a thread of its own.

    Args:
        load: Makes the model; called once, in the thread.
        max_rows: Most rows in a batch at first; halved whenever memory does not suffice.
        gather_s: How long an idle worker waits, after the first request, for company.
    """

    def __init__(self, load: Callable[[], BatchModel], *, max_rows: int, gather_s: float = 0.002) -> None:
        self.loaded: Future[dict[str, object]] = Future()
        self.loaded.set_running_or_notify_cancel()  # so that nobody who waits for it can cancel it
        self._load = load
        self._max_rows = max_rows
        self._gather_s = gather_s
        self._inbox: queue.SimpleQueue[_Arrival | None] = queue.SimpleQueue()  # None: close
        self._waiting: list[Waiting] = []
        self._unfinished: set[Future[Completion]] = set()
        self._lock = threading.Lock()
        self._is_closed = False
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
                raise EngineError(f"{request.key}: the engine has ended.", fix=_AGAIN, retryable=True)
            self._unfinished.add(completion)
            self._inbox.put(_Arrival(request, completion, time.monotonic()))
        completion.add_done_callback(self._unfinished.discard)
        return completion

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
            model = self._load()
        except DefSimError as error:
            self.loaded.set_exception(error)
            return
        self.loaded.set_result(model.facts())
        try:
            while self._take_arrivals(model):
                self._run_next_batch(model)
        finally:
            model.close()

    def _take_arrivals(self, model: BatchModel) -> bool:
        """Moves new requests to the waiting list, blocking only if it is empty; False: close."""
        is_idle = not self._waiting
        while is_idle or not self._inbox.empty():  # this thread alone takes from it
            arrival = self._inbox.get()
            if arrival is None:
                return False
            self._admit(model, arrival)
            if is_idle:
                time.sleep(self._gather_s)
                is_idle = False
        return True

    def _admit(self, model: BatchModel, arrival: _Arrival) -> None:
        try:
            prompt = model.prompt(arrival.request)
        except DefSimError as error:
            if arrival.completion.set_running_or_notify_cancel():
                arrival.completion.set_exception(error)
            return
        self._waiting.append(Waiting(prompt, arrival.completion, arrival.submitted_at))

    def _run_next_batch(self, model: BatchModel) -> None:
        if not self._waiting:  # every arrival was refused
            return
        batch = choose_batch(self._waiting, self._max_rows)
        chosen = set(map(id, batch))
        self._waiting = [item for item in self._waiting if id(item) not in chosen]
        self._complete(model, [item for item in batch if item.completion.set_running_or_notify_cancel()])

    def _complete(self, model: BatchModel, batch: Sequence[Waiting]) -> None:
        """Runs a batch; if it fails as a whole, in halves (memory) or one by one (anything else)."""
        if not batch:
            return
        try:
            results = model.complete([item.prompt for item in batch])
        except EngineError as error:
            failure = error
        else:
            for item, result in zip(batch, results, strict=True):
                _deliver(item, result)
            return
        if len(batch) == 1:
            _deliver(batch[0], failure)
            return
        size = 1
        if isinstance(failure, BatchTooLargeError):
            size = (len(batch) + 1) // 2
            self._max_rows = max(1, size * batch[0].num_rows)
        for begin in range(0, len(batch), size):
            self._complete(model, batch[begin : begin + size])

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
                    EngineError("The engine ended before it answered.", fix=_AGAIN, retryable=True)
                )
        if not self.loaded.done():
            self.loaded.set_exception(ModelError("The engine ended while the model was loading."))


def _deliver(item: Waiting, result: Completion | EngineError) -> None:
    if isinstance(result, EngineError):
        item.completion.set_exception(result)
    else:
        seconds = time.monotonic() - item.submitted_at
        item.completion.set_result(replace(result, seconds=seconds))
