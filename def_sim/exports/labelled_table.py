"""A table as statistics programs know it: variables and values with labels, and kinds of missing values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from def_sim.exports.variable_names import fitting_names

Level = Literal["nominal", "ordinal", "scale"]
_NO_YES: Final = {0: "no", 1: "yes"}


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A column of N rows.

    Attributes:
        name: As `variable_names` makes them fit; unlike all others of its table.
        label: What it is, in a line; as long as it wants to be.
        values: Numbers, NaN where there is nothing, or texts; shape (N,).
        value_labels: Value -> what it means; none of them negative.
        is_answer: Whether values below 0 are `missing_codes`.
        level: What its values mean.
        num_decimals: Shown of its numbers.
    """

    name: str
    label: str
    values: NDArray[np.float64] | Sequence[str]
    value_labels: Mapping[int, str] = field(default_factory=dict)
    is_answer: bool = False
    level: Level = "nominal"
    num_decimals: int = 0

    @property
    def is_text(self) -> bool:
        """Whether its values are texts."""
        return not isinstance(self.values, np.ndarray)


@dataclass(frozen=True, slots=True, eq=False)
class LabelledTable:
    """Variables of equal length, none of the same name, and what the file says of itself.

    `title` is a line that may be cut at its end; `notes` are lines that only some files hold.
    """

    title: str
    notes: Sequence[str]
    variables: Sequence[Variable]

    @property
    def num_rows(self) -> int:
        """N."""
        return len(self.variables[0].values) if self.variables else 0


def joined(title: str, notes: Sequence[str], variables: Sequence[Variable]) -> LabelledTable:
    """A table of variables from several sources: a name that an earlier one has is told apart."""
    names = fitting_names([(one.name, "") for one in variables])
    named = [replace(one, name=name) for one, name in zip(variables, names, strict=True)]
    return LabelledTable(title, notes, named)


def frame_variables(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Variable]:
    """The columns of a frame as variables, under their own names.

    Args:
        frame: Tidy; truth values become 0 and 1.
        labels: Column -> what it is; a column that is not among them is labelled by its name.
    """
    return [_of_column(str(name), column, labels.get(str(name), str(name))) for name, column in frame.items()]


def _of_column(name: str, column: "pd.Series[Any]", label: str) -> Variable:
    if pd.api.types.is_bool_dtype(column):
        return Variable(name, label, column.to_numpy(dtype=np.float64), _NO_YES)
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        is_whole = not np.any(values[np.isfinite(values)] % 1)
        return Variable(name, label, values, level="scale", num_decimals=0 if is_whole else 4)
    texts = column.astype("object").where(column.notna(), "")
    return Variable(name, label, tuple(str(text) for text in texts))
