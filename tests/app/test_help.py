"""`def-sim --help`: everything that a command can say is explained, and what is shown works."""

import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from def_sim.app.composing import compose_config, configured, parameter_names
from def_sim.app.definition import what_defines
from def_sim.app.described_choices import LAUNCHERS, described_choice, in_short, names_of
from def_sim.app.described_types import values_in_words
from def_sim.app.help_page import COMMANDS, help_text
from def_sim.app.home_checks import config_groups
from def_sim.app.main import main
from def_sim.app.name_help import all_names, explained_name
from def_sim.app.parameter_help import ParameterHelp, argument_meanings, shipped_parameters, unit_of
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.app.vocabulary import ALIASES
from def_sim.errors import ConfigError, DefSimError

ROOT = Path(__file__).parents[2]


# --- every name is explained ---


def test_every_parameter_of_a_command_has_a_meaning() -> None:
    assert set(parameter_names()) <= set(all_names())
    without = [one.name for one in shipped_parameters() if len(one.meaning) < 10 or one.meaning[-1] != "."]
    assert without == []


def test_every_number_has_its_range() -> None:
    numbers = [one for one in shipped_parameters() if "number" in one.takes]
    assert len(numbers) > 60
    without = [one.name for one in numbers if not re.search("(number|numbers) (from|above) [0-9]", one.takes)]
    assert without == ["decoding.grid"]  # pairs of two numbers, whose ranges stand at each


def test_every_choice_of_every_group_says_what_it_is() -> None:
    groups = (*config_groups(), LAUNCHERS)
    without = [
        (group, name) for group in groups for name in names_of(group) if not described_choice(group, name)
    ]
    assert without == []


def test_a_parameter_is_explained_with_meaning_range_unit_default_and_what_it_does_to_a_run() -> None:
    assert explained_name("watch") == (
        "watch=\n"
        "  stage=status: looks again after so long, until all is done; null: once.\n"
        "  takes    a number from 5 to 86,400 or null (seconds)\n"
        "  default  null\n"
        "  run      does not define it: with another value the same run goes on, in its folder"
    )
    assert "  run      defines it: another value makes another run" in explained_name("decoding.top_k")


def test_the_last_part_of_a_name_suffices_and_several_are_all_explained() -> None:
    assert explained_name("top_k").startswith("decoding.top_k=\n")
    assert {line for line in explained_name("temperature").splitlines() if line.endswith("temperature=")} == {
        "decoding.temperature=", "rephrasing.temperature=", "strategy.temperature="
    }  # fmt: skip
    assert [line for line in explained_name("none").splitlines() if "=" in line] == [
        "importer=none", "rubric=none"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("elsewhere", "here"),
    [("n", "respondents"), ("country", "population"), ("gpu", "model.engine.device"), *ALIASES.items()],
)
def test_what_a_parameter_is_called_elsewhere_is_explained_as_that_parameter(
    elsewhere: str, here: str
) -> None:
    assert {f"{here}=", f"{here}=NAME"} & set(explained_name(elsewhere).splitlines())


def test_a_group_lists_its_choices_and_a_section_its_parameters() -> None:
    group = explained_name("protocol")
    assert "  protocol=sound  The corrected variant, recommended for new results" in group
    assert "  lease.wait_s     How long to wait" in explained_name("lease")
    assert explained_name("survey=cn") == explained_name("cn")


def test_what_only_some_models_have_says_of_which() -> None:
    assert "  of       model=claude, model=claude_3_5_sonnet\n" in explained_name("model.engine.batches")


