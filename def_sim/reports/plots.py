"""The report's figures as files, SVG and PNG, for papers and slides.

Options are labelled by their codes and items by their English topics: no font needs Chinese
glyphs, and no institute's wording is printed. The same frames give the same bytes.
Computes no score.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from def_sim.reports.cells import Row, find_row, number_in, rows_of
from def_sim.reports.measures import MEASURES, written
from def_sim.reports.score_cards import dimension_rows, headline_marks
from def_sim.reports.tables import HEADLINE_METRICS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ITEMS_PER_PAGE: Final = 15
_COLUMNS: Final = 3
_PANEL, _PEOPLE, _PLANTED, _INK, _CONTROL = "#0072B2", "#D55E00", "#9B3F86", "#16191C", "#6B737B"
_MARKS: Final = {
    "panel": ("o", _PANEL),
    "floor": ("|", _INK),
    "people": ("D", _PEOPLE),
    "uniform": ("s", _CONTROL),
    "mode": ("^", _CONTROL),
    "others": ("v", _CONTROL),
}


def write_figures(
    folder: Path,
    scores: pd.DataFrame,
    distributions: pd.DataFrame,
    *,
    num_respondents: int,
    planted: pd.DataFrame | None = None,
) -> list[Path]:
    """Writes headline, KL by topic group, and the items' distributions on numbered pages.

    Args:
        folder: Made if missing. Files there of the same names are replaced.
        scores: As for `html.render_report`.
        distributions: As for `html.render_report`.
        num_respondents: N, named beside the floor.
        planted: Columns item_id, code, share: drawn as a third mark.

    Returns:
        The files, each figure as .svg and .png: `headline`, `kl_by_dimension`,
        `items_01`, `items_02`, ...
    """
    import matplotlib

    folder.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context():
        _set_style()
        figures = {
            "headline": _headline(scores, num_respondents),
            "kl_by_dimension": _kl_by_dimension(scores, num_respondents),
        }
        for page, prompts in enumerate(_pages(distributions), start=1):
            figures[f"items_{page:02d}"] = _items(prompts, planted)
        return [path for name, figure in figures.items() for path in _save(figure, folder / name)]


def _set_style() -> None:
    """Sets aside a user's own matplotlibrc, which would change the bytes."""
    import matplotlib

    matplotlib.rcdefaults()
    matplotlib.rcParams.update(
        {
            "font.family": "DejaVu Sans",
            "font.size": 9.0,
            "svg.hashsalt": "def_sim",
            "svg.fonttype": "path",
            "hatch.linewidth": 1.2,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "text.parse_math": False,  # a "$" in a topic is a dollar sign
        }
    )


def _save(figure: "Figure", stem: Path) -> list[Path]:
    """Without date and version, which would make equal figures differ."""
    paths = [stem.with_suffix(".svg"), stem.with_suffix(".png")]
    figure.savefig(paths[0], metadata={"Date": None, "Creator": None})
    figure.savefig(paths[1], dpi=160, metadata={"Software": None})
    return paths


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _headline(scores: pd.DataFrame, num_respondents: int) -> "Figure":
    rows = {metric: find_row(scores, metric, "macro") for metric in HEADLINE_METRICS}
    figure = _figure(8, 1.75 * len(rows))
    axes = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    for ax, (metric, row) in zip(axes, rows.items(), strict=True):
        _draw_headline(ax, metric, row, num_respondents)
    return figure


def _draw_headline(ax: "Axes", metric: str, row: Row, num_respondents: int) -> None:
    marks = headline_marks(row, num_respondents)
    for index, mark in enumerate(marks):
        symbol, colour = _MARKS[mark.kind]
        is_filled = mark.kind != "uniform"
        if math.isfinite(mark.value):
            ax.plot([0, mark.value], [index, index], color="#D5D9DD", zorder=1)
            ax.plot(
                [mark.value],
                [index],
                symbol,
                color=colour,
                markerfacecolor=colour if is_filled else "white",
                markersize=12 if mark.kind == "floor" else 7,
                markeredgewidth=2,
                clip_on=False,  # a mark at 0 stays whole
            )
        ax.annotate(written(mark.value), (1.02, index), xycoords=("axes fraction", "data"), va="center")
    if metric == "entropy_ratio":
        ax.axvline(1, color=_PEOPLE, linestyle="--", linewidth=1, zorder=0)
    ax.set_title(MEASURES[metric].title, loc="left", fontsize=10)
    _name_rows(ax, [mark.name for mark in marks])


def _name_rows(ax: "Axes", names: Sequence[str]) -> None:
    """One row a name, the first on top; values from 0."""
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(left=0)
    ax.spines["left"].set_visible(False)


