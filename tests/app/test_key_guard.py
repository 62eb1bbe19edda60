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


KEY = "a-key-that-looks-like-none-42"


@pytest.mark.parametrize("value", [KEY, f"http://localhost/{KEY}/v1", ["a", KEY], KEY[::-1]], ids=str)
def test_a_key_of_the_environment_is_refused_whatever_it_looks_like(
    value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    with pytest.raises(ConfigError, match="holds a key") as caught:
        refuse_keys({"model": {"label": value, "engine": {"key_variable": "MY_KEY"}}})
    assert KEY not in str(caught.value)


def test_a_key_that_is_a_word_may_stand_in_a_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "lm-studio")
    refuse_keys({"model": {"engine": {"key_variable": "MY_KEY", "label": "lm-studio"}}})
