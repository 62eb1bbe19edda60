"""What happens to a run as JSON, one object a line on the standard error, for programs: `log=json`.

Each line has `time` (UTC), `level`, `event`, `host`, `job` of Slurm, `run` and `shard` as far as they are
known, and the event's own numbers. No prompt and no answer is in any, and no key: an event names what it
counts. Libraries speak through it from warnings upward. In words (`log=text`) the same events are the lines
that `app/terminal.py` prints.
"""

import json
import logging
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

from def_sim.app.shard_progress import this_job
from def_sim.engines.shared.secrets import redacted

Level = Literal["info", "warning", "error"]
WORD: Final = "log=json"  # of a command
_LONGEST: Final = 1000  # characters of what a library says


class _State:
    """Of the process, as its streams are."""

    is_json = False
    run: str | None = None
    shard: int | None = None


_STATE: Final = _State()


def is_json() -> bool:
    """Whether events are written as JSON."""
    return _STATE.is_json


def name_run(run: str, shard: int) -> None:
    """From here on events are of that run and shard."""
    _STATE.run, _STATE.shard = run, shard


def write_event(event: str, *, level: Level = "info", **facts: Any) -> None:
    """Writes a line, if the log is JSON.

    Args:
        event: What happened.
        level: How bad it is.
        facts: Numbers, names and paths; never a text of a model or for one.
    """
    if not _STATE.is_json:
        return
    known = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "event": event,
        "run": _STATE.run,
        "shard": _STATE.shard,
        "job": this_job()[0] or None,
        "host": socket.gethostname(),
    }
    line = {name: redacted(str(one)) if isinstance(one, str | Path) else one for name, one in facts.items()}
    print(json.dumps({**known, **line}), file=sys.stderr, flush=True)


@contextmanager
def events_as_json(is_wanted: bool) -> Iterator[None]:
    """Inside the block whatever would be said on the standard error is an event."""
    if not is_wanted:
        yield
        return
    handler, root = _OfLibraries(logging.WARNING), logging.getLogger()
    others, root.handlers = root.handlers, [handler]
    logging.captureWarnings(True)
    before, _STATE.is_json, _STATE.run, _STATE.shard = _STATE.is_json, True, None, None
    try:
        yield
    except Exception as error:
        frames = traceback.format_tb(error.__traceback__)  # the code; values may be texts of a model
        write_event("error", level="error", message=f"{type(error).__name__}: a bug", traceback=frames)
        sys.excepthook = partial(_unless_told, error, sys.excepthook)
        raise
    finally:
        _STATE.is_json = before
        logging.captureWarnings(False)
        root.handlers = others


class _OfLibraries(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """A warning or an error of a library."""
        level: Level = "error" if record.levelno >= logging.ERROR else "warning"
        write_event("library", level=level, library=record.name, message=record.getMessage()[:_LONGEST])


def _unless_told(
    told: BaseException,
    otherwise: Callable[[type[BaseException], BaseException, TracebackType | None], Any],
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """Python's last words on an error, which are no JSON, unless it has its line."""
    if error is not told:
        otherwise(kind, error, trace)
