"""Full factorials among arms: what each setting does alone and together, as one tidy table.

Joins `metrics/factorial.py` and `metrics/equal_entropy.py` with arms and seeds. Reads no files.

Letters: F factors, Q items, N respondents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.arms import Arm, ArmGroup
from def_sim.evaluation.as_many_answers import at_as_many
from def_sim.evaluation.effect_panels import EffectPanel
from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.equal_entropy import difference_at_equal_entropy, diluted
from def_sim.metrics.factorial import (
    FEWEST_FACTORS,
    Cell,
    Effect,
    all_cells,
    all_effects,
    contrast,
    contrast_of_numbers,
    effect_at_equal_entropy,
    mean_effect,
    one_setting_apart,
)
from def_sim.metrics.intervals import Interval
from def_sim.metrics.jackknife import jackknife_interval, jackknife_p_value
from def_sim.metrics.paired import adjusted_for_many
from def_sim.metrics.sample import Array
from def_sim.metrics.score_scale import SCALES
from def_sim.randomness import keyed_rng

METRICS: Final = ("js_divergence", "kl_smoothed_model_human", "wasserstein", "kl_paper", "entropy_ratio")
AT_EQUAL_ENTROPY: Final = ("js_divergence", "kl_smoothed_model_human", "wasserstein")
DIVERSITIES: Final = ("text_diversity", "choice_diversity")
NOT_DEFINED: Final = "The score of an arm is undefined."
TOO_FEW: Final = "One respondent: how respondents differ is unknown."
ALL_ALIKE: Final = "Every respondent has the same part in it: how respondents differ is unknown."

_TYPES: Final = {
    "group": "int64",
    "metric": "str",
    "effect": "str",
    "value": "float64",
    "low": "float64",
    "high": "float64",
    "p_value": "float64",
    "p_adjusted": "float64",
    "at_equal_entropy": "float64",
    "at_equal_low": "float64",
    "at_equal_high": "float64",
    "num_items": "int64",
    "num_arms": "int64",
    "reason": "str",
}
_NUMBERS: Final = tuple(name for name, kind in _TYPES.items() if kind == "float64")


@dataclass(frozen=True)
class FactorialDesign:
    """Settings with two values each, and the arm of each combination.

    `factors`, length F: dotted names of the settings. `on`: the value of each that counts as on.
    """

    group: int
    factors: tuple[str, ...]
    on: tuple[str, ...]
    arms: Mapping[Cell, Arm]  # those that there are

    @property
    def missing(self) -> list[str]:
        """The combinations that no arm has, in words."""
        return [
            ", ".join(
                f"{name} {'on' if is_on else 'off'}" for name, is_on in zip(self.names, cell, strict=True)
            )
            for cell in all_cells(len(self.factors))
            if cell not in self.arms
        ]

    @property
    def names(self) -> tuple[str, ...]:
        """What each factor is called: a switch by its last word, another setting with its value, too."""
        return tuple(
            last if on == "true" else f"{last} {on}"
            for last, on in zip((one.rpartition(".")[2] for one in self.factors), self.on, strict=True)
        )

    def name_of(self, effect: Effect) -> str:
        """An effect in words: `memory`, or `prompt x memory` for an interaction."""
        return " x ".join(self.names[place] for place in effect)


def find_factorial(group: ArmGroup) -> FactorialDesign | None:
    """The factorial that a group of arms is, or all but is.

    A setting that is true or false is on where it is true; of another, the value that the baseline lacks.

    Returns:
        None for arms that differ in one setting, in settings of more than two values, or of which half of the
        combinations or fewer are there: single changes to a baseline are no factorial.
    """
    settings = {name: sorted({arm.settings[name] for arm in group.arms}) for name in group.arms[0].settings}
    if len(settings) < FEWEST_FACTORS or any(len(values) != 2 for values in settings.values()):
        return None
    if 2 * len(group.arms) <= 2 ** len(settings):
        return None
    on = {name: _on(values, group.baseline.settings[name]) for name, values in settings.items()}
    arms = {tuple(arm.settings[name] == on[name] for name in on): arm for arm in group.arms}
    return FactorialDesign(group.number, tuple(on), tuple(on.values()), arms)


def _on(values: Sequence[str], of_baseline: str) -> str:
    if set(values) == {"true", "false"}:
        return "true"
    return next(value for value in values if value != of_baseline)


def factorial_table(groups: Sequence[ArmGroup], panels: Mapping[str, EffectPanel]) -> pd.DataFrame:
    """Every effect of every factorial under every metric.

    Args:
        groups: From `group_arms`; those that are no factorial give no rows.
        panels: Folder -> panel of a finished run.

    Returns:
        Columns:
            group: number of the comparison of arms; metric; effect: `memory`, `prompt x memory`, ...;
            value: on minus off, mean over the other settings, of means of topic groups, all arms at as many
                answers an item as the one with fewest; of an interaction, what an effect gains where the
                other setting is on; below 0: closer to people, under a divergence;
            low, high: its 95 % interval; p_value; p_adjusted (Holm over the effects of the metric);
            at_equal_entropy, at_equal_low, at_equal_high: what is left once both arms of each pair are
                equally varied, and the interval of it, for divergences;
            num_items: with a score in every arm; num_arms: that are finished;
            reason: why there is no interval. Diversity varies over respondents alone, by leaving one out.
    """
    designs = [design for group in groups if (design := find_factorial(group)) is not None]
    rows = [row for design in designs for row in factorial_rows(design, panels)]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def factorial_rows(design: FactorialDesign, panels: Mapping[str, EffectPanel]) -> list[dict[str, object]]:
    """The rows of one factorial; all without numbers where an arm is missing or unfinished."""
    found = {cell: panels[arm.run.folder] for cell, arm in design.arms.items() if arm.run.folder in panels}
    base: dict[str, object] = {"group": design.group, "num_items": 0, "num_arms": len(found)}
    if why := _why_absent(design, found):
        nothing = base | dict.fromkeys(_NUMBERS, np.nan) | {"reason": why}
        return [
            nothing | {"metric": metric, "effect": design.name_of(effect)}
            for metric in (*METRICS, *DIVERSITIES)
            for effect in all_effects(len(design.factors))
        ]
    equal = at_as_many(
        [panel.resampled.answered for panel in found.values()],
        [panel.resampled.draws_by_metric(METRICS) for panel in found.values()],
        next(iter(found.values())).resampled.seed,
    )
    scored = dict(zip(found, equal.draws, strict=True))
    rows = [
        _adjusted(
            _metric_rows(
                design, found, {cell: one[metric] for cell, one in scored.items()}, metric, equal.fewest
            )
        )
        for metric in METRICS
    ]
    rows += [_adjusted(_diversity_rows(design, found, metric)) for metric in DIVERSITIES]
    return [base | row for of_metric in rows for row in of_metric]


def _why_absent(design: FactorialDesign, found: Mapping[Cell, EffectPanel]) -> str:
    if design.missing:
        return f"No factorial: the arm with {design.missing[0]} is missing."
    if len(found) < len(design.arms):
        arm = next(arm for cell, arm in design.arms.items() if cell not in found)
        return f"No factorial: {arm.title} is not finished, or without respondents to draw again."
    if len({tuple(panel.resampled.items) for panel in found.values()}) > 1:
        return "No factorial: the arms ask different questions or wordings."
    if len({panel.resampled.num_respondents for panel in found.values()}) > 1:
        return "No factorial: the arms have different numbers of respondents."
    return ""


def _metric_rows(
    design: FactorialDesign,
    panels: Mapping[Cell, EffectPanel],
    scores: Mapping[Cell, ScoreDraws],
    metric: str,
    fewest: Array | None,
) -> list[dict[str, object]]:
    one = next(iter(panels.values())).resampled
    is_grouped = np.array([bool(name) for name in one.dimensions], dtype=np.bool_)
    groups = [name for name in one.dimensions if name]
    at_equal = _pairs_at_equal_entropy(panels, scores, metric, fewest) if metric in AT_EQUAL_ENTROPY else {}
    rows = []
    for effect in all_effects(len(design.factors)):
        name = design.name_of(effect)
        changes = contrast(scores, effect)
        rng = keyed_rng(one.seed, "factorial items", metric, name)
        found = mean_effect(changes.select(is_grouped), rng, scale=SCALES[metric], groups=groups)
        left = _left(changes, at_equal, effect, len(design.factors))
        remaining = (
            mean_effect(left.select(is_grouped), rng, scale=SCALES[metric], groups=groups).difference
            if left is not None
            else None
        )
        rows.append(
            {"metric": metric, "effect": name}
            | _columns(found.difference, remaining)
            | {"p_value": found.p_value}
        )
    return rows


def _pairs_at_equal_entropy(
    panels: Mapping[Cell, EffectPanel],
    scores: Mapping[Cell, ScoreDraws],
    metric: str,
    fewest: Array | None,
) -> dict[tuple[Cell, Cell], Array]:
    """Differences, shape (Q,), of every pair of arms that are one setting apart."""
    each = {
        cell: diluted(
            panel.resampled.panel.observed,
            panel.resampled.people,
            panel.resampled.forms,
            metric,
            scores[cell].values,
            keyed_rng(panel.resampled.seed, "factorial entropy", metric, *map(int, cell)),
            fewest=fewest,
        )
        for cell, panel in panels.items()
    }
    pairs = one_setting_apart(len(next(iter(panels))))
    return {pair: difference_at_equal_entropy(each[pair[0]], each[pair[1]]) for pair in pairs}


def _left(
    changes: ScoreDraws, at_equal: Mapping[tuple[Cell, Cell], Array], effect: Effect, num_factors: int
) -> ScoreDraws | None:
    """What is left at equal entropy, which varies around each item's own rest as the effect does."""
    if not at_equal:
        return None
    values = effect_at_equal_entropy(at_equal, effect, num_factors)
    return replace(changes, values=np.where(np.isnan(changes.values), np.nan, values))


