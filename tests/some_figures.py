"""Figures of every kind with awkward words in them, for tests of files and of how they are set."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from def_sim.evaluation.map_points import CountryPoint, CultureMap, Ellipse, MapAxis, PanelPoint
from def_sim.reports.charts.axis_titles import AxisTitle
from def_sim.reports.charts.map_labels import PanelNames
from def_sim.reports.charts.radar import RadarAxis, radar
from def_sim.reports.charts.score_charts import Mark
from def_sim.reports.charts.stacked import legend, line_key, stacked
from def_sim.reports.charts.structure_chart import correlation_chart
from def_sim.reports.figures.figure import Figure
from def_sim.reports.figures.mark_figures import marks_figure
from def_sim.reports.pages.item_figures import item_figures
from def_sim.reports.pages.score_figures import headline_figure, topics_figure
from def_sim.reports.sections.cultural_maps import map_figures

METRICS = ("js_divergence", "total_variation", "kl_paper", "wasserstein", "entropy_ratio")
LONG = "A label that goes on and on without saying more than it did before. " * 4 + "The end of 300."
RTL = "مهم جدا في الحياة"
LATEX = r"100 % of \textbf{income} in $ & #1 {a_b}^2 ~"
MARKUP = "<b>&amp; *bold* [link](x) | `code`"
WORDS = ("非常重要", LONG, RTL, LATEX, MARKUP)
TOPICS = ("Emancipative values", "Long-term orientation", "Uncertainty avoidance")


def scores(*, interval: bool = True, value: float = 0.2) -> pd.DataFrame:
    """Scores of a survey with two topic groups and its items x.Q0, x.Q1 and so on."""
    low, high = (0.1, 0.35) if interval else (math.nan, math.nan)
    common = {"value": value, "floor": 0.05, "human_to_human": 0.01, "uniform": 0.4, "mode": math.nan}
    common |= {"num_items": 2, "interval_low": low, "interval_high": high, "item_id": "", "wording": -1}
    places = [("macro", ""), ("micro", ""), ("dimension", "EVI"), ("dimension", "PDI")]
    rows = [
        common | {"scope": scope, "dimension": dimension, "metric": metric}
        for metric in METRICS
        for scope, dimension in places
    ]
    items = [
        common | {"scope": "item", "dimension": "EVI", "metric": "js_divergence", "wording": 0}
        | {"item_id": f"x.Q{item}", "value": 0.1 * item}
        for item in range(8)
    ]  # fmt: skip
    return pd.DataFrame([*rows, *items])


def shares(num_items: int = 3, *, words: tuple[str, ...] = WORDS, panel: float = 0.5) -> pd.DataFrame:
    """Shares of each option of some items; the first item has no figures of people."""
    rows = [
        {"item_id": f"x.Q{item}", "wording": 0, "topic": f"income in $ and $$, {word}", "code": code}
        | {"label": word, "simulated_share": panel, "human_share": math.nan if item == 0 else 0.5}
        | {"human_n": 2593.0, "num_answered": 20.0}
        for item in range(num_items)
        for code, word in enumerate(words, start=1)
    ]
    return pd.DataFrame(rows)


def crowded_map() -> CultureMap:
    """Seven countries and three models, some of them close together, with words at the axes' ends."""
    places = np.random.default_rng(1).normal(0, 1, size=(7, 2))
    names = ("孟加拉国", "China", "Colombia", "Egypt", "Japan", "Russia", "the United States")
    countries = [
        CountryPoint(name, float(x), float(y), cells=(("men", float(x) + 0.1, float(y) - 0.1),))
        for name, (x, y) in zip(names, places, strict=True)
    ]
    panels = [
        PanelPoint(
            f"Some-Model-{k}-Instruct 中文", "US questionnaire", 0.3 + 0.1 * k, 0.5, Ellipse((0.2, 0.1), 0.4)
        )
        for k in range(3)
    ]
    axes = MapAxis(0.45, ("importance of God: not at all",) * 4, (RTL, "中文")), MapAxis(0.2)
    return CultureMap(tuple(countries), tuple(panels), axes, (0.1, 0.1))


def named_maps() -> list[Figure]:
    """Maps that name their models: one model alone, three with letters, and one with a name of 80 letters."""
    crowd = crowded_map()
    alone = replace(crowd, panels=crowd.panels[:1])
    [letters, short] = [
        {(one.model, one.survey): name for one, name in zip(crowd.panels, names, strict=True)}
        for names in ("ABC", ("SmolLM2-135M", "Mistral 7B", "中文 7B"))
    ]
    names = {"lettered": (crowd, PanelNames(letters, short)), "long": (alone, _called("Model " * 13))}
    return [
        *map_figures(alone, name="map_of_one", title="Map"),
        *(
            figure
            for name, (found, called) in names.items()
            for figure in map_figures(found, name=f"map_{name}", title="Map", names=called)
        ),
    ]


def _called(name: str) -> PanelNames:
    [first, *_] = crowded_map().panels
    return PanelNames(short={(first.model, first.survey): name})


def all_figures(width: str) -> list[Figure]:
    """One of every kind."""
    marks = [
        Mark("panel", "This panel", 0.2, 0.1, 0.9),
        Mark("people", "People, by chance", 0),
    ]
    rates = [RadarAxis(name, 0.1, 0.05, 0.2) for name in ("IU", "QC", "RP", "CV", "IR")]
    rates.append(RadarAxis("FF", math.nan, math.nan, math.nan))
    cells = np.linspace(-0.5, 0.5, 40)
    planted = pd.DataFrame({"item_id": ["x.Q1"], "code": [1], "share": [0.4]})
    table = pd.DataFrame({"value": [1.0]})
    return [
        headline_figure(scores()),
        topics_figure(scores()),
        marks_figure("marks", "Some marks", marks, caption="What they are.", axis_title=AxisTitle(LONG, RTL)),
        *map_figures(crowded_map(), name="map", title="Map"),
        *named_maps(),
        Figure(
            "structure", "Structure", "a", "b.",
            lambda canvas: stacked(
                [
                    correlation_chart(cells, cells, slope=0.5),
                    legend([line_key("macro", LONG)], width=canvas.width),
                ],
                width=canvas.width,
            ),
            table,
        ),
        Figure("radar", "Radar", "a", "b.", lambda _: radar(rates, outer=0.2, title="Radar"), table, 110.0),
        *item_figures(scores(), shares(), width=width, planted=planted),
    ]  # fmt: skip
