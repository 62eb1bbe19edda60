"""Items as rows of a report's data, from which the page's script fills the cards that are not drawn yet.

A row holds what a card says, as text or as the number of a text in the table of lines;
docs/reference/report_data.md says what stands where. Knows no HTML.
"""

from collections.abc import Sequence
from typing import Final

from def_sim.evaluation.dimensions import dimension_rank
from def_sim.reports.pages.item_cards import Chip, ItemCard, OptionRow
from def_sim.reports.pages.report_data import Lines

FIELDS: Final = (
    *("id", "suffix", "wording", "order", "dimension", "type"),
    *("topic", "about", "counts", "question", "english", "scores", "options"),
)


def pack_items(cards: Sequence[ItemCard], lines: Lines) -> dict[str, object]:
    """The cards in their order.

    Args:
        cards: Of the report, most different first.
        lines: The page's table of texts, which grows.

    Returns:
        `fields`, the names of what stands in a row; `rows`, one a card; and `groups`, the codes of the topic
        groups in their order.
    """
    groups = sorted({card.dimension for card in cards}, key=dimension_rank)
    return {"fields": list(FIELDS), "rows": [_row(card, lines) for card in cards], "groups": groups}


def _row(card: ItemCard, lines: Lines) -> list[object]:
    numbers = (card.topic, card.about, card.counts, card.question, card.english)
    suffix, wording = card.address.removeprefix(f"item-{card.item_id}"), max(card.wording, 0)
    return [
        *(card.item_id, suffix, wording, card.order, card.dimension, card.type),
        *(lines.number(text) for text in numbers),
        [_score(chip, lines) for chip in card.chips],
        [_option(option, lines) for option in card.options],
    ]


def _score(chip: Chip, lines: Lines) -> list[object]:
    """Value and floor as printed; then why the value is missing or another's, if it is."""
    why = [lines.number(chip.value.why)] if chip.value.why else []
    return [chip.value.text, chip.floor, *why]


def _option(option: OptionRow, lines: Lines) -> list[object]:
    """Code, two labels, and the shares of panel and people in percent; then a planted one, if there is."""
    planted = [] if option.planted is None else [option.planted]
    labels = lines.number(option.label), lines.number(option.english)
    return [option.code, *labels, option.panel, option.people, *planted]
