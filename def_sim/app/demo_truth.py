"""The truth that was planted in the demo respondent, read from beside it."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from def_sim.app.run import Run, resolve_path
from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError
from def_sim.records import ItemReference, Question, QuestionType

PLANTED = "planted.csv"  # beside the demo respondent: the truth it was trained on
PLANTED_GROUPS = "planted_groups.csv"  # the same of personas with sex and age, a column a group
_PLANTED_N = 1_000_000  # planted shares are exact: as if very many had been asked


def planted_truth(run: Run) -> dict[str, ItemReference]:
    """What a demonstration's respondents were trained to answer; empty for any other model.

    Of a panel with sex and age: the mean of its groups' truths, each weighing as many members as it has.
    """
    model = run.config.model
    if not model.is_demonstration or model.engine is None or "path" not in model.engine.arguments:
        return {}
    people = run.panel if run.config.modifications.has_persons else ()  # nobody is drawn for nothing
    groups = Counter(one.persona.group for one in people)
    weights = {"share": 1.0} if not groups else {name: n / len(run.panel) for name, n in groups.items()}
    name = PLANTED_GROUPS if groups else PLANTED
    path = resolve_path(str(model.engine.arguments["path"])) / name
    shares = _read(path, weights) if path.is_file() else {}
    return {
        question.item_id: _planted_reference(question, shares[question.item_id])
        for question in run.survey.questions
        if question.item_id in shares
    }


def _read(path: Path, weights: Mapping[str, float]) -> dict[str, dict[int, float]]:
    """Item id -> code -> share, the weighted mean of some columns."""
    shares: dict[str, dict[int, float]] = defaultdict(dict)
    fix = f"Correct {path.name}, or take it out of the model's folder."
    rows = read_rows(path, fix=fix)
    _, header = next(rows, (1, []))
    for line, fields in rows:
        row = dict(zip(header, fields, strict=True))
        try:
            share = sum(weight * float(row[column]) for column, weight in weights.items())
            shares[row["item_id"]][int(row["code"])] = share
        except (KeyError, ValueError):
            columns = f"the columns item_id, code (a whole number) and {', '.join(weights)} (a number)"
            raise SurveyFormatError(f"{path}, line {line}: expected {columns}.", fix=fix) from None
    return shares


def _planted_reference(question: Question, shares: Mapping[int, float]) -> ItemReference:
    """The planted shares of the options that this population is shown."""
    shown = [shares[code] for code in question.codes]
    total = 1.0 if question.type is QuestionType.MULTIPLE else sum(shown)
    normalised = tuple(share / total for share in shown)
    return ItemReference(question.item_id, "all", question.codes, normalised, _PLANTED_N, None)
