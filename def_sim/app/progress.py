"""Progress of the interviews: a bar on a terminal, plain lines elsewhere, with counts and ETA."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from def_sim.app.durations import in_time
from def_sim.app.event_log import is_json
from def_sim.app.terminal import console, draws, say, say_event, visible_streams
from def_sim.records import Answer, AnswerStatus
from def_sim.visible import visible

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_LATER = 60.0  # between lines of a run that takes long: a notebook keeps them all
_LATER = 300.0


def seconds_between_lines(elapsed: float) -> float:
    """How long until the next line, that many seconds after the first one."""
    return _SECONDS_BETWEEN_LINES if elapsed < _LATER else _SECONDS_LATER


def print_note(sentence: str) -> None:
    """Says something of an engine, on the terminal."""
    say(f"note  {sentence}", to_errors=True)


class InterviewProgress:
    """Counts answers as they come. A context manager; `advance` is called once an answer.

    Args:
        total: Answers planned.
        done: Answers that were already in the store.
        note: What else to say, such as the cost so far.
    """

    def __init__(self, total: int, done: int, note: Callable[[], str] | None = None) -> None:
        self._total = total
        self._done = done
        self._note = note
        self._new = 0
        self._statuses: Counter[AnswerStatus] = Counter()
        self._started = self._last_line = time.monotonic()
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._streams = ExitStack()

    def __enter__(self) -> Self:
        if draws(on_errors := console(of_errors=True)) and not is_json():
            self._bar = Progress(
                TextColumn("interviews"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("answers"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[unread]}", markup=False),
                console=on_errors,
            )
            self._task = self._bar.add_task("interviews", total=self._total, completed=self._done, unread="")
            self._bar.start()
            # While the bar is there, rich prints in place of everyone, and would read control sequences.
            self._streams.enter_context(visible_streams())
        else:
            self._print_line()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._streams.close()
        if self._bar is not None:
            self._bar.stop()
        else:
            self._print_line()

    def advance(self, answer: Answer) -> None:
        """One more answer is safe."""
        self._done += 1
        self._new += 1
        self._statuses[answer.status] += 1
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, unread=self._unread())
        elif time.monotonic() - self._last_line >= seconds_between_lines(self._last_line - self._started):
            self._print_line()

    def tell(self, sentence: str) -> None:
        """Says something above the bar, or between the lines."""
        if self._bar is not None:
            self._bar.console.print(f"note  {sentence}")
        else:
            print_note(sentence)

    def _unread(self) -> str:
        waiting = self._statuses[AnswerStatus.UNJUDGED]
        unread = self._new - waiting - self._statuses[AnswerStatus.ANSWERED]
        unread -= self._statuses[AnswerStatus.NOT_ASKED]
        words = [f"{unread} not read"] if unread else []
        if waiting:
            words.append(f"{waiting} for a judge")
        if self._note is not None:
            words.append(self._note())
        return visible(", ".join(words))

    def _print_line(self) -> None:
        self._last_line = time.monotonic()
        elapsed = self._last_line - self._started
        line = f"interviews  {self._done:,} of {self._total:,} answers  {elapsed:.0f} s"
        if self._new and self._done < self._total:
            left = (self._total - self._done) * elapsed / self._new
            line += f"  about {in_time(left)} left"
        if unread := self._unread():
            line += f"  ({unread})"
        say_event(
            "progress",
            line,
            to_errors=True,
            done=self._done,
            planned=self._total,
            statuses={status.value: count for status, count in self._statuses.items()},
            elapsed_s=round(elapsed, 1),
        )
