"""The next token of every row of a step, whatever each row's decoding is.

Rows of greedy answers take their largest logit. Sampled rows are warped as transformers warps
and drawn with addressed noise. Beams get the best continuations of all rows of their answer, or,
where beams sample, as many drawn without replacement. A row whose logits are not finite spoils
its own answer and no other.

Only candidates are looked at, not the vocabulary: the largest logits of a row, a few more than its
top_k because ties at the last place all count. Letters: R rows, V vocabulary, M candidates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from def_sim.engines.local.beam_search import Candidate, num_candidates
from def_sim.engines.local.sampling import warp_logits
from def_sim.randomness import noise_of, noise_states
from def_sim.records import DecodingConfig

_TIES: Final = 14  # candidates beyond top_k, so that ties at the last place are all there
_BLOCK: Final = 16  # tokens looked at together when the largest are sought
_GOLDEN: Final = 0x9E3779B97F4A7C15 - 2**64  # as in randomness.py, as a signed word
_MIX: Final = (0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64)


@dataclass(frozen=True, slots=True)
class Ask:
    """An answer that needs its next token, and the rows of logits that it owns.

    `scores` are the log-probabilities of its beams so far, one a row; without beams a single 0.
    """

    decoding: DecodingConfig
    noise_key: int
    step: int
    scores: tuple[float, ...] = (0.0,)
    wanted: Sequence[Sequence[int]] | None = None  # for each row, tokens whose log-probabilities are asked

    @property
    def has_beams(self) -> bool:
        """True if continuations of several rows compete."""
        return self.decoding.num_beams > 1


LogProbabilities = tuple[tuple[float, ...], ...]  # for each row, of the wanted tokens
Choice = int | list[Candidate] | LogProbabilities | None


def choose(logits: Tensor, asks: Sequence[Ask], *, num_stop_tokens: int) -> list[Choice]:
    """Chooses for every answer of a step.

    Args:
        logits: Shape (R, V), float32; the rows of the asks in their order.
        asks: Whose rows they are.
        num_stop_tokens: How many tokens end a text: beams look at more candidates if many do.

    Returns:
        For each ask a token, the candidates of its beams (best first), the log-probabilities that it
        wants, or None if one of its rows is not finite.
    """
    chosen: list[Choice] = [None] * len(asks)
    if not asks:  # a step that only reads
        return chosen
    for rows, members in _alike(asks):
        is_run = rows[-1] - rows[0] == len(rows) - 1  # side by side: no copy of their logits
        part = logits[rows[0] : rows[-1] + 1] if is_run else logits[torch.tensor(rows, device=logits.device)]
        group = [asks[index] for index in members]
        for index, choice in zip(members, _choose_alike(part, group, num_stop_tokens), strict=True):
            chosen[index] = choice
    row = 0
    is_usable = torch.isfinite(logits.amax(dim=-1)).tolist()  # nan, inf, or all -inf: unusable
    for index, ask in enumerate(asks):
        end = row + len(ask.scores)
        if not all(is_usable[row:end]):
            chosen[index] = None
        row = end
    return chosen


def _alike(asks: Sequence[Ask]) -> list[tuple[list[int], list[int]]]:
    """Rows and members of the groups that are computed together."""
    groups: dict[str, tuple[list[int], list[int]]] = {}
    row = 0
    for index, ask in enumerate(asks):
        rows, members = groups.setdefault(kind_of(ask), ([], []))
        rows.extend(range(row, row + len(ask.scores)))
        members.append(index)
        row += len(ask.scores)
    return list(groups.values())


def kind_of(ask: Ask) -> str:
    """Asks of a kind are computed together, best from rows that lie side by side."""
    if ask.wanted is not None:
        return "scored"
    if not ask.has_beams and not ask.decoding.do_sample:
        return "greedy"
    if ask.decoding.do_sample and ask.decoding.top_k == 0:
        return "beams, all tokens" if ask.has_beams else "all tokens"
    if ask.has_beams:  # a search needs fewer candidates than a draw
        return "drawn beams" if ask.decoding.do_sample else "searched beams"
    return "some tokens"


def _choose_alike(logits: Tensor, asks: Sequence[Ask], num_stop_tokens: int) -> Sequence[Choice]:
    if asks[0].wanted is not None:
        return log_probabilities(logits, asks)
    if not asks[0].has_beams and not asks[0].decoding.do_sample:
        tokens: list[int] = logits.argmax(dim=-1).tolist()
        return tokens
    if asks[0].has_beams:
        logits = logits.log_softmax(dim=-1)
    num_wanted = max(_num_wanted(ask, num_stop_tokens, logits.shape[-1]) for ask in asks)
    while True:
        values, tokens_of = largest(logits, num_wanted)
        scores = _warped(values, asks)
        if not _may_miss_ties(scores, asks, logits.shape[-1]):
            break
        num_wanted *= 4
    if asks[0].has_beams:
        return _continuations(scores, tokens_of, asks, num_stop_tokens)
    noisy = scores.double() + _noise(asks, tokens_of)
    drawn: list[int] = tokens_of.gather(1, noisy.argmax(dim=-1, keepdim=True))[:, 0].tolist()
    return drawn


def log_probabilities(logits: Tensor, asks: Sequence[Ask]) -> list[LogProbabilities]:
    """Of the tokens that asks want, from the rows of these asks in their order."""
    rows = [tokens for ask in asks for tokens in ask.wanted or ()]
    most = max(map(len, rows))
    filled = torch.tensor([[*tokens, *[0] * (most - len(tokens))] for tokens in rows], device=logits.device)
    values = iter(logits.log_softmax(dim=-1).gather(1, filled).tolist())
    return [tuple(tuple(next(values)[: len(tokens)]) for tokens in ask.wanted or ()) for ask in asks]


def _num_wanted(ask: Ask, num_stop_tokens: int, vocabulary: int) -> int:
    decoding = ask.decoding
    if not decoding.do_sample:
        return num_candidates(decoding.num_beams, num_stop_tokens)
    return vocabulary if decoding.top_k == 0 else decoding.top_k + _TIES


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


def _warped(values: Tensor, asks: Sequence[Ask]) -> Tensor:
    """Temperature, top_k and top_p of each row; beam search has none."""
    rows = [ask.decoding for ask in asks for _ in ask.scores]
    if all(row.temperature == 1 and row.top_p == 1 and not row.do_sample for row in rows):
        return values
    device = values.device
    return warp_logits(
        values,
        temperature=torch.tensor([row.temperature if row.do_sample else 1.0 for row in rows], device=device),
        top_k=torch.tensor([row.top_k if row.do_sample else 0 for row in rows], device=device),
        # 1 - top_p is taken in double precision, as transformers does.
        top_p=torch.tensor(
            [row.top_p if row.do_sample else 1.0 for row in rows], dtype=torch.float64, device=device
        ),
    )


def _may_miss_ties(scores: Tensor, asks: Sequence[Ask], vocabulary: int) -> bool:
    """True if a row keeps all candidates although its top_k keeps fewer: more may tie with the last."""
    if scores.shape[1] >= vocabulary:
        return False
    limited = [ask.decoding.do_sample for ask in asks for _ in ask.scores]
    if not any(limited):
        return False
    is_full = (scores > -torch.inf).all(dim=-1) & torch.tensor(limited, device=scores.device)
    return bool(is_full.any())


def _noise(asks: Sequence[Ask], tokens: Tensor) -> Tensor:
    """Gumbel numbers for candidates, shape (R, M); zero for rows that do not sample."""
    rows = [(ask, beam) for ask in asks for beam in range(len(ask.scores))]
    samples = [ask.decoding.do_sample for ask, _ in rows]
    if not any(samples):
        return torch.zeros(tokens.shape, dtype=torch.float64, device=tokens.device)
    states = noise_states(
        np.array([ask.noise_key for ask, _ in rows], dtype=np.uint64),
        np.array([ask.step for ask, _ in rows]),
        np.array([beam for _, beam in rows]),
    )
    noise = token_noise(torch.as_tensor(states.view(np.int64), device=tokens.device), tokens)
    if not all(samples):
        noise[torch.tensor([not sample for sample in samples], device=tokens.device)] = 0.0
    return noise


def token_noise(states: Tensor, tokens: Tensor) -> Tensor:
    """`randomness.noise_of` on any device: the same numbers for the same address.

    Args:
        states: `randomness.noise_states` of each row, as signed words, shape (R,).
        tokens: Token ids, shape (R, M).

    Returns:
        Standard Gumbel numbers, float64, shape (R, M).
    """
    if tokens.device.type == "cpu":  # there numpy takes a third of the time that torch takes
        return torch.from_numpy(noise_of(states.numpy().view(np.uint64)[:, None], tokens.numpy()))
    return noise_by_torch(states, tokens)


def noise_by_torch(states: Tensor, tokens: Tensor) -> Tensor:
    """`token_noise` in operations that every device has; may differ from it in the last digit."""
    bits = _mix(states[:, None] + (tokens + 1) * _GOLDEN)
    uniform = (_shifted(bits, 11).double() + 0.5) * 2.0**-53
    return -torch.log(-torch.log(uniform))


def _mix(words: Tensor) -> Tensor:
    """SplitMix64's finaliser on signed words, whose products wrap like unsigned ones."""
    words = (words ^ _shifted(words, 30)) * _MIX[0]
    words = (words ^ _shifted(words, 27)) * _MIX[1]
    return words ^ _shifted(words, 31)


