"""A script that `test_kernels_compile.py` runs: every kernel compiled for a card that is not here.

    python tests/engines/local/compile_kernels.py 90 bfloat16

for compute capability 9.0 (H100, H200), with the heads and widths of a 7B model. Triton and the GPU
maker's assembler run as they would there; only the launch is left out. Prints the kernels' names.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from triton.backends.compiler import GPUTarget
from triton.runtime import driver
from triton.runtime.jit import JITFunction

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]

import test_kernels  # noqa: E402
from test_kernels import Scene  # noqa: E402

from def_sim.engines.local.paged import attention_kernels, choice_kernels, fused_kernels  # noqa: E402
from def_sim.engines.local.paged.attended import Layer, PagedStep  # noqa: E402
from def_sim.engines.local.paged.board import Kind  # noqa: E402

CAPABILITY, DTYPE = int(sys.argv[1]), getattr(torch, sys.argv[2])
HEADS, KV_HEADS, WIDTH, HIDDEN, VOCABULARY = 32, 8, 128, 4096, 32000


class NoCard:
    """What Triton asks of a driver before it launches something."""

    def get_current_target(self) -> GPUTarget:
        """The card that is not here."""
        return GPUTarget("cuda", CAPABILITY, 32)

    def get_current_device(self) -> int:
        """Its number."""
        return 0

    def get_current_stream(self, device: int) -> int:
        """Where it would launch."""
        return 0


def compile_only(kernel: Any, *args: Any, grid: Any, warmup: bool, **options: Any) -> Any:
    """In place of a launch."""
    compiled = run(kernel, *args, grid=grid, warmup=True, **options)
    assert len(compiled.asm["cubin"]) > 1000
    print(kernel.__name__)
    return compiled


run = JITFunction.run
JITFunction.run = compile_only
driver.set_active(NoCard())
test_kernels.HEADS, test_kernels.KV_HEADS, test_kernels.WIDTH = HEADS, KV_HEADS, WIDTH
scene = Scene(DTYPE)
inputs, pool = scene.inputs, scene.pool
keys, values = pool.keys[0], pool.values[0]

new_keys, new_values = torch.zeros((2, 64, KV_HEADS, WIDTH), dtype=DTYPE)
attention_kernels.store_keys_values(new_keys, new_values, keys, values, inputs.cache_position)
attention_kernels.note_tokens(inputs, scene.board.tokens, pool)
attention_kernels.reorder_beams(
    pool.seen, inputs.tables, scene.board.parents, inputs.reorder_begin, inputs.reorder_end
)
query = torch.zeros((64, HEADS, WIDTH), dtype=DTYPE)
for window, slopes in ((None, None), (4096, None), (None, torch.rand(HEADS))):
    layer = Layer(PagedStep(pool, inputs, True, True, True), keys, values, WIDTH**-0.5, window, slopes)
    attention_kernels.attend_writing(layer, query, torch.zeros_like(query))
    attention_kernels.attend_reading(layer, query, torch.zeros_like(query))

logits = torch.zeros((16, VOCABULARY))
for kind in (
    Kind(10, 50, has_top_p=False, has_beams=True, scores_codes=False),
    Kind(1, 0, has_top_p=False, has_beams=False, scores_codes=False),
):
    choice_kernels.decide(logits, inputs, scene.board, torch.tensor([2]), kind)

states = torch.zeros((1, 64, HIDDEN), dtype=DTYPE)
weight = torch.ones(HIDDEN, dtype=DTYPE)
fused_kernels.rms_norm(states, weight, 1e-5)
both = torch.zeros((1, 64, 2 * 14336), dtype=DTYPE)
fused_kernels.gate(both[..., :14336], both[..., 14336:])
angles = torch.zeros((1, 64, WIDTH), dtype=DTYPE)
new_keys = new_keys[None].transpose(1, 2)
fused_kernels.rotate(query[None].transpose(1, 2), new_keys, angles, angles)
