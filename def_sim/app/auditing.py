"""`stage=audit`: blind sheets of a set's verdicts for two coders, and their codes back into the set's folder.

What lies in a set's folder is the business of `audits`; what people's codes say, of `evaluation`.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from def_sim.answers.storage.disk import disk_errors, write_whole
from def_sim.app.audits import is_coded, read_rows, store_codes, store_rows
from def_sim.app.read_panel import panel_answers
from def_sim.app.run import Run
from def_sim.app.verdict_sets import rubric_of_set, set_folder
from def_sim.errors import ConfigError, DefSimError
from def_sim.evaluation.audited_verdicts import audited_question
from def_sim.evaluation.measures import as_percent, written
from def_sim.judging.audit import AuditRow, CodedAudit, draw_defects, draw_stances, sheet_order
from def_sim.judging.exhibits import JudgedAnswer
from def_sim.judging.rubric import Rubric
from def_sim.judging.sheets import SheetRow, read_sheet, sheet_row, write_sheet
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Value, hash_answer
from def_sim.metrics.misclassification import Accuracy
from def_sim.questionnaire import replay
from def_sim.records import Answer
from def_sim.text_files import read_text

NUM_CODERS: Final = 2
_MOST_BYTES: Final = 64 * 2**20  # of a sheet


def export_sheets(run: Run, folder: Path, one: VerdictSet, name: str, per_stratum: int) -> list[str]:
    """Writes a sheet for each coder, and in the set's folder which verdict each row is.

    Args:
        run: That was judged.
        folder: Of the run.
        one: The set.
        name: Path that the sheets' names begin with: `audit` gives audit_1.csv and audit_2.csv.
        per_stratum: Rows of each stratum of a question about defects.

    Returns:
        What was written, in lines.

    Raises:
        ConfigError: A sheet exists, the set is not finished, has no verdict, or was coded before.
    """
    paths = [Path(f"{Path(name).expanduser()}_{number}.csv") for number in range(1, NUM_CODERS + 1)]
    _check_export(folder, one, paths)
    rubric = rubric_of_set(folder, one)
    seed = run.config.seed
    if rubric.verdict == "defect":
        rows = draw_defects(one.verdicts, seed, per_stratum)
    else:
        rows = draw_stances(one.verdicts, seed)
    if not rows:
        raise ConfigError(f"{one.name} holds no verdict that could be audited.", fix="Choose another set.")
    shown = _sheet_rows(run, folder, rubric, rows)
    store_rows(set_folder(folder, one.name), one, rows)
    for coder, path in enumerate(paths, start=1):
        ordered = [shown[row.row] for row in sheet_order(rows, seed, coder)]
        write_whole(path, write_sheet(ordered).encode("utf-8", errors="backslashreplace"))
    return [
        f"audit         {one.name}: {len(rows):,} rows, the same in both sheets, each in an order of its own",
        *(f"sheet         {path}" for path in paths),
        "  code each by one person who knows neither the verdicts nor the other's codes;",
        "  then: stage=audit run_folder=... 'import=[first,second]'",
    ]


def _check_export(folder: Path, one: VerdictSet, paths: Sequence[Path]) -> None:
    for path in paths:
        if path.exists():
            raise ConfigError(f"{path} exists already.", fix="Give another name: export=...")
    if not one.is_finished:
        raise ConfigError(
            f"{one.name} is not finished: {len(one.verdicts):,} of {one.num_planned:,} verdicts.",
            fix="Finish it first: the same command with stage=judge.",
        )
    if is_coded(set_folder(folder, one.name)):
        raise ConfigError(
            f"{one.name} was coded already: other rows would not fit those codes.",
            fix=f"To begin anew move codes.json and audit.json out of {set_folder(folder, one.name)}.",
        )


def import_sheets(run: Run, folder: Path, one: VerdictSet, paths: Sequence[str]) -> list[str]:
    """Reads the coded sheets, checks all of them, and seals the codes in the set's folder.

    Args:
        run: That was judged.
        folder: Of the run.
        one: The set.
        paths: Of the sheets, one a coder.

    Returns:
        How many rows each coder coded, in lines.

    Raises:
        DefSimError: A sheet is not one that was exported, or a row or a coding is wrong.
        StoreError: Nothing was exported, or verdicts have changed since.
    """
    rubric = rubric_of_set(folder, one)
    rows = read_rows(set_folder(folder, one.name), one)
    shown = list(_sheet_rows(run, folder, rubric, rows).values())
    files = [Path(path).expanduser() for path in paths]
    texts = [read_text(file, most_bytes=_MOST_BYTES) for file in files]
    _refuse_same(files, texts)
    coders = [read_sheet(text, file.name, shown) for file, text in zip(files, texts, strict=True)]
    with disk_errors(set_folder(folder, one.name)):
        store_codes(set_folder(folder, one.name), one, rows, coders)
    audit = CodedAudit(one.name, rows, tuple(coders))
    return [
        *(_said(file, codes) for file, codes in zip(files, coders, strict=True)),
        *_agreement_lines(audit, one, rubric, run.config.seed),
        "  stage=report puts what people say of defects beside the judge's rates",
    ]


def _said(file: Path, codes: Mapping[int, Value | None]) -> str:
    num_coded = sum(code is not None for code in codes.values())
    return f"read          {file.name}: {num_coded:,} of {len(codes):,} rows coded"


def _agreement_lines(audit: CodedAudit, one: VerdictSet, rubric: Rubric, seed: int) -> list[str]:
    """How right the verdicts are by people's codes, for each question that was audited."""
    asked = {row.verdict.question for row in audit.rows}
    names = [question.name for question in rubric.questions if question.name in asked]
    found = [audited_question(audit, one.verdicts, name, seed=seed) for name in names]
    return [
        f"{each.question:<13} {_share(each.accuracy)} of the verdicts are right; kappa with people "
        f"{written(each.kappa)}, alpha of people {written(each.alpha)}"
        for each in found
    ]


