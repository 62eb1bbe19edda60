"""How often answers are defective, by rules over all answers and by each set of verdicts, as one table.

Rules need no judge and find only what is certain: their shares are lower ends. A set adds what its judge
found in a sample, and what people who coded some of it say. Reads no file and judges nothing.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from def_sim.evaluation.audited_verdicts import AuditedQuestion, audited_question
from def_sim.evaluation.facts import Facts
from def_sim.judging.audit import CodedAudit
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Source, Verdict
from def_sim.metrics.clustered_share import independent_answers
from def_sim.metrics.insensitivity import DefectRate, defect_rate
from def_sim.records import InsensitivityDimension as Kind

BY_RULES: Final = "rules"  # in place of a set's name
FACT_CHOICES, FACT_CLAIMS = "FF_keys", "FF_explanations"  # the two rows of FF
AXES: Final = (Kind.IU, Kind.QC, Kind.RP, Kind.CV, Kind.FF, Kind.IR)
_ROWS: Final = ("IU", "QC", "RP", "CV", FACT_CHOICES, FACT_CLAIMS, "IR")
NEEDED_ROWS: Final = frozenset(_ROWS) - {FACT_CHOICES}  # of every set

_AT_LEAST: Final = "rules alone: what only a judge would find is not in it"
_JUDGE_ONLY: Final = "what an explanation claims is for a judge"
_NO_KEYS: Final = "no question that has a right answer was answered"
_NO_TEXT: Final = "no answer has a text"
_MEANINGLESS: Final = "means nothing for how the questions were asked"

COLUMN_TYPES: Final = {
    **dict.fromkeys(("set", "judge", "dimension"), "str"),
    **dict.fromkeys(("num_judged", "num_missing", "by_rule", "by_judge"), "int64"),
    **dict.fromkeys(("rate", "low", "high", "if_missing_low", "if_missing_high"), "float64"),
    **dict.fromkeys(("corrected", "corrected_low", "corrected_high"), "float64"),
    **dict.fromkeys(("precision", "recall", "kappa", "alpha"), "float64"),
    "num_audited": "int64",
    "people": "float64",
    "reason": "str",
}


@dataclass(frozen=True, slots=True)
class RuleFindings:
    """What rules found in all answers of a run that have a text.

    `meaningless`: dimensions that no rule was tried for, since they mean nothing for the strategy.
    `by_respondent`: how many of the answers are whose; without it they count as independent.
    """

    num_answers: int
    verdicts: tuple[Verdict, ...]
    meaningless: frozenset[Kind] = frozenset()
    by_respondent: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DimensionRate:
    """One row: a dimension, or one of the two of FF. `people`: their share of wrong choices, else NaN."""

    dimension: str
    by_rule: int
    by_judge: int
    found: DefectRate
    audited: AuditedQuestion | None = None
    people: float = math.nan
    reason: str = ""  # why there is no rate, or what it lacks

    @property
    def why_not_corrected(self) -> str:
        """Why an audit gives no corrected rate; "" if it does, or there is none."""
        return self.audited.corrected.reason if self.audited is not None else ""


@dataclass(frozen=True, slots=True)
class SetRates:
    """The rates of the rules, or of one set of verdicts."""

    name: str
    judge: str  # its label; "": no judge
    num_planned: int
    num_done: int
    rates: tuple[DimensionRate, ...]
    remarks: tuple[str, ...] = ()

    @property
    def has_audit(self) -> bool:
        """Whether people coded some of it."""
        return any(rate.audited is not None for rate in self.rates)

    def on_axis(self, dimension: Kind) -> DimensionRate:
        """The row that stands for a dimension; of FF that of the choices if no explanation was judged."""
        named = {rate.dimension: rate for rate in self.rates}
        if dimension is not Kind.FF:
            return named[dimension.value]
        claims = named[FACT_CLAIMS]
        return claims if claims.found.num_judged else named.get(FACT_CHOICES, claims)


@dataclass(frozen=True, slots=True)
class Insensitivity:
    """The rates of a run: of the rules first, then of each set. `absent`: why there are none at all."""

    sets: tuple[SetRates, ...]
    absent: str = ""


@dataclass(frozen=True, slots=True)
class JudgedModel:
    """Whose answers were judged: what tells it from others, and its family."""

    identity: Mapping[str, Any]
    family: str


def insensitivity(
    rules: RuleFindings,
    facts: Facts | None,
    sets: Sequence[VerdictSet],
    audits: Mapping[str, CodedAudit],
    model: JudgedModel,
    *,
    seed: int,
) -> Insensitivity:
    """Rates of defects in each dimension.

    Args:
        rules: Over all answers.
        facts: How questions with a right answer were answered; None if there are none.
        sets: Of verdicts; those about something else than defects are left out.
        audits: Name of a set -> its audit, of those that came back.
        model: Whose answers these are.
        seed: Of all draws.
    """
    if rules.meaningless >= set(Kind):
        return Insensitivity((), "answers hold no free text, so no kind of defect means anything for them")
    of_defects = [one for one in sets if {verdict.question for verdict in one.verdicts} & set(Kind)]
    judged = [_judged(one, rules, audits.get(one.name), model, seed) for one in of_defects]
    return Insensitivity((_ruled(rules, facts), *judged))


def _ruled(rules: RuleFindings, facts: Facts | None) -> SetRates:
    rates = tuple(_by_rules(row, rules, facts) for row in _ROWS)
    return SetRates(BY_RULES, "", rules.num_answers, rules.num_answers, rates)


def _by_rules(row: str, rules: RuleFindings, facts: Facts | None) -> DimensionRate:
    if _kind(row) in rules.meaningless:
        return DimensionRate(row, 0, 0, _unknown(), reason=_MEANINGLESS)
    if row == FACT_CHOICES:
        return _wrong_choices(facts)
    if row == FACT_CLAIMS:
        return DimensionRate(row, 0, 0, _unknown(), reason=_JUDGE_ONLY)
    whose = Counter(verdict.respondent_id for verdict in rules.verdicts if verdict.question == row)
    count, worth = whose.total(), _worth(whose, rules.by_respondent)
    # No bound is given for missing verdicts: where no rule fires nothing was asked.
    found = _without_bounds(defect_rate(count, rules.num_answers, 0, worth=worth))
    return DimensionRate(row, count, 0, found, reason=_AT_LEAST if rules.num_answers else _NO_TEXT)


def _wrong_choices(facts: Facts | None) -> DimensionRate:
    """Wrong among readable choices, over all factual items; people's share has the same weights."""
    items = [item for item in (facts.items if facts is not None else ()) if item.num_answered]
    answered = sum(item.num_answered for item in items)
    wrong = round(sum(item.wrong * item.num_answered for item in items))
    people = sum(item.people_wrong * item.num_answered for item in items) / answered if answered else math.nan
    worth = _worth(facts.wrong, facts.answered) if facts is not None else None
    found = _without_bounds(defect_rate(wrong, answered, 0, worth=worth))
    return DimensionRate(FACT_CHOICES, wrong, 0, found, people=people, reason="" if answered else _NO_KEYS)


