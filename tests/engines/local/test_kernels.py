"""Each kernel computes what its counterpart in plain torch says, run on a CPU by Triton's interpreter."""

import os
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch
from rounding import furthest, logit_tolerance, sum_tolerance
from test_paged_loop import paged_loop_of
from test_slot_loop import ARCHITECTURES, network_of, prompts_of, run
from transformers.models.llama.modeling_llama import LlamaRMSNorm, apply_rotary_pos_emb

from def_sim.engines.local.paged.attended import Layer, PagedStep
from def_sim.engines.local.paged.blocks import READING_ROWS, WRITING_ROWS, rows_per_block
from def_sim.engines.local.paged.board import Board, Kind
from def_sim.engines.local.paged.device_choice import decide
from def_sim.engines.local.paged.fused import FusedParts
from def_sim.engines.local.paged.paged_attention import attend_by_torch, reorder_by_torch
from def_sim.engines.local.paged.paged_sequence import PagedSequence
from def_sim.engines.local.paged.pages import PagePool
from def_sim.engines.local.paged.prepare_inputs import SequenceTable, StepPlan, fill
from def_sim.engines.local.paged.step import note_by_torch
from def_sim.engines.local.paged.step_inputs import Shape, StepInputs, num_words, views
from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.engines.local.slots import slot_attention
from def_sim.engines.local.slots.key_values import KeyValues, LayerShape
from def_sim.engines.local.slots.slot_attention import PrefillChunk, Step
from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role

pytestmark = [
    pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not installed"),
    pytest.mark.skipif("TRITON_INTERPRET" not in os.environ, reason="on a GPU the kernels run as they are"),
]

ENTRIES, TABLE, VOCABULARY = 6, 20, 90
HEADS, KV_HEADS, WIDTH = 4, 2, 16


@pytest.fixture(autouse=True)
def numpy_is_quiet() -> Iterator[None]:
    """The interpreter computes with numpy, which warns of words that wrap and of infinities."""
    with np.errstate(all="ignore"):
        yield


DECODINGS = (
    DecodingConfig(do_sample=False),
    DecodingConfig(num_beams=3, do_sample=True, temperature=1.3),
    DecodingConfig(do_sample=True, top_k=5, temperature=0.7),
    DecodingConfig(num_beams=5, do_sample=False),
    DecodingConfig(do_sample=True, top_k=0),
)
# Cached tokens before the step: two pages, two parts, less than a page, ...
LENGTHS = (70, 300, 5, 131, 64)


