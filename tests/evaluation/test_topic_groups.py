"""Topic groups among people: which items count, what is marked, and how alike countries are."""

import csv
import math

import numpy as np
import pytest
from scripts_loaded import script

from def_sim.errors import SurveyFormatError
from def_sim.evaluation.topic_groups import (
    FEW_ITEMS,
    MIN_ITEM_REST,
    TopicGroups,
    known_items,
    least_alike,
    topic_group,
)
from def_sim.reports.sections.reliability import reliability_section
from def_sim.resources import data_folder
from def_sim.surveys.group_likeness import COLUMNS, GROUPS_FILE, GroupLikeness, read_group_likeness
from def_sim.surveys.human_structure import HumanStructure, StructureSource, shipped_structure

SOURCE = StructureSource(
    population="USA", source="toy", title="A town", year=2026, weight="none", effective_share=1,
    left_out=[], release="invented", citation="none", terms="none",
)  # fmt: skip


def people(loadings, population="USA", unknown=()):
    """People with one trait behind all items; pairs of items named in `unknown` were never asked together."""
    r = np.outer(loadings, loadings)
    np.fill_diagonal(r, np.nan)
    for first, second in unknown:
        r[first, second] = r[second, first] = np.nan
    names = tuple(f"toy.Q{place}" for place in range(len(loadings)))
    return HumanStructure(population, SOURCE, names, r, np.full(r.shape, 1000.0))


def of_direction(*signs):
    return {f"toy.Q{place}": sign for place, sign in enumerate(signs)}


def test_a_group_of_one_trait_has_its_loadings_its_omega_and_no_marked_item():
    # Omega: the sum of loadings is 2.4, of unique variances 4 - 1.52 = 2.48.
    group = topic_group("EVI", of_direction(1, -1, 1, 1), people([0.8, -0.6, 0.6, 0.4]))
    assert [item.loading for item in group.items] == pytest.approx([0.8, 0.6, 0.6, 0.4], abs=1e-6)
    assert group.omega == pytest.approx(2.4**2 / (2.4**2 + 2.48), abs=1e-6)
    assert (group.misfits, group.num_left_out, group.reason) == ((), 0, "")


def test_an_item_that_runs_against_its_group_is_marked():
    group = topic_group("EVI", of_direction(1, 1, 1, 1, -1), people([0.8, 0.7, 0.6, 0.6, 0.3]))
    [marked] = group.misfits
    assert marked.item_id == "toy.Q4"
    # With the sum of the four others: -(.3)(2.7) over the root of 4 + 2 (sum of their products).
    rest = np.array([0.8, 0.7, 0.6, 0.6])
    variance = 4 + rest.sum() ** 2 - (rest**2).sum()
    assert marked.item_rest == pytest.approx(-0.3 * 2.7 / math.sqrt(variance))
    assert marked.item_rest < MIN_ITEM_REST


def test_items_without_a_direction_or_a_known_correlation_are_left_out_and_counted():
    known = people([0.8, 0.7, 0.6, 0.5, 0.4], unknown=[(0, 1)])
    asked = of_direction(1, 1, 1, 1, 0) | {"other.Q1": 1}
    assert known_items(asked, known)[0] == ["toy.Q0", "toy.Q2", "toy.Q3"]
    group = topic_group("EVI", asked, known)
    assert (group.num_items, group.num_left_out) == (3, 3)


@pytest.mark.parametrize("signs", [(), (1,), (1, 1), (0, 0, 0)])
def test_a_group_of_under_three_items_has_a_reason_instead_of_numbers(signs):
    group = topic_group("EVI", of_direction(*signs), people([0.8, 0.7, 0.6]))
    assert group.reason == FEW_ITEMS
    assert np.isnan([group.alpha, group.omega, group.eigenvalue_ratio]).all()
    assert group.misfits == ()
    found = TopicGroups((group,), {})
    assert {finding.reason for finding in found.findings} == {FEW_ITEMS}
    assert "–" in reliability_section(found).body


def test_the_least_alike_country_is_the_one_whose_loadings_point_elsewhere():
    here, alike = people([0.8, 0.7, 0.6, 0.1]), people([0.4, 0.35, 0.3, 0.05], "JPN")
    other = people([0.1, 0.2, 0.7, 0.8], "EGY")
    asked = of_direction(1, 1, 1, 1)
    assert least_alike(asked, here, [alike])[0] == pytest.approx(1, abs=1e-6)
    # (.08 + .14 + .42 + .08) / sqrt(1.50 * 1.18)
    value, country = least_alike(asked, here, [alike, other])
    assert (value, country) == (pytest.approx(0.72 / math.sqrt(1.50 * 1.18), abs=1e-6), "EGY")


def test_countries_that_share_fewer_than_three_items_are_not_compared():
    asked = of_direction(1, 1, 1, 1)
    value, country = least_alike(asked, people([0.8, 0.7, 0.6, 0.5]), [people([0.5, 0.5], "JPN")])
    assert math.isnan(value)
    assert country == ""


def test_the_section_names_each_group_and_each_marked_item():
    likeness = GroupLikeness(9, 3, -0.62, "EGY")
    people_here = people([0.8, 0.7, 0.6, -0.3])
    names = {"EGY": "Egypt"}
    group = topic_group("IDV", of_direction(1, 1, 1, 1), people_here, likeness)
    body = reliability_section(TopicGroups((group,), {"toy.Q3": "luck & <work>"}, country_names=names)).body
    assert "Individualism" in body
    assert "Egypt −0.62" in body
    rest = group.misfits[0].item_rest
    assert rest < 0
    assert f"luck &amp; &lt;work&gt; (−{-rest:.2f})" in body


# --- the shipped figures ---


def test_the_shipped_figures_of_a_country_are_what_its_correlations_give():
    # A country and group of each kind; the script makes all of them in half a minute.
    module = script("describe_topic_groups")
    with (data_folder() / GROUPS_FILE).open(encoding="utf-8", newline="") as file:
        stored = {(row["population"], row["dimension"]): row for row in csv.DictReader(file)}
    assert len(stored) == 7 * 9
    for population, dimension in (("RUS", "TDI"), ("CHN", "IVR")):
        made = module.group_row(population, module.described(shipped_structure(population), dimension))
        for name, value in zip(COLUMNS, made, strict=True):
            expected = stored[population, dimension][name]
            try:
                assert float(value) == pytest.approx(float(expected), abs=0.0011), name
            except ValueError:
                assert value == expected, name


def test_every_group_of_a_shipped_country_has_its_likeness():
    found = read_group_likeness(data_folder(), "USA")
    assert set(found) == {"EVI", "IDV", "IVR", "LTO", "MAS", "PDI", "TDI", "UAI", "USI"}
    assert read_group_likeness(data_folder(), "FRA") == {}


@pytest.mark.parametrize(
    ("header", "row", "line"),
    [("population,dimension", "", 1), (",".join(COLUMNS), "USA,EVI,many" + ",1" * 10, 2)],
)
def test_a_damaged_table_is_named_with_its_line(header, row, line, tmp_path):
    (tmp_path / "structure").mkdir()
    (tmp_path / GROUPS_FILE).write_text(f"{header}\n{row}\n", encoding="utf-8")
    with pytest.raises(SurveyFormatError, match=f"line {line}"):
        read_group_likeness(tmp_path, "USA")
