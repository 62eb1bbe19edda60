"""Message Batches: half the price, nothing sent twice, and an interrupted wait goes on where it was."""

import asyncio
import json
from pathlib import Path

import pytest
from hosted_examples import SHARD, HostedEngine, a_request, ask, batched, hosted
from loopback import KEY, Loopback, answer_to
from waiting import HANG_S

from def_sim.engines.hosted.anthropic_messages import request_id
from def_sim.engines.hosted.batch_journal import BatchJournal
from def_sim.errors import EngineError, StoreError
from def_sim.records import Completion


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


def interrupt(engine: HostedEngine, numbers: range, folder: Path, *, is_killed: bool = False) -> None:
    """Asks, and is stopped when the batch is under way and noted, before the answers come.

    A kill leaves the account as it was while the batch was waited for.
    """
    account = folder / "spending" / f"{SHARD}.json"
    noted = folder / "batches" / f"{SHARD}.jsonl"

    async def run() -> None:
        tasks = [asyncio.create_task(engine.submit(a_request(number))) for number in numbers]
        async with asyncio.timeout(HANG_S):
            while not (noted.is_file() and noted.read_bytes().count(b"\n") == 2):
                await asyncio.sleep(0.01)
        meanwhile = account.read_bytes()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await engine.close()
        if is_killed:
            account.write_bytes(meanwhile)

    asyncio.run(run())


def test_requests_of_one_moment_are_one_batch_and_each_gets_its_answer() -> None:
    with Loopback(polls=3) as server:
        completions = ask(batched(server), map(a_request, range(40)))
        assert [c.text for c in completions] == [answer_to(f"question {n}") for n in range(40)]
        assert [len(requests) for requests in server.batches.values()] == [40]
        assert server.requests == []  # none went the ordinary way


def test_a_batched_request_is_the_same_request() -> None:
    with Loopback() as server:
        ask(batched(server), [a_request(1, temperature=0.5, top_k=0)])
        ask(hosted("anthropic", server), [a_request(1, temperature=0.5, top_k=0)])
        [[batched_request]] = server.batches.values()
        assert batched_request["params"] == server.requests[0]


def test_a_batch_costs_half() -> None:
    with Loopback() as server:
        alone, together = hosted("anthropic", server), batched(server)
        ask(alone, [a_request(1)])
        ask(together, [a_request(1)])
    assert together.ledger.spent_usd == pytest.approx(alone.ledger.spent_usd / 2)


def test_an_interrupted_wait_goes_on_with_the_batch_that_was_sent(tmp_path: Path) -> None:
    with Loopback(polls=10_000) as server:
        interrupt(batched(server, tmp_path), range(8), tmp_path)
        assert len(server.batches) == 1
        lines = (tmp_path / "batches" / f"{SHARD}.jsonl").read_text().splitlines()
        assert [json.loads(line)["batch_id"] for line in lines] == [None, "msgbatch_0"]
        server._polls = 0
        engine = batched(server, tmp_path)
        completions = ask(engine, map(a_request, range(10)))  # eight that were sent, two that were not
        assert [c.text for c in completions] == [answer_to(f"question {n}") for n in range(10)]
        assert [len(requests) for requests in server.batches.values()] == [8, 2]
        assert set(server.answered.values()) == {1}
    assert engine.ledger.totals.num_requests == 10  # each paid once, though asked by two commands
    # Each prompt has 10 characters: 3 tokens, and 20 written.
    assert engine.ledger.spent_usd == pytest.approx(engine.ledger.price.cost_usd(10 * 3, 10 * 20))


@pytest.mark.parametrize("is_killed", [False, True])
def test_what_a_batch_may_cost_that_was_left_behind_is_counted_until_its_results_are_there(
    tmp_path: Path, is_killed: bool
) -> None:
    with Loopback(polls=10_000) as server:
        first = batched(server, tmp_path)
        interrupt(first, range(8), tmp_path, is_killed=is_killed)
        most_usd = 8 * first.ledger.price.cost_usd(len("question 0") + 16 + 64, 512)
        engine = batched(server, tmp_path)
        assert engine.ledger.spent_usd >= most_usd
        if not is_killed:  # after a kill there may be room on file for others, too
            assert engine.ledger.spent_usd == pytest.approx(most_usd)
        server._polls = 0
        counted_usd = engine.ledger.spent_usd
        ask(engine, map(a_request, range(4)))
        used_usd = engine.ledger.price.cost_usd(4 * 3, 4 * 20)
        assert engine.ledger.spent_usd == pytest.approx(counted_usd - most_usd / 2 + used_usd)


def test_results_are_kept_for_who_asks_later(tmp_path: Path) -> None:
    async def one_after_another(engine: HostedEngine) -> list[Completion]:
        completions = [await engine.submit(a_request(number)) for number in range(4)]
        await engine.close()
        return completions

    with Loopback(polls=10_000) as server:
        interrupt(batched(server, tmp_path), range(4), tmp_path)
        server._polls = 0
        completions = asyncio.run(one_after_another(batched(server, tmp_path)))
        assert [c.text for c in completions] == [answer_to(f"question {n}") for n in range(4)]
        assert len(server.batches) == 1