def _kl_by_dimension(scores: pd.DataFrame, num_respondents: int) -> "Figure":
    rows = dimension_rows(scores)
    figure = _figure(8, 1.7 + 0.42 * len(rows))
    ax = figure.subplots()
    places = range(len(rows))
    ax.barh(places, [row.value for row in rows], height=0.55, color=_PANEL, label="Panel")
    floors, uniforms = [row.floor for row in rows], [row.uniform for row in rows]
    ax.scatter(
        floors, places, marker="|", s=190, linewidths=4.5, color="white", zorder=3
    )  # sets the tick off from the bar
    ax.scatter(
        floors,
        places,
        marker="|",
        s=170,
        linewidths=2,
        color=_INK,
        zorder=4,
        label=f"Floor, N = {num_respondents}",
    )
    ax.scatter(
        uniforms,
        places,
        marker="s",
        s=34,
        color="white",
        edgecolors=_CONTROL,
        linewidths=1.6,
        zorder=4,
        label="Random answers",
    )
    for scope, style in (("macro", "-"), ("micro", ":")):
        mean = number_in(find_row(scores, "kl_paper", scope), "value")
        if math.isfinite(mean):
            ax.axvline(mean, color=_INK, linestyle=style, label=f"{scope.capitalize()} mean {written(mean)}")
    _name_rows(ax, [f"{row.title} ({row.num_items})" for row in rows])
    ax.set_xlabel("KL(panel || people), nats, as in the study; lower is closer")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


@dataclass(frozen=True, slots=True)
class _Prompt:
    """One item in one wording: what is drawn on one small chart."""

    item_id: str
    title: str
    rows: tuple[Row, ...]


def _pages(distributions: pd.DataFrame) -> list[list[_Prompt]]:
    """Prompts in questionnaire order, `ITEMS_PER_PAGE` a page."""
    prompts: dict[tuple[str, int], list[Row]] = {}
    for row in rows_of(distributions):
        prompts.setdefault((str(row["item_id"]), int(row["wording"])), []).append(row)
    named = [
        _Prompt(item, f"{item}{f' #{wording}' if wording > 0 else ''}\n{rows[0]['topic']}", tuple(rows))
        for (item, wording), rows in prompts.items()
    ]
    return [named[start : start + ITEMS_PER_PAGE] for start in range(0, len(named), ITEMS_PER_PAGE)]


def _items(prompts: Sequence[_Prompt], planted: pd.DataFrame | None) -> "Figure":
    num_rows = -(-len(prompts) // _COLUMNS)
    figure = _item_grid(num_rows)
    axes = figure.subplots(num_rows, _COLUMNS, squeeze=False).ravel()
    truth = {} if planted is None else planted.set_index(["item_id", "code"])["share"].to_dict()
    for ax, prompt in zip(axes, prompts, strict=False):
        _draw_item(ax, prompt, [truth.get((prompt.item_id, row["code"]), math.nan) for row in prompt.rows])
    for ax in axes[len(prompts) :]:
        ax.set_axis_off()
    legends = [ax.get_legend_handles_labels() for ax in axes[: len(prompts)]]
    handles, labels = max(legends, key=lambda legend: len(legend[1]))  # not every item has a planted truth
    figure.legend(handles, labels, loc="lower center", ncols=3, frameon=False)
    return figure


def _item_grid(num_rows: int) -> "Figure":
    """Margins in inches: fitting them by trial, as a layout engine does, takes seconds a page."""
    from matplotlib.figure import Figure

    height = 0.9 + 2.1 * num_rows
    figure = Figure(figsize=(9, height))
    figure.subplots_adjust(
        left=0.05, right=0.98, top=1 - 0.45 / height, bottom=0.6 / height, hspace=0.5, wspace=0.2
    )
    return figure


def _draw_item(ax: "Axes", prompt: _Prompt, truth: Sequence[float]) -> None:
    places = range(len(prompt.rows))
    panel = [100 * number_in(row, "simulated_share") for row in prompt.rows]
    people = [100 * number_in(row, "human_share") for row in prompt.rows]
    ax.bar([place - 0.2 for place in places], panel, 0.4, color=_PANEL, label="Panel, %")
    ax.bar(
        [place + 0.2 for place in places],
        people,
        0.4,
        color="white",
        edgecolor=_PEOPLE,
        hatch="////",
        label="People, %",
    )
    if any(math.isfinite(share) for share in truth):
        heights = [100 * share for share in truth]
        ax.scatter(
            places,
            heights,
            marker="P",
            s=36,
            color=_PLANTED,
            edgecolors="white",
            linewidths=0.7,
            zorder=3,
            clip_on=False,
            label="Planted, %",
        )
    ax.set_xticks(places, [str(row["code"]) for row in prompt.rows])
    for place, left, right in zip(places, panel, people, strict=True):
        _dash_if_missing(ax, place - 0.2, left)
        _dash_if_missing(ax, place + 0.2, right)
    ax.set_xlim(-0.6, len(prompt.rows) - 0.4)
    ax.set_ylim(0, 100)
    ax.set_yticks([0, 50, 100])
    # Not a title: placing one clear of everything else takes a third of the page's time.
    ax.text(0, 1.04, prompt.title, transform=ax.transAxes, va="bottom", fontsize=8)


def _dash_if_missing(ax: "Axes", place: float, percent: float) -> None:
    """An undefined share is a dash: nothing at all would look like 0."""
    if math.isnan(percent):
        ax.annotate("–", (place, 2), ha="center")
