"""Only option codes, or their probabilities: held against scoring every code by itself."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rounding import share_tolerance
from transformers import AutoModelForCausalLM, AutoTokenizer

from def_sim.engines.local.engine import LocalEngine
from def_sim.engines.local.model import LocalModel
from def_sim.engines.local.settings import EngineSettings
from def_sim.errors import EngineError
from def_sim.records import AnswerMode, Completion, FinishReason, Request

MakeRequest = Callable[..., Request]
CODES = (7, 12, 1, 2)  # shuffled, as shown; "12" begins with the token of "1"


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


def ask(path: Path, requests: Sequence[Request], **settings: Any) -> list[Any]:
    async def run() -> list[Any]:
        engine = LocalEngine(str(path), dtype="float32", device="cpu", **settings)
        try:
            return await asyncio.gather(*map(engine.submit, requests), return_exceptions=True)
        finally:
            await engine.close()

    return asyncio.run(run())


def rounding_of_shares(checkpoint: Path) -> float:
    """What rounding can do to probabilities of option codes, as a share of them."""
    network: Any = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    with torch.inference_mode():
        logits = network(torch.arange(3, 60)[None]).logits
    return share_tolerance(network, logits, num_tokens=max(len(str(code)) for code in CODES))


def scored_one_by_one(checkpoint: Path, request: Request) -> dict[int, float]:
    """Each code's text put after the prompt and scored by a plain forward pass of its own."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    network: Any = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    turns = [{"role": str(m.role), "content": m.content} for m in request.messages]
    opened = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    ids = {
        code: tokenizer(f"{opened}Answer: {code}", add_special_tokens=False)["input_ids"]
        for code in request.option_codes
    }
    length = len(tokenizer(f"{opened}Answer:", add_special_tokens=False)["input_ids"])

    def log_probability(tokens: list[int]) -> float:
        with torch.inference_mode():
            scores = network(torch.tensor([tokens])).logits[0].double().log_softmax(-1)
        return sum(float(scores[place - 1, tokens[place]]) for place in range(length, len(tokens)))

    texts = {code: np.exp(log_probability(tokens)) for code, tokens in ids.items()}
    longer = {  # what of a code's text belongs to longer codes
        code: sum(texts[o] for o, other in ids.items() if o != code and other[: len(tokens)] == tokens)
        for code, tokens in ids.items()
    }
    shares = {code: texts[code] - longer[code] for code in texts}
    return {code: share / sum(shares.values()) for code, share in shares.items()}


def probing(make_request: MakeRequest, number: int, mode: AnswerMode, **decoding: Any) -> Request:
    return replace(make_request(number, **decoding), mode=mode, option_codes=CODES)


def test_twelve_begins_with_one_in_this_tokenizer(checkpoint: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    twelve, one = (tokenizer(f"Answer: {code}", add_special_tokens=False)["input_ids"] for code in (12, 1))
    assert twelve[: len(one)] == one
    assert len(twelve) == len(one) + 1


@pytest.mark.parametrize("number", range(4))
def test_probabilities_are_those_of_scoring_every_code_by_itself(
    checkpoint: Path, make_request: MakeRequest, number: int
) -> None:
    request = probing(make_request, number, AnswerMode.PROBABILITIES)
    [completion] = ask(checkpoint, [request])
    assert isinstance(completion, Completion)
    assert completion.option_probabilities is not None
    assert list(completion.option_probabilities) == list(CODES)
    expected = scored_one_by_one(checkpoint, request)
    assert completion.option_probabilities == pytest.approx(expected, rel=rounding_of_shares(checkpoint))


def test_they_are_the_same_in_any_company(checkpoint: Path, make_request: MakeRequest) -> None:
    probed = [probing(make_request, number, AnswerMode.PROBABILITIES) for number in range(4)]
    company = [make_request(number, num_beams=3) for number in range(10, 14)]
    together = ask(checkpoint, [*company, *probed])[4:]
    bound = rounding_of_shares(checkpoint)
    for request, completion in zip(probed, together, strict=True):
        [alone] = ask(checkpoint, [request])
        assert completion.option_probabilities == pytest.approx(alone.option_probabilities, rel=bound)
        assert completion.text == alone.text


def test_constrained_answers_are_a_code_and_nothing_else(checkpoint: Path, make_request: MakeRequest) -> None:
    greedy = probing(make_request, 1, AnswerMode.CONSTRAINED, do_sample=False, num_beams=4)
    [completion] = ask(checkpoint, [greedy])
    shares = scored_one_by_one(checkpoint, greedy)
    best = max(shares, key=lambda code: shares[code])
    assert completion.text == f"Answer: {best}"
    assert completion.finish_reason is FinishReason.STOP
    assert completion.option_probabilities is None  # not asked for


def test_constrained_draws_follow_the_probabilities(checkpoint: Path, make_request: MakeRequest) -> None:
    request = probing(make_request, 2, AnswerMode.CONSTRAINED, temperature=2.0)
    requests = [
        replace(request, key=replace(request.key, respondent_id=f"r{number:05d}")) for number in range(1500)
    ]
    texts = [completion.text for completion in ask(checkpoint, requests)]
    shares = scored_one_by_one(checkpoint, request)
    expected = np.sqrt([shares[code] for code in CODES])  # a temperature of two takes the root
    counts = np.array([texts.count(f"Answer: {code}") for code in CODES])
    assert counts.sum() == 1500
    # Three standard errors of each share.
    error = np.sqrt(expected / expected.sum() / 1500)
    assert (abs(counts / 1500 - expected / expected.sum()) < 3 * error).all()


def test_a_base_model_is_scored_after_its_anchor(checkpoint: Path, make_request: MakeRequest) -> None:
    request = probing(make_request, 0, AnswerMode.PROBABILITIES)
    [completion] = ask(checkpoint, [request], prompt_style="text")
    assert sum(completion.option_probabilities.values()) == pytest.approx(1)


def test_the_prompt_ends_where_the_codes_part(checkpoint: Path, make_request: MakeRequest) -> None:
    model = LocalModel(checkpoint, EngineSettings("", dtype="float32", device="cpu", prompt_style="chat"))
    prompt = model.prompt(probing(make_request, 0, AnswerMode.PROBABILITIES))
    assert prompt.codes is not None
    assert set(prompt.codes) == set(CODES)
    assert all(prompt.codes.values())
    free = model.prompt(make_request(0))
    assert prompt.token_ids[: len(free.token_ids)] == free.token_ids  # then comes the anchor


def test_that_a_model_has_no_slots_is_known_once_it_is_loaded(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("def_sim.engines.local.slot_support.try_slots", lambda network: ("it is odd", 0))

    async def before_and_after() -> tuple[bool, bool]:
        engine = LocalEngine(str(checkpoint), dtype="float32", device="cpu")
        before = engine.capabilities.constrained
        await engine.start()
        try:
            assert engine.describe()["loop"] == "generate (it is odd)"
            return before, engine.capabilities.constrained
        finally:
            await engine.close()

    assert asyncio.run(before_and_after()) == (True, False)


def test_without_slots_codes_are_refused_in_words(checkpoint: Path, make_request: MakeRequest) -> None:
    [failed] = ask(checkpoint, [probing(make_request, 0, AnswerMode.CONSTRAINED)], loop="generate")
    assert isinstance(failed, EngineError)
    assert "in free text only" in str(failed)
