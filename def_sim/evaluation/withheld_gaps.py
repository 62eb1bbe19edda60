"""Answers that one panel withheld beside those that people withheld: don't know, no answer, and either.

People's shares are weighted, of those whom an interviewer asked. Interviewers take a don't-know and offer
none, while a run may offer it; so the difference says how alike both withhold, not who is better.

Letters: N respondents, Q questions.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.withheld import NOT_KNOWN, Bools, share_of_one, share_of_several, who_withheld
from def_sim.metrics.insensitivity import wilson_interval
from def_sim.metrics.share_differences import difference_interval
from def_sim.records import AnswerStatus, ItemReference, Question

KINDS: Final = {
    "dont_know": (AnswerStatus.DONT_KNOW,),
    "refused": (AnswerStatus.REFUSED,),
    "either": (AnswerStatus.DONT_KNOW, AnswerStatus.REFUSED),
}
ALL, DIMENSION, ITEM = "all", "dimension", "item"  # scopes


@dataclass(frozen=True, slots=True)
class WithheldGap:
    """One kind of withheld answers in one scope. Shares in [0, 1]; NaN where not known."""

    scope: str  # ALL, DIMENSION (topic group) or ITEM
    dimension: str  # "" for all
    item_id: str  # of an item, else ""
    wording: int  # of an item, else -1
    kind: str  # of KINDS
    panel: float  # of answers, over the questions of which people's share is known
    panel_low: float
    panel_high: float
    people: float  # mean over these questions, of those asked
    people_low: float
    people_high: float
    difference: float  # panel - people
    low: float  # its 95 % interval
    high: float
    num_asked: int  # answers behind the panel's share
    num_items: int  # questions of which people's share is known
    reason: str  # why there is no difference or no interval


@dataclass(frozen=True)
class WithheldGaps:
    """What one panel withheld, and what it was offered."""

    offer: str  # none, dont_know, refuse or both
    gaps: tuple[WithheldGap, ...]  # ALL, then topic groups, then items; for each kind

    def of(self, scope: str) -> list[WithheldGap]:
        """Those of one scope."""
        return [gap for gap in self.gaps if gap.scope == scope]

    @property
    def is_known(self) -> bool:
        """Whether people's share is known of any question."""
        return any(gap.num_items for gap in self.gaps)


def withheld_gaps(arrays: PanelArrays, *, offer: str) -> WithheldGaps:
    """The panel's shares of withheld answers beside people's, by kind, of all, topic groups and items.

    Args:
        arrays: The panel's answers.
        offer: What the run offered behind the options.
    """
    questions = arrays.survey.questions
    people = arrays.reference.for_everyone()
    dimensions = sorted({str(one.dimension) for one in questions} - {""})
    every = list(range(len(questions)))
    scopes = [(ALL, "", every)]
    scopes += [
        (DIMENSION, name, [at for at in every if str(questions[at].dimension) == name]) for name in dimensions
    ]
    gaps = []
    for kind, statuses in KINDS.items():
        withheld, asked = _withheld(arrays, statuses)
        known = [_People.of(people.get(one.item_id), kind) for one in questions]
        for scope, name, places in scopes:
            there = [at for at in places if known[at].is_known]
            found = [known[at] for at in there]
            gaps.append(_gap(scope, name, None, kind, withheld[:, there], asked[:, there], found))
        gaps += [
            _gap(ITEM, str(one.dimension), one, kind, withheld[:, [at]], asked[:, [at]], [known[at]])
            for at, one in enumerate(questions)
            if known[at].is_known
        ]
    order = {ALL: 0, DIMENSION: 1, ITEM: 2}
    return WithheldGaps(offer, tuple(sorted(gaps, key=lambda gap: order[gap.scope])))


def gaps_frame(gaps: Sequence[WithheldGap]) -> pd.DataFrame:
    """One row a gap, columns as the fields of `WithheldGap`; empty where NaN."""
    names = [field.name for field in fields(WithheldGap)]
    return pd.DataFrame([asdict(gap) for gap in gaps], columns=names)


def _withheld(arrays: PanelArrays, statuses: Sequence[AnswerStatus]) -> tuple[Bools, Bools]:
    """Which answers were withheld in one of these ways, and which were asked for; shape (N, Q) each."""
    found = [who_withheld(arrays, status) for status in statuses]
    return np.logical_or.reduce([withheld for withheld, _ in found]), found[0][1]


@dataclass(frozen=True, slots=True)
class _People:
    """Which share of people withheld an answer to one item, with its 95 % interval."""

    share: float = math.nan
    low: float = math.nan
    high: float = math.nan

    @property
    def is_known(self) -> bool:
        return not math.isnan(self.share)

    @classmethod
    def of(cls, reference: ItemReference | None, kind: str) -> "_People":
        if reference is None:
            return cls()
        share, either = _share(reference, kind), _share(reference, "either")
        if share is None:
            return cls()
        if reference.n is None:
            return cls(share)
        # The effective number is of those who answered; of those asked there are more, in proportion.
        num_asked = reference.n_for_uncertainty / (1 - (either or 0.0)) if either != 1 else 0.0
        return cls(share, *wilson_interval(share * num_asked, num_asked))


def _share(reference: ItemReference, kind: str) -> float | None:
    dont_know, refused = reference.dont_know_share, reference.refused_share
    if kind == "dont_know":
        return dont_know
    if kind == "refused":
        return refused
    if dont_know is not None and refused is not None:
        return dont_know + refused
    return reference.missing_share


def _gap(
    scope: str,
    dimension: str,
    question: Question | None,
    kind: str,
    withheld: Bools,
    asked: Bools,
    people: Sequence[_People],
) -> WithheldGap:
    """Of questions whose share of people is known; `withheld` and `asked` have shape (N, questions)."""
    found = share_of_several(withheld, asked) if question is None else share_of_one(withheld, asked)
    panel, num_asked = float(str(found["share"])), int(str(found["num_asked"]))
    ends = (float(str(found["low"])), float(str(found["high"])))
    # Who withholds one answer may withhold others: ends are means of ends, as if the same people always did.
    share, low, high = (_mean([getattr(one, name) for one in people]) for name in ("share", "low", "high"))
    difference_low, difference_high = difference_interval(panel, ends, share, (low, high))
    return WithheldGap(
        scope=scope,
        dimension=dimension,
        item_id=question.item_id if question is not None else "",
        wording=question.wording if question is not None else -1,
        kind=kind,
        panel=panel,
        panel_low=ends[0],
        panel_high=ends[1],
        people=share,
        people_low=low,
        people_high=high,
        difference=panel - share,
        low=difference_low,
        high=difference_high,
        num_asked=num_asked,
        num_items=len(people),
        reason=str(found["reason"]) if people else NOT_KNOWN,
    )


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
