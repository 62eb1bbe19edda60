"""One contract for every engine: nothing lost, nothing mixed up, whatever is asked in whatever order.

Scripted, local (a tiny random checkpoint), and the two hosted ones with their real SDKs against a
server on loopback that speaks their protocols.
"""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from loopback import KEY, TOO_LONG, Loopback
from safetensors.torch import load_file, save_file

from def_sim.engines.anthropic_api import AnthropicEngine
from def_sim.engines.local.engine import LocalEngine
from def_sim.engines.openai_server import OpenAIServerEngine
from def_sim.engines.scripted import ScriptedEngine
from def_sim.errors import EngineError
from def_sim.interviews import Engine
from def_sim.records import (
    AnswerMode,
    Completion,
    DecodingConfig,
    FinishReason,
    Message,
    Request,
    RequestKey,
    Role,
)

EVERYTHING = (
    "Ünïcödé 家庭在您的生活中有多重要？ 👩‍👩‍👧‍👦 مرحبا \u202e\u200b\ufeff 𝔘𝔫𝔦 e\u0301 "
    "<|user|></s>\t\n{} \\ \" '"
)


@dataclass(frozen=True)
class Kind:
    """How to make an engine, and how it is made to say nothing."""

    name: str
    make: Callable[[], Engine]
    make_silent: Callable[[], Engine]
    server: Loopback | None = None


def a_request(
    number: int = 0, text: str = "How important is work? 1 2 3 4", *, do_sample: bool = True
) -> Request:
    decoding = DecodingConfig(max_new_tokens=12, do_sample=do_sample)
    key = RequestKey(seed=11, respondent_id=f"r{number:05d}", item_id=f"wvs7.Q{number}", wording=0)
    return Request((Message(Role.USER, f"Citizen {number}. {text}"),), decoding, key)


def anthropic(server: Loopback) -> Engine:
    return AnthropicEngine("claude-sonnet-4-6", base_url=server.address, deviations=["beams", "seed"])


def openai(server: Loopback) -> Engine:
    return OpenAIServerEngine(
        "tiny",
        base_url=f"{server.address}/v1",
        key_variable="LOOPBACK_KEY",
        deviations=["beams", "seed"],
        probes=False,
    )


def echo(request: Request) -> str:
    return f"You asked: {request.messages[-1].content}"


