"""Lean of a panel's answers towards people by sex and age: the table behind its section.

Joins `metrics/group_lean.py` with items and groups. Draws nothing by chance. A group that an item's figures
lack is missing for that item only.

Letters: N respondents, Q items, G groups.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.people_groups import GROUPS, Groups, group_reference
from def_sim.metrics.design_effect import people_design_effects
from def_sim.metrics.group_lean import Lean, answer_leans, group_lean, option_leans
from def_sim.metrics.paired import adjusted_for_many
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.sample import Array, normalise
from def_sim.surveys.human_structure import HumanStructure

LEVEL: Final = 0.05
# Of two items' leans where people's is not known: the largest mean among eleven groups in seven countries.
UNKNOWN_CORRELATION: Final = 0.04
NO_RESPONDENTS: Final = "The answers are probabilities: there are no respondents to test."


def group_leans(
    distributions: Sequence[QuestionDistribution],
    answers: PanelAnswers | None,
    groups: Groups,
    people: HumanStructure | None,
) -> pd.DataFrame:
    """How far all answers of a panel lean towards each group, and whether by more than chance.

    Args:
        distributions: Aligned with the whole population, the wordings of an item pooled.
        answers: Who gave which answer to the same items; None where no respondent stands behind an answer.
        groups: Shares by group, from the same reference.
        people: People's correlations between items; None where they are not known.

    Returns:
        One row a group: group; lean, low, high, p_value, num_items (see `group_lean.Lean`); p_adjusted
        (Holm over the groups); reason (why there is no interval; "" if there is one).
    """
    found = _lean(distributions, answers, groups, people)
    adjusted = adjusted_for_many(dict(zip(GROUPS, found.p_value.tolist(), strict=True)))
    return pd.DataFrame(
        {
            "group": GROUPS,
            "lean": found.value,
            "low": found.low,
            "high": found.high,
            "p_value": found.p_value,
            "p_adjusted": [adjusted[group] for group in GROUPS],
            "num_items": found.num_items,
            "reason": _reasons(found, answers),
        }
    )


def _lean(
    distributions: Sequence[QuestionDistribution],
    answers: PanelAnswers | None,
    groups: Groups,
    people: HumanStructure | None,
) -> Lean:
    """Over the items with figures of people."""
    if answers is None:
        return group_lean(np.zeros((0, 0, len(GROUPS))))
    pairs = zip(distributions, answers.items, strict=True)
    known = [(item, one) for item, one in pairs if item.reference is not None]
    shares = [_shares(item, groups) for item, _ in known]
    options = option_leans(shares)
    columns = [answer_leans(one, of_item) for (_, one), of_item in zip(known, options, strict=True)]
    if not columns:
        return group_lean(np.zeros((0, 0, len(GROUPS))))
    effects = people_design_effects(
        _correlations([item for item, _ in known], people),
        [normalise(one[0]) for one in shares],
        options,
        unknown=UNKNOWN_CORRELATION,
    )
    return group_lean(np.stack(columns, axis=1), effects)


def _correlations(items: Sequence[QuestionDistribution], people: HumanStructure | None) -> Array:
    """People's between items, shape (Q, Q); NaN where unknown."""
    if people is None:
        return np.full((len(items), len(items)), np.nan)
    return people.of_items([item.question.item_id for item in items]).correlations


def _shares(item: QuestionDistribution, groups: Groups) -> Array:
    """Shares of everyone, then of each group, shape (1 + G, K)."""
    assert item.reference is not None
    everyone = np.array(item.reference.shares, dtype=np.float64)
    parts = [group_reference(groups, item.question.item_id, group) for group in GROUPS]
    return np.array([everyone, *(part.shares if part else np.full_like(everyone, np.nan) for part in parts)])


def _reasons(found: Lean, answers: PanelAnswers | None) -> Sequence[str]:
    return found.reasons if answers is not None else [NO_RESPONDENTS] * len(GROUPS)
