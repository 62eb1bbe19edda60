"""Every figure of a comparison as files have it: scores of runs, differences of arms, maps.

The page has small multiples under letters; a figure alone has names, and a caption that says which runs it
shows. Computes no score and no interval.
"""

import math
from collections.abc import Sequence
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.arms import ArmGroup
from def_sim.evaluation.compared_maps import MapsOfRuns
from def_sim.evaluation.compared_runs import ComparedRun, RunGroup
from def_sim.evaluation.measures import MEASURES
from def_sim.evaluation.paired_runs import METRIC
from def_sim.reports.cells import Row, number_in, rows_of
from def_sim.reports.charts.axis_titles import AxisTitle
from def_sim.reports.charts.forest_chart import Estimate, forest_chart
from def_sim.reports.charts.stacked import legend, mark_key, stacked
from def_sim.reports.figures.figure import Canvas, Figure
from def_sim.reports.pages.comparison_maps import map_figures_of_runs
from def_sim.reports.pages.comparison_scores import PageLetters, letters_of_page
from def_sim.reports.pages.score_cards import FLOOR_NAME

_MEANS: Final = {"macro": "mean of the topic groups", "micro": "mean of the items"}
_INTERVALS: Final = "Lines with ends: 95 % interval over respondents and items (studentised bootstrap)."
_FEWEST: Final = 2  # one estimate alone compares nothing


def comparison_figures(
    maps: Sequence[MapsOfRuns],
    groups: Sequence[RunGroup],
    table: pd.DataFrame,
    arms: Sequence[ArmGroup],
    arms_table: pd.DataFrame,
) -> list[Figure]:
    """Figures named scores_1, arms_1, cultural_map_1, published_map_1 and so on.

    Args:
        maps: Of all runs.
        groups: Of the same runs, under whose letters they stand on page and maps.
        table: From `comparison_table`.
        arms: Comparisons of arms.
        arms_table: Of them, from `arms_table`.
    """
    letters = letters_of_page(groups)
    scores = (_scores(group, table[table["group"] == group.number], letters) for group in groups)
    differences = (_arms(group, arms_table[arms_table["group"] == group.number]) for group in arms)
    found = [figure for figure in (*scores, *differences) if figure is not None]
    return [*found, *map_figures_of_runs(maps, letters)]


def _scores(group: RunGroup, table: pd.DataFrame, letters: PageLetters) -> Figure | None:
    """The scores of one group's runs; None with fewer than two."""
    of_means = table[table["metric"] == METRIC]
    scope = "macro" if of_means.loc[of_means["scope"] == "macro", "value"].notna().any() else "micro"
    by_folder = {str(row["folder"]): row for row in rows_of(of_means[of_means["scope"] == scope])}
    shown = [run for run in group.runs if math.isfinite(number_in(by_folder.get(run.folder, {}), "value"))]
    if len(shown) < _FEWEST:
        return None
    rows = [_of_run(run, by_folder[run.folder], letters) for run in shown]
    named = "; ".join(
        f"{letters.of_runs[run.folder]}: {run.model_label}, N = {run.num_present}, "
        f"seed {run.seed}, run {run.run_hash}"
        for run in shown
    )
    return _figure(
        f"scores_{group.number}",
        f"{MEASURES[METRIC].title} from people",
        rows,
        axis_title=AxisTitle(f"{MEASURES[METRIC].on_axis}, {_MEANS[scope]}", MEASURES[METRIC].reading),
        caption=f"Scores of runs, {_MEANS[scope]}; lower is closer. {FLOOR_NAME}: what as many people would "
        f"score; random answers: each option as likely as any other. {_INTERVALS} {named}. All of them: "
        f"{group.title}.",
        are_differences=False,
    )


def _of_run(run: ComparedRun, row: Row, letters: PageLetters) -> Estimate:
    numbers = (
        number_in(row, name) for name in ("value", "interval_low", "interval_high", "floor", "uniform")
    )
    return Estimate(f"{letters.of_runs[run.folder]} {letters.short_names[run.folder]}", *numbers)


def _arms(group: ArmGroup, table: pd.DataFrame) -> Figure | None:
    """The tested differences of one group of arms; None without any."""
    tested = table[(table["metric"] == METRIC) & (table["scope"] == "macro") & table["difference"].notna()]
    if tested.empty:
        return None
    rows = [
        Estimate(str(row["arm"]), number_in(row, "difference"), number_in(row, "low"), number_in(row, "high"))
        for row in rows_of(tested)
    ]
    baseline, run = group.baseline.title, group.baseline.run
    of = f"{MEASURES[METRIC].title}, difference from {baseline}"
    return _figure(
        f"arms_{group.number}",
        "Arms beside their baseline",
        rows,
        axis_title=AxisTitle(of, "below 0: closer to people than the baseline"),
        caption=f"{MEASURES[METRIC].title} from people, mean of the topic groups: each arm minus {baseline}, "
        f"at as many answers an item; below 0 the arm is closer. {_INTERVALS} {group.title}, "
        f"N = {run.num_present}; run of the baseline {run.run_hash}.",
        are_differences=True,
    )


def _figure(
    name: str,
    title: str,
    rows: Sequence[Estimate],
    *,
    axis_title: AxisTitle,
    caption: str,
    are_differences: bool,
) -> Figure:
    def drawing(canvas: Canvas) -> Markup:
        chart = forest_chart(
            rows, title=title, axis_title=axis_title, are_differences=are_differences, width=canvas.width
        )
        if are_differences:
            return chart
        keys = [mark_key("small-floor", FLOOR_NAME), mark_key("small-uniform", "Random answers")]
        return stacked([chart, legend(keys, width=canvas.width)], width=canvas.width, gap=6)

    fields = ("name", "value", "low", "high", *(() if are_differences else ("floor", "uniform")))
    return Figure(
        name=name,
        title=title,
        alt=f"{title}: {'; '.join(f'{row.name} {row.value:.3f}' for row in rows)}",
        caption=caption,
        drawing=drawing,
        data=pd.DataFrame([[getattr(row, field) for field in fields] for row in rows], columns=list(fields)),
        most_mm=130.0,
    )
