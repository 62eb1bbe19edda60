"""The worker batches what waits, and what happens to one request happens to nobody else."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import pytest
from waiting import HANG_S

from def_sim.engines.local.batches.batch_runner import BatchRunner
from def_sim.engines.local.batches.batching import BatchTooLargeError, Waiting, batch_key, choose_batch
from def_sim.engines.local.scheduling.runner import Ended, Prompt
from def_sim.engines.local.worker import Worker
from def_sim.errors import EngineError, ModelError
from def_sim.records import Completion, Request

MakeRequest = Callable[..., Request]


@dataclass
class FakeModel:
    """Echoes the key, after the gate has opened; keeps the batches it was given."""

    most_rows: int = 1000
    bad_items: frozenset[str] = frozenset()
    refused_items: frozenset[str] = frozenset()
    gate: threading.Event = field(default_factory=threading.Event)
    has_begun: threading.Event = field(default_factory=threading.Event)
    batches: list[list[str]] = field(default_factory=list)
    is_closed: bool = False

    def prompt(self, request: Request) -> Prompt:
        if request.key.item_id in self.refused_items:
            raise EngineError(f"{request.key.item_id} is too long")
        return Prompt(request, (1,) * len(request.messages))

    def complete(self, batch: Sequence[Prompt]) -> list[Completion | EngineError]:
        self.has_begun.set()
        assert self.gate.wait(timeout=HANG_S)
        items = [prompt.request.key.item_id for prompt in batch]
        self.batches.append(items)
        if sum(prompt.request.decoding.num_beams for prompt in batch) > self.most_rows:
            raise BatchTooLargeError("no memory")
        if self.bad_items & set(items):
            raise EngineError(f"failed on {items}")
        return [Completion(item) for item in items]

    def facts(self) -> dict[str, object]:
        return {}

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[Worker, FakeModel]]]:
    workers = []

    def run(max_rows: int = 32, **behaviour: object) -> tuple[Worker, FakeModel]:
        model = FakeModel(**behaviour)  # type: ignore[arg-type]
        worker = Worker(lambda: BatchRunner(model, max_rows=max_rows), gather_s=0.0)
        workers.append((worker, model))
        return worker, model

    yield run
    for worker, model in workers:
        model.gate.set()
        worker.close()


def put_all(worker: Worker, model: FakeModel, requests: Sequence[Request]) -> list[Future[Completion]]:
    """The first request occupies the model, the others wait behind it; then the gate opens."""
    first = worker.put(requests[0])
    assert model.has_begun.wait(timeout=HANG_S)
    others = [worker.put(request) for request in requests[1:]]
    model.gate.set()
    return [first, *others]


def waiting(request: Request, length: int = 10) -> Waiting:
    return Waiting(0, Prompt(request, (1,) * length))


def test_without_beams_sampling_parameters_may_differ_within_a_batch(make_request: MakeRequest) -> None:
    greedy, warm = make_request(1, do_sample=False), make_request(2, temperature=1.5)
    assert batch_key(greedy) == batch_key(warm)


def test_beams_share_a_batch_by_width_and_where_they_sample_by_all_of_their_decoding(
    make_request: MakeRequest,
) -> None:
    search = [make_request(number, num_beams=3, do_sample=False) for number in range(2)]
    sample = [make_request(number, num_beams=3, do_sample=True) for number in range(2)]
    assert batch_key(search[0]) == batch_key(search[1])
    assert batch_key(sample[0]) == batch_key(sample[1])
    assert batch_key(sample[0]) != batch_key(search[0])
    assert batch_key(sample[0]) != batch_key(make_request(2, num_beams=3, do_sample=True, temperature=0.5))
    assert batch_key(search[0]) != batch_key(make_request(2, num_beams=2, do_sample=False))


def test_a_batch_holds_the_oldest_and_those_nearest_in_length(make_request: MakeRequest) -> None:
    lengths = [50, 400, 60, 55, 45]
    items = [waiting(make_request(number), length) for number, length in enumerate(lengths)]
    batch = choose_batch(items, max_rows=3)
    assert [len(item.prompt.token_ids) for item in batch] == [50, 55, 45]


def test_a_beam_is_a_row(make_request: MakeRequest) -> None:
    items = [waiting(make_request(number, num_beams=3, do_sample=False)) for number in range(5)]
    assert len(choose_batch(items, max_rows=7)) == 2  # 7 // 3
    assert len(choose_batch(items, max_rows=2)) == 1  # the oldest runs in any case


def test_what_waits_runs_together(
    start: Callable[..., tuple[Worker, FakeModel]], make_request: MakeRequest
) -> None:
    worker, model = start()
    futures = put_all(worker, model, [make_request(number) for number in range(4)])
    texts = [future.result(timeout=HANG_S).text for future in futures]
    assert texts == ["wvs7.Q0", "wvs7.Q1", "wvs7.Q2", "wvs7.Q3"]
    assert [len(batch) for batch in model.batches] == [1, 3]


def test_seconds_count_from_submission(
    start: Callable[..., tuple[Worker, FakeModel]], make_request: MakeRequest
) -> None:
    worker, model = start()
    begin = time.monotonic()
    first, second = put_all(worker, model, [make_request(0), make_request(1)])
    seconds = [one.result(timeout=HANG_S).seconds for one in (first, second)]
    assert all(0 < taken <= time.monotonic() - begin for taken in seconds)


def test_a_failing_request_takes_nobody_with_it(
    start: Callable[..., tuple[Worker, FakeModel]], make_request: MakeRequest
) -> None:
    worker, model = start(bad_items=frozenset({"wvs7.Q2"}))
    futures = put_all(worker, model, [make_request(number) for number in range(4)])
    with pytest.raises(EngineError, match=r"failed on \['wvs7.Q2'\]"):
        futures[2].result(timeout=HANG_S)
    assert [futures[number].result(timeout=HANG_S).text for number in (1, 3)] == ["wvs7.Q1", "wvs7.Q3"]


def test_a_prompt_that_cannot_be_made_fails_alone(
    start: Callable[..., tuple[Worker, FakeModel]], make_request: MakeRequest
) -> None:
    worker, model = start(refused_items=frozenset({"wvs7.Q1"}))
    futures = put_all(worker, model, [make_request(number) for number in range(3)])
    with pytest.raises(EngineError, match="too long"):
        futures[1].result(timeout=HANG_S)
    assert futures[2].result(timeout=HANG_S).text == "wvs7.Q2"


def test_out_of_memory_halves_the_batch_and_loses_nothing(
    start: Callable[..., tuple[Worker, FakeModel]], make_request: MakeRequest
) -> None:
    worker, model = start(most_rows=2)
    futures = put_all(worker, model, [make_request(number) for number in range(9)])
    assert len({future.result(timeout=HANG_S).text for future in futures}) == 9
    # 1 while the others came, then 8 -> 4 -> 2 rows; from there on no batch is larger.
    assert [len(batch) for batch in model.batches] == [1, 8, 4, 2, 2, 4, 2, 2]
    later = [worker.put(make_request(number)) for number in range(20, 26)]
    assert all(future.result(timeout=HANG_S) for future in later)
    assert max(len(batch) for batch in model.batches[8:]) <= 2


def test_a_single_request_that_does_not_fit_is_an_error_that_again_does_not_mend(
    start: Callable[..., tuple[Worker, FakeModel]], make_request: MakeRequest
) -> None:
    worker, model = start(most_rows=1)
    model.gate.set()
    with pytest.raises(EngineError, match="no memory") as caught:
        worker.put(make_request(0, num_beams=4, do_sample=False)).result(timeout=HANG_S)
    assert not caught.value.retryable
    assert worker.put(make_request(1)).result(timeout=HANG_S).text == "wvs7.Q1"


def test_a_cancelled_request_is_not_run_and_the_worker_goes_on(
    start: Callable[..., tuple[Worker, FakeModel]], make_request: MakeRequest
) -> None:
    worker, model = start()
    worker.put(make_request(0))
    assert model.has_begun.wait(timeout=HANG_S)
    cancelled, kept = worker.put(make_request(1)), worker.put(make_request(2))
    assert cancelled.cancel()
    model.gate.set()
    assert kept.result(timeout=HANG_S).text == "wvs7.Q2"
    assert ["wvs7.Q1"] not in model.batches
    assert model.batches == [["wvs7.Q0"], ["wvs7.Q2"]]


def test_closing_ends_the_running_batch_and_fails_what_waits(
    start: Callable[..., tuple[Worker, FakeModel]], make_request: MakeRequest
) -> None:
    worker, model = start()
    running = worker.put(make_request(0))
    assert model.has_begun.wait(timeout=HANG_S)
    left = worker.put(make_request(1))
    closing = threading.Thread(target=worker.close)
    closing.start()
    model.gate.set()
    closing.join(timeout=HANG_S)
    assert running.result(timeout=HANG_S).text == "wvs7.Q0"
    with pytest.raises(EngineError, match="ended before it answered"):
        left.result(timeout=HANG_S)
    assert model.is_closed
    with pytest.raises(EngineError, match="the engine has ended"):
        worker.put(make_request(2))


def test_a_model_that_cannot_be_loaded_fails_everybody_who_waits(make_request: MakeRequest) -> None:
    gate = threading.Event()

    def load() -> FakeModel:
        assert gate.wait(timeout=HANG_S)
        raise ModelError("no weights")

    worker = Worker(load)
    left = worker.put(make_request(0))
    gate.set()
    with pytest.raises(ModelError, match="no weights"):
        worker.loaded.result(timeout=HANG_S)
    with pytest.raises(EngineError, match="ended before it answered"):
        left.result(timeout=HANG_S)
    worker.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_the_thread_leaves_nobody_waiting(make_request: MakeRequest) -> None:
    class Broken(FakeModel):
        def complete(self, batch: Sequence[Prompt]) -> list[Completion | EngineError]:
            raise ZeroDivisionError

    worker = Worker(lambda: BatchRunner(Broken(), max_rows=4), gather_s=0.0)
    with pytest.raises(EngineError, match="ended before it answered"):
        worker.put(make_request(0)).result(timeout=HANG_S)
    worker.close()


def test_a_runner_that_cannot_go_on_fails_nobody_for_good_and_says_why(make_request: MakeRequest) -> None:
    class Lost(BatchRunner):
        def step(self) -> list[Ended]:
            raise EngineError("The device failed: it has fallen off the bus", retryable=True)

    worker = Worker(lambda: Lost(FakeModel(), max_rows=4), gather_s=0.0)
    first = worker.put(make_request(0))
    with pytest.raises(EngineError, match="fallen off the bus") as caught:
        first.result(timeout=HANG_S)
    assert caught.value.retryable
    worker.close()
    with pytest.raises(EngineError, match="fallen off the bus"):
        worker.put(make_request(1))
