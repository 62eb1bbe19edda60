"""A run folder that somebody sent is data: it runs nothing, and whatever stands in it costs a message."""

import copy
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_runs import hold

from def_sim.answers.storage.completion import completion_path, mark_complete, read_completion
from def_sim.answers.storage.manifest import manifest_path, run_hash
from def_sim.answers.storage.sealed_json import read_sealed, write_sealed
from def_sim.app.main import main
from def_sim.app.received import read_received
from def_sim.app.run import prepare_run
from def_sim.app.targets import installed_targets
from def_sim.errors import DefSimError
from def_sim.resources import conf_folder
from def_sim.surveys.survey import load_survey

pytestmark = pytest.mark.slow

FOREIGN = "a_strangers_module"
READERS = ("stage=verify run_folder={}", "stage=report run_folder={}", "stage=report runs={}")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, with all that a report writes."""
    folder = hold(tmp_path_factory.mktemp("held"), "model=mistral7b", "respondents=2")
    assert main(["stage=report", f"run_folder={folder}"]) == 0
    return folder


@pytest.fixture
def received(held: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(held, tmp_path / "received"))


@pytest.fixture(autouse=True)
def strangers_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module that can be imported from here and says so if it was."""
    trace = tmp_path / "it ran"
    (tmp_path / f"{FOREIGN}.py").write_text(
        f"from pathlib import Path\nPath({str(trace)!r}).touch()\n"
        "def run(*anything, **named):\n    raise SystemExit('it ran')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield trace
    assert not trace.exists()
    assert FOREIGN not in sys.modules


def read_by(reader: str, folder: Path) -> int:
    """The exit code of a stage that reads the run."""
    return main([*reader.format(folder).split(), f"output={folder.parent / 'output'}"])


def change(folder: Path, path: tuple[str | int, ...], value: Any) -> None:
    """Puts a value into the manifest, which is sealed again as its own writer would."""
    manifest = read_sealed(manifest_path(folder), fix="")
    put(manifest, path, value)
    manifest["run_hash"] = run_hash(manifest["defines"])
    write_sealed(manifest_path(folder), manifest)


def put(content: Any, path: tuple[str | int, ...], value: Any) -> None:
    for key in path[:-1]:
        content = content[key]
    content[path[-1]] = value


def value_at(content: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        content = content[key]
    return content


def leaves(content: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where single values stand."""
    if isinstance(content, dict | list) and content:
        for key, value in content.items() if isinstance(content, dict) else enumerate(content):
            yield from leaves(value, (*path, key))
    else:
        yield path


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "section",
    [
        ("strategy", "_target_"),
        ("model", "engine", "_target_"),
        ("stage", "_target_"),
        ("judge", "_target_"),
        ("places", "_target_"),
    ],
    ids=".".join,
)
def test_what_a_received_manifest_names_is_not_imported(
    received: Path, reader: str, section: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    if section[0] == "judge":
        change(received, ("config", "judge"), {})
    change(received, ("config", *section), f"{FOREIGN}.run")
    code = read_by(reader, received)
    err = capsys.readouterr().err
    if reader.startswith("stage=report runs="):  # the scores of a finished run are read, not computed
        assert code == 0
        page = (received.parent / "output" / "comparison" / "comparison.html").read_text(encoding="utf-8")
        assert FOREIGN in page
    else:
        assert code == 2
        assert f"config.{'.'.join(section)} names '{FOREIGN}.run'" in err
        assert "It was not loaded." in err


def test_an_unfinished_run_that_names_a_foreign_class_is_left_out_of_a_comparison(
    received: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    completion_path(received).unlink()
    change(received, ("config", "strategy", "_target_"), f"{FOREIGN}.run")
    assert read_by("stage=report runs={}", received) == 2
    assert f"names '{FOREIGN}.run'" in capsys.readouterr().err


@pytest.mark.parametrize("reader", READERS[:2])
def test_a_loader_of_code_that_is_installed_is_not_called_either(
    received: Path, reader: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loader = "transformers.dynamic_module_utils.get_class_from_dynamic_module"
    strategy = {
        "name": "single",
        "_target_": loader,
        "class_reference": f"{FOREIGN}.run",
        "pretrained_model_name_or_path": str(tmp_path),
    }
    change(received, ("config", "strategy"), strategy)
    assert read_by(reader, received) == 2
    assert loader in capsys.readouterr().err


def test_the_classes_that_may_be_named_are_those_of_the_installed_configuration() -> None:
    strategies = installed_targets("strategy")
    files = [path.read_text() for path in (conf_folder() / "strategy").glob("*.yaml")]
    assert strategies == set(re.findall(r"^  _target_: (\S+)$", "\n".join(files), re.MULTILINE))
    assert all(target.startswith("def_sim.strategies.") for target in strategies)
    assert all(target.startswith("def_sim.engines.") for target in installed_targets("model"))


def test_a_module_named_in_any_place_of_a_manifest_is_not_imported(held: Path, tmp_path: Path) -> None:
    original = read_sealed(manifest_path(held), fix="")
    folder = Path(shutil.copytree(held, tmp_path / "any"))
    places = [
        path for path in leaves(original["config"], ("config",)) if isinstance(value_at(original, path), str)
    ]
    assert len(places) > 20
    load = cache(load_survey)
    for path in places:
        manifest = copy.deepcopy(original)
        put(manifest, path, f"{FOREIGN}.run")
        write_sealed(manifest_path(folder), manifest)
        with suppress(DefSimError):  # as every reader of a run begins
            prepare_run(read_received(folder).config, load=load)
        assert FOREIGN not in sys.modules, path


VALUES = st.sampled_from(
    [
        None,
        "",
        "../../x",
        "\x1b]0;x\x07",
        -1,
        0,
        10**30,
        1.5,
        True,
        [],
        {},
        [[]],
        {"_target_": "os.system"},
        "\ud800",
    ]
)


@pytest.mark.parametrize("reader", READERS)
@settings(
    max_examples=48 if os.environ.get("CI_FULL") else 6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_value_in_any_place_of_a_manifest_is_read_or_told(
    held: Path, received: Path, reader: str, data: st.DataObject
) -> None:
    manifest = read_sealed(manifest_path(held), fix="")
    places = [path for path in leaves(manifest) if path[0] not in ("checksum", "format")]
    put(manifest, data.draw(st.sampled_from(places)), data.draw(VALUES))
    if isinstance(manifest["defines"], dict):
        manifest["run_hash"] = run_hash(manifest["defines"])
    write_sealed(manifest_path(received), manifest)
    assert read_by(reader, received) in (0, 2)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("answers", "a link that leads out of the run folder"),
        ("answers/shard-00-of-01.jsonl", "a link that leads out of the run folder"),
        ("manifest.json", "a link that leads out of the run folder"),
        ("report.html", "a link that leads out of the run folder"),
        ("figures", "a link that leads out of the run folder"),
    ],
)
@pytest.mark.parametrize("reader", READERS)
def test_no_link_leads_out_of_a_run_folder(
    received: Path, tmp_path: Path, name: str, wanted: str, reader: str, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (received / name).rename(elsewhere)
    (received / name).symlink_to(elsewhere)
    before = {path: path.stat().st_mtime_ns for path in [elsewhere, *elsewhere.rglob("*")]}
    assert read_by(reader, received) == 2
    assert wanted in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in [elsewhere, *elsewhere.rglob("*")]} == before


@pytest.mark.parametrize("name", ["spending", "batches"])
@pytest.mark.parametrize("reader", READERS)
def test_no_link_leads_out_of_the_accounts_of_a_run(
    received: Path, tmp_path: Path, name: str, reader: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere.json").write_text("{}")
    (received / name).mkdir()
    (received / name / "shard-00-of-01.json").symlink_to(tmp_path / "elsewhere.json")
    assert read_by(reader, received) == 2
    assert "a link that leads out of the run folder" in capsys.readouterr().err


def test_a_link_within_the_folder_is_followed(received: Path) -> None:
    journal = received / "answers" / "shard-00-of-01.jsonl"
    journal.rename(received / "kept.jsonl")
    journal.symlink_to("../kept.jsonl")
    assert read_by("stage=verify run_folder={}", received) == 0


@pytest.mark.parametrize("name", ["complete.json", "metrics.csv", "answers/shard-00-of-01.jsonl"])
@pytest.mark.parametrize("reader", READERS)
def test_a_pipe_in_the_place_of_a_file_ends_nothing_in_waiting(
    received: Path, name: str, reader: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (received / name).unlink()
    os.mkfifo(received / name)
    assert read_by(reader, received) == 2
    assert "neither a file nor a folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/hostname", "answers/../../outside.txt", ""])
def test_a_completion_mark_vouches_for_files_of_its_folder_only(
    received: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = read_completion(received)
    mark["files"][name] = {"sha256": "0" * 64, "bytes": 1, "modified_ns": 0}
    write_sealed(completion_path(received), mark)
    assert read_by("stage=verify run_folder={}", received) == 2
    assert "does not lie within the run folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"format":1,"defines":' + b'{"a":' * 600 + b"1" + b"}" * 600 + b"}",
        b'{"format":1,"defines":{"seed":NaN}}',
        b'{"format":1,"defines":{"seed":1e999}}',
        b'{"format":1,"defines":{},"x":[-1E+400]}',
        b'{"format":1,"defines":{"seed":' + b"9" * 5000 + b"}}",
        b"\xff\xfe",
        b"",
        b"null",
        b'{"format":true}',
    ],
    ids=[
        "deep",
        "deep objects",
        "not a number",
        "overflow",
        "negative overflow",
        "giant number",
        "no text",
        "empty",
        "null",
        "no format",
    ],
)
@pytest.mark.parametrize("reader", READERS)
def test_a_manifest_that_is_none_is_told(
    received: Path, content: bytes, reader: str, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest_path(received).write_bytes(content)
    assert read_by(reader, received) == 2
    assert "manifest.json is damaged" in capsys.readouterr().err


def test_a_manifest_of_gigabytes_is_not_read(received: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with manifest_path(received).open("r+b") as file:
        file.truncate(2**33)  # sparse: no disk is taken
    assert read_by("stage=verify run_folder={}", received) == 2
    assert "no file of at most" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["a text", "1e999", '"x\ny"', "-inf", "nan"])
def test_scores_that_are_no_numbers_are_told_or_compared(received: Path, value: str) -> None:
    path = received / "metrics.csv"
    scores = pd.read_csv(path, dtype=str, keep_default_na=False)
    scores["value"] = value
    scores.to_csv(path, index=False)
    mark_complete(received, read_completion(received)["files"], num_answers=8)
    assert read_by("stage=report runs={}", received) in (0, 2)


def test_links_below_a_pattern_are_not_followed(held: Path, tmp_path: Path) -> None:
    nest = tmp_path / "nest"
    nest.mkdir()
    for number in range(8):  # followed, these would be 8 ** 40 paths
        (nest / f"again {number}").symlink_to(nest)
    shutil.copytree(held, nest / "run")
    assert main(["stage=report", f"runs={nest}/**", f"output={tmp_path}"]) == 0


def test_a_panel_that_no_machine_holds_is_refused(received: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(received, ("config", "respondents"), 10**12)
    assert read_by("stage=verify run_folder={}", received) == 2
    assert "less than or equal to 1000000" in capsys.readouterr().err


def test_the_scores_of_a_manifest_that_names_another_hash_are_not_read(
    received: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads(manifest_path(received).read_bytes())
    manifest["run_hash"] = "0" * 12
    write_sealed(manifest_path(received), manifest)
    assert read_by("stage=report runs={}", received) == 2
    assert "run_hash is 000000000000" in capsys.readouterr().err
