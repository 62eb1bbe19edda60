"""Reading single numbers out of tidy frames, and what is printed for one that is missing.

Knows no HTML.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from def_sim.evaluation.measures import written

Row = Mapping[str, Any]  # one row of a frame: column -> value


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as printed. `why` is set only where the number is missing or stands for another."""

    text: str
    why: str = ""


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """The rows as mappings, in their order."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def find_row(scores: pd.DataFrame, metric: str, scope: str, **where: object) -> Row:
    """The score's row as a mapping; empty where the frame has none."""
    found = scores[(scores["metric"] == metric) & (scores["scope"] == scope)]
    for column, value in where.items():
        found = found[found[column] == value]
    return {} if found.empty else rows_of(found)[0]


def number_in(row: Row, column: str) -> float:
    """A number of a row; NaN where column or value is missing."""
    value = row.get(column, math.nan)
    return math.nan if value is None or pd.isna(value) else float(value)


def count_in(row: Row, column: str) -> int:
    """A count of a row; 0 where it is missing."""
    value = number_in(row, column)
    return 0 if math.isnan(value) else int(value)


def shown(value: float, why: str) -> Shown:
    """A number as printed, with the reason where it is missing."""
    return Shown(written(value), why if math.isnan(value) else "")
