"""A model behind a server on 127.0.0.1 for the soak: what it says depends on the messages alone.

It counts what it is asked, so that a reply which lay on the disk and was asked for again is seen.
"""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

_DELAY_S: Final = 0.02  # of a reply: there are moments in which some are under way


class Respondent(ThreadingHTTPServer):
    """Answers questions of surveys and of judges until it is shut down."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._lock = threading.Lock()
        self._num_asked = 0

    @property
    def address(self) -> str:
        """As `model.engine.base_url` takes it."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def num_asked(self) -> int:
        """Requests so far."""
        return self._num_asked

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing of clients that were killed."""

    def note(self) -> None:
        """Counts a request."""
        with self._lock:
            self._num_asked += 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Respondent

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""

    def do_POST(self) -> None:
        """One request for text."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.note()
        time.sleep(_DELAY_S)
        content = json.dumps(_reply(body)).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _reply(body: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(body["messages"], sort_keys=True)
    number = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
    if "defect" in text:
        said = json.dumps({"defect": number % 3 == 0, "why": f"reason {number % 97}"})
    else:
        said = f"Answer: {number % 2 + 1}\nExplanation: reason {number % 997}."
    return {
        "id": "x",
        "object": "chat.completion",
        "model": body["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}],
        "usage": {"prompt_tokens": len(text) // 4, "completion_tokens": 12, "total_tokens": 12},
    }


@contextmanager
def serving() -> Iterator[Respondent]:
    """A server for the time of a block."""
    with Respondent() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
