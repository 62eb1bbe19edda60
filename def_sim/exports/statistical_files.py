"""Writes tables with labels as files of SPSS (.sav) and Stata (.dta), and reads them back.

By pyreadstat, which is installed with the extra `export` and imported here late. It cuts long labels in
silence, and on a full disk it may end a file in the middle and say nothing: so labels are cut here, visibly,
and a file counts only when it was read back and holds what was to be written.
"""

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from def_sim.errors import StoreError
from def_sim.exports.cut_texts import cut_to_bytes, cut_to_characters, told_apart
from def_sim.exports.labelled_table import LabelledTable, Variable
from def_sim.exports.missing_codes import HIGHEST, LOWEST, MISSING_LABELS, missing_letter

TEXT_BYTES: Final = 255  # of a value: longer ones are other kinds of variables
SAV_TITLE_BYTES: Final = 64
SAV_LABEL_BYTES: Final = 255  # of a variable
SAV_VALUE_LABEL_BYTES: Final = 120
SAV_NOTE_BYTES: Final = 80  # a line
DTA_LABEL_CHARACTERS: Final = 80  # of a variable and of the file
DTA_VALUE_LABEL_BYTES: Final = 32_000
_DTA_VERSION: Final = 14  # the first with texts in UTF-8; Stata 14 and later read it


def write_sav(path: Path, table: LabelledTable) -> None:
    """Writes a file of SPSS; statuses are the codes -1 to -12, declared missing.

    Raises:
        StoreError: It cannot be written, or not whole.
    """
    import pyreadstat

    frame = pd.DataFrame({one.name: _values(one) for one in table.variables})
    answers = [one.name for one in table.variables if one.is_answer]
    write = partial(
        pyreadstat.write_sav,
        frame,
        path,
        file_label=cut_to_bytes(table.title, SAV_TITLE_BYTES),
        note=_note_lines([table.title, *table.notes]),
        column_labels=[cut_to_bytes(one.label, SAV_LABEL_BYTES) for one in table.variables],
        variable_value_labels=_value_labels(table, SAV_VALUE_LABEL_BYTES),
        missing_ranges={name: [{"lo": LOWEST, "hi": HIGHEST}] for name in answers},
        variable_measure={one.name: "nominal" if one.is_text else one.level for one in table.variables},
        variable_format={one.name: _number_format(one) for one in table.variables if not one.is_text},
    )
    _written(path, write, lambda: pyreadstat.read_sav(path, user_missing=True)[0], frame)


def write_dta(path: Path, table: LabelledTable) -> None:
    """Writes a file of Stata; statuses are the missing values .a to .l.

    Raises:
        StoreError: It cannot be written, or not whole.
    """
    import pyreadstat

    frame = pd.DataFrame({one.name: _with_letters(one) for one in table.variables})
    letters = [missing_letter(code) for code in MISSING_LABELS]
    write = partial(
        pyreadstat.write_dta,
        frame,
        path,
        version=_DTA_VERSION,
        file_label=cut_to_characters(table.title, DTA_LABEL_CHARACTERS),
        column_labels=[cut_to_characters(one.label, DTA_LABEL_CHARACTERS) for one in table.variables],
        variable_value_labels={
            name: _lettered(labels) for name, labels in _value_labels(table, DTA_VALUE_LABEL_BYTES).items()
        },
        missing_user_values={one.name: letters for one in table.variables if one.is_answer},
    )
    # Read with its letters, pyreadstat takes a plain missing value for 0: without them all missing are NaN.
    without = pd.DataFrame({one.name: _without_codes(one) for one in table.variables})
    _written(path, write, lambda: pyreadstat.read_dta(path)[0], without)


def _values(one: Variable) -> Any:
    """Shape (N,): numbers, or texts that are short enough."""
    return [cut_to_bytes(text, TEXT_BYTES) for text in one.values] if one.is_text else one.values


def _with_letters(one: Variable) -> Any:
    """The same with Stata's letters in place of the codes of statuses."""
    if not isinstance(one.values, np.ndarray) or not one.is_answer:
        return _values(one)
    return pd.Series([_in_stata(value) for value in one.values.tolist()], dtype="object")


def _without_codes(one: Variable) -> Any:
    values = _values(one)
    return np.where(values < 0, np.nan, values) if one.is_answer else values


def _in_stata(value: float) -> object:
    if math.isnan(value):
        return value
    return missing_letter(int(value)) if value < 0 else int(value)


def _value_labels(table: LabelledTable, most_bytes: int) -> dict[str, Any]:
    """Variable -> value -> label; those of answers say what the statuses are."""
    return {
        one.name: told_apart(
            {**one.value_labels, **(MISSING_LABELS if one.is_answer else {})}, cut_to_bytes, most_bytes
        )
        for one in table.variables
        if one.value_labels
    }


def _lettered(labels: Mapping[int, str]) -> dict[Any, str]:
    return {missing_letter(value) if value < 0 else value: label for value, label in labels.items()}


def _number_format(one: Variable) -> str:
    return f"F8.{one.num_decimals}"


def _note_lines(lines: Sequence[str]) -> list[str]:
    """Lines of which each fits into a document of SPSS."""
    wrapped = [part for line in lines for part in textwrap.wrap(line, SAV_NOTE_BYTES)]
    return [cut_to_bytes(line, SAV_NOTE_BYTES) for line in wrapped]


def _written(
    path: Path, write: Callable[[], object], read: Callable[[], pd.DataFrame], frame: pd.DataFrame
) -> None:
    """Writes a file and makes sure that it is what it should be."""
    from pyreadstat import PyreadstatError, ReadstatError

    try:
        write()
        is_whole = _says_the_same(read(), frame)
    except (ReadstatError, PyreadstatError) as error:
        raise _not_written(path, str(error)) from None
    if not is_whole:
        raise _not_written(path, "it does not hold what was written")


def _says_the_same(found: pd.DataFrame, wanted: pd.DataFrame) -> bool:
    if list(found.columns) != list(wanted.columns) or len(found) != len(wanted):
        return False
    return all(_same_column(found[name], wanted[name]) for name in wanted.columns)


def _same_column(found: "pd.Series[Any]", wanted: "pd.Series[Any]") -> bool:
    pairs = zip(found.astype("object"), wanted.astype("object"), strict=True)
    return all(one == other or (pd.isna(one) and pd.isna(other)) for one, other in pairs)


def _not_written(path: Path, why: str) -> StoreError:
    return StoreError(
        f"{path.name}: it could not be written whole ({why}).",
        fix="Free space (or raise the quota or file size limit) and run the same command again.",
    )
