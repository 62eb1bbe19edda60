"""Which parameters a server takes at all: those that it answers with an error are left out.

First everything is sent. A refusal that names parameters takes these away; one that names none is narrowed
down by halves. A limit of tokens that is refused is sent under its other name, or larger. Knows no SDK.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from def_sim.engines.hosted.failures import LimitError
from def_sim.engines.hosted.sampling_parameters import (
    AT_OPENAI,
    GENERATION_CONFIG,
    TOP_K,
    TOP_K_OFF,
    Dialect,
)
from def_sim.errors import EngineError

PROMPT: Final = "Write down ten random words, then ten random numbers."
MAX_TOKENS: Final = 16
ROOM_TO_THINK: Final = 512  # tokens, for an answer of one
_MOST_ROOM: Final = 2048
_MOST_STEPS: Final = 40


@dataclass(frozen=True, slots=True)
class Trial:
    """One request of a probe; the fields are those of `Dialect.body`, `more` is added to it."""

    prompt: str
    dialect: Dialect
    max_tokens: int = MAX_TOKENS
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the texts of all choices, whether with log-probabilities, and how thoughts came.

    `thought` is `open` (a thought is closed that the prompt opened), `parted` (by the server), `marked`,
    `none`, or `unknown` where the text was cut before anything could be seen.
    """

    texts: tuple[str, ...]
    has_logprobs: bool = False
    thought: str = "none"


Ask = Callable[[Trial], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Taken:
    """How a server can be asked, with its first reply.

    `max_tokens` is the smallest limit that was tried and taken; `remarks` are for the user.
    """

    dialect: Dialect
    reply: Reply
    max_tokens: int
    refused: frozenset[str]
    remarks: tuple[str, ...]


async def find_taken(ask: Ask, dialect: Dialect) -> Taken:
    """Finds what a server takes of all that may be sent.

    Raises:
        DefSimError: It fails, or refuses a request without any of the parameters.
    """
    search = _Search(ask, dialect)
    for _ in range(_MOST_STEPS):
        try:
            reply = await ask(search.trial)
        except EngineError as error:
            if error.retryable:
                raise
            await search.learn_from(error)
        else:
            return search.result(reply)
    raise AssertionError("each step takes something away")


class _Search:
    def __init__(self, ask: Ask, dialect: Dialect) -> None:
        self._ask = ask
        self._all = dialect.names
        self.trial = Trial(PROMPT, dialect, seed=1)  # so that a seed that is refused is found, too
        self._remarks: list[str] = []

    def result(self, reply: Reply) -> Taken:
        dialect = self.trial.dialect
        refused = self._all - dialect.names
        return Taken(_without_doubles(dialect), reply, self.trial.max_tokens, refused, tuple(self._remarks))

    async def learn_from(self, error: EngineError) -> None:
        """Changes the trial so that it may be taken; raises the error where nothing is left to change."""
        if isinstance(error, LimitError):
            self._change_limit(error)
            return
        dialect = self.trial.dialect
        named = {name for name in dialect.names if re.search(rf"(?<!\w){name}(?!\w)", error.message)}
        if TOP_K in named and dialect.top_k_off != TOP_K_OFF[-1]:
            following = TOP_K_OFF[TOP_K_OFF.index(dialect.top_k_off) + 1]
            self.trial = replace(self.trial, dialect=replace(dialect, top_k_off=following))
            named = named - {TOP_K}
        if named:
            self.trial = replace(self.trial, dialect=self.trial.dialect.without(named))
        elif self.trial.dialect is dialect:
            await self._narrow_down(error)

    def _change_limit(self, error: LimitError) -> None:
        name, dialect = error.refusal.name, self.trial.dialect
        if name is not None and name != dialect.token_limit:
            self.trial = replace(self.trial, dialect=replace(dialect, token_limit=name))
            self._remarks.append(
                f"The server takes the limit of tokens as {name}, and is sent that; "
                f"`model.engine.token_limit={name}` says so from the start."
            )
        elif error.refusal.kind == "too_small" and self.trial.max_tokens < _MOST_ROOM:
            self.trial = replace(self.trial, max_tokens=_MOST_ROOM)
        else:
            raise error

    async def _narrow_down(self, error: EngineError) -> None:
        """The server says no and not to what."""
        bare = replace(self.trial, dialect=self.trial.dialect.without(self._all))
        if self.trial.dialect.names and await self._is_taken(bare):
            taken = await self._taken_of(bare, sorted(self.trial.dialect.names))
            names = self.trial.dialect.names - frozenset(taken)
            if not names:  # each alone, but not all together: nothing more to learn
                raise error
            self.trial = replace(self.trial, dialect=self.trial.dialect.without(names))
        elif self.trial.max_tokens < _MOST_ROOM and await self._is_taken(
            replace(bare, max_tokens=_MOST_ROOM)
        ):
            self.trial = replace(self.trial, max_tokens=_MOST_ROOM)
        else:
            raise error

    async def _taken_of(self, bare: Trial, names: list[str]) -> list[str]:
        dialect = replace(bare.dialect, names=frozenset(names))
        if await self._is_taken(replace(bare, dialect=dialect)):
            return names
        if len(names) == 1:
            return []
        middle = len(names) // 2
        return await self._taken_of(bare, names[:middle]) + await self._taken_of(bare, names[middle:])

    async def _is_taken(self, trial: Trial) -> bool:
        try:
            await self._ask(trial)
        except EngineError as error:
            if error.retryable:
                raise
            return False
        return True


def _without_doubles(dialect: Dialect) -> Dialect:
    """One way to say a thing: `generation_config` where the single names are refused, else the names.

    Where the former is taken, a frequency penalty means a repetition penalty, and would overrule it.
    """
    if GENERATION_CONFIG in dialect.names:
        is_needed = "repetition_penalty" not in dialect.names
        return dialect.without(AT_OPENAI.keys() if is_needed else {GENERATION_CONFIG})
    return dialect
