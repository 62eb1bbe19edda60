"""Logits warped as transformers warps them, each row by its own parameters. B rows, V vocabulary."""

import torch
from torch import Tensor

from def_sim.engines.local.sampling.top_k import kth_largest


def warp_logits(
    logits: Tensor, *, temperature: Tensor, top_k: Tensor, top_p: Tensor, most_top_k: int | None = None
) -> Tensor:
    """Temperature, then top_k, then top_p, as transformers orders them, each row its own.

    Of equals: see `top_k.py`. At least one token of a row stays.

    Args:
        logits: Shape (B, V), finite.
        temperature: Shape (B,), above 0.
        top_k: Shape (B,), integers; 0 is off.
        top_p: Shape (B,), in (0, 1]; 1 is off.
        most_top_k: The largest of `top_k` where it is known: nothing then depends on a value, as a CUDA
            graph needs it. None: look.

    Returns:
        Logits over temperature, shape (B, V), with -inf where a token is out.
    """
    warped = logits / temperature[:, None]
    most = int(top_k.max()) if most_top_k is None else most_top_k
    if most > 0:
        warped = warped.masked_fill(warped < kth_largest(warped, top_k, most)[:, None], -torch.inf)
    if most_top_k is not None:
        return torch.where((top_p < 1)[:, None], without_tail(warped, top_p), warped)
    limited = torch.nonzero(top_p < 1).flatten()  # sorting a whole vocabulary takes its time
    if len(limited):
        warped = warped.index_copy(0, limited, without_tail(warped[limited], top_p[limited]))
    return warped


def without_tail(logits: Tensor, top_p: Tensor) -> Tensor:
    """-inf for the least probable tokens that together have at most 1 - top_p.

    Args:
        logits: Shape (B, V).
        top_p: Shape (B,), float64.
    """
    rising, order = torch.sort(logits, descending=False)
    below = rising.softmax(dim=-1).cumsum(dim=-1) <= (1 - top_p)[:, None]
    below[:, -1] = False
    return logits.masked_fill(below.scatter(1, order, below), -torch.inf)
