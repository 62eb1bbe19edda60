"""Tables of a run can be read by themselves: of which run, what was asked, who answered, what it means."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from scripted_runs import hold

from def_sim.answers.storage.completion import mark_complete, read_completion
from def_sim.answers.storage.manifest import read_manifest
from def_sim.app.main import main
from def_sim.app.received import read_received
from def_sim.app.reporting import write_report
from def_sim.app.run import prepare_run
from def_sim.app.verification import verify_run
from def_sim.errors import VerificationError
from def_sim.evaluation.described_columns import COLUMNS_FILE, read_columns, undescribed
from def_sim.records import RUN_COLUMNS
from def_sim.resources import data_folder

pytestmark = pytest.mark.slow

ITEMS = "items=[wvs7.Q1,wvs7.Q7_17,wvs7.Q46,wvs7.Q152,wvs7.Q153,wvs7.Q164]"
NUM_RESPONDENTS = 7


def report(folder: Path) -> None:
    write_report(prepare_run(read_received(folder).config), folder, read_manifest(folder))


def verified(folder: Path) -> list[str]:
    return list(verify_run(prepare_run(read_received(folder).config), folder, read_manifest(folder)))


def reported(output: Path, *words: str) -> Path:
    folder = hold(output, ITEMS, f"respondents={NUM_RESPONDENTS}", *words, is_reported=False)
    report(folder)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reported(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same answers, reported part by part."""
    return reported(tmp_path_factory.mktemp("streamed"), "scoring.stream_above=10")


@pytest.fixture
def copied(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "run"))


def columns_of(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file))


def tables_in(folder: Path) -> dict[str, list[str]]:
    paths = [*folder.rglob("*.csv"), *folder.rglob("*.parquet")]
    return {path.relative_to(folder).as_posix(): columns_of(path) for path in paths}


def journalled(folder: Path) -> list[dict[str, object]]:
    lines = (line for path in folder.glob("answers/*.jsonl") for line in path.read_bytes().splitlines())
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("kind", ["whole", "streamed"])
def test_every_table_says_in_every_row_of_which_run_it_is(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    tables = tables_in(folder)
    assert {
        "metrics.csv",
        "items.csv",
        "columns.csv",
        "figures/headline.csv",
        "distributions.parquet",
    } <= set(tables)
    assert ("answers.parquet" in tables) == (kind == "whole")
    config = json.loads((folder / "manifest.json").read_text())["config"]
    expected = [read_manifest(folder)["run_hash"], config["model"]["name"], "us", "USA", "diversity_enhanced"]
    for name, columns in tables.items():
        assert tuple(columns[:8]) == RUN_COLUMNS, name
        read = pd.read_parquet if name.endswith(".parquet") else pd.read_csv
        first = read(folder / name)[list(RUN_COLUMNS)].drop_duplicates()
        assert first.to_numpy().tolist() == [[*expected, "paper", 1, NUM_RESPONDENTS]], name


@pytest.mark.parametrize("kind", ["whole", "streamed"])
def test_every_column_that_a_run_writes_has_a_meaning(kind: str, request: pytest.FixtureRequest) -> None:
    described = read_columns(data_folder() / COLUMNS_FILE)
    for name, columns in tables_in(request.getfixturevalue(kind)).items():
        assert undescribed(described, name, columns) == [], name


@pytest.mark.parametrize("kind", ["whole", "streamed"])
def test_no_cell_is_empty_where_none_is_said_to_be(kind: str, request: pytest.FixtureRequest) -> None:
    """Ranges and types hold as well."""
    folder: Path = request.getfixturevalue(kind)
    described = read_columns(data_folder() / COLUMNS_FILE)
    for name in tables_in(folder):
        read = pd.read_parquet if name.endswith(".parquet") else pd.read_csv
        table = read(folder / name)
        for one in described:
            if undescribed([one], name, [one.column]) or one.column not in table:
                continue
            column = table[one.column]
            assert one.empty != "never" or column.notna().all(), (name, one.column)
            if one.type in ("integer", "number"):
                numbers = pd.to_numeric(column).dropna()
                assert one.low == "" or (numbers >= float(one.low) - 1e-9).all(), (name, one.column)
                assert one.high == "" or (numbers <= float(one.high) + 1e-9).all(), (name, one.column)
                assert one.type == "number" or (numbers % 1 == 0).all(), (name, one.column)


@pytest.mark.parametrize("kind", ["whole", "streamed"])
def test_respondents_have_as_many_answers_as_the_journal_has_of_them(
    kind: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(kind)
    ends: dict[str, Counter[object]] = {}
    for line in journalled(folder):
        ends.setdefault(str(line["respondent_id"]), Counter())[line["status"]] += 1
    table = pd.read_csv(folder / "respondents.csv")
    assert len(table) == len(ends) == NUM_RESPONDENTS
    for row in table.to_dict("records"):
        found = ends[row["respondent_id"]]
        asked = found.total() - found["not_asked"]
        assert (row["num_asked"], row["num_answered"]) == (asked, found["answered"])
        assert row["num_failed"] == asked - found["answered"]


def test_a_respondent_s_region_is_that_of_its_place(whole: Path) -> None:
    table = pd.read_csv(whole / "respondents.csv")
    parts = table["place"].str.split(", ")
    assert (
        table["region"] == parts.str[-2]
    ).all()  # "Columbus, Ohio, United States", and no city state drawn


def test_a_large_run_has_the_respondents_and_items_of_a_small_one(whole: Path, streamed: Path) -> None:
    for name in ("respondents.csv", "items.csv", "columns.csv", "statuses.csv"):
        assert (whole / name).read_bytes() == (streamed / name).read_bytes(), name


def test_items_have_the_shares_that_distributions_have(whole: Path) -> None:
    items = pd.read_csv(whole / "items.csv")
    shares = pd.read_parquet(whole / "distributions.parquet")
    address = ["item_id", "wording", "code"]
    both = items.merge(shares, on=address, suffixes=("", "_counted"))
    assert len(both) == len(items) == len(shares)
    assert (both["human_share"] == both["human_share_counted"]).all()
    assert (both["label"] == both["label_counted"]).all()
    assert items["question"].str.endswith(("?", ".", ":", "…")).all()


def test_a_single_item_has_no_normalised_score_and_a_mean_has(whole: Path) -> None:
    scores = pd.read_csv(whole / "metrics.csv")
    assert scores.loc[scores["scope"] == "item", "normalised"].isna().all()
    means = scores[scores["scope"].isin(["micro", "macro"]) & (scores["metric"] == "js_divergence")]
    assert means["normalised"].notna().all()


# --- verification ---


@pytest.mark.parametrize("kind", ["whole", "streamed"])
def test_a_finished_run_is_verified_with_all_its_tables(kind: str, request: pytest.FixtureRequest) -> None:
    assert any(line.startswith("scores ") for line in verified(request.getfixturevalue(kind)))


def marked_again(folder: Path) -> None:
    """The mark of who changed a file and vouches for it: nothing but the numbers can tell."""
    mark = read_completion(folder)
    mark_complete(folder, mark["files"], num_answers=mark["num_answers"])


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("items.csv", "How important", "How unimportant"),
        ("respondents.csv", ",6,6,0\n", ",6,5,1\n"),
        ("metrics.csv", ",us,USA,", ",cn,USA,"),
        ("measures.csv", ",paper,1,", ",paper,2,"),
        ("columns.csv", ",respondents.csv,region,", ",respondents.csv,place of birth,"),
    ],
)
def test_a_change_in_any_table_is_noticed(copied: Path, name: str, before: str, after: str) -> None:
    content = (copied / name).read_text(encoding="utf-8")
    assert before in content
    (copied / name).write_text(content.replace(before, after, 1), encoding="utf-8")
    marked_again(copied)
    with pytest.raises(VerificationError, match=name):
        verified(copied)


