"""Pipelines steps: launches one, and reads the sampled tokens of the one before.

Between the two the device computes and the host prepares the next step: nothing here waits but
`Launcher.land`. Who is in a step is decided in `paged_loop.py`; what it computes is `step.py`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from def_sim.engines.local.paged.blocks import (
    READING_ROWS,
    WRITING_ROWS,
    programs_per_head,
    rows_per_block,
    size_of_reading,
    size_of_writing,
)
from def_sim.engines.local.paged.board import Board, Kind
from def_sim.engines.local.paged.paged_sequence import PagedSequence
from def_sim.engines.local.paged.prepare_inputs import SequenceTable, StepPlan, fill
from def_sim.engines.local.paged.step import MOST_CAPTURED, StepRunner
from def_sim.engines.local.paged.step_inputs import Shape
from def_sim.engines.local.sampling.beam_search import Candidate
from def_sim.engines.local.sampling.token_choice import Choice, log_probabilities
from def_sim.engines.local.slots.key_values import LayerShape

_PLAIN: Final = Kind(1, 0, has_top_p=False, has_beams=False, scores_codes=False)


@dataclass(frozen=True, slots=True)
class InFlightStep:
    """A step that has been launched.

    Attributes:
        deciding: The answers that get tokens from it, each with the life it was launched in.
        candidates: See `device_choice.decide`; on the host, once it has landed.
        scores: Log-probabilities of option codes, by the ticket of the answer that scores them.
        landed: A CUDA event; None where nothing is asynchronous.
    """

    deciding: list[tuple[PagedSequence, int]]
    candidates: Tensor
    scores: dict[int, Choice]
    landed: Any


class Launcher:
    """Launches steps and reads them, one step late.

    Args:
        runner: Runs steps.
        table: What is known of those who run.
        layers: What each layer keeps of a token.
        fixed_rows: Rows of every step that writes; None: as many as there are.
        uses_kernels: Triton kernels.
    """

    def __init__(
        self,
        runner: StepRunner,
        table: SequenceTable,
        layers: Sequence[LayerShape],
        *,
        fixed_rows: int | None,
        uses_kernels: bool,
    ) -> None:
        self._runner = runner
        self._table = table
        self._fixed_rows = fixed_rows
        self._kind = _PLAIN
        self._device: torch.device = runner.network.device
        config = runner.network.config.get_text_config()
        num_kv_heads = layers[0].num_heads
        grouped = max(1, int(config.num_attention_heads) // num_kv_heads)
        self._written_together = rows_per_block(WRITING_ROWS, grouped)
        self._read_together = rows_per_block(READING_ROWS, grouped)
        # With fixed rows a sequence is cut alike whoever else is there.
        is_adapted = uses_kernels and fixed_rows is None
        self._num_workers = programs_per_head(self._device, num_kv_heads) if is_adapted else None

    def make_wide(self, num_beams: int) -> None:
        """Sees to it that the board has so many beams."""
        board = self._runner.board
        width = board.tokens.shape[1]
        if num_beams <= width:
            return
        wider = Board.blank(self._table.pages.shape[0], num_beams, self._device)
        wider.tokens[:, :width], wider.parents[:, :width] = board.tokens, board.parents
        wider.scores[:, :width] = board.scores
        self._runner.replace_board(wider)

    def parents_of(self, sequence: PagedSequence) -> Tensor:
        """For each beam of an answer the one it goes on from in its next step."""
        return self._runner.board.parents[sequence.entry, : sequence.num_rows]

    def launch(self, plan: StepPlan) -> InFlightStep:
        """Sends a step on its way; what its answers have read and written counts from now on.

        Raises:
            torch.OutOfMemoryError: No memory.
            RuntimeError: The model failed.
        """
        deciding = plan.deciding
        shape, kind = self._shape(plan), self._kind_of(deciding)
        self._runner.reserve(shape)
        fill(
            self._runner.mailbox.empty(shape),
            plan,
            self._table,
            shape,
            rows_per_block=self._written_together,
            board_width=self._runner.board.tokens.shape[1],
            num_workers=self._num_workers,
        )
        outcome = self._runner.run(shape, kind)
        scores = _scores_of_codes(plan, outcome.logits)
        candidates, landed = self._on_its_way(outcome.candidates)
        launched = InFlightStep(
            [(sequence, sequence.life) for sequence in deciding], candidates, scores, landed
        )
        for sequence in plan.writing:
            sequence.has_launched()
        for sequence, count in plan.reading:
            sequence.has_launched(count)
        return launched

    def land(self, launched: InFlightStep) -> list[tuple[PagedSequence, Choice]]:
        """Waits for a step; what was chosen for each of its answers that are still the same."""
        if launched.landed is not None:
            launched.landed.synchronize()
        table = launched.candidates.numpy()
        return [
            (sequence, _choice(sequence, launched, table[sequence.entry]))
            for sequence, life in launched.deciding
            if sequence.life == life  # it has neither left nor begun anew
        ]

    def _on_its_way(self, candidates: Tensor) -> tuple[Tensor, Any]:
        """A copy for the host, and the event that says when it is there."""
        if self._device.type != "cuda":
            return candidates.clone(), None
        copy = torch.empty(candidates.shape, dtype=candidates.dtype, pin_memory=True)
        copy.copy_(candidates, non_blocking=True)
        landed: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
        landed.record()
        return copy, landed

    def _shape(self, plan: StepPlan) -> Shape:
        num_rows = max(plan.num_rows, plan.num_written)
        if plan.reading:
            num_tokens, num_rows = size_of_reading(plan.num_tokens, num_rows)
            if num_tokens > MOST_CAPTURED:  # no graph: nothing to be gained by idle tokens
                num_tokens = max(plan.num_tokens, num_rows)
        else:
            num_tokens = num_rows = size_of_writing(max(num_rows, self._fixed_rows or 0))
        table, pages = self._table.pages.shape
        return Shape(num_tokens, num_rows, table, pages, self._read_together, bool(plan.reading))

    def _kind_of(self, deciding: Sequence[PagedSequence]) -> Kind:
        """What choosing must be able to do: what it ever had to, so that few graphs serve all steps."""
        free = [sequence for sequence in deciding if not sequence.text.scores_codes]
        decodings = [sequence.prompt.request.decoding for sequence in free]
        sampled = [decoding for decoding in decodings if decoding.do_sample]
        before, wanted = self._kind, [int(self._table.wanted[sequence.entry]) for sequence in free]
        self._kind = Kind(
            num_candidates=max([before.num_candidates, *wanted]),
            most_top_k=max([before.most_top_k, *(decoding.top_k for decoding in sampled)]),
            has_top_p=before.has_top_p or any(decoding.top_p < 1 for decoding in sampled),
            has_beams=before.has_beams or any(sequence.text.has_beams for sequence in free),
            scores_codes=False,
        )
        return replace(self._kind, scores_codes=len(free) < len(deciding))


def _scores_of_codes(plan: StepPlan, logits: Tensor | None) -> dict[int, Choice]:
    """Log-probabilities for those who score option codes; None where they are no numbers."""
    scores: dict[int, Choice] = {}
    if logits is None:
        return scores
    row = 0
    with torch.inference_mode():
        for index, sequence in enumerate(plan.deciding):
            end = row + (sequence.num_rows if index < len(plan.writing) else 1)
            if sequence.text.scores_codes:
                is_usable = bool(torch.isfinite(logits[row:end].amax(dim=-1)).all())
                [found] = log_probabilities(logits[row:end], [sequence.text.token_request()])
                scores[sequence.ticket] = found if is_usable else None
            row = end
    return scores


def _choice(sequence: PagedSequence, launched: InFlightStep, candidates: NDArray[np.float64]) -> Choice:
    if sequence.text.scores_codes:
        return launched.scores[sequence.ticket]
    if np.isnan(candidates[0, 0]):
        return None
    if not sequence.text.has_beams:
        return int(candidates[0, 2])
    return [
        Candidate(score, int(beam), int(token))
        for score, beam, token in candidates.tolist()
        if score > -np.inf
    ]
