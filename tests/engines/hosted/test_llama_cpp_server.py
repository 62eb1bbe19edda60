"""A real llama.cpp server with a real model: it draws as asked, and not as its own defaults have it."""

import asyncio
import os
import socket
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hosted_examples import ask
from scipy.stats import chisquare

from def_sim.engines.openai_server import OpenAIServerEngine
from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role

sys.path.append(str(Path(__file__).parents[2]))
from real_model import smollm2_gguf

pytestmark = [pytest.mark.real, pytest.mark.slow]
xllamacpp = pytest.importorskip("xllamacpp", reason="needs xllamacpp, llama.cpp with its server")

PROMPT = "How important is family in your life? Answer with one word."
NUM_DRAWS = 400
LEAST_EXPECTED = 5.0  # of a cell of the test; tokens of fewer are counted together


@dataclass(frozen=True)
class Peer:
    """A running server, and the file that it serves."""

    address: str
    path: Path


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    path = smollm2_gguf()
    parameters = xllamacpp.CommonParams()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        parameters.port = free.getsockname()[1]
    parameters.model.path = str(path)
    parameters.hostnames = ["127.0.0.1"]
    parameters.n_parallel, parameters.n_ctx = 8, 8 * 512
    parameters.cpuparams.n_threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    server = xllamacpp.Server(parameters)
    yield Peer(f"http://127.0.0.1:{parameters.port}/v1", path)
    del server


@dataclass(frozen=True)
class FirstToken:
    """Logits of the first token by transformers, on the same weights in float32, and how each is written."""

    logits: Any
    texts: list[str]

    def shares(self, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> dict[str, float]:
        """Shares of first texts in the order of transformers: temperature, then top_k, then top_p.

        Tokens that are written alike are one text.
        """
        order = np.argsort(-self.logits)
        scaled = self.logits[order] / temperature
        shares = np.exp(scaled - scaled.max())
        if top_k:
            shares[top_k:] = 0
        shares /= shares.sum()
        shares[np.concatenate([[0.0], np.cumsum(shares)[:-1]]) >= top_p] = 0  # the one that reaches it stays
        shares /= shares.sum()
        expected: Counter[str] = Counter()
        for place in np.flatnonzero(shares):
            expected[self.texts[order[place]]] += shares[place]
        return dict(expected)


@pytest.fixture(scope="module")
def first(peer: Peer) -> FirstToken:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    folder, name = str(peer.path.parent), peer.path.name
    tokenizer: Any = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
    )
    turns = [{"role": "user", "content": PROMPT}]
    text = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    tokens = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        logits = model(tokens).logits[0, -1].double().numpy()
    return FirstToken(logits, [tokenizer.decode([token]) for token in range(len(logits))])


def first_tokens(engine: OpenAIServerEngine, decoding: DecodingConfig) -> list[str]:
    def a_draw(number: int) -> Request:
        key = RequestKey(seed=3, respondent_id=f"r{number:05d}", item_id="toy.family", wording=0)
        return Request((Message(Role.USER, PROMPT),), decoding, key)

    return [completion.text for completion in ask(engine, map(a_draw, range(NUM_DRAWS)))]


def p_value(draws: list[str], expected: Mapping[str, float]) -> float:
    """Of a chi-square test; texts that are expected fewer than five times are one cell."""
    counts = Counter(draws)
    named = [text for text, share in expected.items() if share * len(draws) >= LEAST_EXPECTED]
    observed = [counts[text] for text in named]
    shares = [expected[text] for text in named]
    rest = max(0.0, 1 - sum(shares))
    if rest * len(draws) >= LEAST_EXPECTED:
        observed, shares = [*observed, len(draws) - sum(observed)], [*shares, rest]
    scale = sum(observed) / (sum(shares) * len(draws))
    return float(chisquare(observed, np.array(shares) * len(draws) * scale).pvalue)


def an_engine(peer: Peer, **settings: Any) -> OpenAIServerEngine:
    return OpenAIServerEngine(
        "smollm2", base_url=peer.address, deviations=["beams", "seed"], **{"probes": False, **settings}
    )


@pytest.mark.parametrize(
    "limits",
    [{}, {"temperature": 1.3}, {"temperature": 1.3, "top_p": 0.9}, {"top_k": 8}],
    ids=lambda limits: " ".join(f"{name}={value}" for name, value in limits.items()) or "plain",
)
def test_first_tokens_are_drawn_from_the_models_own_distribution(
    limits: dict[str, Any], peer: Peer, first: FirstToken
) -> None:
    decoding = DecodingConfig(**{"top_k": 0, "max_new_tokens": 1, **limits})
    draws = first_tokens(an_engine(peer), decoding)
    assert p_value(draws, first.shares(**limits)) > 0.001


def test_left_to_its_defaults_the_server_leaves_unlikely_tokens_out(peer: Peer, first: FirstToken) -> None:
    plain, expected = first.shares(), first.shares(temperature=1.3)
    # Its limit is .05 of the likeliest; its arithmetic in 4 bit moves tokens that are near that.
    unlikely = {text for text, share in plain.items() if share < 0.02 * max(plain.values())}
    share = sum(expected[text] for text in unlikely)
    decoding = DecodingConfig(temperature=1.3, top_k=0, max_new_tokens=1)
    as_sent = first_tokens(an_engine(peer), decoding)
    engine = an_engine(peer)
    engine._findings = replace(
        engine._findings, dialect=engine._findings.dialect.without({"min_p", "samplers"})
    )
    by_default = first_tokens(engine, decoding)
    assert sum(text in unlikely for text in by_default) <= 1
    assert sum(text in unlikely for text in as_sent) > 0.5 * share * NUM_DRAWS > 5
    assert p_value(by_default, expected) < 0.001 < p_value(as_sent, expected)


def test_the_probe_finds_that_everything_can_be_had(peer: Peer) -> None:
    engine = an_engine(peer, probes=True)

    async def start() -> None:
        await engine.start()
        await engine.close()

    asyncio.run(start())
    described = engine.describe()
    found = described["probe"]
    assert isinstance(found, dict)
    limits = {name: found[name] for name in ("sampling", "top_k", "top_p", "min_p", "repeat_penalty")}
    assert set(limits.values()) == {"honoured"}, limits
    assert found["seed"] in (
        "honoured",
        "ignored",
    )  # its batches change the rounding, and so now and then a text
    assert (found["tail"], found["thought"]) == ("whole", "none")
    assert described["deviations"].keys() == {"beams", "seed"}  # type: ignore[attr-defined]


def test_the_probe_notices_a_limit_that_it_may_not_switch_off(peer: Peer) -> None:
    """The server as it is for who cannot name its parameters."""
    engine = an_engine(peer, probes=True)
    names = {"min_p", "samplers", "top_k", "repeat_penalty", "repetition_penalty"}
    engine._findings = type(engine._findings)(engine._findings.dialect.without(names))

    async def start() -> None:
        await engine.start()
        await engine.close()

    asyncio.run(start())
    assert engine.describe()["probe"]["tail"] == "not seen"  # type: ignore[index]
    assert {"truncation", "repetition"} <= engine.describe()["deviations"].keys()  # type: ignore[attr-defined]
