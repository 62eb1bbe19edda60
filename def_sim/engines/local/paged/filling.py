"""Fills the packet of a step: who writes, who reads, and what the device needs to know of them.

Pure arithmetic on numpy arrays; no tensor. Each field is filled for all answers at once, because a
step of hundreds of rows must be ready before the device has finished the one before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from def_sim.engines.local.paged.packet import MOST_SHARES, Packet, Shape
from def_sim.engines.local.paged.paged_draft import PagedDraft
from def_sim.engines.local.paged.pages import PAGE
from def_sim.engines.local.sampling.beam_search import num_candidates
from def_sim.randomness import noise_states

_USUAL_SHARE = 256  # cells; a multiple of a page
_SMALLEST_SHARE, _LARGEST_SHARE = 128, 1024
_EVERYONE = -1  # all bits: a cell that every beam sees

Words = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is in a step.

    Attributes:
        writing: Answers that write, a token a row.
        reading: Answers that read, each with the number of its prompt tokens.
    """

    writing: Sequence[PagedDraft]
    reading: Sequence[tuple[PagedDraft, int]]

    @property
    def deciding(self) -> list[PagedDraft]:
        """Those whose logits are needed: all that write, then all whose prompt is then read."""
        return [
            *self.writing,
            *(draft for draft, count in self.reading if count == draft.num_unread),
        ]

    @property
    def num_written(self) -> int:
        """Tokens that are written."""
        return sum(draft.num_rows * draft.depth for draft in self.writing)

    @property
    def num_tokens(self) -> int:
        """Tokens of the step."""
        return self.num_written + sum(count for _, count in self.reading)

    @property
    def num_rows(self) -> int:
        """Rows whose logits are needed."""
        num_reading = len(self.deciding) - len(self.writing)
        return sum(draft.num_rows for draft in self.writing) + num_reading


class Seats:
    """What the host knows of every seat that does not change while its answer is written.

    Args:
        num_seats: Running answers at most (S).
        num_pages: Pages of the longest sequence (M).
    """

    def __init__(self, num_seats: int, num_pages: int) -> None:
        def column(kind: type = np.int64) -> NDArray[np.generic]:
            return np.zeros(num_seats, kind)

        self.tables: Words = np.zeros((num_seats, num_pages), np.int64)
        self.temperature, self.top_p = column(np.float64), column(np.float64)
        self.top_k, self.samples, self.has_beams = column(), column(), column()
        self.num_beams, self.wanted, self.length = column(), column(), column()
        self.key = np.zeros(num_seats, np.uint64)

    def sit(self, draft: PagedDraft, num_stop_tokens: int) -> None:
        """Writes down what a new answer needs."""
        seat, decoding = draft.seat, draft.prompt.request.decoding
        assert seat is not None
        has_beams = draft.text.has_beams
        self.temperature[seat], self.top_p[seat] = decoding.temperature, decoding.top_p
        self.top_k[seat], self.samples[seat] = decoding.top_k, decoding.do_sample
        self.has_beams[seat], self.num_beams[seat] = has_beams, decoding.num_beams if has_beams else 1
        self.wanted[seat] = num_candidates(decoding.num_beams, num_stop_tokens) if has_beams else 1
        self.length[seat], self.key[seat] = draft.length, draft.text.noise_key

    def grow(self, num_pages: int) -> None:
        """Makes room for longer sequences."""
        tables = np.zeros((self.tables.shape[0], num_pages), np.int64)
        tables[:, : self.tables.shape[1]] = self.tables
        self.tables = tables


