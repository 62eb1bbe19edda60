"""The body of a reply: bounded while it arrives, and read as JSON without trusting it.

A server may send without end, a byte at a time, compressed a thousandfold, or nested deeper than
any reader can go. Knows no protocol above HTTP and no SDK.
"""

import json
from collections.abc import AsyncIterator
from functools import cache
from typing import Any, Final

MOST_BYTES: Final = 4 * 2**20  # of a reply; the longest answers have some thousand


class BodyError(Exception):
    """A body that is given up; its words say why."""


def bound_body(response: Any) -> None:
    """Gives a body up that is compressed, or longer than `MOST_BYTES`. For a hook of the HTTP client.

    Args:
        response: Of httpx, before its body is read.

    Raises:
        BodyError: It is compressed, though that was not asked for.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        # However small it is here, nobody knows its size once unpacked.
        raise BodyError(f"it is compressed ({encoding}), though `accept-encoding: identity` was sent")
    response.stream = _bounded_stream()(response.stream)


@cache
def _bounded_stream() -> Any:
    """The class of streams that end in an error beyond `MOST_BYTES`; the client wants one of its own kind."""
    import httpx2

    class BoundedStream(httpx2.AsyncByteStream):
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            num_bytes = 0
            async for part in self._stream:
                num_bytes += len(part)
                if num_bytes > MOST_BYTES:
                    raise BodyError(f"it is longer than {MOST_BYTES:,} bytes")
                yield part

        async def aclose(self) -> None:
            await self._stream.aclose()

    return BoundedStream


def read_json(content: bytes) -> Any:
    """A body as JSON.

    Raises:
        BodyError: It is none, or nested too deeply, or holds a number of thousands of digits.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise BodyError("its JSON is nested too deeply") from None
    except ValueError as error:
        raise BodyError(f"it is no JSON that can be read: {str(error)[:100]}") from None
