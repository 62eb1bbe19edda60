"""The multiverse of a question: how much of the scores' variance each setting makes, in a balanced design.

Joins `metrics/variance_components.py` and `metrics/shares_moved.py` with arms and seeds. Reads no files.

Letters: C arms, Q items, N respondents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from def_sim.evaluation.arms import Arm, ArmGroup
from def_sim.evaluation.as_many_answers import at_as_many
from def_sim.evaluation.effect_panels import EffectPanel
from def_sim.metrics.jackknife import jackknife_interval
from def_sim.metrics.sample import Array
from def_sim.metrics.shares_moved import shares_moved
from def_sim.metrics.variance_components import FEWEST_ITEMS, Component, variance_components
from def_sim.metrics.wordings import scores_of_items, values_of_items
from def_sim.randomness import keyed_rng

METRICS: Final = ("js_divergence", "wasserstein", "entropy_ratio")
FEWEST_SETTINGS: Final = 2
_COMPONENT_TYPES: Final = {
    "group": "int64",
    "metric": "str",
    "source": "str",
    "kind": "str",
    "share": "float64",
    "low": "float64",
    "high": "float64",
    "variance": "float64",
    "sum_of_squares": "float64",
    "degrees_of_freedom": "float64",
    "num_items": "int64",
    "num_arms": "int64",
    "reason": "str",
}
_MOVED_TYPES: Final = {
    "group": "int64",
    "setting": "str",
    "total_variation": "float64",
    "by_chance": "float64",
    "moved": "float64",
    "low": "float64",
    "high": "float64",
    "num_items": "int64",
    "num_pairs": "int64",
}
Levels = tuple[str, ...]  # the value of each setting


@dataclass(frozen=True)
class BalancedDesign:
    """Settings, their values, and the arm of each combination of them."""

    group: int
    settings: Mapping[str, tuple[str, ...]]  # dotted name -> values, sorted
    arms: Mapping[Levels, Arm]

    @property
    def combinations(self) -> list[Levels]:
        """All of them, in the order in which a design is computed."""
        return list(product(*self.settings.values()))

    @property
    def names(self) -> list[str]:
        """The settings' last words."""
        return [name.rpartition(".")[2] for name in self.settings]

    def name_of(self, component: Component) -> str:
        """A source of variance in words: `memory`, `memory x prompt`, `items x memory`, `noise`."""
        if component.is_noise:
            return "noise"
        parts = [self.names[place] for place in component.term]
        return " x ".join((["items"] if component.is_of_items else []) + parts)


def find_design(group: ArmGroup) -> BalancedDesign | None:
    """The balanced design that a group of arms is, or all but is.

    Returns:
        None for arms that differ in one setting, or of which half of the combinations or fewer are there.
    """
    names = list(group.arms[0].settings)
    settings = {name: tuple(sorted({arm.settings[name] for arm in group.arms})) for name in names}
    num = int(np.prod([len(values) for values in settings.values()]))
    if len(settings) < FEWEST_SETTINGS or 2 * len(group.arms) <= num:
        return None
    arms = {tuple(arm.settings[name] for name in names): arm for arm in group.arms}
    return BalancedDesign(group.number, settings, arms)


def variance_table(groups: Sequence[ArmGroup], panels: Mapping[str, EffectPanel]) -> pd.DataFrame:
    """The sources of variance of every balanced design.

    Args:
        groups: From `group_arms`.
        panels: Folder -> panel of a finished run.

    Returns:
        Columns:
            group; metric; source: `memory`, `memory x prompt`, `items`, `items x memory`, `noise`;
            kind: setting, interaction, items, items x settings, noise;
            share: of the variance of scores over arms and items; unbiased, so it can be below 0 where there
                is nothing; low, high: its 95 % interval, of other items;
            variance, sum_of_squares, degrees_of_freedom: see `metrics.variance_components`;
            num_items: with a score in every arm; num_arms: finished;
            reason: why there are no numbers, or no interval.
    """
    designs = [design for group in groups if (design := find_design(group)) is not None]
    rows = [row for design in designs for row in _component_rows(design, panels)]
    return pd.DataFrame(rows, columns=list(_COMPONENT_TYPES)).astype(_COMPONENT_TYPES)


def why_no_design(design: BalancedDesign, panels: Mapping[str, EffectPanel]) -> str:
    """Why a design gives no numbers; "" if it does."""
    found = [arm for arm in design.arms.values() if arm.run.folder in panels]
    if len(found) < len(design.combinations):
        return f"No balanced design: {len(found)} of {len(design.combinations)} arms are there and finished."
    resampled = [panels[arm.run.folder].resampled for arm in found]
    if len({tuple(one.items) for one in resampled}) > 1:
        return "No balanced design: the arms ask different questions or wordings."
    if len({one.num_respondents for one in resampled}) > 1:
        return "No balanced design: the arms have different numbers of respondents."
    return ""


