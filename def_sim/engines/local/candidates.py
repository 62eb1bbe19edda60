"""The tokens of a step that are still in the running: found on the device, chosen among on the host.

A vocabulary has tens of thousands of tokens, and a handful of each row decides. They are found where
the logits are; what follows are a few hundred numbers, which numpy handles in less time than it takes
to launch an operation.

In 16 bit many logits are equal. Nothing here may depend on the rows beside a row, so among equals it
is always the lower beam, then the lower token, and `largest` is asked again for more where it may have
left out an equal of the last that counts. Letters: R rows, V vocabulary, M candidates of a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from def_sim.engines.local.beam_search import Candidate, num_candidates
from def_sim.engines.local.sampling import warp_logits, without_tail
from def_sim.engines.local.token_noise import token_noise
from def_sim.randomness import noise_of, noise_states

if TYPE_CHECKING:
    from def_sim.engines.local.token_choice import Ask

_TIES: Final = 14  # candidates beyond those that count, so that equals of the last are mostly there
_BLOCK: Final = 16  # tokens looked at together when the largest are sought


@dataclass(frozen=True, slots=True)
class Candidates:
    """What is left of the rows' vocabularies.

    Attributes:
        scores: Warped logits, or where beams compete the log-probability of the text with the token;
            -inf: the token is out. Shape (R, M), float32.
        noisy: Scores with the noise of their address, by which is chosen, shape (R, M), float64.
        tokens: Token ids, shape (R, M).
    """

    scores: NDArray[np.float32]
    noisy: NDArray[np.float64]
    tokens: NDArray[np.int64]


def among_the_largest(logits: Tensor, asks: Sequence["Ask"], num_stop_tokens: int) -> Candidates:
    """Of rows that search with beams, or of rows that sample with top_k: nothing but the largest counts.

    Args:
        logits: Shape (R, V), float32; log-probabilities where beams compete.
        asks: Whose rows they are; all of a kind.
        num_stop_tokens: How many tokens end a text.
    """
    samples, vocabulary = asks[0].decoding.do_sample, logits.shape[1]
    so_far = _scores_so_far(asks)
    if samples:
        temperatures = _a_row(asks, [ask.decoding.temperature for ask in asks], np.float32)
        num_kept = _a_row(asks, [ask.decoding.top_k for ask in asks], np.int64)
    else:
        num_kept = _a_row(
            asks, [num_candidates(ask.decoding.num_beams, num_stop_tokens) for ask in asks], np.int64
        )
    num_wanted = int(num_kept.max()) + _TIES
    while True:
        values, tokens = (part.cpu().numpy() for part in largest(logits, num_wanted))
        scores = values / temperatures[:, None] if samples else values + so_far[:, None]
        rising, width = np.sort(scores, axis=1), scores.shape[1]
        last = rising[np.arange(len(rising)), width - np.minimum(num_kept, width)]
        # Where the last that counts equals the least that was found, an equal may be missing.
        if width >= vocabulary or not ((last <= rising[:, 0]) & (rising[:, 0] > -np.inf)).any():
            break
        num_wanted *= 4
    scores = np.where(scores < last[:, None], np.float32(-np.inf), scores)
    if not samples:
        return Candidates(scores, scores.astype(np.float64), tokens)
    _cut_tails(scores, tokens, _a_row(asks, [ask.decoding.top_p for ask in asks], np.float64))
    if asks[0].has_beams:
        scores = scores + so_far[:, None]
    return Candidates(scores, scores + noise_of(_noise_states(asks)[:, None], tokens), tokens)


def among_all(logits: Tensor, asks: Sequence["Ask"], num_stop_tokens: int) -> Candidates:
    """Of rows that sample from all tokens: all get their noise, and the best by it are candidates.

    Args:
        logits: Shape (R, V), float32; log-probabilities where beams compete.
        asks: Whose rows they are; all of a kind.
        num_stop_tokens: How many tokens end a text.
    """
    device = logits.device
    scores = warp_logits(
        logits,
        temperature=_tensor(_a_row(asks, [ask.decoding.temperature for ask in asks], np.float32), device),
        top_k=torch.zeros(len(logits), dtype=torch.long, device=device),
        # 1 - top_p is taken in double precision, as transformers does.
        top_p=_tensor(_a_row(asks, [ask.decoding.top_p for ask in asks], np.float64), device),
    )
    count = 1
    if asks[0].has_beams:
        scores = scores + _tensor(_scores_so_far(asks), device)[:, None]
        count = max(num_candidates(ask.decoding.num_beams, num_stop_tokens) for ask in asks)
    every = torch.arange(logits.shape[1], device=device).expand_as(logits)
    noisy = scores.double() + token_noise(_tensor(_noise_states(asks).view(np.int64), device), every)
    if count == 1:
        tokens = noisy.argmax(dim=-1, keepdim=True)
    else:
        tokens = torch.topk(noisy, min(count, noisy.shape[1])).indices
    parts: list[NDArray[Any]] = [
        part.cpu().numpy() for part in (scores.gather(1, tokens), noisy.gather(1, tokens), tokens)
    ]
    return Candidates(*parts)


def best_tokens(candidates: Candidates) -> list[int]:
    """The token of each row: the largest of score plus noise is a draw from the softmax."""
    rows = np.arange(len(candidates.tokens))
    chosen: list[int] = candidates.tokens[rows, candidates.noisy.argmax(axis=1)].tolist()
    return chosen


def continuations(
    candidates: Candidates, asks: Sequence["Ask"], num_stop_tokens: int
) -> list[list[Candidate]]:
    """The continuations of each answer over all its beams, best first.

    The n largest of log-probability plus Gumbel noise are a draw of n without replacement. They go on
    sorted by score without the noise, as in transformers 4 (the study's time).
    """
    found, begin = [], 0
    for ask in asks:
        rows = slice(begin, begin + len(ask.scores))
        begin = rows.stop
        of_ask = Candidates(candidates.scores[rows], candidates.noisy[rows], candidates.tokens[rows])
        found.append(_best_of(of_ask, num_candidates(ask.decoding.num_beams, num_stop_tokens)))
    return found


def largest(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """At least the `count` largest logits of each row and their tokens, in no order.

    Found by blocks: a block can hold one of the largest only if its own largest is one of the largest
    of all blocks.

    Args:
        logits: Shape (R, V).
        count: How many; all of them if there are no more.

    Returns:
        Values and token ids, each of shape (R, M), M >= min(count, V).
    """
    num_rows, vocabulary = logits.shape
    if count >= vocabulary:
        tokens = torch.arange(vocabulary, device=logits.device)
        return logits, tokens.expand(num_rows, vocabulary)
    num_blocks = vocabulary // _BLOCK
    if num_blocks < 2 * count:
        few = torch.topk(logits, count)
        return few.values, few.indices
    # A block is every num_blocks-th token: such maxima are taken many at once, those of neighbours are not.
    body = logits[:, : num_blocks * _BLOCK].reshape(num_rows, _BLOCK, num_blocks)
    best = torch.topk(body.amax(dim=1), count, sorted=False).indices  # (R, count)
    starts = torch.arange(0, num_blocks * _BLOCK, num_blocks, device=logits.device)
    tokens = (best[:, :, None] + starts).flatten(1)
    values = logits.gather(1, tokens)
    if num_blocks * _BLOCK < vocabulary:  # the rest of a vocabulary that is no multiple of the block
        rest = torch.arange(num_blocks * _BLOCK, vocabulary, device=logits.device)
        values = torch.cat([values, logits[:, num_blocks * _BLOCK :]], dim=1)
        tokens = torch.cat([tokens, rest.expand(num_rows, -1)], dim=1)
    found = torch.topk(values, count, sorted=False)
    return found.values, tokens.gather(1, found.indices)


def _best_of(candidates: Candidates, count: int) -> list[Candidate]:
    """Of one answer's rows the best by noise, then sorted by score."""
    noisy, width = candidates.noisy.ravel(), candidates.noisy.shape[1]
    count = min(count, noisy.size)
    last = np.partition(noisy, noisy.size - count)[noisy.size - count]
    places = np.flatnonzero(noisy >= last)  # more than `count` where several equal the last
    tokens, beams = candidates.tokens.ravel()[places], places // width
    scores = candidates.scores.ravel()[places]
    order = np.lexsort((tokens, beams, -noisy[places]))[:count]
    order = order[np.argsort(-scores[order], kind="stable")]
    columns = (part[order].tolist() for part in (scores, beams, tokens))
    return [Candidate(*row) for row in zip(*columns, strict=True) if row[0] > -np.inf]


def _cut_tails(scores: NDArray[np.float32], tokens: NDArray[np.int64], top_p: NDArray[np.float64]) -> None:
    """Puts -inf for what top_p takes away, row by row: sums then do not depend on how many are beside."""
    for row in np.flatnonzero(top_p < 1):
        places = np.flatnonzero(scores[row] > -np.inf)
        if len(places):
            places = places[np.argsort(tokens[row, places])]
            kept = torch.from_numpy(scores[row, places])[None]
            scores[row, places] = without_tail(kept, torch.from_numpy(top_p[row : row + 1]))[0].numpy()


def _a_row(asks: Sequence["Ask"], values: Sequence[float], dtype: type[np.generic]) -> NDArray[Any]:
    """One value an ask, repeated for each of its rows, shape (R,)."""
    return np.repeat(np.array(values, dtype=dtype), [len(ask.scores) for ask in asks])


def _scores_so_far(asks: Sequence["Ask"]) -> NDArray[np.float32]:
    return np.array([score for ask in asks for score in ask.scores], dtype=np.float32)


def _noise_states(asks: Sequence["Ask"]) -> NDArray[np.uint64]:
    """Of each row, shape (R,)."""
    return noise_states(
        _a_row(asks, [ask.noise_key for ask in asks], np.uint64),
        _a_row(asks, [ask.step for ask in asks], np.int64),
        np.concatenate([np.arange(len(ask.scores)) for ask in asks]),
    )


def _tensor(array: NDArray[Any], device: torch.device) -> Tensor:
    return torch.from_numpy(array).to(device)
