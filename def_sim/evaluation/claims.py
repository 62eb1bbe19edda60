"""What runs say about the studies' claims: each claim's rule, applied to the tables of a comparison.

The rules are fixed in `data/published/claims.yaml`; here nothing is chosen. Reads no files.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import Final

import pandas as pd

from def_sim.evaluation.claim_readings import Reading, missing_readings, readings_of, traced_tables
from def_sim.surveys.published_claims import Claim, Rule

COLUMNS: Final = ("claim", "statistic", "value", "low", "high", "verdict", "reason")

_TAIL: Final = 0.025  # of a 95 % interval, on either side


class ClaimVerdict(StrEnum):
    """What runs say about a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"
    NOT_RUN = "not run"
    NOT_CHECKABLE = "not checkable"


@dataclass(frozen=True, slots=True)
class ToldClaim:
    """A claim with what runs say about it, for a page."""

    id: str
    words: str
    command: str  # of `def-sim`, that makes the runs
    statistic: str
    value: float
    low: float
    high: float
    verdict: ClaimVerdict
    reason: str


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """What one rule gives. `decisive`: the reading that the verdict hangs on, None without readings."""

    rule: Rule
    verdict: ClaimVerdict
    reason: str
    decisive: Reading | None = None


# The first of these that a rule of a claim gives is the claim's verdict.
_ORDER: Final = (
    ClaimVerdict.CONTRADICTED,
    ClaimVerdict.NOT_RUN,
    ClaimVerdict.UNDECIDED,
    ClaimVerdict.SUPPORTED,
)


