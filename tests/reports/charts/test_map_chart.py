"""The drawing of a map: equal scales, everything inside, missing points named, outside text escaped."""

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from def_sim.metrics.cultural_map import Ellipse
from def_sim.reports.charts.map_chart import CountryPoint, MapAxis, PanelPoint, map_chart, map_drawing
from def_sim.reports.charts.map_frame import WIDTH, fit_frame, grid
from def_sim.reports.charts.map_labels import PanelNames
from def_sim.reports.pages.page import page_style

AXES = (MapAxis(0.45, ("God: no",), ("God: yes",)), MapAxis(0.2))
PEOPLE = [
    CountryPoint(
        "China", -1.0, -1.4, cells=(("women, up to 29", -1.2, -1.0), ("men, 50 and over", -0.5, -1.6))
    ),
    CountryPoint("Japan", -1.5, 0.1),
]
PANEL = PanelPoint("Mistral 7B", "US", 0.4, 0.2, Ellipse((0.3, 0.1), 0.5))


def drawn(countries=PEOPLE, panels=(PANEL,), axes=AXES, **more):
    return ElementTree.fromstring(map_chart(countries, panels, axes, title="Cultural map", **more))


def every(root, tag):
    return list(root.iter(tag))


def test_the_frame_has_one_scale_and_holds_what_it_must():
    frame = fit_frame([(0.0, 0.0, 0.0, 0.0), (2.0, 1.0, 0.5, 0.25)])
    one, other = frame.across(1) - frame.across(0), frame.down(0) - frame.down(1)
    assert one == pytest.approx(other)
    plot = frame.plot
    assert plot.left < frame.across(0.0) < frame.across(2.5) < plot.left + plot.width
    assert plot.top < frame.down(1.25) < frame.down(0.0) < plot.top + plot.height


@pytest.mark.parametrize(
    "extents", [[(0.0, 0.0, 0.0, 0.0)], [(0.0, 0.0, 0.0, 0.0), (0.0, 90.0, 0.0, 0.0)], [(5e6, 1.0, 1e6, 0.0)]]
)
def test_one_point_a_line_and_large_numbers_have_a_frame(extents):
    frame = fit_frame(extents)
    assert 340 <= frame.height <= 620
    assert math.isfinite(frame.scale)
    assert 4 <= len(grid(frame, ("a", "b"))) < 60


@pytest.mark.parametrize("wide", [2.0, 2.6, 3.0, 3.3, 4.5, 5.2])
def test_a_low_map_has_two_numbers_on_its_vertical_axis(wide):
    drawn = "".join(grid(fit_frame([(0.0, 0.1, wide / 2, 0.5)]), ("a", "b")))
    assert len(re.findall('text-anchor="end"', drawn)) >= 2


def test_every_mark_lies_in_the_drawing_and_the_drawing_says_its_points():
    root = drawn(random_answers=(-0.6, 0.4))
    svg = root.find("div/svg")
    width, height = (float(number) for number in svg.get("viewBox").split()[2:])
    assert width == WIDTH
    for path in svg.iter("path"):
        x, y = (float(number) for number in re.findall(r"-?[\d.]+", path.get("transform")))
        assert 0 < x < width
        assert 0 < y < height
    assert "people of China -1.00, -1.40" in svg.get("aria-label")
    assert "Mistral 7B on US 0.40, 0.20" in svg.get("aria-label")


def test_ellipses_are_drawn_in_the_units_of_the_map_turned_against_the_page():
    root = drawn()
    [ellipse] = every(root.find("div"), "ellipse")
    assert float(ellipse.get("rx")) == pytest.approx(3 * float(ellipse.get("ry")), abs=0.1)
    assert ellipse.get("transform").endswith(f"rotate({-math.degrees(0.5):.2f})")  # pixels count downwards


def test_models_are_numbered_once_and_their_surveys_joined_by_a_line():
    panels = [PANEL, PanelPoint("Mistral 7B", "CN", -0.4, -0.2), PanelPoint("Claude", "US", 0.1, 0.0)]
    root = drawn(panels=panels)
    assert [item.findtext("bdi") for item in every(root, "li")][-2:] == ["Mistral 7B", "Claude"]
    keys = [text.text for text in every(root, "text") if "key" in (text.get("class") or "")]
    assert keys == ["1", "1", "2"]
    assert len([line for line in every(root, "line") if line.get("class") == "link"]) == 1


