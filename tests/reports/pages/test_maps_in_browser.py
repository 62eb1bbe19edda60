"""Map and bias charts as a real browser sets them: no word is clipped, none lies on another."""

import json
import math
import re
import subprocess

import numpy as np
import pytest
from chromium import CHROMIUM, FLAGS, NEEDS_CHROMIUM
from markupsafe import Markup
from waiting import HANG_S

from def_sim.metrics.cultural_map import Ellipse
from def_sim.randomness import keyed_rng
from def_sim.reports.charts.bias_chart import MatchRow, TiltRow, match_chart, mismatch_heat_map, tilt_heat_map
from def_sim.reports.charts.map_chart import CountryPoint, MapAxis, PanelPoint, map_chart
from def_sim.reports.pages.page import page_style

pytestmark = NEEDS_CHROMIUM
# Written into the page by its own script: what --dump-dom then shows.
MEASURE = """
const found = {overlaps: [], outside: [], cut: [], words: 0};
for (const svg of document.querySelectorAll('svg[role=img]')) {
  const frame = svg.getBoundingClientRect();
  const words = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
  found.words += words.length;
  words.forEach(([text, box], i) => {
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1)
      found.outside.push(text);
    for (const [other, next] of words.slice(i + 1)) {
      const across = Math.min(box.right, next.right) - Math.max(box.left, next.left);
      const down = Math.min(box.bottom, next.bottom) - Math.max(box.top, next.top);
      if (across > 1 && down > 3) found.overlaps.push([text, other]);
    }
  });
}
for (const cell of document.querySelectorAll('td, th, li, dd, .match-words'))
  if (cell.scrollWidth > cell.clientWidth + 1 && cell.clientWidth) found.cut.push(cell.textContent);
document.title = JSON.stringify(found);
"""
MODELS = [f"Some-Model-{k}-Instruct-v0.{k} 中文" for k in range(1, 12)]
COUNTRIES = ("孟加拉国", "China", "Colombia", "Egypt", "Japan", "Russia", "the United States")


def crowded_map(spread):
    draws = keyed_rng(1, "browser", str(spread))
    countries = [
        CountryPoint(
            name,
            *map(float, at),
            cells=tuple(("men", *map(float, at + draws.normal(0, 0.1, 2))) for _ in "123456"),
        )
        for name, at in zip(COUNTRIES, draws.normal(0, 1, size=(7, 2)), strict=True)
    ]
    panels = [
        PanelPoint(model, survey, *map(float, draws.normal((0.5, shift), spread)), Ellipse((0.15, 0.1), 0.4))
        for model in MODELS
        for survey, shift in (("US questionnaire", 0.6), ("Chinese questionnaire", -0.6))
    ]
    return map_chart(countries, panels, (MapAxis(0.45, ("a",), ("b",)), MapAxis(0.2)), title="Map")


def bias_charts():
    rows = [f"{model} · {survey}" for model in MODELS for survey in ("US", "CN")]
    groups = [
        "men",
        "women",
        "up to 29",
        "30 to 49",
        "50 and over",
        *(f"women, {k}" for k in ("up to 29", "30 to 49")),
    ]
    tilts = [TiltRow(name, (1.234, 0.876, 1.0, math.nan, 1.1, 0.9, 1.05)) for name in rows]
    counts = np.ones((3, 7, 9), dtype=np.int64)
    titles = ["Emancipative values", "Long-term orientation", "Uncertainty avoidance", *"abcdef"]
    return (
        match_chart([MatchRow(name, 0.5, 0.25, 0.95, 300) for name in rows])
        + mismatch_heat_map(counts, titles, caption="Mismatches")
        + tilt_heat_map(tilts, groups, caption="Lift", neutral=1.0)
    )


@pytest.mark.parametrize("width", [1150, 400])
def test_no_word_is_clipped_and_none_lies_on_another(width, tmp_path):
    body = Markup("").join([*(crowded_map(spread) for spread in (0.08, 0.3, 1.0)), bias_charts()])
    page = tmp_path / "page.html"
    style = page_style()
    page.write_text(
        f"<!doctype html><meta charset=utf-8><style>{style}</style><main>{body}</main>"
        f"<script>{MEASURE}</script>",
        encoding="utf-8",
    )
    command = [CHROMIUM, *FLAGS, f"--window-size={width},900", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=HANG_S, check=True
    )
    measured = json.loads(re.search(r"<title>(\{.*?\})</title>", done.stdout).group(1))
    assert (
        measured.pop("words") >= 3 * (7 + 22) + 3
    )  # names and numbers on the maps, percentages below the rates
    assert measured == {"overlaps": [], "outside": [], "cut": []}
