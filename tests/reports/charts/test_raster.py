"""Rasters: the same shapes as SVG and as pixels, and the item pages made of them."""

import io
import math
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from def_sim.reports.charts.item_pages import ITEMS_PER_PAGE, PANEL, PEOPLE, PLANTED, draw_page, pages_of
from def_sim.reports.charts.raster import PIXELS_PER_POINT, Box, Raster, Words, as_png, as_svg

SVG = "{http://www.w3.org/2000/svg}"


def pixels(raster: Raster) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(as_png(raster))).convert("RGB")).astype(int)


def is_near(found: np.ndarray, colour: str) -> np.ndarray:
    """Pixels of about that colour: a palette rounds it."""
    wanted = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)])
    return np.abs(found - wanted).max(axis=-1) <= 12


def page(*shares: tuple[float, float], truth: dict[int, float] | None = None) -> Raster:
    rows = [
        {"item_id": "x.Q1", "wording": 0, "topic": "a <topic> & more", "code": code}
        | {"simulated_share": panel, "human_share": people}
        for code, (panel, people) in enumerate(shares, start=1)
    ]
    [prompts] = pages_of(pd.DataFrame(rows))
    return draw_page(prompts, {("x.Q1", code): share for code, share in (truth or {}).items()})


def boxes(raster: Raster, colour: str) -> list[Box]:
    """Bars of that colour; the legend's, which comes last, is left out."""
    return [shape for shape in raster.shapes if isinstance(shape, Box) and shape.colour == colour][:-1]


def words(raster: Raster) -> list[str]:
    return [shape.text for shape in raster.shapes if isinstance(shape, Words)]


def test_a_box_covers_the_same_place_in_both_formats():
    raster = Raster(40, 20, (Box(10, 5, 20, 10, "#0072B2"),))
    found = is_near(pixels(raster), "#0072B2")
    rows, columns = np.nonzero(found)
    scale = PIXELS_PER_POINT
    assert (columns.min(), columns.max() + 1) == (10 * scale, 30 * scale)
    assert (rows.min(), rows.max() + 1) == (5 * scale, 15 * scale)
    box = ElementTree.fromstring(as_svg(raster)).findall(f"{SVG}rect")[-1]
    assert [box.get(name) for name in ("x", "y", "width", "height")] == ["10", "5", "20", "10"]


def test_a_hatched_box_is_partly_white():
    share = is_near(
        pixels(Raster(40, 40, (Box(0, 0, 40, 40, "#D55E00", is_hatched=True),))), "#D55E00"
    ).mean()
    assert 0.2 < share < 0.6


def test_words_are_escaped_and_leave_ink():
    raster = Raster(100, 20, (Words("a < b & c", 5, 15),))
    assert ElementTree.fromstring(as_svg(raster)).findtext(f"{SVG}text") == "a < b & c"
    assert (pixels(raster) < 100).any()


def test_bars_are_as_high_as_their_shares():
    drawn = page((0.5, 0.25), (0.2, 0.0))
    panel, people = boxes(drawn, PANEL), boxes(drawn, PEOPLE)
    heights = [bar.height / panel[0].height for bar in (*panel, *people)]
    assert heights == pytest.approx([1, 0.4, 0.5, 0])
    assert len({round(bar.top + bar.height, 6) for bar in (*panel, *people)}) == 1  # all stand on one line


def test_a_missing_share_is_a_dash_and_no_bar():
    drawn = page((0.5, math.nan))
    assert boxes(drawn, PEOPLE) == []
    assert words(drawn).count("–") == 1
    assert "–" not in words(page((0.5, 0.0)))  # a true 0 is a bar without height


def test_a_planted_truth_is_marked_and_named_where_there_is_one():
    assert "Planted, %" in words(page((0.5, 0.5), truth={1: 0.4}))
    assert not [box for box in page((0.5, 0.5), truth={9: 0.4}).shapes if box.colour == PLANTED]


def test_every_item_stands_on_one_page_and_inside_it():
    rows = [
        {"item_id": f"x.Q{item}", "wording": 0, "topic": "t " * 40, "code": code}
        | {"simulated_share": 1.2, "human_share": 1.0}  # mentions may be averaged above 1
        for item in range(ITEMS_PER_PAGE + 1)
        for code in range(1, 12)
    ]
    pages = pages_of(pd.DataFrame(rows))
    assert [len(prompts) for prompts in pages] == [ITEMS_PER_PAGE, 1]
    for prompts in pages:
        raster = draw_page(prompts, {})
        for shape in raster.shapes:
            right = shape.left + (shape.width if isinstance(shape, Box) else 0)
            assert 0 <= shape.left <= right <= raster.width
            assert 0 <= shape.top <= raster.height
