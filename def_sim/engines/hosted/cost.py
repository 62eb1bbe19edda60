"""What a run has spent at a provider, and the cap on it.

A request reserves the most it can cost before it is sent, so that spending stays below the
cap whatever comes back: near the cap fewer requests are under way, and when the next one no
longer fits, those under way are answered and then the run stops. Knows no provider.

Counted is what providers report. A request whose outcome is unknown (cut off, timed out,
cancelled), or whose tokens are not reported, is counted at its most.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from def_sim.engines.hosted.prices import Price
from def_sim.errors import ConfigError, DefSimError, StoreError

FOLDER: Final = "spending"
_MOST_BYTES: Final = 10_000  # of a file with five numbers
_MOST: Final = 1e15  # dollars or tokens of one run
_SECONDS_BETWEEN_SAVES: Final = 1.0
_SECONDS_TO_STORE: Final = 0.1  # for answers that arrived last to be on file before the run stops


class CostCapError(DefSimError):
    """The run may not spend more; what is answered is kept."""


@runtime_checkable
class HasLedger(Protocol):
    """An engine that costs money."""

    @property
    def ledger(self) -> "Ledger":
        """What it has spent."""

    def keep_in(self, folder: Path, name: str) -> None:
        """Keeps its accounts in the folder of a run; `name` is that of the shard."""


@dataclass(slots=True)
class Totals:
    """Sums over answered requests; `usd` also holds requests of unknown outcome.

    `num_uncounted` of the requests were answered without a report of their tokens, `num_with_key` with a
    text that repeated the key.
    """

    usd: float = 0.0
    num_requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    num_uncounted: int = 0
    num_with_key: int = 0


class Bill:
    """What one request costs; its most until it is known."""

    def __init__(self, most_usd: float) -> None:
        self.usd = most_usd
        self.tokens_in = self.tokens_out = 0
        self.is_uncounted = False  # answered, but nobody said of how many tokens
        self.has_key = False  # answered with a text that repeats the key

    def is_free(self) -> None:
        """The provider refused the request."""
        self.usd = 0.0


class Ledger:
    """Counts and caps the spending of one process.

    Args:
        price: None if not known or free: then only tokens are counted.
        cap_usd: Most that the run may spend, earlier commands of the same run included.

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
        self._spent_elsewhere_usd = 0.0
        self._reserved_usd = 0.0
        self._is_exhausted = False
        self._settled = asyncio.Event()
        self._path: Path | None = None
        self._saved_at = float("-inf")

    @property
    def spent_usd(self) -> float:
        """By this run so far, as far as this process knows."""
        return self.totals.usd + self._spent_elsewhere_usd

    def keep_in(self, folder: Path, name: str) -> None:
        """Goes on with what the folder of a run says was spent, and writes it there from now on.

        Args:
            folder: The folder of the run.
            name: Of this process, e.g. `shard-00-of-04`; the other files are other processes'.

        Raises:
            StoreError: A file there is damaged.
        """
        self._path = folder / FOLDER / f"{name}.json"
        for path in sorted(self._path.parent.glob("*.json")):
            totals = _read(path)
            if path == self._path:
                self.totals = totals
            else:
                self._spent_elsewhere_usd += totals.usd

    @asynccontextmanager
    async def reserved(self, tokens_in: int, tokens_out: int) -> AsyncIterator[Bill]:
        """Holds the most a request can cost while it is under way.

        Args:
            tokens_in: Most it can read.
            tokens_out: Most it can write.

        Raises:
            CostCapError: It no longer fits below the cap, and nothing is under way any more.
        """
        most_usd = self.price.cost_usd(tokens_in, tokens_out) if self.price else 0.0
        await self._reserve(most_usd)
        bill = Bill(most_usd)
        try:
            yield bill
        finally:
            self._reserved_usd -= most_usd
            self._book(bill)

    async def _reserve(self, most_usd: float) -> None:
        cap_usd = self.cap_usd
        while cap_usd is not None and (
            self._is_exhausted or self.spent_usd + self._reserved_usd + most_usd > cap_usd
        ):
            if self._reserved_usd < 1e-12:  # nothing is under way
                self._is_exhausted = True
                self._settled.set()
                await asyncio.sleep(_SECONDS_TO_STORE)
                raise self._exhausted(cap_usd, most_usd)
            self._settled.clear()
            await self._settled.wait()
        self._reserved_usd += most_usd

    def _exhausted(self, cap_usd: float, most_usd: float) -> CostCapError:
        return CostCapError(
            f"The cost cap is reached: ${self.spent_usd:.4f} of ${cap_usd:.4f} are spent, and the next "
            f"request may cost up to ${most_usd:.4f}.",
            fix="Everything answered is kept. The same command with a higher `model.engine.max_cost_usd=` "
            "goes on.",
        )

    def charge(self, bill: Bill, tokens_in: int, tokens_out: int) -> None:
        """Writes what the provider reported on a bill."""
        bill.tokens_in, bill.tokens_out = tokens_in, tokens_out
        bill.usd = self.price.cost_usd(tokens_in, tokens_out) if self.price else 0.0

    def charge_most(self, bill: Bill, tokens_in: int, tokens_out: int) -> None:
        """Writes on a bill what a request may have cost at most, where nobody says what it did."""
        bill.is_uncounted = True
        bill.usd = self.price.cost_usd(tokens_in, tokens_out) if self.price else 0.0

    def _book(self, bill: Bill) -> None:
        self.totals.usd += bill.usd
        self.totals.num_requests += bill.tokens_in > 0 or bill.tokens_out > 0 or bill.is_uncounted
        self.totals.num_uncounted += bill.is_uncounted
        self.totals.num_with_key += bill.has_key
        self.totals.tokens_in += bill.tokens_in
        self.totals.tokens_out += bill.tokens_out
        self._settled.set()
        if time.monotonic() - self._saved_at >= _SECONDS_BETWEEN_SAVES:
            self.save()

    def save(self) -> None:
        """Writes the totals into the folder of the run, whole or not at all."""
        if self._path is None:
            return
        self._saved_at = time.monotonic()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".part")
        sums = asdict(self.totals)
        for rare in ("num_uncounted", "num_with_key"):
            if not sums[rare]:
                del sums[rare]  # most providers count, and keep the key to themselves
        unfinished.write_text(json.dumps(sums) + "\n", encoding="utf-8")
        unfinished.replace(self._path)

    def line(self) -> str:
        """What was spent, in words."""
        tokens = self._tokens()
        if self.price is None:
            return tokens
        cap = f" of at most ${self.cap_usd:.2f}" if self.cap_usd is not None else ""
        return f"about ${self.spent_usd:.4f}{cap} ({tokens}; prices of {self.price.as_of})"

    def _tokens(self) -> str:
        totals = self.totals
        words = [f"{totals.tokens_in:,} tokens in, {totals.tokens_out:,} out"]
        if totals.num_uncounted and totals.num_uncounted == totals.num_requests:
            words = ["tokens unknown"]
        elif totals.num_uncounted:
            words.append(f"{totals.num_uncounted:,} requests not counted")
        if totals.num_with_key:
            words.append(f"{totals.num_with_key:,} replies repeated the key")
        return ", ".join(words)


def _read(path: Path) -> Totals:
    """Totals as they were saved; a negative sum, from wherever the folder came, would lift the cap."""
    try:
        content = json.loads(path.read_bytes()[:_MOST_BYTES])
        if not all(_is_sum(value, is_money=name == "usd") for name, value in content.items()):
            raise ValueError("a sum is no number of this world")
        return Totals(**content)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise StoreError(
            f"{path} is damaged.", fix="Delete it; what was spent before is then no longer counted."
        ) from None


def _is_sum(value: object, *, is_money: bool) -> bool:
    kinds = (int, float) if is_money else (int,)
    return type(value) in kinds and isinstance(value, int | float) and 0 <= value < _MOST
