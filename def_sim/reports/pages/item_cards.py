"""Each item as a card: how it was asked, the shares of panel and people per option, and its scores.

The cards that differ most from people come first. The frame of distributions has one row per item, wording
and option; its columns are named where they are read. Every number is text here, as it is printed. Knows no
HTML.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from def_sim.evaluation.dimensions import dimension_title
from def_sim.evaluation.distributions import POOLED
from def_sim.evaluation.measures import MEASURES, Measure, as_percent, counted, why_undefined, written
from def_sim.records import QuestionType
from def_sim.reports.cells import Row, Shown, count_in, number_in, rows_of, shown

ORDERED_BY: Final = "js_divergence"
CARD_METRICS: Final = (
    *(ORDERED_BY, "total_variation", "wasserstein", "kl_paper", "entropy_ratio"),
    "mention_rate_difference",  # of items with several choices
)
TYPE_TITLES: Final = {
    QuestionType.SINGLE.value: "one choice",
    QuestionType.MULTIPLE.value: "several choices",
    QuestionType.SCALE.value: "scale",
}
_REPLACED: Final = (
    "Its own is infinite or undefined; as in the study, the largest finite value plus 1 stands for it."
)
_QUALITY_WORDS: Final = {"unweighted": ", without weights", "approximate": ", approximate weights"}

Prompt = tuple[str, int]  # item and wording
_Truth = Mapping[tuple[str, int], float]  # item and code -> planted share


@dataclass(frozen=True, slots=True)
class ItemWords:
    """An item as it was asked, and in English where it was asked in another language.

    `source` names the survey that it is from; "" leaves the first part of the item's id.
    """

    question: str
    source: str = ""
    english: str = ""
    english_labels: Mapping[int, str] = field(default_factory=dict)  # code -> label


@dataclass(frozen=True, slots=True)
class Chip:
    """One score of one item, with its floor where there is one."""

    measure: Measure
    value: Shown
    floor: str


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One option: its code, its words, and its shares in percent as printed, without the sign.

    A share that is not known is ""; `planted` is None where no truth was planted.
    """

    code: int
    label: str
    english: str
    panel: str
    people: str
    planted: str | None = None


@dataclass(frozen=True, slots=True)
class ItemCard:
    """One item in one wording, ready to print."""

    address: str  # of the card in its page
    item_id: str
    wording: int  # negative where wordings were averaged
    topic: str
    question: str  # as asked; "" where it is not known
    english: str
    about: str  # topic group, type and wording in words
    counts: str  # who stands behind the two distributions
    source: str  # first part of the item's id
    source_title: str
    dimension: str  # code of the topic group, or "none"
    dimension_title: str
    type: str
    order: int  # place in the questionnaire
    excess: float  # divergence beyond the floor; -inf where unknown
    chips: tuple[Chip, ...]
    options: tuple[OptionRow, ...]

    @property
    def question_id(self) -> str:
        """Address of the question, `item#wording`; of the base wording where they were averaged."""
        return f"{self.item_id}#{max(self.wording, 0)}"


# What a template shows that a page's script fills: every part that a card can have.
BLANK_OPTION: Final = OptionRow(0, "", "", "", "")
BLANK_CARD: Final = ItemCard(
    address="item",
    **dict.fromkeys(("item_id", "topic", "question", "english", "about", "counts"), ""),
    **dict.fromkeys(("source", "source_title", "dimension", "dimension_title", "type"), ""),
    wording=0,
    order=0,
    excess=0.0,
    chips=tuple(Chip(MEASURES[metric], Shown(""), "") for metric in CARD_METRICS),
    options=(),
)


def excess(divergence: float, floor: float) -> float:
    """How far beyond what as many people would score; -inf where that is unknown."""
    found = divergence - (0.0 if math.isnan(floor) else floor)
    return -math.inf if math.isnan(found) else found


def item_cards(
    scores: pd.DataFrame,
    distributions: pd.DataFrame,
    planted: pd.DataFrame | None = None,
    words: Mapping[str, ItemWords] | None = None,
) -> list[ItemCard]:
    """One card per item and wording, most different first, then in the order of the questionnaire.

    Args:
        scores: As for `render_report`.
        distributions: As for `render_report`.
        planted: Columns item_id, code, share.
        words: Id of a question -> how it was asked.
    """
    by_item, truth, known = _scores_by_item(scores), _planted_shares(planted), words or {}
    prompts: dict[Prompt, list[Row]] = {}
    for row in rows_of(distributions):
        prompts.setdefault((str(row["item_id"]), int(row["wording"])), []).append(row)
    addresses = _addresses(prompts)
    cards = [
        _item_card(rows, _scores_of(by_item, prompt), truth, known, addresses[prompt], order)
        for order, (prompt, rows) in enumerate(prompts.items())
    ]
    return sorted(cards, key=lambda card: -card.excess)


def _addresses(prompts: Sequence[Prompt] | Mapping[Prompt, object]) -> dict[Prompt, str]:
    """`item-wvs7.Q1` for the first wording of each item, `item-wvs7.Q1-w2` for another one."""
    found: dict[Prompt, str] = {}
    items: set[str] = set()
    for item_id, wording in prompts:
        found[item_id, wording] = f"item-{item_id}-w{wording}" if item_id in items else f"item-{item_id}"
        items.add(item_id)
    return found


