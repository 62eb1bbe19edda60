"""How long a local model takes on this machine's processor: its arithmetic at a rate that is measured here.

Machines differ several-fold, so a constant would be worth nothing: a small matrix product is timed. That
needs no torch and takes a tenth of a second. What else runs on the machine is not in the estimate; how much
longer everything takes beside it is told apart (`slowdown`).
"""

import os
import time
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.processes import num_usable_cores

_SIZE: Final = 512  # of the matrices: 0.27 GFLOP a product, large enough for the rate of larger ones
_REPEATS: Final = 8
# Measured with SmolLM2-135M on two AVX2 cores; see docs/about/performance.md.
_SHARE_OF_RATE: Final = 0.55  # attention, norms, small matrices and neighbours take the rest
_SHARE_READ: Final = 0.6  # of prompt tokens; the others stand in the slot since the question before
# Of the estimate, where nothing else runs: answers seldom take all their tokens (.66 and .68 of it measured),
# and a machine whose memory is slow beside its arithmetic takes longer.
_LEAST, _MOST = 0.5, 1.5


def processor_rate() -> tuple[float, int]:
    """What this process may compute: float32 operations a second of one core, and its cores."""
    from threadpoolctl import threadpool_limits

    matrix = np.random.default_rng(0).random((_SIZE, _SIZE), dtype=np.float32)
    with threadpool_limits(1):  # threads that wait for each other on a busy machine count as work
        seconds = min(_seconds_of(matrix) for _ in range(_REPEATS))
    return 2 * _SIZE**3 / seconds, num_usable_cores()


def likely_range(seconds: float) -> tuple[float, float]:
    """What an estimate of `processor_seconds` stands for: the shortest and the longest time to expect."""
    return _LEAST * seconds, _MOST * seconds


def slowdown(load: float, num_cores: int) -> float:
    """How many times as long a process takes beside others that want the same cores; at least 1.

    Args:
        load: Processes that want to run, on average, without this one.
        num_cores: That they share with it.
    """
    return 1 + load / num_cores


def current_load() -> float:
    """Processes that wanted to run in the last minute, on average; 0 where the system does not say."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):  # there is none on Windows
        return 0.0


def _seconds_of(matrix: NDArray[np.float32]) -> float:
    begin = time.thread_time()
    matrix @ matrix
    return max(time.thread_time() - begin, 1e-6)


def processor_seconds(
    num_parameters: float, tokens_in: float, tokens_out: float, *, operations_per_s: float
) -> float:
    """Estimated seconds of interviews in slots, where nothing else runs; see `likely_range`.

    Args:
        num_parameters: That take part in a token.
        tokens_in: Of all prompts.
        tokens_out: Of all answers, each beam counted.
        operations_per_s: Of the whole processor, in float32.
    """
    operations = 2 * num_parameters * (_SHARE_READ * tokens_in + tokens_out)
    return operations / (_SHARE_OF_RATE * operations_per_s)
