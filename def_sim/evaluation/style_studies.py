"""Which runs make up one study of ways of asking: one model, one questionnaire, several countries and styles.

After Bravansky, Trhlik & Barez 2025. Says who belongs together and how each style is called; scores nothing
and reads no files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from def_sim.evaluation.compared_runs import ComparedRun, LeftOut

STYLES: Final = ("classification", "chain_of_thought", "scenarios")  # strategies, in the study's order
COUNTRIES: Final = ("USA", "CHN", "JPN", "IND")  # in the study's order; others follow by name
FRAMES: Final = "strategy.frames"  # setting of the open style
PUBLISHED_FRAMES: Final = "open_ended"
# What all runs of one study share, besides model, seed and items.
_SHARED: Final = (
    "survey.name",
    "survey.short_of",
    "survey.wordings",
    "survey.language",
    "respondents",
    "answer_mode",
    "scored_with.pool_wordings",
    "protocol.modifications.prompt",
    "protocol.modifications.configuration",
    "protocol.modifications.memory",
    "protocol.modifications.persona",
    "survey.persona_country",
)
_FOLLOWING: Final = ("strategy.target", "strategy.texts", "strategy.frame_texts")  # classes and hashes
_MODIFICATIONS: Final = tuple(
    f"protocol.modifications.{one}" for one in ("prompt", "configuration", "memory")
)


@dataclass(frozen=True)
class StyleStudy:
    """Finished runs of one model that differ in the country and the style of asking alone."""

    number: int
    runs: tuple[ComparedRun, ...]  # by country, then by style
    styles: Mapping[str, str]  # folder -> style, with its settings where a strategy was run in several ways

    @property
    def title(self) -> str:
        """What the runs share."""
        first = self.runs[0]
        return f"{first.model_label}, survey {first.survey}, seed {first.seed}"

    @property
    def are_independent(self) -> bool:
        """Whether what a respondent answers to one item has nothing to do with the next."""
        return all(self.runs[0].settings.get(name) == "false" for name in _MODIFICATIONS)


@dataclass(frozen=True)
class StudyResults:
    """The tables of one study, and whose figures they rest on.

    Attributes:
        study: Its runs.
        table: From `study_b_table`.
        pairs: From `style_pairs_table`.
        frames: From `frame_table` of each run in frames, with its folder and style; empty without one.
        people: Population -> where its figures come from, in words.
        others: Population -> the country whose people stand beside as other people.
    """

    study: StyleStudy
    table: pd.DataFrame
    pairs: pd.DataFrame
    frames: pd.DataFrame
    people: Mapping[str, str]
    others: Mapping[str, str]


def style_studies(runs: Sequence[ComparedRun]) -> tuple[list[StyleStudy], list[LeftOut]]:
    """The studies among runs, the largest first.

    Args:
        runs: In any order; copies of one run count once.

    Returns:
        The studies, and why some runs of these styles are in none: they are not finished, or another run is
        the same style of the same country.
    """
    known: dict[str, ComparedRun] = {}
    for run in sorted(runs, key=lambda run: run.folder):
        if run.strategy in STYLES:
            known.setdefault(run.run_hash, run)
    left_out = [LeftOut(one.folder, "Not finished.") for one in known.values() if not one.is_complete]
    members: dict[tuple[object, ...], list[ComparedRun]] = {}
    for run in known.values():
        if run.is_complete:
            members.setdefault(_shared(run), []).append(run)
    studies: list[StyleStudy] = []
    for together in sorted(members.values(), key=lambda one: (-len(one), one[0].model, one[0].seed)):
        styles = _named_styles(together)
        twice = _twice(together, styles)
        left_out += twice
        alone = [run for run in together if run.folder not in {one.folder for one in twice}]
        if alone:
            ordered = sorted(alone, key=lambda run: _place(run, styles))
            studies.append(StyleStudy(len(studies) + 1, tuple(ordered), styles))
    return studies, left_out


def country_place(population: str) -> tuple[int, str]:
    """Where a country stands in a table: the study's four first."""
    known = population in COUNTRIES
    return (COUNTRIES.index(population) if known else len(COUNTRIES)), population


def is_published_style(run: ComparedRun) -> bool:
    """Whether the run asks in a style of the study as it stands there, not in frames of another use."""
    return run.settings.get(FRAMES, PUBLISHED_FRAMES) == PUBLISHED_FRAMES


def _shared(run: ComparedRun) -> tuple[object, ...]:
    model = tuple(sorted(run.model_settings.items()))
    return (run.model, model, run.seed, run.items, *(run.settings.get(name) for name in _SHARED))


def _named_styles(runs: Sequence[ComparedRun]) -> dict[str, str]:
    """Folder -> strategy, and the settings in which runs of one strategy differ."""
    named = {}
    for run in runs:
        alike = [other for other in runs if other.strategy == run.strategy]
        own = {name: value for name, value in run.settings.items() if _is_said(name)}
        varying = [
            f"{name.rpartition('.')[2]} {value}".replace("_", " ")
            for name, value in sorted(own.items())
            if len({other.settings.get(name) for other in alike}) > 1
        ]
        named[run.folder] = ", ".join([run.strategy, *varying])
    return named


def _is_said(name: str) -> bool:
    """Settings of the strategy that a reader knows by name."""
    return name.startswith("strategy.") and name not in _FOLLOWING


def _twice(runs: Sequence[ComparedRun], styles: Mapping[str, str]) -> list[LeftOut]:
    """Runs of which another is the same style of the same country."""
    found = []
    for run in runs:
        key = run.population, styles[run.folder]
        others = [
            one.folder for one in runs if one is not run and (one.population, styles[one.folder]) == key
        ]
        if others:
            why = f"{others[0]} is {key[1]} of {key[0]}, too: name one of them in runs=."
            found.append(LeftOut(run.folder, why))
    return found


def _place(run: ComparedRun, styles: Mapping[str, str]) -> tuple[object, ...]:
    return (*country_place(run.population), STYLES.index(run.strategy), styles[run.folder])
