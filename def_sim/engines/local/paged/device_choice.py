"""The next tokens of a whole step, chosen where the logits are: the host need not see them first.

The same choices as `token_choice.choose` makes, written without a look at any value, so that it can be
part of a graph: every row is warped, gets its noise and gives its best continuations; those of one
answer's rows compete; what goes on is written on the board, from which the next step takes it. The
host reads the candidates a step later and does the same bookkeeping.

Letters: R rows, V vocabulary, S entries, B most beams, n candidates.
"""

import torch
from torch import Tensor

from def_sim.engines.local.paged.board import Board, Kind
from def_sim.engines.local.paged.step_inputs import StepInputs
from def_sim.engines.local.sampling.token_noise import token_noise
from def_sim.engines.local.sampling.top_k import best_of_rows, by_score, kth_largest
from def_sim.engines.local.sampling.warping import warp_logits


def decide(
    logits: Tensor, inputs: StepInputs, board: Board, stop_tokens: Tensor, kind: Kind, *, uses_kernels: bool
) -> Tensor:
    """Chooses for all rows and writes on the board what goes on.

    Args:
        logits: Shape (R, V), float32.
        inputs: The step.
        board: Changed for the entries that are among the rows.
        stop_tokens: Tokens that end a text, shape (any,).
        kind: What the rows need.
        uses_kernels: By kernels where there are some.

    Returns:
        Candidates of each entry, best first: score, beam, token, shape (S, n, 3), float64; a score of -inf is
        none. NaN in the first score: a row of the answer is not finite. Without beams the first is the token.
    """
    if uses_kernels and not kind.has_top_p:
        from def_sim.engines.local.paged import choice_kernels

        return choice_kernels.decide(logits, inputs, board, stop_tokens, kind)
    entry, beam = inputs.row_entry, inputs.row_beam
    offsets = logits.new_zeros(logits.shape[0])
    if kind.has_beams:
        offsets = torch.where(inputs.has_beams > 0, torch.logsumexp(logits, dim=-1), 0.0)
    temperatures = torch.where(inputs.samples > 0, inputs.temperature, 1.0).float()
    competes = (inputs.is_first == 0) & (inputs.has_beams > 0)
    so_far = torch.where(competes, board.scores[entry, beam], 0.0)

    count = min(kind.num_candidates, logits.shape[1])
    found, tokens = _best(logits, inputs, kind, offsets, temperatures, so_far, count)
    scores = (logits.gather(1, tokens) - offsets[:, None]) / temperatures[:, None] + so_far[:, None]
    scores, ids, origins = _of_answers(found, scores, tokens, inputs, board, kind.num_candidates)
    _write_on(board, inputs, scores, ids, origins, stop_tokens)
    results = torch.stack([scores.double(), origins.double(), ids.double()], dim=-1)
    is_spoilt = ~torch.isfinite(logits.amax(dim=-1)) & (so_far > -torch.inf)  # a beam that is none may be
    spoilt = results.new_zeros(board.tokens.shape[0]).index_add(0, entry, is_spoilt.double())[:-1]
    results[:, 0, 0] = torch.where(spoilt > 0, torch.nan, results[:, 0, 0])
    return results


