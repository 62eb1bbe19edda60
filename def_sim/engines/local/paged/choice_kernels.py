"""Triton kernels that choose the next tokens of a step; `device_choice.py` says what they compute.

Three programs in a row instead of a hundred small operations: of each row what its scores need; of each
chunk of its vocabulary the best noisy scores; of each answer the best of all its rows, which go to the
board. Of equals: the rule of `sampling/top_k.py`, in Triton's words.

Letters: R rows, V vocabulary, S entries, B beams of the board, M candidates of a row, n of an answer.
"""

from typing import TYPE_CHECKING, Final

import torch
import triton
import triton.language as tl
from torch import Tensor

from def_sim.engines.local.paged.launch_options import OPTIONS
from def_sim.engines.local.paged.step_inputs import StepInputs
from def_sim.engines.local.sampling.top_k import kth_largest

if TYPE_CHECKING:
    from def_sim.engines.local.paged.board import Board, Kind

_LANES: Final = 4096  # numbers of a row that are looked at together
_MOST_SEARCHED: Final = 256  # largest top_k that is searched for; the search slows down with its square


@triton.jit
def _flip(bits):
    """From the bits of a 32-bit number to an integer, so that integers have the numbers' order; and back."""
    return tl.where(bits < 0, bits ^ 0x7FFFFFFF, bits)


@triton.jit
def _kth_largest(row, tops, kth, vocabulary, BLOCK: tl.constexpr):
    """The kth largest of a row, found without sorting.

    Lane i holds the largest of every BLOCKth number from i on (`tops`). The kth largest of the lanes' is at
    most the kth largest of all, and little less: few of the largest share a lane. From there it goes up,
    number by number, while there are kth larger ones. Of the lanes' it is found bit by bit.
    """
    integers = _flip(tops.to(tl.int32, bitcast=True)).to(tl.int64)
    low, high = tl.min(integers, axis=0), tl.max(integers, axis=0)
    for _ in range(32):
        middle = low + ((high - low + 1) >> 1)
        is_enough = tl.sum((integers >= middle).to(tl.int32), axis=0) >= kth
        low, high = tl.where(is_enough, middle, low), tl.where(is_enough, high, middle - 1)
    found = _flip(low.to(tl.int32)).to(tl.float32, bitcast=True)
    lane = tl.arange(0, BLOCK)
    goes_on = kth > 0
    while goes_on:
        count = tl.zeros((BLOCK,), tl.int32)
        next_one = tl.full((BLOCK,), float("inf"), tl.float32)
        for begin in range(0, vocabulary, BLOCK):
            values = tl.load(row + begin + lane, mask=begin + lane < vocabulary, other=float("-inf"))
            count += (values > found).to(tl.int32)
            next_one = tl.where(values > found, tl.minimum(next_one, values), next_one)
        goes_on = tl.sum(count, axis=0) >= kth
        found = tl.where(goes_on, tl.min(next_one, axis=0), found)
    return found


