"""A shard's account on file, never behind what its requests may have cost.

It is written before requests are sent, and the file then has room for some more: with a write of its own
for each of thousands a slow disk would be waited for all the time. Knows no cap and no request.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from def_sim.engines.hosted.accounts import Totals, write_account
from def_sim.errors import StoreError

_SECONDS_BETWEEN_SAVES: Final = 1.0
_LEAST_USD: Final = 1e-12  # differences below are of rounding


class KeptAccount:
    """The file of one shard.

    Args:
        folder: Of the run.
        name: Of the shard.
        on_file_usd: The most that the file says now.
        totals: Says what was spent, and what requests under way may cost.
        room_usd: Says how much more may be put on file for requests to come.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        on_file_usd: float,
        *,
        totals: Callable[[], Totals],
        room_usd: Callable[[], float],
    ) -> None:
        self._folder, self._name = folder, name
        self._on_file_usd = on_file_usd
        self._totals, self._room_usd = totals, room_usd
        self._saved_at = float("-inf")
        self._later: asyncio.TimerHandle | None = None

    def keep_up(self) -> None:
        """Writes if more may have been spent than is on file, or if a second has passed.

        To be called before a request is sent and when one is settled.

        Raises:
            StoreError: It cannot be written; the request must not be sent.
        """
        totals = self._totals()
        is_covered = totals.most_usd <= self._on_file_usd + _LEAST_USD
        if is_covered and time.monotonic() - self._saved_at < _SECONDS_BETWEEN_SAVES:
            return
        room_usd = self._room_usd()
        self._write(replace(totals, usd_under_way=totals.usd_under_way + room_usd))
        if room_usd and self._later is None:
            self._look_again_in(_SECONDS_BETWEEN_SAVES)

    def save(self) -> None:
        """Writes what is so, without room.

        Raises:
            StoreError: It cannot be written.
        """
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self._write(self._totals())

    def _look_again_in(self, seconds: float) -> None:
        self._later = asyncio.get_running_loop().call_later(seconds, self._take_room_back)

    def _take_room_back(self) -> None:
        """Once nothing was written for a second: a kill while a batch is waited for loses no room."""
        self._later = None
        quiet_s = time.monotonic() - self._saved_at
        if quiet_s < _SECONDS_BETWEEN_SAVES:
            self._look_again_in(_SECONDS_BETWEEN_SAVES - quiet_s)
            return
        with suppress(StoreError):  # the file says too much, not too little; the next request meets the error
            self.save()

    def _write(self, totals: Totals) -> None:
        write_account(self._folder, self._name, totals)
        self._saved_at = time.monotonic()
        self._on_file_usd = totals.most_usd