def _scores_by_item(scores: pd.DataFrame) -> dict[Prompt, dict[str, Row]]:
    """Prompt -> metric -> row; read once, since surveys have hundreds of items."""
    found: dict[Prompt, dict[str, Row]] = {}
    for row in rows_of(scores[scores["scope"] == "item"]):
        found.setdefault((str(row["item_id"]), int(row["wording"])), {})[str(row["metric"])] = row
    return found


def _scores_of(by_item: Mapping[Prompt, dict[str, Row]], prompt: Prompt) -> dict[str, Row]:
    """Scores of the prompt, or of its item where wordings were averaged before scoring."""
    pooled = by_item.get((prompt[0], POOLED), {})
    return by_item.get(prompt, pooled)


def _planted_shares(planted: pd.DataFrame | None) -> _Truth:
    if planted is None:
        return {}
    columns = (planted["item_id"], planted["code"], planted["share"])
    return {(str(item), int(code)): float(share) for item, code, share in zip(*columns, strict=True)}


def _item_card(
    rows: Sequence[Row],
    scores: Mapping[str, Row],
    truth: _Truth,
    known: Mapping[str, ItemWords],
    address: str,
    order: int,
) -> ItemCard:
    first = rows[0]
    item_id, wording, kind = str(first["item_id"]), int(first["wording"]), str(first["type"])
    words = known.get(f"{item_id}#{max(wording, 0)}", ItemWords(""))
    source, group = item_id.partition(".")[0], dimension_title(first["dimension"])
    which = "wordings averaged" if wording < 0 else f"wording {wording}" if wording else ""
    by_metric = scores.get(ORDERED_BY, {})
    return ItemCard(
        address=address,
        item_id=item_id,
        wording=wording,
        topic=str(first["topic"]),
        question=words.question,
        english=words.english,
        about=" · ".join(part for part in (group, TYPE_TITLES.get(kind, kind), which) if part),
        counts=_counts(first, kind),
        source=source,
        source_title=words.source or source,
        dimension=str(first["dimension"]) or "none",  # as the page filters by it, where "" stands for all
        dimension_title=group,
        type=kind,
        order=order,
        excess=excess(number_in(by_metric, "value"), number_in(by_metric, "floor")),
        chips=_chips(first, scores, kind),
        options=tuple(_option_row(row, truth, words.english_labels) for row in rows),
    )


def _counts(row: Row, kind: str) -> str:
    """Who stands behind the two distributions."""
    # Counts that were averaged over wordings need not be whole.
    answered, asked = (f"{number_in(row, column):,g}" for column in ("num_answered", "num_asked"))
    respondents = "respondent" if asked == "1" else "respondents"
    said = f"{answered} of {asked} {respondents} answered. {_people(row)}."
    is_multiple = kind == QuestionType.MULTIPLE.value
    return f"{said} Shares may add up to more than 100 %." if is_multiple else said


def _people(row: Row) -> str:
    """How many people are behind an item, and how many unweighted ones they are worth."""
    people, found = number_in(row, "human_n"), str(row.get("human_quality", ""))
    if math.isnan(people):
        return "Shares of people without their number" if found else "No figures of people"
    effective = number_in(row, "human_n_effective")
    # Without weights n is an upper bound of the effective number.
    worth = (
        "effective number unknown"
        if math.isnan(effective)
        else f"effective at most {people:,.0f}"
        if math.isclose(effective, people, abs_tol=0.01)
        else f"effective {effective:,.0f}"
    )
    return f"{counted(round(people), 'person', 'people')} ({worth}){_QUALITY_WORDS.get(found, '')}"


def _chips(row: Row, scores: Mapping[str, Row], kind: str) -> tuple[Chip, ...]:
    chips = []
    for metric in CARD_METRICS if kind == QuestionType.MULTIPLE.value else CARD_METRICS[:-1]:
        score = scores.get(metric, {})
        floor = number_in(score, "floor")
        why = why_undefined(metric, level=str(row["level"]), num_answered=count_in(row, "num_answered"))
        value = shown(number_in(score, "value"), why)
        if score.get("is_replaced", False):
            value = Shown(value.text, _REPLACED)
        says_floor = not (math.isnan(floor) or value.why)
        chips.append(Chip(MEASURES[metric], value, written(floor) if says_floor else ""))
    return tuple(chips)


def _option_row(row: Row, truth: _Truth, english: Mapping[int, str]) -> OptionRow:
    code, name = int(row["code"]), str(row["label"])
    planted = truth.get((str(row["item_id"]), code), math.nan)
    return OptionRow(
        code,
        "" if name in ("", "nan", str(code)) else name,
        "" if english.get(code, "") == str(code) else english.get(code, ""),
        _in_percent(number_in(row, "simulated_share")),
        _in_percent(number_in(row, "human_share")),
        None if math.isnan(planted) else _in_percent(planted),
    )


def _in_percent(share: float) -> str:
    return "" if math.isnan(share) else as_percent(share).removesuffix(" %")
