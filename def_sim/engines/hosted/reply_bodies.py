"""The body of a reply: bounded while it arrives, and read as JSON without trusting it.

A server may send without end, a byte at a time, compressed a thousandfold, or nested deeper than
any reader can go. Knows no protocol above HTTP and no SDK.
"""

import json
from collections.abc import AsyncIterator
from functools import cache
from typing import Any


class BodyError(Exception):
    """A body that is given up; its words say why."""


def bound_body(response: Any, most_bytes: int) -> None:
    """Gives a body up that is compressed or too long. For a hook of the HTTP client.

    Args:
        response: Of httpx, before its body is read.
        most_bytes: That it may have.

    Raises:
        BodyError: It is compressed, though that was not asked for.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        # However small it is here, nobody knows its size once unpacked.
        raise BodyError(f"it is compressed ({encoding}), though `accept-encoding: identity` was sent")
    response.encoding = "utf-8"  # as JSON is, whatever a header calls it
    response.stream = _bounded_stream()(response.stream, most_bytes)


@cache
def _bounded_stream() -> Any:
    """The class of streams that end in an error beyond a size; the client wants one of its own kind."""
    import httpx2

    class BoundedStream(httpx2.AsyncByteStream):
        def __init__(self, stream: Any, most_bytes: int) -> None:
            self._stream, self._most_bytes = stream, most_bytes

        async def __aiter__(self) -> AsyncIterator[bytes]:
            num_bytes = 0
            async for part in self._stream:
                num_bytes += len(part)
                if num_bytes > self._most_bytes:
                    setting = "`model.engine.longest_reply_bytes`"
                    raise BodyError(f"it is longer than {self._most_bytes:,} bytes, see {setting}")
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
        return json.loads(content, object_pairs_hook=_without_doubles)
    except RecursionError:
        raise BodyError("its JSON is nested too deeply") from None
    except ValueError as error:
        raise BodyError(f"it is no JSON that can be read: {str(error)[:100]}") from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; a name that is given twice, with different values, says nothing."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields and fields[name] != value:
            raise BodyError(f"it names {name[:40]!r} twice, with different values")
        fields[name] = value
    return fields