def fill(
    packet: Packet,
    plan: Plan,
    seats: Seats,
    shape: Shape,
    *,
    rows_per_block: int,
    board_width: int,
    num_workers: int | None = None,
) -> None:
    """Fills a packet of zeros.

    Args:
        packet: Arrays, of `shape`.
        plan: Who is in the step.
        seats: What is known of each.
        shape: Sizes of the fields; at least those of the plan.
        rows_per_block: Most writing rows that attend together.
        board_width: Beams of the board (B).
        num_workers: Programs that share the work on a key-value head's cells, to cut it accordingly; None:
            cut alike whoever else is there.
    """
    packet.source[:] = -1
    packet.row_seat[:] = shape.num_seats
    packet.is_first[:] = 1
    packet.temperature[:] = 1.0
    packet.top_p[:] = 1.0
    packet.tables[:] = seats.tables
    written = _fill_writing(packet, plan.writing, seats, rows_per_block, board_width, num_workers)
    read = _fill_reading(packet, plan.reading, plan.num_written, shape.tokens_per_block)
    num_tokens = plan.num_tokens
    owner = np.concatenate(
        [
            _repeated([s.seat for s in plan.writing], [s.num_rows * s.depth for s in plan.writing]),
            _repeated([s.seat for s, _ in plan.reading], [count for _, count in plan.reading]),
        ]
    )
    along = packet.cell[:num_tokens]  # numbered along the sequence until now
    packet.cell[:num_tokens] = seats.tables[owner, along // PAGE] * PAGE + along % PAGE
    _fill_rows(packet, plan, seats, written, read, owner)


def _repeated(values: Sequence[int | None], counts: Sequence[int]) -> Words:
    return np.repeat(np.array(values, np.int64), np.array(counts, np.int64))


def _numbered(counts: Words) -> Words:
    """0, 1, ... within each of several runs: [2, 3] gives [0, 1, 0, 1, 2]."""
    starts = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) - np.repeat(starts, counts)