def _judged(
    one: VerdictSet, rules: RuleFindings, audit: CodedAudit | None, model: JudgedModel, seed: int
) -> SetRates:
    rates = tuple(
        _of_set(row, one, rules, audit, seed)
        for row in _ROWS
        if row != FACT_CHOICES  # all answers have that, whatever was sampled
    )
    label = str(one.judge.get("label", ""))
    num_done = min(len(one.verdicts), one.num_planned)
    return SetRates(one.name, label, one.num_planned, num_done, rates, _remarks(one, model))


def _of_set(
    row: str, one: VerdictSet, rules: RuleFindings, audit: CodedAudit | None, seed: int
) -> DimensionRate:
    kind = _kind(row)
    if kind in rules.meaningless:
        return DimensionRate(row, 0, 0, _unknown(), reason=_MEANINGLESS)
    about = [v for v in one.verdicts if v.question == kind and v.repeat == 0]
    if row == FACT_CLAIMS:
        about = [verdict for verdict in about if verdict.source is Source.JUDGE]
    by_rule, by_judge = (
        sum(verdict.value is True and verdict.source is source for verdict in about)
        for source in (Source.RULE, Source.JUDGE)
    )
    missing = sum(verdict.value is None for verdict in about)
    whose = Counter(verdict.respondent_id for verdict in about if verdict.value is True)
    worth = _worth(whose, Counter(verdict.respondent_id for verdict in about if verdict.value is not None))
    found = defect_rate(by_rule + by_judge, len(about) - missing, missing, worth=worth)
    # What rules found is written first, so the rates of an unfinished set are too high.
    if not one.is_finished:
        reason = f"not finished: {len(one.verdicts):,} of {one.num_planned:,} verdicts"
        return DimensionRate(row, by_rule, by_judge, _counts_of(found), reason=reason)
    audited = (
        audited_question(audit, one.verdicts, kind.value, seed=seed, by_judge_only=row == FACT_CLAIMS)
        if audit is not None and about
        else None
    )
    return DimensionRate(row, by_rule, by_judge, found, audited, reason=_why_no_rate(found))


