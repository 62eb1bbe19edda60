"""Holds the files of `stage=calibrate` against the answers that they were made from."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.sealed_json import read_sealed
from def_sim.app.calibrating import measures_of, scores_of, variables_of, weights_by, weights_table
from def_sim.app.calibration_record import (
    ANEW,
    CALIBRATED,
    FILES,
    MARGINS,
    RECORD,
    WEIGHTED_MEASURES,
    WEIGHTED_SCORES,
    WEIGHTS,
    answers_hash,
)
from def_sim.app.definition import run_identity
from def_sim.app.read_panel import arrays_of
from def_sim.app.run import Run
from def_sim.app.tables import check_table
from def_sim.errors import VerificationError
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.run_tables import run_csv
from def_sim.file_hashes import hash_file
from def_sim.records import Answer
from def_sim.respondents.margins import read_margins


def check_calibration(run: Run, folder: Path, answers: Sequence[Answer]) -> Iterator[str]:
    """Weights and weighted scores once more; a rectified table needs the sample, so its hash must do.

    Yields:
        A line if there is a calibration.

    Raises:
        VerificationError: A file was changed, is missing or has no record; or the answers are other ones.
    """
    there = [name for name in FILES if (folder / name).exists()]
    if not (folder / RECORD).exists():
        if there:
            raise VerificationError(f"{folder / there[0]} stands there without {RECORD}.", fix=ANEW)
        return
    record = read_sealed(folder / RECORD, fix=ANEW)
    arrays = arrays_of(run, answers)
    if record.get("answers") != answers_hash(arrays.answers):
        raise VerificationError(
            f"{folder / RECORD}: the calibration is stale: it was made from other answers.", fix=ANEW
        )
    _check_files(folder, record.get("files"), there)
    if MARGINS in there:
        _check_weights(run, folder, arrays)
    kept = ", its hash checked without the sample" if CALIBRATED in there else ""
    yield f"calibration   {', '.join(there)}: of these answers{kept}"


def _check_files(folder: Path, hashes: Any, there: Sequence[str]) -> None:
    if not isinstance(hashes, dict) or sorted(hashes) != sorted(there):
        raise VerificationError(f"{folder / RECORD}: it names other files than stand there.", fix=ANEW)
    for name in there:
        with disk_errors(folder / name):
            found = hash_file(folder / name)
        if found != hashes[name]:
            raise VerificationError(f"{folder / name} was changed since the calibration.", fix=ANEW)


def _check_weights(run: Run, folder: Path, arrays: PanelArrays) -> None:
    variables, path, identity = variables_of(run, arrays), folder / MARGINS, run_identity(run, folder)
    weights = weights_by(path, arrays, read_margins(path, variables))
    tables = {
        WEIGHTS: weights_table(arrays, weights, variables),
        WEIGHTED_SCORES: scores_of(run, arrays, weights),
    }
    if (folder / WEIGHTED_MEASURES).exists():  # calibrations of before have none
        tables[WEIGHTED_MEASURES] = measures_of(run, arrays, weights)
    for name, table in tables.items():
        check_table(folder / name, run_csv(table, identity), fix=ANEW)
