"""What compared runs say about the studies' claims, ready to print. Judges nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from def_sim.evaluation.claims import ClaimVerdict, ToldClaim
from def_sim.evaluation.measures import written
from def_sim.reports.sections.parts import between

_WITHOUT = (ClaimVerdict.NOT_RUN, ClaimVerdict.NOT_CHECKABLE)


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One claim in words. `command` makes the runs that one without a verdict needs; else it is empty."""

    id: str
    words: str
    verdict: str
    statistic: str
    value: str
    reason: str
    command: str


@dataclass(frozen=True, slots=True)
class ClaimsPart:
    """The claims with a verdict, and the others by why they have none."""

    lines: tuple[ClaimLine, ...]
    others: tuple[tuple[str, tuple[ClaimLine, ...]], ...]  # "not run", "not checkable"


def claims_part(told: Sequence[ToldClaim]) -> ClaimsPart:
    """The claims as the page shows them.

    Args:
        told: From `told_claims`.
    """
    lines = {verdict: tuple(_line(one) for one in told if one.verdict is verdict) for verdict in _WITHOUT}
    return ClaimsPart(
        tuple(_line(one) for one in told if one.verdict not in _WITHOUT),
        tuple((str(verdict), others) for verdict, others in lines.items() if others),
    )


def _line(one: ToldClaim) -> ClaimLine:
    ends = "" if math.isnan(one.low) or math.isnan(one.high) else between(one.low, one.high)
    return ClaimLine(
        id=one.id,
        words=one.words,
        verdict=str(one.verdict),
        statistic=one.statistic,
        value=written(one.value) + ends,
        reason=one.reason,
        command=one.command if one.verdict is ClaimVerdict.NOT_RUN else "",
    )
