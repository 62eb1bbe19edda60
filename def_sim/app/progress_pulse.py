"""Beside the interviews of a shard: every 30 seconds its progress goes to a file that others read."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from def_sim.answers.storage.pulse import Pulse
from def_sim.answers.storage.shards import answers_folder
from def_sim.answers.storage.stored_answers import Glance
from def_sim.app.shard_progress import (
    MOST_ERROR,
    PROGRESS_FILES,
    Phase,
    ShardProgress,
    progress_path,
    remove_progress,
    this_host,
    this_job,
    write_progress,
)
from def_sim.app.signals import Interrupted
from def_sim.engines.shared.secrets import redacted
from def_sim.errors import DefSimError, RunInUseError
from def_sim.records import Answer, AnswerStatus

WRITE_EVERY_S: Final = 30.0
_RATE_OVER_S: Final = 600.0


class ProgressPulse:
    """Writes how far a shard is: at once, every 30 s and when it stops. Removes the file when it is done.

    A context manager inside that of the shard's store, whose lease it relies on.

    Args:
        folder: Of the run.
        shard: Of this process.
        num_shards: Parts of the panel.
        planned: Answers that the shard is to see to.
        stored: What is known of those of them that are there.
        usd: What was spent so far, in dollars; None where no price is known.
        clock: Seconds.
    """

    def __init__(
        self,
        folder: Path,
        shard: int,
        num_shards: int,
        *,
        planned: int,
        stored: Iterable[Glance],
        usd: Callable[[], float | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._path = progress_path(folder, shard, num_shards)
        self._planned = planned
        self._usd = usd
        self._clock = clock
        self._phase: Phase = "loading"
        # All keys from the start: the pulse reads while the interviews count.
        self._statuses = Counter({status.value: 0 for status in AnswerStatus})
        self._tokens_in = self._tokens_out = 0
        for answer in stored:
            self._count(answer)
        self._looks: deque[tuple[float, int]] = deque([(clock(), self._num_done)])
        self._pulse: Pulse | None = None

    def __enter__(self) -> Self:
        self._remove_of_other_divisions()
        if self._num_done < self._planned:  # a finished folder is left as it is
            self.write()
            self._pulse = Pulse(self.write, every_s=WRITE_EVERY_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pulse is not None:
            self._pulse.stop()
        if error is None:
            remove_progress(self._path)
        elif self._pulse is not None and not isinstance(error, RunInUseError):  # whose file it is by now
            self._phase = "stopped"
            self.write(error)

    def asking(self) -> None:
        """The model is there: the rate counts from here."""
        self._phase = "asking"
        self._looks = deque([(self._clock(), self._num_done)])
        if self._pulse is not None:
            self.write()

    def advance(self, answer: Answer) -> None:
        """One more answer is safe."""
        self._count(answer)

    def write(self, error: BaseException | None = None) -> None:
        """Writes the file, with why the shard stopped, if it did."""
        job, restarts = this_job()
        progress = ShardProgress(
            phase=self._phase,
            done=self._num_done,
            planned=self._planned,
            statuses={status: count for status, count in self._statuses.items() if count},
            answers_per_hour=self._rate(),
            tokens_in=self._tokens_in,
            tokens_out=self._tokens_out,
            usd=self._usd(),
            host=this_host(),
            slurm_job=job,
            restarts=restarts,
            was_interrupted=isinstance(error, Interrupted),
            error=_in_words(error),
            at=time.time(),
        )
        write_progress(self._path, progress)

    @property
    def _num_done(self) -> int:
        return self._statuses.total()

    def _count(self, answer: Answer | Glance) -> None:
        self._statuses[answer.status.value] += 1
        self._tokens_in += answer.num_prompt_tokens
        self._tokens_out += answer.num_generated_tokens

    def _rate(self) -> float | None:
        """Answers an hour since the first look of the last ten minutes; None before there was one."""
        moment = self._clock()
        self._looks.append((moment, self._num_done))
        while len(self._looks) > 2 and moment - self._looks[1][0] >= _RATE_OVER_S:
            self._looks.popleft()
        begin, before = self._looks[0]
        if self._phase == "loading" or moment <= begin or self._num_done == before:
            return None
        return (self._num_done - before) / (moment - begin) * 3600

    def _remove_of_other_divisions(self) -> None:
        """They cannot be at work while this shard's lease is held; their files are of earlier commands."""
        division = self._path.name.partition("-of-")[2]
        for path in answers_folder(self._folder).glob(PROGRESS_FILES):
            if path.name.partition("-of-")[2] != division:
                remove_progress(path)


def _in_words(error: BaseException | None) -> str:
    if error is None:
        return ""
    if isinstance(error, Interrupted):
        error = error.as_error
    words = error.message if isinstance(error, DefSimError) else f"{type(error).__name__}: {error}"
    return redacted(words)[:MOST_ERROR]
