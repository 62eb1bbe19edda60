"""A batch whose acceptance is not known is looked for, and paid for once."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from hosted_examples import SHARD, HostedEngine, a_request, ask, batched
from loopback import KEY, Loopback, answer_to

from def_sim.engines.hosted import batch_search
from def_sim.engines.hosted.batch_journal import BatchJournal
from def_sim.errors import DefSimError, EngineError

OTHERS = 3  # requests of batches that others send


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


def answers(numbers: range) -> list[str]:
    return [answer_to(f"question {number}") for number in numbers]


def texts(engine: HostedEngine, numbers: range) -> list[str]:
    return [completion.text for completion in ask(engine, map(a_request, numbers))]


@pytest.mark.parametrize("fault", ["late", "lost", "500 taken", "garbled"])
def test_a_batch_that_was_taken_though_no_reply_says_so_is_sent_and_paid_for_once(
    fault: str, tmp_path: Path
) -> None:
    with Loopback(sendings=lambda number: fault) as server:
        engine = batched(server, tmp_path, timeout_s=0.5)
        assert texts(engine, range(4)) == answers(range(4))
        assert [len(requests) for requests in server.batches.values()] == [4]
    assert engine.ledger.totals.num_requests == 4
    [said] = engine.notices.said
    assert said.startswith("No reply says whether a batch of 4 requests was taken.")
    assert dict(BatchJournal(tmp_path, SHARD).sending) == {}


def test_a_batch_that_was_refused_is_sent_again_at_once() -> None:
    with Loopback(sendings=lambda number: "529" if number < 2 else None) as server:
        engine = batched(server)
        assert texts(engine, range(4)) == answers(range(4))
        assert len(server.batches) == 1
    assert engine.notices.said == ()


def test_a_batch_that_met_no_server_is_not_in_doubt(tmp_path: Path) -> None:
    async def run() -> None:
        with Loopback() as server:
            engine = batched(server, tmp_path, max_retries=0)
            await engine.start()
        with pytest.raises(DefSimError):
            await engine.submit(a_request(0))
        await engine.close()
        assert engine.notices.said == ()
        assert engine.ledger.spent_usd == 0

    asyncio.run(run())
    assert dict(BatchJournal(tmp_path, SHARD).sending) == {}


def test_a_batch_that_was_not_taken_is_sent_again_once_it_can_no_longer_appear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch_search, "SETTLED_S", 0.1)
    with Loopback(sendings=lambda number: "never" if number == 0 else None) as server:
        engine = batched(server)
        completions = ask(engine, map(a_request, range(4)), most_tries=2)  # as an interview does
        assert [completion.text for completion in completions] == answers(range(4))
        assert len(server.batches) == 1
    assert engine.ledger.totals.num_requests == 4


def test_a_batch_that_is_never_taken_fails_as_any_request_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(batch_search, "SETTLED_S", 0.1)
    with Loopback(sendings=lambda number: "never") as server:
        engine = batched(server, tmp_path)
        with pytest.raises(EngineError, match="no reply came, and the provider does not have it") as caught:
            ask(engine, [a_request(0)], most_tries=3)
        assert caught.value.retryable
        assert next(server._num_sendings) == 3
    assert engine.ledger.spent_usd == 0


def test_before_that_it_is_not_sent_again(tmp_path: Path) -> None:
    async def for_a_while(engine: HostedEngine) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await engine.submit(a_request(0))
        await engine.close()

    with Loopback(sendings=lambda number: "never") as server:
        engine = batched(server, tmp_path)
        asyncio.run(for_a_while(engine))
        assert next(server._num_sendings) == 1  # it was sent once
    # It may yet be paid for.
    again = batched(server, tmp_path)
    assert again.ledger.spent_usd > 0


def test_of_batches_of_one_size_the_one_with_these_requests_is_taken(tmp_path: Path) -> None:
    with Loopback(sendings=lambda number: "lost" if number == 1 else None) as server:
        texts(batched(server), range(10, 10 + OTHERS))  # another run of the same account
        assert texts(batched(server, tmp_path), range(OTHERS)) == answers(range(OTHERS))
        assert len(server.batches) == 2
    assert set(BatchJournal(tmp_path, SHARD).batch_of.values()) == {"msgbatch_1"}


def crash_after_sending(folder: Path, server: Loopback, numbers: range) -> None:
    """Leaves the journal as a crash does between the provider's acceptance and the second line."""
    texts(batched(server, folder), numbers)
    path = folder / "batches" / f"{SHARD}.jsonl"
    first, _ = path.read_bytes().splitlines(keepends=True)
    assert json.loads(first)["batch_id"] is None
    path.write_bytes(first)


def test_a_command_after_a_crash_finds_the_batch_that_the_crashed_one_sent(tmp_path: Path) -> None:
    with Loopback() as server:
        crash_after_sending(tmp_path, server, range(4))
        assert texts(batched(server, tmp_path), range(6)) == answers(range(6))
        assert [len(requests) for requests in server.batches.values()] == [4, 2]


def test_a_provider_that_lists_no_batches_stops_the_run_and_gets_nothing_twice(tmp_path: Path) -> None:
    with Loopback() as server:
        crash_after_sending(tmp_path, server, range(4))
        server._page = lambda query: {"data": "none of your business"}
        with pytest.raises(EngineError, match="the list of batches is a text"):
            texts(batched(server, tmp_path, max_retries=0), range(4))
        assert len(server.batches) == 1


def test_a_list_of_many_pages_is_read_as_far_as_the_time_of_sending(tmp_path: Path) -> None:
    with Loopback() as server:
        crash_after_sending(tmp_path, server, range(4))
        for number in range(250):
            server.batches[f"msgbatch_of_others_{number}"] = [{}] * OTHERS
            server._created[f"msgbatch_of_others_{number}"] = server._created["msgbatch_0"]
        assert texts(batched(server, tmp_path), range(4)) == answers(range(4))


@pytest.mark.parametrize("sent_at", ['"now"', "-1", "true", "1e300", "[]"])
def test_a_damaged_time_in_the_journal_is_named(tmp_path: Path, sent_at: str) -> None:
    BatchJournal(tmp_path, SHARD).send(["a"], time.time())
    path = tmp_path / "batches" / f"{SHARD}.jsonl"
    path.write_text(path.read_text() + f'{{"batch_id": null, "custom_ids": ["b"], "sent_at": {sent_at}}}\n')
    with pytest.raises(Exception, match=r"line 2: the line is damaged"):
        BatchJournal(tmp_path, SHARD)