def _shifted(words: Tensor, bits: int) -> Tensor:
    """A shift to the right that fills with zeros, which signed words do not have."""
    return (words >> bits) & ((1 << (64 - bits)) - 1)


def _continuations(
    scores: Tensor, tokens: Tensor, asks: Sequence[Ask], num_stop_tokens: int
) -> list[list[Candidate]]:
    """The candidates of each answer over all its beams, best first.

    The n largest of log-probability plus Gumbel noise are a draw of n without replacement. They go on
    sorted by score without the noise, as in transformers 4 (the study's time).
    """
    device, width = scores.device, scores.shape[1]
    so_far = torch.tensor([score for ask in asks for score in ask.scores], device=device)
    total = scores + so_far[:, None]
    noisy = total.double() + _noise(asks, tokens)
    most_beams = max(len(ask.scores) for ask in asks)
    places = [
        number * most_beams + beam for number, ask in enumerate(asks) for beam in range(len(ask.scores))
    ]
    spread = torch.full((len(asks) * most_beams, width), -torch.inf, dtype=torch.float64, device=device)
    spread[torch.tensor(places, device=device)] = noisy
    wanted = [num_candidates(ask.decoding.num_beams, num_stop_tokens) for ask in asks]
    found = torch.topk(spread.view(len(asks), -1), min(max(wanted), most_beams * width))
    row_of = torch.full((len(asks) * most_beams,), 0, device=device)
    row_of[torch.tensor(places, device=device)] = torch.arange(len(places), device=device)
    beams = found.indices // width
    rows = row_of.view(len(asks), most_beams).gather(1, beams)
    columns = found.indices % width
    is_there = found.values > -torch.inf
    best = total[rows, columns].masked_fill(~is_there, -torch.inf)
    ids = tokens[rows, columns]
    return [
        sorted(
            (
                Candidate(score, beam, token)
                for score, beam, token in zip(*columns_of, strict=True)
                if score > -float("inf")
            ),
            key=lambda candidate: -candidate.score,
        )
        for columns_of in (
            (scores_of[:count], beams_of[:count], ids_of[:count])
            for scores_of, beams_of, ids_of, count in zip(
                best.tolist(), beams.tolist(), ids.tolist(), wanted, strict=True
            )
        )
    ]