def _shares(ends: Words, num_workers: int | None) -> Words:
    """Cells in a part of each sequence: about one part a worker, and not more parts than there may be."""
    usual = _USUAL_SHARE
    if num_workers is not None:
        each = int(ends.sum()) // num_workers
        usual = min(_LARGEST_SHARE, max(_SMALLEST_SHARE, -(-each // PAGE) * PAGE))
    return np.maximum(usual, -(-ends // (MOST_SHARES * PAGE)) * PAGE)


def _fill_writing(
    packet: Packet,
    writing: Sequence[PagedDraft],
    seats: Seats,
    rows_per_block: int,
    board_width: int,
    num_workers: int | None,
) -> Words:
    """Tokens, blocks and work items of all that write; returns the tokens whose logits are needed."""
    if not writing:
        return np.zeros(0, np.int64)
    seat = np.array([draft.seat for draft in writing], np.int64)
    depths = np.array([draft.depth for draft in writing], np.int64)
    counts = np.array([draft.num_rows for draft in writing], np.int64) * depths
    cells = np.array([draft.num_cells for draft in writing], np.int64)
    has_beams = np.array([draft.text.has_beams for draft in writing])
    scores_codes = np.array([draft.text.scores_codes for draft in writing])
    total = int(counts.sum())
    number, depth = _numbered(counts), np.repeat(depths, counts)
    beam = number // depth
    ends = cells + counts
    share = _shares(ends, num_workers)
    num_shares = -(-ends // share)
    packet.source[:total] = np.where(
        np.repeat(scores_codes, counts), -1, np.repeat(seat, counts) * board_width + beam
    )
    positions = np.array([draft.position for draft in writing], np.int64)
    packet.position[:total] = np.repeat(positions, counts) + number % depth
    packet.cell[:total] = packet.last[:total] = np.repeat(cells, counts) + number
    is_shared = np.repeat(has_beams | scores_codes, counts)
    packet.bits[:total] = np.where(is_shared, np.int64(1) << beam, _EVERYONE)
    packet.beam[:total] = beam
    packet.shares[:total] = np.repeat(num_shares, counts)
    # An answer's rows, cut where there are more than attend together, times the parts of its cells.
    num_blocks = -(-counts // rows_per_block)
    place, whose = _numbered(num_blocks), np.repeat(np.arange(len(seat)), num_blocks)
    first = np.cumsum(counts) - counts
    items = num_shares[whose]
    part, place, whose = _numbered(items), np.repeat(place, items), np.repeat(whose, items)
    here = slice(0, len(whose))
    packet.item_seat[here] = seat[whose]
    packet.item_first[here] = first[whose] + place * rows_per_block
    packet.item_count[here] = np.minimum(rows_per_block, counts[whose] - place * rows_per_block)
    packet.item_share[here] = part
    packet.item_begin[here] = part * share[whose]
    packet.item_end[here] = np.minimum(ends[whose], (part + 1) * share[whose])
    packet.num_items[0] = len(whose)
    packet.reorder_begin[seat[has_beams]] = seats.length[seat[has_beams]]
    packet.reorder_end[seat[has_beams]] = cells[has_beams]
    for index in np.nonzero(scores_codes)[0].tolist():
        paths = writing[index].text.code_paths
        packet.ids[first[index] : first[index] + counts[index]] = [token for path in paths for token in path]
    return np.nonzero(number % depth == depth - 1)[0]


def _fill_reading(
    packet: Packet, reading: Sequence[tuple[PagedDraft, int]], begin: int, tokens_per_block: int
) -> Words:
    """Tokens and blocks of all that read; returns the tokens at which prompts end."""
    ends, block = [], 0
    for draft, count in reading:
        end, start = begin + count, draft.num_read
        here = slice(begin, end)
        packet.ids[here] = draft.prompt.token_ids[start : start + count]
        packet.position[here] = packet.cell[here] = packet.last[here] = np.arange(start, start + count)
        packet.bits[here] = _EVERYONE
        firsts = np.arange(0, count, tokens_per_block)
        blocks = slice(block, block + len(firsts))
        counts = np.minimum(tokens_per_block, count - firsts)
        packet.read_seat[blocks] = draft.seat
        packet.read_first[blocks] = begin + firsts
        packet.read_count[blocks] = counts
        packet.read_end[blocks] = start + firsts + counts
        if count == draft.num_unread:
            ends.append(end - 1)
        block, begin = block + len(firsts), end
    return np.array(ends, np.int64)


def _fill_rows(packet: Packet, plan: Plan, seats: Seats, written: Words, read: Words, owner: Words) -> None:
    """The rows whose logits are needed, and what is known of their seats."""
    keep = np.concatenate([written, read])
    rows, seat, beam = slice(0, len(keep)), owner[keep], packet.beam[keep]
    packet.keep[rows] = keep
    packet.is_first[: len(written)] = 0
    deciding = [draft for draft in plan.deciding if not draft.text.scores_codes]
    chosen = np.array([draft.seat for draft in deciding], np.int64)
    is_ours = np.isin(seat, chosen)  # the host looks at the others' logits by itself
    packet.row_seat[rows] = np.where(is_ours, seat, len(seats.key))
    packet.row_beam[rows] = np.where(is_ours, beam, 0)
    packet.temperature[rows], packet.top_p[rows] = seats.temperature[seat], seats.top_p[seat]
    packet.top_k[rows], packet.samples[rows] = seats.top_k[seat], seats.samples[seat]
    packet.has_beams[rows] = seats.has_beams[seat]
    step_of = np.zeros(len(seats.key), np.int64)
    step_of[chosen] = [draft.num_launched for draft in deciding]
    packet.state[rows] = noise_states(seats.key[seat], step_of[seat], beam).view(np.int64)
    packet.wanted[chosen], packet.num_beams[chosen] = seats.wanted[chosen], seats.num_beams[chosen]
    packet.is_active[chosen] = 1
    places, firsts, counts = np.unique(seat[is_ours], return_index=True, return_counts=True)
    packet.first_row[places], packet.rows_here[places] = np.nonzero(is_ours)[0][firsts], counts
