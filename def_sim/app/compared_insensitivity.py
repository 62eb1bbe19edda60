"""Reads the insensitivity.csv of finished runs for a comparison; a run folder is data of unknown origin."""

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pandas as pd

from def_sim.answers.storage.completion import is_complete, read_completion
from def_sim.answers.storage.disk import disk_errors
from def_sim.app.insensitivity import INSENSITIVITY
from def_sim.errors import StoreError
from def_sim.evaluation.compared_runs import ComparedRun
from def_sim.evaluation.insensitivity import COLUMN_TYPES, NEEDED_ROWS

_MOST_BYTES: Final = 2**24


def stored_defects(runs: Iterable[ComparedRun]) -> dict[str, pd.DataFrame]:
    """Folder -> its table, of the finished runs that have one.

    Raises:
        StoreError: A table is not the one that the completion mark vouches for, or is none.
    """
    folders = [Path(run.folder) for run in runs if is_complete(Path(run.folder))]
    return {str(folder): table for folder in folders if (table := _table_in(folder)) is not None}


def _table_in(folder: Path) -> pd.DataFrame | None:
    vouched = read_completion(folder)["files"].get(INSENSITIVITY)
    if vouched is None:  # a report of before
        return None
    path = folder / INSENSITIVITY
    fix = f"Write it anew: `python -m def_sim stage=report run_folder={folder}`."
    with disk_errors(path):
        is_bearable = path.is_file() and path.stat().st_size == vouched["bytes"] <= _MOST_BYTES
        content = path.read_bytes() if is_bearable else b""
    if hashlib.sha256(content).hexdigest() != vouched["sha256"]:
        raise StoreError(f"{path} is missing or has changed since the run was completed.", fix=fix)
    texts = [name for name, kind in COLUMN_TYPES.items() if kind == "str"]
    try:
        frame = pd.read_csv(io.BytesIO(content), keep_default_na=False, na_values=[""])
        frame = frame[list(COLUMN_TYPES)]
        frame[texts] = frame[texts].astype(object).where(frame[texts].notna(), "")
        frame = frame.astype(COLUMN_TYPES)
        _check(frame)
        return frame
    except (KeyError, ValueError, TypeError, OverflowError, pd.errors.ParserError) as error:
        raise StoreError(f"{path} is no table of rates: {str(error)[:200]}.", fix=fix) from None


def _check(frame: pd.DataFrame) -> None:
    """Every set has each dimension once, and rates are shares.

    Raises:
        ValueError: Not so.
    """
    if frame.duplicated(["set", "dimension"]).any():
        raise ValueError("a dimension stands twice")
    for name, rows in frame.groupby("set"):
        if missing := sorted(NEEDED_ROWS - set(rows["dimension"])):
            raise ValueError(f"set {name} has no row {missing[0]}")
    shares = frame[["rate", "low", "high", "corrected"]]
    if not (shares.isna() | ((shares >= 0) & (shares <= 1))).to_numpy().all():
        raise ValueError("a rate is no share")
