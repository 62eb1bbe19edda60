"""What looks like a key is refused, by its name or its form; what only resembles one is not."""

from typing import Any

import pytest

from def_sim.app.key_guard import refuse_keys
from def_sim.errors import ConfigError


@pytest.mark.parametrize(
    "engine",
    [
        {"api_key": None},  # the name alone: next time it would hold one
        {"apikey": "x"},
        {"OPENAI_API_KEY": "x"},
        {"headers": {"auth_token": "x"}},
        {"model_name": "sk-ant-api03-abcdefghijklmnop"},
        {"path": "hf_" + "a1" * 17},
    ],
    ids=str,
)
def test_a_key_is_refused_with_its_place_and_without_its_value(engine: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"`model\.engine\.") as caught:
        refuse_keys({"seed": 1, "model": {"engine": engine}})
    assert not any(
        value in str(caught.value) for value in engine.values() if isinstance(value, str) and value != "x"
    )


@pytest.mark.parametrize(
    "engine",
    [
        {"key_variable": "OPENAI_API_KEY"},
        {"path": "hf-internal-testing/tiny-random-LlamaForCausalLM"},
        {"revision": "ec5deb64f2c6e6fa90c1abf74a91d5c93a9669ca"},
        {"max_new_tokens": 512, "token_limit": "max_tokens", "monkey": "capuchin"},
        {"path": "/models/task-specific-model-of-ours"},
    ],
    ids=str,
)
def test_what_only_resembles_a_key_passes(engine: dict[str, Any]) -> None:
    refuse_keys({"model": {"engine": engine}})
