"""The scripts that made the shipped data make it again, and the planted population is what it says."""

import csv
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripts_loaded import script

from def_sim.records import ItemReference, QuestionType
from def_sim.resources import data_folder
from def_sim.surveys.human_reference import read_reference
from def_sim.surveys.item_bank import Item, read_items

pytestmark = pytest.mark.slow

FIGURES = Path(__file__).parents[1].parent / "shared" / "figures"
POPULATIONS = ("CHN", "USA")


@cache
def items() -> dict[str, Item]:
    return {item.id: item for item in read_items(data_folder() / "items" / "wvs7.yaml").items}


@cache
def people() -> list[dict[str, ItemReference]]:
    folder = data_folder() / "references"
    return [read_reference(folder / p / "wvs7.csv", items(), p).for_everyone() for p in POPULATIONS]


@cache
def planted() -> dict[str, dict[int, float]]:
    shares: dict[str, dict[int, float]] = script("planted_population").plant(list(items().values()), people())
    return shares


# --- references ---


@cache
def made_cells(source: str) -> Any:
    return script("build_references").READERS[source](FIGURES)


@pytest.mark.skipif(not FIGURES.is_dir(), reason="the aggregate tables are not beside the checkout")
@pytest.mark.parametrize(
    "shipped",
    sorted((data_folder() / "references").glob("*/*.csv")),
    ids=lambda p: f"{p.parent.name}-{p.stem}",
)
def test_the_shipped_reference_is_what_its_script_makes(shipped: Path) -> None:
    module, population, source = script("build_references"), shipped.parent.name, shipped.stem
    cells = made_cells(source)
    of_source = read_items(data_folder() / "items" / f"{source}.yaml").items
    figures = (one for item in of_source for one in module.figures_of(item, population, cells))
    assert module.reference_text(figures) == shipped.read_text(encoding="utf-8")


# --- the map of dimensions ---


def test_the_shipped_map_of_dimensions_is_what_its_script_writes(tmp_path: Path) -> None:
    module = script("build_dimension_map")
    module.write_map(tmp_path / "map.csv", module.library(data_folder()))
    assert (tmp_path / "map.csv").read_bytes() == (data_folder() / "dimension_map.csv").read_bytes()


def test_the_map_has_a_row_for_every_item_and_for_every_option_of_a_battery() -> None:
    paths = [path for path in (data_folder() / "items").glob("*.yaml") if path.name != "excluded.yaml"]
    every_item = [item for path in paths for item in read_items(path).items]
    batteries = [item for item in every_item if item.type is QuestionType.MULTIPLE]
    addresses = [(row["source"], row["variable_id"]) for row in dimension_map()]
    assert len(addresses) == len(every_item) + sum(len(item.options) for item in batteries)
    assert len(set(addresses)) == len(addresses)
    assert all(row["rationale"] or row["type"] == "option" for row in dimension_map())


@pytest.mark.skipif(not FIGURES.is_dir(), reason="the map that the items were chosen from is not at hand")
def test_the_map_agrees_with_the_one_that_the_items_were_chosen_from() -> None:
    with (FIGURES / "wvs7_dimension_map.csv").open(encoding="utf-8", newline="") as file:
        theirs = {row["variable_id"]: (row["dimension"], row["direction"]) for row in csv.DictReader(file)}
    ours = {
        row["variable_id"]: (row["dimension"], row["direction"])
        for row in dimension_map()
        if row["source"] == "wvs7"
    }
    assert ours == {variable: theirs[variable] for variable in ours}


