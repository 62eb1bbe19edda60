"""The people's side: every shipped share recomputed, and what is wrong with a bad file."""

import csv
import math
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from toy_survey import HEADER, REFERENCE, SOURCE, broken, line_of, write_toy

from def_sim.errors import SurveyFormatError
from def_sim.records import ItemReference, QuestionType
from def_sim.resources import data_folder
from def_sim.surveys.human_reference import HumanReference, merge_references, read_reference
from def_sim.surveys.item_bank import Item, read_items

FIGURES = Path(__file__).parents[2].parent / "shared" / "figures"
POPULATIONS = ("USA", "CHN")
GROUPS = {
    "all",
    *("male", "female"),
    *("<=29", "30-49", ">=50"),
    *(f"{sex}|{age}" for sex in ("male", "female") for age in ("<=29", "30-49", ">=50")),
}

Counted = dict[str, tuple[int, float]]  # code -> people, their summed weight


@cache
def items() -> dict[str, Item]:
    return {item.id: item for item in read_items(data_folder() / "items" / "wvs7.yaml").items}


@cache
def shipped(population: str) -> HumanReference:
    return read_reference(data_folder() / "references" / population / "wvs7.csv", items(), population)


# --- what is shipped ---


@pytest.mark.parametrize("population", POPULATIONS)
def test_every_shipped_item_has_shares_by_sex_by_age_and_by_both(population: str) -> None:
    groups = defaultdict(set)
    for item_id, group in shipped(population).items:
        groups[item_id].add(group)
    assert groups.keys() == items().keys()
    assert all(found == GROUPS for found in groups.values())
    assert shipped(population).for_everyone().keys() == items().keys()


@pytest.mark.parametrize("population", POPULATIONS)
def test_sexes_and_age_groups_never_hold_more_people_than_everyone(population: str) -> None:
    reference = shipped(population).items
    for item_id in items():
        of = {group: reference[item_id, group].n for group in GROUPS}
        assert of["male"] + of["female"] <= of["all"]
        assert of["<=29"] + of["30-49"] + of[">=50"] <= of["all"]
        assert all(of[f"male|{age}"] + of[f"female|{age}"] <= of[age] for age in ("<=29", "30-49", ">=50"))


@pytest.mark.parametrize("population", POPULATIONS)
def test_weighting_can_only_lose_effective_people(population: str) -> None:
    for reference in shipped(population).items.values():
        assert reference.n_effective is not None
        assert 0 < reference.n_effective <= reference.n + 0.01  # stored with two decimals


@pytest.mark.parametrize("population", POPULATIONS)
def test_a_shipped_reference_says_where_it_comes_from_and_on_which_terms(population: str) -> None:
    [source] = shipped(population).sources
    assert (source.population, source.source, source.weight) == (population, "wvs7", "W_WEIGHT")
    assert "doi:10.14281/18241" in source.citation
    assert "non-profit" in source.terms


