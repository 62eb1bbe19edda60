"""A step on the device: what the inputs say is read, attended, computed and chosen, in one go.

The first step of a shape runs as it is, the second is captured as a CUDA graph, and from then on a step
is one launch: a 7B model has over a thousand operations, whose launches would take longer than what
they do. Where there is no graph (no GPU, a model that looks at its own values, long chunks of
prompts) the same function runs.
"""

from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from def_sim.engines.local.paged.attended import PagedStep
from def_sim.engines.local.paged.board import Board, Kind
from def_sim.engines.local.paged.device_choice import decide
from def_sim.engines.local.paged.fused import FusedParts
from def_sim.engines.local.paged.paged_attention import reorder_by_torch
from def_sim.engines.local.paged.pages import PagePool
from def_sim.engines.local.paged.step_inputs import Mailbox, Shape, StepInputs, num_words, views

MOST_CAPTURED: Final = 2048  # tokens of a step: above, computing takes longer than launching


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step leaves on the device; the next step of its shape overwrites it.

    Attributes:
        candidates: See `decide`, shape (S, n, 3).
        logits: Shape (R, V), float32, where option codes are scored; else None, so that graphs can share
            the memory.
    """

    candidates: Tensor
    logits: Tensor | None


class StepRunner:
    """Runs steps on a model.

    Args:
        network: A model whose attention is `paged_attention.attend`.
        pool: The pages.
        board: What answers go on with.
        stop_tokens: Tokens that end a text.
        uses_kernels: Triton kernels, which need a GPU.
        captures: CUDA graphs.

    Attributes:
        why_not_captured: Why no graph could be captured; None if nothing is wrong.
    """

    def __init__(
        self,
        network: Any,
        pool: PagePool,
        board: Board,
        stop_tokens: frozenset[int],
        *,
        uses_kernels: bool,
        captures: bool,
    ) -> None:
        self.network = network
        self.pool = pool
        self.board = board
        self.mailbox = Mailbox(network.device)
        self.why_not_captured: str | None = None
        self.fused = FusedParts(network) if uses_kernels else None
        self._stop_tokens = torch.tensor(sorted(stop_tokens), dtype=torch.int64, device=network.device)
        self._uses_kernels = uses_kernels
        self._captures = captures
        self._seen: set[tuple[Shape, Kind]] = set()
        self._graphs: dict[tuple[Shape, Kind], tuple[Any, Outcome]] = {}
        self._memory: Any = None  # shared by all graphs: one runs at a time
        self._stream: Any = None

    @property
    def num_graphs(self) -> int:
        """Shapes that are one launch."""
        return len(self._graphs)

    def reserve(self, shape: Shape) -> None:
        """Makes room for inputs of this shape."""
        if self.mailbox.reserve(num_words(shape)):
            self.forget_graphs()  # they read the old place

    def replace_board(self, board: Board) -> None:
        """Takes a larger board."""
        self.board = board
        self.forget_graphs()

    def forget_graphs(self) -> None:
        """Gives the graphs' memory back."""
        if self._graphs:
            torch.cuda.synchronize(self.network.device)  # one of them may be running
        self._graphs.clear()
        self._seen.clear()
        self._memory = None

    def run(self, shape: Shape, kind: Kind) -> Outcome:
        """Sends the inputs that were filled last and runs its step; does not wait for it.

        Raises:
            torch.OutOfMemoryError: No memory.
            RuntimeError: The model failed.
        """
        self.mailbox.send(shape)
        key = (shape, kind)
        if key in self._graphs:
            graph, outcome = self._graphs[key]
            graph.replay()
            return outcome
        if self._captures and shape.num_tokens <= MOST_CAPTURED and key in self._seen:
            captured = self._capture(shape, kind)
            if captured is not None:
                self._graphs[key] = captured
                captured[0].replay()
                return captured[1]
        self._seen.add(key)
        return self._compute(shape, kind)

    def _compute(self, shape: Shape, kind: Kind) -> Outcome:
        inputs = views(self.mailbox.on_device, shape)
        board, pool = self.board, self.pool
        with torch.inference_mode(), self.fused.in_place() if self.fused else nullcontext():
            if kind.has_beams:
                reorder = reorder_by_torch
                if self._uses_kernels:
                    from def_sim.engines.local.paged.attention_kernels import reorder_beams as reorder
                reorder(pool.seen, inputs.tables, board.parents, inputs.reorder_begin, inputs.reorder_end)
            if self._uses_kernels:
                from def_sim.engines.local.paged.attention_kernels import note_tokens as note
            else:
                note = note_by_torch
            ids = note(inputs, board.tokens, pool)
            output = self.network(
                input_ids=ids[None],
                position_ids=inputs.position[None],
                use_cache=False,
                logits_to_keep=inputs.keep,
                step=PagedStep(pool, inputs, True, shape.has_reading, self._uses_kernels),
            )
            logits = output.logits[0].float()
            candidates = decide(
                logits, inputs, board, self._stop_tokens, kind, uses_kernels=self._uses_kernels
            )
        return Outcome(candidates, logits if kind.scores_codes else None)

    def _capture(self, shape: Shape, kind: Kind) -> tuple[Any, Outcome] | None:
        """The step as a graph, not yet run; None if the model does not allow it."""
        if self._stream is None:
            self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        if self._memory is None:
            self._memory = torch.cuda.graph_pool_handle()
        graph = torch.cuda.CUDAGraph()
        here = torch.cuda.current_stream()
        self._stream.wait_stream(here)
        try:
            with torch.cuda.stream(self._stream):
                outcome = self._record(graph, shape, kind)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            # The model looks at its own values, which a graph cannot: its steps run as they are from now on.
            self._captures, self.why_not_captured = False, str(error).splitlines()[0]
            self._memory = None
            return None
        finally:
            here.wait_stream(self._stream)
        return graph, outcome

    def _record(self, graph: Any, shape: Shape, kind: Kind) -> Outcome:
        """Everything that a step launches, in the graph; a capture that has begun is always ended."""
        # Not torch.cuda.graph(), which collects garbage and empties the cache at every capture.
        graph.capture_begin(pool=self._memory, capture_error_mode="thread_local")
        try:
            outcome = self._compute(shape, kind)
        except BaseException:
            with suppress(RuntimeError):  # what went wrong has been raised already
                graph.capture_end()
            raise
        graph.capture_end()
        return outcome


def note_by_torch(inputs: StepInputs, newest: Tensor, pool: PagePool) -> Tensor:
    """Notes beside the keys and values of a step's tokens who sees them and where they stand.

    Args:
        inputs: The step.
        newest: Newest tokens of all beams, shape (S + 1, B).
        pool: The pages.

    Returns:
        Token ids, shape (T,): the board's where the host does not know them.
    """
    pool.seen[inputs.cache_position] = inputs.bits
    pool.positions[inputs.cache_position] = inputs.position
    chosen = newest.flatten()[inputs.source.clamp(min=0)]
    return torch.where(inputs.source >= 0, chosen, inputs.ids)
