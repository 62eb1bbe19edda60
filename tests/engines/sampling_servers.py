"""Fakes of servers with sampling defaults of their own: a small language model behind the chat protocol.

The model is a table: the next token depends on whether the last one was said before. It is sampled as the
servers do, in their order and with their parameters, so that a limit or a penalty changes what comes.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from http_on_loopback import JsonHandler, serving

NUM_TOKENS = 20_000
PEAK = 12.0  # by how much the likeliest token stands above the others, in nats: .89 of the mass at T = 1


@dataclass(frozen=True)
class Kind:
    """How a server samples.

    Args:
        defaults: Values of its parameters where a request does not give them.
        knows: Parameters that a request may give; others are passed over.
        is_strict: Whether other parameters are an error, as with `transformers serve`.
        limits_first: Whether limits come before the temperature, as in llama.cpp.
        refused_values: Values that are an error, by parameter.
    """

    defaults: Mapping[str, float] = field(default_factory=dict)
    knows: frozenset[str] = frozenset()
    is_strict: bool = False
    limits_first: bool = False
    refused_values: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


_COMMON = frozenset({"temperature", "top_p", "seed", "frequency_penalty", "presence_penalty"})
_PROTOCOL = frozenset({"model", "messages", "max_tokens", "logprobs", "n"})
VLLM = Kind(
    defaults={"top_k": 20, "top_p": 0.8, "temperature": 0.7, "repetition_penalty": 1.05},
    knows=_COMMON | {"top_k", "min_p", "repetition_penalty"},
)
LLAMA_CPP = Kind(
    defaults={"top_k": 40, "top_p": 0.95, "temperature": 0.8, "min_p": 0.05},
    knows=_COMMON | {"top_k", "min_p", "repeat_penalty", "samplers"},
    limits_first=True,
)
OLLAMA = Kind(defaults={"top_k": 40, "top_p": 0.9, "temperature": 0.8, "repeat_penalty": 1.1}, knows=_COMMON)
STRICT = Kind(defaults={"top_k": 50}, knows=_COMMON, is_strict=True)


@contextmanager
def sampling_server(kind: Kind) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a server of that kind, and the bodies of the requests that it answers."""
    bodies: list[dict[str, Any]] = []
    with serving(_handler(kind, bodies)) as address:
        yield f"{address}/v1", bodies


def _handler(kind: Kind, bodies: list[dict[str, Any]]) -> type[JsonHandler]:
    class Handler(JsonHandler):
        def answer(self) -> None:
            body = self.body()
            if problem := _problem(kind, body):
                self.send_json(422, {"detail": problem})
            else:
                bodies.append(body)
                self.send_json(200, _reply(kind, body))

    return Handler


def _problem(kind: Kind, body: Mapping[str, Any]) -> str:
    unknown = sorted(body.keys() - kind.knows - _PROTOCOL)
    if kind.is_strict and unknown:
        return f"Unexpected fields in the request: {set(unknown)}"
    wrong = [name for name, values in kind.refused_values.items() if body.get(name) in values]
    return f"{wrong[0]} is out of range" if wrong else ""


def _reply(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    text, reason = _write(kind, body)
    message = {"role": "assistant", "content": text}
    return {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 5},
    }


def _write(kind: Kind, body: Mapping[str, Any]) -> tuple[str, str]:
    given = {name: value for name, value in body.items() if name in kind.knows}
    settings = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, **kind.defaults, **given}
    prompt = body["messages"][-1]["content"]
    seed = settings.get("seed")
    rng = np.random.default_rng([seed, len(prompt)] if seed is not None else None)
    base = np.random.default_rng(int(hashlib.sha256(prompt.encode()).hexdigest()[:8], 16))
    said: list[int] = []
    for _ in range(min(6, body["max_tokens"])):
        logits = base.normal(0.0, 0.3, NUM_TOKENS) + 1.0
        logits[7] = PEAK + 1  # the word that the prompt asks for, or to repeat
        if "random words, then" in prompt:
            logits[:30] = PEAK + 1  # any of some words will do
        said.append(_draw(_penalised(logits, said, settings), settings, rng, kind.limits_first))
    is_cut = body["max_tokens"] < 6
    return " ".join(f"w{token}" for token in said), "length" if is_cut else "stop"


def _penalised(logits: Any, said: list[int], settings: Mapping[str, Any]) -> Any:
    changed = logits.copy()
    before = [7, *said]  # the prompt holds it
    factor = settings.get("repetition_penalty", 1.0) * settings.get("repeat_penalty", 1.0)
    for token in set(before):
        changed[token] /= factor**4  # far enough that a penalty of 2 changes the likeliest
    for token in set(said):
        changed[token] -= 10 * (settings.get("presence_penalty", 0) + settings.get("frequency_penalty", 0))
    return changed


def _draw(logits: Any, settings: Mapping[str, Any], rng: Any, limits_first: bool) -> int:
    if settings["temperature"] == 0:
        return int(logits.argmax())
    scaled = logits / settings["temperature"]
    judged = logits if limits_first else scaled
    order = np.argsort(-judged)
    shares = np.exp(judged[order] - judged.max())
    shares /= shares.sum()
    is_kept = shares >= settings["min_p"] * shares[0]
    if settings["top_k"] > 0:
        is_kept[int(settings["top_k"]) :] = False
    is_kept &= np.concatenate([[0.0], np.cumsum(shares)[:-1]]) < settings["top_p"]
    kept = order[is_kept]
    weights = np.exp(scaled[kept] - scaled[kept].max())
    return int(rng.choice(kept, p=weights / weights.sum()))
