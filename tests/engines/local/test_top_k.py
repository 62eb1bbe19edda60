"""Every way of choosing keeps and ranks equal scores by one rule, written here anew in plain Python.

Logits are enumerated on two or three levels, so that nearly all of them are equal to others. The levels lie
100 apart: what is below the top one adds nothing to a sum of exponentials in float32, so log-probabilities
are the same numbers wherever and in whatever order they are summed, and scores that should be equal are.
"""

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from importlib.util import find_spec
from math import log

import numpy as np
import pytest
import torch
from torch import Tensor

from def_sim.engines.local.batches.keyed_samplers import KeyedBeamSampler
from def_sim.engines.local.paged.board import Board, Kind
from def_sim.engines.local.paged.device_choice import decide
from def_sim.engines.local.paged.step_inputs import StepInputs
from def_sim.engines.local.sampling.beam_search import BeamSearch, Candidate, num_candidates
from def_sim.engines.local.sampling.token_choice import choose
from def_sim.engines.local.sampling.token_request import TokenRequest
from def_sim.engines.local.sampling.top_k import best_of_rows
from def_sim.engines.local.sampling.warping import warp_logits
from def_sim.randomness import gumbel_noise, noise_states
from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role

STOP = 1  # tokens that end a text
Chosen = list[tuple[int, int]]  # beam and token, best first
Chooser = Callable[[Tensor, Sequence[TokenRequest]], list[Chosen]]

GREEDY = DecodingConfig(do_sample=False)
DECODINGS = {
    "greedy": [GREEDY],
    "sampled": [DecodingConfig(top_k=k, temperature=0.5) for k in (0, 1, 2, 3, 4)],
    "beams that search": [DecodingConfig(num_beams=2, do_sample=False)],
    "beams that sample": [DecodingConfig(num_beams=2, top_k=k) for k in (1, 2, 3)],
}


def rows_of(levels: Sequence[float], num_tokens: int = 4) -> list[tuple[float, ...]]:
    """All rows of these levels whose largest logit is 0."""
    return [row for row in itertools.product(levels, repeat=num_tokens) if max(row) == 0]


def by_the_rule(rows: Sequence[Sequence[float]], request: TokenRequest) -> Chosen:
    """What one answer chooses of its rows of logits."""
    decoding = request.decoding
    found = []
    for beam, (row, so_far) in enumerate(zip(rows, request.scores, strict=True)):
        log_sum = log(sum(logit == 0 for logit in row)) if request.has_beams else 0.0
        kth = (
            sorted(row, reverse=True)[decoding.top_k - 1]
            if decoding.do_sample and decoding.top_k
            else -np.inf
        )
        noise = np.zeros(len(row))
        if decoding.do_sample:
            noise = gumbel_noise(request.noise_key, step=request.step, beam=beam, tokens=np.arange(len(row)))
        heat = decoding.temperature if decoding.do_sample else 1.0
        for token, logit in enumerate(row):
            if logit >= kth:
                score = (logit - log_sum) / heat + so_far
                found.append((score + noise[token], beam, token, score))
    found.sort(key=lambda one: (-one[0], one[1], one[2]))
    if not request.has_beams:
        return [(found[0][1], found[0][2])]
    best = found[: num_candidates(decoding.num_beams, STOP)]
    best.sort(key=lambda one: -one[3])  # stable
    return [(beam, token) for _, beam, token, _ in best]


def by_slots(logits: Tensor, requests: Sequence[TokenRequest]) -> list[Chosen]:
    chosen: list[Chosen] = []
    for choice in choose(logits, requests, num_stop_tokens=STOP):
        if isinstance(choice, int):
            chosen.append([(0, choice)])
        else:
            assert isinstance(choice, list)
            chosen.append([(candidate.beam, candidate.token) for candidate in choice])
    return chosen


