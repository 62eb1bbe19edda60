"""The shipped correlations, recomputed from the tables; what the loader promises and refuses."""

import csv
import io
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from library import FIGURES, items_of, reference_of

from def_sim.errors import SurveyFormatError
from def_sim.records import MeasurementLevel, QuestionType
from def_sim.resources import data_folder
from def_sim.surveys.human_structure import (
    HumanStructure,
    read_structure,
    shipped_structure,
    structure_of,
    structure_path,
)

POPULATIONS = sorted(path.parent.name for path in (data_folder() / "structure").glob("*/wvs7.csv"))
every_population = pytest.mark.parametrize("population", POPULATIONS)
needs_tables = pytest.mark.skipif(not FIGURES.is_dir(), reason="the tables are not beside the checkout")


@cache
def shipped(population: str) -> HumanStructure:
    found = shipped_structure(population)
    assert found is not None
    return found


@cache
def table_rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((FIGURES / name).read_text(encoding="utf-8"), newline="")))


# --- recomputed from the tables ---


@needs_tables
def test_every_shipped_correlation_is_that_of_the_table() -> None:
    table = {
        (row["country"], frozenset((f"wvs7.{row['a']}", f"wvs7.{row['b']}"))): (row["r"], row["n"])
        for row in table_rows("wvs7_correlations.csv")
    }
    for population in POPULATIONS:
        structure = shipped(population)
        rows, columns = np.nonzero(~np.isnan(structure.correlations))
        for row, column in zip(rows, columns, strict=True):
            pair = frozenset((structure.item_ids[row], structure.item_ids[column]))
            r, n = table[population, pair]
            assert structure.correlations[row, column] == float(r)
            assert structure.num_people[row, column] == int(n) * structure.source.effective_share


@needs_tables
@every_population
def test_only_the_named_pairs_of_single_choice_items_are_left_out(population: str) -> None:
    asked = {
        item.variable: item
        for item in items_of("wvs7").values()
        if (item.id, "all") in reference_of(population, "wvs7").items
        and item.type is not QuestionType.MULTIPLE
    }
    volunteered = {
        variable
        for variable, item in asked.items()
        if reference_of(population, "wvs7").items[item.id, "all"].volunteered_share > 0.005
    }
    structure = shipped(population).of_items([f"wvs7.{variable}" for variable in asked])
    place = {variable: index for index, variable in enumerate(asked)}
    for row in table_rows("wvs7_correlations.csv"):
        if row["country"] == population and {row["a"], row["b"]} <= set(asked):
            is_there = not np.isnan(structure.correlations[place[row["a"]], place[row["b"]]])
            is_tied = (population, row["a"], row["b"]) == ("RUS", "Q165", "Q173")
            # Of the scales of Q241-249 the table counts volunteered zeros, of Q119 and Q254 it does not.
            counts_zero = {row["a"], row["b"]} & volunteered & {f"Q{number}" for number in range(241, 250)}
            assert is_there == (not is_tied and not counts_zero), (population, row)


@needs_tables
@every_population
def test_the_effective_share_is_that_of_the_weights(population: str) -> None:
    variables = {item.variable for item in items_of("wvs7").values()}
    ratios = [
        float(row["n_effective"]) / int(row["n_valid"])
        for row in table_rows("wvs7_effective_n.csv")
        if (row["country"], row["group"]) == (population, "all") and row["variable"] in variables
    ]
    assert np.array(ratios) == pytest.approx(shipped(population).source.effective_share, abs=0.012)


# --- what the files promise ---


def test_every_population_with_a_reference_has_its_structure() -> None:
    references = {path.parent.name for path in (data_folder() / "references").glob("*/wvs7.csv")}
    assert set(POPULATIONS) == references


@every_population
def test_correlations_are_of_known_items_whose_codes_are_evenly_spaced(population: str) -> None:
    # Positions 0, 1, 2 ... of a panel's answers then correlate as the codes do.
    for item_id in shipped(population).item_ids:
        item = items_of("wvs7")[item_id]
        codes = [option.code for option in item.shown_options(population)]
        assert item.level is not MeasurementLevel.NOMINAL or len(codes) == 2, item_id
        assert set(np.diff(codes)) == {1}, item_id


@every_population
def test_no_pair_has_more_people_than_its_items(population: str) -> None:
    structure, people = shipped(population), reference_of(population, "wvs7").items
    n = np.array([people[item_id, "all"].n for item_id in structure.item_ids])
    most = np.minimum(n[:, None], n[None, :]) * structure.source.effective_share
    # Half a percent of volunteered answers may be among them.
    assert np.nanmax(structure.num_people / most) <= 1.005


@every_population
def test_correlations_are_symmetric_and_an_item_has_none_with_itself(population: str) -> None:
    r = shipped(population).correlations
    assert np.array_equal(r, r.T, equal_nan=True)
    assert np.isnan(np.diag(r)).all()


def test_confidence_in_government_and_in_parliament_go_together_everywhere() -> None:
    for population in set(POPULATIONS) - {"EGY"}:
        assert shipped(population).of_items(["wvs7.Q71", "wvs7.Q73"]).correlations[0, 1] > 0.3


