"""A server on 127.0.0.1 that speaks the protocols of Anthropic and OpenAI, with faults as planned.

It is as strict as the real ones where that matters here: wrong keys, unknown models, parameters
that are refused together, prompts that are too long. What it says depends on the prompt alone
(and, for the OpenAI protocol, on the seed), so that every answer can be told apart.
"""

import asyncio
import hashlib
import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

KEY = "sk-ant-loopback-0123456789abcdef"
TOO_LONG = 200_000  # characters of a prompt

Body = dict[str, Any]
Answer = Callable[[Body], Body]  # changes to a reply


class Loopback:
    """Answers until it is left; a context manager with its own thread and event loop.

    Args:
        faults: Fault of the n-th request for text (from 0): "400", "429", "529", "500", "slow", "cut"
            (no reply at all), "cut_body" (half of it), "malformed" (no JSON), "shapeless" (JSON
            that is no reply); None: none.
        port: A free one if 0.
        polls: How often a batch says that it is not ready, before it is.
        sendings: Fault of the n-th sending of a batch (from 0), which is taken all the same: "late" (its
            reply comes after 30 s), "lost" (the connection is cut), "500 taken", "garbled" (no JSON); or is
            not: "never" (the connection is cut), "529" (refused); None: none.
        result: What becomes of a batched request, by its number in the batch: "succeeded",
            "errored", "expired" or "missing".
        honours: Parameters of the OpenAI protocol that it honours.
        refuses: Parameters of the OpenAI protocol that it answers with an error.
        changes: What to change in a reply, given the request.
        says: The words of faults, and of a header of theirs.

    Attributes:
        requests: Bodies of all requests for text, in order.
        batches: Requests of each batch, by its id.
        answered: How often each prompt was answered in full.
        most_at_once: Most requests for text that were under way together.
    """

    def __init__(
        self,
        *,
        faults: Callable[[int], str | None] = lambda number: None,
        port: int = 0,
        key: str = KEY,
        delay_s: float = 0.0,
        polls: int = 1,
        sendings: Callable[[int], str | None] = lambda number: None,
        result: Callable[[int], str] = lambda number: "succeeded",
        honours: frozenset[str] = frozenset({"seed", "top_k", "logprobs", "n"}),
        refuses: frozenset[str] = frozenset(),
        changes: Answer = lambda body: {},
        says: str = "too much to do",
    ) -> None:
        self.requests: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.answered: Counter[str] = Counter()
        self.most_at_once = self._num_at_once = 0
        self.batches: dict[str, list[Body]] = {}
        self._polls, self._result, self._sendings = polls, result, sendings
        self._num_sendings = itertools.count()
        self._created: dict[str, str] = {}
        self._num_polled: Counter[str] = Counter()
        self._number = itertools.count()
        self._faults, self._key, self._delay_s = faults, key, delay_s
        self._honours, self._refuses, self._changes, self._says = honours, refuses, changes, says
        self._chance = itertools.count()
        self._wanted_port = port
        self.port = 0
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_up.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", self._wanted_port)
        self.port = server.sockets[0].getsockname()[1]
        self._is_up.set()
        await self._stop.wait()
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:] if line)}
                content = await reader.readexactly(int(headers.get("content-length", 0)))
                method, path, _ = lines[0].split(" ")
                if not await self._reply(writer, method, path, headers, content):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            writer.close()

    async def _reply(
        self, writer: asyncio.StreamWriter, method: str, path: str, headers: Mapping[str, str], content: bytes
    ) -> bool:
        """False: the connection is cut."""
        if path == "/v1/messages/batches" and method == "POST":
            return await self._take_batch(writer, json.loads(content)["requests"])
        if path.startswith("/v1/messages/batches"):
            return await _send(writer, *self._batch(path, headers))
        if method == "GET":
            return await _send(writer, *self._look_up(path, headers))
        body = json.loads(content)
        self.requests.append(body)
        self.headers.append(dict(headers))
        self._num_at_once += 1
        self.most_at_once = max(self.most_at_once, self._num_at_once)
        try:
            await asyncio.sleep(self._delay_s)
            return await self._say(writer, path, headers, body)
        finally:
            self._num_at_once -= 1

    async def _say(
        self, writer: asyncio.StreamWriter, path: str, headers: Mapping[str, str], body: Body
    ) -> bool:
        fault = self._faults(next(self._number))
        if fault in ("400", "429", "529", "500"):
            error = {**_error("overloaded_error", self._says), "code": self._says}
            return await _send(writer, int(fault), error, retry_after_ms=5, said=self._says)
        if fault == "slow":
            await asyncio.sleep(30)
        if fault == "cut":
            writer.transport.abort()
            return False
        status, reply = self._message(headers, body) if path == "/v1/messages" else self._chat(headers, body)
        if fault == "malformed":
            return await _send(writer, 200, b'{"id": "msg_1", "content": [{"type": "te')
        if fault == "shapeless":
            return await _send(writer, 200, {"id": "msg_1", "object": "nothing"})
        if fault == "cut_body":
            await _send(writer, status, json.dumps(reply).encode()[:40], announce=4000)
            writer.transport.abort()
            return False
        if status == 200:
            self.answered[body["messages"][-1]["content"]] += 1
        return await _send(writer, status, reply)

    async def _take_batch(self, writer: asyncio.StreamWriter, requests: list[Body]) -> bool:
        fault = self._sendings(next(self._num_sendings))
        if fault == "529":
            return await _send(writer, 529, _error("overloaded_error", self._says), retry_after_ms=5)
        if fault == "never":
            writer.transport.abort()
            return False
        name = f"msgbatch_{len(self.batches)}"
        self.batches[name] = requests
        self._created[name] = datetime.now(UTC).isoformat()
        if fault == "late":
            await asyncio.sleep(30)
        if fault == "lost":
            writer.transport.abort()
            return False
        if fault == "500 taken":
            return await _send(writer, 500, _error("api_error", self._says))
        return await _send(writer, 200, b'{"id": "msgb' if fault == "garbled" else self._state(name))

    def _batch(self, path: str, headers: Mapping[str, str]) -> tuple[int, Body | bytes]:
        """Lists batches, says how far one is, or gives its results in reverse order."""
        if "?" in path:
            return 200, self._page(parse_qs(path.partition("?")[2]))
        name = path.split("/")[4]
        if name not in self.batches:
            return 404, _error("not_found_error", "no such batch")
        if not path.endswith("/results"):
            self._num_polled[name] += 1
            return 200, self._state(name)
        numbered = list(enumerate(self.batches[name]))
        lines = [self._result_line(headers, number, asked) for number, asked in reversed(numbered)]
        return 200, "".join(json.dumps(line) + "\n" for line in lines if line).encode()

    def _page(self, query: Mapping[str, list[str]]) -> Body:
        """Part of the list of batches, the newest first; a look at it is a poll of each."""
        names = list(reversed(self.batches))
        self._num_polled.update(names)
        if "after_id" in query:
            names = names[names.index(query["after_id"][0]) + 1 :]
        limit = int(query["limit"][0])
        return {"data": [self._state(name) for name in names[:limit]], "has_more": len(names) > limit}

    def _state(self, name: str) -> Body:
        is_ready = self._num_polled[name] > self._polls
        moment, num = self._created[name], len(self.batches[name])
        counts = {"canceled": 0, "errored": 0, "expired": 0, "processing": 0, "succeeded": 0}
        return {
            "id": name,
            "type": "message_batch",
            "processing_status": "ended" if is_ready else "in_progress",
            "created_at": moment,
            "expires_at": moment,
            "results_url": f"{self.address}/v1/messages/batches/{name}/results" if is_ready else None,
            "request_counts": {**counts, "succeeded" if is_ready else "processing": num},
        }

    def _result_line(self, headers: Mapping[str, str], number: int, asked: Body) -> Body | None:
        kind = self._result(number)
        if kind == "missing":
            return None
        result: Body = {"type": kind}
        if kind == "succeeded":
            status, reply = self._message(headers, asked["params"])
            result = {"type": kind, "message": reply}
            if status != 200:
                result = {"type": "errored", "error": reply}
            self.answered[asked["params"]["messages"][-1]["content"]] += 1
        if kind == "errored":
            result["error"] = _error("invalid_request_error", "prompt is too long: 2 tokens > 1 maximum")
        return {"custom_id": asked["custom_id"], "result": result}

    def _look_up(self, path: str, headers: Mapping[str, str]) -> tuple[int, Body]:
        if not self._knows(headers):
            return 401, _error("authentication_error", f"invalid key {headers.get('x-api-key')}")
        name = path.removeprefix("/v1/models/")
        if not name.startswith("claude"):
            return 404, _error("not_found_error", f"model: {name}")
        return 200, {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}

    def _knows(self, headers: Mapping[str, str]) -> bool:
        return self._key in (
            headers.get("x-api-key"),
            headers.get("authorization", "").removeprefix("Bearer "),
        )

    def _message(self, headers: Mapping[str, str], body: Body) -> tuple[int, Body]:
        if not self._knows(headers):
            return 401, _error("authentication_error", f"invalid key {headers.get('x-api-key')}")
        assert "anthropic-version" in headers
        if problem := _refused_by_anthropic(body):
            return 400, _error("invalid_request_error", problem)
        prompt = body["messages"][-1]["content"]
        return 200, {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [{"type": "text", "text": answer_to(prompt)}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": len(prompt) // 4 + 1, "output_tokens": 20},
            **self._changes(body),
        }

    def _chat(self, headers: Mapping[str, str], body: Body) -> tuple[int, Body]:
        if not self._knows(headers) and self._key:
            return 401, _error("invalid_api_key", f"Incorrect API key: {headers.get('authorization')}")
        if refused := sorted(self._refuses & body.keys()):
            return 400, _error("invalid_request_error", f"Unrecognized request argument: {refused[0]}")
        prompt = body["messages"][-1]["content"]
        if len(prompt) > TOO_LONG:
            return 400, _error("invalid_request_error", "This model's maximum context length is 8192 tokens.")
        num_choices = body.get("n", 1) if "n" in self._honours else 1
        choice: Body = {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": self._words(body, prompt)},
        }
        if body.get("logprobs") and "logprobs" in self._honours:
            token = {"token": "a", "logprob": -0.1, "bytes": None, "top_logprobs": []}
            choice["logprobs"] = {"content": [token], "refusal": None}
        return 200, {
            "id": "chat_1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [choice] * num_choices,
            "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
            **self._changes(body),
        }

    def _words(self, body: Body, prompt: str) -> str:
        """The probe's prompt is answered by chance, unless a parameter that is honoured forbids it."""
        if "random" not in prompt:
            return answer_to(prompt)
        if "top_k" in self._honours and body.get("top_k") == 1:
            return "the likeliest words"
        if "seed" in self._honours and "seed" in body:
            return f"words of seed {body['seed']}"
        return f"words {next(self._chance)}"


def answer_to(prompt: str) -> str:
    """What the server says to a prompt."""
    return f"Answer: {hashlib.sha256(prompt.encode()).hexdigest()[:12]}"


def _refused_by_anthropic(body: Body) -> str:
    """As documented for the models of 2026; empty if nothing is."""
    if body["model"].startswith("claude-sonnet-5-5"):
        if body.keys() & {"temperature", "top_p", "top_k"}:
            return "`temperature` is deprecated for this model."
        if body.get("thinking") == {"type": "disabled"}:
            return "thinking.type: use between_tools"
    if {"temperature", "top_p"} <= body.keys():
        return "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
    if not 0 <= body.get("temperature", 1) <= 1:
        return "temperature: range: 0..1"
    if len(body["messages"][-1]["content"]) > TOO_LONG:
        return "prompt is too long: 250000 tokens > 200000 maximum"
    return ""


def _error(kind: str, message: str) -> Body:
    return {"type": "error", "error": {"type": kind, "message": message}}


async def _send(
    writer: asyncio.StreamWriter,
    status: int,
    reply: Body | bytes,
    *,
    announce: int | None = None,
    retry_after_ms: int | None = None,
    said: str = "",
) -> bool:
    content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    retry = f"retry-after-ms: {retry_after_ms}\r\n" if retry_after_ms is not None else ""
    head = (
        f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nx-said: {said}\r\n{retry}"
        f"content-length: {len(content) if announce is None else announce}\r\n\r\n"
    )
    writer.write(head.encode() + content)
    await writer.drain()
    return True
