"""Any server that speaks the OpenAI chat protocol: vLLM, SGLang, llama.cpp, Ollama, OpenAI itself.

Its constructor is its configuration and imports nothing heavy; the SDK is imported when it
starts. A key, where one is needed, comes from the environment variable that `key_variable`
names, and is kept by the SDK alone. What the server really honours is probed at the start.
"""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from def_sim.engines.cost import Ledger
from def_sim.engines.deviations import as_sent, known_deviations
from def_sim.engines.failures import Provider, read_key, unreadable
from def_sim.engines.hosted import HostedCalls, Limits, check_base_url, check_mode, provider_facts
from def_sim.engines.hosted_models import check_not_retired
from def_sim.engines.openai_probe import HONOURED, MAX_TOKENS, PROMPT, UNKNOWN, Reply, probe
from def_sim.engines.prices import find_price
from def_sim.errors import ConfigError, EngineError
from def_sim.randomness import noise_key
from def_sim.records import (
    Capabilities,
    Completion,
    DecodingConfig,
    FinishReason,
    Message,
    Request,
    RequestKey,
    Role,
)

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletion

_ADDRESS: Final = "https://api.openai.com/v1"
_NO_KEY: Final = "not-needed"  # the SDK wants one; servers without keys do not look at it
_LARGEST_SEED: Final = 2**31 - 1
_REASONS_WITH_TEXT: Final = {
    "length": FinishReason.LENGTH,
    "content_filter": FinishReason.REFUSAL,
}
_REASONS_WITHOUT: Final = ("tool_calls", "function_call")


class OpenAIServerEngine:
    """Answers with a model behind the OpenAI chat protocol.

    Args:
        model_name: The server's name of the model.
        base_url: The server's address, e.g. http://localhost:8000/v1; None: OpenAI.
        key_variable: Environment variable of the key; None: the server wants none.
        deviations: Names of what the server may lack (`engines/deviations.py`).
        token_limit: Name of the parameter that limits the answer: `max_tokens` on most
            servers, `max_completion_tokens` at OpenAI.
        probes: Whether to find out at the start which parameters are honoured.
        max_cost_usd: Most that the run may spend; None: no cap.
        input_usd_per_million: Price of tokens read, where data/prices.yaml has none or another.
        output_usd_per_million: The same for tokens written.
        max_concurrent: Most requests under way.
        max_retries: How often the SDK repeats a failed request by itself.
        timeout_s: How long it waits for a reply.

    Raises:
        ConfigError: A value out of its range.
    """

    def __init__(
        self,
        model_name: str,
        *,
        base_url: str | None = None,
        key_variable: str | None = None,
        deviations: list[str] | None = None,
        token_limit: str = "max_tokens",
        probes: bool = True,
        max_cost_usd: float | None = None,
        input_usd_per_million: float | None = None,
        output_usd_per_million: float | None = None,
        max_concurrent: int = 64,
        max_retries: int = 4,
        timeout_s: float = 120.0,
    ) -> None:
        _check_words(key_variable, token_limit)
        name = "OpenAI" if base_url is None else "The server"
        address = check_base_url(base_url or _ADDRESS)
        self._provider = Provider(name, address, model_name, key_variable)
        self._deviations = known_deviations(deviations)
        self._token_limit = token_limit
        self._probes = probes
        self._limits = Limits(max_concurrent, max_retries, timeout_s)
        price = find_price(model_name, input_usd_per_million, output_usd_per_million)
        self.ledger = Ledger(price, max_cost_usd)
        self._findings: dict[str, str] = {}
        self._client: AsyncOpenAI | None = None
        self._calls: HostedCalls | None = None
        self._starting = asyncio.Lock()
        self._is_started = False
        self._is_closed = False

    @property
    def capabilities(self) -> Capabilities:
        """No beams; top_k and seed as the probe found them, before it as configured."""
        seed = self._findings.get("seed", UNKNOWN)
        return Capabilities(
            beams="none",
            # Even where it is honoured, a server's batches change the rounding.
            seed="best-effort" if seed in (HONOURED, UNKNOWN) else "none",
            top_k=self._findings.get("top_k", UNKNOWN) in (HONOURED, UNKNOWN) and self._may_take_top_k,
            probabilities=False,
            highest_temperature=2.0,
            deviations=self._deviations,
        )

    @property
    def _may_take_top_k(self) -> bool:
        """OpenAI itself has none, which is known without asking."""
        return self._provider.base_url != _ADDRESS

    def check(self) -> None:
        """Makes sure that the model is still served and that there is a key if one is needed.

        Raises:
            ModelError: It was retired, or the key is missing.
        """
        if self._provider.base_url == _ADDRESS:
            check_not_retired(self._provider.model_name)
        read_key(self._provider)

    def describe(self) -> dict[str, object]:
        """What is asked, for the manifest; after `start()` what the probe found. Never the key."""
        return {
            **provider_facts(self._provider, "openai", self.ledger, self._deviations),
            "probe": dict(self._findings),
        }

    def keep_in(self, folder: Path, name: str) -> None:
        """Keeps its accounts in the folder of a run."""
        self.ledger.keep_in(folder, name)

    async def start(self) -> None:
        """Opens the connection, makes sure that server, key and model are there, and probes.

        Raises:
            ModelError: The server is down, or refuses the key or the model.
            EngineError: It failed, or the engine is closed.
        """
        if self._is_closed:
            raise EngineError("The engine is closed.", retryable=True)
        async with self._starting:
            if not self._is_started:
                await self._connect()
                self._is_started = True

    async def _connect(self) -> None:
        import openai

        self._calls = HostedCalls(self._provider, self._limits, self.ledger, (openai.APIError,))
        self._client = openai.AsyncOpenAI(
            api_key=read_key(self._provider) or _NO_KEY,
            base_url=self._provider.base_url,
            timeout=self._limits.timeout_s,
            max_retries=self._limits.max_retries,
            http_client=openai.DefaultAsyncHttpxClient(event_hooks={"response": [self._calls.watch]}),
        )
        if self._probes:
            self._findings = await probe(self._ask_plainly)

    async def submit(self, request: Request) -> Completion:
        """The model's answer.

        Raises:
            CostCapError: The cap is reached.
            ModelError: Every request would fail.
            EngineError: This request failed.
        """
        check_mode(request, self._provider)
        await self.start()
        decoding = as_sent(request.decoding, self.capabilities)
        more = self._sampling(decoding, request.key)

        async def send() -> Completion:
            return read_chat(await self._create(request.messages, more), self._provider, request)

        assert self._calls is not None
        return await self._calls.complete(request, decoding.max_new_tokens, send)

    async def close(self) -> None:
        """Closes the connection. Twice is harmless."""
        self._is_closed = True
        self.ledger.save()
        if self._client is not None:
            await self._client.close()

    def _sampling(self, decoding: DecodingConfig, key: RequestKey) -> dict[str, Any]:
        """Every parameter of the decoding, none left to the server's defaults."""
        parameters: dict[str, Any] = {
            "temperature": decoding.temperature,
            "top_p": decoding.top_p,
            self._token_limit: decoding.max_new_tokens,
        }
        if self.capabilities.seed != "none":
            parameters["seed"] = noise_key(key) % _LARGEST_SEED
        if self.capabilities.top_k:
            parameters["extra_body"] = {"top_k": decoding.top_k or -1}  # -1: off, where 0 is refused
        return parameters

    async def _create(self, messages: tuple[Message, ...], more: Mapping[str, Any]) -> "ChatCompletion":
        assert self._client is not None
        turns: Any = [{"role": message.role.value, "content": message.content} for message in messages]
        reply: ChatCompletion = await self._client.chat.completions.create(
            model=self._provider.model_name, messages=turns, **more
        )
        return reply

    async def _ask_plainly(self, parameters: Mapping[str, Any]) -> Reply:
        """One request of the probe; it costs like any other."""
        more = {**parameters, "temperature": 1.0, self._token_limit: MAX_TOKENS}
        if "top_k" in more:
            more["extra_body"] = {"top_k": more.pop("top_k")}
        replies: list[ChatCompletion] = []
        request = Request((Message(Role.USER, PROMPT),), DecodingConfig(), RequestKey(0, "probe", "probe", 0))

        async def send() -> Completion:
            replies.append(await self._create(request.messages, more))
            return read_chat(replies[-1], self._provider, request)

        assert self._calls is not None
        await self._calls.complete(request, 2 * MAX_TOKENS, send)
        choices = replies[-1].choices
        return Reply(
            tuple(choice.message.content or "" for choice in choices),
            has_logprobs=bool(choices[0].logprobs and choices[0].logprobs.content),
        )


