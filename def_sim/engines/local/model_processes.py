"""A small model in several processes: the same answers, on more than one core.

The steps of a model of a few million parameters are too small to be shared by cores. So, once there is much
to do, further processes have the model too, beside the thread of this one (`worker.py`). A request goes where
fewest wait; a respondent's next one to where its last was answered and its prompt is known, unless many wait
there. Only where tokens do not depend on the batch: then nothing depends on who answers. Whether they do is
known once the model is loaded here; until then the others import what they need. A process that
ends is not missed: what waited for it is asked in this one.
"""

import multiprocessing
import threading
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Final

from def_sim.engines.local.model_child import LOAD, READY, Order, answer_for_parent
from def_sim.engines.local.opening import open_model
from def_sim.engines.local.settings import EngineSettings
from def_sim.engines.local.worker import AGAIN, Worker
from def_sim.engines.shared.notices import Notices
from def_sim.errors import EngineError
from def_sim.processes import MOST_PROCESSES, interrupts_stay_here, num_usable_cores
from def_sim.records import Completion, Request

MUCH: Final = 300  # requests, for which processes start by themselves: they take seconds to load
_SMALL_MODEL: Final = 100_000_000  # parameters: below, one core is all that a step can use
_PATIENCE: Final = 2  # more that wait where a respondent's last prompt is known do not matter
_ENDING_S: Final = 5.0


def most_processes(settings: EngineSettings, num_parameters: int | None) -> int:
    """How many processes may answer with a model of so many parameters; None: that is not known."""
    if settings.num_processes is not None:
        return settings.num_processes
    is_small = num_parameters is not None and num_parameters < _SMALL_MODEL
    return min(num_usable_cores(), MOST_PROCESSES) if is_small else 1


