"""Every sampling parameter in the words of servers, so that none is left to their defaults.

Servers have defaults of their own: llama.cpp leaves out what is less than .05 as likely as the likeliest
token, vLLM and `transformers serve` take a model's generation_config.json, Ollama makes repetitions less
likely. Each of them is switched off by name. Which names a server takes is found out by `openai_probe`.
"""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from def_sim.records import DecodingConfig

TOP_K: Final = "top_k"
TOP_P: Final = "top_p"
SEED: Final = "seed"
TOP_K_OFF: Final = (-1, 0, 1_000_000)  # as vLLM and SGLang, as others, and for who wants a positive number
GENERATION_CONFIG: Final = "generation_config"  # transformers serve: all parameters as one JSON text
# What OpenAI itself takes beside temperature and top_p.
AT_OPENAI: Final[Mapping[str, Any]] = MappingProxyType({"presence_penalty": 0.0, "frequency_penalty": 0.0})
# Values that change nothing, by the name of the parameter, and who has it.
NEUTRAL: Final[Mapping[str, Any]] = MappingProxyType(
    {
        **AT_OPENAI,
        "min_p": 0.0,  # llama.cpp .05; vLLM, SGLang: the model's
        "repetition_penalty": 1.0,  # vLLM, SGLang, TGI: the model's
        "repeat_penalty": 1.0,  # llama.cpp, LM Studio; Ollama has 1.1
        "typical_p": 1.0,  # llama.cpp, TGI
        "min_tokens": 0,  # vLLM
        "length_penalty": 1.0,  # vLLM
        "no_repeat_ngram_size": 0,  # LMDeploy, text-generation-webui
        "top_n_sigma": -1.0,  # llama.cpp
        "xtc_probability": 0.0,  # llama.cpp and its kin, text-generation-webui
        "dry_multiplier": 0.0,
        "dynatemp_range": 0.0,
        "mirostat": 0,  # llama.cpp, Ollama
        "mirostat_mode": 0,  # text-generation-webui
        "top_a": 0.0,
        "tfs": 1.0,
        # llama.cpp: the order of transformers, where the temperature comes before every limit. Its own
        # order limits first; what is not in the list is not applied.
        "samplers": ["penalties", "temperature", "top_k", "top_p", "min_p"],
    }
)
# What transformers fills in from the model's own file where a request does not say.
_NEUTRAL_IN_TRANSFORMERS: Final = {
    "min_p": 0.0,
    "typical_p": 1.0,
    "repetition_penalty": 1.0,
    "encoder_repetition_penalty": 1.0,
    "epsilon_cutoff": 0.0,
    "eta_cutoff": 0.0,
    "no_repeat_ngram_size": 0,
    "num_beams": 1,
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a server wants its parameters.

    Args:
        names: Of the parameters of `NEUTRAL`, and `top_p`, `top_k`, `seed` and `generation_config`, that
            are sent.
        token_limit: Name of the limit on an answer.
        top_k_off: Value of top_k that switches it off.
        template_arguments: For the chat template, e.g. {"enable_thinking": False}.
    """

    names: frozenset[str]
    token_limit: str = "max_tokens"
    top_k_off: int = TOP_K_OFF[0]
    template_arguments: Mapping[str, Any] = field(default_factory=dict)

    def without(self, names: Set[str]) -> "Dialect":
        """The same with fewer parameters."""
        return replace(self, names=self.names - names)

    def can_say(self, name: str) -> bool:
        """Whether a value of that parameter reaches the server, by itself or in `generation_config`."""
        is_wrapped = name in _NEUTRAL_IN_TRANSFORMERS or name in (TOP_K, TOP_P)
        return name in self.names or (GENERATION_CONFIG in self.names and is_wrapped)

    def body(
        self, decoding: DecodingConfig, seed: int | None = None, changes: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The parameters of a request.

        Args:
            decoding: What is asked for; greedy is temperature 0.
            seed: Of this request; None: none is sent.
            changes: Other values than the neutral ones, for a probe; only names that are sent.
        """
        values = {name: value for name, value in NEUTRAL.items() if name in self.names}
        values |= {name: value for name, value in (changes or {}).items() if name in self.names}
        body: dict[str, Any] = {"temperature": decoding.temperature, **values}
        body[self.token_limit] = decoding.max_new_tokens
        if TOP_P in self.names:
            body[TOP_P] = decoding.top_p
        if TOP_K in self.names:
            body[TOP_K] = decoding.top_k or self.top_k_off
        if seed is not None and SEED in self.names:
            body[SEED] = seed
        if self.template_arguments:
            body["chat_template_kwargs"] = dict(self.template_arguments)
        if GENERATION_CONFIG in self.names:
            body[GENERATION_CONFIG] = _as_transformers(decoding, changes or {})
        return body


def _as_transformers(decoding: DecodingConfig, changes: Mapping[str, Any]) -> str:
    known = {name: value for name, value in changes.items() if name in _NEUTRAL_IN_TRANSFORMERS}
    config: dict[str, Any] = {
        **_NEUTRAL_IN_TRANSFORMERS,
        **known,
        "do_sample": decoding.do_sample and decoding.temperature > 0,
        "top_k": decoding.top_k,
        "top_p": decoding.top_p,
    }
    return json.dumps(config)


def dialect_of(
    *, is_openai: bool, token_limit: str, template_arguments: Mapping[str, Any] | None = None
) -> Dialect:
    """All that may be sent, before anything is known of a server."""
    names = AT_OPENAI if is_openai else {**NEUTRAL, TOP_K: 0, GENERATION_CONFIG: ""}
    return Dialect(
        frozenset({*names, TOP_P, SEED}),
        token_limit,
        template_arguments=dict(template_arguments or {}),
    )