def test_a_population_without_correlations_has_none() -> None:
    assert shipped_structure("XYZ") is None


# --- a home's ---


def write_structure(folder: Path, source: str, pairs: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = (data_folder() / "structure" / "USA" / "wvs7.yaml").read_text(encoding="utf-8")
    (folder / f"{source}.yaml").write_text(content.replace("source: wvs7", f"source: {source}"), "utf-8")
    (folder / f"{source}.csv").write_text(f"item_a,item_b,r,n\n{pairs}\n", "utf-8")


def test_a_homes_correlations_come_first_whatever_their_source(tmp_path: Path) -> None:
    folder = tmp_path / "structure" / "USA"
    write_structure(folder, "gss2022", "fefam,fechld,0.5000,100")
    write_structure(folder, "wvs7", "Q1,Q2,0.9000,100")
    (folder / "wvs7.halves.csv").write_text("item_id,js_divergence\n", "utf-8")  # no correlations
    found = structure_of("USA", tmp_path)
    assert found is not None
    assert found.item_ids == ("gss2022.fefam", "gss2022.fechld", "wvs7.Q1", "wvs7.Q2")
    assert found.correlations[0, 1] == 0.5
    assert found.correlations[2, 3] == 0.9  # not the shipped one
    assert np.isnan(found.correlations[:2, 2:]).all()


def test_without_a_home_there_are_the_shipped_correlations(tmp_path: Path) -> None:
    shipped_alone, found = structure_of("USA", None), structure_of("USA", tmp_path)
    assert shipped_alone is not None
    assert found is not None
    assert found.item_ids == shipped_alone.item_ids == shipped("USA").item_ids
    assert structure_of("XYZ", tmp_path) is None


# --- the loader ---

PROVENANCE = """\
population: XYZ
source: town
title: A town survey
year: 2026
weight: none
effective_share: 0.5
left_out: []
release: invented for this test
citation: "Invented for this test"
terms: none
"""


def written(folder: Path, rows: str, provenance: str = PROVENANCE) -> Path:
    path = folder / "town.csv"
    path.write_text(f"item_a,item_b,r,n\n{rows}", encoding="utf-8")
    path.with_suffix(".yaml").write_text(provenance, encoding="utf-8")
    return path


def test_a_file_becomes_a_matrix_with_effective_people(tmp_path: Path) -> None:
    structure = read_structure(written(tmp_path, "A,B,0.5,100\nB,C,-0.25,80\n"), "XYZ")
    nan = np.nan
    assert structure.item_ids == ("town.A", "town.B", "town.C")
    expected = [[nan, 0.5, nan], [0.5, nan, -0.25], [nan, -0.25, nan]]
    assert np.array_equal(structure.correlations, expected, equal_nan=True)
    assert structure.num_people[0, 1] == 50
    assert structure.num_people[2, 1] == 40


def test_other_items_come_in_their_own_order_and_unknown_ones_as_nan(tmp_path: Path) -> None:
    structure = read_structure(written(tmp_path, "A,B,0.5,100\nB,C,-0.25,80\n"), "XYZ")
    chosen = structure.of_items(["town.C", "elsewhere.A", "town.B"])
    assert chosen.item_ids == ("town.C", "elsewhere.A", "town.B")
    assert chosen.correlations[0, 2] == chosen.correlations[2, 0] == -0.25
    assert np.isnan(chosen.correlations[1]).all()
    assert structure.of_items([]).correlations.shape == (0, 0)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("A,B,1.5,100\n", "line 2: r must lie in"),
        ("A,B,nan,100\n", "line 2: r must lie in"),
        ("A,B,0.5,0\n", "line 2: r must lie in"),
        ("A,B,0.5\n", "line 2: expected 4 fields"),
        ("A,B,much,100\n", "line 2: expected two items"),
        ("A,B,0.5,100\nB,A,0.5,100\n", "line 3: B with A is no new pair"),
        ("A,A,1.0,100\n", "line 2: A with A is no new pair"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(rows: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=found):
        read_structure(written(tmp_path, rows), "XYZ")


def test_a_wrong_header_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.write_text("a,b,r,n\n", encoding="utf-8")
    with pytest.raises(SurveyFormatError, match="line 1: expected the columns item_a"):
        read_structure(path, "XYZ")


def test_correlations_of_another_population_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "A,B,0.5,100\n", PROVENANCE.replace("XYZ", "USA"))
    with pytest.raises(SurveyFormatError, match=r"of USA, town; expected XYZ, town"):
        read_structure(path, "XYZ")


# --- the script ---


@needs_tables
@pytest.mark.slow
def test_the_shipped_files_are_what_their_script_makes(tmp_path: Path) -> None:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(
        "build_correlations", Path(__file__).parents[2] / "scripts" / "build_correlations.py"
    )
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    for name in ("items", "references", "structure"):
        shutil.copytree(data_folder() / name, tmp_path / name)
    for path in (tmp_path / "structure").glob("*/*.csv"):
        path.unlink()
    for path in script.build(FIGURES, tmp_path):
        assert path.read_bytes() == structure_path(path.parent.name, "wvs7").read_bytes()
    assert len(list((tmp_path / "structure").glob("*/*.csv"))) == len(POPULATIONS)
