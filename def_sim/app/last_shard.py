"""The report of a run in shards: the process that ends last writes it, its model closed by then."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from def_sim.answers.storage.completion import completion_path
from def_sim.answers.storage.lease import Lease
from def_sim.answers.storage.pulse import Pulse
from def_sim.answers.storage.shards import answers_folder
from def_sim.answers.storage.stored_answers import read_stored
from def_sim.app.run import Run
from def_sim.app.shard_progress import REPORT_LEASE
from def_sim.app.streamed_runs import is_streamed
from def_sim.app.terminal import say, say_event
from def_sim.app.waiting import IN_A_JOB_S, when_free
from def_sim.errors import RunInUseError
from def_sim.records import respondent_index

_RENEW_EVERY_S: Final = 10.0


def report_if_last(
    run: Run,
    folder: Path,
    write: Callable[[], int],
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], object] = time.sleep,
) -> int:
    """Writes the report if all shards are done and nobody else writes it; else says how far the run is.

    Whoever writes it elsewhere may have been killed: it is waited for until the report is there, or it was
    silent for so long that it is taken for dead.

    Args:
        run: Prepared; its whole panel is looked for, not this shard's.
        folder: Of the run.
        write: Writes the report, returns the exit code.
        clock: Seconds.
        pause: Sleeps for so many seconds.

    Returns:
        The exit code; 0 where there was nothing to write.
    """
    shard = f"shard {run.config.shard} of {run.config.num_shards} is done"
    num_done = _num_done(run, folder)
    if num_done < run.num_planned:
        say(f"{shard}, {num_done:,} of {run.num_planned:,} answers are there; the last one writes the report")
        return 0
    lease, mark = Lease(answers_folder(folder) / REPORT_LEASE), _marked_at(folder)
    wait_s = IN_A_JOB_S if run.config.lease.wait_s is None else run.config.lease.wait_s
    try:
        when_free(
            lambda: lease.acquire(take_over=run.config.lease.take_over),
            wait_s=wait_s,
            tell=partial(say_event, "lease_waited"),
            clock=clock,
            pause=pause,
        )
    except RunInUseError as error:
        say(f"{shard}; the report is being written by {error.holder or 'another process'}")
        say(f"  do:  if it ends without one: `def-sim stage=report run_folder={folder}`")
        return 0
    pulse = Pulse(lambda: _renew(lease), every_s=_RENEW_EVERY_S)
    try:
        if _marked_at(folder) not in (None, mark):
            say(f"{shard}; another process has written the report meanwhile")
            return 0
        return write()
    finally:
        pulse.stop()
        lease.release()


def _marked_at(folder: Path) -> int | None:
    """When the run was marked complete, in nanoseconds; None: it is not."""
    try:
        return completion_path(folder).stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _renew(lease: Lease) -> None:
    """A sign of life; that the lease was lost costs no more than a report that is written twice."""
    try:
        lease.renew()
    except RunInUseError:
        return


def _num_done(run: Run, folder: Path) -> int:
    """Stored answers of the whole panel; of a large run those of shards that have left their part."""
    if is_streamed(run):
        from def_sim.app.valid_parts import num_counted  # tables, which other runs have no use for here

        return num_counted(run, folder)
    put = {(question.item_id, question.wording) for question in run.survey.questions}
    num_respondents, stored = len(run.panel), read_stored(folder)
    planned = stored.glances(
        lambda name, item_id, wording: (
            (index := respondent_index(name)) is not None
            and index < num_respondents
            and (item_id, wording) in put
        )
    )
    return sum(1 for _ in planned)