def step_of(requests: Sequence[TokenRequest]) -> tuple[StepInputs, Board]:
    """The requests as a step of the paged loop has them; only what choosing looks at."""
    num_beams = [len(request.scores) for request in requests]
    per_row = [request for request in requests for _ in request.scores]
    beams = np.concatenate([np.arange(count) for count in num_beams])
    states = noise_states(
        np.array([request.noise_key for request in per_row], np.uint64),
        np.array([request.step for request in per_row]),
        beams,
    )
    nothing = torch.zeros(0, dtype=torch.int64)
    inputs = replace(
        StepInputs(**{field.name: nothing for field in fields(StepInputs)}),
        row_entry=torch.tensor([entry for entry, count in enumerate(num_beams) for _ in range(count)]),
        row_beam=torch.from_numpy(beams),
        temperature=torch.tensor([r.decoding.temperature for r in per_row], dtype=torch.float64),
        top_k=torch.tensor([r.decoding.top_k for r in per_row]),
        top_p=torch.ones(len(per_row), dtype=torch.float64),
        samples=torch.tensor([int(r.decoding.do_sample) for r in per_row]),
        state=torch.from_numpy(states.view(np.int64)),
        is_first=torch.zeros(len(per_row), dtype=torch.int64),
        has_beams=torch.tensor([int(r.has_beams) for r in per_row]),
        wanted=torch.tensor([num_candidates(n, STOP) if n > 1 else 1 for n in num_beams]),
        num_beams=torch.tensor(num_beams),
        is_active=torch.ones(len(requests), dtype=torch.int64),
        first_row=torch.tensor([0, *np.cumsum(num_beams)[:-1].tolist()]),
        rows_here=torch.tensor(num_beams),
    )
    board = Board.blank(len(requests), max(num_beams), torch.device("cpu"))
    for entry, request in enumerate(requests):
        board.scores[entry, : len(request.scores)] = torch.tensor(request.scores)
    return inputs, board


def in_pages(
    logits: Tensor, requests: Sequence[TokenRequest], *, uses_kernels: bool, has_top_p: bool = False
) -> list[Chosen]:
    inputs, board = step_of(requests)
    has_beams = any(request.has_beams for request in requests)
    kind = Kind(4 if has_beams else 1, 4, has_top_p=has_top_p, has_beams=has_beams, scores_codes=False)
    with np.errstate(all="ignore"):  # Triton's interpreter computes with numpy
        found = decide(logits, inputs, board, torch.tensor([10**6]), kind, uses_kernels=uses_kernels)
    return [
        [(int(beam), int(token)) for score, beam, token in entry if score > -np.inf]
        for entry in found.tolist()
    ]


def by_torch_in_pages(logits: Tensor, requests: Sequence[TokenRequest]) -> list[Chosen]:
    return in_pages(logits, requests, uses_kernels=False)


def by_torch_in_pages_beside_top_p(logits: Tensor, requests: Sequence[TokenRequest]) -> list[Chosen]:
    return in_pages(logits, requests, uses_kernels=False, has_top_p=True)


def by_kernels(logits: Tensor, requests: Sequence[TokenRequest]) -> list[Chosen]:
    return in_pages(logits, requests, uses_kernels=True)


