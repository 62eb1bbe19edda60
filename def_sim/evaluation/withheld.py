"""Who withholds an answer when it is offered: don't-know and refusal beside people's, and the rest's scores.

People's shares are of those who were asked, by interviewers who note such answers without offering them. The
score of those who still answer stands between its bounds: what it could be if the others had answered, too.
Reads no files.

Letters: N respondents, Q questions.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from def_sim.evaluation.arms import Arm, ArmGroup
from def_sim.evaluation.comparisons import item_form
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.nonresponse import nonresponse
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.score_intervals import people_of
from def_sim.metrics.aggregation import macro_mean
from def_sim.metrics.insensitivity import wilson_interval
from def_sim.metrics.jackknife import jackknife_interval
from def_sim.metrics.panel_scores import score_panel
from def_sim.metrics.sample import Array, Sample
from def_sim.records import AnswerStatus, ItemReference, Question

Bools = NDArray[np.bool_]
OFFER: Final = "protocol.presentation.offer"
KINDS: Final = {"dont_know": AnswerStatus.DONT_KNOW, "refused": AnswerStatus.REFUSED}
METRIC: Final = "js_divergence"
NOT_KNOWN: Final = "The source of these figures does not say how many people withheld an answer."
ONE_RESPONDENT: Final = "One respondent: how respondents differ is unknown."
_TYPES: Final = {
    "group": "int64",
    "arm": "str",
    "offer": "str",
    "scope": "str",
    "item_id": "str",
    "wording": "Int64",
    "dimension": "str",
    "kind": "str",
    "share": "float64",
    "low": "float64",
    "high": "float64",
    "num_asked": "int64",
    "people": "float64",
    "share_beside_people": "float64",
    "num_people_items": "int64",
    "reason": "str",
}
_SCORE_TYPES: Final = {
    "group": "int64",
    "arm": "str",
    "offer": "str",
    "metric": "str",
    "share_failed": "float64",
    "answered": "float64",
    "least": "float64",
    "most": "float64",
    "num_items": "int64",
}


def offer_of(arm: Arm) -> str:
    """What an arm offers; runs without the setting offer nothing."""
    return arm.settings.get(OFFER, "none")


def withheld_table(groups: Sequence[ArmGroup], arrays: Mapping[str, PanelArrays]) -> pd.DataFrame:
    """Shares of answers withheld, of groups of arms that differ in the offer.

    Args:
        groups: From `group_arms`.
        arrays: Folder -> the answers of a finished run.

    Returns:
        Columns:
            group; arm; offer; scope: all, dimension (topic group) or item; item_id, wording, dimension;
            kind: dont_know or refused;
            share: of the num_asked answers; low, high: its 95 % interval, of other respondents: Wilson's for
                an item; for many by leaving each respondent out, or, where nobody or everybody withholds,
                Wilson's of as many answers as there are respondents;
            people: share of people, a mean over the num_people_items questions in scope of which it is
                known; share_beside_people: the panel's on these;
            reason: why there is no interval, or no share of people.
    """
    rows = [
        {"group": group.number, "arm": arm.title, "offer": offer_of(arm)} | row
        for group in groups
        if OFFER in group.baseline.settings
        for arm in group.arms
        if arm.run.folder in arrays
        for row in _rows_of(arrays[arm.run.folder])
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def withheld_scores(groups: Sequence[ArmGroup], arrays: Mapping[str, PanelArrays]) -> pd.DataFrame:
    """The score of those who still answer, and its bounds.

    Returns:
        Columns: group; arm; offer; metric; share_failed: of answers, for whatever reason; answered: mean of
        topic groups over those who answered; least, most: the same whatever the others would have answered,
        the score itself where nobody failed; num_items: with people's figures.
    """
    rows = [
        {"group": group.number, "arm": arm.title, "offer": offer_of(arm), "metric": METRIC}
        | _bounds(arrays[arm.run.folder].prompts)
        for group in groups
        if OFFER in group.baseline.settings
        for arm in group.arms
        if arm.run.folder in arrays
    ]
    return pd.DataFrame(rows, columns=list(_SCORE_TYPES)).astype(_SCORE_TYPES)


def _bounds(prompts: Sequence[QuestionDistribution]) -> dict[str, object]:
    found = nonresponse(prompts)
    if METRIC in found.means:
        means = found.means[METRIC]
        ends = {"answered": means["dropped"], "least": means["least"], "most": means["most"]}
    else:  # nobody failed, so there is nothing to bound
        score = _score_without_failures(prompts)
        ends = {"answered": score, "least": score, "most": score}
    return {"share_failed": found.share_failed, **ends, "num_items": found.num_items}


def _score_without_failures(prompts: Sequence[QuestionDistribution]) -> float:
    known = [one for one in prompts if one.reference is not None]
    samples = [Sample(one.counts, one.num_answered) for one in known]
    if not samples:
        return float("nan")
    forms = [item_form(one) for one in known]
    scores = score_panel(samples, [people_of(one) for one in known], forms, METRIC)
    return macro_mean(scores, [str(one.question.dimension) for one in known])


def _rows_of(arrays: PanelArrays) -> list[dict[str, object]]:
    questions = arrays.survey.questions
    dimensions = sorted({str(one.dimension) for one in questions} - {""})
    people = arrays.reference.for_everyone()
    scopes = [("all", "", list(range(len(questions))))]
    scopes += [
        ("dimension", name, [place for place, one in enumerate(questions) if str(one.dimension) == name])
        for name in dimensions
    ]
    rows = []
    for kind, status in KINDS.items():
        withheld, asked = who_withheld(arrays, status)
        for scope, name, places in scopes:
            base: dict[str, object] = {"scope": scope, "item_id": "", "wording": pd.NA, "dimension": name}
            shares = np.array([_of_people(people.get(questions[place].item_id), kind) for place in places])
            known = ~np.isnan(shares)
            there = [place for place, is_known in zip(places, known, strict=True) if is_known]
            beside = share_of_several(withheld[:, there], asked[:, there])["share"] if there else np.nan
            several = share_of_several(withheld[:, places], asked[:, places])
            rows.append(base | {"kind": kind} | several | _people_columns(shares[known], several, beside))
        rows += [
            _item_columns(one, kind)
            | (found := share_of_one(withheld[:, place], asked[:, place]))
            | _people_columns(_known(_of_people(people.get(one.item_id), kind)), found, found["share"])
            for place, one in enumerate(questions)
        ]
    return rows


def who_withheld(arrays: PanelArrays, status: AnswerStatus) -> tuple[Bools, Bools]:
    """Which answers were withheld in this way, and which were asked for; shape (N, Q) each."""
    names = [question.id for question in arrays.survey.questions]
    found = [[answers.get(name) for name in names] for answers in arrays.by_respondent.values()]
    statuses = [[AnswerStatus.NOT_ASKED if one is None else one.status for one in row] for row in found]
    withheld = np.array([[one is status for one in row] for row in statuses], dtype=np.bool_)
    asked = np.array([[one is not AnswerStatus.NOT_ASKED for one in row] for row in statuses], dtype=np.bool_)
    return withheld.reshape(-1, len(names)), asked.reshape(-1, len(names))


def _item_columns(question: Question, kind: str) -> dict[str, object]:
    return {
        "scope": "item",
        "item_id": question.item_id,
        "wording": question.wording,
        "dimension": str(question.dimension),
        "kind": kind,
    }


def share_of_one(withheld: Bools, asked: Bools) -> dict[str, object]:
    """Of one question, whose respondents answer independently."""
    num, hits = int(asked.sum()), int(withheld.sum())
    low, high = wilson_interval(hits, num) if num else (np.nan, np.nan)
    share = hits / num if num else np.nan
    return {"share": share, "low": low, "high": high, "num_asked": num, "reason": ""}


def share_of_several(withheld: Bools, asked: Bools) -> dict[str, object]:
    """Of many questions, which one respondent answers together."""
    hits, nums = withheld.sum(axis=1), asked.sum(axis=1)
    num = int(nums.sum())
    share = float(hits.sum() / num) if num else np.nan
    rest = nums.sum() - nums
    without = np.divide(hits.sum() - hits, rest, out=np.full(rest.shape, np.nan), where=rest > 0)
    low, high = jackknife_interval(share, without)
    if share in (0.0, 1.0) and len(nums) > 1:
        low, high = wilson_interval(share * len(nums), len(nums))
    return {
        "share": share,
        "low": max(low, 0.0) if not np.isnan(low) else low,
        "high": min(high, 1.0) if not np.isnan(high) else high,
        "num_asked": num,
        "reason": ONE_RESPONDENT if len(nums) < 2 else "",
    }


def _of_people(reference: ItemReference | None, kind: str) -> float:
    if reference is None:
        return float("nan")
    share = reference.dont_know_share if kind == "dont_know" else reference.refused_share
    return float("nan") if share is None else share


def _known(share: float) -> Array:
    return np.array([] if np.isnan(share) else [share])


def _people_columns(shares: Array, found: Mapping[str, object], beside: object) -> dict[str, object]:
    """People's mean over the items of which it is known, and the panel's share on the same."""
    return {
        "people": float(shares.mean()) if shares.size else np.nan,
        "share_beside_people": beside if shares.size else np.nan,
        "num_people_items": shares.size,
        "reason": found["reason"] or ("" if shares.size else NOT_KNOWN),
    }
