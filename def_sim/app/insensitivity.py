"""Insensitivity of a stored run: rules over its answers, its sets of verdicts and their audits, put together.

Numbers come from `evaluation`; what a set's folder holds, from `judging` and `audits`.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from def_sim.app.audits import coded_files, stored_audits
from def_sim.app.judged_answers import rule_context
from def_sim.app.run import Run
from def_sim.evaluation.audited_readings import AuditedReadings, audited_readings
from def_sim.evaluation.compared_judges import JudgePair, compare_judges
from def_sim.evaluation.defect_examples import DefectExample, defect_examples
from def_sim.evaluation.facts import Facts
from def_sim.evaluation.insensitivity import (
    Insensitivity,
    JudgedModel,
    RuleFindings,
    insensitivity,
    insensitivity_table,
)
from def_sim.judging.rubric import NEVER_JUDGED
from def_sim.judging.rules import find_defects
from def_sim.judging.verdict_journal import read_verdict_sets
from def_sim.judging.verdicts import Verdict, found_by_rule
from def_sim.records import Answer

INSENSITIVITY: Final = "insensitivity.csv"
JUDGES: Final = "judges.csv"  # only where two sets of one rubric can be compared


@dataclass(frozen=True, slots=True)
class FoundDefects:
    """What the report shows of a run's insensitivity, its judges, and the readings that people checked."""

    rates: Insensitivity
    examples: tuple[DefectExample, ...]
    readings: tuple[AuditedReadings, ...] = ()
    judges: tuple[JudgePair, ...] = ()  # every two sets of one rubric
    files: tuple[Path, ...] = ()  # of audits, which the rates rest on

    @property
    def table(self) -> pd.DataFrame:
        """What insensitivity.csv holds (columns: `evaluation.insensitivity.insensitivity_table`)."""
        return insensitivity_table(self.rates)


def rule_findings(run: Run, answers: Sequence[Answer]) -> RuleFindings:
    """What rules find in all answers of a run.

    Args:
        run: Of the answers.
        answers: Of its panel, to its questions.
    """
    context = rule_context(run)
    questions = {question.id: question for question in run.survey.questions}
    by_respondent: dict[str, dict[str, Answer]] = defaultdict(dict)
    for answer in answers:
        by_respondent[answer.respondent_id][answer.question_id] = answer
    verdicts: list[Verdict] = []
    whose: Counter[str] = Counter()
    for answer in answers:
        if answer.status in NEVER_JUDGED:
            continue
        whose[answer.respondent_id] += 1
        question = questions[answer.question_id]
        first = by_respondent[answer.respondent_id].get(f"{question.follow_up_of}#{question.wording}")
        found = find_defects(question, answer, context, first=first)
        verdicts += [found_by_rule(answer, dimension, words) for dimension, words in found.items()]
    return RuleFindings(whose.total(), tuple(verdicts), context.meaningless, whose)


def found_defects(
    run: Run, folder: Path, manifest: Mapping[str, Any], answers: Sequence[Answer], facts: Facts | None
) -> FoundDefects:
    """Rates and examples of a stored run.

    Args:
        run: Of the answers.
        folder: Of the run, whose sets of verdicts and audits are read.
        manifest: Of the run.
        answers: Of its panel, to its questions.
        facts: How questions with a right answer were answered.

    Raises:
        StoreError: A set or an audit is damaged.
    """
    rules, sets, seed = rule_findings(run, answers), read_verdict_sets(folder), run.config.seed
    identity = manifest["defines"]["model"]["identity"]
    model = JudgedModel(identity, run.config.model.family)
    audits = stored_audits(folder, sets)
    rates = insensitivity(rules, facts, sets, audits, model, seed=seed)
    examples = () if rates.absent else defect_examples(rules.verdicts, sets, answers, seed=seed)
    readings = audited_readings(sets, audits, seed=seed)
    pairs = compare_judges(sets, seed=seed)
    return FoundDefects(rates, examples, readings, pairs, tuple(coded_files(folder, sets)))
