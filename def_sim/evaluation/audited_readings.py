"""How right the options are that a judge read out of texts, by people who coded some of them.

Of sets whose verdicts are options (which one a text takes); those about defects have corrected rates
instead. Knows no sheet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from def_sim.evaluation.audited_verdicts import AuditedQuestion, audited_question
from def_sim.evaluation.findings import Finding
from def_sim.judging.audit import CodedAudit, coded_strata
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Verdict
from def_sim.records import InsensitivityDimension

SECTION: Final = "audited_readings"


@dataclass(frozen=True, slots=True)
class AuditedOption:
    """The verdicts of one value, and the rows of it that people coded.

    `num_audited`, `num_right`: of each coder, rows with a code, and those coded as the verdict says.
    """

    value: str  # "option 2", "cannot be classified", "several options"
    num_verdicts: int
    num_audited: tuple[int, ...]
    num_right: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AuditedReadings:
    """What people say of one judge's readings of a run. `num_missing`: texts without a verdict."""

    set_name: str
    rubric: str
    judge: str  # its label
    num_missing: int
    found: AuditedQuestion
    options: tuple[AuditedOption, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Accuracy, and agreement beyond chance."""
        accuracy, found, name = self.found.accuracy, self.found, self.set_name
        return (
            Finding("accuracy", accuracy.share, group=name, low=accuracy.low, high=accuracy.high),
            Finding("kappa_with_people", found.kappa, group=name),
            Finding("alpha_of_people", found.alpha, group=name, low=found.alpha_low, high=found.alpha_high),
        )


def audited_readings(
    sets: Sequence[VerdictSet], audits: Mapping[str, CodedAudit], *, seed: int
) -> tuple[AuditedReadings, ...]:
    """Every finished set of options whose sheets came back.

    Args:
        sets: Of a run.
        audits: Name of a set -> its audit, of those that came back.
        seed: Of all draws.
    """
    about_options = [
        one for one in sets if not {v.question for v in one.verdicts} & set(InsensitivityDimension)
    ]
    return tuple(_of_set(one, audits[one.name], seed) for one in about_options if one.name in audits)


def _of_set(one: VerdictSet, audit: CodedAudit, seed: int) -> AuditedReadings:
    [question] = {verdict.question for verdict in one.verdicts}  # a rubric of options has one
    first = [verdict for verdict in one.verdicts if verdict.repeat == 0]
    return AuditedReadings(
        one.name,
        one.rubric,
        str(one.judge.get("label", "")),
        sum(verdict.value is None for verdict in first),
        audited_question(audit, one.verdicts, question, seed=seed),
        _options(audit, one.verdicts),
    )


def _options(audit: CodedAudit, verdicts: Sequence[Verdict]) -> tuple[AuditedOption, ...]:
    by_coder = [coded_strata(audit.rows, verdicts, codes) for codes in audit.coders]
    return tuple(
        AuditedOption(
            same[0].stratum,
            same[0].size,
            tuple(one.num_audited for one in same),
            tuple(one.num_right for one in same),
        )
        for same in zip(*by_coder, strict=True)
    )
