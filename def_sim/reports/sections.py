"""A measure as one section of the report: what it shows, what it does not, its drawings, its numbers.

A new measure is one function that returns a `Section`, entered in `app/report_sections.py`; page,
contents, figure files and `measures.csv` follow from it. Knows no measure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd
from markupsafe import Markup

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
    many random answerers would have. Formulas: docs/statistics.md.
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


@dataclass(frozen=True, slots=True)
class Section:
    """One measure, ready to print.

    `key` is its address on the page and begins the names of its figure files. `body` is escaped
    HTML. `charts` are the drawings in it that are also written as files, by name.
    """

    key: str
    title: str
    shows: str  # one sentence
    hides: str  # one sentence
    body: Markup
    findings: tuple[Finding, ...] = ()
    charts: dict[str, Markup] = field(default_factory=dict)


def findings_table(sections: Sequence[Section]) -> pd.DataFrame:
    """The numbers of all sections, one row each, in the order of the page.

    Returns:
        Columns: section (its key), measure, group ("" for the whole run), value, low, high, people,
        people_low, people_high, random, num_items (<NA> where items are not counted), reason; see
        `Finding`.
    """
    rows = [
        {"section": section.key} | {name: getattr(finding, name) for name in _TYPES if name != "section"}
        for section in sections
        for finding in section.findings
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def check_sections(sections: Sequence[Section]) -> None:
    """Every key is there once, and every section says what it does not show.

    Raises:
        ValueError: Two sections of one key, or an empty sentence.
    """
    keys = [section.key for section in sections]
    if len(set(keys)) < len(keys):
        raise ValueError(f"Sections need keys of their own, found {keys}.")
    for section in sections:
        if not (section.shows.endswith(".") and section.hides.endswith(".")):
            raise ValueError(
                f"Section {section.key!r} needs a sentence of what it shows, and one of what not."
            )
