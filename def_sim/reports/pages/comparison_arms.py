"""Arms beside their baseline, and seeds of one model, ready to print. Computes no difference."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.arms import ArmGroup
from def_sim.evaluation.measures import MEASURES, Measure, written
from def_sim.evaluation.paired_runs import LEVEL
from def_sim.reports.cells import Row, number_in, rows_of
from def_sim.reports.pages.comparison_groups import steered_parts

_NONE = "–"


@dataclass(frozen=True, slots=True)
class ArmLine:
    """One arm in words."""

    title: str
    folder: str
    is_baseline: bool
    value: str
    difference: str
    interval: str
    p_value: str
    verdict: str


@dataclass(frozen=True, slots=True)
class ArmPart:
    """One comparison of arms."""

    group: ArmGroup
    lines: tuple[ArmLine, ...]
    steered: Markup  # groups of people in arms that say sex and age


@dataclass(frozen=True, slots=True)
class SeedLine:
    """The spread of one score over the seeds of a model."""

    model: str
    seeds: str
    measure: Measure
    mean: str
    span: str


def arm_parts(
    groups: Sequence[ArmGroup], table: pd.DataFrame, steered: pd.DataFrame | None = None
) -> list[ArmPart]:
    """The comparisons of arms, as the page shows them; the baseline first.

    Args:
        groups: From `group_arms`.
        table: From `arms_table` of these groups.
        steered: What saying sex and age changed, if any arm says them.
    """
    of_groups = pd.DataFrame() if steered is None else steered
    return [
        ArmPart(
            group,
            _arm_lines(table[table["group"] == group.number]),
            steered_parts(of_groups, group.baseline.run.folder),
        )
        for group in groups
    ]


def _arm_lines(rows: pd.DataFrame) -> tuple[ArmLine, ...]:
    ordered = sorted(rows_of(rows), key=lambda row: not row["is_baseline"])
    return tuple(_arm_line(row) for row in ordered)


def _arm_line(row: Row) -> ArmLine:
    low, high, p_value = (number_in(row, name) for name in ("low", "high", "p_adjusted"))
    has_interval = not (row["reason"] or row["is_baseline"])
    return ArmLine(
        title=row["arm"],
        folder=row["folder"],
        is_baseline=row["is_baseline"],
        value=written(number_in(row, "value")),
        difference=written(number_in(row, "difference")),
        interval=f"{written(low)} to {written(high)}" if has_interval else _NONE,
        p_value=("< 0.001" if p_value < 0.001 else f"{p_value:.3f}") if has_interval else _NONE,
        verdict="baseline" if row["is_baseline"] else row["reason"] or _verdict(row, p_value),
    )


def _verdict(row: Row, p_value: float) -> str:
    if not p_value < LEVEL:
        return "no difference beyond chance"
    return "closer to people" if row["difference"] < 0 else "farther from people"


def seed_lines(seeds: pd.DataFrame) -> tuple[SeedLine, ...]:
    """The spread of each score that has one.

    Args:
        seeds: From `seeds_table`, rows of one group.
    """
    return tuple(_seed_line(row) for row in rows_of(seeds) if not math.isnan(number_in(row, "mean")))


def _seed_line(row: Row) -> SeedLine:
    lowest, highest = number_in(row, "lowest"), number_in(row, "highest")
    return SeedLine(
        model=row["model_label"],
        seeds=row["seeds"].replace(" ", ", "),
        measure=MEASURES[row["metric"]],
        mean=written(number_in(row, "mean")),
        span=f"{written(lowest)} to {written(highest)}",
    )
