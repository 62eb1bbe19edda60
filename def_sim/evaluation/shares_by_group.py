"""Shares of options beside people: of everyone, and of groups where respondents have a sex and an age."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pandas as pd

from def_sim.evaluation.distributions import QuestionDistribution, align_with_reference, count_answers
from def_sim.records import AGES, SEXES, Answer, Respondent
from def_sim.surveys.human_reference import HumanReference

EVERYONE: Final = "all"
COLUMNS: Final = (
    "item",
    "wording",
    "topic",
    "topic_group",
    "group",
    "code",
    "option",
    "panel",
    "people",
    "panel_n",
    "people_n",
)


def shares_by_group(
    everyone: Sequence[QuestionDistribution],
    panel: Sequence[Respondent],
    answers: Sequence[Answer],
    reference: HumanReference,
) -> pd.DataFrame:
    """One row for each option of each question and group.

    Args:
        everyone: Each question, with people beside it.
        panel: Who answered.
        answers: To these questions.
        reference: People, by group.

    Returns:
        Columns: item, wording, topic, topic_group ("" for none): the question; group: all, or a sex or an age
        band where the prompt says them; code, option: an option; panel, people: the share that chose it of
        those who answered (mention rate if several may be chosen), NaN where nobody did or nobody knows;
        panel_n, people_n: how many are behind it.
    """
    rows = list(_rows(EVERYONE, everyone))
    questions = [one.question for one in everyone]
    for group, members in _groups(panel).items():
        counted = count_answers([one for one in answers if one.respondent_id in members], questions)
        people = {item: shares for (item, name), shares in reference.items.items() if name == group}
        rows += _rows(group, align_with_reference(counted, people))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _groups(panel: Sequence[Respondent]) -> Mapping[str, set[str]]:
    """Group -> names of its respondents; without those that nobody is in."""
    of_all = {group: {one.id for one in panel if one.persona.sex == group} for group in SEXES}
    of_all |= {group: {one.id for one in panel if one.persona.age == group} for group in AGES}
    return {group: members for group, members in of_all.items() if members}


def _rows(group: str, distributions: Sequence[QuestionDistribution]) -> Iterator[dict[str, object]]:
    for one in distributions:
        question, people = one.question, one.reference
        for place, option in enumerate(question.options):
            yield {
                "item": question.item_id,
                "wording": question.wording,
                "topic": question.topic,
                "topic_group": str(question.dimension),
                "group": group,
                "code": option.code,
                "option": option.label,
                "panel": float(one.shares[place]),
                "people": float("nan") if people is None else people.shares[place],
                "panel_n": one.num_answered,
                "people_n": float("nan") if people is None or people.n is None else people.n,
            }