def claims_table(claims: Sequence[Claim], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A verdict on every claim.

    Args:
        claims: From `read_claims`.
        tables: File name -> table of one comparison, `comparison.csv` among them. Unfinished runs and the
            demonstration respondent say nothing about a claim.

    Returns:
        One row a claim. Columns: claim (its id); statistic, in words, with what it is of; value, low, high:
        of the reading that the verdict hangs on, the weakest one; verdict, see `ClaimVerdict`: of several
        rules all must support the claim, and one that contradicts it decides; reason: how many readings
        there are, or what is missing.
    """
    traced = traced_tables(tables)
    return pd.DataFrame([_row(claim, traced) for claim in claims], columns=list(COLUMNS))


def told_claims(claims: Sequence[Claim], table: pd.DataFrame) -> list[ToldClaim]:
    """The rows of `claims_table` with the claims' own words, in their order.

    Args:
        claims: That the table was made of.
        table: From `claims_table`.
    """
    rows = table.to_dict("records")
    return [
        ToldClaim(
            id=claim.id,
            words=claim.words,
            command=claim.command,
            statistic=str(row["statistic"]),
            value=float(row["value"]),
            low=float(row["low"]),
            high=float(row["high"]),
            verdict=ClaimVerdict(row["verdict"]),
            reason=str(row["reason"]),
        )
        for claim, row in zip(claims, rows, strict=True)
    ]


def _row(claim: Claim, tables: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    if not claim.rules:
        return _cells(claim, "", None) | {"verdict": str(ClaimVerdict.NOT_CHECKABLE), "reason": claim.why}
    answers = [answer_of(rule, tables.get(rule.file, pd.DataFrame())) for rule in claim.rules]
    told = min(answers, key=lambda one: _ORDER.index(one.verdict))
    rest = {"verdict": str(told.verdict), "reason": told.reason}
    return _cells(claim, told.rule.statistic, told.decisive) | rest


def _cells(claim: Claim, statistic: str, reading: Reading | None) -> dict[str, object]:
    numbers = (math.nan,) * 3 if reading is None else (reading.value, reading.low, reading.high)
    said = f"{statistic}: {reading.case}" if reading is not None and reading.case else statistic
    return {"claim": claim.id, "statistic": said} | dict(zip(("value", "low", "high"), numbers, strict=True))


def answer_of(rule: Rule, table: pd.DataFrame) -> RuleAnswer:
    """What a table says by one rule.

    Args:
        rule: Of a claim.
        table: From `traced_tables`; empty: there is none.
    """
    missing = missing_readings(rule, table)
    readings = [] if missing else readings_of(rule, table)
    if not readings:
        what = f": {missing}" if missing else ""
        return RuleAnswer(rule, ClaimVerdict.NOT_RUN, f"{rule.file} has no finished run of it{what}.")
    cases = _cases(rule, readings)
    # Of many readings one lies on the other side by chance soon; most of them do not.
    num_tried = len(readings) if rule.holds == "all" and rule.margin is None else 1
    decided = [_of_case(rule, members, num_tried) for members in cases]
    verdict, decisive = _together(rule, decided)
    absent = sum(math.isnan(one.low) or math.isnan(one.high) for one in readings)
    without = f", {absent} without an interval" if absent else ""
    return RuleAnswer(rule, verdict, f"{_counted(rule, decided)}{without}.", decisive)


def _cases(rule: Rule, readings: Sequence[Reading]) -> list[list[Reading]]:
    """Each reading by itself, but where one of several is enough: then those of one case together."""
    if rule.holds != "each":
        return [[one] for one in readings]
    found: dict[str, list[Reading]] = {}
    for one in readings:
        # A contrast says after the case which two it is of.
        case = ", ".join(one.case.split(", ")[: len(rule.cases)])
        found.setdefault(case, []).append(one)
    return list(found.values())


def _of_case(rule: Rule, readings: Sequence[Reading], num_tried: int) -> tuple[ClaimVerdict, Reading]:
    """The verdict of a case and its strongest reading, where any of `num_tried` could contradict."""
    strongest = max(readings, key=lambda one: _support(rule, one))
    if _support(rule, strongest) > 0:
        return ClaimVerdict.SUPPORTED, strongest
    is_against = all(_is_against(rule, _widened(one, num_tried)) for one in readings)
    return ClaimVerdict.CONTRADICTED if is_against else ClaimVerdict.UNDECIDED, strongest


def _widened(one: Reading, num_tried: int) -> Reading:
    """The reading with an interval that holds for all readings at once (Bonferroni, normal tails)."""
    factor = NormalDist().inv_cdf(1 - _TAIL / num_tried) / NormalDist().inv_cdf(1 - _TAIL)
    low, high = (one.value + factor * (end - one.value) for end in (one.low, one.high))
    return Reading(one.case, one.value, low, high)


def _support(rule: Rule, one: Reading) -> float:
    """How far the interval's nearer end lies on the claimed side of the bound; -inf without an interval."""
    below, above = rule.bound - one.high, one.low - rule.bound
    if math.isnan(below) or math.isnan(above):
        return -math.inf
    return {"below": below, "above": above, "either": max(below, above)}[rule.side]


def _is_against(rule: Rule, one: Reading) -> bool:
    below, above = one.high - rule.bound, one.low - rule.bound
    if rule.side == "either":
        return -rule.negligible <= above and below <= rule.negligible
    return above > 0 if rule.side == "below" else below < 0


def _together(rule: Rule, decided: Sequence[tuple[ClaimVerdict, Reading]]) -> tuple[ClaimVerdict, Reading]:
    """The verdict over all cases, and the reading that it hangs on."""
    ordered = sorted(decided, key=lambda one: _support(rule, one[1]))
    num_for = sum(verdict is ClaimVerdict.SUPPORTED for verdict, _ in decided)
    num_against = sum(verdict is ClaimVerdict.CONTRADICTED for verdict, _ in decided)
    if rule.holds == "most":
        middle = ordered[(len(ordered) - 1) // 2][1]
        if 2 * num_for > len(decided):
            return ClaimVerdict.SUPPORTED, middle
        return ClaimVerdict.CONTRADICTED if 2 * num_against >= len(
            decided
        ) else ClaimVerdict.UNDECIDED, middle
    against = next((reading for verdict, reading in ordered if verdict is ClaimVerdict.CONTRADICTED), None)
    if against is not None:
        return ClaimVerdict.CONTRADICTED, against
    is_whole = num_for == len(decided)
    return ClaimVerdict.SUPPORTED if is_whole else ClaimVerdict.UNDECIDED, ordered[0][1]


def _counted(rule: Rule, decided: Sequence[tuple[ClaimVerdict, Reading]]) -> str:
    num_for, num_against = (
        sum(found is verdict for found, _ in decided)
        for verdict in (ClaimVerdict.SUPPORTED, ClaimVerdict.CONTRADICTED)
    )
    what = "cases" if rule.holds == "each" else "readings"
    return f"{num_for} of {len(decided)} {what} for it, {num_against} against"
