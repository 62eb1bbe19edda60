"""Runs side by side: which of them may stand in one table.

Two runs are comparable when they differ in nothing but the model and the seed. The others stand in
groups of their own: a short questionnaire, too, which asks a part of the full one. Reads no files;
computes no score and no interval.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import pandas as pd

_MOST_SAID: Final = 3  # settings in a title
# What titles of groups and of arms call the modifications and their values.
MODIFICATIONS: Final = {
    "protocol.modifications.prompt": "place in the prompt",
    "protocol.modifications.persona": "prompt says",
    "protocol.modifications.configuration": "varied decoding",
    "protocol.modifications.memory": "memory",
}
SWITCHES: Final = {"true": "on", "false": "off"}
_HASH: Final = re.compile(r"[0-9a-f]{12,}")
_IN_TITLE: Final = (
    "survey.name",
    "survey.short_of",
    "survey.population",
    "survey.country",
    "strategy.target",
    "respondents",
)


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
    model_short: str = ""  # what drawings call the model; "": the label
    country: str = ""  # of the population, as it stands in a sentence; "": its name is not known

    @property
    def country_in_words(self) -> str:
        """The country's name, or the population's code where that is not known."""
        return self.country or self.population

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
    """A run that was found but could not be compared.

    Attributes:
        folder: Of the run.
        why: As a sentence.
        fix: What to do about it; "" where nothing is to be done.
    """

    folder: str
    why: str
    fix: str = ""

    @property
    def in_words(self) -> str:
        """Why, and what to do."""
        return f"{self.why} {self.fix}".rstrip()


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


def without_copies(runs: Sequence[ComparedRun]) -> tuple[list[ComparedRun], list[LeftOut]]:
    """Each run once, however many folders hold it: a backup is no second run with the same seed.

    Kept is the folder with most answers, of several the first by its path. Folders hold the same run if it
    has the same hash, plan, people's figures and readings.

    Args:
        runs: In any order.

    Returns:
        Those that count, in their order, and the others.
    """
    kept: dict[tuple[str, tuple[tuple[str, str], ...]], ComparedRun] = {}
    for run in sorted(runs, key=lambda run: (-run.num_done, run.folder)):
        kept.setdefault(_identity(run), run)
    left_out = [
        LeftOut(run.folder, f"It is the same run as {first.folder}, a copy say, and counts once.")
        for run in runs
        if (first := kept[_identity(run)]) is not run
    ]
    return [run for run in runs if kept[_identity(run)] is run], left_out


def _identity(run: ComparedRun) -> tuple[str, tuple[tuple[str, str], ...]]:
    return run.run_hash, tuple(sorted(run.settings.items()))


def group_runs(runs: Sequence[ComparedRun]) -> list[RunGroup]:
    """Puts comparable runs together; the largest group comes first.

    Args:
        runs: In any order, each once; see `without_copies`.
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
    return f"survey {run.survey}{form}, {run.country_in_words}, {run.strategy}, {run.protocol}, {panel}"


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
    values = {name: own.get(name, "nothing") for name in readable or varying}
    said = [
        f"{MODIFICATIONS.get(name) or name.rpartition('.')[2]} {SWITCHES.get(value, value)}"
        for name, value in values.items()
    ]
    return said[:_MOST_SAID]


def model_of(run: ComparedRun) -> tuple[object, ...]:
    """What two runs of one model have in common."""
    return (run.model, *sorted(run.model_settings.items()))
