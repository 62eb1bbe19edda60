"""How many requests are under way at a provider: bounded, and adapted to what it bears.

Additive increase, multiplicative decrease, as TCP does: one more after each full round that
went well, half as many when the provider says "too many" or "overloaded", and nobody before
the time it names. Until the first refusal the number doubles with each round. Knows nothing
of requests.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

_AT_FIRST: Final = 8
_SECONDS_BETWEEN_CUTS: Final = 1.0  # refusals of one moment are one message, not many


class Pace:
    """Hands out turns; a turn is held while a request is under way.

    Args:
        most: Upper bound of turns held at once.
        clock: Seconds that only grow.
    """

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(most)
        self._limit = float(min(most, _AT_FIRST))
        self._clock = clock
        self._num_held = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._was_cut = False
        self._next_cut_at = float("-inf")
        self._closed_until = float("-inf")

    @property
    def limit(self) -> int:
        """Turns that may be held at once, now."""
        return int(self._limit)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a turn and holds it; first come, first served."""
        await self._take()
        try:
            yield
        finally:
            self._give_back()

    def went_well(self) -> None:
        """A request was answered: one more at once, or after a cut one more a round."""
        self._limit = min(self._most, self._limit + (1 / self._limit if self._was_cut else 1))
        self._wake()

    def was_refused(self, pause_s: float = 0.0) -> None:
        """The provider has too much to do: half as many at once, none for `pause_s` seconds."""
        now = self._clock()
        self._closed_until = max(self._closed_until, now + pause_s)
        if now < self._next_cut_at:
            return
        self._was_cut = True
        self._limit = max(1.0, self._limit / 2)
        self._next_cut_at = now + max(pause_s, _SECONDS_BETWEEN_CUTS)

    async def _take(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was handed over in the same moment
                self._give_back()
            raise

    def _give_back(self) -> None:
        self._num_held -= 1
        self._wake()

    def _wake(self) -> None:
        pause_s = self._closed_until - self._clock()
        if pause_s > 0 and self._waiting:
            asyncio.get_running_loop().call_later(pause_s, self._wake)
            return
        while self._waiting and self._num_held < self.limit:
            turn = self._waiting.popleft()
            if not turn.cancelled():
                self._num_held += 1
                turn.set_result(None)