def _columns(interval: Interval, remaining: Interval | None) -> dict[str, object]:
    left = (remaining.estimate, remaining.low, remaining.high) if remaining is not None else (np.nan,) * 3
    return {
        "value": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        **dict(zip(("at_equal_entropy", "at_equal_low", "at_equal_high"), left, strict=True)),
        "num_items": interval.num_items - interval.num_undefined,
        "reason": interval.why_absent,
    }


def _diversity_rows(
    design: FactorialDesign, panels: Mapping[Cell, EffectPanel], metric: str
) -> list[dict[str, object]]:
    """Effects on diversity, with intervals over respondents."""
    one = next(iter(panels.values())).resampled
    values = {cell: np.array(panel.diversities[metric].value) for cell, panel in panels.items()}
    left_out = {cell: panel.diversities[metric].without_one for cell, panel in panels.items()}
    rows: list[dict[str, object]] = []
    for effect in all_effects(len(design.factors)):
        value = float(contrast_of_numbers(values, effect))
        without = contrast_of_numbers(left_out, effect)
        low, high = jackknife_interval(value, without)
        why = NOT_DEFINED if np.isnan(value) else _why_no_interval(without) if np.isnan(low) else ""
        rows.append(
            {"metric": metric, "effect": design.name_of(effect), "value": value, "low": low, "high": high}
            | {"p_value": jackknife_p_value(value, without), "num_items": len(one.items), "reason": why}
        )
    return rows


def _why_no_interval(without: Array) -> str:
    return ALL_ALIKE if without.size > 1 and not np.isnan(without).any() else TOO_FEW


def _adjusted(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Adds Holm's adjustment over the effects of one metric."""
    p_values = {str(row["effect"]): float(str(row["p_value"])) for row in rows}
    adjusted = adjusted_for_many(p_values)
    return [row | {"p_adjusted": adjusted[str(row["effect"])]} for row in rows]
