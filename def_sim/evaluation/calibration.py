"""A panel's shares and means rectified with a small sample of people, item by item.

Joins counted answers, a sample and `metrics.rectified_shares` as one tidy table. Groups of people are
estimated apart from each other, each with the members of the panel that are of the same group.

Letters: K options, P people, C estimates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.metrics.raking import kish_size
from def_sim.metrics.rectified_shares import (
    FEWEST_ITEMS,
    FEWEST_PEOPLE,
    as_share,
    combine,
    estimated_share,
    position_mean,
    position_variance,
    stabilised,
    student_widening,
)
from def_sim.metrics.sample import Array
from def_sim.records import MeasurementLevel, Question, QuestionType
from def_sim.surveys.human_sample import HumanSample

EVERYONE: Final = "all"
MEAN: Final = "mean"  # stands in the column `code`
COLUMNS: Final = {
    "item": "str",
    "group": "str",
    "code": "str",
    "panel": "float64",
    "sample": "float64",
    "rectified": "float64",
    "low": "float64",
    "high": "float64",
    "n": "int64",
    "n_effective": "float64",
    "n_gained": "float64",
    "panel_weight": "float64",
    "reason": "str",
}
_ROUNDING: Final = 1e-9  # equal weights of any size leave as many people as there are, but for rounding
_NO_PANEL: Final = "Nobody of the panel answered: the sample alone."
_NO_USE: Final = "The panel is too far from people, here or on the other items: the sample alone."


@dataclass(frozen=True, slots=True)
class GroupAnswers:
    """A group of people beside the members of the panel that are of it.

    `panel` holds one distribution an item, its wordings averaged; `is_member`, shape (P,), says which people
    of the sample are of the group.
    """

    name: str
    panel: Sequence[QuestionDistribution]
    is_member: NDArray[np.bool_]


def calibrated_frame(sample: HumanSample, groups: Sequence[GroupAnswers]) -> pd.DataFrame:
    """Rectified shares and means of every item that the sample answered, group by group.

    Columns:
        item, group, code: of which item, group and option; the code `mean` is the mean position (1 to K) of
            an item whose options have an order;
        panel, sample: what the panel and the sample alone say; NaN where nobody answered;
        rectified, low, high: the estimate for the people whom the sample represents, with an interval that
            covers 95 % on average over the items; NaN where there is none;
        n, n_effective: people of the sample who answered, and what their weights leave of them (Kish);
        n_gained: how many more people would have to answer for such an interval without the panel;
        panel_weight: of the panel in the estimate, in [0, 1];
        reason: why there is no estimate, or why the panel has no part in it; else "".
    """
    rows = [row for group in groups for row in _group_rows(sample, group)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of one group: the panel's shares and the sample's, shape (K,) each."""

    question: Question
    panel: Array
    num_panel: float
    sample: Array
    num_people: int
    size: float  # effective number of people

    @property
    def is_enough(self) -> bool:
        return self.size >= FEWEST_PEOPLE - _ROUNDING

    @property
    def has_order(self) -> bool:
        has_order = self.question.level is not MeasurementLevel.NOMINAL
        return has_order and self.question.type is not QuestionType.MULTIPLE


def _group_rows(sample: HumanSample, group: GroupAnswers) -> Iterator[dict[str, object]]:
    items = [
        _item(one, sample, group.is_member) for one in group.panel if one.question.item_id in sample.chosen
    ]
    enough = [item for item in items if item.is_enough]
    shares = dict(zip(map(id, enough), _share_rows(enough), strict=True))
    ordered = [item for item in enough if item.has_order]
    means = dict(zip(map(id, ordered), _mean_rows(ordered), strict=True))
    for item in items:
        mean = [means[id(item)]] if id(item) in means else []
        rows = [*shares[id(item)], *mean] if item.is_enough else _absent_rows(item)
        shared = {
            "item": item.question.item_id,
            "group": group.name,
            "n": item.num_people,
            "n_effective": item.size,
        }
        yield from (shared | row for row in rows)


def _item(one: QuestionDistribution, sample: HumanSample, is_member: NDArray[np.bool_]) -> _Item:
    chosen = sample.chosen[one.question.item_id]
    is_behind = is_member & chosen.any(axis=1) & (sample.weights > 0)
    weights = sample.weights[is_behind]
    total = weights.sum()
    shares = weights @ chosen[is_behind] / total if total > 0 else np.full(chosen.shape[1], np.nan)
    return _Item(one.question, one.shares, one.num_answered, shares, int(is_behind.sum()), kish_size(weights))