def _of_answers(
    noisy: Tensor, scores: Tensor, tokens: Tensor, inputs: StepInputs, board: Board, most: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Of the candidates of an answer's rows, shape (R, count), the best: scores, tokens, beams, (S, n).

    Args:
        noisy: By which they compete; -inf: none.
        scores: Without noise.
        tokens: Of the candidates.
        inputs: The step.
        board: Has as many beams as any answer.
        most: Candidates of an answer, at most.
    """
    entry, beam = inputs.row_entry, inputs.row_beam
    shape = (*board.tokens.shape, noisy.shape[1])

    def side_by_side(values: Tensor, nothing: float) -> Tensor:
        """Rows of one answer side by side; beams that are not there have nothing to offer."""
        spread = values.new_full(shape, nothing)
        spread[entry, beam] = values
        return spread.flatten(1)[:-1]

    best, place = (part[:, :most] for part in by_score(side_by_side(noisy, -torch.inf)))
    rank = torch.arange(place.shape[1], device=place.device)
    is_none = (best == -torch.inf) | (rank >= inputs.wanted[:, None])
    scores, order = by_score(side_by_side(scores, 0).gather(1, place).masked_fill(is_none, -torch.inf))
    ids = side_by_side(tokens, 0).gather(1, place).gather(1, order)
    return scores, ids, (place // noisy.shape[1]).gather(1, order)


def _best(
    logits: Tensor,
    inputs: StepInputs,
    kind: Kind,
    offsets: Tensor,
    temperatures: Tensor,
    so_far: Tensor,
    count: int,
) -> tuple[Tensor, Tensor]:
    """The best continuations of each row by `top_k.py`: values, noise included, float64; tokens, (R, count).

    A value of -inf is a token that the row's decoding takes away.
    """
    samples = inputs.samples > 0
    top_k = torch.where(samples, inputs.top_k, 0)
    if kind.has_top_p:
        warped = warp_logits(
            logits - offsets[:, None],
            temperature=temperatures,
            top_k=top_k,
            top_p=torch.where(samples, inputs.top_p, 1.0),
            most_top_k=kind.most_top_k,
        )
        every = torch.arange(logits.shape[1], device=logits.device).expand_as(logits)
        noise = torch.where(samples[:, None], token_noise(inputs.state, every), 0.0)
        return best_of_rows((warped + so_far[:, None]).double() + noise, count, samples)
    thresholds = (kth_largest(logits, top_k, kind.most_top_k) - offsets) / temperatures
    details = (offsets, temperatures, thresholds, so_far, inputs.samples, inputs.state)
    return best_of_rows(noisy_by_torch(logits, *details), count, samples)


def noisy_by_torch(
    logits: Tensor,
    offsets: Tensor,
    temperatures: Tensor,
    thresholds: Tensor,
    so_far: Tensor,
    samples: Tensor,
    states: Tensor,
) -> Tensor:
    """Warped scores with the noise of their address.

    Args:
        logits: Shape (R, V), float32.
        offsets: Taken from a row's logits, so that those that compete are log-probabilities, shape (R,).
        temperatures: Shape (R,).
        thresholds: Least warped score that stays, shape (R,).
        so_far: Score of the row's text, shape (R,).
        samples: 0: no noise, shape (R,).
        states: `randomness.noise_states` as signed words, shape (R,).

    Returns:
        Shape (R, V), float64.
    """
    scores = (logits - offsets[:, None]) / temperatures[:, None]
    tokens = torch.arange(logits.shape[1], device=logits.device).expand_as(logits)
    noise = torch.where(samples[:, None] > 0, token_noise(states, tokens), 0.0)
    noisy = (scores + so_far[:, None]).double() + noise
    return noisy.masked_fill(scores < thresholds[:, None], -torch.inf)


def _write_on(
    board: Board, inputs: StepInputs, scores: Tensor, ids: Tensor, origins: Tensor, stop_tokens: Tensor
) -> None:
    """The best candidates that do not end the text go on, as many as the answer has beams."""
    num_beams = board.tokens.shape[1]
    ends = torch.isin(ids, stop_tokens) & (inputs.num_beams > 1)[:, None]
    goes_on = ~ends & (scores > -torch.inf)
    order = torch.argsort((~goes_on).to(torch.int8), dim=1, stable=True)
    if (missing := num_beams - order.shape[1]) > 0:  # a vocabulary smaller than what beams may want
        order = torch.cat([order, order[:, :1].expand(-1, missing)], dim=1)
    order = order[:, :num_beams]
    rank = torch.arange(num_beams, device=ids.device)
    is_beam = (rank < inputs.num_beams[:, None]) & (rank < goes_on.sum(dim=1, keepdim=True))
    is_active = (inputs.is_active > 0)[:, None]
    for target, values, nothing in (
        (board.tokens, ids, 0),
        (board.scores, scores, -torch.inf),
        (board.parents, origins, 0),
    ):
        new = values.gather(1, order).masked_fill(~is_beam, nothing)
        target[:-1] = torch.where(is_active, new, target[:-1])
