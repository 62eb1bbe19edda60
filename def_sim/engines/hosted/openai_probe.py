"""What a server takes, and what of it has an effect, found by asking: to ignore something is no error to it.

About a hundred short requests, most of a single token and side by side; eight at OpenAI itself. A
parameter is "honoured", "ignored", "refused" (an error), or "unknown" where nothing can be told, because
the answers do not vary or the model needs more room than a cheap request has. Knows no SDK.

- `taken.py` finds the parameters that are accepted.
- Limits on candidates: at the highest temperature nearly every token is new, as long as none is left out.
  With a limit at its extreme all are the same. So a limit that is honoured is told from one that is
  ignored, and whether unlikely tokens come at all (`tail`) from whether the server leaves some out by itself.
- Penalties: a text of repetitions, without chance, is another one with a penalty that is honoured.
- A short answer with room for a thought tells whether the template leaves a thought open.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from def_sim.engines.hosted.draws import estimated_richness
from def_sim.engines.hosted.sampling_parameters import SEED, TOP_K, TOP_K_OFF, TOP_P, Dialect
from def_sim.engines.hosted.taken import (
    MAX_TOKENS,
    PROMPT,
    ROOM_TO_THINK,
    Ask,
    Reply,
    Trial,
    find_taken,
)
from def_sim.errors import EngineError

__all__ = ["HONOURED", "IGNORED", "REFUSED", "UNKNOWN", "WHOLE", "Ask", "Findings", "Reply", "Trial", "probe"]

HONOURED, IGNORED, REFUSED, UNKNOWN = "honoured", "ignored", "refused", "unknown"
WHOLE, NOT_SEEN = "whole", "not seen"
# Certain of its likeliest word at temperature 1, so that any limit leaves few; at 2 the others together win.
_DRAW: Final = "Which town is the capital of France? Reply with that one word and no random others."
_REPEAT: Final = (
    "Write the word yes twelve times, with spaces between and no random other words: yes yes yes yes"
)
_DIGIT: Final = "Reply with one random digit, and write nothing else."
_NUM_DRAWS: Final = 64
_NUM_NARROW: Final = 8
_TEMPERATURES: Final = (2.0, 1.5, 1.0)
_MOST_CUT: Final = 4
_LEAST_RICH: Final = 200.0  # different tokens; servers' own limits leave 64 or fewer
_NARROW: Final[Mapping[str, Mapping[str, Any]]] = {
    TOP_K: {"top_k": 1},
    TOP_P: {"top_p": 0.001},
    "min_p": {"changes": {"min_p": 1.0}},
}
_PENALTIES: Final = {
    "repetition_penalty": 2.0,
    "repeat_penalty": 2.0,
    "frequency_penalty": 2.0,
    "presence_penalty": 2.0,
}


@dataclass(frozen=True, slots=True)
class Findings:
    """What a probe found.

    Args:
        dialect: How this server is asked from now on.
        found: Finding by name of the parameter; `sampling`, `tail` and `thought` besides.
        highest_temperature: That the server takes, as far as the interviews may need it.
        remarks: Sentences for the user.
    """

    dialect: Dialect
    found: Mapping[str, str] = field(default_factory=dict)
    highest_temperature: float = _TEMPERATURES[0]
    remarks: tuple[str, ...] = ()

    @property
    def truncates_unasked(self) -> bool:
        """Whether unlikely tokens may be left out though none of our parameters says so."""
        limits = [self.found.get(name) for name in _NARROW]
        if self.found.get(TOP_P) == IGNORED:
            return True
        return self.found.get("tail") == NOT_SEEN and any(finding != HONOURED for finding in limits)

    @property
    def penalises_unasked(self) -> bool:
        """Whether repetitions may be made less likely: no parameter has a say in that."""
        say = [self.found.get(name, UNKNOWN) for name in ("repetition_penalty", "repeat_penalty")]
        return HONOURED not in say and UNKNOWN not in say


async def probe(ask: Ask, dialect: Dialect, *, is_openai: bool = False) -> Findings:
    """Asks a server what it takes and honours.

    Args:
        ask: Sends a trial. A refused one raises EngineError that is not retryable.
        dialect: All that may be sent.
        is_openai: What OpenAI itself takes is documented and is not tried out.

    Raises:
        DefSimError: The server fails without any parameter, too.
    """
    taken = await find_taken(ask, dialect)
    trial = Trial(PROMPT, taken.dialect, max_tokens=taken.max_tokens)
    refused = dict.fromkeys(sorted(taken.refused), REFUSED)
    found = {**refused, **await _about_replies(ask, trial, taken.reply)}
    highest, remarks = _TEMPERATURES[0], list(taken.remarks)
    if taken.max_tokens > MAX_TOKENS:
        remarks.append(
            "The model refuses small limits of tokens, so what the server honours was not tried out: each "
            "try would take a long text."
        )
    elif not is_openai:
        drawn = await _about_limits(ask, taken.dialect, varies_elsewhere=found["sampling"] == HONOURED)
        taken = replace(taken, dialect=drawn.dialect)
        highest = drawn.highest_temperature
        found |= {**drawn.found, **await _about_penalties(ask, drawn.dialect)}
    found["thought"] = await _about_thoughts(ask, taken.dialect)
    return Findings(taken.dialect, found, highest, tuple(remarks))


async def _about_replies(ask: Ask, trial: Trial, plain: Reply) -> dict[str, str]:
    """Whether answers vary, and what a seed, `logprobs` and `n` change."""
    seeds = [1, 1, 2] if SEED in trial.dialect.names else []
    again, with_logprobs, with_two, *seeded = await asyncio.gather(
        ask(trial),
        _try(ask, replace(trial, more={"logprobs": True})),
        _try(ask, replace(trial, more={"n": 2})),
        *(_try(ask, replace(trial, seed=seed)) for seed in seeds),
    )
    texts = {reply.texts for reply in (plain, again, *seeded) if reply is not None}
    varies = len(texts) > 1
    return {
        "sampling": HONOURED if varies else UNKNOWN,
        SEED: _same(seeded[:2], varies) if seeded else REFUSED,
        "logprobs": _finding(with_logprobs, lambda reply: reply.has_logprobs),
        "n": _finding(with_two, lambda reply: len(reply.texts) == 2),
    }


async def _about_limits(ask: Ask, dialect: Dialect, *, varies_elsewhere: bool) -> Findings:
    """Which limits on candidates have an effect, and whether unlikely tokens come without them.

    Args:
        ask: Sends a trial.
        dialect: What the server takes.
        varies_elsewhere: Whether longer texts vary: then draws that never do have a limit on them.
    """
    highest = await _highest_temperature(ask, dialect)
    trial = Trial(_DRAW, dialect, max_tokens=1, temperature=highest)
    if highest == 0:  # not one token at a time
        return Findings(dialect, {**dict.fromkeys(_NARROW, UNKNOWN), "tail": UNKNOWN})
    texts = await _draw(ask, trial, _NUM_DRAWS)
    varies = len(set(texts)) > 1
    found = {}
    for name, extreme in _NARROW.items():
        found[name] = REFUSED
        if dialect.can_say(name):
            replies = await asyncio.gather(
                *(_try(ask, replace(trial, seed=seed, **extreme)) for seed in range(_NUM_NARROW))
            )
            found[name] = _same(replies, varies)
    if not varies:
        return Findings(dialect, {**found, "tail": NOT_SEEN if varies_elsewhere else UNKNOWN}, highest)
    is_whole = estimated_richness(texts) >= _LEAST_RICH
    if not is_whole and found[TOP_K] == HONOURED and TOP_K in dialect.names:
        # Perhaps the server takes the value for "off" as a default of its own.
        other = replace(dialect, top_k_off=next(value for value in TOP_K_OFF if value != dialect.top_k_off))
        if await _try(ask, replace(trial, dialect=other)) is not None:
            texts = await _draw(ask, replace(trial, dialect=other), _NUM_DRAWS)
            is_whole = estimated_richness(texts) >= _LEAST_RICH
            dialect = other if is_whole else dialect
    return Findings(dialect, {**found, "tail": WHOLE if is_whole else NOT_SEEN}, highest)


async def _highest_temperature(ask: Ask, dialect: Dialect) -> float:
    """The highest that is taken for a single token; 0 where none is."""
    for temperature in _TEMPERATURES:
        if await _try(ask, Trial(_DRAW, dialect, max_tokens=1, temperature=temperature)) is not None:
            return temperature
    return 0.0


async def _draw(ask: Ask, trial: Trial, number: int) -> list[str]:
    replies = await asyncio.gather(*(ask(replace(trial, seed=seed)) for seed in range(number)))
    return [reply.texts[0] for reply in replies]


async def _about_penalties(ask: Ask, dialect: Dialect) -> dict[str, str]:
    """Which penalties change a text of repetitions that is written without chance."""
    trial = Trial(_REPEAT, dialect, max_tokens=MAX_TOKENS, temperature=0.0, seed=1)
    asked = [name for name in _PENALTIES if dialect.can_say(name)]
    first, second, *penalised = await asyncio.gather(
        _try(ask, trial),
        _try(ask, trial),
        *(_try(ask, replace(trial, changes={name: _PENALTIES[name]})) for name in asked),
    )
    is_fixed = first is not None and second is not None and first.texts == second.texts
    found = dict.fromkeys(_PENALTIES, REFUSED)
    for name, reply in zip(asked, penalised, strict=True):
        if reply is not None:
            has_effect = first is None or reply.texts != first.texts
            found[name] = UNKNOWN if not is_fixed else HONOURED if has_effect else IGNORED
    return found


async def _about_thoughts(ask: Ask, dialect: Dialect) -> str:
    """How a thought comes, see `Reply`.

    A small model that does not think now and then fills all the room with digits, so one text that was
    cut says nothing yet.
    """
    for _ in range(_MOST_CUT):
        reply = await _try(ask, Trial(_DIGIT, dialect, max_tokens=ROOM_TO_THINK))
        if reply is None or reply.thought != UNKNOWN:
            break
    return UNKNOWN if reply is None else reply.thought


async def _try(ask: Ask, trial: Trial) -> Reply | None:
    """The reply; None where the trial is refused."""
    try:
        return await ask(trial)
    except EngineError as error:
        if error.retryable:
            raise
        return None


def _same(replies: Sequence[Reply | None], varies: bool) -> str:
    """All replies must be equal where a parameter that removes chance is honoured."""
    if None in replies:
        return REFUSED
    if len({reply.texts for reply in replies if reply is not None}) > 1:
        return IGNORED
    return HONOURED if varies else UNKNOWN


def _finding(reply: Reply | None, is_there: Callable[[Reply], bool]) -> str:
    if reply is None:
        return REFUSED
    return HONOURED if is_there(reply) else IGNORED
