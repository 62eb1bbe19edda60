"""Preference bias: whether first answers are people's, whose they are otherwise, and leaning to groups."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from def_sim.evaluation.bias_tables import (
    PROFILE_TITLES,
    PublishedBias,
    SoundBias,
    published_bias,
    sound_bias,
)
from def_sim.evaluation.dimensions import dimension_rank
from def_sim.evaluation.distributions import pool_wordings
from def_sim.evaluation.findings import Finding
from def_sim.evaluation.group_leans import group_leans
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.surveys.human_structure import HumanStructure

ALL: Final = "all"
NO_REFERENCES: Final = "No answered item has figures of people."
NO_GROUPS: Final = "No answered item has figures of people by sex or age."
_MOST_DRAWS: Final = 100  # Monte Carlo draws for each item and group


@dataclass(frozen=True)
class PreferenceBias:
    """First answers beside people's, as published (every wording a question) and sound (items)."""

    published: PublishedBias  # ties settled by the lowest code
    sound: SoundBias  # with shared credit, chance, floor and halves
    leans: pd.DataFrame  # of all answers towards each group, with test, see group_leans
    num_respondents: int  # N

    @property
    def rates(self) -> dict[str, dict[str, float]]:
        """Credit, chance, floor and halves -> mean by topic group and over all items."""
        return {column: self.sound.rates(column) for column in ("credit", "chance", "floor", "halves")}

    @property
    def dimensions(self) -> list[str]:
        """Topic groups with a rate, in their order."""
        return sorted((name for name in self.rates["credit"] if name != ALL), key=dimension_rank)

    def num_items(self, dimension: str = ALL) -> int:
        """Scored items of a topic group, or all."""
        is_scored = self.sound.items["credit"].notna()
        if dimension != ALL:
            is_scored &= self.sound.items["dimension"] == dimension
        return int(is_scored.sum())

    @property
    def why_no_match(self) -> str:
        """Why there is no match rate; empty where there is one."""
        return NO_REFERENCES if math.isnan(self.rates["credit"][ALL]) else ""

    @property
    def num_mismatched(self) -> int:
        """Questions whose first answer is not people's, as published."""
        return int((self.published.items["match"] == 0).sum())

    @property
    def why_no_mismatches(self) -> str:
        """Why mismatches cannot be told apart by group."""
        if self.published.items["match"].isna().all():
            return NO_REFERENCES
        is_told = self.published.mismatches.any() or not self.num_mismatched
        return "" if is_told else NO_GROUPS

    @property
    def match_findings(self) -> tuple[Finding, ...]:
        """Rows of `measures.csv` on match rates."""
        rates, why = self.rates, self.why_no_match
        return (
            *(self._match_finding(name) for name in (ALL, *self.dimensions)),
            Finding("match_rate_halves", rates["halves"][ALL], reason=why),
            *(
                Finding(
                    "match_rate_published",
                    rate,
                    group="" if name == ALL else name,
                    reason=why or ("" if not math.isnan(rate) else "No answered item."),
                )
                for name, rate in self.published.rates().items()
            ),
        )

    def _match_finding(self, name: str) -> Finding:
        rates, num_items = self.rates, self.num_items(name)
        return Finding(
            "match_rate",
            rates["credit"][name],
            group="" if name == ALL else name,
            people=rates["floor"][name],
            random=rates["chance"][name],
            num_items=num_items,
            reason=self.why_no_match or ("" if num_items else "No answered item."),
        )

    @property
    def mismatch_findings(self) -> tuple[Finding, ...]:
        """Rows of `measures.csv` on whose answers the mismatches are."""
        counts, is_empty = self.published.mismatches, self.published.items["match"].isna().all()
        num_mismatched = math.nan if is_empty else float(self.num_mismatched)
        return (
            Finding("mismatches", num_mismatched, reason=self.why_no_mismatches),
            *(
                Finding("mismatches_of_profile", float(counts[i, j].sum()), group=title)
                for i, titles in enumerate(PROFILE_TITLES)
                for j, title in enumerate(titles)
                if counts[i, j].any()
            ),
        )

    @property
    def why_no_lift(self) -> str:
        """Why leaning towards groups is not known."""
        return "" if self.sound.groups["num_items"].any() else NO_GROUPS

    @property
    def lift_findings(self) -> tuple[Finding, ...]:
        """Rows of `measures.csv` on leaning towards groups."""
        rows = [self.sound.groups.to_dict("records"), self.leans.to_dict("records")]
        return (
            *(finding for row in rows[0] for finding in _lift_findings(row)),
            *(finding for row in rows[1] for finding in _lean_findings(row)),
        )

    @property
    def why_no_gap(self) -> str:
        """Why it is not known whether the panel is nearer to a group."""
        return "" if self.sound.groups["num_gap_items"].any() else NO_GROUPS

    @property
    def gap_findings(self) -> tuple[Finding, ...]:
        """Rows of `measures.csv` on being nearer to a group than to everyone."""
        return tuple(
            Finding(
                "gap",
                float(row["gap"]),
                group=str(row["group"]),
                people=float(row["expected_gap"]),
                num_items=int(row["num_gap_items"]),
                reason="" if row["num_gap_items"] else NO_GROUPS,
            )
            for row in self.sound.groups.to_dict("records")
        )


def preference_bias(
    arrays: PanelArrays, people: HumanStructure | None, *, seed: int, num_draws: int
) -> PreferenceBias:
    """Of all answers of a panel; as sound bias of items, since a paraphrase is no further item.

    Args:
        arrays: The panel's answers, people's shares by group beside them.
        people: People's correlations between items; None where they are not known.
        seed: Of the Monte Carlo draws.
        num_draws: B, of which at most 100 are taken for each item and group.
    """
    groups = arrays.reference.items
    draws, pooled = min(_MOST_DRAWS, num_draws), pool_wordings(arrays.distributions)
    return PreferenceBias(
        published_bias(arrays.distributions, groups),
        sound_bias(pooled, groups, seed=seed, num_draws=draws),
        group_leans(pooled, arrays.item_answers, groups, people),
        len(arrays.by_respondent),
    )


def _lift_findings(row: dict[Hashable, Any]) -> Sequence[Finding]:
    group, num_items = str(row["group"]), int(row["num_items"])
    why = "" if num_items else NO_GROUPS
    lift, difference = float(row["lift"]), float(row["difference"])
    return [
        Finding("lift", lift, group=group, people=float(row["floor_lift"]), num_items=num_items, reason=why),
        Finding("lift_difference", difference, group=group, num_items=num_items, reason=why),
    ]


def _lean_findings(row: dict[Hashable, Any]) -> Sequence[Finding]:
    group, num_items, why = str(row["group"]), int(row["num_items"]), str(row["reason"])
    value, low, high = (float(row[name]) for name in ("lean", "low", "high"))
    return [
        Finding("lean", value, group=group, low=low, high=high, people=0.0, num_items=num_items, reason=why),
        *(
            Finding(f"lean_{name}", float(row[name]), group=group, num_items=num_items, reason=why)
            for name in ("p_value", "p_adjusted")
        ),
    ]