class _Child:
    """A process that can have the model, as this one sees it; `load` gives it the model.

    Args:
        settings: What it loads.
        parent: Who takes over when it ends.
    """

    def __init__(self, settings: EngineSettings, parent: "ModelProcesses") -> None:
        self.work: dict[str, int] = {}
        self.is_ready = False
        self.is_gone = False
        self._parent = parent
        self._waiting: dict[int, tuple[Request, Future[Completion]]] = {}
        self._num_tickets = READY
        self._lock, self._sending = threading.Lock(), threading.Lock()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=answer_for_parent, args=(settings, theirs), name="def_sim model", daemon=True
        )
        with interrupts_stay_here():
            self._process.start()
        theirs.close()
        self._listener = threading.Thread(target=self._listen, name="def_sim model process", daemon=True)
        self._listener.start()

    @property
    def num_waiting(self) -> int:
        return len(self._waiting)

    def load(self) -> None:
        """Has it load the model."""
        self._send(LOAD)

    def put(self, request: Request) -> "Future[Completion]":
        """Sends a request. If the process has just ended, it is asked in this one."""
        completion: Future[Completion] = Future()
        with self._lock:
            if self.is_gone:
                return self._parent.put_here(request)
            self._num_tickets += 1
            ticket = self._num_tickets
            self._waiting[ticket] = request, completion
        self._send((ticket, request))
        completion.add_done_callback(partial(self._forget_if_cancelled, ticket))
        return completion

    def close(self) -> None:
        """Ends the process; what still waits for it fails."""
        with self._lock:
            self.is_gone = True
            left, self._waiting = self._waiting, {}
        if self.is_ready:
            self._send(None)
        else:  # it reads nothing while it imports or loads, and has nothing to lose
            self._process.kill()
        self._process.join(_ENDING_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._listener.join()
        self._pipe.close()
        for _, completion in left.values():
            if completion.set_running_or_notify_cancel():
                completion.set_exception(
                    EngineError("The engine ended before it answered.", fix=AGAIN, retryable=True)
                )

    def _send(self, order: Order) -> None:
        # Never under the other lock: a full pipe is emptied only while replies are taken.
        with self._sending, suppress(OSError):  # where it has ended `_listen` has all that waits asked again
            self._pipe.send(order)

    def _forget_if_cancelled(self, ticket: int, completion: "Future[Completion]") -> None:
        if not completion.cancelled():
            return
        with self._lock:
            was_waiting = self._waiting.pop(ticket, None) is not None
        if was_waiting:
            self._send((ticket, None))

    def _listen(self) -> None:
        """Delivers what comes back, until the process ends."""
        with suppress(EOFError, OSError):  # how the process tells of its end
            while True:
                self._deliver(*self._pipe.recv())
        with self._lock:
            was_closed, self.is_gone = self.is_gone, True
            left, self._waiting = self._waiting, {}
        if not was_closed:
            self._parent.take_over(list(left.values()))

    def _deliver(self, ticket: int, result: Completion | EngineError, work: dict[str, int]) -> None:
        self.work = work
        if ticket == READY:
            self.is_ready = True
            return
        with self._lock:
            _, completion = self._waiting.pop(ticket, (None, None))
        if completion is None or not completion.set_running_or_notify_cancel():
            return
        if isinstance(result, EngineError):
            completion.set_exception(result)
        else:
            completion.set_result(result)


class ModelProcesses:
    """A model behind requests, in this process and perhaps in more.

    Args:
        settings: What is loaded.
        num_processes: Most that may have the model, with this one; from `most_processes`.
        notices: Told when a process ends before it should.
    """

    def __init__(self, settings: EngineSettings, num_processes: int, notices: Notices) -> None:
        self._settings = settings
        self._num_processes = num_processes
        self.notices = notices  # of the engine that has it now
        self._here = Worker(partial(open_model, settings))
        self._children: tuple[_Child, ...] = ()
        self._last: dict[str, Worker | _Child] = {}  # by respondent
        self._num_requests = self._num_expected = 0
        self._is_closed = False
        self._lock = threading.Lock()  # over which other processes there are
        self.loaded.add_done_callback(self._load_or_end_children)

    @property
    def loaded(self) -> "Future[dict[str, object]]":
        """What of the machine may change an answer, once the model is in this process; see `Worker`."""
        return self._here.loaded

    @property
    def work(self) -> dict[str, int]:
        """What has been done so far, by all processes."""
        done = dict(self._here.work)
        for child in self._children:
            for name, count in child.work.items():
                done[name] = done.get(name, 0) + count
        return done

    @property
    def num_answering(self) -> int:
        """Processes that answer now, with this one; those that are loading do not count."""
        return len(self._places())

    @property
    def is_usable(self) -> bool:
        """True if the model is loaded, nobody waits for it, and it has not been closed."""
        return self._here.is_usable and not any(child.num_waiting for child in self._children)

    def put(self, request: Request) -> "Future[Completion]":
        """Queues a request where it is answered soonest.

        Raises:
            EngineError: The model has been closed.
        """
        self._num_requests += 1
        self._start_children_if_much()
        place = self._place_for(request.key.respondent_id)
        return place.put(request)

    def expect(self, num_requests: int) -> None:
        """Told that so many more are likely: further processes need not wait for the first of them.

        Best while the model loads here, for they take as long to be ready.
        """
        self._num_expected = self._num_requests + num_requests
        self._start_children_if_much()

    def put_here(self, request: Request) -> "Future[Completion]":
        """Queues a request in this process. Raises as `put` does."""
        return self._here.put(request)

    def take_over(self, left: "list[tuple[Request, Future[Completion]]]") -> None:
        """Has this process answer what waited for one that has ended."""
        if self._is_closed:
            return
        self.notices.add(
            "A process that answered with the model was ended from outside, perhaps for want of memory; "
            "the others go on. `model.engine.num_processes=1` needs least memory."
        )
        for request, completion in left:
            try:
                self._here.put(request).add_done_callback(partial(_pass_on, completion))
            except EngineError as error:
                if completion.set_running_or_notify_cancel():
                    completion.set_exception(error)

    def close(self) -> None:
        """Ends the thread and the processes; what still waits fails. Blocks until then."""
        with self._lock:
            self._is_closed = True
        for child in self._children:
            child.close()
        self._here.close()

    def _start_children_if_much(self) -> None:
        if self._children:
            return
        with self._lock:
            if self._children or not self._may_start_children():
                return
            self._children = tuple(_Child(self._settings, self) for _ in range(self._num_processes - 1))
            if self.loaded.done():
                for child in self._children:
                    child.load()

    def _load_or_end_children(self, _: "Future[dict[str, object]]") -> None:
        """Once the model is loaded here, or cannot be: whether those that have started may load it."""
        with self._lock:
            children = self._children
            if not self._can_share():
                self._children = ()
        for child in children:
            if child in self._children:
                child.load()
            else:
                child.close()

    def _may_start_children(self) -> bool:
        if self._num_processes == 1 or self._is_closed:
            return False
        if self._settings.num_processes is None and max(self._num_requests, self._num_expected) < MUCH:
            return False
        return self._can_share() if self.loaded.done() else self._settings.device in ("auto", "cpu")

    def _can_share(self) -> bool:
        """True if the model is loaded, and tokens are the same whichever process gives them."""
        if self.loaded.exception() is not None:
            return False
        facts = self.loaded.result()
        return facts["device"] == "cpu" and not facts["tokens_depend_on_batch"]

    def _places(self) -> "list[Worker | _Child]":
        ready = (child for child in self._children if child.is_ready and not child.is_gone)
        return [self._here, *ready]

    def _place_for(self, respondent_id: str) -> Worker | _Child:
        places = self._places()
        fewest = min(places, key=lambda place: place.num_waiting)
        last = self._last.get(respondent_id)
        if last is None or last not in places or last.num_waiting > fewest.num_waiting + _PATIENCE:
            self._last[respondent_id] = last = fewest
        return last


def _pass_on(completion: "Future[Completion]", answered: "Future[Completion]") -> None:
    if answered.cancelled() or not completion.set_running_or_notify_cancel():
        return
    error = answered.exception()
    if error is not None:
        completion.set_exception(error)
    else:
        completion.set_result(answered.result())