@cache
def tables() -> tuple[dict[tuple[str, str, str], Counted], dict[tuple[str, str, str], float]]:
    """Valid answers by code, from people's counts and summed weights, and Kish's n from weights.

    Independent of scripts/build_references.py, which takes the finished shares and n instead.
    """
    counted: dict[tuple[str, str, str], Counted] = defaultdict(dict)
    with (FIGURES / "wvs7_aggregates.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if int(row["option"]) >= 0:
                cell = counted[row["country"], row["group"], row["variable"]]
                cell[row["option"]] = (int(row["n"]), float(row["weighted_n"]))
    kish = {}
    with (FIGURES / "wvs7_effective_n.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sum_w, sum_w2 = float(row["sum_w"]), float(row["sum_w2"])
            kish[row["country"], row["group"], row["variable"]] = sum_w**2 / sum_w2
    return dict(counted), kish


def recomputed(item: Item, population: str, group: str) -> tuple[list[float], int, float, float]:
    """Shares, n, effective n and volunteered share of one item, from counts and weights."""
    counted, kish = tables()
    shown = item.shown.get(population) or [option.code for option in item.options]
    if item.type is QuestionType.MULTIPLE:
        variables = {option.code: str(option.variable) for option in item.options}
        cells = [counted[population, group, variables[code]] for code in shown]
        shares = [cell["1"][1] / sum(weight for _, weight in cell.values()) for cell in cells]
        n = min(sum(people for people, _ in cell.values()) for cell in cells)
        return shares, n, min(kish[population, group, variables[code]] for code in shown), 0.0
    cell = counted[population, group, item.variable]
    total = sum(weight for _, weight in cell.values())
    left_out = [cell.get(str(code), (0, 0.0)) for code in item.volunteered]
    kept = [cell.get(str(code), (0, 0.0)) for code in shown]
    shares = [weight / sum(w for _, w in kept) for _, weight in kept]
    volunteered = sum(weight for _, weight in left_out) / total
    n = sum(people for people, _ in kept)
    return shares, n, kish[population, group, item.variable] * (1 - volunteered), volunteered


@pytest.mark.skipif(not FIGURES.is_dir(), reason="the aggregate tables are not beside the checkout")
@pytest.mark.parametrize("population", POPULATIONS)
def test_every_shipped_share_is_what_the_tables_of_counts_give(population: str) -> None:
    # Shares are stored with six decimals, summed weights in the tables with four.
    wrong = []
    for (item_id, group), reference in shipped(population).items.items():
        shares, n, n_effective, volunteered = recomputed(items()[item_id], population, group)
        assert reference.n_effective is not None
        is_right = (
            all(math.isclose(a, b, abs_tol=2e-6) for a, b in zip(reference.shares, shares, strict=True))
            and reference.n == n
            and math.isclose(reference.n_effective, n_effective, abs_tol=0.02)
            and math.isclose(reference.volunteered_share, volunteered, abs_tol=2e-6)
        )
        if not is_right:
            wrong.append((item_id, group, reference, shares, n, n_effective, volunteered))
    assert not wrong


@pytest.mark.skipif(not FIGURES.is_dir(), reason="the aggregate tables are not beside the checkout")
@pytest.mark.parametrize("population", POPULATIONS)
def test_nobody_answered_an_option_that_is_said_not_to_have_been_shown(population: str) -> None:
    for item in items().values():
        if item.type is not QuestionType.MULTIPLE:
            answered = {code for code, (n, _) in tables()[0][population, "all", item.variable].items() if n}
            shown = {str(option.code) for option in item.shown_options(population)}
            assert answered - shown <= {str(code) for code in item.volunteered}, item.id


# --- reading ---


def read(folder: Path, reference: str = REFERENCE, source: str = SOURCE) -> HumanReference:
    write_toy(folder, reference=reference, source=source)
    of_source = {item.id: item for item in read_items(folder / "items" / "toy.yaml").items}
    return read_reference(folder / "references" / "USA" / "toy.csv", of_source, "USA")


def test_rows_of_an_item_and_group_become_one_reference(tmp_path: Path) -> None:
    reference = read(tmp_path)
    assert reference.items["toy.first", "all"] == ItemReference(
        "toy.first", "all", codes=(1, 2), shares=(0.25, 0.75), n=100, n_effective=80.5
    )
    assert reference.items["toy.degree", "all"].volunteered_share == 0.05
    assert set(reference.items) == {
        ("toy.first", "all"),
        ("toy.second", "all"),
        ("toy.degree", "all"),
        ("toy.degree", "male"),
    }


def test_where_weights_are_unknown_the_number_of_people_stands_in(tmp_path: Path) -> None:
    second = read(tmp_path).items["toy.second", "all"]
    assert second.n_effective is None
    assert second.n_for_uncertainty == 90.0


def test_references_of_several_sources_join(tmp_path: Path) -> None:
    one = read(tmp_path)
    joined = merge_references("USA", [one, one])
    assert joined.items == one.items
    assert joined.sources == one.sources * 2


ROW = "toy.first,overall,all,2,0.750000,100,80.50,0.000000,weighted"
BROKEN = {
    # name: (what is replaced, by what, where the error must point, what it must say)
    "a wrong header": (HEADER, HEADER.replace("share", "percent", 1), "item_id", "expected the columns"),
    "no header": (HEADER + "\n", "", "toy.first", "expected the columns"),
    "shares that do not sum to one": ("0.250000", "0.260000", "toy.first", "shares sum to 1.010000"),
    "a share above one": ("0.750000", "1.750000", "toy.first,overall,all,2", "share must lie in [0, 1]"),
    "a negative share": ("0.250000", "-0.25", "toy.first", "share must lie in [0, 1]"),
    "a share that is no number": ("0.750000", "75%", "toy.first,overall,all,2", "found '75%'"),
    "a share that is not a number": ("0.250000", "nan", "toy.first", "share must lie in [0, 1]"),
    "an unknown code": ("toy.first,overall,all,2", "toy.first,overall,all,9", "toy.first", "codes [1, 9]"),
    "a code nobody was shown": (
        ROW,
        f"{ROW}\ntoy.first,overall,all,3,0,100,80.5,0,weighted",
        "toy.first",
        "[1, 2]",
    ),
    "a code twice": (ROW, f"{ROW}\n{ROW}", "toy.first", "codes [1, 2, 2], but USA was shown [1, 2]"),
    "a missing code": (f"{ROW}\n", "", "toy.first", "codes [1], but USA was shown [1, 2]"),
    "codes out of order": ("toy.degree,sex,male,1", "toy.degree,sex,male,2", "toy.degree,sex", "codes [2, 2"),
    "a code with a fraction": ("all,2,0.75", "all,2.0,0.75", "toy.first,overall,all,2.0", "whole number"),
    "an unknown item": (
        "toy.first,overall,all,1",
        "toy.zero,overall,all,1",
        "toy.zero",
        "no item 'toy.zero'",
    ),
    "n that is no number": (",100,80.50", ",many,80.50", "toy.first", "n must be a whole number"),
    "n below one": (",100,80.50", ",0,80.50", "toy.first", "n must be at least 1"),
    "a negative effective n": (",100,80.50", ",100,-1", "toy.first", "n_effective must lie in"),
    "an unknown quality": ("0.000000,weighted", "0.000000,good", "toy.first", "quality must be"),
    "two values of n for one item": (
        "2,0.750000,100",
        "2,0.750000,99",
        "toy.first,overall,all,2",
        "n differs",
    ),
    "too few fields": (ROW, "toy.first,overall,all,2,0.75", "toy.first,overall,all,2", "expected 9 fields"),
    "too many fields": (ROW, f"{ROW},1", "toy.first,overall,all,2", "expected 9 fields"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_malformed_reference_is_an_error_that_names_its_line(name: str, tmp_path: Path) -> None:
    old, new, where, what = BROKEN[name]
    text = broken(REFERENCE, old, new)
    with pytest.raises(SurveyFormatError) as caught:
        read(tmp_path, reference=text)
    assert f"toy.csv, line {line_of(text, where)}" in caught.value.message
    assert what in caught.value.message
    assert "\n" not in caught.value.message
    assert str(tmp_path / "references" / "USA" / "toy.csv") in caught.value.fix


def test_a_reference_without_its_provenance_is_an_error(tmp_path: Path) -> None:
    write_toy(tmp_path)
    path = tmp_path / "references" / "USA" / "toy.csv"
    path.with_suffix(".yaml").unlink()
    with pytest.raises(SurveyFormatError, match=r"toy\.yaml does not exist"):
        read_reference(path, {i.id: i for i in read_items(tmp_path / "items" / "toy.yaml").items}, "USA")


def test_provenance_without_terms_or_of_another_population_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=r"toy\.yaml, line 1, terms: Field required"):
        read(tmp_path, source=broken(SOURCE, "terms: invented\n", ""))
    with pytest.raises(SurveyFormatError, match="population CHN, but it stands in the folder of USA"):
        read(tmp_path, source=broken(SOURCE, "population: USA", "population: CHN"))


def test_a_missing_reference_says_that_the_population_was_not_asked(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="does not exist: the population was not asked this source"):
        read_reference(tmp_path / "toy.csv", {}, "USA")


def test_a_reference_in_another_encoding_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "toy.csv"
    path.write_bytes(f"{HEADER}\nß".encode("latin-1"))
    with pytest.raises(SurveyFormatError, match=r"toy\.csv is not UTF-8 text"):
        read_reference(path, {}, "USA")