@triton.jit
def _prepare_rows(
    logits, kth, entries, beams, temperature, top_k, samples, is_first, has_beams, board_scores,
    offsets, temperatures, thresholds, so_far, usable, vocabulary, num_largest,
    BEAMS: tl.constexpr, HAS_TOP_K: tl.constexpr, SEARCHES: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0)
    lane = tl.arange(0, BLOCK)
    start = logits + row.to(tl.int64) * vocabulary
    top = tl.full((BLOCK,), float("-inf"), tl.float32)
    total = tl.zeros((BLOCK,), tl.float32)
    spoilt = tl.zeros((BLOCK,), tl.int32)
    for begin in range(0, vocabulary, BLOCK):
        inside = begin + lane < vocabulary
        values = tl.load(start + begin + lane, mask=inside, other=float("-inf"))
        spoilt = spoilt | ((values != values) | (values == float("inf"))).to(tl.int32)
        higher = tl.maximum(top, values)
        base = tl.where(higher == float("-inf"), 0.0, higher)
        total = total * tl.exp(top - base) + tl.exp(values - base)
        top = higher
    best = tl.max(top, axis=0)
    base = tl.where(best == float("-inf"), 0.0, best)
    log_sum = base + tl.log(tl.sum(total * tl.exp(top - base), axis=0))
    competes = tl.load(has_beams + row) != 0
    sampled = tl.load(samples + row) != 0
    offset = tl.where(competes, log_sum, 0.0)
    heat = tl.where(sampled, tl.load(temperature + row), 1.0).to(tl.float32)
    entry, beam = tl.load(entries + row), tl.load(beams + row)
    before = tl.load(board_scores + entry * BEAMS + beam)
    before = tl.where(competes & (tl.load(is_first + row) == 0), before, 0.0)
    threshold = tl.full((), float("-inf"), tl.float32)
    is_usable = (tl.sum(spoilt, axis=0) == 0) & (best > float("-inf"))
    if HAS_TOP_K:
        kept = tl.minimum(tl.load(top_k + row), num_largest)
        if sampled & (kept > 0) & is_usable:
            if SEARCHES:  # noqa: SIM108 - Triton compiles one of the branches
                last = _kth_largest(start, top, kept, vocabulary, BLOCK)
            else:
                last = tl.load(kth + row)
            threshold = tl.div_rn(last - offset, heat)
    tl.store(offsets + row, offset)
    tl.store(temperatures + row, heat)
    tl.store(thresholds + row, threshold)
    tl.store(so_far + row, before)
    tl.store(usable + row, (is_usable | (before == float("-inf"))).to(tl.int32))  # a beam that is none may be


@triton.jit
def _mix(words):
    words = (words ^ (words >> 30)) * 0xBF58476D1CE4E5B9
    words = (words ^ (words >> 27)) * 0x94D049BB133111EB
    return words ^ (words >> 31)