@pytest.fixture(scope="module")
def silent_checkpoint(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with all logits zero: greedily it writes token 0, which ends the answer."""
    folder = tmp_path_factory.mktemp("silent") / "model"
    shutil.copytree(checkpoint, folder)
    weights = load_file(folder / "model.safetensors")
    save_file(
        {**weights, "lm_head.weight": weights["lm_head.weight"] * 0},
        folder / "model.safetensors",
        {"format": "pt"},
    )
    path = folder / "generation_config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps({**settings, "eos_token_id": [0]}))
    return folder


@pytest.fixture(params=["scripted", "local", "anthropic", "openai"])
def kind(
    request: pytest.FixtureRequest,
    checkpoint: Path,
    silent_checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Kind]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    server: AbstractContextManager[Loopback | None] = nullcontext()
    silent: AbstractContextManager[Loopback | None] = nullcontext()
    if request.param in ("anthropic", "openai"):
        server = Loopback()
        nothing = {"role": "assistant", "content": ""}
        choices = [{"index": 0, "finish_reason": "stop", "message": nothing}]
        silent = Loopback(changes=lambda body: {"content": [], "choices": choices})
    with server as speaking, silent as mute:
        yield a_kind(request.param, speaking, mute, checkpoint, silent_checkpoint)


def a_kind(
    name: str, speaking: Loopback | None, mute: Loopback | None, checkpoint: Path, silent: Path
) -> Kind:
    if name == "scripted":
        return Kind(name, lambda: ScriptedEngine(reply=echo), lambda: ScriptedEngine(reply=lambda _: ""))
    if name == "local":
        return Kind(name, lambda: a_local_engine(checkpoint), lambda: a_local_engine(silent))
    assert speaking is not None
    assert mute is not None
    make = {"anthropic": anthropic, "openai": openai}[name]
    return Kind(name, lambda: make(speaking), lambda: make(mute), speaking)


def a_local_engine(folder: Path) -> Engine:
    return LocalEngine(str(folder), dtype="float32", device="cpu")


def use(engine: Engine, work: Callable[[Engine], Awaitable[Any]]) -> Any:
    """Starts an engine, works with it, closes it."""

    async def run() -> Any:
        try:
            await engine.start()
            return await work(engine)
        finally:
            await engine.close()

    return asyncio.run(run())


def ask(engine: Engine, requests: list[Request]) -> list[Completion]:
    async def work(engine: Engine) -> list[Completion]:
        return list(await asyncio.gather(*map(engine.submit, requests)))

    answered: list[Completion] = use(engine, work)
    return answered


def test_an_answer_belongs_to_its_request_whatever_the_order_and_company(kind: Kind) -> None:
    requests = [a_request(number) for number in range(12)]
    together = ask(kind.make(), requests)
    backwards = ask(kind.make(), requests[::-1])[::-1]
    assert [c.text for c in together] == [c.text for c in backwards]
    assert [ask(kind.make(), [requests[7]])[0].text] == [together[7].text]
    assert len({c.text for c in together}) == 12


def test_nothing_is_lost_and_nothing_is_asked_twice(kind: Kind) -> None:
    number = 24 if kind.name == "local" else 150
    engine = kind.make()
    completions = ask(engine, [a_request(n) for n in range(number)])
    assert len(completions) == number
    assert all(c.finish_reason in (FinishReason.STOP, FinishReason.LENGTH) for c in completions)
    if kind.server is not None:
        assert set(kind.server.answered.values()) == {1}
        assert len(kind.server.requests) == number
    if isinstance(engine, ScriptedEngine):
        assert set(engine.num_asked.values()) == {1}


def test_every_character_goes_there_and_back(kind: Kind) -> None:
    [completion] = ask(kind.make(), [a_request(text=EVERYTHING)])
    if kind.name == "scripted":
        assert completion.text.endswith(EVERYTHING)
    if kind.server is not None:
        assert kind.server.requests[-1]["messages"][-1]["content"].endswith(EVERYTHING)


def test_a_very_long_prompt_is_answered_or_refused_by_name_and_never_cut(kind: Kind) -> None:
    """The tiny model reads 512 tokens, the server 200,000 characters, the scripted engine anything."""
    fits = a_request(text="word " * (50 if kind.name == "local" else 30_000))
    assert ask(kind.make(), [fits])[0].finish_reason in (FinishReason.STOP, FinishReason.LENGTH)
    if kind.name == "scripted":
        return
    too_long = a_request(number=3, text="word " * TOO_LONG)
    with pytest.raises(EngineError) as caught:
        ask(kind.make(), [too_long])
    assert not caught.value.retryable
    assert "wvs7.Q3" in caught.value.message
    assert "memory" in caught.value.fix


def test_an_empty_completion_is_an_empty_text_and_no_error(kind: Kind) -> None:
    [completion] = ask(kind.make_silent(), [a_request(do_sample=False)])
    assert completion.text == ""
    assert completion.finish_reason is FinishReason.STOP
    assert completion.error is None


def test_one_who_is_cancelled_takes_nobody_along(kind: Kind) -> None:
    async def work(engine: Engine) -> list[Completion | BaseException]:
        tasks = [asyncio.create_task(engine.submit(a_request(number))) for number in range(8)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        first = await asyncio.gather(*tasks, return_exceptions=True)
        return [*first, await engine.submit(a_request(99))]

    outcome = use(kind.make(), work)
    assert all(isinstance(outcome[number], Completion) for number in (1, 3, 5, 7, 8))
    assert all(isinstance(outcome[number], asyncio.CancelledError) for number in (0, 2, 4, 6))


def test_after_a_restart_the_same_requests_get_the_same_answers(kind: Kind) -> None:
    requests = [a_request(number) for number in range(4)]
    assert [c.text for c in ask(kind.make(), requests)] == [c.text for c in ask(kind.make(), requests)]


def test_a_closed_engine_answers_nothing_more(kind: Kind) -> None:
    if kind.name == "scripted":
        pytest.skip("it holds nothing that could be closed")
    engine = kind.make()
    ask(engine, [a_request()])
    asyncio.run(engine.close())  # twice is harmless
    with pytest.raises(EngineError) as caught:
        asyncio.run(engine.submit(a_request(1)))
    assert caught.value.retryable  # another command may ask again: no failure is recorded for it


def test_a_mode_that_an_engine_has_not_is_an_error_and_no_text(kind: Kind) -> None:
    engine = kind.make()
    constrained = replace(a_request(), mode=AnswerMode.CONSTRAINED, option_codes=(1, 2))
    if not engine.capabilities.constrained:
        with pytest.raises(EngineError, match="constrained"):
            ask(engine, [constrained])


def test_what_is_described_is_plain_json_with_an_identity(kind: Kind) -> None:
    described = kind.make().describe()
    assert described["identity"]
    assert json.loads(json.dumps(described)) == described
    assert KEY not in json.dumps(described)