class Scene:
    """Five answers that write, one that reads the second half of its prompt, and a pool full of numbers."""

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        torch.manual_seed(2)
        self.pool = PagePool([LayerShape(KV_HEADS, WIDTH, WIDTH)], 40, dtype, torch.device("cpu"))
        self.pool.keys[0].normal_()
        self.pool.values[0].normal_()
        self.pool.values[0][0] = torch.nan  # nobody's page must never be read
        self.table = SequenceTable(ENTRIES, TABLE)
        written = [self._sequence(n, decoding, LENGTHS[n]) for n, decoding in enumerate(DECODINGS)]
        for sequence in written:
            sequence.has_launched(sequence.length)
        reading = self._sequence(5, DECODINGS[0], 50)
        reading.has_launched(20)
        self.plan = StepPlan(written, [(reading, 30)])
        shape = Shape(64, 16, ENTRIES, TABLE, rows_per_block(READING_ROWS, HEADS // KV_HEADS), True)
        block = np.zeros(num_words(shape), np.int64)
        fill(
            views(block, shape),
            self.plan,
            self.table,
            shape,
            rows_per_block=rows_per_block(WRITING_ROWS, HEADS // KV_HEADS),
            board_width=5,
        )
        self.inputs: StepInputs = views(torch.from_numpy(block), shape)
        self.board = Board(
            torch.randint(5, 80, (ENTRIES + 1, 5)),
            -torch.rand(ENTRIES + 1, 5).sort(dim=1).values,
            torch.randint(0, 3, (ENTRIES + 1, 5)),
        )
        note_by_torch(self.inputs, self.board.tokens, self.pool)

    def _sequence(self, number: int, decoding: DecodingConfig, length: int) -> PagedSequence:
        key = RequestKey(1, f"r{number}", "q", 0)
        request = Request((Message(Role.USER, ""),), decoding, key)
        sequence = PagedSequence(number, Prompt(request, tuple(range(length))), frozenset())
        sequence.enter(number, self.pool.take(-(-(length + 8) // 64)), 0)
        self.table.pages[number, : len(sequence.pages)] = sequence.pages
        self.table.set_entry(sequence, 2)
        positions = torch.tensor([page * 64 + place for page in sequence.pages for place in range(64)])
        self.pool.seen[positions] = torch.randint(1, 32, positions.shape) | 1  # each is seen by some beams
        self.pool.positions[positions] = torch.arange(len(positions))
        return sequence


@pytest.mark.parametrize("kind", ["plain", "a sliding window", "a bias by distance"])
def test_attention_of_a_step_is_that_of_torch(kind: str) -> None:
    from def_sim.engines.local.paged import attention_kernels as kernels

    scene = Scene()
    layer = Layer(
        PagedStep(scene.pool, scene.inputs, True, True, False),
        scene.pool.keys[0],
        scene.pool.values[0],
        scaling=WIDTH**-0.5,
        window=40 if kind == "a sliding window" else None,
        slopes=torch.rand(HEADS) if kind == "a bias by distance" else None,
    )
    query = torch.randn(64, HEADS, WIDTH)
    expected, found = torch.zeros(64, HEADS, WIDTH), torch.zeros(64, HEADS, WIDTH)
    attend_by_torch(layer, query, expected)
    kernels.attend_writing(layer, query, found)
    kernels.attend_reading(layer, query, found)
    num_tokens = scene.plan.num_tokens
    assert num_tokens == 1 + 3 + 1 + 5 + 1 + 30
    assert torch.isfinite(expected[:num_tokens]).all()
    # Scores, their sum and the weighted values: sums over the longest answer, at most.
    largest = float(scene.pool.values[0][1:].abs().max())
    bound = sum_tolerance(max(LENGTHS) + 1, largest, num_sums=3)
    assert furthest(found[:num_tokens], expected[:num_tokens]) < bound


def test_a_long_sequence_is_cut_into_parts_and_joined_again() -> None:
    assert Scene().inputs.shares[:11].tolist() == [1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1]


def test_new_keys_and_values_go_to_their_places_in_the_cache() -> None:
    from def_sim.engines.local.paged import attention_kernels as kernels

    scene = Scene()
    keys, values = scene.pool.keys[0], scene.pool.values[0]
    new_keys, new_values = torch.randn(2, 64, KV_HEADS, WIDTH)
    expected = keys.clone()
    to = scene.inputs.cache_position
    expected[to // 64, :, to % 64] = new_keys
    kernels.store_keys_values(new_keys, new_values, keys, values, to)
    assert torch.equal(keys[1:], expected[1:])  # several idle tokens share the beginning of nobody's page
    assert torch.equal(values[to[:41] // 64, :, to[:41] % 64], new_values[:41])


def test_what_is_kept_beside_keys_and_values_is_noted() -> None:
    from def_sim.engines.local.paged import attention_kernels as kernels

    one, other = Scene(), Scene()
    one.pool.seen.zero_(), one.pool.positions.zero_()
    ids = kernels.note_tokens(one.inputs, one.board.tokens, one.pool)
    other.pool.seen.zero_(), other.pool.positions.zero_()
    assert torch.equal(ids, note_by_torch(other.inputs, other.board.tokens, other.pool))
    assert torch.equal(one.pool.seen, other.pool.seen)
    assert torch.equal(one.pool.positions, other.pool.positions)


def test_beams_see_what_their_parents_saw() -> None:
    from def_sim.engines.local.paged import attention_kernels as kernels

    scene = Scene()
    inputs = replace(
        scene.inputs,
        reorder_begin=torch.tensor([0, 40, 0, 10, 0, 0]),
        reorder_end=torch.tensor([0, 303, 0, 139, 0, 0]),
    )
    details = (inputs.tables, scene.board.parents, inputs.reorder_begin, inputs.reorder_end)
    found, expected = scene.pool.seen.clone(), scene.pool.seen.clone()
    reorder_by_torch(expected, *details)
    kernels.reorder_beams(found, *details)
    assert torch.equal(found, expected)
    assert not torch.equal(found, scene.pool.seen)


@pytest.mark.parametrize("step", [1.0, 1e-6])
@pytest.mark.parametrize("top_k", [0, 50])
def test_tokens_are_chosen_as_torch_chooses_them(step: float, top_k: int) -> None:
    """With a step of one many logits are equal, as in 16 bit; single answers must then agree all the same."""
    scene = Scene()
    logits = torch.round(3 * torch.randn(16, VOCABULARY) / step) * step
    logits[0, 7] = torch.inf  # spoils the first answer and no other
    kind = Kind(10, top_k, has_top_p=False, has_beams=True, scores_codes=False)
    boards = [Board(*(part.clone() for part in scene_parts(scene))) for _ in range(2)]
    expected, found = (
        decide(logits, scene.inputs, board, torch.tensor([2, 3]), kind, uses_kernels=uses)
        for board, uses in zip(boards, (False, True), strict=True)
    )
    assert expected[0, 0, 0].isnan()
    assert found[0, 0, 0].isnan()
    single, beams = [2, 4, 5], [1, 3]
    assert torch.equal(found[single, 0, 2], expected[single, 0, 2])
    assert torch.equal(boards[0].tokens[single], boards[1].tokens[single])
    if step < 1:
        # The logarithm of a sum over the vocabulary, then a division by the temperature and two sums.
        bound = sum_tolerance(VOCABULARY, float(logits[1:].abs().max()), num_sums=2)
        for entry, count in ((1, 9), (3, 15)):
            kept = slice(0, min(count, 10))
            assert furthest(found[entry, kept], expected[entry, kept]) < bound
        for one, other in zip(scene_parts_of(boards[0]), scene_parts_of(boards[1]), strict=True):
            assert furthest(one[beams], other[beams]) < bound


@pytest.mark.parametrize(
    "how", ["one by one in their lanes", "many in one lane", "equal", "infinitely small"]
)
def test_the_least_logit_that_top_k_keeps_is_the_kth_largest(how: str) -> None:
    from def_sim.engines.local.paged import choice_kernels as kernels

    scene = Scene()
    logits = torch.randn(16, 3 * kernels._LANES + 5)
    if how == "many in one lane":
        logits[:, 17 :: kernels._LANES] += 10
    elif how == "equal":
        logits = torch.round(2 * logits) / 2
    elif how == "infinitely small":
        logits[:, 4:] = -torch.inf
    top_k = torch.tensor([1, 2, 3, 4, 5, 50, 255, 256] * 2)
    inputs = replace(
        scene.inputs,
        top_k=top_k,
        samples=torch.ones(16, dtype=torch.int64),
        has_beams=torch.zeros(16, dtype=torch.int64),
        temperature=torch.ones(16, dtype=torch.float64),
    )
    kind = Kind(1, 256, has_top_p=False, has_beams=False, scores_codes=False)
    _, _, thresholds, _, _ = kernels.prepare_rows(logits, inputs, scene.board, kind)
    assert torch.equal(thresholds, logits.sort(descending=True).values.gather(1, top_k[:, None] - 1)[:, 0])


def test_a_larger_top_k_is_left_to_torch() -> None:
    from def_sim.engines.local.paged import choice_kernels as kernels

    scene = Scene()
    logits = torch.randn(16, 1000)
    inputs = replace(scene.inputs, top_k=scene.inputs.top_k.clamp(max=0) + 300)
    kind = Kind(1, 300, has_top_p=False, has_beams=False, scores_codes=False)
    _, heat, thresholds, _, _ = kernels.prepare_rows(logits, inputs, scene.board, kind)
    is_sampled = (inputs.samples > 0) & (inputs.has_beams == 0)
    expected = logits.sort(descending=True).values[:, 299] / heat
    assert torch.equal(thresholds[is_sampled], expected[is_sampled])
    assert is_sampled.any()


def scene_parts(scene: Scene) -> tuple[torch.Tensor, ...]:
    return scene_parts_of(scene.board)


def scene_parts_of(board: Board) -> tuple[torch.Tensor, ...]:
    return board.tokens, board.scores, board.parents


def test_norm_rotation_and_gate_are_those_of_transformers() -> None:
    from def_sim.engines.local.paged import fused_kernels as kernels

    norm: Any = LlamaRMSNorm(48, eps=1e-5)
    norm.weight.data.uniform_(0.5, 2)
    states = torch.randn(1, 5, 48)
    normed = norm(states).detach()
    bound = sum_tolerance(48, float(normed.abs().max()))
    assert furthest(kernels.rms_norm(states, norm.weight, 1e-5), normed) < bound

    query, key = torch.randn(1, 5, HEADS, WIDTH), torch.randn(1, 5, KV_HEADS, WIDTH)
    angles = torch.rand(1, 5, WIDTH // 2).repeat(1, 1, 2)
    arguments = (query.transpose(1, 2), key.transpose(1, 2), angles.cos(), angles.sin())
    for one, other in zip(kernels.rotate(*arguments), apply_rotary_pos_emb(*arguments), strict=True):
        # A sum of two products, whose parts may be larger than what is left of them.
        assert furthest(one, other) < sum_tolerance(2, float(query.abs().max() + key.abs().max()))

    both = torch.randn(1, 5, 60)
    gate, up = both[..., :30], both[..., 30:]  # parts of one product lie side by side
    gated = torch.nn.functional.silu(gate) * up
    bound = sum_tolerance(1, float(gated.abs().max()), num_sums=5)  # exp, 1 + exp, its inverse, two products
    assert furthest(kernels.gate(gate, up), gated) < bound


def logits_of(network: Any, parts: FusedParts) -> torch.Tensor:
    cache = KeyValues()
    cache.reserve(1, 7)
    network.set_attn_implementation(slot_attention.NAME)
    with torch.inference_mode(), parts.in_place():
        tokens = torch.arange(6, 13)[None]
        logits: torch.Tensor = network(
            input_ids=tokens, use_cache=False, step=Step(cache, [], [PrefillChunk(0, 0, 7)])
        ).logits
    return logits


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_logits_stay_the_same_with_fused_parts_and_the_model_is_its_own_again(architecture: str) -> None:
    network = network_of(ARCHITECTURES[architecture])
    expected = network(input_ids=torch.arange(6, 13)[None], use_cache=False).logits
    parts = FusedParts(network)
    assert furthest(logits_of(network, parts), expected) < logit_tolerance(network, expected)
    network.set_attn_implementation("sdpa")
    outside = network(input_ids=torch.arange(6, 13)[None], use_cache=False).logits
    assert furthest(outside, expected) < logit_tolerance(network, expected)
    # The model is its own again.
    assert not any(getattr(owner, name) is ours for owner, name, ours in parts._replacements)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["Llama", "Baichuan2 with ALiBi"])
def test_a_whole_loop_with_kernels_and_fused_parts_gives_the_tokens_of_torch(architecture: str) -> None:
    network = network_of(ARCHITECTURES[architecture])
    decodings: list[dict[str, Any]] = [
        {"do_sample": False, "max_new_tokens": 4},
        {"num_beams": 3, "do_sample": True, "max_new_tokens": 5},
        {"top_k": 0, "temperature": 0.8, "max_new_tokens": 4},
    ]
    prompts = prompts_of(decodings, respondents=1)
    loop = paged_loop_of(network, uses_kernels=True, captures=False)
    fused = loop.facts["fused"]
    assert isinstance(fused, list)
    assert {"LlamaRMSNorm", "q_proj+k_proj+v_proj", "gate"} <= set(fused)
    assert ("rotation" in fused) == (architecture == "Llama")
    assert run(loop, prompts) == run(paged_loop_of(network), prompts)