def test_answers_and_shares_under_another_run_s_name_are_noticed(copied: Path) -> None:
    for name in ("answers.parquet", "distributions.parquet"):
        kept = (copied / name).read_bytes()
        frame = pd.read_parquet(copied / name).assign(seed=2)
        table = pq.read_table(copied / name)
        seeds = table.schema.get_field_index("seed")
        pq.write_table(table.set_column(seeds, "seed", [frame["seed"].to_numpy()]), copied / name)
        marked_again(copied)
        with pytest.raises(VerificationError, match=name):
            verified(copied)
        (copied / name).write_bytes(kept)


# --- older versions ---


def as_of_an_older_version(folder: Path) -> None:
    """Tables without the columns of their run, and without those that say who, what and what it means."""
    for name in ("items.csv", "columns.csv"):
        (folder / name).unlink()
    files = dict(read_completion(folder)["files"])
    for name in ("metrics.csv", "measures.csv", "statuses.csv", "insensitivity.csv", "respondents.csv"):
        pd.read_csv(folder / name, dtype=str, keep_default_na=False).iloc[:, 8:].to_csv(
            folder / name, index=False, lineterminator="\n"
        )
    for name in ("answers.parquet", "distributions.parquet"):
        pq.write_table(pq.read_table(folder / name).drop_columns(list(RUN_COLUMNS)), folder / name)
    kept = [name for name in files if (folder / name).is_file()]
    mark_complete(folder, kept, num_answers=NUM_RESPONDENTS * 6)


def test_tables_of_an_older_version_are_refused_with_the_command_that_writes_them_anew(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    as_of_an_older_version(copied)
    assert main(["stage=verify", f"run_folder={copied}"]) == 2
    said = capsys.readouterr().err
    assert "tables of an older version: metrics.csv does not say of which run it is" in said
    assert f"def-sim stage=report run_folder={copied}" in said
    assert "Traceback" not in said


def test_a_report_of_an_older_run_adds_what_is_missing_and_changes_no_number(
    whole: Path, copied: Path
) -> None:
    as_of_an_older_version(copied)
    assert main(["stage=report", f"run_folder={copied}"]) == 0
    for name in (
        "items.csv",
        "columns.csv",
        "respondents.csv",
        "metrics.csv",
        "measures.csv",
        "statuses.csv",
    ):
        assert (copied / name).read_bytes() == (whole / name).read_bytes(), name
    assert main(["stage=verify", f"run_folder={copied}"]) == 0


def test_a_lost_table_of_a_finished_run_is_missed_and_written_anew(copied: Path) -> None:
    (copied / "items.csv").unlink()
    with pytest.raises(VerificationError, match=r"items\.csv is missing"):
        verified(copied)
    report(copied)
    verified(copied)


def test_parts_of_an_older_version_are_made_anew(streamed: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(streamed, tmp_path / "run"))
    parts = [path for path in folder.glob("answers/*.parquet") if "counts" not in path.name]
    for path in parts:
        pq.write_table(pq.read_table(path).drop_columns(list(RUN_COLUMNS)), path)
    marked_again(folder)
    with pytest.raises(VerificationError, match="tables of an older version: shard-00"):
        verified(folder)
    report(folder)
    assert all(columns_of(path)[:8] == list(RUN_COLUMNS) for path in parts)
    verified(folder)