@pytest.mark.parametrize("kind", ["expired", "canceled", "missing"])
def test_what_a_batch_did_not_answer_is_sent_again_by_a_retry(kind: str, tmp_path: Path) -> None:
    async def twice(engine: HostedEngine) -> Completion:
        with pytest.raises(EngineError) as caught:
            await engine.submit(a_request(1))
        assert caught.value.retryable
        completion = await engine.submit(a_request(1))
        await engine.close()
        return completion

    with Loopback() as server:
        server._result = lambda number: kind if len(server.batches) == 1 else "succeeded"
        assert asyncio.run(twice(batched(server, tmp_path))).text == answer_to("question 1")
        assert len(server.batches) == 2


def test_an_error_in_a_batch_concerns_its_request_alone() -> None:
    async def run(engine: HostedEngine) -> list[Completion | BaseException]:
        outcomes = await asyncio.gather(*map(engine.submit, map(a_request, range(3))), return_exceptions=True)
        await engine.close()
        return outcomes

    with Loopback(result=lambda number: "errored" if number == 1 else "succeeded") as server:
        outcomes = asyncio.run(run(batched(server)))
    failed = [outcome for outcome in outcomes if isinstance(outcome, EngineError)]
    assert len(failed) == 1
    assert not failed[0].retryable
    assert "longer than claude-sonnet-4-6 can read" in failed[0].message


def test_a_batch_that_the_provider_no_longer_knows_is_sent_again(tmp_path: Path) -> None:
    with Loopback(polls=10_000) as server:
        interrupt(batched(server, tmp_path), range(2), tmp_path)
    with Loopback() as another:
        completions = ask(batched(another, tmp_path), map(a_request, range(2)))
        assert [c.text for c in completions] == [answer_to(f"question {n}") for n in range(2)]


def test_a_reply_of_no_use_is_asked_for_again() -> None:
    async def twice(engine: HostedEngine) -> Completion:
        with pytest.raises(EngineError, match="unreadable"):
            await engine.submit(a_request(1))
        completion = await engine.submit(a_request(1))
        await engine.close()
        return completion

    with Loopback() as server:
        server._changes = lambda body: {"stop_reason": "tool_use"} if len(server.batches) == 1 else {}
        assert asyncio.run(twice(batched(server))).text == answer_to("question 1")


def test_a_journal_that_cannot_be_written_leaves_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / "batches").write_text("a file where a folder should be")
    with Loopback() as server, pytest.raises(OSError, match="batches"):
        ask(batched(server, tmp_path), [a_request(1)])


# --- the journal ---


def test_a_journal_is_read_as_it_was_written_but_for_a_torn_line(tmp_path: Path) -> None:
    journal = BatchJournal(tmp_path, SHARD)
    journal.add("one", ["a", "b", "c"])
    journal.forget(["b", "never"])
    journal.add("two", ["b"])
    journal.send(["d", "e"], 1_000_000.0)
    journal.send(["f"], 2_000_000.0)
    journal.add("three", ["f"])
    with (tmp_path / "batches" / f"{SHARD}.jsonl").open("a") as file:
        file.write('{"batch_id": "three", "custom_')
    again = BatchJournal(tmp_path, SHARD)
    assert dict(again.batch_of) == {"a": "one", "b": "two", "c": "one", "f": "three"}
    assert {name: one.custom_ids for name, one in again.sending.items()} == {"d": ("d", "e"), "e": ("d", "e")}
    assert again.sending["d"].sent_at == 1_000_000.0
    assert again.batch_ids() == {"one", "two", "three"}
    again.add("four", ["d"])
    assert BatchJournal(tmp_path, SHARD).batch_of["d"] == "four"


@pytest.mark.parametrize(
    "line",
    ["{}", "null", '{"batch_id": 1, "custom_ids": []}', '{"batch_id": "x", "custom_ids": [{}]}', "[" * 9000],
)
def test_a_damaged_line_of_the_journal_is_named(tmp_path: Path, line: str) -> None:
    BatchJournal(tmp_path, SHARD).add("one", ["a"])
    with (tmp_path / "batches" / f"{SHARD}.jsonl").open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(StoreError, match=r"shard-00-of-01\.jsonl, line 2: the line is damaged"):
        BatchJournal(tmp_path, SHARD)


def test_a_requests_id_depends_on_all_that_is_sent_and_on_its_key() -> None:
    parameters = {"model": "m", "messages": [{"role": "user", "content": "问"}]}
    names = {
        request_id(a_request(1).key, parameters),
        request_id(a_request(2).key, parameters),
        request_id(a_request(1).key, {**parameters, "temperature": 0.5}),
    }
    assert len(names) == 3
    assert all(len(name) <= 64 and name.isalnum() for name in names)