def answers_of(kind: str, most: int = 10_000) -> list[tuple[list[tuple[float, ...]], TokenRequest]]:
    """Rows and requests of this kind, over all ties; or about so many of them, spread evenly."""
    answers: list[tuple[list[tuple[float, ...]], TokenRequest]] = []
    for number, decoding in enumerate(DECODINGS[kind]):
        if decoding.num_beams == 1:
            rows = rows_of((0.0, -1.0, -2.0))
            answers += [
                ([row], TokenRequest(decoding, 1000 * number + key, 3)) for key, row in enumerate(rows)
            ]
            continue
        for key, pair in enumerate(itertools.product(rows_of((0.0, -100.0)), repeat=2)):
            for scores in ((-0.5, -0.5), (-1.5, -0.5)):
                answers.append((list(pair), TokenRequest(decoding, 1000 * number + key, 3, scores)))
    return answers[:: len(answers) // most | 1]


def tensor_of(rows: list[tuple[float, ...]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float32)


@pytest.mark.parametrize("kind", DECODINGS)
@pytest.mark.parametrize(
    ("chooser", "most"),
    [
        (by_slots, 10_000),
        (by_torch_in_pages, 10_000),
        (by_torch_in_pages_beside_top_p, 10_000),
        pytest.param(
            by_kernels,
            30,  # an interpreter takes its time
            marks=[
                pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not installed"),
                pytest.mark.skipif("TRITON_INTERPRET" not in os.environ, reason="for the interpreter"),
            ],
        ),
    ],
)
def test_equal_scores_are_kept_and_ranked_by_one_rule(kind: str, chooser: Chooser, most: int) -> None:
    answers = answers_of(kind, most)
    logits = tensor_of([row for rows, _ in answers for row in rows])
    found = chooser(logits, [request for _, request in answers])
    for chosen, (rows, request) in zip(found, answers, strict=True):
        assert chosen == by_the_rule(rows, request), (rows, request)


@pytest.mark.parametrize("chooser", [by_slots, by_torch_in_pages])
@pytest.mark.parametrize("kind", ["greedy", "beams that search"])
def test_equals_far_apart_in_a_large_vocabulary_are_ranked_by_the_same_rule(
    kind: str, chooser: Chooser
) -> None:
    """There the largest are looked for in blocks of a vocabulary, whose order is not that of tokens."""
    places = (1999, 3, 700, 1500)  # of the enumerated tokens; hundreds of others are equal below them
    answers = answers_of(kind, most=60)
    wide = []
    for rows, _ in answers:
        for row in rows:
            full = np.full(2000, -100.0)
            full[list(places)] = row
            wide.append(tuple(full.tolist()))
    found = chooser(tensor_of(wide), [request for _, request in answers])
    rows_left = iter(wide)
    for chosen, (rows, request) in zip(found, answers, strict=True):
        assert chosen == by_the_rule([next(rows_left) for _ in rows], request)


def test_generate_draws_for_beams_by_the_same_rule() -> None:
    """Of what the processor rules out, at equal scores and without a text so far."""
    request = Request(
        (Message(Role.USER, ""),), DecodingConfig(num_beams=2, top_k=0), RequestKey(1, "r", "q", 0)
    )
    sampler = KeyedBeamSampler([request], prompt_length=3)
    for pair in itertools.product(rows_of((0.0, -np.inf)), repeat=2):
        accumulated = torch.tensor([[*pair[0], *pair[1]]])
        kept = sampler.keep_drawn(accumulated, length=3, num_drawn=4)
        drawn = torch.nonzero(kept[0] > -torch.inf).flatten().tolist()
        of_rule = TokenRequest(request.decoding, sampler._keys[0], 0, (0.0, 0.0))
        # The rule's scores are relative to the rows' sums, which are no part of this step.
        shifted = [log(sum(logit == 0 for logit in row)) for row in pair]
        expected = by_the_rule(pair, replace(of_rule, scores=tuple(shifted)))
        assert drawn == sorted(beam * 4 + token for beam, token in expected if pair[beam][token] == 0)


def test_top_p_drops_as_many_of_equals_as_their_share_allows() -> None:
    # Four equals of 1/4 each; at most .5 may go: two of them.
    warped = warp_logits(
        torch.zeros(1, 4), temperature=torch.ones(1), top_k=torch.zeros(1, dtype=torch.long),
        top_p=torch.tensor([0.5], dtype=torch.float64),
    )  # fmt: skip
    assert int((warped[0] > -torch.inf).sum()) == 2


def test_two_zeros_are_equal_whatever_their_sign() -> None:
    scores = torch.tensor([[-0.0, 0.0, -0.0, -1.0]], dtype=torch.float64)
    for has_noise in (False, True):
        values, tokens = best_of_rows(scores, 4, torch.tensor([has_noise]))
        assert values.tolist() == [[0.0, 0.0, 0.0, -1.0]]
        assert has_noise or tokens.tolist() == [[0, 1, 2, 3]]


def test_of_finished_texts_with_equal_scores_the_older_is_the_answer() -> None:
    search = BeamSearch(num_beams=2, max_new_tokens=2, stop_tokens=frozenset({9}))
    assert search.advance([Candidate(-0.5, 0, 9), Candidate(-1.0, 0, 4)]) is not None
    assert search.advance([Candidate(-1.0, 0, 5), Candidate(-1.0, 0, 6)]) is None  # -1 / 2 tokens
    assert search.best() == (9,)
