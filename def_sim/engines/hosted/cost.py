"""What a run has spent at a provider, and the cap on it.

A request reserves the most it can cost before it is sent, so that spending stays below the
cap whatever comes back: near the cap fewer requests are under way, and when the next one no
longer fits, those under way are answered and then the run stops. Several shards divide the cap
(`accounts`). Knows no provider.

Counted is what providers report. A request whose outcome is unknown (cut off, timed out,
cancelled, under way when its process was killed), or whose tokens are not reported, is counted at its most.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from def_sim.engines.hosted.accounts import Bill, Totals, clear_up, part_of_cap, read_accounts
from def_sim.engines.hosted.kept_account import KeptAccount
from def_sim.engines.hosted.prices import Price
from def_sim.errors import ConfigError, DefSimError, StoreError

_SECONDS_TO_STORE: Final = 0.1  # for answers that arrived last to be on file before the run stops
_LEAST_USD: Final = 1e-12  # differences below are of rounding


class CostCapError(DefSimError):
    """The run may not spend more; what is answered is kept."""


@runtime_checkable
class HasLedger(Protocol):
    """An engine that costs money."""

    @property
    def ledger(self) -> "Ledger":
        """What it has spent."""

    def keep_in(self, folder: Path, name: str, shards: Sequence[str] = ()) -> None:
        """Keeps its accounts in the folder of a run; see `Ledger.keep_in`."""


class Ledger:
    """Counts and caps the spending of one process.

    Args:
        price: None if not known or free: then only tokens are counted.
        cap_usd: Most that the run may spend, earlier commands of it included; several shards divide it.

    Raises:
        ConfigError: A cap without a price.
    """

    def __init__(self, price: Price | None, cap_usd: float | None = None) -> None:
        if cap_usd is not None and price is None:
            raise ConfigError(
                "model.engine.max_cost_usd is set, but no price of the model is known.",
                fix="Give both: `model.engine.input_usd_per_million=` and `output_usd_per_million=`.",
            )
        self.price = price
        self.cap_usd = cap_usd
        self.totals = Totals()
        self._part_usd = cap_usd
        self._num_shards = 1
        self._spent_elsewhere_usd = 0.0
        self._left_usd = 0.0  # most that requests may cost which were sent and left behind
        self._reserved_usd = 0.0
        self._num_under_way = 0
        self._is_exhausted = False
        self._settled = asyncio.Event()
        self._kept: KeptAccount | None = None

    @property
    def spent_usd(self) -> float:
        """By this run so far, as far as this process knows, at most."""
        return self._own_usd + self._spent_elsewhere_usd

    @property
    def _own_usd(self) -> float:
        return self.totals.usd + self._left_usd

    def keep_in(self, folder: Path, name: str, shards: Sequence[str] = ()) -> None:
        """Goes on with what the folder of a run says was spent, and writes it there from now on.

        Args:
            folder: The folder of the run.
            name: Of this process, e.g. `shard-00-of-04`; the other files are other processes'.
            shards: Names of all shards of the run, this one's among them, which divide the cap; empty: it
                is the only one.

        Raises:
            StoreError: A file there is damaged.
        """
        clear_up(folder)
        accounts, shards = read_accounts(folder), shards or (name,)
        if self.cap_usd is not None:
            self._part_usd = part_of_cap(self.cap_usd, accounts, shards)
        self._num_shards = len(shards)
        own = accounts.pop(name, Totals())
        self.totals, self._left_usd = replace(own, usd_under_way=0.0), own.usd_under_way
        self._kept = KeptAccount(folder, name, own.most_usd, totals=self._standing, room_usd=self._room_usd)
        self._spent_elsewhere_usd = sum(totals.most_usd for totals in accounts.values())

    @asynccontextmanager
    async def reserved(
        self, tokens_in: int, tokens_out: int, *, was_left: bool = False
    ) -> AsyncIterator[Bill]:
        """Holds the most a request can cost while it is under way; that is on file before it is sent.

        Args:
            tokens_in: Most it can read.
            tokens_out: Most it can write.
            was_left: It was sent before and left behind: what was counted for it then is not counted twice.

        Raises:
            CostCapError: It no longer fits below the cap, and nothing is under way any more.
            StoreError: The account cannot be written; the request must not be sent.
        """
        most_usd = self.price.cost_usd(tokens_in, tokens_out) if self.price else 0.0
        taken_up_usd = min(most_usd, self._left_usd) if was_left else 0.0
        self._left_usd -= taken_up_usd
        self._reserved_usd += taken_up_usd
        try:
            await self._reserve(most_usd - taken_up_usd)
        except BaseException:
            self._left_usd += taken_up_usd
            self._reserved_usd -= taken_up_usd
            raise
        self._num_under_way += 1
        bill = Bill(most_usd)
        try:
            bill.is_free()  # until it may be sent
            self._keep_up()  # a kill must not forget it
            bill.usd = most_usd
            yield bill
        finally:
            self._reserved_usd -= most_usd
            self._num_under_way -= 1
            self._left_usd += most_usd if bill.is_left else 0.0
            self._book(bill)

    async def _reserve(self, most_usd: float) -> None:
        part_usd = self._part_usd
        while part_usd is not None and (
            most_usd > _LEAST_USD
            and (self._is_exhausted or self._own_usd + self._reserved_usd + most_usd > part_usd)
        ):
            if self._num_under_way == 0:
                self._is_exhausted = True
                self._settled.set()
                await asyncio.sleep(_SECONDS_TO_STORE)
                raise self._exhausted(most_usd)
            self._settled.clear()
            await self._settled.wait()
        self._reserved_usd += most_usd

    def _standing(self) -> Totals:
        under_way_usd = self._left_usd + self._reserved_usd
        return replace(self.totals, usd_under_way=under_way_usd if under_way_usd > _LEAST_USD else 0.0)

    def _room_usd(self) -> float:
        """As much again as is under way, within this shard's part."""
        if self._part_usd is None:
            return self._reserved_usd
        return min(self._reserved_usd, max(self._part_usd - self._own_usd - self._reserved_usd, 0.0))

    def _keep_up(self) -> None:
        if self._kept is not None:
            self._kept.keep_up()

    def _exhausted(self, most_usd: float) -> CostCapError:
        next_one = f"the next request may cost up to ${most_usd:.4f}."
        left = (
            f" Of these, ${self._left_usd:.4f} are the most that requests may cost which were under way when "
            "an earlier command ended."
            if self._left_usd > _LEAST_USD
            else ""
        )
        if self._num_shards == 1:
            return CostCapError(
                f"The cost cap is reached: ${self.spent_usd:.4f} of ${self.cap_usd:.4f} are spent, and "
                f"{next_one}{left}",
                fix="Everything answered is kept. The same command with a higher "
                "`model.engine.max_cost_usd=` goes on.",
            )
        return CostCapError(
            f"This shard's part of the cost cap is reached: ${self._own_usd:.4f} of "
            f"{self._part_in_words(digits=4)} are spent, and {next_one}{left}",
            fix="Everything answered is kept. The same command with a higher `model.engine.max_cost_usd=` "
            "goes on; or, once all shards have ended, one without `shard=` and `num_shards=` spends what "
            "the others have left.",
        )

    def _part_in_words(self, *, digits: int) -> str:
        part_usd, cap_usd = max(self._part_usd or 0.0, 0.0), self.cap_usd or 0.0
        return f"${part_usd:.{digits}f}, its part of ${cap_usd:.{digits}f} for {self._num_shards} shards,"

    def charge(self, bill: Bill, tokens_in: int, tokens_out: int) -> None:
        """Writes what the provider reported on a bill."""
        bill.tokens_in, bill.tokens_out = tokens_in, tokens_out
        bill.usd = self.price.cost_usd(tokens_in, tokens_out) if self.price else 0.0

    def charge_most(self, bill: Bill, tokens_in: int, tokens_out: int) -> None:
        """Writes on a bill what a request may have cost at most, where nobody says what it did."""
        bill.is_uncounted = True
        bill.usd = self.price.cost_usd(tokens_in, tokens_out) if self.price else 0.0

    def _book(self, bill: Bill) -> None:
        self.totals.add(bill)
        self._settled.set()
        with suppress(StoreError):  # what was written ahead covers it, and the reply must not be lost
            self._keep_up()

    def save(self) -> None:
        """Writes the totals into the folder of the run, whole or not at all.

        Raises:
            StoreError: They cannot be written.
        """
        if self._kept is not None:
            self._kept.save()

    def line(self) -> str:
        """What was spent, in words."""
        tokens = self.totals.in_words()
        if self.price is None:
            return tokens
        spent_usd, cap = self.spent_usd, ""
        if self.cap_usd is not None:
            cap = f" of at most ${self.cap_usd:.2f}"
        if self.cap_usd is not None and self._num_shards > 1:
            spent_usd, cap = self._own_usd, f" of at most {self._part_in_words(digits=2)[:-1]}"
        return f"about ${spent_usd:.4f}{cap} ({tokens}; prices of {self.price.as_of})"
