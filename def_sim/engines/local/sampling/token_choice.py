"""The next token of every row of a step, whatever each row's decoding is.

Rows of greedy answers take their largest logit. Sampled rows are warped as transformers warps
and drawn with addressed noise. Beams get the best continuations of all rows of their answer, or,
where beams sample, as many drawn without replacement. A row whose logits are not finite spoils
its own answer and no other.

Answers of a kind are computed together; what of a row's vocabulary is looked at, and how one is chosen
of it, is `candidates.py`'s. Letters: R rows, V vocabulary.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from def_sim.engines.local.sampling.beam_search import Candidate
from def_sim.engines.local.sampling.candidates import (
    best_tokens,
    continuations,
    drawn_from_all,
    drawn_from_the_largest,
    searched,
)
from def_sim.engines.local.sampling.token_request import TokenRequest

LogProbabilities = tuple[tuple[float, ...], ...]  # for each row, of the wanted tokens
Choice = int | list[Candidate] | LogProbabilities | None


def choose(logits: Tensor, requests: Sequence[TokenRequest], *, num_stop_tokens: int) -> list[Choice]:
    """Chooses for every answer of a step.

    Args:
        logits: Shape (R, V), float32; the rows of the requests in their order.
        requests: Whose rows they are.
        num_stop_tokens: How many tokens end a text: beams look at more candidates if many do.

    Returns:
        For each request a token, the candidates of its beams (best first), the log-probabilities that it
        wants, or None if one of its rows is not finite.
    """
    chosen: list[Choice] = [None] * len(requests)
    if not requests:  # a step that only reads
        return chosen
    for rows, members in _alike(requests):
        is_run = rows[-1] - rows[0] == len(rows) - 1  # side by side: no copy of their logits
        part = logits[rows[0] : rows[-1] + 1] if is_run else logits[torch.tensor(rows, device=logits.device)]
        group = [requests[index] for index in members]
        for index, choice in zip(members, _choose_alike(part, group, num_stop_tokens), strict=True):
            chosen[index] = choice
    row = 0
    is_usable = torch.isfinite(logits.amax(dim=-1)).tolist()  # nan, inf, or all -inf: unusable
    for index, request in enumerate(requests):
        end = row + len(request.scores)
        if not all(is_usable[row:end]):
            chosen[index] = None
        row = end
    return chosen


def _alike(requests: Sequence[TokenRequest]) -> list[tuple[list[int], list[int]]]:
    """Rows and members of the groups that are computed together."""
    groups: dict[str, tuple[list[int], list[int]]] = {}
    row = 0
    for index, request in enumerate(requests):
        rows, members = groups.setdefault(kind_of(request), ([], []))
        rows.extend(range(row, row + len(request.scores)))
        members.append(index)
        row += len(request.scores)
    return list(groups.values())


def kind_of(request: TokenRequest) -> str:
    """Requests of a kind are computed together, best from rows that lie side by side."""
    if request.wanted is not None:
        return "scored"
    if not request.has_beams and not request.decoding.do_sample:
        return "greedy"
    if request.decoding.do_sample and request.decoding.top_k == 0:
        return "beams, all tokens" if request.has_beams else "all tokens"
    if request.has_beams:  # a search needs fewer candidates than a draw
        return "drawn beams" if request.decoding.do_sample else "searched beams"
    return "some tokens"


def _choose_alike(logits: Tensor, requests: Sequence[TokenRequest], num_stop_tokens: int) -> Sequence[Choice]:
    decoding, has_beams = requests[0].decoding, requests[0].has_beams
    if requests[0].wanted is not None:
        return log_probabilities(logits, requests)
    if not has_beams and not decoding.do_sample:
        tokens: list[int] = logits.argmax(dim=-1).tolist()
        return tokens
    if has_beams:
        logits = logits.log_softmax(dim=-1)
    find = searched
    if decoding.do_sample:
        find = drawn_from_the_largest if decoding.top_k else drawn_from_all
    candidates = find(logits, requests, num_stop_tokens)
    return continuations(candidates, requests, num_stop_tokens) if has_beams else best_tokens(candidates)


def log_probabilities(logits: Tensor, requests: Sequence[TokenRequest]) -> list[LogProbabilities]:
    """Of the tokens that requests want, from the rows of these requests in their order."""
    rows = [tokens for request in requests for tokens in request.wanted or ()]
    most = max(map(len, rows))
    filled = torch.tensor([[*tokens, *[0] * (most - len(tokens))] for tokens in rows], device=logits.device)
    values = iter(logits.log_softmax(dim=-1).gather(1, filled).tolist())
    return [
        tuple(tuple(next(values)[: len(tokens)]) for tokens in request.wanted or ()) for request in requests
    ]
