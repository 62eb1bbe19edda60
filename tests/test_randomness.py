"""Draws are addressed by what they are for: nothing that happened before can change them."""

import math

import numpy as np
import pytest

from def_sim.randomness import Address, gumbel_noise, keyed_rng, noise_key
from def_sim.records import RequestKey

KEY = RequestKey(seed=1, respondent_id="r00003", item_id="wvs7.Q1", wording=0, call=0)
WORD = 2**64


def first_number(seed: int, *purpose: int | str) -> float:
    return float(keyed_rng(seed, *purpose).random())


def mix(word: int) -> int:
    """SplitMix64's published finaliser, in integers without a width."""
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB % WORD
    return word ^ (word >> 31)


def test_a_draw_does_not_depend_on_what_was_drawn_before() -> None:
    alone = first_number(1, "r00003", "place")
    keyed_rng(1, "r00002", "place").random(1000)
    assert first_number(1, "r00003", "place") == alone


def test_draws_do_not_depend_on_the_order_in_which_they_are_made() -> None:
    names = [f"r{index:05d}" for index in range(50)]
    forwards = {name: first_number(1, name, "place") for name in names}
    backwards = {name: first_number(1, name, "place") for name in reversed(names)}
    assert forwards == backwards
    assert len(set(forwards.values())) == 50


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b"), ("ab",)),
        (("ab", "c"), ("a", "bc")),
        (("a", ""), ("a",)),
        (("a", ""), ("", "a")),
        ((1,), ("1",)),
        ((1, 2), (12,)),
        ((1, 2), (2, 1)),
        (("str:a",), ("a",)),
    ],
)
def test_fields_of_an_address_are_not_confusable(
    one: tuple[int | str, ...], other: tuple[int | str, ...]
) -> None:
    assert first_number(7, *one) != first_number(7, *other)


def test_the_seed_is_part_of_the_address() -> None:
    assert first_number(1, "place") != first_number(2, "place")
    assert first_number(1, 2, "place") != first_number(2, 1, "place")


def test_an_address_keys_its_draws_by_all_its_fields() -> None:
    address = Address(1, "r00003", "wvs7.Q1", 0)
    expected = first_number(1, "r00003", "wvs7.Q1", 0, "forget")
    assert address.rng("forget").random() == expected
    assert address.rng("option order").random() != expected
    assert address.request_key(call=4) == RequestKey(1, "r00003", "wvs7.Q1", 0, 4)


def test_every_field_of_a_request_key_changes_its_noise() -> None:
    changed = [
        RequestKey(2, "r00003", "wvs7.Q1", 0, 0),
        RequestKey(1, "r00004", "wvs7.Q1", 0, 0),
        RequestKey(1, "r00003", "wvs7.Q2", 0, 0),
        RequestKey(1, "r00003", "wvs7.Q1", 1, 0),
        RequestKey(1, "r00003", "wvs7.Q1", 0, 1),
    ]
    assert len({noise_key(key) for key in [KEY, *changed]}) == 6


def test_stored_runs_can_be_repeated_by_later_versions() -> None:
    # Pinned: whoever changes one of these makes every earlier run unrepeatable.
    assert keyed_rng(1, "r00003", "place").bit_generator.random_raw(3).tolist() == [
        4560993550280622223,
        10053322174874716848,
        1421480623320770760,
    ]
    assert keyed_rng(1, "r00003", "place").integers(1000, size=5).tolist() == [12, 247, 835, 544, 469]
    order = keyed_rng(1, "r00003", "wvs7.Q1", 0, "option order").permutation(6)
    assert order.tolist() == [4, 2, 3, 0, 1, 5]
    assert noise_key(KEY) == 15255203082305817436


def test_token_noise_is_splitmix_of_each_field_in_turn() -> None:
    # Independent of numpy's arithmetic: Python's integers, reduced by hand.
    golden, tokens, state = 0x9E3779B97F4A7C15, [0, 7, 31999], noise_key(KEY)
    for field in (2, 1):  # step, then beam
        state = mix((state + golden * (field + 1)) % WORD)
    bits = [mix((state + golden * (token + 1)) % WORD) >> 11 for token in tokens]
    expected = [-math.log(-math.log((b + 0.5) / 2**53)) for b in bits]
    noise = gumbel_noise(noise_key(KEY), step=2, beam=1, tokens=np.array(tokens))
    assert noise.tolist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shape", [(), (1,), (50,), (4, 50), (2, 3, 5)])
def test_noise_has_the_shape_of_its_tokens(shape: tuple[int, ...]) -> None:
    tokens = np.arange(math.prod(shape)).reshape(shape)
    assert gumbel_noise(5, step=0, beam=0, tokens=tokens).shape == shape


def test_a_token_has_the_same_noise_among_any_candidates() -> None:
    few = gumbel_noise(5, step=3, beam=1, tokens=np.array([7, 900]))
    many = gumbel_noise(5, step=3, beam=1, tokens=np.arange(1000))
    assert few.tolist() == many[[7, 900]].tolist()


def test_steps_and_beams_do_not_collide() -> None:
    # A sum of step and beam would give (step 1, beam 0) the noise of (step 0, beam 1).
    tokens = np.arange(20)
    noise = [gumbel_noise(5, step=s, beam=b, tokens=tokens) for s in range(40) for b in range(6)]
    assert len(np.unique(np.concatenate(noise))) == 40 * 6 * 20


def chi_square_of_argmax(noise: np.ndarray, shares: np.ndarray) -> float:
    """Pearson's statistic of the winners of log share + noise, rows are draws."""
    winners = np.bincount((np.log(shares) + noise).argmax(axis=1), minlength=len(shares))
    expected = len(noise) * shares
    return float(((winners - expected) ** 2 / expected).sum())


@pytest.mark.parametrize("varies", ["token", "step", "beam", "key"])
def test_the_largest_of_logits_and_noise_is_a_draw_from_softmax(varies: str) -> None:
    # 100,000 draws over 5 candidates; chi-square with 4 degrees of freedom exceeds 23.5 once in 10,000.
    shares = np.array([0.5, 0.25, 0.15, 0.08, 0.02])
    num_calls = 1 if varies == "token" else 1000
    rows = 100_000 // num_calls
    tokens = np.arange(rows * 5).reshape(rows, 5)
    noise = [
        gumbel_noise(
            noise_key(RequestKey(1, f"r{i:05d}", "wvs7.Q1", 0)) if varies == "key" else 99,
            step=i if varies == "step" else 0,
            beam=i if varies == "beam" else 0,
            tokens=tokens,
        )
        for i in range(num_calls)
    ]
    assert chi_square_of_argmax(np.concatenate(noise), shares) < 23.5


def test_the_two_largest_are_a_draw_without_replacement() -> None:
    # P(first a, second b) = p_a * p_b / (1 - p_a), for 6 ordered pairs of 3 candidates: 5 degrees of
    # freedom, and 25.7 is exceeded once in 10,000.
    shares = np.array([0.6, 0.3, 0.1])
    noise = gumbel_noise(3, step=0, beam=0, tokens=np.arange(150_000).reshape(50_000, 3))
    first, second = (np.log(shares) + noise).argsort(axis=1)[:, ::-1][:, :2].T
    statistic = 0.0
    for a in range(3):
        for b in {0, 1, 2} - {a}:
            expected = 50_000 * shares[a] * shares[b] / (1 - shares[a])
            statistic += (((first == a) & (second == b)).sum() - expected) ** 2 / expected
    assert statistic < 25.7