def test_an_unknown_name_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        explained_name("respondnts")
    assert caught.value.message == "respondnts: there is no parameter, group or choice of that name."
    assert caught.value.fix == "Did you mean `def-sim --help respondents`?"
    said: list[DefSimError] = []
    assert main(["--help", "topk"], tell=said.append) == 2
    assert [error.fix for error in said] == ["Did you mean `def-sim --help top_k`?"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("words", [["--help", "seed"], ["-h", "seed"], ["seed=3", "--help"]])
def test_help_is_asked_for_in_any_order(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("seed=\n  From which number all draws follow")


# --- where the words come from ---


def test_types_are_said_in_words() -> None:
    assert values_in_words(bool | None) == "true or false or null"
    assert values_in_words(list[str]) == "a list of texts"
    assert values_in_words(int, "from 1") == "a whole number from 1"
    assert values_in_words(tuple[tuple[float, float], ...]) == "a list of lists of numbers"


def test_an_argument_is_explained_by_its_docstring() -> None:
    class Receiver:
        """Does something.

        Args:
            one: The first, `which` is
                long; from 1.
            two: None leaves it.

        Raises:
            ValueError: Never.
        """

    assert argument_meanings(Receiver) == {
        "one": "The first, which is long; from 1.",
        "two": "null leaves it.",
    }


def test_the_unit_is_what_the_name_ends_with() -> None:
    assert unit_of("lease.wait_s") == "seconds"
    assert unit_of("model.engine.input_usd_per_million") == "US dollars per million tokens"
    assert unit_of("decoding.top_k") == ""


def test_a_description_in_short_is_its_first_sentence() -> None:
    assert in_short("Style of Liu et al. 2025: at .7. Then more.") == "Style of Liu et al. 2025: at .7"
    assert in_short("Which one? It is named.") == "Which one?"


# --- what defines a run ---


@cache
def content() -> Mapping[str, Any]:
    return compose_config(["items=[wvs7.Q1]", "respondents=2"])


@cache
def prepared() -> Run:
    return prepare_run(validate_config(content()))


def changed(name: str, value: object) -> dict[str, Any]:
    """The default configuration with another value of one parameter."""
    section, _, rest = name.partition(".")
    inner = content()[section]
    return {**content(), section: {**inner, rest: value} if rest else value}


def another_value(one: ParameterHelp) -> object:
    """A value that a parameter takes, other than its default; None: none can be made up."""
    if one.takes == "true or false":
        return one.default == "false"
    if re.match("a whole number (from|above)", one.takes) and one.default.isdigit():
        return int(one.default) + 1
    if re.match("a number (from|above)", one.takes) and one.default not in ("", "null"):
        return float(one.default) * 0.9 + 0.01
    if not one.takes or " a " in f" {one.takes} ":
        return None
    return next((word for word in re.split(", | or ", one.takes) if word not in (one.default, "null")), None)


# With another value of these alone the configuration is refused; items: another survey is prepared.
NOT_ALONE = ("shard", "show", "apply", "power", "force", "check", "format", "modifications.quotas", "factual")


def test_what_is_said_to_define_a_run_is_what_its_hash_has() -> None:
    before = what_defines(prepared(), {})
    tried = []
    for one in shipped_parameters():
        is_set = one.name.partition(".")[0] in content() and one.name.count(".") <= 1 and not one.choices
        if not is_set or one.name.startswith(("model.", "stage.")) or one.name in NOT_ALONE:
            continue
        if (value := another_value(one)) is None:
            continue
        config = validate_config(changed(one.name, value))
        is_other = what_defines(replace(prepared(), config=config), {}) != before
        assert is_other == one.defines_run, one.name
        tried.append(one.name)
    assert {"seed", "respondents", "answer_mode", "decoding.top_k", "scoring.draws"} <= set(tried)
    assert len(tried) > 35


@pytest.mark.slow
@pytest.mark.parametrize("word", ["language=zh", "frame_language=zh", "population=CHN", "items=[wvs7.Q2]"])
def test_what_is_asked_and_of_whom_defines_a_run(word: str) -> None:
    name = word.partition("=")[0]
    [said] = [one.defines_run for one in shipped_parameters() if one.name == name]
    items = [] if name == "items" else ["items=[wvs7.Q1]"]
    other = prepare_run(configured([*items, "respondents=2", word]))
    assert said
    assert what_defines(other, {}) != what_defines(prepared(), {})


# --- the page ---


def test_the_columns_of_the_page_are_aligned() -> None:
    lines = help_text().splitlines()
    for rows in COMMANDS.values():
        found = [line for line in lines for command, _ in rows if line.startswith(f"  {command}  ")]
        begins = {line.index(does, 3) for line, (_, does) in zip(found, rows, strict=True)}
        assert len(begins) == 1


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command, _ in COMMANDS["Interviews"]])
def test_each_command_of_the_page_runs_with_stage_plan(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    program, *words = shlex.split(command)
    kept = [word for word in words if not word.startswith("stage=")]
    assert program == "def-sim"
    assert main([*kept, "stage=plan"]) == 0
    assert "answers" in capfd.readouterr().out


@pytest.mark.parametrize(
    "command",
    [command for heading, rows in COMMANDS.items() if heading != "Interviews" for command, _ in rows],
)
def test_each_command_on_runs_and_surveys_is_understood(command: str) -> None:
    _, *words = shlex.split(command)
    own = {"NAME": "town", "FILE": "town.csv", "FOLDER": "some_folder"}
    filled = [re.sub("NAME|FILE|FOLDER", lambda one: own[one.group()], word) for word in words]
    known = [word for word in filled if not word.startswith(("survey=town", "home="))]
    assert configured(known).stage.name in words[0]


# --- extras ---


def test_extras_are_installed_one_way_and_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    folders = [ROOT / name for name in ("def_sim", "conf", "data", "docs", ".ci")]
    paths = [
        path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".md", ".yaml")
    ]
    named: set[str] = set()
    for path in [*paths, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / ".ci" / "run"]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"install [^\n]*def.sim\[", text), path
        for given in re.findall(r'-e "?\.\[([a-z,]+)\]', text):
            named.update(given.split(","))
    assert {"slurm", "importers", "gptq", "dev"} <= named <= set(extras)
