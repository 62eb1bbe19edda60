"""Files of a calibration in a run folder: their names, the answers they are of, and the table for a page."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.sealed_json import canonical_json, read_sealed
from def_sim.csv_files import read_rows
from def_sim.errors import DefSimError
from def_sim.evaluation.calibrated_items import CalibratedItems, calibrated_items
from def_sim.evaluation.calibration import COLUMNS
from def_sim.file_hashes import hash_file
from def_sim.records import RUN_COLUMNS, Answer, Question

RECORD: Final = "calibration.json"
CALIBRATED: Final = "calibrated.csv"
WEIGHTS: Final = "weights.csv"
MARGINS: Final = "margins.csv"
WEIGHTED_SCORES: Final = "weighted_scores.csv"
WEIGHTED_MEASURES: Final = "weighted_measures.csv"
FILES: Final = (CALIBRATED, WEIGHTS, MARGINS, WEIGHTED_SCORES, WEIGHTED_MEASURES)
ANEW: Final = "Make it anew (stage=calibrate), or delete it with the other files of the calibration."
_MOST_HEADER: Final = 4096  # bytes
_OTHER_ANSWERS: Final = f"{CALIBRATED} was made from other answers. {ANEW}"
_CHANGED: Final = f"{CALIBRATED} is not as stage=calibrate wrote it. {ANEW}"


def answers_hash(answers: Sequence[Answer]) -> str:
    """Names what a panel answered, whatever the order of its journal."""
    rows = sorted(
        [a.respondent_id, a.question_id, a.status.value, list(a.choices), list(a.option_probabilities or ())]
        for a in answers
    )
    return hashlib.sha256(canonical_json(rows)).hexdigest()


def note_on_older(folder: Path) -> str:
    """What a terminal says of a calibration that an older version wrote; "": there is none.

    A report does not write it anew: that takes the sample, which does not lie in the run folder.
    """
    older = [name for name in FILES if (folder / name).is_file() and not _begins_with_run(folder / name)]
    if not older:
        return ""
    given = ["sample=FILE"] * (CALIBRATED in older) + ["margins=FILE"] * (WEIGHTS in older)
    return (
        f"calibration of an older version left as it is ({', '.join(older)}); make it anew with what it was "
        f"made from: def-sim stage=calibrate run_folder={folder} {' '.join(given)}"
    )


def _begins_with_run(path: Path) -> bool:
    with disk_errors(path), path.open("rb") as file:
        header = file.readline(_MOST_HEADER).decode("utf-8", "replace")
    return tuple(header.split(",")[: len(RUN_COLUMNS)]) == RUN_COLUMNS


def found_calibration(
    folder: Path, answers: Sequence[Answer], questions: Sequence[Question]
) -> CalibratedItems | None:
    """The rectified table of a run, for its page; None where there is none.

    A table that was changed, or is of other answers, is said to be so and not shown: a report is no reason to
    refuse one.

    Args:
        folder: Of the run.
        answers: Of its panel, to questions of opinion.
        questions: Of opinion, that the run asks.
    """
    path = folder / CALIBRATED
    if not path.is_file():
        return None
    try:
        record = read_sealed(folder / RECORD, fix=ANEW)
        with disk_errors(path):
            found = hash_file(path)
        if record.get("answers") != answers_hash(answers):
            return CalibratedItems((), why=_OTHER_ANSWERS)
        files = record.get("files")
        if not isinstance(files, dict) or files.get(CALIBRATED) != found:
            return CalibratedItems((), why=_CHANGED)
        return calibrated_items(_table(path), questions)
    except (DefSimError, ValueError):
        return CalibratedItems((), why=_CHANGED)


def _table(path: Path) -> pd.DataFrame:
    """The table with the columns of `calibrated_frame`; the run's, which older ones lack, are left out.

    Raises:
        SurveyFormatError, ValueError: It is no such table.
    """
    rows = [row for _, row in read_rows(path, fix=ANEW)]
    if rows and tuple(rows[0][: len(RUN_COLUMNS)]) == RUN_COLUMNS:
        rows = [row[len(RUN_COLUMNS) :] for row in rows]
    if not rows or rows[0] != list(COLUMNS):
        raise ValueError("The columns are others.")
    text = pd.DataFrame(rows[1:], columns=list(COLUMNS), dtype="str")
    numbers = [name for name, kind in COLUMNS.items() if kind != "str"]
    return text.assign(**{name: text[name].replace("", None).astype("float64") for name in numbers}).astype(
        COLUMNS
    )
