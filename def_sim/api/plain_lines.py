"""Where the lines of a command go while a call does its work: to the caller's output, plainly, or nowhere."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any


class PlainLines(io.TextIOBase):
    """A stream that is no terminal, so that nobody draws a bar on it.

    Args:
        stream: Where the text goes; None: nowhere.
    """

    def __init__(self, stream: Any | None) -> None:
        self._stream = stream
        self._encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Passes the text on; what the stream's encoding lacks is written out."""
        if self._stream is not None:
            self._stream.write(text.encode(self._encoding, "backslashreplace").decode(self._encoding))
        return len(text)

    def flush(self) -> None:
        """Passes it on."""
        if self._stream is not None:
            self._stream.flush()

    def writable(self) -> bool:
        """It is."""
        return True


@contextmanager
def plain_lines(*, is_shown: bool) -> Iterator[None]:
    """Inside the block everything that is said is a plain line of the standard output, or is not shown.

    Notebooks set the standard error in red, as if progress were an error.
    """
    lines = PlainLines(sys.stdout if is_shown else None)
    with redirect_stdout(lines), redirect_stderr(lines):
        yield
