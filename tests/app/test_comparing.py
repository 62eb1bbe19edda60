"""`stage=report runs=...`: what is found, what is read, what is left alone, and what is refused."""

import html
import shutil
from pathlib import Path

import pandas as pd
import pytest
from described_cells import misfits_of_comparison
from scripted_runs import hold

from def_sim.answers.storage.compaction import compact, parquet_path
from def_sim.answers.storage.completion import mark_complete
from def_sim.answers.storage.manifest import read_manifest, write_manifest
from def_sim.app import comparing, found_runs, read_runs, stored_runs
from def_sim.app.main import main
from def_sim.csv_files import read_rows
from def_sim.evaluation.described_columns import DescribedColumn, undescribed

pytestmark = pytest.mark.slow

MODELS = ("mistral7b", "llama3_8b")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of two models' runs, finished and scored."""
    output = tmp_path_factory.mktemp("finished")
    for model in MODELS:
        hold(output, f"model={model}", "respondents=3")
    return output


@pytest.fixture
def outputs(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, to be added to or damaged."""
    return Path(shutil.copytree(finished, tmp_path / "outputs"))


def compare(outputs: Path, pattern: str = "**") -> pd.DataFrame:
    assert main(["stage=report", f"runs={outputs}/{pattern}", f"output={outputs}"]) == 0
    return pd.read_csv(outputs / "comparison" / "comparison.csv", keep_default_na=False, na_values=[""])


def vouch_for_table(folder: Path) -> None:
    """Leaves a finished run as its report does, with its table of answers."""
    table = compact(folder)
    mark_complete(folder, ["metrics.csv", table.name, *journals_of(folder)], num_answers=12)


def journals_of(folder: Path) -> list[Path]:
    return [path.relative_to(folder) for path in folder.glob("answers/*.jsonl")]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["stage=report", *words]) == 2
    message = capsys.readouterr().err
    assert message.count("error:") == message.count("do:") == 1
    return message


def left_out(outputs: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Compares all but one of the two runs; gives what is said of the other one."""
    assert set(compare(outputs)["model"]) == set(MODELS) - {"mistral7b"}
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("left out")]
    assert html.escape(line.split(": ", 1)[1]) in (outputs / "comparison" / "comparison.html").read_text()
    return line


def all_files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_scores_of_a_comparison_are_those_that_the_runs_stored(outputs: Path) -> None:
    table = compare(outputs)
    assert set(table["group"]) == {1}
    for model in MODELS:
        [stored_in] = outputs.glob(f"{model}/us/*/metrics.csv")
        stored = pd.read_csv(stored_in, keep_default_na=False, na_values=[""])
        stored = stored[stored["scope"] != "item"]
        for column in ("metric", "value", "floor", "uniform", "normalised"):
            found = table.loc[table["model"] == model, column]
            pd.testing.assert_series_equal(found, stored[column], check_index=False)


def test_tables_and_page_hold_the_same_runs_and_the_claims_that_these_bear_on(outputs: Path) -> None:
    table = compare(outputs)
    parquet = pd.read_parquet(outputs / "comparison" / "comparison.parquet")
    assert parquet["folder"].tolist() == table["folder"].tolist()
    assert parquet["rank"].fillna(0).tolist() == table["rank"].fillna(0).tolist()
    page = (outputs / "comparison" / "comparison.html").read_text(encoding="utf-8")
    assert "Mistral-7B-Instruct-v0.1" in page
    assert "Meta-Llama-3-8B" in page
    claims = pd.read_csv(outputs / "comparison" / "claims.csv", keep_default_na=False)
    assert list(claims.columns) == ["claim", "statistic", "value", "low", "high", "verdict", "reason"]
    not_run = int((claims["verdict"] == "not run").sum())
    assert f"<summary>{not_run} not run</summary>" in page


def test_every_column_that_a_comparison_writes_has_a_meaning_beside_it(outputs: Path) -> None:
    compare(outputs)
    folder = outputs / "comparison"
    described = [DescribedColumn(*row) for _, row in read_rows(folder / "columns.csv", fix="")][1:]
    tables = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.csv")}
    assert {"comparison.csv", "arms.csv", "maps.csv", "insensitivity.csv"} <= set(tables)
    assert any(name.startswith("figures/") for name in tables)
    for name, path in tables.items():
        header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
        assert undescribed(described, name, header) == [], name
    assert misfits_of_comparison(folder) == []


