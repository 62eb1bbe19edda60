"""What each shard of a run has spent, on file, and which part of a cap is its own.

A shard's file says what its requests have cost and what those under way may cost at most; it is written
before they are sent. So whoever reads it after a kill counts too much rather than too little. Knows
nothing of requests, and waits for nobody: shards learn of each other by these files alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from def_sim.errors import StoreError
from def_sim.temporary import remove_leftovers, replacing

FOLDER: Final = "spending"
_MOST_BYTES: Final = 10_000  # of a file with seven numbers
_MOST: Final = 1e15  # dollars or tokens of one run
_MONEY: Final = ("usd", "usd_under_way")
_RARE: Final = ("usd_under_way", "num_uncounted", "num_with_key")  # written where they are not 0


class Bill:
    """What one request costs; its most until it is known."""

    def __init__(self, most_usd: float) -> None:
        self.usd = most_usd
        self.tokens_in = self.tokens_out = 0
        self.is_uncounted = False  # answered, but nobody said of how many tokens
        self.has_key = False  # answered with a text that repeats the key
        self.is_left = False  # sent, and nobody waits for it any more

    def is_free(self) -> None:
        """The provider refused the request."""
        self.usd = 0.0

    def is_left_behind(self) -> None:
        """It was sent, and its answer can be asked for later, by another command, too."""
        self.usd, self.is_left = 0.0, True


@dataclass(slots=True)
class Totals:
    """Sums over answered requests; `usd` also holds requests of unknown outcome.

    `usd_under_way` is the most that requests may cost which were sent, or about to be, when this was written.
    `num_uncounted` of the requests were answered without a report of their tokens, `num_with_key` with a
    text that repeated the key.
    """

    usd: float = 0.0
    num_requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    num_uncounted: int = 0
    num_with_key: int = 0
    usd_under_way: float = 0.0

    @property
    def most_usd(self) -> float:
        """What all requests may have cost at most."""
        return self.usd + self.usd_under_way

    def add(self, bill: Bill) -> None:
        """Counts a request that is settled."""
        self.usd += bill.usd
        self.num_requests += bill.tokens_in > 0 or bill.tokens_out > 0 or bill.is_uncounted
        self.num_uncounted += bill.is_uncounted
        self.num_with_key += bill.has_key
        self.tokens_in += bill.tokens_in
        self.tokens_out += bill.tokens_out

    def in_words(self) -> str:
        """How many tokens, and what is odd about them."""
        words = [f"{self.tokens_in:,} tokens in, {self.tokens_out:,} out"]
        if self.num_uncounted and self.num_uncounted == self.num_requests:
            words = ["tokens unknown"]
        elif self.num_uncounted:
            words.append(f"{self.num_uncounted:,} requests not counted")
        if self.num_with_key:
            words.append(f"{self.num_with_key:,} replies repeated the key")
        return ", ".join(words)


def read_accounts(folder: Path) -> dict[str, Totals]:
    """The totals of all processes that have spent for a run, by the names of their shards.

    Args:
        folder: The folder of the run.

    Raises:
        StoreError: A file there is damaged.
    """
    return {path.stem: _read(path) for path in sorted((folder / FOLDER).glob("*.json"))}


def write_account(folder: Path, name: str, totals: Totals) -> None:
    """Writes the totals of a shard into the folder of its run, whole or not at all.

    Raises:
        StoreError: It cannot be written.
    """
    sums = {key: value for key, value in asdict(totals).items() if value or key not in _RARE}
    path = folder / FOLDER / f"{name}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as unfinished:
            unfinished.write_text(json.dumps(sums) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror or error}. Nothing is sent whose cost cannot be written down.",
            fix="Free space, or make the folder writable for you, and run the same command again.",
        ) from error


def clear_up(folder: Path) -> None:
    """Removes what writers of accounts that were killed have left."""
    if (folder / FOLDER).is_dir():
        remove_leftovers(folder / FOLDER, now=(folder / FOLDER).stat().st_mtime)


def part_of_cap(cap_usd: float, accounts: Mapping[str, Totals], shards: Sequence[str]) -> float:
    """Most that a shard may spend in all its commands, so that all together stay below the cap.

    What others than these shards spent is taken off; the rest is divided equally. A shard that has more
    already (of a command without a cap) keeps that, and the others divide what is then left.
    As long as each keeps to its part, what they spend changes no part: it is the same whenever a shard
    asks, and whatever the others do meanwhile.

    Args:
        cap_usd: Of the run.
        accounts: What was spent for the run, by name.
        shards: Names of the shards that the run is divided into now, at least one.

    Returns:
        The same for each of the shards; below what one has spent where nothing is left for it.
    """
    left = cap_usd - sum(totals.most_usd for name, totals in accounts.items() if name not in shards)
    spent = sorted((accounts.get(name, Totals()).most_usd for name in shards), reverse=True)
    for num_over, most_of_the_others in enumerate(spent):
        part = (left - sum(spent[:num_over])) / (len(spent) - num_over)
        if part >= most_of_the_others:
            break
    return part


def _read(path: Path) -> Totals:
    """Totals as they were saved; a negative sum, from wherever the folder came, would lift the cap."""
    try:
        content = json.loads(path.read_bytes()[:_MOST_BYTES])
        if not all(_is_sum(value, is_money=name in _MONEY) for name, value in content.items()):
            raise ValueError("a sum is no number of this world")
        return Totals(**content)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise StoreError(
            f"{path} is damaged.", fix="Delete it; what was spent before is then no longer counted."
        ) from None


def _is_sum(value: object, *, is_money: bool) -> bool:
    kinds = (int, float) if is_money else (int,)
    return type(value) in kinds and isinstance(value, int | float) and 0 <= value < _MOST
