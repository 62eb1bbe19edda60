"""NORC's file becomes weighted figures; shares and numbers of people are computed again by plain pandas."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from gss_people import ITEMS, NUM_OVERSAMPLE, NUM_PEOPLE, gss_people
from people_files import People, write_people

from def_sim.errors import ConfigError, DefSimError
from def_sim.records import ReferenceQuality
from def_sim.surveys.importers.contract import GroupFigures, Imported
from def_sim.surveys.importers.documents import files_of
from def_sim.surveys.importers.gss2022 import Gss2022

SOME = ("year", "wtssnrps", "sex", "age", "vstrat", "vpsu", "happy", "trust", "abany", "eqwlth")
PEOPLE = gss_people()


def some(people: People = PEOPLE, **changed: list[float | str | None]) -> People:
    """An extract with a few items."""
    columns = {name: values for name, values in people.columns.items() if name.lower() in SOME} | changed
    return People(columns, {name: of for name, of in people.value_labels.items() if name in columns})


def reference(found: Imported) -> bytes:
    return files_of(found)["references/USA/gss2022.csv"]


def figures(found: Imported) -> dict[tuple[str, str], GroupFigures]:
    [one] = found.populations
    return {(row.item_id, row.group): row for row in one.figures}


def refusal(path: Path, **given: object) -> DefSimError:
    with pytest.raises(DefSimError) as raised:
        Gss2022(str(path), **given).read()  # type: ignore[arg-type]  # one of its parameters
    assert raised.value.fix
    return raised.value


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    return Gss2022(str(write_people(tmp_path_factory.mktemp("gss") / "GSS2022.dta", PEOPLE))).read()


def test_all_items_come_out_weighted_for_everyone_and_by_sex_and_age(whole: Imported) -> None:
    found = figures(whole)
    assert {item_id for item_id, _ in found} == {item.id for item in ITEMS}
    assert len(ITEMS) == 85
    assert all(one.quality is ReferenceQuality.WEIGHTED for one in found.values())
    assert {group for _, group in found} >= {"all", "male", "female", "<=29", "30-49", ">=50", "male|>=50"}


@pytest.mark.parametrize(("variable", "sex"), [("happy", None), ("eqwlth", None), ("abany", 1)])
def test_shares_and_numbers_are_those_of_plain_pandas(
    whole: Imported, variable: str, sex: int | None
) -> None:
    table = pd.DataFrame({name: list(PEOPLE.columns[name]) for name in (variable, "wtssnrps", "sex")})
    table = table.dropna(subset="wtssnrps")
    table = table if sex is None else table[table["sex"] == sex]
    is_answer = ~table[variable].isin([".i", ".d", ".n", ".s"])
    is_asked = table[variable] != ".i"
    weights = table.loc[is_answer, "wtssnrps"]
    shares = weights.groupby(table.loc[is_answer, variable].astype(float)).sum() / weights.sum()
    one = figures(whole)[f"gss2022.{variable}", "all" if sex is None else "male"]
    assert one.shares == pytest.approx(shares.tolist())
    assert (one.n, one.n_asked) == (len(weights), int(is_asked.sum()))
    assert one.n_effective == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    asked = table.loc[is_asked, "wtssnrps"].sum()
    dont_know = table.loc[table[variable] == ".d", "wtssnrps"].sum()
    refused = table.loc[table[variable].isin([".n", ".s"]), "wtssnrps"].sum()
    assert (one.dont_know_share, one.refused_share) == pytest.approx((dont_know / asked, refused / asked))


def test_strata_and_clusters_make_the_standard_error(whole: Imported) -> None:
    one = figures(whole)["gss2022.happy", "all"]
    # Linearisation in a few lines: sums of w (1[y = k] - p) / sum w over clusters, within strata.
    table = pd.DataFrame(
        {name: list(PEOPLE.columns[name]) for name in ("happy", "wtssnrps", "vstrat", "vpsu")}
    )
    table = table.dropna(subset="wtssnrps")
    is_answer = ~table["happy"].isin([".i", ".d", ".n", ".s"])
    weight = np.where(is_answer, table["wtssnrps"], 0.0)
    is_chosen = (table["happy"] == 1.0).to_numpy(float)
    share = (weight * is_chosen).sum() / weight.sum()
    table["z"] = weight * (is_chosen - share) / weight.sum()
    clusters = table.groupby(["vstrat", "vpsu"])["z"].sum()
    parts = clusters.groupby("vstrat").agg(["count", lambda sums: ((sums - sums.mean()) ** 2).sum()])
    assert (parts["count"] == 2).all()
    variance = (2 / 1 * parts.iloc[:, 1]).sum()
    assert one.standard_errors is not None
    assert one.standard_errors[0] == pytest.approx(np.sqrt(variance))
    assert one.num_clusters == 40
    assert (one.design_effect or 0) > 1  # the weights alone cost more than nothing


def test_people_of_the_oversample_are_left_out_and_counted(whole: Imported) -> None:
    said = "\n".join(whole.summary)
    [one] = whole.populations
    assert one.provenance.num_people == NUM_PEOPLE - NUM_OVERSAMPLE
    assert one.provenance.left_out == {"without wtssnrps, the oversample": NUM_OVERSAMPLE}
    assert (one.provenance.num_strata, one.provenance.num_clusters) == (20, 40)
    assert "85 items with figures, 360 people in 40 clusters, weight WTSSNRPS" in said
    assert "40 people left out: without wtssnrps, the oversample" in said


@pytest.mark.parametrize(
    ("kind", "names"), [("sav", "upper"), ("zsav", "lower"), ("csv", "upper"), ("xlsx", "lower")]
)
def test_the_same_people_give_the_same_bytes_from_every_kind_of_file(
    tmp_path: Path, kind: str, names: str
) -> None:
    stata = Gss2022(str(write_people(tmp_path / "gss.dta", some()))).read()
    other = Gss2022(str(write_people(tmp_path / f"gss.{kind}", some(gss_people(names=names))))).read()
    assert reference(other) == reference(stata)


@pytest.mark.parametrize(("kind", "labels"), [("csv", "dta"), ("xlsx", "sav"), ("csv", "csv")])
def test_labels_become_codes_by_another_file_of_the_survey(tmp_path: Path, kind: str, labels: str) -> None:
    stata = Gss2022(str(write_people(tmp_path / "gss.dta", some()))).read()
    with_labels = write_people(tmp_path / f"labelled.{kind}", some(), as_labels=True)
    if labels == "csv":
        rows = [
            f'{name},{value},"{label.upper()}!"'  # case and punctuation make no difference
            for name, of in some().value_labels.items()
            for value, label in of.items()
        ]
        (tmp_path / "given.csv").write_text("\n".join(["variable,code,label", *rows]), encoding="utf-8")
    else:
        write_people(tmp_path / f"given.{labels}", some())
    found = Gss2022(str(with_labels), labels=str(tmp_path / f"given.{labels}")).read()
    assert reference(found) == reference(stata)


def test_a_label_without_a_code_is_an_error_with_the_number_of_people(tmp_path: Path) -> None:
    path = write_people(tmp_path / "gss.csv", some(), as_labels=True)
    error = refusal(path)
    assert "gss2022.happy: variable happy holds 'answer " in error.message
    assert "expected the codes 1, 2, 3 or their labels" in error.message
    assert " people)" in error.message
    assert "labels=" in error.fix


def test_a_code_that_the_item_does_not_have_is_an_error(tmp_path: Path) -> None:
    happy = list(PEOPLE.columns["happy"])
    happy[100] = 9.0
    assert "holds 9 (1 people)" in refusal(write_people(tmp_path / "g.dta", some(happy=happy))).message


def test_missing_values_without_tags_are_told_by_the_words_for_them(tmp_path: Path) -> None:
    people = some()
    plain = People(
        people.columns, {name: {} for name in people.value_labels}
    )  # -98, -99, ... without a label
    stata = reference(Gss2022(str(write_people(tmp_path / "gss.dta", people))).read())
    assert reference(Gss2022(str(write_people(tmp_path / "plain.sav", plain))).read()) == stata


def test_only_people_of_the_year_count_in_the_cumulative_file(tmp_path: Path) -> None:
    people = some()
    years = [2022.0 if number % 2 else 2018.0 for number in range(NUM_PEOPLE)]
    found = Gss2022(str(write_people(tmp_path / "gss7224.dta", some(year=years)))).read()
    half = People({name: values[1::2] for name, values in people.columns.items()})
    assert reference(found) == reference(Gss2022(str(write_people(tmp_path / "half.dta", half))).read())
    error = refusal(tmp_path / "gss7224.dta", year=2021)
    assert "nobody was asked in 2021; it has 2018, 2022" in error.message


def test_no_weight_is_an_error_that_names_what_could_be_one(tmp_path: Path) -> None:
    columns = dict(some().columns)
    columns["wtssps"] = columns.pop("wtssnrps")
    path = write_people(tmp_path / "gss.csv", People(columns))
    error = refusal(path)
    assert isinstance(error, ConfigError)
    assert "there is no weight wtssnrps; it has wtssps" in error.message
    assert "weight=none" in error.fix
    found = figures(Gss2022(str(path), weight="none").read())["gss2022.happy", "all"]
    assert (found.quality, found.n_effective) == (ReferenceQuality.UNWEIGHTED, None)


def test_a_negative_weight_is_an_error(tmp_path: Path) -> None:
    weights = [-1.0 if number == 7 else 1.0 for number in range(NUM_PEOPLE)]
    error = refusal(write_people(tmp_path / "gss.csv", some(wtssnrps=weights)))
    assert "the weight wtssnrps is negative for 1 people, first for person 8" in error.message


def test_years_of_birth_are_no_ages(tmp_path: Path) -> None:
    error = refusal(write_people(tmp_path / "gss.csv", some(age=[1970.0] * NUM_PEOPLE)))
    assert "age holds 1970 to 1970; expected ages in years" in error.message


def test_a_file_of_another_survey_is_named(tmp_path: Path) -> None:
    columns = {"B_COUNTRY_ALPHA": ["USA"], "W_WEIGHT": [1.0], "Q1": [1.0]}
    error = refusal(write_people(tmp_path / "w.csv", People(columns)))
    assert "looks like a file of the World Values Survey, wave 7" in error.message
    assert "importer=wvs7" in error.fix


def test_people_who_stand_in_the_year_twice_are_refused_by_their_id(tmp_path: Path) -> None:
    ids: list[float | str | None] = [float(number) for number in range(NUM_PEOPLE)]
    years = [2022.0 if number % 2 else 2018.0 for number in range(NUM_PEOPLE)]
    ids[:2] = [3.0, 5.0]  # of another year's person at place 0; the person at place 1 repeats that at 5
    error = refusal(write_people(tmp_path / "gss.csv", some(id=ids, year=years)))
    assert "1 have the identifier id of an earlier one, first 5 in rows 2 and 6" in error.message
