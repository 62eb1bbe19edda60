"""Runs side by side: which may stand in one table, their scores as one tidy table, their ranks.

Two runs are comparable when they differ in nothing but the model and the seed. The others stand in
groups of their own, and nothing is averaged over runs: not a short questionnaire with the full one
either, of which it asks a part. Reads no files; computes no score and no
interval.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pandas as pd

from def_sim.evaluation.score_tables import HEADLINE_METRICS
from def_sim.metrics.item_metrics import NOT_A_DIVERGENCE

SCOPES: Final = ("dimension", "macro", "micro")
_DIGITS: Final = 3  # values that are printed alike share a rank
_MOST_SAID: Final = 3  # settings in a title
_HASH: Final = re.compile(r"[0-9a-f]{12,}")
_IN_TITLE: Final = (
    "survey.name",
    "survey.short_of",
    "survey.population",
    "survey.country",
    "strategy.target",
    "respondents",
)

_RUN_TYPES: Final = {
    "group": "int64",
    "run": "str",
    "folder": "str",
    "model": "str",
    "model_label": "str",
    "family": "str",
    "num_parameters": "int64",
    "is_tuned": "bool",
    "is_demonstration": "bool",
    "survey": "str",
    "population": "str",
    "language": "str",
    "strategy": "str",
    "protocol": "str",
    "seed": "int64",
    "num_respondents": "int64",
    "num_present": "int64",
    "share_done": "float64",
    "readings": "str",
}
_SCORE_TYPES: Final = {
    "scope": "str",
    "dimension": "str",
    "metric": "str",
    "value": "float64",
    "interval_low": "float64",
    "interval_high": "float64",
    "floor": "float64",
    "human_to_human": "float64",
    "uniform": "float64",
    "mode": "float64",
    "other_humans": "float64",
    "normalised": "float64",
    "num_items": "int64",
    "num_undefined": "int64",
    "why_no_interval": "str",
}
_SCORE_TEXTS: Final = tuple(name for name, kind in _SCORE_TYPES.items() if kind == "str")
_RANK_TYPES: Final = {"rank": "Int64", "is_tied": "bool", "num_ranked": "int64"}


@dataclass(frozen=True)
class ComparedRun:
    """What is known of one run, and its scores.

    `settings` are the dotted names and values of all that two comparable runs have in common.
    `scores` has the columns of `score_tables.score_table`, without single items; a version that has
    intervals adds `interval_low` and `interval_high`.
    """

    folder: str
    run_hash: str
    model: str
    model_label: str
    family: str
    num_parameters: int
    is_tuned: bool
    is_demonstration: bool
    survey: str
    population: str  # ISO 3166 alpha-3 code
    language: str
    strategy: str
    protocol: str
    seed: int
    num_respondents: int  # planned
    num_present: int  # with an answer on file
    num_planned: int
    num_done: int
    settings: Mapping[str, str]
    scores: pd.DataFrame
    short_of: str | None = None  # the questionnaire whose short form was asked
    items: tuple[str, ...] | None = None  # chosen items, sorted; None: all of the questionnaire
    model_settings: Mapping[str, str] = field(default_factory=dict)  # checkpoint, number type, ...
    readings: str = "rules"  # who read the answers: rules, or a judge with the set and the share done
    verdict_set: str | None = None  # that the scores rest on; None: rules read the answers

    @property
    def share_done(self) -> float:
        """Answers on file over answers planned, in [0, 1]."""
        return self.num_done / self.num_planned if self.num_planned else 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every planned answer is on file."""
        return self.num_done >= self.num_planned


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A run that was found but could not be compared."""

    folder: str
    why: str


@dataclass(frozen=True)
class RunGroup:
    """Runs that may be ranked among each other, by model, seed and hash.

    `title` says what they have in common in a few words. `differs` names the settings in which
    groups differ, but for those in the title, and their values here.
    """

    number: int
    title: str
    runs: tuple[ComparedRun, ...]
    differs: Mapping[str, str]


def group_runs(runs: Sequence[ComparedRun]) -> list[RunGroup]:
    """Puts comparable runs together; the largest group comes first.

    Args:
        runs: In any order, each once.
    """
    members: dict[tuple[tuple[str, str], ...], list[ComparedRun]] = {}
    for run in sorted(runs, key=lambda run: (run.model, run.seed, run.run_hash, run.folder)):
        members.setdefault(tuple(sorted(run.settings.items())), []).append(run)
    ordered = sorted(members, key=lambda settings: (-len(members[settings]), settings))
    varying = _varying([dict(settings) for settings in ordered])
    groups = []
    for number, settings in enumerate(ordered, start=1):
        differs = {name: dict(settings).get(name, "nothing") for name in varying}
        groups.append(RunGroup(number, _title(members[settings]), tuple(members[settings]), differs))
    titles = told_apart([group.title for group in groups], [group.differs for group in groups])
    return [replace(group, title=title) for group, title in zip(groups, titles, strict=True)]


def respondents_in_words(runs: Sequence[ComparedRun]) -> str:
    """How many respondents answered in runs of one plan: "20 respondents", "2 to 15 of 20 respondents"."""
    planned = max(run.num_respondents for run in runs)
    fewest, most = (end(run.num_present for run in runs) for end in (min, max))
    present = f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"
    number = present if fewest == planned else f"{present} of {planned:,}"
    return f"{number} respondent{'' if planned == 1 else 's'}"


def _title(runs: Sequence[ComparedRun]) -> str:
    run = runs[0]
    panel = respondents_in_words(runs)
    form = f" (short form of {run.short_of})" if run.short_of is not None else ""
    return f"survey {run.survey}{form}, {run.population}, {run.strategy}, {run.protocol}, {panel}"


def _varying(settings: Sequence[Mapping[str, str]]) -> list[str]:
    """Names whose values are not the same everywhere, but for those that a title says."""
    names = sorted({name for one in settings for name in one if name not in _IN_TITLE})
    return [name for name in names if len({one.get(name) for one in settings}) > 1]


def told_apart(titles: Sequence[str], settings: Sequence[Mapping[str, str]]) -> list[str]:
    """Titles, each with the settings that no other group of the same title has; a few of them.

    Args:
        titles: Of groups of runs.
        settings: Of each group, name -> value; of them only those in which namesakes differ are said.
    """
    return [
        ", ".join([title, *_said(own, [s for t, s in zip(titles, settings, strict=True) if t == title])])
        for title, own in zip(titles, settings, strict=True)
    ]


def _said(own: Mapping[str, str], namesakes: Sequence[Mapping[str, str]]) -> list[str]:
    varying = _varying(namesakes)
    # What a hash stands for follows from a language, a place list or a strategy that is said as well.
    readable = [
        name for name in varying if not any(_HASH.fullmatch(one.get(name, "nothing")) for one in namesakes)
    ]
    said = [f"{name.rpartition('.')[2]} {own.get(name, 'nothing')}" for name in readable or varying]
    return said[:_MOST_SAID]


def comparison_table(groups: Sequence[RunGroup]) -> pd.DataFrame:
    """One row for each run, scope, topic group and metric.

    Returns:
        Columns:
            group: number of the runs that may be compared, from 1; run: hash of the run's
                definition; folder: as it was found;
            model, model_label, family, num_parameters, is_tuned (False: a base model),
                is_demonstration: the model, from its configuration;
            survey, population, language, strategy, protocol, seed, num_respondents: what was planned;
            num_present: respondents with an answer on file;
            share_done: answers on file over answers planned, in [0, 1];
            readings: who read the answers: "rules", or the judge, its set of verdicts and the share of the
                texts that it has a verdict on;
            scope (dimension, macro or micro), dimension ("" but for scope dimension), metric;
            value, floor, human_to_human, uniform, mode, other_humans, normalised, num_items,
                num_undefined: as in `score_tables.score_table`;
            interval_low, interval_high: of the value; NaN where none was computed; why_no_interval: the
                reason, "" also where nothing is known of one;
            rank: 1 is closest to people, among the finished runs of the group that have a value;
                values that agree in three decimals share the better rank; <NA> for unfinished runs,
                undefined values, what is no divergence, and where a group is one model with several seeds;
            is_tied: whether another run has the same rank; num_ranked: how many runs have a rank.
    """
    rows = [
        _run_columns(group, run) | _score_columns(score)
        for group in groups
        for run in group.runs
        for score in run.scores[run.scores["scope"].isin(SCOPES)].to_dict("records")
    ]
    types = _RUN_TYPES | _SCORE_TYPES
    frame = pd.DataFrame(rows, columns=list(types)).astype(types)
    return _with_ranks(frame, {group.number for group in groups if not _has_seeds_only(group)})


def model_of(run: ComparedRun) -> tuple[object, ...]:
    """What two runs of one model have in common."""
    return (run.model, *sorted(run.model_settings.items()))


def _has_seeds_only(group: RunGroup) -> bool:
    """Whether the runs are one model with several seeds: chance, which no rank should dress up."""
    return len(group.runs) > 1 and len({model_of(run) for run in group.runs}) == 1


def _run_columns(group: RunGroup, run: ComparedRun) -> dict[str, Any]:
    same_name = {name: getattr(run, name) for name in _RUN_TYPES if name not in ("group", "run")}
    return {"group": group.number, "run": run.run_hash, **same_name}


def _score_columns(score: Mapping[Any, Any]) -> dict[str, Any]:
    text = {name: "" if pd.isna(score.get(name)) else score[name] for name in _SCORE_TEXTS}
    numbers = {name: score.get(name, math.nan) for name in _SCORE_TYPES if name not in text}
    return {**text, **numbers}


def _with_ranks(frame: pd.DataFrame, ranked_groups: set[int]) -> pd.DataFrame:
    is_ranked_at_all = frame["group"].isin(ranked_groups) & ~frame["metric"].isin(NOT_A_DIVERGENCE)
    may_rank = (frame["share_done"] >= 1) & is_ranked_at_all
    values = frame["value"].where(may_rank).round(_DIGITS)
    by = [frame[name] for name in ("group", "scope", "dimension", "metric")]
    ranks = values.groupby(by).rank(method="min")
    is_tied = values.groupby([*by, values]).transform("size") > 1
    ranked = {"rank": ranks, "is_tied": is_tied, "num_ranked": values.groupby(by).transform("count")}
    return frame.assign(**ranked).astype(_RANK_TYPES)


def metrics_compared(table: pd.DataFrame) -> list[str]:
    """The headline metrics that at least one run has a value for, in their order."""
    present = set(table.loc[table["value"].notna(), "metric"])
    return [metric for metric in HEADLINE_METRICS if metric in present]


def is_ranked(metric: str) -> bool:
    """Whether less of it is closer to people, so that runs can be ranked by it."""
    return metric not in NOT_A_DIVERGENCE