@triton.jit
def _best_noisy(
    logits, values, tokens, offsets, temperatures, thresholds, so_far, samples, states, vocabulary,
    COUNT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """The COUNT largest noisy scores of one block of one row's vocabulary."""
    row, block = tl.program_id(0), tl.program_id(1)
    lane = tl.arange(0, BLOCK)
    token = block * BLOCK + lane
    inside = token < vocabulary
    logit = tl.load(logits + row.to(tl.int64) * vocabulary + token, mask=inside, other=float("-inf"))
    temperature = tl.zeros((BLOCK,), tl.float32) + tl.load(temperatures + row)
    score = tl.div_rn(logit - tl.load(offsets + row), temperature)
    is_out = (score < tl.load(thresholds + row)) | (token >= vocabulary)
    total = (score + tl.load(so_far + row)).to(tl.float64)
    if tl.load(samples + row) != 0:
        state = tl.load(states + row).to(tl.uint64, bitcast=True)
        bits = _mix(state + (token.to(tl.uint64) + 1) * 0x9E3779B97F4A7C15)
        uniform = ((bits >> 11).to(tl.float64) + 0.5) * 1.1102230246251565e-16
        total = total - tl.log(-tl.log(uniform))
    total = tl.where(is_out, float("-inf"), total)
    place = (row * tl.num_programs(1) + block) * COUNT
    for rank in range(COUNT):
        best = tl.max(total, axis=0)
        # Of equals the first token; where nothing is left or nothing is a number, the block's first.
        found = tl.min(tl.where(total == best, lane, BLOCK), axis=0)
        found = tl.where(found == BLOCK, 0, found)
        tl.store(values + place + rank, best)
        tl.store(tokens + place + rank, tl.minimum(block * BLOCK + found, vocabulary - 1).to(tl.int64))
        total = tl.where(lane == found, float("-inf"), total)


@triton.jit
def _best_of_answer(
    values, tokens, logits, offsets, temperatures, so_far, first, rows, most, vocabulary,
    PER_ROW: tl.constexpr, COUNT: tl.constexpr, PADDED_COUNT: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """The best candidates of one answer's rows, best first: scores without noise, tokens, beams."""
    place = tl.arange(0, WIDTH)
    left = tl.load(values + first * PER_ROW + place, mask=place < rows * PER_ROW, other=float("-inf"))
    rank_of = tl.arange(0, PADDED_COUNT)
    scores = tl.full((PADDED_COUNT,), float("-inf"), tl.float32)
    ids = tl.zeros((PADDED_COUNT,), tl.int64)
    origins = tl.zeros((PADDED_COUNT,), tl.int64)
    for rank in range(COUNT):
        best = tl.max(left, axis=0)
        found = tl.min(tl.where(left == best, place, WIDTH), axis=0)  # of equals the lower beam, then token
        found = tl.where(found == WIDTH, 0, found)
        origin = found // PER_ROW
        row = first + origin
        token = tl.load(tokens + first * PER_ROW + found)
        logit = tl.load(logits + row.to(tl.int64) * vocabulary + token)
        score = tl.div_rn(logit - tl.load(offsets + row), tl.load(temperatures + row)) + tl.load(so_far + row)
        is_there = (best > float("-inf")) & (rank < most)
        here = rank_of == rank
        scores = tl.where(here, tl.where(is_there, score, float("-inf")), scores)
        ids = tl.where(here, token, ids)
        origins = tl.where(here, origin.to(tl.int64), origins)
        left = tl.where(place == found, float("-inf"), left)
    return scores, ids, origins


@triton.jit
def _order_by_score(scores, COUNT: tl.constexpr, PADDED_COUNT: tl.constexpr):
    """The place of each candidate by its score without noise; of equals the one that was ahead."""
    rank = tl.arange(0, PADDED_COUNT)
    ahead = (scores[None, :] > scores[:, None]) | (
        (scores[None, :] == scores[:, None]) & (rank[None, :] < rank[:, None])
    )
    return tl.sum((ahead & (rank < COUNT)[None, :]).to(tl.int32), axis=1)


@triton.jit
def _write_on_board(
    board_tokens, board_scores, board_parents, stop_tokens, num_stop_tokens, entry, beams,
    scores, ids, origins, order,
    PADDED_COUNT: tl.constexpr, BEAMS: tl.constexpr, PADDED_BEAMS: tl.constexpr,
):  # fmt: skip
    """The candidates that do not end the text go on, as many as the answer has beams."""
    ends = tl.zeros((PADDED_COUNT,), tl.int32)
    for number in range(num_stop_tokens):
        ends = ends | (ids == tl.load(stop_tokens + number)).to(tl.int32)
    goes_on = ((ends == 0) | (beams == 1)) & (scores > float("-inf"))
    before = (order[None, :] < order[:, None]) & goes_on[None, :]
    number = tl.sum(before.to(tl.int32), axis=1)
    beam = tl.arange(0, PADDED_BEAMS)
    chosen = (number[None, :] == beam[:, None]) & goes_on[None, :] & (beam < beams)[:, None]
    is_beam = tl.sum(chosen.to(tl.int32), axis=1) > 0
    row_scores = tl.max(tl.where(chosen, scores[None, :], float("-inf")), axis=1)
    row_ids = tl.sum(tl.where(chosen, ids[None, :], 0), axis=1)
    row_origins = tl.sum(tl.where(chosen, origins[None, :], 0), axis=1)
    mine = entry * BEAMS + beam
    tl.store(board_tokens + mine, tl.where(is_beam, row_ids, 0), mask=beam < BEAMS)
    tl.store(board_scores + mine, row_scores, mask=beam < BEAMS)
    tl.store(board_parents + mine, tl.where(is_beam, row_origins, 0), mask=beam < BEAMS)


@triton.jit
def _merge(
    values, tokens, logits, offsets, temperatures, so_far, usable, stop_tokens, wanted, num_beams, is_active,
    first_row, rows_here, board_tokens, board_scores, board_parents, results, vocabulary, num_stop_tokens,
    PER_ROW: tl.constexpr, COUNT: tl.constexpr, PADDED_COUNT: tl.constexpr, BEAMS: tl.constexpr,
    PADDED_BEAMS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """One answer: the best of its rows' candidates, by score, to the host and to the board."""
    entry = tl.program_id(0)
    if tl.load(is_active + entry) != 0:
        first, rows = tl.load(first_row + entry), tl.load(rows_here + entry)
        scores, ids, origins = _best_of_answer(
            values, tokens, logits, offsets, temperatures, so_far, first, rows, tl.load(wanted + entry),
            vocabulary, PER_ROW, COUNT, PADDED_COUNT, WIDTH,
        )  # fmt: skip
        spoilt = 0
        for row in range(first, first + rows):
            spoilt += 1 - tl.load(usable + row)
        order = _order_by_score(scores, COUNT, PADDED_COUNT)
        is_candidate = tl.arange(0, PADDED_COUNT) < COUNT
        target = results + (entry * COUNT + order) * 3
        shown = tl.where((order == 0) & (spoilt > 0), float("nan"), scores.to(tl.float64))
        tl.store(target, shown, mask=is_candidate)
        tl.store(target + 1, origins.to(tl.float64), mask=is_candidate)
        tl.store(target + 2, ids.to(tl.float64), mask=is_candidate)
        _write_on_board(
            board_tokens, board_scores, board_parents, stop_tokens, num_stop_tokens, entry,
            tl.load(num_beams + entry), scores, ids, origins, order, PADDED_COUNT, BEAMS, PADDED_BEAMS,
        )  # fmt: skip


def prepare_rows(logits: Tensor, inputs: StepInputs, board: "Board", kind: "Kind") -> tuple[Tensor, ...]:
    """What the scores of each row need.

    Returns:
        As `device_choice.noisy_by_torch` has them: offsets, temperatures, thresholds and the scores so far,
        shape (R,); and 1 for each row that can be used, shape (R,), int32.
    """
    num_rows, vocabulary = logits.shape
    offsets, temperatures, thresholds, so_far = (logits.new_empty(num_rows) for _ in range(4))
    usable = logits.new_empty(num_rows, dtype=torch.int32)
    num_largest, searches = min(kind.most_top_k, vocabulary), kind.most_top_k <= _MOST_SEARCHED
    kth = logits if searches else kth_largest(logits, inputs.top_k, num_largest)
    _prepare_rows[(num_rows,)](
        logits, kth, inputs.row_entry, inputs.row_beam, inputs.temperature, inputs.top_k, inputs.samples,
        inputs.is_first, inputs.has_beams, board.scores, offsets, temperatures, thresholds, so_far, usable,
        vocabulary, num_largest, BEAMS=board.tokens.shape[1], HAS_TOP_K=kind.most_top_k > 0,
        SEARCHES=searches, BLOCK=_LANES, num_warps=8, **OPTIONS,
    )  # fmt: skip
    return offsets, temperatures, thresholds, so_far, usable


def decide(logits: Tensor, inputs: StepInputs, board: "Board", stop_tokens: Tensor, kind: "Kind") -> Tensor:
    """See `device_choice.decide`; for rows without top_p."""
    num_rows, vocabulary = logits.shape
    num_entries, num_beams = board.tokens.shape[0] - 1, board.tokens.shape[1]
    offsets, temperatures, thresholds, so_far, usable = prepare_rows(logits, inputs, board, kind)
    count = min(kind.num_candidates, vocabulary)
    block = 1024 if vocabulary <= 65536 else 4096
    num_blocks = triton.cdiv(vocabulary, block)
    values = logits.new_empty((num_rows, num_blocks * count), dtype=torch.float64)
    tokens = logits.new_empty(values.shape, dtype=torch.int64)
    _best_noisy[(num_rows, num_blocks)](
        logits, values, tokens, offsets, temperatures, thresholds, so_far, inputs.samples, inputs.state,
        vocabulary, COUNT=count, BLOCK=block, **OPTIONS,
    )  # fmt: skip
    results = logits.new_empty((num_entries, kind.num_candidates, 3), dtype=torch.float64)
    _merge[(num_entries,)](
        values, tokens, logits, offsets, temperatures, so_far, usable, stop_tokens, inputs.wanted,
        inputs.num_beams, inputs.is_active, inputs.first_row, inputs.rows_here, board.tokens, board.scores,
        board.parents, results, vocabulary, stop_tokens.shape[0],
        PER_ROW=num_blocks * count, COUNT=kind.num_candidates,
        PADDED_COUNT=max(2, triton.next_power_of_2(kind.num_candidates)), BEAMS=num_beams,
        PADDED_BEAMS=max(2, triton.next_power_of_2(num_beams)),
        WIDTH=triton.next_power_of_2(num_blocks * count * num_beams), num_warps=8, **OPTIONS,
    )  # fmt: skip
    return results
