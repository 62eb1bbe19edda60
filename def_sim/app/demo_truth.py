"""The truth that was planted in the demo respondent, read from beside it."""

from collections import defaultdict
from collections.abc import Mapping

from def_sim.app.run import Run, resolve_path
from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError
from def_sim.records import ItemReference, Question, QuestionType

PLANTED = "planted.csv"  # beside the demo respondent: the truth it was trained on
_FIX = f"Correct {PLANTED}, or take it out of the model's folder."
_PLANTED_N = 1_000_000  # planted shares are exact: as if very many had been asked


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
