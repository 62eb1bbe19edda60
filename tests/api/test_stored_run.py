"""A run held and read from Python: the same run as on the command line, its tables as data frames."""

import csv
import json
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
from runs import ITEMS, SHORT, run_folder
from scripted_runs import hold

import def_sim
from def_sim.answers.storage.manifest import read_manifest, write_manifest
from def_sim.api.stored_run import StoredRun
from def_sim.app.main import main
from def_sim.app.received import read_received
from def_sim.app.reporting import write_report
from def_sim.app.run import prepare_run
from def_sim.errors import ConfigError, StoreError

pytestmark = pytest.mark.slow

ITEM_IDS = ITEMS.removeprefix("items=[").removesuffix("]").split(",")
SETTINGS = {name: int(value) for name, value in (word.split("=") for word in SHORT)}
KEYS = ["run", "model", "survey", "population", "strategy", "protocol", "seed", "num_respondents"]
CSVS = {
    "scores": "metrics.csv",
    "measures": "measures.csv",
    "statuses": "statuses.csv",
    "respondents": "respondents.csv",
    "items": "items.csv",
}


def interview(output: Path, **more: object) -> StoredRun:
    return def_sim.interview(respondents=3, items=ITEM_IDS, output=output, settings=SETTINGS, **more)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    return interview(tmp_path_factory.mktemp("held"), progress=False)


@pytest.fixture
def copied(held: StoredRun, tmp_path: Path) -> Path:
    return Path(shutil.copytree(held.folder, tmp_path / "copied"))


def output_of(held: StoredRun) -> Path:
    return held.folder.parents[2]