def test_a_finished_run_is_not_computed_again(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(stored_runs, "compute_results")
    monkeypatch.delattr(stored_runs, "prepare_run")
    assert set(compare(outputs)["model"]) == set(MODELS)


def test_tables_that_the_marks_vouch_for_give_what_the_journals_give(
    outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(outputs)
    tables = [outputs / "comparison" / name for name in ("comparison.csv", "pairs.csv", "maps.csv")]
    from_journals = [path.read_bytes() for path in tables]
    for path in outputs.glob("*/*/*/manifest.json"):
        vouch_for_table(path.parent)
    monkeypatch.delattr(read_runs, "panel_answers")  # which reads journals
    compare(outputs)
    assert [path.read_bytes() for path in tables] == from_journals


@pytest.fixture
def two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has also a small comparison done in two processes."""
    monkeypatch.setattr(comparing, "FEWEST_ANSWERS", 0)
    monkeypatch.setattr(comparing, "num_usable_cores", lambda: 2)


def test_two_processes_write_what_one_writes(outputs: Path, request: pytest.FixtureRequest) -> None:
    hold(outputs, "model=mixtral_8x7b", "respondents=3", num_asked=2, is_reported=False)
    compare(outputs)
    in_one = all_files(outputs / "comparison")
    shutil.rmtree(outputs / "comparison")
    request.getfixturevalue("two_processes")
    compare(outputs)
    assert all_files(outputs / "comparison") == in_one


@pytest.mark.usefixtures("two_processes")
def test_damage_that_another_process_finds_costs_that_run_alone(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [journal] = outputs.glob("mistral7b/us/*/answers/*.jsonl")
    journal.write_bytes(journal.read_bytes().replace(b"wvs7", b"wvs8", 1))
    assert f"{journal}, line 1: the line is damaged" in left_out(outputs, capsys)


@pytest.mark.parametrize("changed", ["the table", "the journal"])
def test_a_changed_file_of_a_finished_run_sends_its_reader_to_the_journal(
    changed: str, outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [manifest] = outputs.glob("mistral7b/us/*/manifest.json")
    folder = manifest.parent
    vouch_for_table(folder)
    if changed == "the table":
        parquet_path(folder).write_bytes(b"no table")
        assert set(compare(outputs)["model"]) == set(MODELS)
    else:
        [journal] = folder.glob("answers/*.jsonl")
        journal.write_bytes(journal.read_bytes().replace(b"wvs7", b"wvs8", 1))
        assert f"{journal}, line 1: the line is damaged" in left_out(outputs, capsys)


def test_an_unfinished_run_is_scored_from_what_is_there_and_left_as_it_is(outputs: Path) -> None:
    folder = hold(outputs, "model=mixtral_8x7b", "respondents=3", num_asked=2, is_reported=False)
    before = all_files(folder)
    table = compare(outputs)
    of_it = table[(table["model"] == "mixtral_8x7b") & (table["metric"] == "js_divergence")]
    assert set(table["group"]) == {1}
    assert set(of_it["share_done"]) == {2 / 3}
    assert of_it["value"].notna().all()
    assert of_it["rank"].isna().all()
    assert set(table.loc[table["model"] == "mistral7b", "num_ranked"]) == {0, 2}  # 0: the variety of answers
    assert all_files(folder) == before


def test_a_run_that_grew_is_not_read_from_its_old_scores(outputs: Path) -> None:
    hold(outputs, "model=mistral7b", "respondents=5", num_asked=4, is_reported=False)
    table = compare(outputs)
    of_it = table[table["model"] == "mistral7b"]
    assert set(of_it["num_respondents"]) == {5}
    assert set(of_it["share_done"]) == {4 / 5}
    assert set(table["group"]) == {1, 2}  # five respondents are not compared with three


def test_the_page_tells_how_many_respondents_are_there(outputs: Path) -> None:
    hold(outputs, "model=mixtral_8x7b", "respondents=3", num_asked=2, is_reported=False)
    hold(outputs, "model=llama3_8b_instruct", "respondents=30", num_asked=1, is_reported=False)
    table = compare(outputs)
    present = table.groupby("model")["num_present"].unique().map(list).to_dict()
    assert present == {"mistral7b": [3], "llama3_8b": [3], "mixtral_8x7b": [2], "llama3_8b_instruct": [1]}
    page = (outputs / "comparison" / "comparison.html").read_text(encoding="utf-8")
    assert "Floor at 2 to 3 of 3 respondents" in page
    assert "C: 8 of 12 answers (67 %), from 2 of 3 respondents." in page
    assert "Floor at 1 of 30 respondents" in page


def test_a_manifest_of_a_larger_plan_does_not_make_the_panel_larger(outputs: Path) -> None:
    [path] = outputs.glob("mistral7b/us/*/manifest.json")
    manifest = read_manifest(path.parent)
    manifest["config"]["respondents"] = 5
    manifest["plan"] |= {"respondents": 5, "answers": 20}
    write_manifest(path.parent, manifest)
    table = compare(outputs)
    of_it = table[table["model"] == "mistral7b"]
    assert set(of_it["num_present"]) == {3}
    assert set(of_it["share_done"]) == {3 / 5}
    assert of_it["rank"].isna().all()
    page = (outputs / "comparison" / "comparison.html").read_text(encoding="utf-8")
    assert "paper, 3 of 5 respondents" in page


def test_an_unfinished_run_stands_with_those_that_were_scored_with_the_figures_of_today(
    outputs: Path,
) -> None:
    folder = hold(outputs, "model=mixtral_8x7b", "respondents=3", num_asked=2, is_reported=False)
    manifest = read_manifest(folder)
    manifest["scored_with"]["reference"] = "figures of another day"
    write_manifest(folder, manifest)
    assert set(compare(outputs)["group"]) == {1}


def test_a_finished_run_that_was_scored_with_other_figures_stands_apart(outputs: Path) -> None:
    [path] = outputs.glob("mistral7b/us/*/manifest.json")
    manifest = read_manifest(path.parent)
    manifest["scored_with"]["reference"] = "figures of another day"
    write_manifest(path.parent, manifest)
    assert set(compare(outputs)["group"]) == {1, 2}


def test_a_folder_whose_name_holds_brackets_is_found(outputs: Path) -> None:
    [path] = outputs.glob("mistral7b/us/*")
    named = path.rename(path.with_name("first [of two]"))
    assert found_runs.find_runs([str(named)]) == [named]


def test_a_run_of_other_settings_stands_apart(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hold(outputs, "model=mistral7b", "respondents=3", "modifications.memory=false")
    table = compare(outputs)
    assert table.groupby("group")["run"].nunique().to_dict() == {1: 2, 2: 1}
    out = capsys.readouterr().out
    assert "memory off" in " ".join(out.split()), out  # titles are wrapped


def test_a_list_of_folders_is_compared_too(outputs: Path) -> None:
    folders = sorted(str(path.parent) for path in outputs.glob("*/*/*/manifest.json"))
    assert main(["stage=report", f"runs=[{','.join(folders)}]", f"output={outputs}"]) == 0
    table = pd.read_parquet(outputs / "comparison" / "comparison.parquet")
    assert sorted(set(table["folder"])) == folders


def test_a_run_that_two_patterns_name_is_one_run(outputs: Path) -> None:
    words = ["stage=report", f"runs=['{outputs}/**','{outputs}/*/us/*']", f"output={outputs}"]
    assert main(words) == 0
    table = pd.read_parquet(outputs / "comparison" / "comparison.parquet")
    assert table["folder"].nunique() == 2


def test_what_has_no_answers_or_other_questions_is_left_out_with_its_reason(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = hold(outputs, "model=mixtral_8x7b", "respondents=3", num_asked=0, is_reported=False)
    reworded = hold(outputs, "model=llama3_8b_instruct", "respondents=3", num_asked=1, is_reported=False)
    manifest = read_manifest(reworded)
    manifest["defines"]["survey"]["questions"] = "of another day"
    write_manifest(reworded, manifest)
    assert set(compare(outputs)["model"]) == set(MODELS)
    said = capsys.readouterr().out
    assert f"{empty}: None of its 12 answers is there yet." in said
    assert f"{reworded}: Not finished, and it would be another run today: survey.questions: stored" in said


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("none/**", "nothing matches"),
        ("none", "nothing matches"),
        ("mistral7b", "no folder of a run among 1"),
    ],
)
def test_a_pattern_without_runs_is_refused(
    pattern: str, expected: str, outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(capsys, f"runs={outputs}/{pattern}", f"output={outputs}")
    assert expected in message
    assert "/**'" in message  # how a pattern looks
    assert not (outputs / "comparison").exists()


@pytest.mark.parametrize("damage", ["changed", "missing", "emptied"])
def test_scores_that_are_not_those_of_the_finished_run_are_not_compared(
    damage: str, outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [path] = outputs.glob("mistral7b/us/*/metrics.csv")
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"" if damage == "emptied" else path.read_bytes().replace(b"0.1", b"0.2", 1))
    said = left_out(outputs, capsys)
    assert str(path) in said
    assert f"stage=report run_folder={path.parent}" in said


def test_a_damaged_manifest_is_named(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [path] = outputs.glob("mistral7b/us/*/manifest.json")
    path.write_text("{", encoding="utf-8")
    assert f"It cannot be read: {path} is damaged" in left_out(outputs, capsys)


def test_where_no_run_can_be_read_the_first_is_named_with_what_to_do(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = sorted(outputs.glob("*/us/*/manifest.json"))
    for path in paths:
        path.write_text("{", encoding="utf-8")
    message = refused(capsys, f"runs={outputs}/**", f"output={outputs}")
    assert f"None of the {len(paths)} runs found can be compared; {paths[0].parent}: It cannot be" in message
    assert "Restore it from a copy" in message
    assert not (outputs / "comparison").exists()


def test_a_copy_of_a_run_counts_once(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(outputs)
    alone = (outputs / "comparison" / "comparison.csv").read_bytes()
    pairs = (outputs / "comparison" / "pairs.csv").read_bytes()
    capsys.readouterr()
    [folder] = outputs.glob("mistral7b/us/*")
    backup = Path(shutil.copytree(folder, outputs / "a_backup"))  # before the run by its path
    (folder / "complete.json").touch()
    for name in ("complete.json", "answers/shard-00-of-01.jsonl"):  # it was made while the run was at work
        path = backup / name
        path.unlink() if name == "complete.json" else path.write_bytes(
            path.read_bytes().split(b"\n")[0] + b"\n"
        )
    compare(outputs)
    said = capsys.readouterr().out
    assert f"left out      {backup}: It is the same run as {folder}, a copy say, and counts once." in said
    assert (outputs / "comparison" / "comparison.csv").read_bytes() == alone
    assert (outputs / "comparison" / "pairs.csv").read_bytes() == pairs


def test_a_copy_takes_the_place_of_a_run_that_cannot_be_read(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [folder] = outputs.glob("mistral7b/us/*")
    backup = shutil.copytree(folder, outputs / "z_backup")
    [journal] = folder.glob("answers/*.jsonl")
    journal.write_bytes(journal.read_bytes().replace(b"wvs7", b"wvs8", 1))  # which only a look at it finds
    table = compare(outputs)
    assert set(table.loc[table["model"] == "mistral7b", "folder"]) == {str(backup)}
    assert f"left out      {folder}: It cannot be read: {journal}, line 1" in capsys.readouterr().out


def test_scores_of_a_version_without_a_needed_column_are_refused(
    outputs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_runs, "_NEEDED", ("scope", "a column of tomorrow"))
    assert "has no column 'a column of tomorrow'" in refused(capsys, f"runs={outputs}/**")


def test_when_nothing_can_be_compared_the_first_reason_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(tmp_path, "model=mistral7b", "respondents=3", num_asked=0, is_reported=False)
    message = refused(capsys, f"runs={tmp_path}/**", f"output={tmp_path}")
    assert "None of the 1 runs found can be compared" in message


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["runs=x", "stage=verify"], "runs= belongs to stage=report"),
        (["runs=x", "run_folder=y"], "give one of the two"),
        (["runs=[]"], "at least 1 item"),
        (["runs=3"], "runs=3"),
    ],
)
def test_runs_that_are_no_pattern_or_do_not_belong_here_are_refused(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in refused(capsys, *words)


def test_settings_are_all_that_defines_a_run_but_model_and_seed(finished: Path) -> None:
    [first, second] = [read_manifest(path.parent) for path in finished.glob("*/*/*/manifest.json")]
    assert first["defines"]["model"] != second["defines"]["model"]
    settings = stored_runs.settings_of(first)
    assert settings == stored_runs.settings_of(second)
    assert {name.partition(".")[0] for name in settings} == {
        *first["defines"].keys() - {"model", "seed"},
        "respondents",
        "scored_with",
    }
    assert settings["respondents"] == "3"


def test_runs_of_both_questionnaires_stand_on_one_map_and_only_comparable_ones_are_paired(
    outputs: Path,
) -> None:
    hold(outputs, "model=llama3_8b", "survey=cn", "respondents=3")
    hold(outputs, "model=mistral7b", "survey=cn", "respondents=3", num_asked=1, is_reported=False)
    compare(outputs)
    folder = outputs / "comparison"
    maps = pd.read_csv(folder / "maps.csv", keep_default_na=False, na_values=[""])
    assert set(maps["number"]) == {1}
    panels = maps[(maps["map"] == "sound") & (maps["kind"] == "panel")]
    assert sorted(panels["survey"]) == ["Chinese questionnaire"] * 2 + ["US questionnaire"] * 2
    pairs = pd.read_csv(folder / "pairs.csv", keep_default_na=False, na_values=[""])
    assert pairs["group"].tolist() == [1]  # of the Chinese runs one is not finished
    page = (folder / "comparison.html").read_text(encoding="utf-8")
    assert '<section id="maps-1"' in page
    assert "Mistral-7B-Instruct-v0.1, cn: 33 % of its answers" in page
    for name in ("cultural_map_1", "published_map_1"):
        assert (folder / "figures" / f"{name}.svg").read_bytes().startswith(b"<svg xmlns=")


def test_a_model_that_joins_leaves_people_where_they_are_on_the_sound_map(outputs: Path) -> None:
    def people() -> pd.DataFrame:
        maps = pd.read_csv(outputs / "comparison" / "maps.csv", keep_default_na=False, na_values=[""])
        found = maps[(maps["map"] == "sound") & maps["kind"].isin(["country", "cell", "random"])]
        return found.reset_index(drop=True)

    compare(outputs)
    before = people()
    hold(outputs, "model=mixtral_8x7b", "respondents=3")
    compare(outputs)
    pd.testing.assert_frame_equal(people(), before, check_exact=True)


def test_a_short_run_is_not_put_beside_a_full_one(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = "items=[wvs7.Q27,wvs7.Q48,wvs7.Q106,wvs7.Q173]"
    for survey in ("us_short", "cn_short"):
        hold(outputs, "model=mistral7b", f"survey={survey}", "respondents=3", items)
    table = compare(outputs)
    assert table.groupby("group")["survey"].nunique().max() == 1
    assert "its scores do not compare with a full one's" in capsys.readouterr().out
    page = (outputs / "comparison" / "comparison.html").read_text(encoding="utf-8")
    assert '<code dir="auto">us_short</code> asks a part of the items of <code dir="auto">us</code>' in page
    assert "survey us_short (short form of us), the United States" in page
    maps = pd.read_csv(outputs / "comparison" / "maps.csv", keep_default_na=False, na_values=[""])
    panels = maps[maps["kind"] == "panel"]
    forms = {number: set(of_map["survey"]) for number, of_map in panels.groupby("number")}
    assert forms == {
        1: {"US questionnaire"},
        2: {"US questionnaire, short", "Chinese questionnaire, short"},
    }


def test_without_a_short_run_nothing_is_said_of_one(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare(outputs)
    assert "short questionnaire" not in capsys.readouterr().out
    assert "Short questionnaires" not in (outputs / "comparison" / "comparison.html").read_text("utf-8")


def test_a_folder_whose_name_is_no_text_is_named_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a page nor a table could hold the name; as bytes a system may allow it."""
    folder = tmp_path / "x\udc80"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    assert main(["stage=report", f"runs={tmp_path}/**", f"output={tmp_path}"]) == 2
    message = capsys.readouterr().err
    assert "error: runs: a path has no line ends, NUL or other control characters and is text" in message
    assert "\\udc80" in message


@pytest.fixture
def arms(tmp_path: Path) -> Path:
    """One model with and without memory, and with another seed."""
    output = tmp_path / "outputs"
    for words in ((), ("modifications.memory=false",), ("seed=2",)):
        hold(output, "model=mistral7b", "respondents=3", *words)
    return output


def table_of_arms(outputs: Path) -> pd.DataFrame:
    """The tested score of every arm; other metrics stand below."""
    table = pd.read_csv(outputs / "comparison" / "arms.csv", keep_default_na=False, na_values=[""])
    return table[table["verdict"].notna()]


def test_runs_of_one_model_that_differ_in_a_setting_are_arms_beside_the_one_that_is_named(arms: Path) -> None:
    assert main(["stage=report", f"runs={arms}/**", f"output={arms}", "baseline=memory on"]) == 0
    table = table_of_arms(arms)
    assert table["arm"].tolist() == ["memory off", "memory on"]
    assert table["is_baseline"].tolist() == [False, True]
    stored = pd.read_csv(arms / "comparison" / "comparison.csv", keep_default_na=False, na_values=[""])
    macro = stored[(stored["scope"] == "macro") & (stored["metric"] == "js_divergence")]
    value = macro.set_index("folder")["value"]
    off, on = (value[folder] for folder in table["folder"])
    assert table["difference"][0] == pytest.approx(off - on)
    page = (arms / "comparison" / "comparison.html").read_text(encoding="utf-8")
    assert '<section id="arms-1"' in page
    assert page.count('<tr><th scope="row"><bdi>memory off</bdi></th><td class="nowrap">') == 1  # its row
    assert page.count("<bdi>memory off</bdi>: <code") == 1  # its folder


def test_the_folder_of_a_run_names_the_baseline_as_well(arms: Path) -> None:
    assert main(["stage=report", f"runs={arms}/**", f"output={arms}"]) == 0
    by_title = table_of_arms(arms).set_index("arm")
    name = Path(by_title.loc["memory on", "folder"]).name
    assert main(["stage=report", f"runs={arms}/**", f"output={arms}", f"baseline={name}"]) == 0
    assert table_of_arms(arms).set_index("arm").loc["memory on", "is_baseline"]


def test_two_seeds_of_a_model_have_a_spread_on_the_page_and_no_rank(arms: Path) -> None:
    table = compare(arms)
    seeds = pd.read_csv(arms / "comparison" / "seeds.csv")
    assert set(seeds["seeds"]) == {"1 2"}
    group = seeds["group"][0]
    values = table[(table["group"] == group) & (table["scope"] == "macro")]
    js = values.loc[values["metric"] == "js_divergence", "value"]
    [row] = seeds[seeds["metric"] == "js_divergence"].to_dict("records")
    assert row["mean"] == pytest.approx(js.mean())
    assert (row["min"], row["max"]) == (js.min(), js.max())
    assert values["rank"].isna().all()
    assert "Seeds of one model" in (arms / "comparison" / "comparison.html").read_text(encoding="utf-8")


def test_a_baseline_that_no_arm_is_called_is_refused_before_anything_is_written(
    arms: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(capsys, f"runs={arms}/**", f"output={arms}", "baseline=nobody")
    assert "Arms found: memory off; memory on." in message
    assert not (arms / "comparison").exists()


def test_a_baseline_without_runs_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "give runs= as well" in refused(capsys, "baseline=memory on")
