"""Two judges of one run under one rubric: how far their verdicts on the same answers agree beyond chance."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Source, Value
from def_sim.metrics.agreement import cohen_kappa, kappa_interval, raw_agreement
from def_sim.metrics.sample import Array
from def_sim.randomness import keyed_rng

COLUMN_TYPES: Final = {
    "rubric": "str",
    "question": "str",
    "set_1": "str",
    "judge_1": "str",
    "set_2": "str",
    "judge_2": "str",
    "num_common": "int64",
    "agreement": "float64",
    "kappa": "float64",
    "low": "float64",
    "high": "float64",
}

_LONGEST_LABEL: Final = 100  # a set may come from anywhere

_Address = tuple[str, str, int]  # respondent, item, wording


@dataclass(frozen=True, slots=True)
class JudgePair:
    """Two sets of verdicts under one question of their rubric.

    `num_common`: answers on which both judges have a verdict. `agreement`: the share of them on which it is
    the same. `kappa`: agreement beyond chance, with its 95 % interval. NaN: undefined, as where both gave one
    and the same verdict always.
    """

    rubric: str
    question: str
    set_1: str
    judge_1: str
    set_2: str
    judge_2: str
    num_common: int
    agreement: float
    kappa: float
    low: float
    high: float


def compare_judges(sets: Sequence[VerdictSet], *, seed: int) -> tuple[JudgePair, ...]:
    """Every two sets of one rubric, question by question.

    Left out are what rules found, which is the same in both, repeats, missing verdicts, and items of which a
    text may take several options: such verdicts agree in part.

    Args:
        sets: Of one run, in the order in which they are to be named.
        seed: Of the draws of answers behind the intervals.
    """
    return tuple(
        pair
        for first, second in combinations(sets, 2)
        if first.rubric == second.rubric
        for pair in _pairs(first, second, seed)
    )


def judges_table(pairs: Sequence[JudgePair]) -> pd.DataFrame:
    """One row for each pair and question.

    Columns:
        rubric, question: what was asked;
        set_1, judge_1, set_2, judge_2: the two sets and what their judges are called;
        num_common: answers on which both have a verdict; agreement: the share on which it is the same;
        kappa, low, high: Cohen's, with its 95 % interval; NaN where undefined.
    """
    return pd.DataFrame([asdict(pair) for pair in pairs], columns=list(COLUMN_TYPES)).astype(COLUMN_TYPES)


def _pairs(first: VerdictSet, second: VerdictSet, seed: int) -> list[JudgePair]:
    by_question = [_by_question(one) for one in (first, second)]
    asked = [question for question in by_question[0] if question in by_question[1]]
    return [
        _pair(first, second, question, [one[question] for one in by_question], seed) for question in asked
    ]


def _by_question(one: VerdictSet) -> dict[str, dict[_Address, Value]]:
    """Question -> answer -> the judge's verdict on it."""
    found: dict[str, dict[_Address, Value]] = {}
    for verdict in one.verdicts:
        if verdict.source is Source.JUDGE and verdict.repeat == 0:
            of_question = found.setdefault(verdict.question, {})
            if verdict.value is not None:
                of_question[verdict.respondent_id, verdict.item_id, verdict.wording] = verdict.value
    return found


def _pair(
    first: VerdictSet,
    second: VerdictSet,
    question: str,
    verdicts: Sequence[Mapping[_Address, Value]],
    seed: int,
) -> JudgePair:
    codings = _codings(verdicts)
    judges = [str(one.judge.get("label", ""))[:_LONGEST_LABEL] for one in (first, second)]
    rng = keyed_rng(seed, first.name, second.name, question, "two judges")
    low, high = kappa_interval(codings, rng)
    return JudgePair(
        first.rubric,
        question,
        first.name,
        judges[0],
        second.name,
        judges[1],
        codings.shape[1],
        raw_agreement(codings),
        cohen_kappa(codings),
        low,
        high,
    )


def _codings(verdicts: Sequence[Mapping[_Address, Value]]) -> Array:
    """The common answers' verdicts as numbers that are only names, shape (2, R).

    As in an audit an option is named by its code, whatever the question.
    """
    several = {address[1] for one in verdicts for address, value in one.items() if _has_several(value)}
    common = [address for address in sorted(set(verdicts[0]) & set(verdicts[1])) if address[1] not in several]
    values = sorted({one[address] for one in verdicts for address in common}, key=repr)
    numbers = {value: float(number) for number, value in enumerate(values)}
    table = [[numbers[one[address]] for address in common] for one in verdicts]
    return np.array(table, dtype=np.float64).reshape(2, len(common))


def _has_several(value: Value) -> bool:
    return isinstance(value, tuple) and len(value) > 1
