"""A server on 127.0.0.1 that gives one planned reply, however broken, and answers all else well."""

import itertools
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TEXT = "Answer: 2\nExplanation: It matters to us."
_LARGE = 256  # tokens; a limit above it is refused where a case says so
_SMALL = 64


def good_reply(text: str = TEXT) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "x",
        "object": "chat.completion",
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60},
    }


@contextmanager
def replying(case: Mapping[str, Any]) -> Iterator[str]:
    """The address of a server for a case, without a path."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(case))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _handler(case: Mapping[str, Any]) -> type[BaseHTTPRequestHandler]:
    num_answers, chance = itertools.count(1), itertools.count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: object) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            is_probe = "random" in body["messages"][-1]["content"]
            if _is_meant(case["when"], body, is_probe, num_answers):
                self._give_planned()
            else:
                text = _random_words(body, next(chance)) if is_probe else TEXT
                self._send(200, {"content-type": "application/json"}, json.dumps(good_reply(text)).encode())

        def _give_planned(self) -> None:
            planned = case["body"]
            if isinstance(planned, dict) and ("$drip" in planned or "$endless" in planned):
                self._trickle(planned)
                return
            if isinstance(planned, dict) and "$repeat" in planned:
                planned = planned["$repeat"] * planned["times"]
            text = planned if isinstance(planned, str) else json.dumps(planned)
            key = str(self.headers.get("authorization", "")).removeprefix("Bearer ")
            self._send(case["http_status"], case["headers"], text.replace("{KEY}", key).encode())

        def _trickle(self, planned: Mapping[str, Any]) -> None:
            """Without an end; until the client has enough."""
            self._begin(200, case["headers"])
            try:
                for _ in range(10_000):
                    if "$drip" in planned:
                        self.wfile.write(planned["$drip"].encode())
                        time.sleep(0.05)
                    else:
                        part = planned["$endless"].encode() * 65536
                        self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
                    self.wfile.flush()
            except OSError:
                self.close_connection = True

        def _begin(self, status: int, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def _send(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
            self._begin(status, {**headers, "content-length": str(len(content))})
            self.wfile.write(content)

    return Handler


def _random_words(body: Mapping[str, Any], number: int) -> str:
    return "the likeliest word" if body.get("top_k") == 1 else f"word {number}"


def _is_meant(
    when: str, body: Mapping[str, Any], is_probe: bool, num_answers: "itertools.count[int]"
) -> bool:
    """Whether a request gets the planned reply."""
    limit = body.get("max_tokens") or body.get("max_completion_tokens") or 0
    match when:
        case "all":
            return True
        case "answers":
            return not is_probe
        case "fourth":
            return not is_probe and next(num_answers) == 4
        case "from_third":
            return not is_probe and next(num_answers) >= 3
        case "max_tokens":
            return "max_tokens" in body
        case "small_limit":
            return limit <= _SMALL
        case "large_limit":
            return limit > _LARGE
    raise ValueError(when)
