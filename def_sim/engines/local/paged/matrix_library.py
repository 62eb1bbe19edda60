"""Which of the GPU maker's libraries multiplies the matrices of a step.

torch may use either for the same product. On an H200 cuBLASLt was faster for 32 and for 64 rows of a 7B
model, by 0.14 to 0.23 ms a step, and slower for 16, 20 and 256 (docs/performance.md). The choice depends
on the size of the step and the kind of card alone, so that the same run rounds the same way each time.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import torch

_ROWS: Final = range(32, 65)  # for which cuBLASLt is faster
_MEASURED_ON: Final = (9, 0)  # compute capability: Hopper

# torch says so once; nobody who runs a survey can do anything about it.
warnings.filterwarnings("ignore", message="torch.backends.cuda.preferred_blas_library is an experimental")


@contextmanager
def faster_for(num_rows: int, device: torch.device) -> Iterator[None]:
    """Inside the block products of so many rows are computed by the faster library.

    Args:
        num_rows: Tokens of the step.
        device: Where it runs; no library is chosen but on NVIDIA cards of the measured kind.
    """
    if num_rows not in _ROWS or not _is_measured(device):
        yield
        return
    choose = torch.backends.cuda.preferred_blas_library
    before = choose()
    with suppress(RuntimeError):  # a torch that was built without it
        choose("cublaslt")
    try:
        yield
    finally:
        choose(before)


def _is_measured(device: torch.device) -> bool:
    if device.type != "cuda" or torch.version.cuda is None:
        return False
    return torch.cuda.get_device_capability(device) == _MEASURED_ON
