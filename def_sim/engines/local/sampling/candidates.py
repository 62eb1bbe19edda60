"""The tokens of a step that are still in the running: found on the device, chosen among on the host.

A vocabulary has tens of thousands of tokens, and a handful of each row decides. They are found where
the logits are; what follows are a few hundred numbers, which numpy handles in less time than it takes
to launch an operation.

In 16 bit many logits are equal. Nothing here may depend on the rows beside a row, so all equals are found,
and ranked by `top_k.py`.

Letters: R rows, V vocabulary, M candidates of a row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from def_sim.engines.local.sampling.beam_search import Candidate, num_candidates
from def_sim.engines.local.sampling.largest_logits import LOWEST, largest
from def_sim.engines.local.sampling.token_noise import token_noise
from def_sim.engines.local.sampling.token_request import TokenRequest
from def_sim.engines.local.sampling.top_k import first_of_best, kth_of_candidates, ranked
from def_sim.engines.local.sampling.warping import warp_logits, without_tail
from def_sim.randomness import noise_of, noise_states

_MORE: Final = 14  # candidates beyond those that count, so that equals of the last are mostly there


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


def searched(logits: Tensor, requests: Sequence[TokenRequest], num_stop_tokens: int) -> Candidates:
    """Of rows that search with beams: their best continuations, without noise.

    Args:
        logits: Log-probabilities, shape (R, V), float32.
        requests: Whose rows they are; all search.
        num_stop_tokens: How many tokens end a text.
    """
    so_far = _scores_so_far(requests)
    num_kept = [num_candidates(request.decoding.num_beams, num_stop_tokens) for request in requests]
    scores, tokens = _best_of_rows(
        logits, _a_row(requests, num_kept, np.int64), lambda values: values + so_far[:, None]
    )
    return Candidates(scores, scores.astype(np.float64), tokens)


def drawn_from_the_largest(
    logits: Tensor, requests: Sequence[TokenRequest], num_stop_tokens: int
) -> Candidates:
    """Of rows that sample with top_k: what it leaves, with noise.

    Args:
        logits: Shape (R, V), float32; log-probabilities where beams compete.
        requests: Whose rows they are; all sample.
        num_stop_tokens: Has no influence here.
    """
    temperatures = _a_row(requests, [request.decoding.temperature for request in requests], np.float32)
    top_k = _a_row(requests, [request.decoding.top_k for request in requests], np.int64)
    scores, tokens = _best_of_rows(logits, top_k, lambda values: values / temperatures[:, None])
    _cut_tails(scores, tokens, _a_row(requests, [request.decoding.top_p for request in requests], np.float64))
    if requests[0].has_beams:
        scores = scores + _scores_so_far(requests)[:, None]
    return Candidates(scores, scores + noise_of(_noise_states(requests)[:, None], tokens), tokens)


def drawn_from_all(logits: Tensor, requests: Sequence[TokenRequest], num_stop_tokens: int) -> Candidates:
    """Of rows that sample without top_k: all tokens get their noise, and the best by it are candidates.

    Args:
        logits: Shape (R, V), float32; log-probabilities where beams compete.
        requests: Whose rows they are; all of a kind.
        num_stop_tokens: How many tokens end a text.
    """
    device = logits.device
    scores = warp_logits(
        logits,
        temperature=_tensor(
            _a_row(requests, [request.decoding.temperature for request in requests], np.float32), device
        ),
        top_k=torch.zeros(len(logits), dtype=torch.long, device=device),
        # 1 - top_p is taken in double precision, as transformers does.
        top_p=_tensor(_a_row(requests, [request.decoding.top_p for request in requests], np.float64), device),
    )
    count = 1
    if requests[0].has_beams:
        scores = scores + _tensor(_scores_so_far(requests), device)[:, None]
        count = max(num_candidates(request.decoding.num_beams, num_stop_tokens) for request in requests)
    every = torch.arange(logits.shape[1], device=device).expand_as(logits)
    noisy = scores.double() + token_noise(_tensor(_noise_states(requests).view(np.int64), device), every)
    if count == 1:
        tokens = noisy.argmax(dim=-1, keepdim=True)
    else:
        tokens = torch.topk(noisy, min(count, noisy.shape[1])).indices  # with noise no two are equal
    parts: list[NDArray[Any]] = [
        part.cpu().numpy() for part in (scores.gather(1, tokens), noisy.gather(1, tokens), tokens)
    ]
    return Candidates(*parts)


def best_tokens(candidates: Candidates) -> list[int]:
    """The token of each row: the largest of score plus noise is a draw from the softmax."""
    chosen: list[int] = first_of_best(candidates.noisy, candidates.tokens).tolist()
    return chosen


def continuations(
    candidates: Candidates, requests: Sequence[TokenRequest], num_stop_tokens: int
) -> list[list[Candidate]]:
    """The continuations of each answer over all its beams, best first.

    The n largest of log-probability plus Gumbel noise are a draw of n without replacement. They go on
    sorted by score without the noise, as in transformers 4 (the study's time).
    """
    found, begin = [], 0
    for request in requests:
        rows = slice(begin, begin + len(request.scores))
        begin = rows.stop
        of_request = Candidates(candidates.scores[rows], candidates.noisy[rows], candidates.tokens[rows])
        found.append(
            _best_of_request(of_request, num_candidates(request.decoding.num_beams, num_stop_tokens))
        )
    return found


def _best_of_rows(
    logits: Tensor, num_kept: NDArray[np.int64], warp: Callable[[NDArray[np.float32]], NDArray[np.float32]]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The best scores of each row with all that equal the last of them, and their tokens; the rest is -inf.

    Args:
        logits: Shape (R, V).
        num_kept: How many of each row, shape (R,).
        warp: Logits to scores, shape (R, M), without changing which is larger.
    """
    num_wanted = int(num_kept.max()) + _MORE
    while True:
        found = largest(logits, num_wanted)
        with np.errstate(over="ignore"):  # of the lowest number
            scores, least = warp(found.values), warp(found.least[:, None])[:, 0]
        last = kth_of_candidates(scores, num_kept)
        # What was not found is less, but rounding may have made it equal to the last that counts.
        if not ((last <= least) & (found.least > LOWEST)).any():
            return np.where(scores < last[:, None], np.float32(-np.inf), scores), found.tokens
        num_wanted *= 4


def _best_of_request(candidates: Candidates, count: int) -> list[Candidate]:
    """Of one answer's rows the best by noise, then sorted by score."""
    scores, tokens = candidates.scores.ravel(), candidates.tokens.ravel()
    beams = np.arange(scores.size) // candidates.scores.shape[1]
    order = ranked(candidates.noisy.ravel(), beams, tokens, count)
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


def _a_row(
    requests: Sequence[TokenRequest], values: Sequence[float], dtype: type[np.generic]
) -> NDArray[Any]:
    """One value a request, repeated for each of its rows, shape (R,)."""
    return np.repeat(np.array(values, dtype=dtype), [len(request.scores) for request in requests])


def _scores_so_far(requests: Sequence[TokenRequest]) -> NDArray[np.float32]:
    return np.array([score for request in requests for score in request.scores], dtype=np.float32)


def _noise_states(requests: Sequence[TokenRequest]) -> NDArray[np.uint64]:
    """Of each row, shape (R,)."""
    return noise_states(
        _a_row(requests, [request.noise_key for request in requests], np.uint64),
        _a_row(requests, [request.step for request in requests], np.int64),
        np.concatenate([np.arange(len(request.scores)) for request in requests]),
    )


def _tensor(array: NDArray[Any], device: torch.device) -> Tensor:
    return torch.from_numpy(array).to(device)
