"""Each item as a card: the shares of panel and people per option, and its scores.

The frame of distributions has one row per item, wording and option; its columns are named
where they are read. Knows no HTML but the drawings it asks for.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.dimensions import dimension_rank, dimension_title
from def_sim.evaluation.distributions import POOLED
from def_sim.evaluation.measures import MEASURES, Measure, why_undefined, written
from def_sim.reports.cells import (
    Row,
    Shown,
    count_in,
    number_in,
    rows_of,
    shown,
)
from def_sim.reports.charts.score_charts import pair_chart

_CHIP_METRICS = ("js_divergence", "total_variation", "wasserstein", "kl_paper", "entropy_ratio")
_REPLACED = (
    "Its own is infinite or undefined; as in the study, the largest finite value plus 1 stands for it."
)

Prompt = tuple[str, int]  # item and wording


@dataclass(frozen=True, slots=True)
class Chip:
    """One score of one item, with its floor where there is one."""

    measure: Measure
    value: Shown
    floor: str


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One option: its code, its label and the drawing of its shares."""

    code: int
    label: str
    chart: Markup


_QUALITY_WORDS: Final = {"unweighted": ", without weights", "approximate": ", approximate weights"}


@dataclass(frozen=True, slots=True)
class ItemCard:
    """One item in one wording, ready to print."""

    item_id: str
    wording: int
    topic: str
    dimension: str
    dimension_title: str
    is_multiple: bool
    counts: str
    chips: tuple[Chip, ...]
    options: tuple[OptionRow, ...]
    order: int  # place in the questionnaire
    divergence: float  # for sorting; -1 where undefined

    @property
    def question_id(self) -> str:
        """Address of the question, `item#wording`; of the base wording where they were averaged."""
        return f"{self.item_id}#{max(self.wording, 0)}"


def item_cards(
    scores: pd.DataFrame, distributions: pd.DataFrame, planted: pd.DataFrame | None
) -> list[ItemCard]:
    """One card per item and wording, by topic group and then in questionnaire order."""
    by_item = _scores_by_item(scores)
    truth = _planted_shares(planted)
    prompts: dict[Prompt, list[Row]] = {}
    for row in rows_of(distributions):
        prompts.setdefault(_prompt(row), []).append(row)
    cards = [
        _item_card(rows, _scores_of(by_item, prompt), truth, order)
        for order, (prompt, rows) in enumerate(prompts.items())
    ]
    return sorted(cards, key=lambda card: (dimension_rank(card.dimension), card.order))


def _prompt(row: Row) -> Prompt:
    return str(row["item_id"]), int(row["wording"])


def _scores_by_item(scores: pd.DataFrame) -> dict[Prompt, dict[str, Row]]:
    """Prompt -> metric -> row; read once, since surveys have hundreds of items."""
    found: dict[Prompt, dict[str, Row]] = {}
    for row in rows_of(scores[scores["scope"] == "item"]):
        found.setdefault(_prompt(row), {})[str(row["metric"])] = row
    return found


def _scores_of(by_item: Mapping[Prompt, dict[str, Row]], prompt: Prompt) -> dict[str, Row]:
    """Scores of the prompt, or of its item where wordings were averaged before scoring."""
    pooled = by_item.get((prompt[0], POOLED), {})
    return by_item.get(prompt, pooled)


def _planted_shares(planted: pd.DataFrame | None) -> dict[tuple[str, int], float]:
    if planted is None:
        return {}
    columns = (planted["item_id"], planted["code"], planted["share"])
    return {(str(item), int(code)): float(share) for item, code, share in zip(*columns, strict=True)}


def _item_card(
    rows: Sequence[Row],
    scores: Mapping[str, Row],
    truth: Mapping[tuple[str, int], float],
    order: int,
) -> ItemCard:
    first = rows[0]
    divergence = number_in(scores.get("js_divergence", {}), "value")
    return ItemCard(
        item_id=str(first["item_id"]),
        wording=int(first["wording"]),
        topic=str(first["topic"]),
        dimension=str(first["dimension"]) or "none",  # as the page filters by it, where "" stands for all
        dimension_title=dimension_title(first["dimension"]),
        is_multiple=str(first["type"]) == "multiple",
        counts=_counts(first),
        chips=_chips(first, scores),
        options=tuple(_option_row(row, truth) for row in rows),
        order=order,
        divergence=-1.0 if math.isnan(divergence) else divergence,
    )


def _counts(row: Row) -> str:
    """Who stands behind the two distributions."""
    # Counts that were averaged over wordings need not be whole.
    answered, asked = (f"{number_in(row, column):,g}" for column in ("num_answered", "num_asked"))
    panel = f"Panel: {answered} of {asked} answered"
    people, found = number_in(row, "human_n"), str(row.get("human_quality", ""))
    if math.isnan(people):
        return f"{panel}. People: {'shares without a number of people' if found else 'no reference'}"
    effective = number_in(row, "human_n_effective")
    weighted = _worth(people, effective)
    quality = _QUALITY_WORDS.get(found, "")
    return f"{panel}. People: {people:,.0f}{weighted}{quality}"


def _worth(people: float, effective: float) -> str:
    """The effective number of people in words; without weights n is an upper bound of it."""
    if math.isnan(effective):
        return ", effective number unknown"
    if math.isclose(effective, people, abs_tol=0.01):
        return ", worth at most as many"
    return f", worth {effective:,.0f} unweighted"


def _chips(row: Row, scores: Mapping[str, Row]) -> tuple[Chip, ...]:
    metrics = [*_CHIP_METRICS, *(["mention_rate_difference"] if str(row["type"]) == "multiple" else [])]
    chips = []
    for metric in metrics:
        score = scores.get(metric, {})
        floor = number_in(score, "floor")
        why = why_undefined(metric, level=str(row["level"]), num_answered=count_in(row, "num_answered"))
        value = shown(number_in(score, "value"), why)
        if score.get("is_replaced", False):
            value = Shown(value.text, _REPLACED)
        chips.append(Chip(MEASURES[metric], value, "" if math.isnan(floor) else written(floor)))
    return tuple(chips)


def _option_row(row: Row, truth: Mapping[tuple[str, int], float]) -> OptionRow:
    code, name = int(row["code"]), str(row["label"])
    repeats = name in ("", "nan", str(code))
    said = str(code) if repeats else f"{code} {name}"
    chart = pair_chart(
        said,
        number_in(row, "simulated_share"),
        number_in(row, "human_share"),
        truth.get((str(row["item_id"]), code)),
    )
    return OptionRow(code, "" if repeats else name, chart)