def _share_rows(items: Sequence[_Item]) -> list[list[dict[str, object]]]:
    """For each item a row for each option."""
    if not items:
        return []
    bounds = np.cumsum([item.sample.size for item in items])[:-1]
    sizes = _repeated(items, [item.size for item in items])
    sample = np.concatenate([item.sample for item in items])
    panel = np.concatenate([_panel_places(item) for item in items])
    index = _repeated(items, range(len(items))).astype(np.int_)
    found = combine(stabilised(sample, sizes), 1 / (4 * sizes), panel, index)
    ends = (
        estimated_share(found.estimate, sizes),
        as_share(found.estimate - found.half_width),
        as_share(found.estimate + found.half_width),
    )
    columns = np.split(np.stack([*ends, found.sample_weight, found.gain]), bounds, axis=1)
    num_known = _num_known(items)
    return [_options(item, of_item, num_known) for item, of_item in zip(items, columns, strict=True)]


def _num_known(items: Sequence[_Item]) -> int:
    """Items that say something of the panel."""
    return sum(item.num_panel > 0 for item in items)


def _panel_places(item: _Item) -> Array:
    if item.num_panel <= 0:
        return np.full(item.panel.size, np.nan)
    return stabilised(item.panel, np.full(item.panel.size, item.num_panel))


def _repeated(items: Sequence[_Item], values: Sequence[float] | range) -> Array:
    return np.repeat(np.array(values, dtype=np.float64), [item.sample.size for item in items])


def _options(item: _Item, columns: Array, num_known: int) -> list[dict[str, object]]:
    """Shares of one choice are scaled to sum to 1, and their intervals with them.

    `columns` holds estimate, ends, weight of the sample and gain, shape (5, K).
    """
    estimate, low, high, sample_weight, gain = columns
    scale = 1.0 if item.question.type is QuestionType.MULTIPLE else 1 / float(estimate.sum())
    return [
        {
            "code": str(code),
            "panel": item.panel[place],
            "sample": item.sample[place],
            "rectified": estimate[place] * scale,
            "low": low[place] * scale,
            "high": min(1.0, high[place] * scale),
            "n_gained": item.size * (gain[place] - 1),
            "panel_weight": 1 - sample_weight[place],
            "reason": _why_alone(item, float(sample_weight[place]), num_known),
        }
        for place, code in enumerate(item.question.codes)
    ]


def _mean_rows(items: Sequence[_Item]) -> list[dict[str, object]]:
    """For each ordered item the row of its mean position, from 1 to K."""
    if not items:
        return []
    sample = np.array([position_mean(item.sample) for item in items])
    panel = np.array([position_mean(item.panel) for item in items])  # NaN without answers
    sizes = np.array([item.size for item in items])
    # In units of each item's own spread, so that items on which people differ more do not count more.
    units = np.sqrt([item.size * position_variance(item.sample, item.size) for item in items])
    found = combine(sample / units, 1 / sizes, panel / units, np.arange(len(items)))
    half_widths = found.half_width * units * student_widening(sizes)
    columns = np.stack([sample, panel, found.estimate * units, half_widths, found.sample_weight, found.gain])
    num_known = _num_known(items)
    return [_mean_row(item, column, num_known) for item, column in zip(items, columns.T, strict=True)]


def _mean_row(item: _Item, column: Array, num_known: int) -> dict[str, object]:
    """`column` holds sample, panel, estimate, half-width, weight of the sample and gain, shape (6,)."""
    steps = item.sample.size - 1
    sample, panel, estimate, half, sample_weight, gain = (float(value) for value in column)
    return {
        "code": MEAN,
        "panel": 1 + steps * panel,
        "sample": 1 + steps * sample,
        "rectified": 1 + steps * estimate,
        "low": 1 + steps * max(0.0, estimate - half),
        "high": 1 + steps * min(1.0, estimate + half),
        "n_gained": item.size * (gain - 1),
        "panel_weight": 1 - sample_weight,
        "reason": _why_alone(item, sample_weight, num_known),
    }


def _why_alone(item: _Item, sample_weight: float, num_known: int) -> str:
    if sample_weight < 1:
        return ""
    if item.num_panel <= 0:
        return _NO_PANEL
    if num_known <= FEWEST_ITEMS:
        return f"{num_known - 1} other items, of {FEWEST_ITEMS} that are needed: the sample alone."
    return _NO_USE


def _absent_rows(item: _Item) -> list[dict[str, object]]:
    is_weighted = abs(item.size - item.num_people) > _ROUNDING
    worth = "" if not is_weighted else f", worth {item.size:.1f} with equal weights"
    reason = f"{item.num_people} people answered{worth}; at least {FEWEST_PEOPLE} are needed."
    nothing = dict.fromkeys(("rectified", "low", "high", "n_gained", "panel_weight"), np.nan)
    return [
        {"code": str(code), "panel": item.panel[place], "sample": item.sample[place], "reason": reason}
        | nothing
        for place, code in enumerate(item.question.codes)
    ]


def gains(frame: pd.DataFrame) -> Mapping[str, float]:
    """What a terminal says: estimates, those in which the panel has a part, and the median people gained."""
    present = frame[frame["rectified"].notna()]
    return {
        "num_estimates": float(len(present)),
        "num_with_panel": float((present["panel_weight"] > 0).sum()),
        "median_gained": float(present["n_gained"].median()) if len(present) else 0.0,
    }
