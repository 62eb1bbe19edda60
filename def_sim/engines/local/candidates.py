"""The tokens of a step that are still in the running: found on the device, chosen among on the host.

A vocabulary has tens of thousands of tokens, and a handful of each row decides. They are found where
the logits are; what follows are a few hundred numbers, which numpy handles in less time than it takes
to launch an operation.

In 16 bit many logits are equal. Nothing here may depend on the rows beside a row, so among equals it
is always the lower beam, then the lower token, and none is left out.

Letters: R rows, V vocabulary, M candidates of a row.
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

_MORE: Final = 14  # candidates beyond those that count, so that equals of the last are mostly there
_BLOCK: Final = 16  # tokens looked at together when the largest are sought
_LOWEST: Final = np.finfo(np.float32).min


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


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest logits of rows, in no order.

    Attributes:
        values: Shape (R, M), float32; -inf where a row has fewer.
        tokens: Their tokens, shape (R, M).
        least: Nothing that is as large as this is missing, shape (R,); the lowest number there is: nothing
            but -inf is missing.
    """

    values: NDArray[np.float32]
    tokens: NDArray[np.int64]
    least: NDArray[np.float32]


def among_the_largest(logits: Tensor, asks: Sequence["Ask"], num_stop_tokens: int) -> Candidates:
    """Of rows that search with beams, or of rows that sample with top_k: nothing but the largest counts.

    Args:
        logits: Shape (R, V), float32; log-probabilities where beams compete.
        asks: Whose rows they are; all of a kind.
        num_stop_tokens: How many tokens end a text.
    """
    samples = asks[0].decoding.do_sample
    so_far = _scores_so_far(asks)
    if samples:
        temperatures = _a_row(asks, [ask.decoding.temperature for ask in asks], np.float32)
        num_kept = _a_row(asks, [ask.decoding.top_k for ask in asks], np.int64)
    else:
        num_kept = _a_row(
            asks, [num_candidates(ask.decoding.num_beams, num_stop_tokens) for ask in asks], np.int64
        )
    num_wanted = int(num_kept.max()) + _MORE
    while True:
        found = largest(logits, num_wanted)
        with np.errstate(over="ignore"):  # of the lowest number
            scores = found.values / temperatures[:, None] if samples else found.values + so_far[:, None]
            least = found.least / temperatures if samples else found.least + so_far
        rising, width = np.sort(scores, axis=1), scores.shape[1]
        last = rising[np.arange(len(rising)), width - np.minimum(num_kept, width)]
        # What was not found is less, but rounding may have made it equal to the last that counts.
        if not ((last <= least) & (found.least > _LOWEST)).any():
            break
        num_wanted *= 4
    tokens = found.tokens
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


def largest(logits: Tensor, count: int) -> Largest:
    """At least the `count` largest logits of each row, and all that equal the least of them.

    Args:
        logits: Shape (R, V).
        count: How many; all of them if there are no more.
    """
    num_rows, vocabulary = logits.shape
    if count >= vocabulary:
        tokens = np.broadcast_to(np.arange(vocabulary), (num_rows, vocabulary))
        return Largest(logits.cpu().numpy(), tokens, np.full(num_rows, _LOWEST))
    if logits.device.type != "cpu":  # one sort there is sooner done than many small operations
        found = torch.topk(logits, count)
        values: NDArray[np.float32] = found.values.cpu().numpy()
        # Only above the last of them nothing is missing.
        above = np.nextafter(values[:, -1], np.float32(np.inf), dtype=np.float32)
        return Largest(values, found.indices.cpu().numpy(), np.maximum(above, _LOWEST))
    return _largest_by_blocks(logits.numpy(), count)


def _largest_by_blocks(logits: NDArray[np.float32], count: int) -> Largest:
    """`largest` without sorting whole rows: the maxima of `count` blocks are as many logits.

    So the least of them is no larger than the last logit that is asked for, and only blocks whose own
    maximum is as large hold any.
    """
    vocabulary = logits.shape[1]
    num_blocks = vocabulary // _BLOCK
    if num_blocks < 1.5 * count:  # a small vocabulary
        least = _nth_largest(logits, count)
        return _side_by_side(logits, np.flatnonzero(logits >= least[:, None]), least)
    maxima = coarse = _maxima(logits, num_blocks)
    while coarse.shape[1] // _BLOCK >= 1.5 * count:
        coarse = _maxima(coarse, coarse.shape[1] // _BLOCK)
    least = _nth_largest(coarse, count)
    # Places count through all rows: numpy finds and takes such ones several times as fast as pairs.
    found = np.flatnonzero(maxima >= least[:, None])
    rows = found // num_blocks
    firsts = found + rows * (vocabulary - num_blocks)  # a block's tokens lie num_blocks apart
    places = firsts[:, None] + np.arange(0, num_blocks * _BLOCK, num_blocks)
    places = places.ravel()[np.flatnonzero(logits.take(places) >= least[rows, None])]
    others, rest = np.nonzero(logits[:, num_blocks * _BLOCK :] >= least[:, None])  # of no whole block
    if len(others):
        places = np.sort(np.append(places, others * vocabulary + num_blocks * _BLOCK + rest))
    return _side_by_side(logits, places, least)


def _side_by_side(
    logits: NDArray[np.float32], places: NDArray[np.intp], least: NDArray[np.float32]
) -> Largest:
    """Rows as long as the longest needs, from places that rise from row to row."""
    rows, tokens = np.divmod(places, logits.shape[1])
    counts = np.bincount(rows, minlength=len(logits))
    width = max(1, int(counts.max()))  # nothing is found in rows of no numbers
    targets = np.arange(len(places)) + (np.arange(len(logits)) * width - np.cumsum(counts) + counts)[rows]
    values, found = np.full(len(logits) * width, -np.inf, np.float32), np.zeros(len(logits) * width, np.int64)
    values[targets], found[targets] = logits.take(places), tokens
    shape = len(logits), width
    return Largest(values.reshape(shape), found.reshape(shape), least)


def _nth_largest(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Of each row; the lowest number there is where it would be -inf."""
    place = values.shape[1] - count
    nth: NDArray[np.float32] = np.maximum(np.partition(values, place, axis=1)[:, place], _LOWEST)
    return nth


def _maxima(values: NDArray[np.float32], num_blocks: int) -> NDArray[np.float32]:
    """Of each block; a block is every num_blocks-th number, since such maxima are taken many at once."""
    maxima: NDArray[np.float32] = (
        values[:, : num_blocks * _BLOCK].reshape(len(values), _BLOCK, num_blocks).max(axis=1)
    )
    return maxima


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