def read_chat(reply: "ChatCompletion", provider: Provider, request: Request) -> Completion:
    """The first choice of a reply; an empty one is an empty text.

    Raises:
        EngineError: It is no completion, or ended for a reason that has nothing to do with its text.
    """
    choices = getattr(reply, "choices", None)
    if not isinstance(choices, list) or not choices or getattr(choices[0], "message", None) is None:
        raise unreadable(provider, request, "no choices")
    choice, usage = choices[0], getattr(reply, "usage", None)
    if getattr(choice, "finish_reason", None) in _REASONS_WITHOUT:
        raise unreadable(provider, request, f"finish_reason {choice.finish_reason!r}")
    refusal = getattr(choice.message, "refusal", None)
    reason = _REASONS_WITH_TEXT.get(str(getattr(choice, "finish_reason", None)), FinishReason.STOP)
    return Completion(
        text=choice.message.content or refusal or "",
        finish_reason=FinishReason.REFUSAL if refusal else reason,
        num_prompt_tokens=getattr(usage, "prompt_tokens", None) or 0,
        num_generated_tokens=getattr(usage, "completion_tokens", None) or 0,
    )


def _check_words(key_variable: str | None, token_limit: str) -> None:
    if key_variable is not None and not re.fullmatch(r"[A-Z][A-Z0-9_]*", key_variable):
        raise ConfigError(
            "model.engine.key_variable is no name of an environment variable.",
            fix="Give the name, such as OPENAI_API_KEY, and never the key itself.",
        )
    if token_limit not in ("max_tokens", "max_completion_tokens"):
        raise ConfigError(
            f"model.engine.token_limit={token_limit!r} is neither max_tokens nor max_completion_tokens.",
            fix="Take max_tokens for most servers, max_completion_tokens for OpenAI.",
        )
