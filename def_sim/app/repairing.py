"""`stage=repair`: what does not belong into the journals of a run is set aside, if the user wants it."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from def_sim.answers.storage.calls import call_journals_of
from def_sim.answers.storage.completion import unmark_complete
from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.lease import Lease
from def_sim.answers.storage.repair import Examination, apply, examine, set_aside_path
from def_sim.answers.storage.shards import answers_folder, journals_of
from def_sim.app.belonging import foreign_lines
from def_sim.app.run import Run

_MOST_SHOWN: Final = 20


def repair_run(run: Run, folder: Path, *, is_applied: bool, take_over: bool) -> Iterator[str]:
    """Looks through the journals of a run and, if wanted, sets aside what does not belong there.

    Args:
        run: Of which the answers should be.
        folder: Its folder.
        is_applied: False only says what would be done.
        take_over: Whether leases are taken from processes that may be alive.

    Yields:
        What is found and what is done, a line each.

    Raises:
        RunInUseError: A process is writing in the folder.
        StoreError: A journal cannot be read or written, or holds lines of another version.
    """
    with ExitStack() as held:
        leases = _take_leases(folder, held, take_over=take_over)
        found = examine(folder, partial(foreign_lines, run))
        yield from _found_lines(found)
        if is_applied and found.journals:
            with disk_errors(answers_folder(folder)):
                for lease in leases:  # still ours, however long the look took
                    lease.renew()
                if found.set_aside:
                    unmark_complete(folder)
            apply(folder, found)
        yield _verdict(folder, found, is_applied=is_applied)


def _take_leases(folder: Path, held: ExitStack, *, take_over: bool) -> list[Lease]:
    """Those of all shards that have a journal or a writer."""
    names = {path.with_suffix(".lease") for path in journals_of(folder)}
    names |= {
        path.with_name(path.name.removeprefix("calls-")).with_suffix(".lease")
        for path in call_journals_of(folder)
    }
    names |= set(answers_folder(folder).glob("shard-*.lease"))
    leases = [Lease(path) for path in sorted(names)]
    with disk_errors(answers_folder(folder)):
        for lease in leases:
            lease.acquire(take_over=take_over)
            held.callback(lease.release)
    return leases


def _found_lines(found: Examination) -> Iterator[str]:
    for one in found.set_aside[:_MOST_SHOWN]:
        yield f"set aside     {one}"
    if (num_more := len(found.set_aside) - _MOST_SHOWN) > 0:
        yield f"              and {num_more:,} more"
    for note in found.notes:
        yield f"undone        {note}"


def _verdict(folder: Path, found: Examination, *, is_applied: bool) -> str:
    num, kept = _counted(len(found.set_aside)), f"{_counted(found.num_kept)} in the journals"
    if not found.journals:
        return f"nothing to repair: {_counted(found.num_kept)}, all whole, none of them foreign"
    if not is_applied:
        return f"nothing is changed yet. apply=true sets aside {num} and leaves {kept}"
    aside = f"{num} in {set_aside_path(folder)}, " if found.set_aside else ""
    return f"repaired      {aside}{kept}; the command of the interviews asks what is missing."


def _counted(num_lines: int) -> str:
    return "1 line" if num_lines == 1 else f"{num_lines:,} lines"
