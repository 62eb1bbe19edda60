"""A server's own sampling defaults are switched off where they can be, and named where they cannot."""

from dataclasses import replace
from typing import Any

import pytest
from hosted_examples import a_request, ask
from sampling_servers import LLAMA_CPP, OLLAMA, STRICT, VLLM, Kind, sampling_server

from def_sim.engines.hosted.draws import estimated_richness
from def_sim.engines.hosted.sampling_parameters import NEUTRAL
from def_sim.engines.openai_server import OpenAIServerEngine

pytestmark = pytest.mark.slow


def probed(kind: Kind, **settings: Any) -> tuple[dict[str, Any], dict[str, Any], int]:
    """What the engine says of itself, the body of its one request, and how many requests the probe made."""
    with sampling_server(kind) as (address, bodies):
        engine = OpenAIServerEngine(
            "m", base_url=address, deviations=["beams", "seed"], **{"max_retries": 0, **settings}
        )
        ask(engine, [a_request(1, top_k=0, max_new_tokens=6)])
        return engine.describe(), bodies[-1], len(bodies) - 1


@pytest.mark.parametrize("kind", [VLLM, LLAMA_CPP], ids=["vllm", "llama.cpp"])
def test_what_can_be_switched_off_is_and_needs_no_deviation(kind: Kind) -> None:
    described, body, num_requests = probed(kind)
    assert {described["probe"][name] for name in ("top_k", "top_p", "min_p")} == {"honoured"}
    assert described["probe"]["tail"] == "whole"
    assert set(described["deviations"]) == {"beams", "seed"}
    assert body.items() >= {"min_p": 0.0, "top_k": -1, "top_p": 1.0, "temperature": 1.0}.items()
    assert 80 <= num_requests <= 120  # about a hundred, as the configuration says


def test_defaults_that_a_server_does_not_let_go_are_deviations() -> None:
    described, _, _ = probed(OLLAMA, probes=True)
    assert (described["probe"]["min_p"], described["probe"]["top_k"]) == ("ignored", "ignored")
    assert described["probe"]["tail"] == "not seen"
    assert set(described["deviations"]) == {"beams", "seed", "truncation", "repetition"}


def test_a_server_without_limits_of_its_own_may_ignore_ours() -> None:
    described, _, _ = probed(replace(OLLAMA, defaults={}))
    assert (described["probe"]["min_p"], described["probe"]["tail"]) == ("ignored", "whole")
    assert set(described["deviations"]) == {"beams", "seed", "repetition"}


def test_parameters_that_are_refused_are_left_out_and_named() -> None:
    described, body, _ = probed(STRICT)
    assert {described["probe"][name] for name in ("top_k", "min_p", "repetition_penalty")} == {"refused"}
    assert body.keys() <= STRICT.knows | {"model", "messages", "max_tokens"}
    assert body.keys() >= {"temperature", "top_p", "presence_penalty", "frequency_penalty"}
    assert set(described["deviations"]) == {"beams", "seed", "truncation", "repetition"}


@pytest.mark.parametrize("hidden", [{"min_p": 0.05}, {"top_k": 64}, {"top_k": 20}], ids=str)
def test_each_hidden_limit_is_noticed_alone(hidden: dict[str, float]) -> None:
    described, _, _ = probed(Kind(defaults=hidden, knows=frozenset({"temperature", "top_p", "seed"})))
    assert described["probe"]["tail"] == "not seen"
    assert "truncation" in described["deviations"]


@pytest.mark.parametrize(("refused", "taken"), [((-1,), 0), ((-1, 0), 1_000_000)])
def test_top_k_is_off_in_the_value_that_the_server_takes(refused: tuple[float, ...], taken: int) -> None:
    described, body, _ = probed(replace(VLLM, refused_values={"top_k": refused}))
    assert described["probe"]["top_k"] == "honoured"
    assert body["top_k"] == taken


def test_without_a_probe_everything_is_sent() -> None:
    _, body, num_requests = probed(LLAMA_CPP, probes=False)
    assert num_requests == 0
    assert body.items() >= NEUTRAL.items()
    assert body["top_k"] == -1


def test_template_arguments_are_sent_and_in_the_manifest() -> None:
    described, body, _ = probed(VLLM, probes=False, template_arguments={"enable_thinking": False})
    assert body["chat_template_kwargs"] == described["template_arguments"] == {"enable_thinking": False}
    _, body, _ = probed(VLLM, probes=False)
    assert "chat_template_kwargs" not in body


@pytest.mark.parametrize(
    ("draws", "expected"),
    [
        # S + f1 (f1 - 1) / (2 (f2 + 1)): 1 token ten times; 4 new ones; 2 once and 1 twice.
        (["a"] * 10, 1.0),
        (["a", "b", "c", "d"], 4 + 4 * 3 / 2),
        (["a", "b", "c", "c"], 3 + 2 * 1 / (2 * 2)),
    ],
)
def test_richness_is_chaos_estimate(draws: list[str], expected: float) -> None:
    assert estimated_richness(draws) == expected
