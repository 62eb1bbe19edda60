"""All verdicts of one judge under one rubric on one run: what is reported, audited and read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from def_sim.judging.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class VerdictSet:
    """A set of verdicts, finished or not.

    Attributes:
        name: Of its folder below `verdicts/` of the run: rubric, and a hash of rubric, judge, decoding and
            format.
        rubric: Name of the rubric.
        judge: What the judge says of itself (`Engine.describe`), beside `label` and `family`; data, never
            imported or resolved.
        format: "json" or "code".
        num_planned: Verdicts that a finished set has: those of rules, and those asked for.
        verdicts: In the order of respondent, item, wording, question, repeat.
    """

    name: str
    rubric: str
    judge: Mapping[str, Any]
    format: str
    num_planned: int
    verdicts: tuple[Verdict, ...]

    @property
    def is_finished(self) -> bool:
        """Whether every planned verdict is there, missing ones among them."""
        return len(self.verdicts) >= self.num_planned
