"""items.csv: what a run asked, a row an option, with the words that a respondent read and people's shares.

So that a table of numbers can be read without the questionnaire. Knows no panel.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from def_sim.records import AGES, DIMENSION_TITLES, SEXES, Dimension, ItemReference, Question

_GROUP_COLUMNS: Final = {
    "human_share": "all",
    **{f"human_share_{sex}": sex for sex in SEXES},
    **dict(zip(("human_share_to_29", "human_share_30_to_49", "human_share_from_50"), AGES, strict=True)),
}
_TYPES: Final = {
    "item_id": "str",
    "wording": "int64",
    "language": "str",
    "question": "str",
    "topic": "str",
    "dimension": "str",
    "dimension_title": "str",
    "type": "str",
    "level": "str",
    "direction": "int64",
    "code": "int64",
    "label": "str",
    **dict.fromkeys(_GROUP_COLUMNS, "float64"),
    "human_n": "Int64",
}


def items_table(
    questions: Sequence[Question], people: Mapping[tuple[str, str], ItemReference]
) -> pd.DataFrame:
    """One row for each option of each question, in the order of asking.

    Args:
        questions: Of the run, questions with a right answer among them.
        people: (item id, group) -> people's shares of the shown options.

    Returns:
        Columns: item_id, wording (0: the first), language (of question and labels), question (as respondents
        read it; a follow-up's has a slot for the first choice), topic, dimension and dimension_title (topic
        group, "" if in none), type, level, direction (1: higher codes mean more of the topic group, -1: less,
        0: neither); code and label of the option; human_share of all people, of each sex and band of ages,
        NaN where not known; human_n: people behind human_share, <NA> where not known.
    """
    rows = [row for question in questions for row in _rows(question, people)]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def _rows(question: Question, people: Mapping[tuple[str, str], ItemReference]) -> list[dict[str, object]]:
    dimension = question.dimension
    everyone = people.get((question.item_id, "all"))
    shares = {
        column: _shares(people.get((question.item_id, group))) for column, group in _GROUP_COLUMNS.items()
    }
    return [
        {
            "item_id": question.item_id,
            "wording": question.wording,
            "language": question.language,
            "question": question.text,
            "topic": question.topic,
            "dimension": str(dimension),
            "dimension_title": DIMENSION_TITLES[dimension] if isinstance(dimension, Dimension) else "",
            "type": str(question.type),
            "level": str(question.level),
            "direction": question.direction,
            "code": option.code,
            "label": option.label,
            **{column: of_options.get(option.code, math.nan) for column, of_options in shares.items()},
            "human_n": None if everyone is None else everyone.n,
        }
        for option in question.options
    ]


def _shares(reference: ItemReference | None) -> dict[int, float]:
    return {} if reference is None else dict(zip(reference.codes, reference.shares, strict=True))
