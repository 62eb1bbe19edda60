"""Answers withheld beside people's, within the section on failed answers."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.measures import as_percent
from def_sim.evaluation.withheld import NOT_KNOWN
from def_sim.evaluation.withheld_gaps import ALL, DIMENSION, ITEM, WithheldGap, WithheldGaps
from def_sim.records import DIMENSION_TITLES, Dimension
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.parts import not_known, table

_MOST_ITEMS: Final = 20  # on the page, which would weigh a tenth more with hundreds
_KINDS: Final = {"dont_know": "Don't know", "refused": "No answer", "either": "Either"}
_OFFERS: Final = {
    "none": "The run offered no way out: who withheld an answer did so unasked.",
    "dont_know": "The run offered not to know, in a line behind the options.",
    "refuse": "The run offered not to answer, in a line behind the options.",
    "both": "The run offered not to know and not to answer, in a line behind the options.",
}
_PEOPLE: Final = (
    "An interviewer offers people neither and takes a don't-know; on the web they may skip a question. Their "
    "shares are weighted, of those asked. A difference is the panel's share minus people's, in percentage "
    "points, with its 95 % interval, over the items of which people's share is known."
)


def withheld_part(found: WithheldGaps) -> Markup:
    """What the run offered, and the shares by topic group and item."""
    heading = element("h4", "Answers withheld, beside people's")
    if not found.is_known:
        return heading + element("p", _OFFERS[found.offer]) + not_known(NOT_KNOWN)
    groups = _by_place([*found.of(ALL), *found.of(DIMENSION)])
    items = _by_place(found.of(ITEM))
    first = sorted(items, key=_largest, reverse=True)[:_MOST_ITEMS]
    which = f"the {_MOST_ITEMS} of {len(items)} that differ most; withheld.csv has all"
    summary = element("summary", f"By item ({which if len(items) > _MOST_ITEMS else len(items)})")
    return (
        heading
        + element("p", f"{_OFFERS[found.offer]} {_PEOPLE}")
        + _table("Answers withheld, by topic group", "Topic group", groups)
        + element("details", summary, _table("Answers withheld, by item", "Item", first))
    )


def _by_place(gaps: Sequence[WithheldGap]) -> list[dict[str, WithheldGap]]:
    """Kinds of withheld answers of each topic group or item, those that are known of people."""
    places: dict[tuple[str, ...], dict[str, WithheldGap]] = defaultdict(dict)
    for gap in gaps:
        if gap.num_items:
            places[gap.scope, gap.dimension, gap.item_id, str(gap.wording)][gap.kind] = gap
    return list(places.values())


def _largest(place: dict[str, WithheldGap]) -> float:
    """The largest difference from people, whichever sign; below all where none is known."""
    return max((abs(gap.difference) for gap in place.values() if math.isfinite(gap.difference)), default=-1.0)


def _table(caption: str, first: str, places: Sequence[dict[str, WithheldGap]]) -> Markup:
    """A row a place; where a source does not part both kinds, either of them."""
    is_parted = any("dont_know" in place for place in places)
    kinds = [*(("dont_know", "refused") if is_parted else ()), *([] if _all_parted(places) else ["either"])]
    columns = [name for kind in kinds for name in (f"{_KINDS[kind]}: panel", "people", "difference")]
    rows = [
        [_title(place), *(cell for kind in kinds for cell in _cells(place.get(kind)))] for place in places
    ]
    return table(caption, [first, *columns], rows)


def _all_parted(places: Sequence[dict[str, WithheldGap]]) -> bool:
    return all("dont_know" in place for place in places)


def _cells(gap: WithheldGap | None) -> tuple[str, str, str]:
    if gap is None:
        return "–", "–", "–"
    interval = "" if math.isnan(gap.low) else f" ({_points(gap.low)} to {_points(gap.high)})"
    return as_percent(gap.panel), as_percent(gap.people), f"{_points(gap.difference)}{interval}"


def _points(difference: float) -> str:
    """Percentage points with a sign; 0.0 has none."""
    points = round(100 * difference, 1)
    return "–" if math.isnan(points) else f"{points:+.1f}".replace("-", "−") if points else "0.0"


def _title(place: dict[str, WithheldGap]) -> str:
    gap = next(iter(place.values()))
    if gap.scope == ALL:
        return "All"
    if gap.scope == DIMENSION:
        return DIMENSION_TITLES[Dimension(gap.dimension)]
    return f"{gap.item_id} (wording {gap.wording})" if gap.wording > 0 else gap.item_id
