"""How many rows attend together, and which sizes steps come in.

Rows of a block share what is loaded of their sequence's cache; a tile of a GPU's matrix units has
sixteen rows at least. Sizes of steps are few, so that few graphs serve all of them.
"""

from functools import cache
from typing import Final

import torch

WRITING_ROWS: Final = 16  # rows x heads of a block of beams
READING_ROWS: Final = 64  # of a block of prompt tokens

_PROGRAMS_PER_MULTIPROCESSOR: Final = 4  # of attention while writing: enough loads under way to fill the bus

# Up to so many rows or tokens, sizes are multiples of so many; above the last, of the last.
_WRITING_SIZES: Final = ((64, 8), (512, 32), (4096, 128))
_READING_SIZES: Final = ((512, 64), (4096, 128))  # each is a graph of its own for every number of rows
_ROWS_WHILE_READING: Final = (16, 32, 64, 128, 256, 512)


def rows_per_block(most_rows: int, grouped: int) -> int:
    """Tokens of one sequence that attend together.

    Args:
        most_rows: `WRITING_ROWS` or `READING_ROWS`.
        grouped: Heads that share a key-value head.
    """
    return max(1, most_rows // grouped)


def size_of_writing(num_rows: int) -> int:
    """Size of a step in which so many rows are written and nothing is read."""
    return _rounded(num_rows, _WRITING_SIZES)


def size_of_reading(num_tokens: int, num_rows: int) -> tuple[int, int]:
    """Tokens and rows of a step in which so many tokens are read or written, and so many rows decide."""
    most = next((most for most in _ROWS_WHILE_READING if num_rows <= most), num_rows)
    return max(most, _rounded(num_tokens, _READING_SIZES)), most


def _rounded(count: int, sizes: tuple[tuple[int, int], ...]) -> int:
    step = next((step for limit, step in sizes if count <= limit), sizes[-1][1])
    return max(step, -(-count // step) * step)


@cache
def programs_per_head(device: torch.device, num_kv_heads: int) -> int:
    """Programs that attend while writing, for each key-value head."""
    if device.type != "cuda":
        return 1
    multiprocessors = torch.cuda.get_device_properties(device).multi_processor_count
    return max(1, _PROGRAMS_PER_MULTIPROCESSOR * multiprocessors // num_kv_heads)
