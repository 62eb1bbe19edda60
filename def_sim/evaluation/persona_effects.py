"""Does naming a country bring a panel nearer to its people, and nearer to them than to others?

Paired over items and respondents, of runs that differ in nothing but whose citizens they ask for; in words by
fixed templates. Reads no files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from def_sim.evaluation.as_many_answers import at_as_many
from def_sim.evaluation.compared_runs import ComparedRun, model_of
from def_sim.evaluation.people_matrix import PERSONA, BesidePeople, grouped, persona_of
from def_sim.metrics.paired import PairedComparison, paired_comparison
from def_sim.metrics.score_scale import SCALES
from def_sim.randomness import keyed_rng
from def_sim.records import NO_COUNTRY

METRIC: Final = "js_divergence"
NAMING: Final = "naming the country"
OTHERS: Final = "its people or others"
_DIGITS: Final = 3
_TYPES: Final = {
    "question": "str",
    "persona": "str",
    "other_people": "str",
    "metric": "str",
    "difference": "float64",
    "low": "float64",
    "high": "float64",
    "p_value": "float64",
    "num_items": "int64",
    "sentence": "str",
    "reason": "str",
}


@dataclass(frozen=True)
class PersonaEffect:
    """A paired difference of divergences; below 0 speaks for the country that is named."""

    question: str  # NAMING or OTHERS
    persona: str  # population's code
    other_people: str  # of OTHERS: with whom its people are compared; else ""
    found: PairedComparison


def persona_effects(
    runs: Sequence[ComparedRun], beside: Mapping[str, Sequence[BesidePeople]]
) -> list[PersonaEffect]:
    """What both questions find, for each run that names a country whose people are known.

    Args:
        runs: Runs that differ in their persona's country, among others.
        beside: Folder of a finished run -> from `beside_peoples`.
    """
    found: list[PersonaEffect] = []
    for run in runs:
        own = _against(beside.get(run.folder, ()), persona_of(run))
        nobody = [
            other
            for other in runs
            if persona_of(other) == NO_COUNTRY and other.folder in beside and _rest(other) == _rest(run)
        ]
        if own is None or persona_of(run) == NO_COUNTRY or not nobody:
            continue
        without = _against(beside[nobody[0].folder], persona_of(run))
        if without is not None and len(without.dimensions) == len(own.dimensions):
            naming = _naming(own, without)
            found.append(PersonaEffect(NAMING, persona_of(run), "", naming))
        others = [one for one in beside[run.folder] if one.people != persona_of(run)]
        found += [PersonaEffect(OTHERS, persona_of(run), one.people, _nearer(own, one)) for one in others]
    return found


def _rest(run: ComparedRun) -> tuple[object, ...]:
    """All that two runs share which differ in the persona's country alone; its name and texts follow."""
    following = (PERSONA, "survey.persona_country_name", "prompts", "places")
    settings = tuple(sorted((name, value) for name, value in run.settings.items() if name not in following))
    return (model_of(run), run.seed, run.num_respondents, run.items, settings)


def _against(beside: Sequence[BesidePeople], people: str) -> BesidePeople | None:
    return next((one for one in beside if one.people == people), None)


def _naming(own: BesidePeople, without: BesidePeople) -> PairedComparison:
    """At as many answers an item: how many could be read is not how near they are."""
    scores = [{METRIC: one.draws[METRIC]} for one in (own, without)]
    equal = at_as_many((own.answered, without.answered), scores, own.seed)
    first, groups = grouped(equal.draws[0][METRIC], own.dimensions)
    second, _ = grouped(equal.draws[1][METRIC], without.dimensions)
    return paired_comparison(
        first,
        second,
        keyed_rng(own.seed, "naming a country", own.people),
        same_respondents=True,
        groups=groups,
        scale=SCALES[METRIC].of_differences(),
    )


def _nearer(own: BesidePeople, other: BesidePeople) -> PairedComparison:
    """Of one panel, above what as many people of either country would score: peoples differ in variety."""
    first, groups = grouped(own.draws[METRIC], own.dimensions)
    second, _ = grouped(other.draws[METRIC], other.dimensions)
    has_group = [bool(name) for name in own.dimensions]
    return paired_comparison(
        first,
        second,
        keyed_rng(own.seed, "its people or others", own.people, other.people),
        same_respondents=True,
        groups=groups,
        floors=(own.floors[METRIC][has_group], other.floors[METRIC][has_group]),
        scale=SCALES[METRIC].of_differences(),
    )


def persona_table(effects: Sequence[PersonaEffect], names: Mapping[str, str]) -> pd.DataFrame:
    """Both questions as a table, with a sentence each.

    Args:
        effects: From `persona_effects`.
        names: Population -> the country's name as it stands in a sentence.

    Returns:
        Columns: question; persona; other_people; metric; difference (below 0 speaks for the country that is
        named), low, high, p_value, num_items; sentence; reason: why there is no interval.
    """
    rows = [
        {
            "question": one.question,
            "persona": one.persona,
            "other_people": one.other_people,
            "metric": METRIC,
            "difference": one.found.difference.estimate,
            "low": one.found.difference.low,
            "high": one.found.difference.high,
            "p_value": one.found.p_value,
            "num_items": one.found.difference.num_items - one.found.difference.num_undefined,
            "sentence": persona_sentence(one, names),
            "reason": one.found.difference.why_absent,
        }
        for one in effects
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def persona_sentence(effect: PersonaEffect, names: Mapping[str, str]) -> str:
    """What was found, as one sentence from the numbers."""
    interval = effect.found.difference
    country = names.get(effect.persona, effect.persona)
    other = names.get(effect.other_people, effect.other_people)
    is_naming = effect.question == NAMING
    if interval.why_absent:
        subject = f"Naming {country}" if is_naming else f"People of {country} or of {other}"
        return f"{subject}: no interval. {interval.why_absent}"
    size = f"{_number(abs(interval.estimate))} [{_range(interval.low, interval.high)}]"
    if interval.low <= 0 <= interval.high:
        most = _number(max(-interval.low, interval.high))
        what = (
            f"that naming {country} changes how near the panel is to its people"
            if is_naming
            else f"that the panel is nearer to people of {country} than to people of {other}, or less near"
        )
        return f"It is not shown {what}: a difference of more than {most} is ruled out."
    is_nearer = interval.estimate < 0
    if is_naming:
        how = "brings the panel nearer to" if is_nearer else "takes the panel farther from"
        return f"Naming {country} {how} its people, by {size}."
    near, far = (country, other) if is_nearer else (other, country)
    return (
        f"Asked as citizens of {country}, the panel is nearer to people of {near} than of {far}, by {size}."
    )


def _range(low: float, high: float) -> str:
    """The interval of the size: its ends without the sign, the smaller first."""
    ends = sorted((abs(low), abs(high)))
    return f"{_number(ends[0])}, {_number(ends[1])}"


def _number(value: float) -> str:
    return f"{value:.{_DIGITS}f}".removeprefix("0")
