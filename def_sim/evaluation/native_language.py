"""What asking in a country's own language does: native minus other, in each country.

The arms bear the study's names: `native`, and of a foreign language `en_Chinese` (people of China, asked in
English) and `zh_English` (people of the United States, asked in Chinese). Reads no files.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.arms import Arm, ArmGroup
from def_sim.evaluation.as_many_answers import at_as_many
from def_sim.evaluation.effect_panels import EffectPanel
from def_sim.evaluation.factorial import METRICS
from def_sim.metrics.aggregation import macro_mean
from def_sim.metrics.paired import PairedComparison, adjusted_for_many, paired_comparison
from def_sim.metrics.score_scale import SCALES
from def_sim.randomness import keyed_rng

NATIVE_LANGUAGES: Final = {"USA": "en", "CHN": "zh"}
PEOPLES: Final = {"USA": "English", "CHN": "Chinese"}  # as the study names its arms
LANGUAGE: Final = "survey.language"
_TYPES: Final = {
    "group": "int64",
    "population": "str",
    "native_arm": "str",
    "other_arm": "str",
    "setting": "str",
    "metric": "str",
    "native": "float64",
    "other": "float64",
    "difference": "float64",
    "low": "float64",
    "high": "float64",
    "p_value": "float64",
    "p_adjusted": "float64",
    "num_items": "int64",
    "reason": "str",
}


def published_name(population: str, language: str) -> str:
    """What the study calls such an arm; "" for a country that it does not study."""
    if population not in NATIVE_LANGUAGES:
        return ""
    return "native" if language == NATIVE_LANGUAGES[population] else f"{language}_{PEOPLES[population]}"


def native_language_table(groups: Sequence[ArmGroup], panels: Mapping[str, EffectPanel]) -> pd.DataFrame:
    """Every arm in the native language beside the one that differs from it in the language alone.

    Args:
        groups: From `group_arms`.
        panels: Folder -> panel of a finished run.

    Returns:
        Columns:
            group; population; native_arm, other_arm: the study's names; setting: what else tells these arms
                from others, e.g. `frame_language=en`;
            metric; native, other: means of topic groups, at as many answers an item; difference: native
                minus other, below 0: the native language brings the panel closer to its people, under a
                divergence;
            low, high: its 95 % interval; p_value; p_adjusted (Holm over the rows of a metric);
            num_items: with a score in both; reason: why there is no interval.
    """
    rows = [row for group in groups for row in _group_rows(group, panels)]
    table = pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)
    for _, members in table.groupby("metric"):
        p_values = {str(place): float(value) for place, value in members["p_value"].items()}
        table.loc[members.index, "p_adjusted"] = list(adjusted_for_many(p_values).values())
    return table


def _group_rows(group: ArmGroup, panels: Mapping[str, EffectPanel]) -> list[dict[str, object]]:
    native = NATIVE_LANGUAGES.get(group.baseline.run.population)
    if native is None or LANGUAGE not in group.baseline.settings:
        return []
    pairs = [
        (one, other)
        for one in group.arms
        for other in group.arms
        if one.settings[LANGUAGE] == native != other.settings[LANGUAGE] and _rest(one) == _rest(other)
    ]
    return [row for pair in pairs for row in _pair_rows(group.number, *pair, panels)]


def _rest(arm: Arm) -> dict[str, str]:
    return {name: value for name, value in arm.settings.items() if name != LANGUAGE}


def _pair_rows(
    group: int, native: Arm, other: Arm, panels: Mapping[str, EffectPanel]
) -> list[dict[str, object]]:
    population = native.run.population
    base: dict[str, object] = {
        "group": group,
        "population": population,
        "native_arm": published_name(population, native.settings[LANGUAGE]),
        "other_arm": published_name(population, other.settings[LANGUAGE]),
        "setting": ", ".join(
            f"{name.rpartition('.')[2]}={value}" for name, value in sorted(_rest(native).items())
        ),
    }
    first, second = panels.get(native.run.folder), panels.get(other.run.folder)
    if first is None or second is None:
        return [base | _nothing(metric, "One of the two arms is not finished.") for metric in METRICS]
    if first.resampled.items != second.resampled.items:
        return [base | _nothing(metric, "The two arms ask different questions.") for metric in METRICS]
    return [base | _metric_row(metric, first, second) for metric in METRICS]


def _nothing(metric: str, reason: str) -> dict[str, object]:
    numbers = ("native", "other", "difference", "low", "high", "p_value", "p_adjusted")
    return {"metric": metric, **dict.fromkeys(numbers, np.nan), "num_items": 0, "reason": reason}


def _metric_row(metric: str, native: EffectPanel, other: EffectPanel) -> dict[str, object]:
    dimensions = native.resampled.dimensions
    is_grouped = np.array([bool(name) for name in dimensions], dtype=np.bool_)
    groups = np.array([name for name in dimensions if name])
    pair = (native.resampled, other.resampled)
    own = [{metric: one.draws(metric)} for one in pair]
    equal = at_as_many([one.answered for one in pair], own, pair[0].seed)
    scores = tuple(one[metric].select(is_grouped) for one in equal.draws)
    found: PairedComparison = paired_comparison(
        scores[0],
        scores[1],
        keyed_rng(native.resampled.seed, "native language", metric),
        same_respondents=True,
        groups=list(groups),
        scale=SCALES[metric].of_differences(),
    )
    has_both = ~np.isnan(scores[0].values) & ~np.isnan(scores[1].values)
    means = [macro_mean(np.where(has_both, one.values, np.nan), list(groups)) for one in scores]
    interval = found.difference
    return {
        "metric": metric,
        "native": means[0],
        "other": means[1],
        "difference": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "p_value": found.p_value,
        "p_adjusted": np.nan,
        "num_items": int(has_both.sum()),
        "reason": interval.why_absent,
    }
