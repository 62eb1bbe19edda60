"""Can a model run in pages? Found out by trying, and how large a step its memory allows.

What `slot_support.py` does for slots. A model that has slots has pages, too, unless a kernel does not
compile on this device; the manifest then says so.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Final

import torch
from torch import Tensor

from def_sim.engines.local.paged.blocks import READING_ROWS, WRITING_ROWS, rows_per_block, size_of_writing
from def_sim.engines.local.paged.board import Board, Kind
from def_sim.engines.local.paged.paged_sequence import PagedSequence
from def_sim.engines.local.paged.pages import PagePool, num_pages_for
from def_sim.engines.local.paged.prepare_inputs import SequenceTable, StepPlan, fill
from def_sim.engines.local.paged.step import StepRunner
from def_sim.engines.local.paged.step_inputs import Shape
from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.engines.local.slots.key_values import LayerShape
from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role

_MOST_WRITTEN: Final = 4  # tokens
_TABLE: Final = 32  # pages, as a loop's tables have: for tables of one page kernels are compiled anew
_TOLERANCE: Final = 0.05  # of the logits' size: 16 bit may round in another order
_GREEDY: Final = Kind(1, 0, has_top_p=False, has_beams=False, scores_codes=True)
_DEMANDING: Final = Kind(15, 50, has_top_p=False, has_beams=True, scores_codes=True)


def obstacle() -> str | None:
    """Why nothing can run in pages on this machine; None: nothing is known."""
    if find_spec("triton") is None:
        return "Triton is not installed"
    return None


class Trial:
    """A model in paged mode with one sequence.

    Args:
        network: A model whose attention is `paged_attention.attend`.
        layers: What each layer keeps of a token.
        tokens: The sequence.
        num_rows: Rows whose logits a step gives.
        uses_kernels: Triton kernels.
        captures: CUDA graphs.
    """

    def __init__(
        self,
        network: Any,
        layers: Sequence[LayerShape],
        tokens: tuple[int, ...],
        *,
        num_rows: int = 1,
        uses_kernels: bool,
        captures: bool = False,
    ) -> None:
        num_pages = num_pages_for(len(tokens) + _MOST_WRITTEN)
        width = -(-num_pages // _TABLE) * _TABLE
        device = network.device
        pool = PagePool(layers, num_pages + 1, network.dtype, device)
        self._runner = StepRunner(
            network,
            pool,
            Board.blank(1, 1, device),
            frozenset(),
            uses_kernels=uses_kernels,
            captures=captures,
        )
        self._table = SequenceTable(1, width)
        request = Request(
            (Message(Role.USER, ""),), DecodingConfig(do_sample=False), RequestKey(0, "", "", 0)
        )
        self._sequence = PagedSequence(0, Prompt(request, tokens), frozenset())
        self._sequence.enter(0, pool.take(num_pages), 0)
        self._table.pages[0, :num_pages] = self._sequence.pages
        self._table.set_entry(self._sequence, 0)
        config = network.config.get_text_config()
        self._grouped = max(1, int(config.num_attention_heads) // layers[0].num_heads)
        self._num_rows = size_of_writing(num_rows)

    def read(self, count: int, kind: Kind = _GREEDY) -> Tensor:
        """Reads the next tokens of the sequence; logits of its last, shape (R, V)."""
        logits = self._run(StepPlan([], [(self._sequence, count)]), kind)
        self._sequence.has_launched(count)
        return logits

    @property
    def why_not_captured(self) -> str | None:
        """Why no graph could be captured; None if nothing is wrong."""
        return self._runner.why_not_captured

    def write(self) -> Tensor:
        """Writes the token that was chosen; its logits, shape (R, V)."""
        logits = self._run(StepPlan([self._sequence], []), _GREEDY)
        self._sequence.has_launched()
        return logits

    def _run(self, plan: StepPlan, kind: Kind) -> Tensor:
        per_block = rows_per_block(READING_ROWS, self._grouped)
        num_tokens = max(plan.num_tokens, self._num_rows)
        shape = Shape(
            num_tokens, self._num_rows, 1, self._table.pages.shape[1], per_block, bool(plan.reading)
        )
        self._runner.reserve(shape)
        inputs = self._runner.mailbox.empty(shape)
        per_block = rows_per_block(WRITING_ROWS, self._grouped)
        fill(inputs, plan, self._table, shape, rows_per_block=per_block, board_width=1)
        logits = self._runner.run(shape, kind).logits
        assert logits is not None
        return logits


def logits_in_pages(
    network: Any, layers: Sequence[LayerShape], tokens: Sequence[int], *, uses_kernels: bool
) -> Tensor:
    """Logits of the last prompt token and of the token that a greedy answer writes after it, shape (2, V).

    The prompt is read in two chunks; the second row is what `tokens` plus that token would give.
    """
    trial = Trial(network, layers, tuple(tokens), uses_kernels=uses_kernels)
    trial.read(len(tokens) // 2)
    return torch.cat([trial.read(len(tokens) - len(tokens) // 2)[:1], trial.write()[:1]])


def graph_obstacle(
    network: Any, layers: Sequence[LayerShape], tokens: Sequence[int], *, uses_kernels: bool
) -> str | None:
    """Why the steps of a model that has pages cannot be graphs; None: they can, with the same logits."""
    written = []
    for captures in (False, True):
        trial = Trial(network, layers, tuple(tokens), uses_kernels=uses_kernels, captures=captures)
        trial.read(len(tokens))
        try:
            # The first step of a shape runs as it is, the second is captured.
            written.append([trial.write()[:1].clone() for _ in range(_MOST_WRITTEN)])
        except Exception as error:  # whatever CUDA, Triton or the model raises
            return f"{type(error).__name__}: {str(error).splitlines()[0]}"
        if trial.why_not_captured is not None:
            return trial.why_not_captured
    # Of the second step, the first captured one: where logits are nearly equal, later tokens may fork.
    plain, captured = (rows[1] for rows in written)
    is_same = bool((plain - captured).norm() <= _TOLERANCE * plain.norm())
    return None if is_same else "its graphs give other logits"


def run_large_step(network: Any, layers: Sequence[LayerShape], num_read: int, num_rows: int) -> int:
    """Runs a step of so many prompt tokens and rows; bytes that it takes for a while beside its cache.

    Raises:
        torch.OutOfMemoryError: It does not fit.
    """
    device = network.device
    trial = Trial(network, layers, (0,) * num_read, num_rows=num_rows, uses_kernels=True)
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    trial.read(num_read, _DEMANDING)
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device) - before
