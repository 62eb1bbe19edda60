"""The figures of single items: which are drawn, in which order, on how many pages.

Options are drawn in their words, and by their codes where no font has the characters of one of them. Computes
no score.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.distributions import POOLED
from def_sim.evaluation.measures import counted, written
from def_sim.reports.cells import Row, number_in, rows_of
from def_sim.reports.charts.item_blocks import (
    ItemBlock,
    OptionShares,
    block_width,
    draw_blocks,
    in_rows,
    row_height,
)
from def_sim.reports.charts.stacked import bar_key, legend, mark_key, stacked
from def_sim.reports.charts.standalone import inner_width
from def_sim.reports.figures.figure import Canvas, Figure
from def_sim.reports.figures.typesetting import can_set
from def_sim.reports.theme import PT_PER_PX, WIDTHS_MM

METRIC: Final = "js_divergence"
_HIGHEST_MM: Final = 215.0  # of a figure, so that a caption finds room below it on a page
_FOR_LEGEND: Final = 50.0  # pixels
_CAPTION: Final = (
    "Share of each answer, in percent of those who answered. {order} Solid bars: simulated respondents; "
    "hatched bars: people. JSD: Jensen-Shannon divergence, from 0, the same shares, to 1; in brackets the "
    "floor, what as many people would score on average. {codes}{planted}Single items have no interval."
)
_CODES: Final = "Answers are named by their codes where no font here has the characters of their words. "
_PLUS: Final = "Plus: the share that an invented population was made with. "

Chosen = int | Literal["all"] | Sequence[str]
Prompt = tuple[str, int]  # item and wording


@dataclass(frozen=True, slots=True)
class _Item:
    """One item in one wording with its score."""

    prompt: Prompt
    rows: tuple[Row, ...]
    divergence: float
    floor: float
    truth: Mapping[int, float]  # code -> planted share

    @property
    def excess(self) -> float:
        """How far beyond what as many people would score; lowest where unknown."""
        found = self.divergence - (0.0 if math.isnan(self.floor) else self.floor)
        return -math.inf if math.isnan(found) else found

    @property
    def has_words(self) -> bool:
        """Whether every option can be set in its words."""
        return all(can_set(_label(row)) for row in self.rows)


def item_figures(
    scores: pd.DataFrame,
    distributions: pd.DataFrame,
    *,
    chosen: Chosen = 20,
    width: str = "double",
    planted: pd.DataFrame | None = None,
) -> list[Figure]:
    """As many figures as the chosen items need: items_01, items_02, and so on.

    Args:
        scores: As for `render_report`.
        distributions: As for `render_report`.
        chosen: How many of the items that are furthest from people beyond their floor; or all, or those of
            these ids, in the order of the questionnaire.
        width: A column of `theme.WIDTHS_MM`, which pages are made for.
        planted: Columns item_id, code, share: drawn as a third mark.
    """
    items = _chosen(_items(scores, distributions, planted), chosen)
    order = "The items that are furthest from people, furthest first." if isinstance(chosen, int) else ""
    pages = _pages(items, inner_width(WIDTHS_MM[width]))
    return [_figure(f"items_{number:02d}", page, order) for number, page in enumerate(pages, start=1)]


def _items(scores: pd.DataFrame, distributions: pd.DataFrame, planted: pd.DataFrame | None) -> list[_Item]:
    of_item = scores[(scores["scope"] == "item") & (scores["metric"] == METRIC)]
    by_prompt = {(str(row["item_id"]), int(row["wording"])): row for row in rows_of(of_item)}
    prompts: dict[Prompt, list[Row]] = {}
    for row in rows_of(distributions):
        prompts.setdefault((str(row["item_id"]), int(row["wording"])), []).append(row)
    truth = _planted_shares(planted)
    found = []
    for prompt, rows in prompts.items():
        score = by_prompt.get(prompt) or by_prompt.get((prompt[0], POOLED)) or {}
        divergence, floor = number_in(score, "value"), number_in(score, "floor")
        found.append(_Item(prompt, tuple(rows), divergence, floor, truth.get(prompt[0], {})))
    return found


def _planted_shares(planted: pd.DataFrame | None) -> dict[str, dict[int, float]]:
    found: dict[str, dict[int, float]] = {}
    for row in [] if planted is None else rows_of(planted):
        found.setdefault(str(row["item_id"]), {})[int(row["code"])] = float(row["share"])
    return found


def _chosen(items: Sequence[_Item], chosen: Chosen) -> list[_Item]:
    if chosen == "all":
        return list(items)
    if isinstance(chosen, int):
        return sorted(items, key=lambda item: -item.excess)[:chosen]  # stable: the questionnaire's order
    return [item for item in items if item.prompt[0] in chosen]


def _pages(items: Sequence[_Item], width: float) -> list[list[_Item]]:
    """As many rows a page as find room, at least one."""
    room = _HIGHEST_MM * 72 / 25.4 / PT_PER_PX - _FOR_LEGEND
    pages: list[list[_Item]] = []
    left, start = 0.0, 0
    for row in in_rows([_block(item) for item in items], width):
        height = row_height(row, block_width(width))
        if not pages or height > left:
            pages.append([])
            left = room
        pages[-1] += [*items[start : start + len(row)]]
        start += len(row)
        left -= height
    return pages


def _block(item: _Item) -> ItemBlock:
    has_words = item.has_words
    options = tuple(
        OptionShares(
            _label(row) if has_words else str(int(row["code"])),
            number_in(row, "simulated_share"),
            number_in(row, "human_share"),
            item.truth.get(int(row["code"]), math.nan),
        )
        for row in item.rows
    )
    return ItemBlock(str(item.rows[0]["topic"]), _remark(item), options)


def _label(row: Row) -> str:
    name = str(row["label"])
    return str(int(row["code"])) if name in ("", "nan") else name


def _remark(item: _Item) -> str:
    """Whose shares these are, and how far apart."""
    first, (item_id, wording) = item.rows[0], item.prompt
    name = f"{item_id} #{wording}" if wording > 0 else item_id
    people = number_in(first, "human_n")
    floor = "" if math.isnan(item.floor) else f" ({written(item.floor)})"
    parts = [
        name,
        f"{number_in(first, 'num_answered'):,g} answered",
        "" if math.isnan(people) else counted(round(people), "person", "people"),
        "" if math.isnan(item.divergence) else f"JSD {written(item.divergence)}{floor}",
    ]
    return " · ".join(part for part in parts if part)


def _figure(name: str, items: Sequence[_Item], order: str) -> Figure:
    blocks = [_block(item) for item in items]
    is_planted = any(math.isfinite(option.planted) for block in blocks for option in block.options)
    codes = "" if all(item.has_words for item in items) else _CODES

    def drawing(canvas: Canvas) -> Markup:
        keys = [bar_key("panel-bar", canvas.panel), bar_key("people-bar", "People")]
        keys += [mark_key("planted", "Planted")] if is_planted else []
        return stacked(
            [draw_blocks(blocks, width=canvas.width), legend(keys, width=canvas.width)],
            width=canvas.width,
            gap=14,
        )

    said = "; ".join(f"{block.topic} ({block.remark})" for block in blocks)
    caption = _CAPTION.format(order=order, codes=codes, planted=_PLUS if is_planted else "")
    return Figure(
        name=name,
        title=f"Answers to {counted(len(items), 'item', 'items')}",
        alt=f"Shares of each answer among simulated respondents and people: {said}",
        caption=" ".join(caption.split()),
        drawing=drawing,
        data=pd.DataFrame([row for item in items for row in _data(item)]),
    )


def _data(item: _Item) -> list[dict[str, object]]:
    return [
        {
            "item_id": item.prompt[0],
            "wording": item.prompt[1],
            "topic": row["topic"],
            "code": int(row["code"]),
            "label": row["label"],
            "panel_share": number_in(row, "simulated_share"),
            "people_share": number_in(row, "human_share"),
            "planted_share": item.truth.get(int(row["code"]), math.nan),
            "num_answered": number_in(row, "num_answered"),
            "people_n": number_in(row, "human_n"),
            METRIC: item.divergence,
            f"{METRIC}_floor": item.floor,
        }
        for row in item.rows
    ]