def _share(accuracy: Accuracy) -> str:
    """With its interval, where there is one."""
    if math.isnan(accuracy.low):
        return as_percent(accuracy.share)
    return f"{as_percent(accuracy.share)} ({as_percent(accuracy.low)} to {as_percent(accuracy.high)})"


def _refuse_same(files: Sequence[Path], texts: Sequence[str]) -> None:
    for number, text in enumerate(texts):
        if text in texts[:number]:
            first = files[texts.index(text)]
            raise DefSimError(
                f"{first.name} and {files[number].name} are the same to the byte: one coder, not two.",
                fix="Give the sheet of each coder once.",
            )


def _sheet_rows(run: Run, folder: Path, rubric: Rubric, rows: Sequence[AuditRow]) -> dict[int, SheetRow]:
    """Row -> what its coder sees."""
    judged = _judged_answers(run, panel_answers(run, folder))
    shown: dict[int, SheetRow] = {}
    for row in rows:
        verdict = row.verdict
        answer = judged.get((verdict.respondent_id, verdict.question_id))
        if answer is None or hash_answer(answer.answer) != verdict.answer_hash:
            raise DefSimError(
                f"{verdict.respondent_id}, {verdict.question_id}: the answer is not the one that was judged.",
                fix="Restore answers/ from a copy, or have the run judged again.",
            )
        shown[row.row] = sheet_row(row.row, answer, rubric, verdict.question)
    return shown


def _judged_answers(run: Run, answers: Sequence[Answer]) -> dict[tuple[str, str], JudgedAnswer]:
    """Respondent and question -> the answer with its question as it was put. Sheets show no frame."""
    by_respondent: dict[str, dict[str, Answer]] = defaultdict(dict)
    for answer in answers:
        by_respondent[answer.respondent_id][answer.question_id] = answer
    return {
        (respondent.id, moment.question.id): JudgedAnswer(moment.question, moment.answer, frame="")
        for respondent in run.panel
        for moment in replay(
            respondent, run.survey, run.presentation, run.rules, by_respondent[respondent.id]
        )
    }
