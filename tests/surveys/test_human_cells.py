"""People by country, sex and age: the shipped ones, and references that lack what the map needs."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from counted_calls import num_calls
from library import REFERENCES, every_item, items_of, reference_of

from def_sim.resources import data_folder
from def_sim.surveys import human_cells as cells_module
from def_sim.surveys.human_cells import CELLS, human_cells, people_beside, read_human_cells
from def_sim.surveys.human_reference import HumanReference

SHIPPED = ("BGD", "CHN", "COL", "EGY", "JPN", "RUS", "USA")
IDS = [item.id for item in every_item()]
WVS = items_of("wvs7")
TWO = [reference_of(population, "wvs7") for population in ("USA", "CHN")]


def without(reference, drop):
    return HumanReference(
        reference.population,
        reference.sources,
        {key: value for key, value in reference.items.items() if not drop(*key)},
    )


@pytest.fixture(scope="module")
def shipped():
    return read_human_cells(IDS, data_folder())


def test_all_shipped_countries_give_six_cells_each_on_the_rows_they_share(shipped):
    assert shipped.populations == SHIPPED
    assert shipped.cells == tuple((population, group) for population in SHIPPED for group in CELLS)
    num_rows = len(shipped.rows)
    assert num_rows > 100
    assert shipped.cell_values.shape == (42, num_rows)
    assert shipped.totals.shape == (7, num_rows)
    assert shipped.left_out == {}
    for values in (shipped.cell_values, shipped.totals, shipped.uniform):
        assert ((values >= 0) & (values <= 1)).all()


def test_rows_that_a_country_was_not_asked_or_was_shown_shorter_are_not_shared(shipped):
    ids = {row.id for row in shipped.rows}
    assert "wvs7.Q164" in ids
    assert not ids & {"wvs7.Q33", "wvs7.Q34", "wvs7.Q35"}  # three points in the United States
    assert "wvs7.Q18_26:8" not in ids  # not shown in Egypt
    assert not any(row.item_id.startswith(("gss2022", "pew_atp")) for row in shipped.rows)
    assert shipped.num_rows_not_shared > 0


def test_a_value_is_the_one_that_the_file_gives(shipped):
    with (REFERENCES / "JPN" / "wvs7.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if (r["item_id"], r["group"]) == ("wvs7.Q164", "female|<=29")]
    expected = sum((int(r["code"]) - 1) / 9 * float(r["share"]) for r in rows)  # 1 to 10, upwards
    column = [row.id for row in shipped.rows].index("wvs7.Q164")
    line = shipped.cells.index(("JPN", "female|<=29"))
    assert shipped.cell_values[line, column] == pytest.approx(expected)


def test_the_cells_lie_around_their_country(shipped):
    # Weighted means of the parts give the whole, so it lies between the extremes of its cells.
    for index, population in enumerate(shipped.populations):
        own = shipped.cell_values[[cell[0] == population for cell in shipped.cells]]
        assert (shipped.totals[index] >= own.min(axis=0) - 1e-4).all()
        assert (shipped.totals[index] <= own.max(axis=0) + 1e-4).all()


def test_who_answers_at_random_is_in_the_middle_and_mentions_as_many_options_as_people(shipped):
    is_item = np.array([row.code is None for row in shipped.rows])
    assert (shipped.uniform[is_item] == 0.5).all()
    children = [k for k, row in enumerate(shipped.rows) if row.item_id == "wvs7.Q7_17"]
    assert shipped.uniform[children].sum() == pytest.approx(shipped.totals[:, children].sum(axis=1).mean())
    turned = [k for k, row in enumerate(shipped.rows) if row.code is not None and row.direction < 0]
    plain = [k for k, row in enumerate(shipped.rows) if row.item_id == "wvs7.Q18_26" and row.direction > 0]
    np.testing.assert_allclose(shipped.uniform[turned], 1 - shipped.uniform[plain[0]])


def test_the_order_of_countries_and_further_items_change_no_value():
    some = [WVS["wvs7.Q164"], WVS["wvs7.Q6"]]
    one, other = human_cells(some, TWO), human_cells([*some, WVS["wvs7.Q7_17"]], TWO[::-1])
    assert one.cells == other.cells
    np.testing.assert_array_equal(one.cell_values, other.cell_values[:, :2])


def test_a_country_without_groups_is_left_out_with_the_reason_and_costs_the_others_nothing():
    bare = without(reference_of("JPN", "wvs7"), lambda _, group: group != "all")
    found = human_cells(WVS.values(), [*TWO, bare])
    assert found.populations == ("CHN", "USA")
    assert found.left_out == {"JPN": "its figures have no groups by sex and age"}
    assert len(found.rows) == len(human_cells(WVS.values(), TWO).rows)


def test_people_of_another_country_are_on_the_rows_that_they_were_asked():
    people = human_cells([WVS["wvs7.Q164"], WVS["wvs7.Q6"]], TWO)
    japan = without(reference_of("JPN", "wvs7"), lambda item_id, _: item_id == "wvs7.Q6")
    found = people_beside(people, japan)
    assert found.population == "JPN"
    row = next(row for row in people.rows if row.id == "wvs7.Q164")
    expected = {"wvs7.Q164": row.value_of_people(japan.items["wvs7.Q164", "male|<=29"]), "wvs7.Q6": np.nan}
    np.testing.assert_array_equal(found.cells["male|<=29"], [expected[row.id] for row in people.rows])
    assert people_beside(people, TWO[0]) is None


def test_an_item_that_one_cell_lacks_is_not_shared():
    lacking = without(TWO[0], lambda item_id, group: (item_id, group) == ("wvs7.Q6", "male|30-49"))
    ids = {row.id for row in human_cells(WVS.values(), [lacking, TWO[1]]).rows}
    assert "wvs7.Q6" not in ids
    assert "wvs7.Q164" in ids


def test_countries_that_share_nothing_have_no_rows():
    apart = without(TWO[0], lambda item_id, _: item_id != "wvs7.Q6")
    found = human_cells(WVS.values(), [apart, without(TWO[1], lambda item_id, _: item_id == "wvs7.Q6")])
    assert found.rows == ()
    assert found.cell_values.shape == (12, 0)
    nobody = human_cells(WVS.values(), [])
    assert (nobody.rows, nobody.populations, nobody.cell_values.shape) == ((), (), (0, 0))


def test_items_of_no_shared_source_have_no_rows():
    assert read_human_cells(["gss2022.ABANY"], data_folder()).rows == ()
    assert read_human_cells([], data_folder()).rows == ()


def test_small_cells_are_told_by_their_size(shipped):
    assert shipped.cell_sizes.min() >= 17  # the smallest cell of any item
    smaller = {
        key: replace(value, n=5) if key[1] == "male|<=29" else value for key, value in TWO[0].items.items()
    }
    found = human_cells(WVS.values(), [HumanReference("USA", (), smaller)])
    assert found.cell_sizes.tolist()[0] == 5


def test_gathering_reads_each_countrys_figures_once(monkeypatch):
    read, reader = [], cells_module.read_reference

    def noting(path, items, population, **options):
        read.append((population, path.stem))
        return reader(path, items, population, **options)

    monkeypatch.setattr(cells_module, "read_reference", noting)
    read_human_cells(IDS, data_folder())
    assert sorted(read) == [(population, "wvs7") for population in SHIPPED]


def test_the_work_of_gathering_is_in_proportion_to_the_items():
    def gathered(num_items):
        return num_calls(lambda: human_cells(list(WVS.values())[:num_items], TWO))

    assert gathered(160) < 4.4 * gathered(40)
