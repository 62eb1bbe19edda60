"""The report's figures as files, SVG and PNG, for papers and slides.

Options are labelled by their codes and items by their English topics: no font needs Chinese
glyphs, and no institute's wording is printed. The same frames give the same bytes.
Computes no score.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.measures import MEASURES, written
from def_sim.evaluation.score_tables import HEADLINE_METRICS, headline_scope
from def_sim.reports.cells import Row, find_row, number_in
from def_sim.reports.charts.item_pages import INK, PANEL, PEOPLE, draw_page, pages_of, planted_shares
from def_sim.reports.charts.raster import Raster, as_png, as_svg
from def_sim.reports.charts.standalone import standalone
from def_sim.reports.pages.page import page_style
from def_sim.reports.pages.score_cards import dimension_rows, drawn_metric, headline_marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CONTROL: Final = "#6B737B"
_MARKS: Final = {
    "panel": ("o", PANEL),
    "floor": ("|", INK),
    "people": ("D", PEOPLE),
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
    drawings: Mapping[str, Markup] | None = None,
) -> list[Path]:
    """Writes headline, KL by topic group, and the items' distributions on numbered pages.

    Args:
        folder: Made if missing. Files there of the same names are replaced.
        scores: As for `html.render_report`.
        distributions: As for `html.render_report`.
        num_respondents: N, named beside the floor.
        planted: Columns item_id, code, share: drawn as a third mark.
        drawings: Further drawings of the page by name; as .svg only, since browsers set them.

    Returns:
        The files, each figure as .svg and .png: `headline`, `kl_by_dimension`,
        `items_01`, `items_02`, ...; and the further drawings.
    """
    import matplotlib

    folder.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context():
        _set_style()
        figures = {
            "headline": _headline(scores, num_respondents),
            "kl_by_dimension": _kl_by_dimension(scores, num_respondents),
        }
        paths = [path for name, figure in figures.items() for path in _save(figure, folder / name)]
    truth = planted_shares(planted)
    for page, prompts in enumerate(pages_of(distributions), start=1):
        paths += _save_raster(draw_page(prompts, truth), folder / f"items_{page:02d}")
    return paths + _save_drawings(drawings or {}, folder)


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


def _save_raster(raster: Raster, stem: Path) -> list[Path]:
    paths = [stem.with_suffix(".svg"), stem.with_suffix(".png")]
    paths[0].write_bytes(as_svg(raster))
    paths[1].write_bytes(as_png(raster))
    return paths


def _save_drawings(drawings: Mapping[str, Markup], folder: Path) -> list[Path]:
    style = page_style()
    for name, drawing in drawings.items():
        (folder / f"{name}.svg").write_bytes(standalone(drawing, style))
    return [folder / f"{name}.svg" for name in drawings]


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _headline(scores: pd.DataFrame, num_respondents: int) -> "Figure":
    scope = headline_scope(scores)
    rows = {metric: find_row(scores, metric, scope) for metric in HEADLINE_METRICS}
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
        ax.axvline(1, color=PEOPLE, linestyle="--", linewidth=1, zorder=0)
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
    rows, metric = dimension_rows(scores), drawn_metric(scores)
    figure = _figure(8, 1.7 + 0.42 * len(rows))
    ax = figure.subplots()
    places = range(len(rows))
    ax.barh(places, [row.value for row in rows], height=0.55, color=PANEL, label="Panel")
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
        color=INK,
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
        mean = number_in(find_row(scores, metric, scope), "value")
        if math.isfinite(mean):
            ax.axvline(mean, color=INK, linestyle=style, label=f"{scope.capitalize()} mean {written(mean)}")
    _name_rows(ax, [f"{row.title} ({row.num_items})" for row in rows])
    is_kl = metric == "kl_paper"
    ax.set_xlabel(
        "KL(panel || people), nats, as in the study; lower is closer"
        if is_kl
        else "Jensen-Shannon divergence; lower is closer"
    )
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure
