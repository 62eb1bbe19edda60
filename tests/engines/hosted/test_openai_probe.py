"""The probe tells a parameter that is honoured from one that is ignored, refused, or cannot be told."""

import asyncio
import itertools
from collections.abc import Set
from dataclasses import replace
from typing import Any

import pytest

from def_sim.engines.hosted.failures import LimitError
from def_sim.engines.hosted.openai_probe import Findings, probe
from def_sim.engines.hosted.sampling_parameters import TOP_K_OFF, dialect_of
from def_sim.engines.hosted.taken import ROOM_TO_THINK, Reply, Trial
from def_sim.engines.hosted.token_limits import LimitRefusal
from def_sim.errors import EngineError
from def_sim.records import DecodingConfig

EVERYTHING = dialect_of(is_openai=False, token_limit="max_tokens")


class Server:
    """Answers by chance, unless a parameter that it honours forbids it."""

    def __init__(
        self,
        honours: Set[str] = frozenset(),
        refuses: Set[str] = frozenset(),
        *,
        is_dull: bool = False,
        names_it: bool = True,
        highest_temperature: float = 2.0,
    ) -> None:
        self.honours, self.refuses, self.is_dull, self.names_it = honours, refuses, is_dull, names_it
        self.highest_temperature = highest_temperature
        self.chance = itertools.count()
        self.num_asked = 0

    async def __call__(self, trial: Trial) -> Reply:
        self.num_asked += 1
        decoding = DecodingConfig(
            temperature=trial.temperature,
            top_k=trial.top_k,
            top_p=trial.top_p,
            max_new_tokens=trial.max_tokens,
        )
        body = {**trial.dialect.body(decoding, trial.seed, trial.changes), **trial.more}
        self.check(trial, body)
        heard: dict[str, Any] = {name: value for name, value in body.items() if name in self.honours}
        return Reply((self.text(trial, heard),) * heard.get("n", 1), has_logprobs="logprobs" in heard)

    def check(self, trial: Trial, body: dict[str, Any]) -> None:
        if refused := self.refuses & body.keys():
            raise EngineError(f"Unrecognized request argument: {min(refused)}" if self.names_it else "No.")
        if trial.temperature > self.highest_temperature:
            raise EngineError("temperature is out of range")

    def text(self, trial: Trial, heard: dict[str, Any]) -> str:
        penalties = {name: value for name, value in heard.items() if "penalty" in name and value > 1}
        if trial.temperature == 0:
            return f"yes yes {penalties}"
        is_narrow = heard.get("top_k") == 1 or heard.get("top_p", 1) < 0.01 or heard.get("min_p", 0) == 1
        if self.is_dull or is_narrow:
            return "always the same"
        return f"seed {heard['seed']}" if "seed" in heard else f"chance {next(self.chance)}"


def findings(server: Any, **settings: Any) -> Findings:
    return asyncio.run(probe(server, EVERYTHING, **settings))


PARAMETERS = ("seed", "top_k", "top_p", "min_p", "logprobs", "n", "repetition_penalty", "repeat_penalty")


@pytest.mark.parametrize("name", PARAMETERS)
def test_each_parameter_is_judged_by_itself(name: str) -> None:
    found = findings(Server(honours={name})).found
    assert found["sampling"] == "honoured"
    assert found[name] == "honoured"
    assert {found[other] for other in PARAMETERS if other != name} == {"ignored"}


@pytest.mark.parametrize("names_it", [True, False], ids=["named", "unnamed"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_refused_parameter_is_no_failure_and_is_not_sent_again(name: str, names_it: bool) -> None:
    # `generation_config` would say it in another way, which few servers know.
    server = Server(set(PARAMETERS), {name, "generation_config"}, names_it=names_it)
    result = findings(server)
    assert result.found[name] == "refused"
    assert name not in result.dialect.names
    assert {result.found[other] for other in PARAMETERS if other != name} == {"honoured"}
    assert server.num_asked < 150


def test_several_refused_ones_without_a_name_are_all_found() -> None:
    refused = {"min_p", "samplers", "tfs", "mirostat", "generation_config"}
    result = findings(Server(set(PARAMETERS), refused, names_it=False))
    assert EVERYTHING.names - result.dialect.names == refused


def test_a_server_that_always_says_the_same_leaves_it_open_what_it_honours() -> None:
    result = findings(Server(is_dull=True))
    assert {result.found[name] for name in ("sampling", "seed", "top_k", "tail")} == {"unknown"}
    assert not result.truncates_unasked


def test_a_lower_highest_temperature_is_found() -> None:
    assert findings(Server(highest_temperature=1.5)).highest_temperature == 1.5
    assert findings(Server()).highest_temperature == 2.0


def test_of_openai_itself_only_what_is_not_documented_is_asked() -> None:
    server = Server({"seed"})
    asyncio.run(probe(server, dialect_of(is_openai=True, token_limit="max_tokens"), is_openai=True))
    assert server.num_asked == 8  # as its configuration says


class Limited(Server):
    """Takes no small limits, or takes them under another name."""

    def __init__(self, refusal: LimitRefusal) -> None:
        super().__init__({"seed"})
        self.refusal = refusal

    def check(self, trial: Trial, body: dict[str, Any]) -> None:
        is_wrong = "max_tokens" in body if self.refusal.name else trial.max_tokens <= 64
        if is_wrong:
            raise LimitError("No.", self.refusal, fix="")


def test_the_other_name_of_the_limit_is_taken_and_said() -> None:
    result = findings(Limited(LimitRefusal("other_name", name="max_completion_tokens")))
    assert result.dialect.token_limit == "max_completion_tokens"
    assert "model.engine.token_limit=max_completion_tokens" in result.remarks[0]


def test_a_model_that_needs_room_to_think_is_asked_with_room_and_no_draws() -> None:
    server = Limited(LimitRefusal("too_small"))
    result = findings(server)
    assert server.num_asked < 12
    assert "not tried out" in result.remarks[0]
    assert result.found["seed"] == "honoured"


class Rambling(Server):
    """Fills all the room that it gets, the first times it is asked for a short answer."""

    def __init__(self, num_cut: int) -> None:
        super().__init__()
        self.num_cut = num_cut

    async def __call__(self, trial: Trial) -> Reply:
        reply = await super().__call__(trial)
        if trial.max_tokens < ROOM_TO_THINK:
            return reply
        self.num_cut -= 1
        return replace(reply, thought="unknown" if self.num_cut >= 0 else "none")


@pytest.mark.parametrize(("num_cut", "thought"), [(0, "none"), (3, "none"), (4, "unknown")])
def test_only_texts_that_are_cut_again_and_again_leave_it_open_how_a_thought_comes(
    num_cut: int, thought: str
) -> None:
    assert findings(Rambling(num_cut)).found["thought"] == thought


def test_a_server_that_fails_is_a_failure() -> None:
    async def down(trial: Trial) -> Reply:
        raise EngineError("cannot be reached", retryable=True)

    with pytest.raises(EngineError, match="cannot be reached"):
        findings(down)


def test_a_server_that_refuses_everything_is_the_error_that_it_names() -> None:
    async def closed(trial: Trial) -> Reply:
        raise EngineError("no entry")

    with pytest.raises(EngineError, match="no entry"):
        findings(closed)


def test_a_greedy_request_is_temperature_zero_in_every_dialect() -> None:
    decoding = DecodingConfig(do_sample=False, temperature=0.0, top_k=0)
    body = EVERYTHING.body(decoding, 5)
    assert (body["temperature"], body["top_k"], body["seed"]) == (0.0, TOP_K_OFF[0], 5)
    assert '"do_sample": false' in body["generation_config"]
    assert "seed" not in replace(EVERYTHING, names=frozenset()).body(decoding, 5)
