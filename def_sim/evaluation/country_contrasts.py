"""Runs of one model in two countries: do its panels lie as far apart as the countries' people?

Joins `metrics/country_contrast.py` with runs, languages and seeds. Reads no files.

Letters: Q items.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

import pandas as pd

from def_sim.evaluation.compared_runs import ComparedRun, model_of
from def_sim.evaluation.effect_panels import EffectPanel
from def_sim.evaluation.score_intervals import Resampled
from def_sim.metrics.country_contrast import CountryContrast, country_contrast, position_draws
from def_sim.metrics.intervals import Estimand, Interval
from def_sim.metrics.sample import Sample
from def_sim.randomness import keyed_rng
from def_sim.records import MeasurementLevel, QuestionType

# In what runs of two countries differ by being of two countries, or asked in two languages.
_OF_COUNTRIES: Final = (
    *("survey.name", "survey.short_of", "survey.population", "survey.country", "survey.questions"),
    *("survey.language", "survey.frame_language", "survey.persona_country", "survey.persona_country_name"),
    *("scored_with.reference", "prompts", "places"),
)
_HASH: Final = re.compile(r"[0-9a-f]{12,}")
_TYPES: Final = {
    "model": "str",
    "model_label": "str",
    "strategy": "str",
    "protocol": "str",
    "seed": "int64",
    "first": "str",
    "second": "str",
    "first_country": "str",
    "second_country": "str",
    "first_language": "str",
    "second_language": "str",
    "frame_languages": "str",
    "statistic": "str",
    "value": "float64",
    "low": "float64",
    "high": "float64",
    "people": "float64",
    "num_items": "int64",
    "reason": "str",
}


def country_contrasts(runs: Sequence[ComparedRun], panels: Mapping[str, EffectPanel]) -> pd.DataFrame:
    """Every two runs of one model, seed and design about different countries.

    Args:
        runs: In any order; copies of one run count once.
        panels: Folder -> panel of a finished run.

    Returns:
        Columns:
            model, model_label, strategy, protocol, seed; first, second: folders; first_country,
            second_country: populations; first_language, second_language: of the questions; frame_languages:
                of the instructions, with a slash where they differ;
            statistic: slope or correlation, see `metrics.country_contrast`;
            value, low, high: of the panels, the 95 % interval over items and respondents;
            people: 1 as slope; the correlation that as many people would have;
            num_items: ordered, with one choice, the same options and people's figures in both;
            reason: why there is no interval.
    """
    rows = [row for pair in _pairs(runs, panels) for row in _rows(*pair, panels)]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def _pairs(
    runs: Sequence[ComparedRun], panels: Mapping[str, EffectPanel]
) -> list[tuple[ComparedRun, ComparedRun]]:
    """Of different countries, alike in all else but languages; the later country by its code comes first."""
    once = {run.run_hash: run for run in runs if run.folder in panels}
    ordered = sorted(
        once.values(),
        key=lambda run: (run.model, run.seed, run.population, run.language, run.run_hash),
        reverse=True,
    )
    return [
        (one, other)
        for one, other in combinations(ordered, 2)
        if one.population != other.population and _design(one) == _design(other)
    ]


def _design(run: ComparedRun) -> tuple[object, ...]:
    shared = tuple(
        sorted(
            (name, value)
            for name, value in run.settings.items()
            if name not in _OF_COUNTRIES and not _HASH.fullmatch(value)
        )
    )
    return (model_of(run), run.seed, run.num_respondents, shared)


def _rows(
    first: ComparedRun, second: ComparedRun, panels: Mapping[str, EffectPanel]
) -> list[dict[str, object]]:
    found = contrast_of(panels[first.folder].resampled, panels[second.folder].resampled)
    frames = dict.fromkeys(run.settings.get("survey.frame_language", run.language) for run in (first, second))
    shared: dict[str, object] = {
        **{name: getattr(first, name) for name in ("model", "model_label", "strategy", "protocol", "seed")},
        "first": first.folder,
        "second": second.folder,
        "first_country": first.population,
        "second_country": second.population,
        "first_language": first.language,
        "second_language": second.language,
        "frame_languages": "/".join(frames),
        "num_items": found.num_items,
    }
    return [
        shared | {"statistic": "slope", "people": 1.0} | _columns(found.slope),
        shared
        | {"statistic": "correlation", "people": found.people_correlation}
        | _columns(found.correlation),
    ]


def contrast_of(first: Resampled, second: Resampled) -> CountryContrast:
    """Slope and correlation of two panels, on the items that both were asked alike."""
    ours, theirs = _ordered_items(first), _ordered_items(second)
    shared = [
        item
        for item, place in ours.items()
        if item in theirs
        and first.prompts[place].question.codes == second.prompts[theirs[item]].question.codes
    ]
    places = [ours[item] for item in shared], [theirs[item] for item in shared]
    if not shared:
        reason = "No ordered item was put to both with the same options."
        absent = Interval(Estimand.EXPECTED_AT_N, float("nan"), why_absent=reason)
        return CountryContrast(absent, absent, float("nan"), 0)
    return country_contrast(
        position_draws(first.panel, places[0]),
        position_draws(second.panel, places[1]),
        (_people(first, places[0]), _people(second, places[1])),
        keyed_rng(first.seed, "country contrast"),
    )


def _ordered_items(one: Resampled) -> dict[str, int]:
    """Item -> its first place among the prompts: ordered, one choice, with figures of people."""
    return {
        prompt.question.item_id: place
        for place, prompt in reversed(list(enumerate(one.prompts)))
        if prompt.question.type is not QuestionType.MULTIPLE
        and (prompt.question.level is not MeasurementLevel.NOMINAL or len(prompt.question.codes) == 2)
        and one.people[place] is not None
    }


def _people(one: Resampled, places: Sequence[int]) -> list[Sample]:
    return [human for place in places if (human := one.people[place]) is not None]


def _columns(interval: Interval) -> dict[str, object]:
    return {
        "value": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "reason": interval.why_absent,
    }
