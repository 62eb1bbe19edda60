"""Reads the insensitivity.csv of finished runs for a comparison; a run folder is data of unknown origin."""

import io
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from def_sim.answers.storage.completion import is_complete
from def_sim.app.insensitivity import INSENSITIVITY
from def_sim.app.unreadable_runs import reading
from def_sim.app.vouched_tables import how_to_rewrite, vouched_bytes
from def_sim.errors import StoreError
from def_sim.evaluation.compared_runs import ComparedRun
from def_sim.evaluation.insensitivity import COLUMN_TYPES, NEEDED_ROWS


def stored_defects(runs: Iterable[ComparedRun]) -> dict[str, pd.DataFrame]:
    """Folder -> its table, of the finished runs that have one.

    Raises:
        UnreadableRunsError: A table is not the one that the completion mark vouches for, or is none.
    """
    found = {}
    for run in runs:
        with reading(run.folder):
            if is_complete(Path(run.folder)) and (table := _table_in(Path(run.folder))) is not None:
                found[run.folder] = table
    return found


def _table_in(folder: Path) -> pd.DataFrame | None:
    content = vouched_bytes(folder, INSENSITIVITY)
    if content is None:
        return None
    texts = [name for name, kind in COLUMN_TYPES.items() if kind == "str"]
    try:
        frame = pd.read_csv(io.BytesIO(content), keep_default_na=False, na_values=[""])
        frame = frame[list(COLUMN_TYPES)]
        frame[texts] = frame[texts].astype(object).where(frame[texts].notna(), "")
        frame = frame.astype(COLUMN_TYPES)
        _check(frame)
        return frame
    except (KeyError, ValueError, TypeError, OverflowError, pd.errors.ParserError) as error:
        raise StoreError(
            f"{folder / INSENSITIVITY} is no table of rates: {str(error)[:200]}.", fix=how_to_rewrite(folder)
        ) from None


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
