"""Which parameters a server honours, found by asking it: a silent ignore is no error to a server.

Nine short requests. A parameter is "honoured", "ignored", "refused" (an error), or "unknown"
where the server's answers do not vary, so that nothing can be told. Knows no SDK.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from def_sim.errors import EngineError

PROMPT: Final = "Write down ten random words, then ten random numbers."
MAX_TOKENS: Final = 16
HONOURED, IGNORED, REFUSED, UNKNOWN = "honoured", "ignored", "refused", "unknown"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the texts of all choices, and whether log-probabilities were with them."""

    texts: tuple[str, ...]
    has_logprobs: bool = False


Ask = Callable[[Mapping[str, Any]], Awaitable[Reply]]


async def probe(ask: Ask) -> dict[str, str]:
    """Finding for `sampling` and each of `seed`, `top_k`, `logprobs`, `n`.

    Args:
        ask: Sends `PROMPT` at temperature 1 with further parameters. A refused one raises
            EngineError that is not retryable.

    Raises:
        DefSimError: The server fails without any parameter, too.
    """
    plain = [await ask({}) for _ in range(2)]
    seeded = [await _try(ask, {"seed": seed}) for seed in (1, 1, 2)]
    texts = {reply.texts for reply in (*plain, *seeded) if reply is not None}
    varies = len(texts) > 1
    narrow = [await _try(ask, {"top_k": 1}) for _ in range(2)]
    return {
        "sampling": HONOURED if varies else UNKNOWN,
        "seed": _same(seeded[0], seeded[1], varies),
        "top_k": _same(narrow[0], narrow[1], varies),
        "logprobs": _finding(await _try(ask, {"logprobs": True}), lambda reply: reply.has_logprobs),
        "n": _finding(await _try(ask, {"n": 2}), lambda reply: len(reply.texts) == 2),
    }


async def _try(ask: Ask, parameters: Mapping[str, Any]) -> Reply | None:
    try:
        return await ask(parameters)
    except EngineError as error:
        if error.retryable:
            raise
        return None


def _same(first: Reply | None, second: Reply | None, varies: bool) -> str:
    """Both replies must be equal where a parameter that removes chance is honoured."""
    if first is None or second is None:
        return REFUSED
    if first.texts != second.texts:
        return IGNORED
    return HONOURED if varies else UNKNOWN


def _finding(reply: Reply | None, is_there: Callable[[Reply], bool]) -> str:
    if reply is None:
        return REFUSED
    return HONOURED if is_there(reply) else IGNORED
