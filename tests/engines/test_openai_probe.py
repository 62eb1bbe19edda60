"""The probe tells a parameter that is honoured from one that is ignored, refused, or cannot be told."""

import asyncio
import itertools
from collections.abc import Mapping, Set
from typing import Any

import pytest

from def_sim.engines.openai_probe import Reply, probe
from def_sim.errors import EngineError


class Server:
    """Answers by chance, unless a parameter that it honours forbids it."""

    def __init__(self, honours: Set[str], refuses: Set[str] = frozenset(), *, is_dull: bool = False) -> None:
        self.honours, self.refuses, self.is_dull = honours, refuses, is_dull
        self.chance = itertools.count()

    async def __call__(self, parameters: Mapping[str, Any]) -> Reply:
        if self.refuses & parameters.keys():
            raise EngineError("Unrecognized request argument")
        heard = {name: value for name, value in parameters.items() if name in self.honours}
        text = f"chance {next(self.chance)}"
        if self.is_dull or "top_k" in heard:
            text = "always the same"
        elif "seed" in heard:
            text = f"seed {heard['seed']}"
        return Reply((text,) * heard.get("n", 1), has_logprobs="logprobs" in heard)


def findings(server: Server) -> dict[str, str]:
    return asyncio.run(probe(server))


@pytest.mark.parametrize("name", ["seed", "top_k", "logprobs", "n"])
def test_each_parameter_is_judged_by_itself(name: str) -> None:
    found = findings(Server(honours={name}))
    assert found.pop("sampling") == "honoured"
    assert found.pop(name) == "honoured"
    assert set(found.values()) == {"ignored"}


@pytest.mark.parametrize("name", ["seed", "top_k", "logprobs", "n"])
def test_a_refused_parameter_is_no_failure_of_the_probe(name: str) -> None:
    found = findings(Server(honours={"seed", "top_k", "logprobs", "n"}, refuses={name}))
    assert found.pop(name) == "refused"
    assert set(found.values()) == {"honoured"}


def test_a_server_that_always_says_the_same_leaves_it_open_what_it_honours() -> None:
    found = findings(Server(honours=set(), is_dull=True))
    assert (found["sampling"], found["seed"], found["top_k"]) == ("unknown", "unknown", "unknown")


def test_a_server_that_fails_is_a_failure() -> None:
    async def down(parameters: Mapping[str, Any]) -> Reply:
        raise EngineError("cannot be reached", retryable=True)

    with pytest.raises(EngineError, match="cannot be reached"):
        asyncio.run(probe(down))
