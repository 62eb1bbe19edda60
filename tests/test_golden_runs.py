"""What earlier versions stored goes on, is verified and reports the same: results that are kept for good.

`golden_runs.py` says how each run was made and how one is renewed.
"""

import csv
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from golden_runs import GOLDEN, RUNS, TABLES, command, folder_of, make_checkpoint

from def_sim.answers.storage.completion import mark_complete, read_completion
from def_sim.answers.storage.manifest import run_hash
from def_sim.answers.storage.shards import read_answers
from def_sim.app.composing import compose_config
from def_sim.app.definition import what_defines
from def_sim.app.main import main
from def_sim.app.run import prepare_run
from def_sim.app.schema import validate_config
from def_sim.records import Answer

pytestmark = pytest.mark.slow

RUN = pytest.mark.parametrize("name", RUNS)
ROUNDING = 1e-9  # of sums and logarithms on another processor, relative


@pytest.fixture
def received(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a kept run at the place where its command looks for it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / (GOLDEN / name / "folder.txt").read_text().strip()
    shutil.copytree(GOLDEN / name, folder, ignore=shutil.ignore_patterns("folder.txt"))
    return folder


def by_address(folder: Path) -> list[Answer]:
    return sorted(read_answers(folder), key=lambda a: (a.respondent_id, a.item_id, a.wording, a.call))


def read_table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def words_of(frame: pd.DataFrame) -> list[str]:
    """The columns that hold words."""
    return [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]


def by_row(frame: pd.DataFrame, words: list[str]) -> pd.DataFrame:
    """A table's numbers, each row named by its words."""
    names = frame[words].fillna("").astype(str).agg(" | ".join, axis=1)
    named = frame.drop(columns=words).set_index(names + " #" + names.groupby(names).cumcount().astype(str))
    return named.apply(pd.to_numeric).astype("float64")


def check_same_values(folder: Path, name: str) -> None:
    """Every kept number is there again under its name; tables may have gained rows and columns since."""
    for table in TABLES:
        found, made = read_table(GOLDEN / name / table), read_table(folder / table)
        words = words_of(found)
        kept, now = by_row(found, words), by_row(made[found.columns], words)
        assert set(kept.index) <= set(now.index), table
        now = now.loc[kept.index, kept.columns]
        np.testing.assert_allclose(
            now.to_numpy(), kept.to_numpy(), rtol=ROUNDING, atol=ROUNDING, err_msg=table
        )


@RUN
def test_the_same_command_gives_the_same_answers_and_values(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(name) == 0
    made = folder_of(tmp_path)
    assert str(made.relative_to(tmp_path)) == (GOLDEN / name / "folder.txt").read_text().strip()
    assert by_address(made) == by_address(GOLDEN / name)
    check_same_values(made, name)


@RUN
def test_a_kept_run_that_lost_its_last_answers_goes_on_to_the_same_ones(name: str, received: Path) -> None:
    [journal] = received.glob("answers/*.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: len(lines) // 2]) + lines[len(lines) // 2][:20])
    for table in (*TABLES, "complete.json", "answers.parquet", "distributions.parquet"):
        (received / table).unlink()
    assert command(name) == 0
    assert by_address(received) == by_address(GOLDEN / name)
    check_same_values(received, name)


@RUN
def test_a_kept_run_is_verified_as_it_lies(
    name: str, received: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stage=verify", f"run_folder={received}"]) == 0
    assert "verified" in capsys.readouterr().out


@RUN
def test_a_kept_run_reports_the_same_values(name: str, received: Path) -> None:
    assert main(["stage=report", f"run_folder={received}"]) == 0
    check_same_values(received, name)
    assert main(["stage=verify", f"run_folder={received}"]) == 0


def test_the_tiny_checkpoint_is_the_same_to_the_byte(tmp_path: Path) -> None:
    """Else another model answers, which a comparison of answers would only make hard to see."""
    make_checkpoint(tmp_path)
    manifest = json.loads((GOLDEN / "tiny_checkpoint" / "manifest.json").read_text())
    weights = (tmp_path / "model.safetensors").read_bytes()
    assert manifest["engine"]["identity"]["model.safetensors"] == hashlib.sha256(weights).hexdigest()


def _configurations() -> list[tuple[str, str]]:
    with (GOLDEN / "run_hashes.csv").open(newline="", encoding="utf-8") as file:
        return [(row["run_hash"], row["command"]) for row in csv.DictReader(file)]


def hash_of_command(words: str) -> str:
    """What names the folder of a command's run, for a model that is the same whatever the command says."""
    config = validate_config(compose_config(words.split()))
    return run_hash(what_defines(prepare_run(config), {"golden": "model"}))


@pytest.mark.parametrize(("expected", "words"), _configurations())
def test_a_command_keeps_the_folder_of_its_run(expected: str, words: str) -> None:
    assert hash_of_command(words) == expected


def test_twenty_configurations_have_folders_of_their_own() -> None:
    hashes = [expected for expected, _ in _configurations()]
    assert len(set(hashes)) == len(hashes) == 20


@pytest.mark.parametrize("name", ["scripted_us"])
@pytest.mark.parametrize(("factor", "code"), [(1 + 1e-13, 0), (1 + 1e-6, 2)])
def test_verification_forgives_the_rounding_of_another_processor_and_nothing_else(
    factor: float, code: int, name: str, received: Path
) -> None:
    frame = pd.read_csv(received / "metrics.csv", keep_default_na=False, dtype=str)
    place = next(i for i, value in enumerate(frame["value"]) if value and 0.1 < float(value) < 1)
    frame.loc[place, "value"] = repr(float(frame.loc[place, "value"]) * factor)
    frame.to_csv(received / "metrics.csv", index=False, lineterminator="\n")
    marked = read_completion(received)
    mark_complete(received, marked["files"], num_answers=marked["num_answers"])
    assert main(["stage=verify", f"run_folder={received}"]) == code