def _component_rows(design: BalancedDesign, panels: Mapping[str, EffectPanel]) -> list[dict[str, object]]:
    num_found = sum(arm.run.folder in panels for arm in design.arms.values())
    base: dict[str, object] = {"group": design.group, "num_arms": num_found}
    if why := why_no_design(design, panels):
        numbers = dict.fromkeys((n for n, kind in _COMPONENT_TYPES.items() if kind == "float64"), np.nan)
        nothing = base | numbers | {"source": "", "kind": "", "num_items": 0, "reason": why}
        return [nothing | {"metric": metric} for metric in METRICS]
    return [base | row for metric in METRICS for row in _metric_rows(design, panels, metric)]


def _metric_rows(
    design: BalancedDesign, panels: Mapping[str, EffectPanel], metric: str
) -> list[dict[str, object]]:
    scores, contributions = _scores(design, panels, metric)
    num_items = scores.shape[1]
    if num_items < FEWEST_SETTINGS:
        return []
    levels = [len(values) for values in design.settings.values()]
    few = f"Too few items: {num_items} with a score in every arm, {FEWEST_ITEMS} are needed."
    return [
        {
            "metric": metric,
            "source": design.name_of(one),
            "kind": _kind(one),
            "share": one.share,
            "low": one.low,
            "high": one.high,
            "variance": one.variance,
            "sum_of_squares": one.sum_of_squares,
            "degrees_of_freedom": one.degrees_of_freedom,
            "num_items": num_items,
            "reason": few if num_items < FEWEST_ITEMS else "",
        }
        for one in variance_components(scores, contributions, levels)
    ]


def _scores(design: BalancedDesign, panels: Mapping[str, EffectPanel], metric: str) -> tuple[Array, Array]:
    """Of the items with a score in every arm, their wordings joined, shapes (C, Q) and (C, N, Q).

    At as many answers an item, so that answers that could not be read are no variance of settings.
    """
    arms = [panels[design.arms[levels].run.folder].resampled for levels in design.combinations]
    own = [{metric: one.draws(metric)} for one in arms]
    draws = [one[metric] for one in at_as_many([one.answered for one in arms], own, arms[0].seed).draws]
    scores = np.stack([one.values for one in draws])
    has_all: NDArray[np.bool_] = np.asarray(~np.isnan(scores).any(axis=0))
    of_items = [scores_of_items(one.select(has_all), None)[0] for one in draws]
    return np.stack([one.values for one in of_items]), np.stack([one.contributions for one in of_items])


def _kind(one: Component) -> str:
    if one.is_noise:
        return "noise"
    if one.is_of_items:
        return "items x settings" if one.term else "items"
    return "setting" if len(one.term) == 1 else "interaction"


def moved_table(groups: Sequence[ArmGroup], panels: Mapping[str, EffectPanel]) -> pd.DataFrame:
    """How far the panels' shares move when one setting changes and all others stay.

    Args:
        groups: From `group_arms`.
        panels: Folder -> panel of a finished run; pairs of which one is missing are left out.

    Returns:
        Columns: group; setting; total_variation: mean over items and pairs of arms; by_chance: of two panels
        of the same shares; moved: the first less the second, in [-1, 1]; low, high: its 95 % interval, of
        other items; num_items: with answers in a pair; num_pairs.
    """
    rows = [
        row
        for group in groups
        for name in group.arms[0].settings
        if (row := _moved_row(group, name, panels)) is not None
    ]
    return pd.DataFrame(rows, columns=list(_MOVED_TYPES)).astype(_MOVED_TYPES)


def _moved_row(group: ArmGroup, name: str, panels: Mapping[str, EffectPanel]) -> dict[str, object] | None:
    pairs = [
        (one, other)
        for place, one in enumerate(group.arms)
        for other in group.arms[:place]
        if one.num_differing(other) == 1
        and one.settings[name] != other.settings[name]
        and {one.run.folder, other.run.folder} <= panels.keys()
        and panels[one.run.folder].resampled.items == panels[other.run.folder].resampled.items
    ]
    if not pairs:
        return None
    found = np.array([_moved(*pair, panels) for pair in pairs])  # (pairs, Q, 2)
    has_both = ~np.isnan(found).any(axis=(0, 2))
    of_item = panels[pairs[0][0].run.folder].resampled.of_item
    kept = None if of_item is None else of_item[has_both]
    # Wordings of one item joined, (Q,) each.
    total, chance = (values_of_items(one, kept)[0] for one in found[:, has_both].mean(axis=0).T)
    moved = total - chance
    num = moved.size
    left_out = (moved.sum() - moved) / max(num - 1, 1)
    low, high = jackknife_interval(float(moved.mean()), left_out) if num >= FEWEST_ITEMS else (np.nan, np.nan)
    return {
        "group": group.number,
        "setting": name.rpartition(".")[2],
        "total_variation": float(total.mean()) if num else np.nan,
        "by_chance": float(chance.mean()) if num else np.nan,
        "moved": float(moved.mean()) if num else np.nan,
        "low": low,
        "high": high,
        "num_items": num,
        "num_pairs": len(pairs),
    }


def _moved(one: Arm, other: Arm, panels: Mapping[str, EffectPanel]) -> list[tuple[float, float]]:
    first, second = (panels[arm.run.folder].resampled for arm in (one, other))
    rng = keyed_rng(first.seed, "shares moved", one.title, other.title)
    items = zip(first.panel.observed, second.panel.observed, first.forms, strict=True)
    return [shares_moved(ours, theirs, form, rng) for ours, theirs, form in items]
