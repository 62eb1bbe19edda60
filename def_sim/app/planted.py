"""The truth that was planted in the demo respondent, read and held against its answers."""

from collections import defaultdict
from collections.abc import Mapping

import pandas as pd

from def_sim.app.run import Run, resolve_path
from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError
from def_sim.evaluation.distributions import align_with_reference, count_answers
from def_sim.evaluation.score_tables import score_table
from def_sim.records import Answer, ItemReference, Question, QuestionType

PLANTED = "planted.csv"  # beside the demo respondent: the truth it was trained on
_FIX = f"Correct {PLANTED}, or take it out of the model's folder."
_PLANTED_N = 1_000_000  # planted shares are exact: as if very many had been asked
_PLANTED_COLUMNS = {"total_variation": "value", "floor": "floor", "num_items": "num_items"}


def planted_truth(run: Run) -> dict[str, ItemReference]:
    """What a demonstration's respondent was trained to answer; empty for any other model."""
    model = run.config.model
    if not model.is_demonstration or model.engine is None:
        return {}
    path = resolve_path(str(model.engine.arguments["path"])) / PLANTED
    if not path.is_file():
        return {}
    shares: dict[str, dict[int, float]] = defaultdict(dict)
    rows = read_rows(path, fix=_FIX)
    _, header = next(rows, (1, []))
    for line, fields in rows:
        row = dict(zip(header, fields, strict=True))
        try:
            shares[row["item_id"]][int(row["code"])] = float(row["share"])
        except (KeyError, ValueError):
            expected = "expected the columns item_id, code (a whole number) and share (a number)"
            raise SurveyFormatError(f"{path}, line {line}: {expected}.", fix=_FIX) from None
    return {
        question.item_id: _planted_reference(question, shares[question.item_id])
        for question in run.survey.questions
        if question.item_id in shares
    }


def _planted_reference(question: Question, shares: Mapping[int, float]) -> ItemReference:
    """The planted shares of the options that this population is shown."""
    shown = [shares[code] for code in question.codes]
    total = 1.0 if question.type is QuestionType.MULTIPLE else sum(shown)
    normalised = tuple(share / total for share in shown)
    return ItemReference(question.item_id, "all", question.codes, normalised, _PLANTED_N, None)


def planted_frame(truth: Mapping[str, ItemReference]) -> pd.DataFrame | None:
    """The planted shares as a table for charts: item_id, code, share; None if there are none."""
    rows = [
        {"item_id": item_id, "code": code, "share": share}
        for item_id, reference in truth.items()
        for code, share in zip(reference.codes, reference.shares, strict=True)
    ]
    return pd.DataFrame(rows) if rows else None


def compare_with_planted(
    run: Run, answers: list[Answer], truth: Mapping[str, ItemReference]
) -> dict[str, float]:
    """How far a demonstration's answers lie from the truth that was planted in its respondent.

    Returns:
        `total_variation`: mean over items, in [0, 1]; `floor`: what a perfect sample of this size
        would have; `num_items`. Empty without a planted truth.
    """
    if not truth:
        return {}
    counted = align_with_reference(count_answers(answers, run.survey.questions), truth)
    scores = score_table(
        counted,
        seed=run.config.seed,
        num_draws=run.config.scoring.draws,
        metrics=["total_variation"],
    )
    [row] = scores[scores["scope"] == "micro"].to_dict("records")
    return {name: float(row[key]) for name, key in _PLANTED_COLUMNS.items()}


def planted_sentence(planted: Mapping[str, float]) -> str:
    """The comparison in words; "" if there is none."""
    if not planted:
        return ""
    return (
        f"Against the planted truth: mean total variation {planted['total_variation']:.3f} over "
        f"{planted['num_items']:.0f} questions, where a perfect sample of this size has "
        f"{planted['floor']:.3f}."
    )
