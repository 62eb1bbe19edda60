"""Which respondents are of a shard, by their numbers, and whose lines a journal can hold. Reads nothing."""

import re
from math import gcd
from pathlib import Path
from typing import Final, NamedTuple

from def_sim.records import respondent_index

_JOURNAL: Final = re.compile(r"(?:calls-)?shard-(\d+)-of-(\d+)\.jsonl")
_OWNER: Final = re.compile(rb'\{"respondent_id":"(r\d{5,18})",')


class Division(NamedTuple):
    """A shard and the number of shards: respondents go round the shards by their numbers."""

    shard: int = 0
    num_shards: int = 1

    def has(self, respondent_id: str) -> bool:
        """Whether a respondent is of this shard; whoever has no number is of each, to be refused there."""
        index = respondent_index(respondent_id)
        return index is None or index % self.num_shards == self.shard

    def has_line(self, raw: bytes) -> bool:
        """The same of a line of a journal, without decoding it."""
        found = _OWNER.match(raw)
        return found is None or self.has(found.group(1).decode())

    def may_be_in(self, journal: Path) -> bool:
        """Whether a journal can hold lines of this shard's respondents.

        Of its own division only its own can; of another one those that share a respondent's number with it.
        """
        found = _JOURNAL.fullmatch(journal.name)
        if found is None:
            return True
        shard, num_shards = map(int, found.groups())
        return (shard - self.shard) % gcd(num_shards, self.num_shards) == 0


EVERYONE: Final = Division()
