"""How much closer to people an arm is than the baseline, and whether by more than variety. Reads no files."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.arm_differences import Difference, differences, penalty_of
from def_sim.evaluation.arm_panels import CHOICES, TEXTS, VARIETY, ArmPanel
from def_sim.evaluation.arm_sentences import level_sentence, summary_sentence, verdict_sentence
from def_sim.evaluation.arm_verdicts import ArmVerdict, Variety, variety_of, verdict_of
from def_sim.evaluation.arms import Arm, ArmGroup
from def_sim.evaluation.paired_runs import METRIC, ComparedPair, RunScores, compare_pair
from def_sim.metrics.paired import PairedComparison, adjusted_for_many

NOT_READ: Final = "not finished, or without respondents to draw again"
OTHER_ITEMS: Final = "asks other questions or wordings than the baseline"
_TYPES: Final = {
    "group": "int64",
    "metric": "str",
    "scope": "str",
    "dimension": "str",
    "arm": "str",
    "folder": "str",
    "baseline": "str",
    "settings": "str",
    "is_baseline": "bool",
    "num_differing": "int64",
    "value": "float64",
    "baseline_value": "float64",
    "people": "float64",
    "floor": "float64",
    "read": "float64",
    "baseline_read": "float64",
    "difference": "float64",
    "low": "float64",
    "high": "float64",
    "p_value": "float64",
    "p_adjusted": "float64",
    "num_items": "int64",
    "num_respondents": "int64",
    "share_done": "float64",
    "entropy_arm": "float64",
    "entropy_baseline": "float64",
    "entropy_people": "float64",
    "entropy_verdict": "str",
    "share_explained": "float64",
    "at_equal_entropy": "float64",
    "at_equal_low": "float64",
    "at_equal_high": "float64",
    "verdict": "str",
    "sentence": "str",
    "reason": "str",
}
_NUMBERS: Final = tuple(
    name for name, kind in _TYPES.items() if kind == "float64" and name not in ("value", "share_done")
)
_OF_VARIETY: Final = (VARIETY, TEXTS, CHOICES)

Row = dict[str, object]


def arms_table(
    groups: Sequence[ArmGroup],
    scores: Mapping[str, RunScores],
    panels: Mapping[str, ArmPanel] | None = None,
) -> pd.DataFrame:
    """Every arm beside the baseline of its group.

    Args:
        groups: From `group_arms`.
        scores: Folder -> scores of a finished run.
        panels: Folder -> what other metrics and diversity are compared by; those without have none.

    Returns:
        First the tested score, one row an arm: `js_divergence`, mean of topic groups. Then, of arms and
        baselines with panels, the other metrics, scopes and topic groups, and diversity, untested. Columns:
            group: number of the comparison; metric; scope (macro, micro, dimension), dimension;
            arm: its title; folder; baseline: the title of the baseline; settings: in which the two differ,
            "name: arm's (baseline's)"; is_baseline; num_differing: how many settings;
            value, baseline_value: on the items that both have, at as many answers an item, so that their
            difference is the difference; of the baseline's own row and of an arm without a comparison the
            tested score as the report has it, NaN for an unfinished run;
            floor: of the tested score, expected of as many people, the same for both;
            read, baseline_read: share of the answers that could be read;
            people: of diversity and entropy ratio, what as many people are expected to have;
            difference: arm minus baseline; below 0 the arm is closer to people, or less varied;
            low, high: its 95 % interval; p_value; p_adjusted (Holm over the arms of the group);
            num_items: with a score in both; num_respondents: of the arm; share_done: of its answers;
            entropy_arm, entropy_baseline, entropy_people: means over items, in nats;
            entropy_verdict, share_explained: see `metrics.entropy_control`, of whichever is closer;
            at_equal_entropy, at_equal_low, at_equal_high: arm minus baseline where both are equally varied;
            verdict: see `ArmVerdict`; sentence: the same in words;
            reason: why there is no interval; empty for the baseline.
    """
    known = panels or {}
    rows = [row for group in groups for row in [*_tested(group, scores), *_untested(group, known)]]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def answer_of(group: ArmGroup, table: pd.DataFrame) -> str:
    """What all arms of a comparison come to, in one sentence.

    Args:
        group: Of the table.
        table: From `arms_table`.
    """
    rows = table[(table["group"] == group.number) & (table["verdict"] != "") & ~table["is_baseline"]]
    verdicts = [ArmVerdict(name) for name in rows["verdict"]]
    return summary_sentence(verdicts, group.baseline.title, next(iter(rows["reason"]), ""))


def _tested(group: ArmGroup, scores: Mapping[str, RunScores]) -> list[Row]:
    compared = {arm.title: _compared(arm, group.baseline, scores) for arm in group.arms}
    p_values = {title: one.found.p_value for title, one in compared.items() if isinstance(one, ComparedPair)}
    adjusted = adjusted_for_many(p_values)
    rows = []
    for arm in group.arms:
        found = compared[arm.title]
        row = _row(group, arm) | {"metric": METRIC, "scope": "macro", "value": _value(arm)}
        if isinstance(found, str):
            rows.append(row | _without_verdict(arm is group.baseline, found))
        else:
            pair = (scores[arm.run.folder], scores[group.baseline.run.folder])
            variety = variety_of(*pair, found, adjusted[arm.title])
            parts: Row = {
                "value": found.values[0],
                "baseline_value": found.values[1],
                "floor": found.floor,
                "baseline_read": pair[1].answered.share_read,
            }
            rows.append(row | parts | _with_verdict(found.found, adjusted[arm.title], variety))
    return [row | {"read": _share_read(str(row["folder"]), scores)} for row in rows]


def _share_read(folder: str, scores: Mapping[str, RunScores]) -> float:
    return scores[folder].answered.share_read if folder in scores else float("nan")


def _compared(arm: Arm, baseline: Arm, scores: Mapping[str, RunScores]) -> ComparedPair | str:
    """The comparison, or why there is none."""
    if arm is baseline:
        return ""
    first, second = scores.get(arm.run.folder), scores.get(baseline.run.folder)
    if first is None or second is None:
        return NOT_READ if first is None else f"the baseline is {NOT_READ}"
    if first.items != second.items:
        return OTHER_ITEMS
    return compare_pair(first, second)


def _row(group: ArmGroup, arm: Arm) -> Row:
    """What is known of every row; numbers are filled in by who has them."""
    empty = {name: "" for name, kind in _TYPES.items() if kind == "str"}
    return {
        **empty,
        **dict.fromkeys(_NUMBERS, np.nan),
        "group": group.number,
        "arm": arm.title,
        "folder": arm.run.folder,
        "baseline": group.baseline.title,
        "settings": arm.in_words_beside(group.baseline),
        "is_baseline": arm is group.baseline,
        "num_differing": arm.num_differing(group.baseline),
        "num_items": 0,
        "num_respondents": arm.run.num_present,
        "share_done": arm.run.share_done,
    }


def _without_verdict(is_baseline: bool, reason: str) -> Row:
    verdict = ArmVerdict.BASELINE if is_baseline else ArmVerdict.ABSENT
    sentence = verdict_sentence(verdict, (np.nan,) * 3, (np.nan,) * 3, reason)
    return {"verdict": str(verdict), "sentence": sentence, "reason": reason}


def _with_verdict(found: PairedComparison, p_adjusted: float, variety: Variety) -> Row:
    interval = found.difference
    ends = (interval.estimate, interval.low, interval.high)
    verdict = verdict_of(interval.estimate, p_adjusted, variety.verdict)
    if interval.why_absent:
        verdict = ArmVerdict.ABSENT
    at_equal = (variety.at_equal, variety.at_equal_low, variety.at_equal_high)
    return {
        **_interval(interval.estimate, interval.low, interval.high),
        "p_value": found.p_value,
        "p_adjusted": p_adjusted,
        "num_items": interval.num_items - interval.num_undefined,
        "entropy_arm": variety.arm,
        "entropy_baseline": variety.baseline,
        "entropy_people": variety.people,
        "entropy_verdict": variety.verdict,
        "share_explained": variety.share_explained,
        "at_equal_entropy": variety.at_equal,
        "at_equal_low": variety.at_equal_low,
        "at_equal_high": variety.at_equal_high,
        "verdict": str(verdict),
        "sentence": verdict_sentence(verdict, ends, at_equal, interval.why_absent),
        "reason": interval.why_absent,
    }


def _interval(estimate: float, low: float, high: float) -> Row:
    return {"difference": estimate, "low": low, "high": high}


def _untested(group: ArmGroup, panels: Mapping[str, ArmPanel]) -> list[Row]:
    baseline = panels.get(group.baseline.run.folder)
    if baseline is None:
        return []
    found = {arm.title: panels[arm.run.folder] for arm in group.arms if arm.run.folder in panels}
    alike = {title: one for title, one in found.items() if one.items == baseline.items}
    penalty = penalty_of(list(alike.values()))
    return [
        _row(group, arm) | _difference_row(one)
        for arm in group.arms
        if arm is not group.baseline and arm.title in alike
        for one in differences(alike[arm.title], baseline, penalty)
    ]


def _difference_row(one: Difference) -> Row:
    interval = one.interval
    ends = (interval.estimate, interval.low, interval.high)
    levels = (one.value, one.baseline_value)
    is_told = one.metric in _OF_VARIETY and one.scope == "micro"
    return {
        "metric": one.metric,
        "scope": one.scope,
        "dimension": one.dimension,
        "value": one.value,
        "baseline_value": one.baseline_value,
        "people": one.people,
        **_interval(*ends),
        "num_items": interval.num_items - interval.num_undefined,
        "sentence": level_sentence(ends, levels, one.people, interval.why_absent) if is_told else "",
        "reason": interval.why_absent,
    }


def _value(arm: Arm) -> float:
    """The score that the run's own report gives."""
    table = arm.run.scores
    found = table.loc[(table["metric"] == METRIC) & (table["scope"] == "macro"), "value"]
    return float(found.iloc[0]) if arm.run.is_complete and not found.empty else float("nan")
