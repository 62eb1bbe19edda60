"""The numbers of a report's sections as records and as one table. Knows no measure and no page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

_TYPES: Final = {
    "section": "str",
    "measure": "str",
    "group": "str",
    "value": "float64",
    "low": "float64",
    "high": "float64",
    "people": "float64",
    "people_low": "float64",
    "people_high": "float64",
    "random": "float64",
    "num_items": "Int64",
    "reason": "str",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One number of a section, with what it stands beside. Absent numbers are NaN.

    `low` and `high` are the interval of the value; `people` is what as many people would have,
    `people_low` and `people_high` where 95 % of such panels of people lie, and `random` what as
    many random answerers would have. Formulas: docs/concepts/divergences.md.
    """

    measure: str
    value: float
    group: str = ""  # what part of the run it is about, such as a topic group; "" for all of it
    low: float = math.nan
    high: float = math.nan
    people: float = math.nan
    people_low: float = math.nan
    people_high: float = math.nan
    random: float = math.nan
    num_items: int | None = None
    reason: str = ""  # why there is no value, or no interval


def findings_table(sections: Mapping[str, Sequence[Finding]]) -> pd.DataFrame:
    """The numbers of all sections, one row each, in the order of the page.

    Args:
        sections: Key of a section -> its numbers, as from `SectionResults.findings`.

    Returns:
        Columns: section (its key), measure, group ("" for the whole run), value, low, high, people,
        people_low, people_high, random, num_items (<NA> where items are not counted), reason; see
        `Finding`.
    """
    rows = [
        {"section": key} | {name: getattr(finding, name) for name in _TYPES if name != "section"}
        for key, findings in sections.items()
        for finding in findings
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)