def on_a_map_of(num_models, *, short="Short", letters=None, lost=()):
    """What stands beside the models' marks, and the names in the list below the map."""
    panels = [PanelPoint(f"Model {k} in full", "US", 0.3, 0.3 + 0.3 * k) for k in range(num_models)]
    called = {(one.model, one.survey): f"{short} {k}" for k, one in enumerate(panels)}
    root = drawn(panels=[*panels, *lost], names=PanelNames(letters, called))
    keys = [text.text for text in every(root, "text") if "key" in (text.get("class") or "")]
    lists = root.findall("ol") + root.findall("ul")[1:]  # the first is the legend of the marks
    return keys, ["".join(entry.itertext()) for one in lists for entry in one]


@pytest.mark.parametrize("num_models", [1, 4])
def test_a_few_models_bear_their_short_names_and_need_no_list(num_models):
    assert on_a_map_of(num_models) == ([f"Short {k}" for k in range(num_models)], [])


def test_five_models_have_numbers_and_so_has_one_whose_name_finds_no_room():
    assert on_a_map_of(5)[0] == ["1", "2", "3", "4", "5"]
    keys, listed = on_a_map_of(1, short="A name as long as the map is wide. " * 4)
    assert keys == ["1"]
    assert listed == ["Model 0 in full"]


def test_a_run_of_a_comparison_keeps_its_letter_before_its_name_and_in_the_list():
    letters = {("Model 0 in full", "US"): "C", ("Model 1 in full", "US"): "A"}
    keys, listed = on_a_map_of(2, letters=letters)
    assert keys == ["C Short 0", "A Short 1"]
    assert listed == ["C Model 0 in full", "A Model 1 in full"]


def test_a_named_map_lists_the_models_that_have_no_point():
    lost = PanelPoint("Claude", "US", math.nan, math.nan, None, "it gave no answers")
    keys, listed = on_a_map_of(1, lost=[lost])
    assert keys == ["Short 0"]
    assert listed == ["Model 0 in full", "Claude (US: no point, it gave no answers)"]


def test_one_panel_is_a_model_and_several_are_models():
    more = [PANEL, PanelPoint("Claude", "US", 0.1, 0.0)]
    words = ["".join(drawn(panels=panels).find("ul").itertext()) for panels in ([PANEL], more)]
    assert ["Model, US" in one for one in words] == [True, False]
    assert "Models, US" in words[1]


def test_a_panel_without_a_point_is_not_drawn_but_listed_with_its_reason():
    lost = PanelPoint("Claude", "CN", math.nan, math.nan, None, "its answers carry 12 % of an axis")
    root = drawn(panels=[PANEL, lost])
    words = "".join(root.find("ol").itertext())
    assert "CN: no point, its answers carry 12 % of an axis" in words
    assert "nan" not in ElementTree.tostring(root, encoding="unicode").lower()


def test_a_survey_without_a_point_has_no_mark_and_a_file_says_who_has_no_point():
    lost = PanelPoint("Claude", "CN", math.nan, math.nan, None, "its answers carry 12 % of an axis")
    assert "Model, CN" not in "".join(drawn(panels=[PANEL, lost]).find("ul").itertext())
    said = str(map_drawing(PEOPLE, [PANEL, lost], AXES, title="Map", has_names=True))
    assert "Claude (has no point)" in said
    assert "Mistral 7B (has" not in said


def test_a_map_of_people_alone_is_a_map():
    root = drawn(panels=())
    assert root.find("ol") is None
    assert len(list(root.find("div").iter("path"))) == 2


def test_names_from_outside_are_escaped():
    root = drawn([CountryPoint("<b>&", 0, 0)], [PanelPoint('"><script>', "US & A", 1, 1)])
    assert not every(root, "script")
    assert '"><script>' in "".join(root.itertext())


def test_the_ends_of_the_axes_are_told_in_words():
    words = "".join(drawn().find("dl").itertext())
    assert words == "Further rightGod: yesFurther leftGod: no"
    assert drawn(axes=(MapAxis(0.5), MapAxis(0.1))).find("dl") is None


def test_every_class_of_the_drawing_is_known_to_a_style_sheet():
    panels = [
        PanelPoint("m", survey, 0.1 * k, 0.2, Ellipse((0.1, 0.1), 0)) for k, survey in enumerate("abcd")
    ]
    root = drawn(panels=panels, random_answers=(0, 0))
    style = page_style()
    used = {name for one in root.iter() for name in (one.get("class") or "").split()}
    unknown = {name for name in used if not re.search(rf"\.{name}\b", style)}
    assert not unknown
