"""The bounds of `rounding.py` hold what rounding does and break at faults far smaller than any real one."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from rounding import furthest, logit_tolerance, share_tolerance, sum_tolerance
from test_slot_loop import ARCHITECTURES, llama, network_of

TOKENS = torch.arange(5, 45)[None]


def logits_of(network: Any) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = network(input_ids=TOKENS, use_cache=False).logits[0]
    return logits


def exact_logits_of(network: Any) -> torch.Tensor:
    """The same weights, computed with twice the digits."""
    exact = copy.deepcopy(network).double()
    if hasattr(exact.config, "num_local_experts"):
        exact.set_experts_implementation("eager")  # what multiplies all experts at once has no float64
    return logits_of(exact)


@pytest.fixture(params=sorted(ARCHITECTURES))
def network(request: pytest.FixtureRequest) -> Any:
    return network_of(ARCHITECTURES[request.param])


def test_float32_lies_within_the_bound_of_float64(network: Any) -> None:
    exact = exact_logits_of(network)
    off = furthest(logits_of(network), exact)
    assert 0 < off < logit_tolerance(network, exact, num_rounded=1)


def with_other_angles(network: Any) -> None:
    network.model.rotary_emb.inv_freq.mul_(1.001)


def with_another_scale_of_scores(network: Any) -> None:
    network.model.layers[0].self_attn.scaling *= 1.001


def with_another_norm(network: Any) -> None:
    network.model.norm.weight.data.mul_(1.001)


@pytest.mark.parametrize("fault", [with_other_angles, with_another_scale_of_scores, with_another_norm])
def test_a_fault_of_one_in_a_thousand_exceeds_it(fault: Callable[[Any], None]) -> None:
    network = network_of(llama)
    expected = logits_of(network)
    fault(network)
    assert furthest(logits_of(network), expected) > logit_tolerance(network, expected)


def test_one_key_that_is_not_seen_exceeds_it() -> None:
    network = network_of(llama)
    expected = logits_of(network)
    mask = torch.ones_like(TOKENS)
    mask[0, 7] = 0
    with torch.inference_mode():
        found = network(input_ids=TOKENS, attention_mask=mask, use_cache=False).logits[0]
    assert furthest(found[-1], expected[-1]) > logit_tolerance(network, expected)


def test_the_bound_of_a_sum_is_n_roundoffs_of_what_is_added() -> None:
    # 2^-24 is half of float32's epsilon; 1,000 terms, results up to 3, one side rounded.
    assert sum_tolerance(1000, 3.0, num_rounded=1) == 1000 * 2**-24 * 3
    assert sum_tolerance(1000, 3.0, num_sums=4) == 2 * 4 * 1000 * 2**-24 * 3
    assert sum_tolerance(1000, 3.0, dtype=torch.bfloat16) == 2 * 1000 * 2**-8 * 3


@pytest.mark.parametrize("order", ["as they come", "largest first", "in pairs"])
def test_a_sum_in_any_order_keeps_to_it(order: str) -> None:
    terms = torch.randn(4096, generator=torch.Generator().manual_seed(1))
    exact = float(terms.double().sum())
    if order == "largest first":
        terms = terms[terms.abs().argsort(descending=True)]
    total = torch.zeros(())
    if order == "in pairs":
        while len(terms) > 1:
            terms = terms[::2] + terms[1::2]
        total = terms[0]
    else:
        for term in terms:
            total = total + term
    assert abs(float(total) - exact) < sum_tolerance(4096, float(terms.abs().sum()), num_rounded=1)


def test_shares_of_longer_texts_may_be_further_off() -> None:
    network = network_of(llama)
    logits = logits_of(network)
    one, three = (share_tolerance(network, logits, num_tokens=number) for number in (1, 3))
    assert one == pytest.approx(2 * logit_tolerance(network, logits), rel=0.01)
    assert three == pytest.approx(3 * one, rel=0.01)


def test_what_is_not_a_number_lies_within_no_bound() -> None:
    assert not furthest(torch.tensor([1.0, torch.nan]), torch.tensor([1.0, 2.0])) < 1e9
    assert furthest(torch.tensor([1.0, torch.inf]), torch.tensor([1.0, 2.0])) == torch.inf
    assert furthest(torch.tensor([1.5, torch.inf]), torch.tensor([1.0, torch.inf])) == 0.5
