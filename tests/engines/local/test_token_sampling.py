"""The warped distribution is that of transformers; the draw is keyed and has that distribution."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from def_sim.engines.local.batches.keyed_samplers import FiniteLogitsGuard, KeyedBeamSampler, KeyedSampler
from def_sim.engines.local.sampling.warping import warp_logits
from def_sim.randomness import gumbel_noise, noise_key
from def_sim.records import Request

MakeRequest = Callable[..., Request]
CPU = torch.device("cpu")


def reference(logits: torch.Tensor, temperature: float, top_k: int, top_p: float) -> torch.Tensor:
    """The warpers that `generate(do_sample=True)` applies, in its order."""
    ids = torch.zeros((1, 1), dtype=torch.long)
    if temperature != 1.0:
        logits = TemperatureLogitsWarper(temperature)(ids, logits)
    if top_k:
        logits = TopKLogitsWarper(top_k)(ids, logits)
    if top_p < 1:
        logits = TopPLogitsWarper(top_p)(ids, logits)
    return logits


def test_rows_are_warped_each_by_its_own_parameters_as_transformers_does() -> None:
    parameters = [
        (temperature, top_k, top_p)
        for temperature in (0.3, 1.0, 1.7)
        for top_k in (0, 1, 5, 50, 1000)
        for top_p in (0.05, 0.7, 0.95, 1.0)
    ]
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn((len(parameters), 200), generator=generator) * 3
    logits = logits.round(decimals=1)  # so that there are ties at every place
    temperature, top_k, top_p = zip(*parameters, strict=True)
    warped = warp_logits(
        logits,
        temperature=torch.tensor(temperature),
        top_k=torch.tensor(top_k),
        top_p=torch.tensor(top_p, dtype=torch.float64),
    )
    expected = torch.cat(
        [reference(logits[row : row + 1], *parameters[row]) for row in range(len(parameters))]
    )
    assert torch.equal(warped, expected)


def test_a_row_is_warped_the_same_whatever_stands_beside_it() -> None:
    logits = torch.randn((3, 60), generator=torch.Generator().manual_seed(2))
    beside = {"temperature": torch.tensor([0.5, 1.0, 2.0]), "top_k": torch.tensor([3, 0, 50])}
    together = warp_logits(logits, **beside, top_p=torch.tensor([1.0, 0.9, 0.5], dtype=torch.float64))
    alone = warp_logits(
        logits[1:2],
        temperature=torch.tensor([1.0]),
        top_k=torch.tensor([0]),
        top_p=torch.tensor([0.9], dtype=torch.float64),
    )
    assert torch.equal(together[1:2], alone)


def tokens_of(sampler: KeyedSampler, logits: torch.Tensor, length: int) -> list[int]:
    scores = sampler(torch.zeros((len(logits), length), dtype=torch.long), logits)
    assert int(torch.isfinite(scores).sum()) == len(logits)  # one token a row is left
    return scores.argmax(dim=-1).tolist()


def test_the_token_is_the_largest_of_logit_plus_the_noise_of_key_step_and_token(
    make_request: MakeRequest,
) -> None:
    request = make_request(5, top_k=0)
    logits = torch.randn((1, 40), generator=torch.Generator().manual_seed(3))
    for step in range(5):
        noise = gumbel_noise(noise_key(request.key), step=step, beam=0, tokens=np.arange(40))
        expected = int((logits[0].double().numpy() + noise).argmax())
        assert tokens_of(KeyedSampler([request], 7, CPU), logits, 7 + step) == [expected]


def test_greedy_rows_and_sampled_rows_share_a_batch(make_request: MakeRequest) -> None:
    requests = [make_request(0, do_sample=False), make_request(1), make_request(2, do_sample=False)]
    logits = torch.randn((3, 40), generator=torch.Generator().manual_seed(4))
    drawn = tokens_of(KeyedSampler(requests, 7, CPU), logits, 9)
    assert drawn[0] == int(logits[0].argmax())
    assert drawn[2] == int(logits[2].argmax())
    assert drawn[1:2] == tokens_of(KeyedSampler(requests[1:2], 7, CPU), logits[1:2], 9)


def test_draws_follow_the_softmax(make_request: MakeRequest) -> None:
    shares = np.array([0.5, 0.25, 0.15, 0.07, 0.03])
    requests = [make_request(number, num_exchanges=0, top_k=0) for number in range(4000)]
    logits = torch.tensor(np.log(shares), dtype=torch.float32).repeat(4000, 1)
    counts = Counter(tokens_of(KeyedSampler(requests, 3, CPU), logits, 3))
    chi_square = sum(
        (counts[token] - 4000 * share) ** 2 / (4000 * share) for token, share in enumerate(shares)
    )
    assert chi_square < 18.5  # 4 degrees of freedom: passed with probability .999


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_unusable_logits_end_their_own_request_and_leave_the_others(bad: float) -> None:
    logits = torch.randn((4, 10), generator=torch.Generator().manual_seed(5))
    logits[3, 6] = bad  # a beam of the second request
    guard = FiniteLogitsGuard(num_requests=2, num_beams=2, stop_token=1, prompt_length=5)
    scores = guard(torch.zeros((4, 8), dtype=torch.long), logits)
    assert guard.failed_at == {1: 3}  # the token at position 8 is the answer's fourth
    assert torch.equal(scores[:2], logits[:2])
    assert scores[2:].argmax(dim=-1).tolist() == [1, 1]
    assert torch.isfinite(scores).all()


def test_a_row_of_which_every_token_is_ruled_out_is_unusable() -> None:
    guard = FiniteLogitsGuard(num_requests=1, num_beams=1, stop_token=1, prompt_length=5)
    guard(torch.zeros((1, 5), dtype=torch.long), torch.full((1, 10), -torch.inf))
    assert guard.failed_at == {0: 0}


def test_single_tokens_ruled_out_are_no_failure() -> None:
    guard = FiniteLogitsGuard(num_requests=1, num_beams=1, stop_token=1, prompt_length=5)
    logits = torch.tensor([[0.0, -torch.inf, 1.0]])
    assert torch.equal(guard(torch.zeros((1, 5), dtype=torch.long), logits), logits)
    assert guard.failed_at == {}


def test_beams_draw_without_replacement_in_proportion_to_probability(make_request: MakeRequest) -> None:
    # Two beams over three tokens, two draws. Drawing i and then j has probability
    # p_i p_j / (1 - p_i); a set {i, j} has both orders.
    shares = np.array([0.30, 0.05, 0.25, 0.20, 0.0, 0.20])  # one candidate was warped out
    accumulated = torch.tensor(np.log(np.maximum(shares, 1e-300)))
    accumulated[4] = -torch.inf
    expected = {
        frozenset((i, j)): shares[i] * shares[j] * (1 / (1 - shares[i]) + 1 / (1 - shares[j]))
        for i in range(6)
        for j in range(i)
        if shares[i] * shares[j] > 0
    }
    assert sum(expected.values()) == pytest.approx(1.0)
    number = 6_000
    sampler = KeyedBeamSampler([make_request(n, num_beams=2) for n in range(number)], prompt_length=4)
    kept = sampler.keep_drawn(accumulated.expand(number, 6), length=7, num_drawn=2)
    drawn = Counter(frozenset(torch.nonzero(row > -torch.inf).flatten().tolist()) for row in kept)
    assert set(drawn) == set(expected)
    chi_square = sum((drawn[s] - number * p) ** 2 / (number * p) for s, p in expected.items())
    assert chi_square < 27.9  # 99.9 % point at 9 degrees of freedom


def test_what_beams_draw_keeps_its_scores_and_depends_on_the_key_and_the_step_alone(
    make_request: MakeRequest,
) -> None:
    scores = torch.randn((3, 80), generator=torch.Generator().manual_seed(3)).log_softmax(dim=-1)
    requests = [make_request(number, num_beams=4) for number in range(3)]
    together = KeyedBeamSampler(requests, prompt_length=2).keep_drawn(scores, length=5, num_drawn=8)
    alone = KeyedBeamSampler(requests[1:2], prompt_length=2).keep_drawn(scores[1:2], length=5, num_drawn=8)
    padded = KeyedBeamSampler(requests[1:2], prompt_length=9).keep_drawn(scores[1:2], length=12, num_drawn=8)
    later = KeyedBeamSampler(requests[1:2], prompt_length=2).keep_drawn(scores[1:2], length=6, num_drawn=8)
    assert torch.equal(together[1:2], alone)
    assert torch.equal(alone, padded)
    assert not torch.equal(alone, later)
    is_kept = together > -torch.inf
    assert is_kept.sum(dim=1).tolist() == [8, 8, 8]
    assert torch.equal(together[is_kept], scores[is_kept])
