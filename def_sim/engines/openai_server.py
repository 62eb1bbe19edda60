"""Any server that speaks the OpenAI chat protocol: vLLM, SGLang, llama.cpp, Ollama, OpenAI itself.

Its constructor is its configuration and imports nothing heavy; the SDK is imported when it
starts. A key, where one is needed, comes from the environment variable that `key_variable`
names, and is kept by the SDK alone. What the server takes and honours is probed at the start; replies are
read by `chat_replies`, not by the SDK, which believes whatever comes.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from def_sim.answers.reading.reasoning import part_reasoning
from def_sim.engines.hosted.addresses import check_base_url
from def_sim.engines.hosted.calls import HostedCalls, Limits, check_mode, provider_facts
from def_sim.engines.hosted.chat_replies import Choice, OpenThoughts, completion_of, read_body, read_choices
from def_sim.engines.hosted.cost import Ledger
from def_sim.engines.hosted.failures import PROBE, Provider, read_key
from def_sim.engines.hosted.hosted_models import check_not_retired
from def_sim.engines.hosted.http_client import HEADERS, client_settings, transport_errors
from def_sim.engines.hosted.openai_probe import HONOURED, UNKNOWN, Findings, probe
from def_sim.engines.hosted.prices import find_price
from def_sim.engines.hosted.sampling_parameters import SEED, TOP_K, TOP_P, dialect_of
from def_sim.engines.hosted.taken import ROOM_TO_THINK, Reply, Trial
from def_sim.engines.shared.deviations import MEANINGS, as_sent, known_deviations
from def_sim.engines.shared.notices import Notices
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

_ADDRESS: Final = "https://api.openai.com/v1"
_NO_KEY: Final = "not-needed"  # the SDK wants one; servers without keys do not look at it
_LARGEST_SEED: Final = 2**31 - 1
# What no plan can know: the probe finds it, and nobody can mend it here. It is named and no error.
_FOUND_BY_PROBE: Final = ("repetition", "truncation")


class OpenAIServerEngine:
    """Answers with a model behind the OpenAI chat protocol.

    Args:
        model_name: The server's name of the model.
        base_url: The server's address, e.g. http://localhost:8000/v1; None: OpenAI.
        key_variable: Environment variable of the key; None: the server wants none.
        deviations: Names of what the server may lack, such as beams and seed; one that it lacks and that is
            not named stops the run.
        token_limit: Name of the parameter that limits the answer: `max_tokens` on most
            servers, `max_completion_tokens` at OpenAI.
        template_arguments: For the chat template, such as {"enable_thinking": False}; sent as
            `chat_template_kwargs` and part of what defines the run.
        probes: Whether to find out at the start which parameters are taken and honoured.
        max_cost_usd: Most that the run may spend, earlier commands of it included; several shards divide it
            equally; None: no cap; from 0.
        input_usd_per_million: Price of tokens read, where data/prices.yaml has none or another; from 0.
        output_usd_per_million: The same for tokens written; from 0.
        max_concurrent: Most requests under way; adapts downwards; from 1.
        max_retries: How often a call at the start, or one about batches, is repeated that met an overload
            or a lost connection; questions are tried again by the interview; from 0.
        timeout_s: How long a request may take, to the last byte of its reply; from 0.001.
        longest_wait_s: How long the run waits at most where a server asks to wait; from 0.
        longest_reply_bytes: Longest reply; a longer one is given up; from 1000.

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
        template_arguments: dict[str, Any] | None = None,
        probes: bool = True,
        max_cost_usd: float | None = None,
        input_usd_per_million: float | None = None,
        output_usd_per_million: float | None = None,
        max_concurrent: int = 64,
        max_retries: int = 3,
        timeout_s: float = 120.0,
        longest_wait_s: float = 120.0,
        longest_reply_bytes: int = 8_000_000,
    ) -> None:
        _check_words(key_variable, token_limit)
        name = "OpenAI" if base_url is None else "The server"
        address = check_base_url(base_url or _ADDRESS)
        self._provider = Provider(name, address, model_name, key_variable)
        self._deviations = known_deviations([*(deviations or []), *_FOUND_BY_PROBE])
        self._template_arguments = dict(template_arguments or {})
        self._probes = probes
        self._limits = Limits(max_concurrent, max_retries, timeout_s, longest_wait_s, longest_reply_bytes)
        price = find_price(model_name, input_usd_per_million, output_usd_per_million)
        self.ledger = Ledger(price, max_cost_usd)
        self.notices = Notices()
        self._findings = Findings(
            dialect_of(
                is_openai=self._is_openai,
                token_limit=token_limit,
                template_arguments=self._template_arguments,
            )
        )
        self._thoughts = OpenThoughts()
        self._client: AsyncOpenAI | None = None
        self._calls: HostedCalls | None = None
        self._starting = asyncio.Lock()
        self._is_started = False
        self._is_closed = False

    @property
    def capabilities(self) -> Capabilities:
        """No beams; the rest as the probe found it, before it as configured."""
        return Capabilities(
            beams="none",
            # Even where it is honoured, a server's batches change the rounding.
            seed="best-effort" if self._honours(SEED) else "none",
            top_k=self._honours(TOP_K) and not self._is_openai,  # which has none, known without asking
            top_p=self._honours(TOP_P),
            probabilities=False,
            highest_temperature=self._findings.highest_temperature,
            truncates_unasked=self._findings.truncates_unasked,
            penalises_unasked=self._findings.penalises_unasked and not self._is_openai,
            deviations=self._deviations,
        )

    def _honours(self, name: str) -> bool:
        """Whether a parameter has an effect, as far as is known; what cannot be told is believed."""
        return self._findings.found.get(name, UNKNOWN) in (HONOURED, UNKNOWN)

    @property
    def _is_openai(self) -> bool:
        return self._provider.base_url == _ADDRESS

    def check(self) -> None:
        """Makes sure that the model is still served and that there is a key if one is needed.

        Raises:
            ModelError: It was retired, or the key is missing.
        """
        if self._is_openai:
            check_not_retired(self._provider.model_name)
        read_key(self._provider)

    def describe(self) -> dict[str, object]:
        """What is asked, for the manifest; after `start()` what the probe found. Never the key."""
        facts = provider_facts(self._provider, "openai", self.ledger, self._named_deviations())
        dialect = self._findings.dialect
        return {
            **facts,
            "probe": dict(self._findings.found),
            "template_arguments": dict(self._template_arguments),
            "sends": sorted({*dialect.names, dialect.token_limit, "temperature"}),
        }

    def _named_deviations(self) -> list[str]:
        """Those that are allowed; what the probe finds is named only where it was found."""
        can = self.capabilities
        is_found = {"repetition": can.penalises_unasked, "truncation": can.truncates_unasked}
        return [name for name in self._deviations if is_found.get(name, True)]

    def keep_in(self, folder: Path, name: str, shards: Sequence[str] = ()) -> None:
        """Keeps its accounts in the folder of a run."""
        self.ledger.keep_in(folder, name, shards)

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

        errors: tuple[type[Exception], ...] = (openai.APIError, *transport_errors())
        self._calls = HostedCalls(self._provider, self._limits, self.ledger, errors, self.notices)
        self._client = openai.AsyncOpenAI(
            api_key=read_key(self._provider) or _NO_KEY,
            base_url=self._provider.base_url,
            timeout=self._limits.timeout_s,
            max_retries=0,  # each try is paced, capped and has its own time
            default_headers=HEADERS,
            http_client=openai.DefaultAsyncHttpxClient(**client_settings(self._calls.watch)),
        )
        if self._probes:
            self._findings = await probe(self._ask, self._findings.dialect, is_openai=self._is_openai)
            found = [MEANINGS[name] for name in self._named_deviations() if name in _FOUND_BY_PROBE]
            for remark in (*self._findings.remarks, *found):
                self.notices.add(remark)

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
        parameters = self._parameters(decoding, request.key)

        async def send() -> Completion:
            body = await self._post(request, parameters)
            [choice, *_] = read_choices(body, self._provider, request)
            self._thoughts.look_at(choice)
            return completion_of(choice, body, begins_inside=self._thoughts.is_open)

        assert self._calls is not None
        return await self._calls.complete(request, decoding.max_new_tokens, send)

    async def close(self) -> None:
        """Closes the connection. Twice is harmless."""
        self._is_closed = True
        self.ledger.save()
        if self._client is not None:
            await self._client.close()

    def _parameters(self, decoding: DecodingConfig, key: RequestKey) -> dict[str, Any]:
        """Every parameter of the decoding, none left to the server's defaults."""
        can = self.capabilities
        without = {TOP_K: not can.top_k, SEED: can.seed == "none"}
        dialect = self._findings.dialect.without({name for name, is_lacking in without.items() if is_lacking})
        return dialect.body(decoding, noise_key(key) % _LARGEST_SEED)

    async def _post(self, request: Request, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The body of the reply. What is sent beside the messages goes past the SDK's own list."""
        assert self._client is not None
        turns: Any = [
            {"role": message.role.value, "content": message.content} for message in request.messages
        ]
        reply = await self._client.chat.completions.with_raw_response.create(
            model=self._provider.model_name, messages=turns, extra_body=dict(parameters)
        )
        return read_body(reply.content, reply.headers.get("content-type", ""), self._provider, request)

    async def _ask(self, trial: Trial) -> Reply:
        """One request of the probe; it costs like any other."""
        decoding = DecodingConfig(
            do_sample=trial.temperature > 0,
            temperature=trial.temperature,
            top_k=trial.top_k,
            top_p=trial.top_p,
            max_new_tokens=trial.max_tokens,
        )
        request = Request((Message(Role.USER, trial.prompt),), decoding, RequestKey(0, PROBE, PROBE, 0))
        parameters = {**trial.dialect.body(decoding, trial.seed, trial.changes), **trial.more}
        bodies: list[Mapping[str, Any]] = []

        async def send() -> Completion:
            bodies.append(await self._post(request, parameters))
            [choice, *_] = read_choices(bodies[-1], self._provider, request)
            return completion_of(choice, bodies[-1])

        assert self._calls is not None
        await self._calls.complete(request, 2 * trial.max_tokens, send, is_question=False)
        choices = read_choices(bodies[-1], self._provider, request)
        self._thoughts.look_at(choices[0])
        reply = _as_reply(choices, bodies[-1])
        if reply.thought == UNKNOWN and trial.max_tokens >= ROOM_TO_THINK:
            self._thoughts.suspect()
        return reply


def _as_reply(choices: list[Choice], body: Mapping[str, Any]) -> Reply:
    logprobs = body["choices"][0].get("logprobs")
    return Reply(
        tuple(choice.text or choice.reasoning for choice in choices),
        has_logprobs=isinstance(logprobs, Mapping) and bool(logprobs.get("content")),
        thought=_thought_of(choices[0]),
    )


def _thought_of(choice: Choice) -> str:
    """How a thought comes: see `taken.Reply`."""
    parted = part_reasoning(choice.text)
    if parted.begins_inside:
        return "open"
    if choice.reasoning:
        return "parted"
    if parted.reasoning:
        return "marked"
    return UNKNOWN if choice.finish_reason is FinishReason.LENGTH else "none"


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
