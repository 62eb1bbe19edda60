"""Diversity of arms in the settings of the study, beside an arm without any modification. Reads no files."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from def_sim.evaluation.arm_panels import SETTINGS, ArmPanel, DiversityLevel
from def_sim.evaluation.arms import Arm, ArmGroup

MODIFICATIONS: Final = ("prompt", "configuration", "memory")
NO_NONE: Final = "no arm without modifications was held"
_PLAIN: Final = ("diversity_enhanced", "single")  # strategies that ask each question once, as it is
# As published, by the modifications that are on. How they were formed from D is not stated.
_PUBLISHED: Final[Mapping[tuple[bool, ...], float]] = {
    (True, True, True): 0.798,
    (False, False, True): 0.765,
}
_TYPES: Final = {
    "group": "int64",
    "arm": "str",
    "folder": "str",
    "setting": "str",
    "distinct": "int64",
    "most": "int64",
    "text_diversity": "float64",
    "choice_diversity": "float64",
    "people": "float64",
    "random": "float64",
    "minus_none": "float64",
    "over_none": "float64",
    "published": "float64",
    "reason": "str",
}


def diversity_table(groups: Sequence[ArmGroup], panels: Mapping[str, ArmPanel]) -> pd.DataFrame:
    """How varied the arms are, and three readings of the published percentages.

    Args:
        groups: From `group_arms`.
        panels: Folder -> what was read of the arm; others have no row.

    Returns:
        A row for each arm and setting. Columns: group; arm, folder; setting: how much of the panel;
        distinct: different texts beyond the first, summed over prompts; most: that there could be;
        text_diversity: D, their ratio; choice_diversity; people, random: of choices, expected of as many
        people and of random answerers; minus_none: D minus that of the arm without any modification;
        over_none: D over it, minus 1; published: the figure of the study for these modifications, which
        does not say which reading it is; reason: why a number is absent.
    """
    rows = [
        _row(group, arm, index, panels)
        for group in groups
        for arm in group.arms
        if arm.run.folder in panels
        for index in range(len(SETTINGS))
    ]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def plain_arm(group: ArmGroup) -> Arm | None:
    """The arm in which all modifications are off, of a strategy that changes nothing else."""
    plain = [arm for arm in group.arms if modifications_of(arm) == (False, False, False)]
    ranked = [arm for strategy in _PLAIN for arm in plain if arm.run.strategy == strategy]
    return ranked[0] if ranked else None


def modifications_of(arm: Arm) -> tuple[bool, ...]:
    """Which of the three modifications are on."""
    names = [f"protocol.modifications.{name}" for name in MODIFICATIONS]
    return tuple(arm.run.settings.get(name) == "true" for name in names)


def _row(group: ArmGroup, arm: Arm, index: int, panels: Mapping[str, ArmPanel]) -> dict[str, object]:
    level, none = panels[arm.run.folder].levels[index], _level_of(plain_arm(group), index, panels)
    is_known = none is not None and none.texts > 0
    return {
        "group": group.number,
        "arm": arm.title,
        "folder": arm.run.folder,
        "setting": level.setting,
        "distinct": level.distinct,
        "most": level.most,
        "text_diversity": level.texts,
        "choice_diversity": level.choices,
        "people": level.people,
        "random": level.random,
        "minus_none": level.texts - none.texts if none is not None else float("nan"),
        "over_none": level.texts / none.texts - 1 if none is not None and is_known else float("nan"),
        "published": _published(arm),
        "reason": level.reason or _why_no_reading(none),
    }


def _level_of(arm: Arm | None, index: int, panels: Mapping[str, ArmPanel]) -> DiversityLevel | None:
    panel = None if arm is None else panels.get(arm.run.folder)
    return None if panel is None else panel.levels[index]


def _why_no_reading(none: DiversityLevel | None) -> str:
    if none is None:
        return NO_NONE
    return "" if none.texts > 0 else "the arm without modifications never writes two texts: no ratio to it"


def _published(arm: Arm) -> float:
    is_def = arm.run.strategy == "diversity_enhanced"
    return _PUBLISHED.get(modifications_of(arm), float("nan")) if is_def else float("nan")