def journal(folder: Path) -> list[dict[str, object]]:
    [path] = folder.glob("answers/*.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("frame", "name"), CSVS.items())
def test_a_frame_holds_what_its_file_holds(frame: str, name: str, held: StoredRun) -> None:
    table = getattr(held, frame)
    with (held.folder / name).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(table) == len(rows) > 0
    for column in rows[0]:
        for found, written in zip(table[column], [row[column] for row in rows], strict=True):
            if isinstance(found, str | bool):
                assert str(found) == written
            else:
                assert float(found) == float(written) if written else pd.isna(found)


def test_every_frame_begins_with_whose_it_is(held: StoredRun) -> None:
    expected = [held.manifest["run_hash"], "demo", "us", "USA", "diversity_enhanced", "paper", 1, 3]
    for frame in (held.answers, held.distributions, *(getattr(held, name) for name in CSVS)):
        assert list(frame.columns[:8]) == KEYS
        assert frame.iloc[-1, :8].tolist() == expected


def test_the_answers_are_those_of_the_journal(held: StoredRun) -> None:
    written = sorted(journal(held.folder), key=lambda one: (one["respondent_id"], one["item_id"]))
    found = held.answers.sort_values(["respondent_id", "item_id"])
    assert found["text"].tolist() == [one["text"] for one in written]
    assert [list(one) for one in found["choices"]] == [one["choices"] for one in written]
    assert found["status"].tolist() == [one["status"] for one in written]


def test_the_same_call_and_the_same_command_find_the_run_and_ask_nothing(held: StoredRun) -> None:
    before = (held.folder / "answers" / "shard-00-of-01.jsonl").read_bytes()
    again = interview(output_of(held), progress=False)
    assert main([ITEMS, *SHORT, "respondents=3", f"output={output_of(held)}"]) == 0
    assert run_folder(output_of(held)) == again.folder == held.folder
    assert (held.folder / "answers" / "shard-00-of-01.jsonl").read_bytes() == before
    assert again.is_complete


@pytest.mark.full
def test_progress_is_plain_lines_on_the_standard_output_or_nothing(
    held: StoredRun, capsys: pytest.CaptureFixture[str]
) -> None:
    interview(output_of(held), progress=False)
    assert capsys.readouterr() == ("", "")
    interview(output_of(held))
    said = capsys.readouterr()
    assert "interviews  24 of 24 answers" in said.out
    assert "\x1b" not in said.out
    assert said.err == ""


def test_a_run_shows_verdict_bar_and_table(held: StoredRun) -> None:
    text, shown = repr(held), held._repr_html_()
    for sentence in held.verdict.sentences:
        assert sentence in text
    assert "Jensen-Shannon divergence" in text
    assert shown.count('<img src="data:image/svg+xml;base64,') == shown.count("<table>") == 1
    assert "http" not in shown
    assert "<script" not in shown


def test_words_of_a_stranger_are_shown_and_not_obeyed(held: StoredRun) -> None:
    manifest = json.loads(json.dumps(held.manifest))
    manifest["config"]["model"]["label"] = "<script>alert(1)</script>\x1b[2J"
    foreign = StoredRun(held.folder, manifest)
    assert "<script" not in foreign._repr_html_()
    assert "&lt;script&gt;" in foreign._repr_html_()
    assert "\x1b" not in repr(foreign)


def test_figures_have_the_names_of_the_report(held: StoredRun) -> None:
    files = {path.stem for path in (held.folder / "figures").glob("*.svg")}
    assert set(held.figure.names) == files
    assert {"headline", "topic_groups"} <= files


@pytest.mark.parametrize("name", ["headline", "topic_groups", "order", "items_01"])
def test_a_figure_is_the_one_of_the_report(name: str, held: StoredRun, tmp_path: Path) -> None:
    path = held.figure(name).save(tmp_path / "figure.svg")
    assert path.read_bytes() == (held.folder / "figures" / f"{name}.svg").read_bytes()


def test_a_single_item_is_drawn_by_its_id(held: StoredRun) -> None:
    assert set(held.figure("wvs7.Q57").data["item_id"]) == {"wvs7.Q57"}


def test_an_unknown_figure_names_those_that_there_are(held: StoredRun) -> None:
    with pytest.raises(ConfigError, match=r"There is no figure 'tpics'. Figures: headline, topic_groups, "):
        held.figure("tpics")


def test_a_column_is_of_the_type_that_is_described_whatever_stands_in_it(copied: Path) -> None:
    """Of an unfinished run, whose tables nothing vouches for."""
    (copied / "complete.json").unlink()
    with (copied / "items.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row |= {"label": "7", "human_share": "", "of_another_version": "1"}
    with (copied / "items.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    items = def_sim.read_run(copied).items
    assert set(items["label"]) == {"7"}
    assert set(items["of_another_version"]) == {"1"}
    assert items["human_share"].dtype == "float64"
    assert items["human_share"].isna().all()
    assert items["code"].dtype == items["seed"].dtype == "int64"


def test_a_word_in_a_column_of_numbers_is_told_with_its_column(copied: Path) -> None:
    (copied / "complete.json").unlink()
    table = copied / "statuses.csv"
    table.write_text(table.read_text().replace(",answered,", ",answered,many", 1))
    with pytest.raises(StoreError, match=r"statuses\.csv: count is to be of the type integer") as refused:
        _ = def_sim.read_run(copied).statuses
    assert refused.value.fix == f"Write it anew: `def-sim stage=report run_folder={copied}`."


def test_an_unfinished_run_comes_to_what_its_page_says(tmp_path: Path) -> None:
    """Three of five respondents have answered: as many stand behind verdict and figures."""
    folder = hold(tmp_path / "outputs", "respondents=5", num_asked=3, is_reported=False)
    written = write_report(prepare_run(read_received(folder).config), folder, read_manifest(folder))
    run = def_sim.read_run(folder)
    assert run.respondents["num_answered"].tolist() == [4, 4, 4, 0, 0]
    assert not run.is_complete
    assert run.verdict.sentences == written.verdict.sentences
    drawn = run.figure("headline").save(tmp_path / "headline.svg")
    assert drawn.read_bytes() == (folder / "figures" / "headline.svg").read_bytes()
    assert "N\u00a0=\u00a03" in drawn.read_text(encoding="utf-8")


def test_a_table_that_was_changed_is_refused_with_the_command_that_mends_it(copied: Path) -> None:
    table = copied / "metrics.csv"
    table.write_bytes(table.read_bytes().replace(b"macro", b"mcaro", 1))
    with pytest.raises(StoreError, match="has changed since the run was completed") as refused:
        _ = def_sim.read_run(copied).scores
    assert refused.value.fix == f"Write it anew: `def-sim stage=report run_folder={copied}`."


def test_a_run_without_a_report_has_its_answers_and_says_what_is_to_be_done(copied: Path) -> None:
    for name in ("complete.json", "metrics.csv", "answers.parquet"):
        (copied / name).unlink()
    run = def_sim.read_run(copied)
    assert not run.is_complete
    assert len(run.answers) == 24
    for shown in (repr(run), run._repr_html_()):
        assert f"def-sim stage=report run_folder={copied}" in shown
    with pytest.raises(StoreError, match=r"has no metrics\.csv"):
        _ = run.scores


def test_a_folder_without_a_run_names_the_runs_below_it(held: StoredRun) -> None:
    with pytest.raises(ConfigError, match=r"There is no run in .* itself; below it: ") as refused:
        def_sim.read_run(output_of(held))
    assert str(held.folder) in refused.value.message


def test_nothing_that_a_folder_names_is_imported(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "named_by_a_stranger.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    manifest = read_manifest(copied)
    manifest["config"]["strategy"]["_target_"] = "named_by_a_stranger.Strategy"
    write_manifest(copied, manifest)
    run = def_sim.read_run(copied)
    assert len(run.answers) == 24
    assert run.verdict.sentences
    with pytest.raises(StoreError):
        run.figure("order")
    assert "named_by_a_stranger" not in sys.modules


def test_a_plan_is_what_the_command_prints(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    planned = def_sim.plan(respondents=3, items=ITEM_IDS, output=tmp_path, settings=SETTINGS)
    assert main(["stage=plan", ITEMS, *SHORT, "respondents=3", f"output={tmp_path}"]) == 0
    assert capsys.readouterr().out.splitlines() == list(planned.lines)
    assert planned.counts.num_answers == 24
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"model": "mistral7"}, "model=mistral7: there is no such model."),
        ({"items": ["wvs7.Q999"]}, "items: survey us has no item 'wvs7.Q999'."),
        ({"settings": {"decoding.max_num_beams": 0}}, "max_num_beams and max_new_tokens must be at least 1"),
        ({"respondents": 0}, "respondents"),
    ],
)
def test_a_mistake_is_told_as_on_the_command_line_and_nothing_written(
    arguments: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as refused:
        def_sim.interview(output=tmp_path, **arguments)
    assert said in refused.value.message
    assert refused.value.fix
    assert str(refused.value) == f"{refused.value.message}\n{refused.value.fix}"
    assert not any(tmp_path.iterdir())
