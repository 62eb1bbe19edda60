"""Holds the files of `stage=calibrate` against the answers that they were made from."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.sealed_json import read_sealed
from def_sim.app.calibrating import (
    CALIBRATED,
    FILES,
    MARGINS,
    RECORD,
    WEIGHTED_SCORES,
    WEIGHTS,
    answers_hash,
    scores_of,
    variables_of,
    weights_by,
    weights_csv,
)
from def_sim.app.reporting import arrays_of, csv_bytes
from def_sim.app.run import Run
from def_sim.app.tables import check_table
from def_sim.errors import VerificationError
from def_sim.records import Answer
from def_sim.respondents.margins import read_margins

_FIX: Final = "Make it anew (stage=calibrate), or delete it with the other files of the calibration."


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
            raise VerificationError(f"{folder / there[0]} stands there without {RECORD}.", fix=_FIX)
        return
    record = read_sealed(folder / RECORD, fix=_FIX)
    if record.get("answers") != answers_hash(answers):
        raise VerificationError(
            f"{folder / RECORD}: the calibration is stale: it was made from other answers.", fix=_FIX
        )
    _check_files(folder, record.get("files"), there)
    if MARGINS in there:
        _check_weights(run, folder, answers)
    kept = ", its hash checked without the sample" if CALIBRATED in there else ""
    yield f"calibration   {', '.join(there)}: of these answers{kept}"


def _check_files(folder: Path, hashes: Any, there: Sequence[str]) -> None:
    if not isinstance(hashes, dict) or sorted(hashes) != sorted(there):
        raise VerificationError(f"{folder / RECORD}: it names other files than stand there.", fix=_FIX)
    for name in there:
        with disk_errors(folder / name):
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != hashes[name]:
            raise VerificationError(f"{folder / name} was changed since the calibration.", fix=_FIX)


def _check_weights(run: Run, folder: Path, answers: Sequence[Answer]) -> None:
    arrays = arrays_of(run, answers)
    variables, path = variables_of(run, arrays), folder / MARGINS
    weights = weights_by(path, arrays, read_margins(path, variables))
    check_table(folder / WEIGHTS, weights_csv(arrays, weights, variables), fix=_FIX)
    check_table(folder / WEIGHTED_SCORES, csv_bytes(scores_of(run, arrays, weights)), fix=_FIX)
