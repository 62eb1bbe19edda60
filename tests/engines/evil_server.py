"""A server on 127.0.0.1 that breaks the rules of HTTP, byte by byte: real sockets, nothing parsed for it."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Script = Callable[[socket.socket], None]  # writes what it wants; the connection is closed afterwards

TEXT = "Answer: 2"
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
_MEGABYTE = b"A" * 2**20
_MOST_PARTS = 100_000  # of what has no end, so that a test that fails ends


def good_reply(**changes: Any) -> bytes:
    """A reply that both protocols take for an answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 20, "completion_tokens": 5, "input_tokens": 20, "output_tokens": 5}
    content = {"content": [{"type": "text", "text": TEXT}], "stop_reason": "end_turn"}
    return json.dumps({"choices": [choice], "usage": usage, **content, **changes}).encode()


def with_length(content: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole reply with more headers than it needs."""
    more = "".join(f"{header}\r\n" for header in headers)
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n{more}"
    head += f"content-length: {len(content)}\r\n"
    return f"{head}\r\n".encode("latin-1") + content


def saying(*parts: bytes) -> Script:
    """Sends some bytes, and no more."""

    def script(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return script


def without_end(begin: bytes, part: bytes, pause_s: float = 0.0) -> Script:
    """Sends a beginning, and then the same again and again."""

    def script(connection: socket.socket) -> None:
        connection.sendall(begin)
        for _ in range(_MOST_PARTS):
            connection.sendall(part)
            time.sleep(pause_s)

    return script


CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
A_CHUNK = b"100000\r\n" + _MEGABYTE + b"\r\n"
BOMB = gzip.compress(good_reply(padding="A" * 2**24))

# What cannot be a completion.
FAILURES: dict[str, Script] = {
    "a drip": without_end(OK + b"content-length: 1000000\r\n\r\n", b" ", 0.02),
    "a drip of headers": without_end(OK, b"x-y: z\r\n", 0.02),
    "a body without an end": without_end(CHUNKED, A_CHUNK),
    "a body without an end or a length": without_end(b"HTTP/1.0 200 OK\r\n\r\n", _MEGABYTE),
    "headers without an end": without_end(OK, b"x-" + b"y" * 1000 + b": z\r\n"),
    "a header without an end": without_end(OK + b"x-y: ", _MEGABYTE),
    "trailers without an end": without_end(CHUNKED + b"2\r\n{}\r\n0\r\n", b"x-y: z\r\n" * 1000),
    "chunks of no known size": saying(CHUNKED, b"zz\r\nhello\r\n"),
    "hints without an end": without_end(b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 10, 0.001),
    "another protocol": saying(
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"
    ),
    "a redirect to itself": saying(
        with_length(b"", "location: /v1/chat/completions", status="307 Temporary Redirect")
    ),
    "a redirect to no address": saying(with_length(b"", "location: http://[", status="302 Found")),
    "a redirect without an address": saying(with_length(b"", status="308 Permanent Redirect")),
    "a length that is too short": saying(OK + b"content-length: 10\r\n\r\n" + good_reply()),
    "a length that is too long": saying(OK + b"content-length: 100000\r\n\r\n" + good_reply()),
    "a length below zero": saying(OK + b"content-length: -5\r\n\r\n" + good_reply()),
    "a length in words": saying(OK + b"content-length: many\r\n\r\n" + good_reply()),
    "two lengths": saying(OK + b"content-length: 10\r\ncontent-length: 20\r\n\r\n" + good_reply()),
    "an end in the middle": saying(CHUNKED, b"ff\r\nhalf of"),
    "a bomb": saying(with_length(BOMB, "content-encoding: gzip")),
    "a bomb of two layers": saying(with_length(gzip.compress(BOMB), "content-encoding: gzip, gzip")),
    "an unknown encoding": saying(with_length(good_reply(), "content-encoding: zork")),
    "no content": saying(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "no HTTP": saying(b"220 mail.example.org ESMTP\r\n"),
    "a status of four digits": saying(b"HTTP/1.1 2000 OK\r\n\r\n"),
    "a header with a zero": saying(OK + b"x-y: a\x00b\r\n\r\n"),
    "words that are no text": saying(
        with_length(b"\xff\xfe\x00no", status="500 No").replace(
            b"application/json", b"text/plain; charset=hex"
        )
    ),
    "an error of thousands of levels": saying(with_length(b"[" * 100_000, status="400 Bad Request")),
    "an error that is a number": saying(with_length(b"7", status="422 No")),
    "an error with a code of thousands of digits": saying(
        with_length(b'{"error": {"message": "no", "code": "' + b"4" * 5000 + b'"}}')
    ),
    "names given twice": saying(with_length(good_reply()[:-1] + b', "choices": 1, "content": 2}')),
    "half a character": saying(
        with_length(
            good_reply(
                choices=[{"message": {"content": "a \ud83d"}, "finish_reason": "stop"}],
                content=[{"type": "text", "text": "a \ud83d"}],
            )
        )
    ),
}

# What is odd and an answer all the same.
ANSWERS: dict[str, Script] = {
    "no length": saying(b"HTTP/1.0 200 OK\r\n\r\n" + good_reply()),
    "some hints": saying(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20, with_length(good_reply())),
    "cookies": saying(
        with_length(good_reply(), *[f"set-cookie: a{n}={'x' * 500}; path=/" for n in range(50)])
    ),
    "a broken cookie": saying(with_length(good_reply(), "set-cookie: =;;;expires=nan; domain=\xff")),
    "a charset of no text": saying(
        with_length(good_reply()).replace(b"application/json", b"application/json; charset=hex")
    ),
    "names given twice with one value": saying(
        with_length(good_reply()[:-1] + b', "stop_reason": "end_turn"}')
    ),
}


@dataclass
class Evil:
    """A server at work.

    Attributes:
        address: Without a path.
        heads: Of the requests that it was sent, as they came.
    """

    address: str
    heads: list[bytes] = field(default_factory=list)


@contextmanager
def evil_server(script: Script) -> Iterator[Evil]:
    """A server that answers every POST by a script; what is looked up is there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        server = Evil(f"http://127.0.0.1:{listening.getsockname()[1]}")
        is_over = threading.Event()
        thread = threading.Thread(target=_accept, args=(listening, script, server, is_over), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            is_over.set()
            thread.join(10)


def _accept(listening: socket.socket, script: Script, server: Evil, is_over: threading.Event) -> None:
    while not is_over.is_set():
        with suppress(TimeoutError):
            connection, _ = listening.accept()
            threading.Thread(target=_answer, args=(connection, script, server), daemon=True).start()


def _answer(connection: socket.socket, script: Script, server: Evil) -> None:
    with connection, suppress(OSError):
        connection.settimeout(5)
        received = b""
        while b"\r\n\r\n" not in received and (part := connection.recv(65536)):
            received += part
        head, end, content = received.partition(b"\r\n\r\n")
        if not end:  # a client that connected and left: one that was cancelled, for instance
            return
        server.heads.append(head)
        if head.startswith(b"GET"):
            connection.sendall(with_length(b"{}"))
            return
        [length] = [
            int(line[16:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")
        ]
        while len(content) < length:
            content += connection.recv(65536)
        script(connection)
        connection.shutdown(socket.SHUT_WR)
