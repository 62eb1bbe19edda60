"""What a failure of a device says: less memory will do, or nothing will."""

import torch


def is_out_of_memory(error: Exception) -> bool:
    """True if memory ran out, on a GPU or on the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def is_lost(error: Exception) -> bool:
    """True if a GPU has failed in a way that this process cannot recover from: every later call fails, too.

    No fault of the request that met it, so none may be recorded as failed for it.
    """
    lost = getattr(torch, "AcceleratorError", None)
    return lost is not None and isinstance(error, lost) and not is_out_of_memory(error)