def _why_no_rate(found: DefectRate) -> str:
    if found.num_judged:
        return ""
    return "all verdicts are missing" if found.num_missing else "the set does not ask about it"


def _remarks(one: VerdictSet, model: JudgedModel) -> tuple[str, ...]:
    """What to know of the judge before believing it."""
    judge = one.judge
    said = []
    if judge.get("is_self") is True or (model.identity and judge.get("identity") == dict(model.identity)):
        said.append("The judge is the judged model: it may share the faults that it looks for.")
    elif judge.get("family") and judge["family"] == model.family:
        said.append("The judge is of the judged model's family: it may be lenient with its kind.")
    if judge.get("is_demonstration"):
        said.append("The judge is the demonstration respondent: its verdicts mean nothing.")
    return tuple(said)


def _worth(hits: Mapping[str, float], answers: Mapping[str, int]) -> float | None:
    """How many independent answers those of respondents are worth; None where nobody's are known."""
    if not answers:
        return None
    pairs = np.array([(hits.get(name, 0), num) for name, num in answers.items()], dtype=np.float64)
    return independent_answers(pairs[:, 0], pairs[:, 1])


def _kind(row: str) -> Kind:
    return Kind(row.partition("_")[0])


def _unknown() -> DefectRate:
    return defect_rate(0, 0, 0)


def _counts_of(found: DefectRate) -> DefectRate:
    return DefectRate(found.num_judged, found.num_missing, *[math.nan] * 5)


def _without_bounds(found: DefectRate) -> DefectRate:
    ends = (found.rate, found.low, found.high)
    return DefectRate(found.num_judged, found.num_missing, *ends, math.nan, math.nan)


def insensitivity_table(found: Insensitivity) -> pd.DataFrame:
    """One row for each set and dimension; the rules over all answers come first.

    Returns:
        Columns:
            set: its name, or "rules"; judge: its label;
            dimension: IU, QC, RP, CV, IR; FF_keys, the choices where one is right; FF_explanations;
            num_judged, num_missing, by_rule, by_judge: answers;
            rate, low, high: defects per judged answer with Wilson's 95 % interval, in [0, 1], of as many
                independent answers as those of respondents are worth;
            if_missing_low, if_missing_high: the rate if none or all of the missing were defects;
            corrected, corrected_low, corrected_high: as people see it;
            precision, recall: of the verdicts, by people; kappa: of verdicts and people; alpha: of people
                with each other; num_audited: rows with a code;
            people: of FF_keys people's share of wrong choices; reason: why a number is absent.
    """
    rows = [_record(one, rate) for one in found.sets for rate in one.rates]
    return pd.DataFrame(rows, columns=list(COLUMN_TYPES)).astype(COLUMN_TYPES)


def _record(one: SetRates, rate: DimensionRate) -> dict[str, Any]:
    ends = ("num_judged", "num_missing", "rate", "low", "high", "if_missing_low", "if_missing_high")
    record: dict[str, Any] = {"set": one.name, "judge": one.judge, "dimension": rate.dimension}
    record |= {name: getattr(rate.found, name) for name in ends}
    record |= {"by_rule": rate.by_rule, "by_judge": rate.by_judge, "people": rate.people, "num_audited": 0}
    if rate.audited is not None:
        corrected = rate.audited.corrected
        record |= {
            "corrected": corrected.rate,
            "corrected_low": corrected.low,
            "corrected_high": corrected.high,
        }
        same_name = ("precision", "recall", "kappa", "alpha", "num_audited")
        record |= {name: getattr(rate.audited, name) for name in same_name}
    record["reason"] = "; ".join(words for words in (rate.reason, rate.why_not_corrected) if words)
    return record