def dimension_map() -> list[dict[str, str]]:
    with (data_folder() / "dimension_map.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- the planted population ---


def test_planting_is_repeatable_and_covers_every_option() -> None:
    module = script("planted_population")
    some = list(items().values())[:8]
    again = module.plant(some, people())
    assert again == {item.id: planted()[item.id] for item in some}  # an item alone, as among all
    for item in items().values():
        assert list(planted()[item.id]) == [option.code for option in item.options]
        assert all(0 < share < 1 for share in planted()[item.id].values())


def expected(item: Item, population: str) -> dict[int, float]:
    shown = [option.code for option in item.shown_options(population)]
    shares: dict[int, float] = script("planted_population").expected_shares(item, planted()[item.id], shown)
    return shares


@pytest.mark.parametrize("population", POPULATIONS)
def test_expected_shares_are_of_the_shown_options_and_sum_to_one_where_one_is_chosen(population: str) -> None:
    for item in items().values():
        shares = expected(item, population)
        assert list(shares) == [option.code for option in item.shown_options(population)]
        if item.type is not QuestionType.MULTIPLE:
            assert sum(shares.values()) == pytest.approx(1)


def test_planted_opinions_are_far_from_the_peoples() -> None:
    # A report that shows the planted shares cannot have taken them from the human reference.
    for population, reference in zip(POPULATIONS, people(), strict=True):
        distances = []
        for item_id, of_people in reference.items():
            shares = np.array(list(expected(items()[item_id], population).values()))
            human = np.array(of_people.shares)
            distances.append(np.abs(shares / shares.sum() - human / human.sum()).sum() / 2)
        assert np.mean(distances) > 0.35


def simulate_mentions(item: Item, shown: list[int], number: int) -> dict[int, float]:
    """Mention rates of planted people who go on naming options until they stop."""
    module, rng = script("planted_population"), np.random.default_rng(4)
    counts = dict.fromkeys(shown, 0)
    for _ in range(number):
        order = [shown[i] for i in rng.permutation(len(shown))]
        named: list[int] = []
        while True:
            options, stop = module.next_mention(planted()[item.id], order, named, item.max_choices)
            assert sum(options.values()) + stop == pytest.approx(1)
            pick = int(rng.choice(len(options) + 1, p=[*options.values(), stop]))
            if pick == len(options):
                break
            named.append(list(options)[pick])
        assert 1 <= len(set(named)) == len(named) <= item.max_choices
        for code in named:
            counts[code] += 1
    return {code: count / number for code, count in counts.items()}


@pytest.mark.parametrize("item_id", ["wvs7.Q7_17", "wvs7.Q18_26"])
def test_mention_rates_worked_out_are_those_of_people_naming_one_option_after_another(item_id: str) -> None:
    # 4,000 people: a rate's standard deviation is at most .008.
    item = items()[item_id]
    rates = simulate_mentions(item, [option.code for option in item.options], 4000)
    for code, share in expected(item, "CHN").items():
        assert rates[code] == pytest.approx(share, abs=0.035)


def test_the_shipped_truth_is_what_the_script_plants(tmp_path: Path) -> None:
    module = script("planted_population")
    every_item, planted_shares = module.plant_library(data_folder())[1:]
    path = tmp_path / "planted.csv"
    module.write_planted(path, every_item, planted_shares)
    assert path.read_bytes() == (data_folder() / "respondents" / "demo" / "planted.csv").read_bytes()


@pytest.mark.parametrize(
    ("person", "lean"), [(("male", ">=50"), 1.15), (("female", "30-49"), -0.7), (("", ""), 0.0)]
)
def test_a_planted_group_leans_by_its_log_odds_from_the_first_option_to_the_last(
    person: tuple[str, str], lean: float
) -> None:
    module, item = script("planted_population"), items()["wvs7.Q1"]
    assert module.lean_of(*person) == pytest.approx(lean)
    shares = module.lean_planted([item], planted(), lean)[item.id]
    everyone = planted()[item.id]
    codes = [option.code for option in item.options]
    assert sum(shares.values()) == pytest.approx(1.0)
    log_odds = np.log(shares[codes[-1]] / shares[codes[0]]) - np.log(everyone[codes[-1]] / everyone[codes[0]])
    assert log_odds == pytest.approx(2 * lean)  # from -1 to +1


def test_a_planted_group_mentions_each_option_of_a_battery_with_odds_of_its_own() -> None:
    module, item = script("planted_population"), items()["wvs7.Q7_17"]
    shares, everyone = module.lean_planted([item], planted(), 0.7)[item.id], planted()[item.id]
    last = item.options[-1].code
    odds = [one[last] / (1 - one[last]) for one in (shares, everyone)]
    assert np.log(odds[0] / odds[1]) == pytest.approx(0.7)


def test_the_table_of_planted_groups_has_a_column_for_each_and_lies_on_both_sides_of_everyone(
    tmp_path: Path,
) -> None:
    module, some = script("planted_population"), [items()["wvs7.Q1"], items()["wvs7.Q164"]]
    path = tmp_path / "planted_groups.csv"
    module.write_planted_groups(path, some, planted())
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[2:] == ["|".join(person) for person in module.PERSONS]
    last = [row for row in rows if row["item_id"] == "wvs7.Q164"][-1]
    everyone = planted()["wvs7.Q164"][int(last["code"])]
    assert float(last["female|<=29"]) < everyone < float(last["male|>=50"])
