"""The two hosted engines against a loopback server, and requests for them."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from loopback import Loopback

from def_sim.engines.anthropic_api import AnthropicEngine
from def_sim.engines.openai_server import OpenAIServerEngine
from def_sim.errors import EngineError
from def_sim.records import Completion, DecodingConfig, Message, Request, RequestKey, Role

HostedEngine = AnthropicEngine | OpenAIServerEngine
HOSTED = ("anthropic", "openai")
ALLOWED = ["beams", "seed"]
SHARD = "shard-00-of-01"


def hosted(name: str, server: Loopback, **settings: Any) -> HostedEngine:
    """An engine of that name, whose key is in the environment, with a model that takes a temperature."""
    if name == "anthropic":
        return AnthropicEngine(
            **{
                "model_name": "claude-sonnet-4-6",
                "base_url": server.address,
                "deviations": ALLOWED,
                **settings,
            }
        )
    return OpenAIServerEngine(
        **{
            "model_name": "tiny",
            "base_url": f"{server.address}/v1",
            "key_variable": "LOOPBACK_KEY",
            "deviations": ALLOWED,
            "probes": False,
            **settings,
        }
    )


def batched(server: Loopback, folder: Path | None = None, **settings: Any) -> HostedEngine:
    """An engine that gathers its requests into batches, quickly; with a folder, as the shard of a run."""
    quick = {"batches": True, "batch_gather_s": 0.25, "batch_poll_s": 0.01}
    engine = hosted("anthropic", server, **{**quick, **settings})
    if folder is not None:
        engine.keep_in(folder, SHARD)
    return engine


def a_request(number: int = 0, text: str = "", **decoding: Any) -> Request:
    """Question `number`, which is its whole prompt unless a text is given."""
    key = RequestKey(seed=1, respondent_id=f"r{number:05d}", item_id=f"wvs7.Q{number}", wording=0)
    return Request((Message(Role.USER, text or f"question {number}"),), DecodingConfig(**decoding), key)


def ask(engine: HostedEngine, requests: Iterable[Request], *, most_tries: int = 1) -> list[Completion]:
    """All at once, each as often as an interview would; the first failure is raised."""

    async def tried(request: Request) -> Completion:
        for _ in range(most_tries - 1):
            with suppress(EngineError):
                return await engine.submit(request)
        return await engine.submit(request)

    async def run() -> list[Completion]:
        try:
            await engine.start()
            return list(await asyncio.gather(*map(tried, requests)))
        finally:
            await engine.close()

    return asyncio.run(run())
