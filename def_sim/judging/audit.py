"""Which verdicts people code, and what their codes say of each stratum and of the judge.

Rows are drawn by verdict, so that rare defects are seen at all; what a row's verdict is stays out of the
sheets (`sheets`). Gives counts and tables of codes; rates and agreement are computed elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.judging.verdicts import Source, Value, Verdict
from def_sim.randomness import noise_key
from def_sim.records import RequestKey

PER_STRATUM: Final = 25  # rows of each stratum of a question about defects
NUM_STANCES: Final = 50  # rows of a run, over the options that texts take

BY_RULE, BY_JUDGE, NO_DEFECT = "defect by rule", "defect by judge", "no defect"
UNCLASSIFIED, SEVERAL = "cannot be classified", "several options"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One verdict that people code. `row` counts from 1 in an order that says nothing of the verdict."""

    row: int
    verdict: Verdict
    stratum: str


@dataclass(frozen=True, slots=True)
class CodedAudit:
    """An audit that came back. `coders`: of each, row -> what it is to them; None or absent: left empty."""

    set_name: str
    rows: tuple[AuditRow, ...]
    coders: tuple[Mapping[int, Value | None], ...]


@dataclass(frozen=True, slots=True)
class CodedStratum:
    """Verdicts of one question with the same outcome, and one coder's codes of the audited ones."""

    question: str
    stratum: str
    size: int  # verdicts
    num_audited: int  # with a code
    num_defects: int  # of those, called a defect; 0 of options
    num_right: int  # of those, called what the verdict says
    is_positive: bool  # the verdict is a defect


def stratum_of(verdict: Verdict) -> str | None:
    """What a verdict is audited as; None if there is none."""
    if verdict.value is None:
        return None
    if isinstance(verdict.value, bool):
        found = BY_RULE if verdict.source is Source.RULE else BY_JUDGE
        return found if verdict.value else NO_DEFECT
    if not verdict.value:
        return UNCLASSIFIED
    return SEVERAL if len(verdict.value) > 1 else f"option {verdict.value[0]}"


def draw_defects(
    verdicts: Iterable[Verdict], seed: int, per_stratum: int = PER_STRATUM
) -> tuple[AuditRow, ...]:
    """For each question up to so many verdicts of each stratum; the first ones in keyed order.

    Args:
        verdicts: Of a set; repeats and missing ones are left out.
        seed: Of the draw.
        per_stratum: Rows of each; a larger number keeps the rows of a smaller one and adds to them.
    """
    chosen = [
        (stratum, verdict)
        for (_, stratum), members in _by_stratum(verdicts).items()
        for verdict in sorted(members, key=lambda one: _draw(one, seed, "audited"))[:per_stratum]
    ]
    return _numbered(chosen, seed)


def draw_stances(verdicts: Iterable[Verdict], seed: int, num_rows: int = NUM_STANCES) -> tuple[AuditRow, ...]:
    """So many verdicts over the options taken, in turn one of each, as long as it has any."""
    queues = {
        key: sorted(members, key=lambda one: _draw(one, seed, "audited"))
        for key, members in sorted(_by_stratum(verdicts).items())
    }
    longest = max((len(members) for members in queues.values()), default=0)
    in_turn = [
        (stratum, members[place])
        for place in range(longest)
        for (_, stratum), members in queues.items()
        if place < len(members)
    ]
    return _numbered(in_turn[:num_rows], seed)


def sheet_order(rows: Sequence[AuditRow], seed: int, coder: int) -> list[AuditRow]:
    """The rows in a coder's own order, so that no two tire at the same ones."""
    return sorted(rows, key=lambda row: _draw(row.verdict, seed, f"sheet {coder}"))


def coded_strata(
    rows: Sequence[AuditRow], verdicts: Iterable[Verdict], codes: Mapping[int, Value | None]
) -> list[CodedStratum]:
    """One coder's codes, counted by question and stratum; strata without audited rows too.

    Args:
        rows: Drawn from the verdicts.
        verdicts: All of the set.
        codes: Row -> what the coder says of it; None or absent: left empty.
    """
    coded: dict[tuple[str, str], list[tuple[bool, bool]]] = defaultdict(list)
    for row in rows:
        code = codes.get(row.row)
        if code is not None:
            coded[row.verdict.question, row.stratum].append((code is True, code == row.verdict.value))
    return [
        _coded(question, stratum, len(members), coded[question, stratum])
        for (question, stratum), members in sorted(_by_stratum(verdicts).items())
    ]


def _coded(question: str, stratum: str, size: int, codes: Sequence[tuple[bool, bool]]) -> CodedStratum:
    num_defects, num_right = (sum(code[which] for code in codes) for which in (0, 1))
    is_positive = stratum in (BY_RULE, BY_JUDGE)
    return CodedStratum(question, stratum, size, len(codes), num_defects, num_right, is_positive)


def coding_table(
    rows: Sequence[AuditRow], coders: Sequence[Mapping[int, Value | None]], question: str
) -> NDArray[np.float64]:
    """The codes of a question's rows as numbers that are only names, shape (C + 1, R): coders, then verdict.

    NaN where a coder left a row empty. Equal codes have equal numbers in all lines.
    """
    of_question = [row for row in rows if row.verdict.question == question]
    lines = [[codes.get(row.row) for row in of_question] for codes in coders]
    lines.append([row.verdict.value for row in of_question])
    given = sorted({code for line in lines for code in line if code is not None}, key=repr)
    numbers = {code: float(number) for number, code in enumerate(given)}
    table = [[float("nan") if code is None else numbers[code] for code in line] for line in lines]
    return np.array(table, dtype=np.float64).reshape(len(lines), len(of_question))


def _by_stratum(verdicts: Iterable[Verdict]) -> dict[tuple[str, str], list[Verdict]]:
    found: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        stratum = stratum_of(verdict)
        if stratum is not None and verdict.repeat == 0:
            found[verdict.question, stratum].append(verdict)
    return found


def _numbered(chosen: Iterable[tuple[str, Verdict]], seed: int) -> tuple[AuditRow, ...]:
    """Rows in an order of their own, in which strata and questions are mixed."""
    mixed = sorted(chosen, key=lambda one: _draw(one[1], seed, "row"))
    return tuple(
        AuditRow(number, verdict, stratum) for number, (stratum, verdict) in enumerate(mixed, start=1)
    )


def _draw(verdict: Verdict, seed: int, purpose: str) -> tuple[int, str]:
    respondent = f"{verdict.respondent_id}/{verdict.question}/{purpose}"
    key = RequestKey(seed, respondent, verdict.item_id, verdict.wording)
    return noise_key(key), str(key)
