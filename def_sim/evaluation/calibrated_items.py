"""What a page shows of a rectified table: one estimate an item, and what is absent, with the reason.

Of an item with an order that is its mean; of any other, the share of the option that most of the sample
chose.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from def_sim.evaluation.calibration import EVERYONE, MEAN
from def_sim.records import Question


@dataclass(frozen=True, slots=True)
class CalibratedItem:
    """One estimate; shares in [0, 1], means from 1 to K."""

    item_id: str
    topic: str
    option: str  # label of the option that the share is of; "" for a mean
    num_options: int  # K
    panel: float  # NaN where nobody of the panel answered
    sample: float
    rectified: float
    low: float  # 95 %, on average over the items
    high: float
    num_people: int  # of the sample who answered
    num_gained: float  # people who would have to answer besides for such an interval without the panel

    @property
    def is_mean(self) -> bool:
        """Whether it is a mean and no share."""
        return not self.option


@dataclass(frozen=True, slots=True)
class CalibratedItems:
    """Items with an estimate, in the order of the table, and those without."""

    items: tuple[CalibratedItem, ...]
    absent: Mapping[str, str] = field(default_factory=dict)  # item -> why there is no estimate
    alone: Mapping[str, int] = field(default_factory=dict)  # why the panel has no part -> number of items
    num_groups: int = 0  # besides everyone, in the table alone
    why: str = ""  # why there is nothing


def calibrated_items(frame: pd.DataFrame, questions: Sequence[Question]) -> CalibratedItems:
    """Of everyone.

    Args:
        frame: From `calibration.calibrated_frame`.
        questions: Of the run; items of the table that it does not ask are left out.
    """
    asked = {question.item_id: question for question in questions}
    everyone = frame[(frame["group"] == EVERYONE) & frame["item"].isin(list(asked))]
    items, absent, alone = [], {}, Counter[str]()
    for item_id, rows in everyone.groupby("item", sort=False):
        row = _told(rows)
        if pd.isna(row["rectified"]):
            absent[str(item_id)] = str(row["reason"])
            continue
        items.append(_item(asked[str(item_id)], row))
        if row["reason"]:
            alone[str(row["reason"])] += 1
    num_groups = frame.loc[frame["group"] != EVERYONE, "group"].nunique()
    return CalibratedItems(tuple(items), absent, alone, num_groups)


def _told(rows: pd.DataFrame) -> pd.Series:
    """The row that stands for an item."""
    means = rows[rows["code"] == MEAN]
    if len(means):
        return means.iloc[0]
    return rows.iloc[int(rows["sample"].fillna(-1.0).argmax())]


def _item(question: Question, row: pd.Series) -> CalibratedItem:
    labels = {str(option.code): option.label for option in question.options}
    return CalibratedItem(
        item_id=question.item_id,
        topic=question.topic,
        option="" if row["code"] == MEAN else labels.get(row["code"], row["code"]),
        num_options=len(question.options),
        panel=float(row["panel"]),
        sample=float(row["sample"]),
        rectified=float(row["rectified"]),
        low=float(row["low"]),
        high=float(row["high"]),
        num_people=int(row["n"]),
        num_gained=float(row["n_gained"]),
    )
