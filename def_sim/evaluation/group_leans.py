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
from def_sim.metrics.group_lean import Lean, answer_leans, group_lean
from def_sim.metrics.paired import adjusted_for_many
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.sample import Array

LEVEL: Final = 0.05
NO_RESPONDENTS: Final = "The answers are probabilities: there are no respondents to test."


def group_leans(
    distributions: Sequence[QuestionDistribution], answers: PanelAnswers | None, groups: Groups
) -> pd.DataFrame:
    """How far all answers of a panel lean towards each group, and whether by more than chance.

    Args:
        distributions: Aligned with the whole population, the wordings of an item pooled.
        answers: Who gave which answer to the same items; None where no respondent stands behind an answer.
        groups: Shares by group, from the same reference.

    Returns:
        One row a group: group; lean, low, high, p_value, num_items (see `group_lean.Lean`); p_adjusted
        (Holm over the groups); reason (why there is no interval; "" if there is one).
    """
    found = group_lean(_leans(distributions, answers, groups))
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


def _leans(
    distributions: Sequence[QuestionDistribution], answers: PanelAnswers | None, groups: Groups
) -> Array:
    """Shape (N, Q, G), of the items with figures of people."""
    if answers is None:
        return np.zeros((0, 0, len(GROUPS)))
    pairs = zip(distributions, answers.items, strict=True)
    columns = [answer_leans(one, _shares(item, groups)) for item, one in pairs if item.reference is not None]
    if not columns:
        return np.zeros((answers.num_respondents, 0, len(GROUPS)))
    return np.stack(columns, axis=1)


def _shares(item: QuestionDistribution, groups: Groups) -> Array:
    """Shares of everyone, then of each group, shape (1 + G, K)."""
    assert item.reference is not None
    everyone = np.array(item.reference.shares, dtype=np.float64)
    parts = [group_reference(groups, item.question.item_id, group) for group in GROUPS]
    return np.array([everyone, *(part.shares if part else np.full_like(everyone, np.nan) for part in parts)])


def _reasons(found: Lean, answers: PanelAnswers | None) -> Sequence[str]:
    return found.reasons if answers is not None else [NO_RESPONDENTS] * len(GROUPS)
