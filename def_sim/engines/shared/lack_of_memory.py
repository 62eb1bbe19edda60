"""Errors that say that this process may have no more memory, in the user's words.

A limit (ulimit, a job's cgroup) shows wherever memory is asked for next: in a library that is being loaded, a
thread that is to start, an array. Does not know what the memory was for.
"""

import errno
from collections.abc import Iterator
from typing import Final

from def_sim.errors import EngineError

# As glibc's loader, CPython's threads, torch's allocator and mmap say it.
_SAYINGS: Final = (
    "failed to map segment from shared object",
    "cannot allocate memory",
    "can't allocate memory",
    "can't start new thread",
    "unable to allocate",
)


def lack_of_memory(error: BaseException) -> EngineError | None:
    """The error to tell where memory ran out; None where it was something else.

    Args:
        error: As it was raised; those that it came of are looked at as well.
    """
    for one in _with_causes(error):
        if _says_so(one):
            detail = str(one).strip().splitlines()
            return EngineError(
                f"Out of memory: {detail[0] if detail else type(one).__name__}.",
                fix="Give more memory (hydra.launcher.mem_gb= in a sweep, --mem= of sbatch, ulimit -v at a "
                "terminal) and run the same command again; answers on the disk stay.",
            )
    return None


def _says_so(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    return isinstance(error, ImportError | RuntimeError | OSError) and any(
        saying in str(error).lower() for saying in _SAYINGS
    )


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    left: BaseException | None = error
    while left is not None and id(left) not in seen:
        seen.add(id(left))
        yield left
        left = left.__cause__ or left.__context__
