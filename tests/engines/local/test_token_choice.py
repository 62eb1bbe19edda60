"""The next tokens of a step: the right distribution, the right address, each row for itself."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from def_sim.engines.local.sampling.beam_search import BeamSearch, Candidate, num_candidates
from def_sim.engines.local.sampling.largest_logits import largest
from def_sim.engines.local.sampling.token_choice import choose
from def_sim.engines.local.sampling.token_noise import noise_by_torch, token_noise
from def_sim.engines.local.sampling.token_request import TokenRequest
from def_sim.engines.local.sampling.warping import warp_logits
from def_sim.randomness import gumbel_noise, keyed_rng, noise_states
from def_sim.records import DecodingConfig

SAMPLED = DecodingConfig(top_k=0)


def keys(count: int) -> list[int]:
    return [int(word) for word in keyed_rng(1, "keys").integers(0, 2**63, size=count)]


@pytest.mark.parametrize("noise_of_tokens", [token_noise, noise_by_torch])
def test_the_noise_is_that_of_its_address_bit_for_bit_before_the_logarithm(
    noise_of_tokens: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> None:
    tokens = torch.tensor([[0, 1, 2, 31_999], [5, 128_255, 7, 0]])
    noise_keys, steps, beams = keys(2), [0, 511], [0, 4]
    states = noise_states(np.array(noise_keys, dtype=np.uint64), np.array(steps), np.array(beams))
    found = noise_of_tokens(torch.as_tensor(states.view(np.int64)), tokens)
    for row in range(2):
        expected = gumbel_noise(noise_keys[row], step=steps[row], beam=beams[row], tokens=tokens[row].numpy())
        np.testing.assert_allclose(found[row].numpy(), expected, rtol=1e-14)


@pytest.mark.slow
def test_one_hundred_thousand_draws_follow_the_softmax() -> None:
    logits = torch.tensor([1.2, -0.3, 0.0, 2.1, -1.0, 0.7, 0.71])
    counts = np.zeros(7)
    all_keys = keys(100_000)
    for begin in range(0, len(all_keys), 1000):
        requests = [TokenRequest(SAMPLED, key, step=3) for key in all_keys[begin : begin + 1000]]
        tokens = choose(logits.expand(1000, 7), requests, num_stop_tokens=1)
        counts += np.bincount(tokens, minlength=7)  # type: ignore[arg-type]
    expected = logits.double().softmax(-1).numpy() * 100_000
    # Fixed keys: this is one number, not a coin that may fall wrong tomorrow.
    assert stats.chisquare(counts, expected).pvalue > 0.01


def test_top_k_with_ties_at_the_last_place_draws_from_all_of_them() -> None:
    # top_k = 2 of 3, 2, 2, ..., 2: transformers keeps every token that ties with the second.
    logits = torch.cat([torch.tensor([3.0]), torch.full((300,), 2.0), torch.full((400,), -1.0)])
    decoding = replace(SAMPLED, top_k=2)
    requests = [TokenRequest(decoding, key, step=0) for key in keys(3000)]
    tokens = np.array(choose(logits.expand(3000, -1), requests, num_stop_tokens=1))
    assert set(tokens) <= set(range(301))
    assert len(set(tokens)) > 290


@pytest.mark.parametrize("vocabulary", [5, 90, 8000, 32_003, 151_936])
@pytest.mark.parametrize("step", [0.0, 0.5])
def test_the_largest_are_those_of_a_sort_with_all_their_equals(vocabulary: int, step: float) -> None:
    torch.manual_seed(vocabulary)
    logits = torch.randn(6, vocabulary)
    if step:
        logits = torch.round(logits / step) * step
    logits[5, 3:] = -torch.inf
    for count in (1, 4, 64):
        found = largest(logits, count)
        falling = logits.sort(descending=True).values[:, : min(count, vocabulary)].numpy()
        for row in range(6):
            is_one = found.values[row] > -np.inf
            tokens, values = found.tokens[row][is_one], found.values[row][is_one]
            assert found.least[row] <= falling[row][falling[row] > -np.inf].min()
            # Exactly the tokens that are as large as the least, each once.
            expected = np.flatnonzero((logits[row] >= float(found.least[row])).numpy())
            assert sorted(tokens.tolist()) == expected.tolist()
            assert np.array_equal(values, logits[row].numpy()[tokens])


def test_of_a_row_without_numbers_nothing_is_the_largest() -> None:
    found = largest(torch.full((1, 8000), torch.nan), 4)
    assert found.values.tolist() == [[-np.inf]]


def test_a_rows_token_is_the_largest_of_warped_logit_plus_noise_whatever_stands_beside_it() -> None:
    torch.manual_seed(2)
    logits = torch.randn(4, 5000) * 3
    decodings = [
        DecodingConfig(do_sample=False),
        DecodingConfig(temperature=0.7, top_k=50, top_p=0.9),
        DecodingConfig(top_k=5),
        DecodingConfig(top_k=0, top_p=0.5),
    ]
    requests = [TokenRequest(decoding, key, step=7) for decoding, key in zip(decodings, keys(4), strict=True)]
    together = choose(logits, requests, num_stop_tokens=1)
    assert together[0] == int(logits[0].argmax())
    for row in (1, 2, 3):
        decoding = decodings[row]
        warped = warp_logits(
            logits[row : row + 1],
            temperature=torch.tensor([decoding.temperature]),
            top_k=torch.tensor([decoding.top_k]),
            top_p=torch.tensor([decoding.top_p], dtype=torch.float64),
        )[0]
        noise = gumbel_noise(requests[row].noise_key, step=7, beam=0, tokens=np.arange(5000))
        assert together[row] == int((warped.double().numpy() + noise).argmax())
        assert choose(logits[row : row + 1], requests[row : row + 1], num_stop_tokens=1) == [together[row]]


def test_beams_draw_as_an_enumeration_of_a_vocabulary_of_five_says() -> None:
    """Two beams, five tokens, four draws without replacement from ten continuations."""
    logits = torch.tensor([[0.5, 1.5, -0.5, 0.0, 1.0], [2.0, 0.1, 0.3, -1.0, 0.2]])
    scores = (-0.4, -1.1)
    decoding = DecodingConfig(num_beams=2, top_k=0)
    log_probabilities = (logits.double().log_softmax(-1) + torch.tensor(scores)[:, None]).flatten().numpy()
    weights = np.exp(log_probabilities)
    # P(a set) is the sum over its orders of drawing one after the other in proportion to weight.
    expected: dict[frozenset[int], float] = {}
    for order in itertools.permutations(range(10), 4):
        probability, left = 1.0, weights.sum()
        for place in order:
            probability *= weights[place] / left
            left -= weights[place]
        drawn = frozenset(order)
        expected[drawn] = expected.get(drawn, 0.0) + probability
    assert sum(expected.values()) == pytest.approx(1)

    num_draws = 40_000
    counts = dict.fromkeys(expected, 0)
    for begin in range(0, num_draws, 2000):
        requests = [TokenRequest(decoding, key, 5, scores) for key in keys(num_draws)[begin : begin + 2000]]
        for candidates in choose(logits.repeat(2000, 1), requests, num_stop_tokens=1):
            assert isinstance(candidates, list)
            assert [c.score for c in candidates] == sorted((c.score for c in candidates), reverse=True)
            counts[frozenset(c.beam * 5 + c.token for c in candidates)] += 1
    frequent = [drawn for drawn, probability in expected.items() if probability * num_draws >= 5]
    rare = 1 - sum(expected[drawn] for drawn in frequent)
    observed = [counts[drawn] for drawn in frequent]
    observed.append(num_draws - sum(observed))
    probabilities = [*(expected[drawn] for drawn in frequent), rare]
    assert stats.chisquare(observed, np.array(probabilities) * num_draws).pvalue > 0.01


def test_beam_search_takes_the_best_continuations_of_all_beams() -> None:
    logits = torch.log(torch.tensor([[0.6, 0.3, 0.1], [0.1, 0.1, 0.8]]))
    request = TokenRequest(DecodingConfig(num_beams=2, do_sample=False), 0, 1, (np.log(0.5), np.log(0.4)))
    [candidates] = choose(logits, [request], num_stop_tokens=1)
    # .4 x .8 = .32, .5 x .6 = .30, .5 x .3 = .15, .5 x .1 = .05
    assert isinstance(candidates, list)
    assert [(c.beam, c.token) for c in candidates] == [(1, 2), (0, 0), (0, 1), (0, 2)]
    np.testing.assert_allclose(np.exp([c.score for c in candidates]), [0.32, 0.30, 0.15, 0.05], rtol=1e-6)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_row_that_is_not_finite_spoils_its_own_answer_alone(bad: float) -> None:
    logits = torch.zeros(4, 6)
    logits[:, 2] = 1.0
    logits[2] = bad
    greedy, beams = DecodingConfig(do_sample=False), DecodingConfig(num_beams=2, do_sample=False)
    requests = [
        TokenRequest(greedy, 0, 0),
        TokenRequest(beams, 0, 1, (0.0, -1.0)),
        TokenRequest(greedy, 0, 0),
    ]
    chosen = choose(logits, requests, num_stop_tokens=1)
    assert chosen == [2, None, 2]


def test_an_answer_ends_when_no_running_beam_can_still_get_among_the_finished() -> None:
    search = BeamSearch(num_beams=2, max_new_tokens=10, stop_tokens=frozenset({9}))
    going_on = search.advance([Candidate(-0.1, 0, 9), Candidate(-0.5, 0, 4), Candidate(-0.9, 0, 5)])
    # One finished at -0.1; two beams go on.
    assert going_on is not None
    assert (going_on.tokens, going_on.parents) == ((4, 5), (0, 0))
    ended = search.advance([Candidate(-0.7, 0, 9), Candidate(-1.6, 1, 6), Candidate(-1.8, 1, 9)])
    # Finished now: -0.1 and -0.7 / 2 = -0.35. The best that runs has -1.6 / 2 = -0.8: it is over.
    assert ended is None
    assert search.best() == (9,)


def test_a_text_that_ends_below_the_first_num_beams_does_not_count() -> None:
    search = BeamSearch(num_beams=1, max_new_tokens=2, stop_tokens=frozenset({9}))
    going_on = search.advance([Candidate(-0.1, 0, 4), Candidate(-0.2, 0, 9)])
    assert going_on is not None
    assert search.advance([Candidate(-0.4, 0, 5), Candidate(-0.5, 0, 9)]) is None  # the last step
    assert search.best() == (4, 5)


def test_beams_look_at_enough_candidates_to_go_on_if_all_the_best_end() -> None:
    assert num_candidates(3, 1) == 6
    assert num_candidates(3, 4) == 15
    assert num_candidates(3, 0) == 6


def searching(num_beams: int) -> TokenRequest:
    decoding = DecodingConfig(num_beams=num_beams, do_sample=False)
    return TokenRequest(decoding, noise_key=1, step=4, scores=tuple(-0.5 * beam for beam in range(num_beams)))


@pytest.mark.parametrize("top_p", [1.0, 0.6])
@pytest.mark.parametrize("kind", ["searched", "drawn", "single"])
def test_where_many_logits_are_equal_a_choice_does_not_depend_on_who_else_is_in_the_step(
    kind: str, top_p: float
) -> None:
    """As in 16 bit, where the steps between large numbers are wide."""
    generator = torch.Generator().manual_seed(3)
    drawing = DecodingConfig(top_k=20, top_p=top_p)
    first, other = {
        "searched": (searching(2), searching(5)),
        "drawn": (
            TokenRequest(replace(drawing, num_beams=2), 7, 3, (0.0, -0.25)),
            TokenRequest(replace(drawing, num_beams=3, top_k=300), 8, 3, (0.0, -0.5, -1.0)),
        ),
        "single": (TokenRequest(drawing, 7, 3), TokenRequest(replace(drawing, top_k=300), 8, 3)),
    }[kind]
    for _ in range(20):
        rows = len(first.scores) + len(other.scores)
        logits = (3 * torch.randn(rows, 32_000, generator=generator)).bfloat16().float()
        alone = choose(logits[: len(first.scores)], [first], num_stop_tokens=1)
        together = choose(logits, [first, other], num_stop_tokens=1)
        assert together[:1] == alone


def test_beams_search_the_best_of_all_rows_and_of_equals_the_lower_beam_then_the_lower_token() -> None:
    generator = torch.Generator().manual_seed(4)
    request = searching(3)
    for _ in range(5):
        logits = torch.round(3 * torch.randn(3, 5000, generator=generator))
        [found] = choose(logits, [request], num_stop_tokens=1)
        total = logits.log_softmax(dim=-1) + torch.tensor(request.scores)[:, None]
        every = [
            (-score, beam, token)
            for beam, row in enumerate(total.tolist())
            for token, score in enumerate(row)
        ]
        best = [(-score, beam, token) for score, beam, token in sorted(every)]
        assert found == best[:6]
        assert len({score for score, _, _ in best[:7]}) < 7  # some of them are equal
