"""HTTP servers on 127.0.0.1 for tests: what each of them has in common."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class JsonHandler(BaseHTTPRequestHandler):
    """Reads JSON, sends JSON or whatever else, and writes no log."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        """What a server says to a request."""
        raise NotImplementedError

    def body(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["content-length"])))
        return content

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.begin(status, {**headers, "content-length": str(len(content))})
        self.wfile.write(content)

    def send_json(self, status: int, reply: object) -> None:
        self.send(status, {"content-type": "application/json"}, json.dumps(reply).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Socketserver's five are fewer than a probe's requests at once: on a busy machine connections then broke.
    request_queue_size = 256


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server, without a path."""
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
