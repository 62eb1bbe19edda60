"""What a run comes to in a few sentences: how near to people, how varied, how many answers could not be read.

The sentences follow from numbers that other modules computed, by fixed rules. How near is told by the
interval of the normalised Jensen-Shannon divergence alone, never by the score without it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from def_sim.evaluation.measures import counted
from def_sim.evaluation.score_tables import headline_scope
from def_sim.records import AnswerStatus

METRIC: Final = "js_divergence"
_VARIETY: Final = "entropy_ratio"
_ALIKE: Final = 1.25  # an interval of variety within this factor of people's says that both are alike
_NEARLY: Final = 0.75  # an interval from there to people says that the panel is as near as they are
_READ: Final = (AnswerStatus.ANSWERED, AnswerStatus.NOT_ASKED)  # there is no text of a follow-up not asked
_WITHHELD: Final = (AnswerStatus.DONT_KNOW, AnswerStatus.REFUSED)  # read, and as people may answer, too


@dataclass(frozen=True, slots=True)
class Verdict:
    """A run in a few sentences, with the numbers behind the first one.

    Args:
        sentences: Closeness; then variety, if it is known; then answers that could not be read.
        normalised: 0 as random answers, 1 as people; NaN: not defined.
        low: Lower end of its 95 % interval; NaN: there is none.
        high: Upper end.
        score: Mean Jensen-Shannon divergence of the panel, in [0, 1]; NaN: no item has one.
    """

    sentences: tuple[str, ...]
    normalised: float
    low: float
    high: float
    score: float


def verdict_of(scores: pd.DataFrame, statuses: pd.DataFrame, *, num_respondents: int) -> Verdict:
    """The verdict of a run.

    Args:
        scores: As in metrics.csv, with the columns of the intervals.
        statuses: As in statuses.csv.
        num_respondents: Behind the scores, at least 1.
    """
    scope = headline_scope(scores)
    near = _row(scores, METRIC, scope)
    normalised, low, high = (_number(near, f"normalised{end}") for end in ("", "_low", "_high"))
    closeness = closeness_sentence(normalised, low, high, num_respondents=num_respondents)
    varied = _row(scores, _VARIETY, scope)
    variety = variety_sentence(
        _number(varied, "value"),
        _number(varied, "interval_low"),
        _number(varied, "interval_high"),
        people=_number(varied, "floor"),
    )
    sentences = (closeness, variety, reading_sentence(statuses))
    return Verdict(
        tuple(sentence for sentence in sentences if sentence),
        normalised,
        low,
        high,
        _number(near, "value"),
    )


def closeness_sentence(normalised: float, low: float, high: float, *, num_respondents: int) -> str:
    """How near the panel is to people.

    Where the interval holds random answers, no difference is shown, which is not that there is none. That it
    is as near as people is said without more where the whole interval is near them.

    Args:
        normalised: The normalised divergence: 0 as random answers, 1 as people; NaN if undefined.
        low: Lower end of its interval, NaN without one; either end may be infinite.
        high: Upper end.
        num_respondents: Of the panel: as many real people would have the score 1.
    """
    if math.isnan(normalised) or math.isnan(low) or math.isnan(high):
        return "Too few items or respondents to say how near to people the answers are."
    if low <= 0 and high >= 1:
        return "Too few items to say whether the answers are nearer to people than random answers."
    if high < 0:
        return "Farther from people than random answers."
    if low <= 0:
        return "Not shown to be nearer to people than random answers."
    if high >= 1:
        as_people = f"as near to people as {counted(num_respondents, 'real person', 'real people')}."
        if low >= _NEARLY:
            return f"A{as_people[1:]}"
        return f"At least {_percent(low)} % of the way from random answers to people, and perhaps {as_people}"
    ends = f"{_percent(low)} to {_percent(high)}"
    return f"{_percent(normalised)} % of the way from random answers to people ({ends})."


def variety_sentence(ratio: float, low: float, high: float, *, people: float) -> str:
    """How varied the answers are beside people's.

    Args:
        ratio: Entropy of the panel's shares over that of people's; NaN if undefined.
        low: Lower end of its interval, NaN without one.
        high: Upper end.
        people: The ratio that as many real people would have.
    """
    if any(math.isnan(number) for number in (ratio, low, high, people)):
        return ""
    if high < people:
        return "Its answers are less varied than people's."
    if low > people:
        return "Its answers are more varied than people's, which by itself lowers distances."
    if low >= people / _ALIKE and high <= people * _ALIKE:
        return "Its answers are about as varied as people's."
    return "No difference in variety from people's is shown."


def reading_sentence(statuses: pd.DataFrame) -> str:
    """How many answers named no option, and how many withheld one, counted; "" where none was asked."""
    asked, read, withheld = read_and_withheld(statuses)
    unread = asked - withheld - read
    if asked == 0:
        return ""
    of_all = counted(asked, "answer", "answers")
    more = f" {withheld:,} said don't know or refused." if withheld else ""
    if unread == 0:
        return (f"Each of {of_all} could be read." if asked > 1 else "The one answer could be read.") + more
    return f"{unread:,} of {of_all} could not be read as an option.{more}"


def read_and_withheld(statuses: pd.DataFrame) -> tuple[int, int, int]:
    """Answers asked for, those that named an option (or needed none), and those withheld.

    Args:
        statuses: As in statuses.csv.
    """
    whole = statuses[statuses["scope"] == "all"]
    counts = {str(status): int(count) for status, count in zip(whole["status"], whole["count"], strict=True)}
    read, withheld = (sum(counts.get(status, 0) for status in kind) for kind in (_READ, _WITHHELD))
    return sum(counts.values()), read, withheld


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def _row(scores: pd.DataFrame, metric: str, scope: str) -> Mapping[str, Any]:
    found = scores[(scores["metric"] == metric) & (scores["scope"] == scope)].to_dict("records")
    return {str(name): value for name, value in found[0].items()} if found else {}


def _number(row: Mapping[str, Any], name: str) -> float:
    value = row.get(name)
    return math.nan if value is None or value is pd.NA else float(value)
