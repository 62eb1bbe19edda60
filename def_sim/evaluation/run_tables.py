"""Tables as files that stand alone: each row says of which run it is, and no cell is a formula.

Frames have their own columns only; the run's come in front when a table is written, here for all but the
answers (`answers.storage.run_columns`). Writes no file, and does not know what a table holds.
"""

import io
import re
from dataclasses import asdict
from typing import Final

import pandas as pd

from def_sim.csv_files import FORMULA, without_formula
from def_sim.records import RUN_COLUMNS, RunIdentity
from def_sim.visible import visible

_NUMBER: Final = re.compile(r"[+-][0-9]+(\.[0-9]+)?", re.ASCII)


def of_run(frame: pd.DataFrame, identity: RunIdentity) -> pd.DataFrame:
    """The same table with the columns of its run in front: words as categories, numbers as int64.

    Raises:
        ValueError: The table has a column of such a name itself.
    """
    if taken := [name for name in RUN_COLUMNS if name in frame.columns]:
        raise ValueError(f"the columns {taken} are the run's")
    columns = {
        name: pd.Series(value, index=frame.index, dtype="int64")
        if isinstance(value, int)
        else pd.Series(pd.Categorical.from_codes([0] * len(frame), pd.Index([value])), index=frame.index)
        for name, value in asdict(identity).items()
    }
    return pd.concat([pd.DataFrame(columns, index=frame.index), frame], axis="columns")


def without_run(frame: pd.DataFrame) -> pd.DataFrame:
    """A stored table without them, whether it had them or not."""
    has_them = tuple(frame.columns[: len(RUN_COLUMNS)]) == RUN_COLUMNS
    return frame.iloc[:, len(RUN_COLUMNS) :] if has_them else frame


def run_csv(frame: pd.DataFrame, identity: RunIdentity) -> bytes:
    """A table of a run as CSV."""
    return csv_bytes(of_run(frame, identity))


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A table as CSV: every digit that a float has, nothing invisible and no formula, as people read it.

    A text that a spreadsheet would take for a formula has an apostrophe in front (`csv_files`).
    """
    text = io.StringIO()
    _without_formulas(frame).to_csv(text, index=False, lineterminator="\n")
    return visible(text.getvalue(), keeps="\n").encode("utf-8")


def _is_formula(text: str) -> bool:
    """A number in a column of words, such as the code -1, is none."""
    return text.startswith(FORMULA) and not _NUMBER.fullmatch(text)


def _without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    changed = {}
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            continue
        texts = [one for one in column.unique() if isinstance(one, str) and _is_formula(one)]
        if texts:
            changed[name] = column.astype(object).replace({one: without_formula(one) for one in texts})
    return frame.assign(**changed) if changed else frame
