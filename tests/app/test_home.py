"""A user's home folder: found, joined with what is shipped, named, checked, and left out of what a run is."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from homes import TOWN, write_files, write_home
from scripted_runs import hold

from def_sim.app.composing import compose_config
from def_sim.app.home import at_home
from def_sim.app.main import main
from def_sim.app.run import prepare_run, resolve_path
from def_sim.app.schema import validate_config
from def_sim.errors import ConfigError
from def_sim.resources import conf_folder, data_folder

pytestmark = pytest.mark.slow

VARIABLE = "DEF_SIM_HOME"
TOWN_ITEM = "items=[town.Q1]"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The town survey's home, beside a working folder that commands may write into."""
    working = tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    return write_home(tmp_path / "mine")


def out(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 2
    message = " ".join(capsys.readouterr().err.split())
    assert message.count("error:") == 1
    assert "do:" in message
    assert "Traceback" not in message
    assert not any(Path.cwd().iterdir())  # nothing half-written
    return message


# --- finding it ---


def test_a_survey_of_the_home_is_a_choice_like_a_shipped_one(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = out(capsys, f"home={home}", "survey=town", "stage=plan")
    assert "Town survey: 1 question in en, frame in en, compared with USA" in plan


def test_the_environment_names_the_home_where_the_command_line_does_not(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, str(home))
    assert "Town survey" in out(capsys, "survey=town", "stage=plan")
    other = write_files(tmp_path / "other", {"conf/survey/village.yaml": TOWN["conf/survey/town.yaml"]})
    assert "Known: cn, cn_short, facts, us, us_short, village (home)" in refused(
        capsys, f"home={other}", "survey=town", "stage=plan"
    )
    assert "there is no such survey" in refused(capsys, "home=null", "survey=town", "stage=plan")
    assert os.environ[VARIABLE] == str(home)  # as before, whatever commands were given


def test_a_home_that_is_not_there_is_made_by_the_command_that_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["home=my home", "stage=plan"]) == 2
    assert "no such folder.\n  do:  Make one (`mkdir 'my home'`)" in capsys.readouterr().err


def test_help_and_plan_say_what_the_home_holds(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["survey=us_short", "stage=plan"]):
        text = out(capsys, *words, f"home={home}")
        assert str(home) in text
        assert [line.split() for line in text.splitlines() if line.startswith("  references/USA ")] == [
            ["references/USA", "town"]
        ]
    assert "cn, cn_short, facts, town (home), us, us_short" in out(capsys, "--help", f"home={home}")
    assert "(home)" not in out(capsys, "--help")


def test_a_parameter_may_be_asked_of_hydra_in_a_home_too(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([f"home={home}", "survey=town", "--cfg", "job"]) == 0
    assert "package://surveys/town.yaml" in capfd.readouterr().out


def test_a_configuration_of_the_home_may_build_on_a_shipped_one(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(
        home, {"conf/model/mine.yaml": "defaults: [demo, _self_]\nname: mine\nlabel: The demo, renamed\n"}
    )
    assert "The demo, renamed" in out(capsys, f"home={home}", "model=mine", "stage=plan")


# --- one file, one place ---

IN_BOTH = {
    "conf/survey/us.yaml": "name: us\nfile: package://surveys/us.yaml\n",
    "items/wvs7.yaml": TOWN["items/town.yaml"].replace("town", "wvs7"),
    "surveys/us.yaml": TOWN["surveys/town.yaml"],
    "references/USA/wvs7.csv": TOWN["references/USA/town.csv"],
    "structure/USA/wvs7.csv": "item_a,item_b,r,n\n",
    "places/USA.csv": "level,name_en,region_en,population,in_reference_sample\n",
    "prompts/en.yaml": "language: en\n",
    "frames/use_cases.yaml": "frames: []\n",
}


@pytest.mark.parametrize("name", IN_BOTH)
def test_a_file_that_is_in_both_is_an_error_that_names_both(
    name: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(home, {name: IN_BOTH[name]})
    folder, _, rest = name.partition("/")
    shipped = conf_folder() / rest if folder == "conf" else data_folder() / name
    message = refused(capsys, f"home={home}", "survey=town", "stage=plan")
    assert f"{name} is in both: {home / name} and {shipped}." in message
    assert "overrides.yaml" in message
    write_files(home, {"overrides.yaml": f"files: [{name}]\n"})
    with at_home(str(home)):
        pass  # it may be


def test_a_country_that_is_in_both_is_an_error_too(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(home, {"populations.yaml": "CHN: {en: the Middle Kingdom}\n"})
    message = refused(capsys, f"home={home}", "survey=town", "stage=plan")
    assert "CHN is in both" in message
    assert str(data_folder() / "populations.yaml") in message


def test_what_overrides_yaml_names_takes_the_place_of_the_shipped_file(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = "level,name_en,region_en,population,in_reference_sample\ncity,Springfield,Illinois,9,unknown\n"
    write_files(home, {"places/USA.csv": place, "overrides.yaml": "files: [places/USA.csv]\n"})
    shown = out(capsys, f"home={home}", "survey=town", "stage=plan", "show=prompts")
    assert "citizen of Springfield, Illinois, United States" in shown


def test_a_package_path_follows_the_same_rule_for_any_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(home))
    assert resolve_path("package://items/town.yaml") == home / "items/town.yaml"
    assert resolve_path("package://respondents/demo") == data_folder() / "respondents" / "demo"
    (home / "respondents" / "demo").mkdir(parents=True)
    with pytest.raises(ConfigError, match="is in both"):
        resolve_path("package://respondents/demo")
    write_files(home, {"overrides.yaml": "files: [respondents/demo]\n"})
    assert resolve_path("package://respondents/demo") == home / "respondents" / "demo"


# --- what is wrong with it ---


@pytest.mark.parametrize("words", [["home=/no/such/home"], ["home="], ["home=a,b"], ["home=a", "home=b"]])
def test_a_home_that_is_none_is_refused(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "home" in refused(capsys, *words, "stage=plan")


def test_a_variable_that_is_set_but_empty_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "")
    assert "DEF_SIM_HOME=: it is set, but empty" in refused(capsys, "stage=plan")
    assert "Town survey" in out(capsys, f"home={home}", "survey=town", "stage=plan")


DAMAGED = {
    "a configuration": ("conf/survey/town.yaml", "name: [town\n", ["town.yaml, line 2"]),
    "an item without options": (
        "items/town.yaml",
        TOWN["items/town.yaml"].replace("level: ordinal", "level: odd"),
        ["town.yaml, line 12", "Found: 'odd'"],
    ),
    "a figure": (
        "references/USA/town.csv",
        TOWN["references/USA/town.csv"].replace("0.3", "7"),
        ["town.csv, line 4", "share must lie in [0, 1]"],
    ),
    "items nobody has": (
        "surveys/town.yaml",
        TOWN["surveys/town.yaml"].replace("[town]", "[city]"),
        ["its source 'city' has no items", "city.yaml does not exist in items/ of"],
    ),
    "a country": ("populations.yaml", "FRA: France\n", ["populations.yaml, line 1"]),
    "overrides of nothing": ("overrides.yaml", "files: [items/city.yaml]\n", ["no items/city.yaml"]),
    "a file beside the groups": ("conf/config.yaml", "seed: 2\n", ["folders only"]),
    "a group that is none": ("conf/surveys/town.yaml", "name: town\n", ["no group 'surveys'"]),
    "a sweeper of Hydra": ("conf/hydra/sweeper/x.yaml", "_target_: x\n", ["configures launchers only"]),
    "a home that names a home": (
        "conf/survey/town.yaml",
        "# @package _global_\nhome: /elsewhere\nsurvey: {name: town, file: 'package://surveys/town.yaml'}\n",
        ["town.yaml sets `home`"],
    ),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_home_gets_one_message(what: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, text, expected = DAMAGED[what]
    write_files(home, {name: text})
    message = refused(capsys, f"home={home}", "survey=town", "stage=plan")
    assert all(part in message for part in expected), message


def test_a_home_inside_a_run_folder_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = home.parent / "run"
    write_files(run, {"manifest.json": "{}", "answers/shard-00-of-01.jsonl": ""})
    shutil.copytree(home, run / "home")
    assert "lies in the run folder" in refused(capsys, f"home={run / 'home'}", "survey=town", "stage=plan")
    (home.parent / "link").symlink_to(run / "home")
    assert "lies in the run folder" in refused(capsys, f"home={home.parent / 'link'}", "stage=plan")


# --- code of one's own ---

STRATEGY = (
    "from def_sim.strategies.single import Single\n\nIMPORTED = True\n\n\nclass Mine(Single):\n    pass\n"
)


def with_strategy(home: Path, module: str, text: str = STRATEGY) -> Path:
    chosen = f"# @package _global_\nstrategy: {{name: mine, _target_: {module}.Mine}}\n"
    return write_files(home, {f"conf/strategy/{module}.yaml": chosen, f"python/{module}.py": text})


def test_a_module_of_the_home_is_imported_when_its_configuration_is_chosen_and_not_before(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_strategy(home, "home_strategy_one")
    out(capsys, f"home={home}", "survey=town", "stage=plan")
    assert "home_strategy_one" not in sys.modules
    out(capsys, f"home={home}", "survey=town", "strategy=home_strategy_one", "stage=plan")
    assert "home_strategy_one" in sys.modules
    assert str(home / "python") not in sys.path  # what comes next in this process may have another home


def test_a_module_of_the_home_never_takes_the_place_of_an_installed_one(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_strategy(home, "tomllib")
    message = refused(capsys, f"home={home}", "survey=town", "strategy=tomllib", "stage=plan")
    assert "tomllib.Mine` cannot be found" in message


def test_a_module_that_fails_is_told_and_not_thrown(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_strategy(home, "home_strategy_two", "1 / 0\n")
    message = refused(capsys, f"home={home}", "survey=town", "strategy=home_strategy_two", "stage=plan")
    assert "ZeroDivisionError" in message


# --- runs ---


def held(home: Path, output: Path, *words: str) -> Path:
    with at_home(str(home)):
        return hold(output, TOWN_ITEM, "survey=town", "respondents=3", *words)


def hash_of(home: Path) -> str:
    from def_sim.answers.storage.manifest import run_hash
    from def_sim.app.definition import what_defines

    with at_home(str(home)):
        return run_hash(what_defines(prepare_run(validate_config(compose_config(["survey=town"]))), {}))


def test_a_run_is_named_by_what_the_home_holds_not_by_where_it_is(home: Path, tmp_path: Path) -> None:
    before = hash_of(home)
    moved = Path(shutil.copytree(home, tmp_path / "elsewhere" / "deeper"))
    assert hash_of(moved) == before
    write_home(moved, items__town=TOWN["items/town.yaml"].replace("more on its parks", "less on its parks"))
    assert hash_of(moved) != before


def test_the_manifest_does_not_say_where_the_home_was(home: Path, tmp_path: Path) -> None:
    manifest = (held(home, tmp_path / "outputs") / "manifest.json").read_text(encoding="utf-8")
    assert str(home) not in manifest
    assert str(tmp_path) not in json.dumps(json.loads(manifest)["defines"])


def test_a_stored_run_is_reported_and_verified_with_the_home_and_says_without_it_what_is_missing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = held(home, tmp_path / "outputs", "strategy=single")
    assert main([f"home={home}", "stage=report", f"run_folder={folder}"]) == 0
    assert main([f"home={home}", "stage=verify", f"run_folder={folder}"]) == 0
    capsys.readouterr()
    message = refused(capsys, "stage=verify", f"run_folder={folder}")
    assert "package://surveys/town.yaml: there is no surveys/town.yaml in" in message
    assert "no home= was given" in message


def test_a_stored_run_may_name_what_the_home_offers_and_nothing_else(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_strategy(home, "home_strategy_three")
    folder = held(home, tmp_path / "outputs", "strategy=home_strategy_three")
    sys.modules.pop("home_strategy_three")
    message = refused(capsys, "stage=verify", f"run_folder={folder}")
    assert "home_strategy_three.Mine" in message
    assert "home_strategy_three" not in sys.modules
    assert main([f"home={home}", "stage=report", f"run_folder={folder}"]) == 0
