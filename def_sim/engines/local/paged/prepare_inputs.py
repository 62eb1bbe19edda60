"""Fills the inputs of a step: who writes, who reads, and what the device needs to know of them.

Pure arithmetic on numpy arrays; no tensor. Each field is filled for all answers at once, because a
step of hundreds of rows must be ready before the device has finished the one before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from def_sim.engines.local.paged.paged_sequence import PagedSequence
from def_sim.engines.local.paged.pages import PAGE
from def_sim.engines.local.paged.step_inputs import MOST_SHARES, Shape, StepInputs
from def_sim.engines.local.sampling.beam_search import num_candidates
from def_sim.randomness import noise_states

_USUAL_SHARE = 256  # cache positions; a multiple of a page
_SMALLEST_SHARE, _LARGEST_SHARE = 128, 1024
_EVERYONE = -1  # all bits: what every beam sees

Words = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StepPlan:
    """Who is in a step.

    Attributes:
        writing: Answers that write, a token a row.
        reading: Answers that read, each with the number of its prompt tokens.
    """

    writing: Sequence[PagedSequence]
    reading: Sequence[tuple[PagedSequence, int]]

    @property
    def deciding(self) -> list[PagedSequence]:
        """Those whose logits are needed: all that write, then all whose prompt is then read."""
        return [
            *self.writing,
            *(sequence for sequence, count in self.reading if count == sequence.num_unread),
        ]

    @property
    def num_written(self) -> int:
        """Tokens that are written."""
        return sum(sequence.num_rows * sequence.depth for sequence in self.writing)

    @property
    def num_tokens(self) -> int:
        """Tokens of the step."""
        return self.num_written + sum(count for _, count in self.reading)

    @property
    def num_rows(self) -> int:
        """Rows whose logits are needed."""
        num_reading = len(self.deciding) - len(self.writing)
        return sum(sequence.num_rows for sequence in self.writing) + num_reading


class SequenceTable:
    """The running sequences: their pages, and what of them does not change while they are written.

    Args:
        num_entries: Running answers at most (S).
        num_pages: Pages of the longest sequence (M).
    """

    def __init__(self, num_entries: int, num_pages: int) -> None:
        def column(kind: type = np.int64) -> NDArray[np.generic]:
            return np.zeros(num_entries, kind)

        self.pages: Words = np.zeros((num_entries, num_pages), np.int64)
        self.temperature, self.top_p = column(np.float64), column(np.float64)
        self.top_k, self.samples, self.has_beams = column(), column(), column()
        self.num_beams, self.wanted, self.length = column(), column(), column()
        self.key = np.zeros(num_entries, np.uint64)

    def set_entry(self, sequence: PagedSequence, num_stop_tokens: int) -> None:
        """Writes down what a new answer needs."""
        entry, decoding = sequence.entry, sequence.prompt.request.decoding
        assert entry is not None
        has_beams = sequence.text.has_beams
        self.temperature[entry], self.top_p[entry] = decoding.temperature, decoding.top_p
        self.top_k[entry], self.samples[entry] = decoding.top_k, decoding.do_sample
        self.has_beams[entry], self.num_beams[entry] = has_beams, decoding.num_beams if has_beams else 1
        self.wanted[entry] = num_candidates(decoding.num_beams, num_stop_tokens) if has_beams else 1
        self.length[entry], self.key[entry] = sequence.length, sequence.text.noise_key

    def grow(self, num_pages: int) -> None:
        """Makes room for longer sequences."""
        pages = np.zeros((self.pages.shape[0], num_pages), np.int64)
        pages[:, : self.pages.shape[1]] = self.pages
        self.pages = pages


def fill(
    inputs: StepInputs,
    plan: StepPlan,
    table: SequenceTable,
    shape: Shape,
    *,
    rows_per_block: int,
    board_width: int,
    num_workers: int | None = None,
) -> None:
    """Fills inputs of zeros.

    Args:
        inputs: Arrays, of `shape`.
        plan: Who is in the step.
        table: What is known of each.
        shape: Sizes of the fields; at least those of the plan.
        rows_per_block: Most writing rows that attend together.
        board_width: Beams of the board (B).
        num_workers: Programs that share the work on a key-value head, to cut it accordingly; None:
            cut alike whoever else is there.
    """
    inputs.source[:] = -1
    inputs.row_entry[:] = shape.num_entries
    inputs.is_first[:] = 1
    inputs.temperature[:] = 1.0
    inputs.top_p[:] = 1.0
    inputs.tables[:] = table.pages
    written = _fill_writing(inputs, plan.writing, table, rows_per_block, board_width, num_workers)
    read = _fill_reading(inputs, plan.reading, plan.num_written, shape.tokens_per_block)
    num_tokens = plan.num_tokens
    owner = np.concatenate(
        [
            _repeated([s.entry for s in plan.writing], [s.num_rows * s.depth for s in plan.writing]),
            _repeated([s.entry for s, _ in plan.reading], [count for _, count in plan.reading]),
        ]
    )
    along = inputs.cache_position[:num_tokens]  # numbered along the sequence until now
    inputs.cache_position[:num_tokens] = table.pages[owner, along // PAGE] * PAGE + along % PAGE
    _fill_rows(inputs, plan, table, written, read, owner)


def _repeated(values: Sequence[int | None], counts: Sequence[int]) -> Words:
    return np.repeat(np.array(values, np.int64), np.array(counts, np.int64))


def _numbered(counts: Words) -> Words:
    """0, 1, ... within each of several runs: [2, 3] gives [0, 1, 0, 1, 2]."""
    starts = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) - np.repeat(starts, counts)


def _shares(ends: Words, num_workers: int | None) -> Words:
    """Tokens in a part of each sequence: about one part a worker, and not more parts than there may be."""
    usual = _USUAL_SHARE
    if num_workers is not None:
        each = int(ends.sum()) // num_workers
        usual = min(_LARGEST_SHARE, max(_SMALLEST_SHARE, -(-each // PAGE) * PAGE))
    return np.maximum(usual, -(-ends // (MOST_SHARES * PAGE)) * PAGE)


def _fill_writing(
    inputs: StepInputs,
    writing: Sequence[PagedSequence],
    table: SequenceTable,
    rows_per_block: int,
    board_width: int,
    num_workers: int | None,
) -> Words:
    """Tokens, blocks and work items of all that write; returns the tokens whose logits are needed."""
    if not writing:
        return np.zeros(0, np.int64)
    entry = np.array([sequence.entry for sequence in writing], np.int64)
    depths = np.array([sequence.depth for sequence in writing], np.int64)
    counts = np.array([sequence.num_rows for sequence in writing], np.int64) * depths
    num_cached = np.array([sequence.num_cached for sequence in writing], np.int64)
    has_beams = np.array([sequence.text.has_beams for sequence in writing])
    scores_codes = np.array([sequence.text.scores_codes for sequence in writing])
    total = int(counts.sum())
    number, depth = _numbered(counts), np.repeat(depths, counts)
    beam = number // depth
    ends = num_cached + counts
    share = _shares(ends, num_workers)
    inputs.source[:total] = np.where(
        np.repeat(scores_codes, counts), -1, np.repeat(entry, counts) * board_width + beam
    )
    positions = np.array([sequence.position for sequence in writing], np.int64)
    inputs.position[:total] = np.repeat(positions, counts) + number % depth
    inputs.cache_position[:total] = inputs.last[:total] = np.repeat(num_cached, counts) + number
    is_shared = np.repeat(has_beams | scores_codes, counts)
    inputs.bits[:total] = np.where(is_shared, np.int64(1) << beam, _EVERYONE)
    inputs.beam[:total] = beam
    inputs.shares[:total] = np.repeat(-(-ends // share), counts)
    first = np.cumsum(counts) - counts
    _fill_items(inputs, entry, first, counts, ends, share, rows_per_block)
    inputs.reorder_begin[entry[has_beams]] = table.length[entry[has_beams]]
    inputs.reorder_end[entry[has_beams]] = num_cached[has_beams]
    for index in np.nonzero(scores_codes)[0].tolist():
        paths = writing[index].text.code_paths
        inputs.ids[first[index] : first[index] + counts[index]] = [token for path in paths for token in path]
    return np.nonzero(number % depth == depth - 1)[0]


def _fill_items(
    inputs: StepInputs,
    entry: Words,
    first: Words,
    counts: Words,
    ends: Words,
    share: Words,
    rows_per_block: int,
) -> None:
    """Work items: an answer's rows, cut where there are more than attend together, times its shares."""
    num_blocks = -(-counts // rows_per_block)
    place, whose = _numbered(num_blocks), np.repeat(np.arange(len(entry)), num_blocks)
    items = -(-ends // share)[whose]
    part, place, whose = _numbered(items), np.repeat(place, items), np.repeat(whose, items)
    here = slice(0, len(whose))
    inputs.item_entry[here] = entry[whose]
    inputs.item_first[here] = first[whose] + place * rows_per_block
    inputs.item_count[here] = np.minimum(rows_per_block, counts[whose] - place * rows_per_block)
    inputs.item_share[here] = part
    inputs.item_begin[here] = part * share[whose]
    inputs.item_end[here] = np.minimum(ends[whose], (part + 1) * share[whose])
    inputs.num_items[0] = len(whose)


def _fill_reading(
    inputs: StepInputs, reading: Sequence[tuple[PagedSequence, int]], begin: int, tokens_per_block: int
) -> Words:
    """Tokens and blocks of all that read; returns the tokens at which prompts end."""
    ends, block = [], 0
    for sequence, count in reading:
        end, start = begin + count, sequence.num_read
        here = slice(begin, end)
        inputs.ids[here] = sequence.prompt.token_ids[start : start + count]
        inputs.position[here] = inputs.cache_position[here] = inputs.last[here] = np.arange(
            start, start + count
        )
        inputs.bits[here] = _EVERYONE
        firsts = np.arange(0, count, tokens_per_block)
        blocks = slice(block, block + len(firsts))
        counts = np.minimum(tokens_per_block, count - firsts)
        inputs.read_entry[blocks] = sequence.entry
        inputs.read_first[blocks] = begin + firsts
        inputs.read_count[blocks] = counts
        inputs.read_end[blocks] = start + firsts + counts
        if count == sequence.num_unread:
            ends.append(end - 1)
        block, begin = block + len(firsts), end
    return np.array(ends, np.int64)


def _fill_rows(
    inputs: StepInputs, plan: StepPlan, table: SequenceTable, written: Words, read: Words, owner: Words
) -> None:
    """The rows whose logits are needed, and what the table knows of them."""
    keep = np.concatenate([written, read])
    rows, entry, beam = slice(0, len(keep)), owner[keep], inputs.beam[keep]
    inputs.keep[rows] = keep
    inputs.is_first[: len(written)] = 0
    deciding = [sequence for sequence in plan.deciding if not sequence.text.scores_codes]
    chosen = np.array([sequence.entry for sequence in deciding], np.int64)
    is_ours = np.isin(entry, chosen)  # the host looks at the others' logits by itself
    inputs.row_entry[rows] = np.where(is_ours, entry, len(table.key))
    inputs.row_beam[rows] = np.where(is_ours, beam, 0)
    inputs.temperature[rows], inputs.top_p[rows] = table.temperature[entry], table.top_p[entry]
    inputs.top_k[rows], inputs.samples[rows] = table.top_k[entry], table.samples[entry]
    inputs.has_beams[rows] = table.has_beams[entry]
    step_of = np.zeros(len(table.key), np.int64)
    step_of[chosen] = [sequence.num_launched for sequence in deciding]
    inputs.state[rows] = noise_states(table.key[entry], step_of[entry], beam).view(np.int64)
    inputs.wanted[chosen], inputs.num_beams[chosen] = table.wanted[chosen], table.num_beams[chosen]
    inputs.is_active[chosen] = 1
    places, firsts, counts = np.unique(entry[is_ours], return_index=True, return_counts=True)
    inputs.first_row[places], inputs.rows_here[places] = np.nonzero(is_ours)[0][firsts], counts
