"""Which options a country was offered, by what its people in a file of the World Values Survey have.

An option that nobody chose was offered all the same, unless the file shows otherwise.

Letters: N people.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from def_sim.records import QuestionType
from def_sim.surveys.importers.people import People, Reply
from def_sim.surveys.importers.variables import Value
from def_sim.surveys.item_bank import Item

THREE_POINTS: Final = ("Q33", "Q34", "Q35")  # some countries were offered the middle three of five points
_MIDDLE: Final = [2, 3, 4]
_FEWEST: Final = 100  # people with an answer, of whom somebody takes one of five points


def shown_codes(
    items: Iterable[Item], people: People, labels: Mapping[str, Mapping[Value, str]]
) -> dict[str, list[int]]:
    """Item -> the codes that its people were offered, rising, where these are not all of the item's.

    Shown by the file are: options of a battery that nobody was asked; the ends of Q33 to Q35, where nobody
    took either; codes that are not among the value labels of the file. A second choice was made among what
    was offered for the first.

    Args:
        items: That people were asked, first questions before their follow-ups.
        people: Of one country.
        labels: Variable -> value labels of the file, if that holds this country alone; else none.
    """
    found: dict[str, list[int]] = {}
    for item in items:
        first = found.get(item.follow_up_of or "")
        codes = first or _offered(item, people, labels.get(item.variable, {}))
        if codes is not None and people.population not in item.shown:
            found[item.id] = codes
    return found


def _offered(item: Item, people: People, labels: Mapping[Value, str]) -> list[int] | None:
    codes = [option.code for option in item.options]
    if item.type is QuestionType.MULTIPLE:
        offered = [option.code for option in item.options if _was_asked(people, option.variable or "")]
    elif item.variable in THREE_POINTS and _took_only(people, item.variable, _MIDDLE):
        offered = _MIDDLE
    else:
        labelled = {int(value) for value in labels if isinstance(value, float) and value >= 0}
        offered = [code for code in codes if code in labelled] if _are_all(labelled, item, people) else codes
    return offered if 2 <= len(offered) < len(codes) else None


def _was_asked(people: People, variable: str) -> bool:
    return bool((people.replies[variable].kinds <= Reply.NO_ANSWER).any())


def _answers(people: People, variable: str) -> set[int]:
    replies = people.replies[variable]
    return set(np.unique(replies.codes[replies.kinds == Reply.ANSWER]).tolist())


def _took_only(people: People, variable: str, codes: list[int]) -> bool:
    replies = people.replies[variable]
    is_answer = replies.kinds == Reply.ANSWER
    return int(is_answer.sum()) >= _FEWEST and _answers(people, variable) <= set(codes)


def _are_all(labelled: set[int], item: Item, people: People) -> bool:
    """Whether the labels name what was offered: of a scale often the ends alone are labelled."""
    return (
        item.type is QuestionType.SINGLE
        and len(labelled) > 1
        and _answers(people, item.variable) <= labelled | set(item.volunteered)
    )


def never_chosen(item: Item, people: People) -> list[int]:
    """Codes that were offered and nobody chose."""
    shown = item.shown_options(people.population)
    if item.type is QuestionType.MULTIPLE:
        return [option.code for option in shown if 1 not in _answers(people, option.variable or "")]
    chosen = _answers(people, item.variable)
    return [option.code for option in shown if option.code not in chosen]
