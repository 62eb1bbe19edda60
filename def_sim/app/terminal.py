"""The one way to the terminal: whatever is printed, nothing of it can steer the terminal or hide.

Model names, answers of servers, files and paths are texts of strangers. While a command runs, everything
that anyone prints goes through `visible`, and no key leaves this way; our own lines go through `say`, so
that a line end within a name makes no line of its own. Only what rich draws itself, bars and tables,
reaches the terminal as it is, and rich is handed visible texts that it reads no markup in.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

from rich.console import Console
from rich.text import Text

from def_sim.app.event_log import Level, is_json, write_event
from def_sim.engines.shared.secrets import redacted
from def_sim.errors import DefSimError
from def_sim.visible import visible

_NO_MARKUP: Final = {"markup": False, "emoji": False, "highlight": False}


def say(line: str, *, to_errors: bool = False) -> None:
    """Prints one line, at once; a line end within it is written out.

    Args:
        line: What to say.
        to_errors: To the standard error, where progress, notes and errors belong.
    """
    if to_errors and is_json():
        write_event("note", message=visible(line))
        return
    print(visible(redacted(line)), file=sys.stderr if to_errors else sys.stdout, flush=True)


def say_event(event: str, line: str, *, to_errors: bool = False, level: Level = "info", **facts: Any) -> None:
    """Says what happened, in words, or where the log is JSON as an event.

    Args:
        event: Its name (`app/event_log.py`).
        line: The words.
        to_errors: Where the words go; JSON goes to the standard error.
        level: How bad it is.
        facts: What the event says; no text of a model or for one.
    """
    if is_json():
        write_event(event, level=level, **facts)
    else:
        say(line, to_errors=to_errors)


def say_text(text: str) -> None:
    """Prints a text of several lines, such as a prompt."""
    print(visible(redacted(text), keeps="\n\t"), flush=True)


def say_error(error: DefSimError) -> None:
    """Prints what is wrong and what to do; further lines stand further in, so that none can pass for ours."""
    if is_json():
        write_event("error", level="error", message=visible(error.message), fix=visible(error.fix))
        return
    first, *more = error.message.split("\n")
    for line in ("", f"error: {first}", *(f"       {line}" for line in more)):
        say(line, to_errors=True)
    if error.fix:
        say(f"  do:  {error.fix}", to_errors=True)


class VisibleStream:
    """A stream of text on which what is invisible is written out; line ends and tabs stay.

    Args:
        stream: Where the text goes; all but writing is its business.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Writes the visible text; counts what it was given."""
        self.stream.write(visible(redacted(text), keeps="\n\t"))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """The same for several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class PlainConsole(Console):
    """A console of rich for texts of strangers: no markup, no emoji codes, nothing invisible."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Every text that is no `Text` yet comes through here: titles, cells and lines."""
        return super().render_str(visible(redacted(text)), **{**options, **_NO_MARKUP})


def console(*, of_errors: bool = False) -> PlainConsole:
    """A console on the standard output or error, whose own control sequences arrive."""
    stream: Any = sys.stderr if of_errors else sys.stdout
    return PlainConsole(file=_underlying(stream))


def draws(on: Console) -> bool:
    """Whether a console is a terminal that follows control sequences; a dumb one is like a file."""
    return on.file.isatty() and not on.is_dumb_terminal


@contextmanager
def visible_streams() -> Iterator[None]:
    """Makes everything visible that is printed meanwhile, on a terminal of any encoding."""
    before = sys.stdout, sys.stderr
    errors = make_streams_visible()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for stream, old in zip(before, errors, strict=True):
            _set_errors(stream, old)


def make_streams_visible() -> list[str | None]:
    """The same for good; returns what became of characters that the encodings have not."""
    errors = [_set_errors(stream, "backslashreplace") for stream in (sys.stdout, sys.stderr)]
    sys.stdout, sys.stderr = (_visible(stream) for stream in (sys.stdout, sys.stderr))
    return errors


@contextmanager
def streams_of_libraries() -> Iterator[None]:
    """For what a library draws by itself, such as the bars of a download."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_underlying(stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _visible(stream: TextIO) -> Any:
    return stream if isinstance(stream, VisibleStream) else VisibleStream(stream)


def _underlying(stream: Any) -> Any:
    return stream.stream if isinstance(stream, VisibleStream) else stream


def _set_errors(stream: Any, errors: str | None) -> str | None:
    """What becomes of characters that the encoding has not; returns what became of them before."""
    if errors is None or not hasattr(stream, "reconfigure"):
        return None
    before: str = stream.errors
    stream.reconfigure(errors=errors)
    return before
