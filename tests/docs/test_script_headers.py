"""The commands at the top of scripts/ name scripts, options, models and parameters that there are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from console_blocks import as_plans
from script_headers import Command, commands_of, known_to

from def_sim.app.known_choices import known_names
from def_sim.app.main import main

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted([*(ROOT / "scripts").glob("*.py"), *(ROOT / "scripts").glob("*.sh")])
COMMANDS = [(script, command) for script in SCRIPTS for command in commands_of(script)]


def name_of(value: object) -> str:
    return value.name if isinstance(value, Path) else " ".join([value.program, *value.words])[:60]  # type: ignore[attr-defined]


def words_for_def_sim(command: Command) -> Iterator[list[str]]:
    """What a command gives to def-sim, itself or by a script."""
    if command.program in ("def-sim", "scripts/slurm_array.sh"):
        yield command.words
    if judge := command.environment.get("JUDGE"):
        yield f"model={judge}".split()


def test_headers_have_commands() -> None:
    """Else the other tests would check nothing."""
    assert len(COMMANDS) > 50
    assert sum(len(list(words_for_def_sim(command))) for _, command in COMMANDS) > 3


@pytest.mark.parametrize(("script", "command"), COMMANDS, ids=name_of)
def test_a_command_names_a_script_its_options_and_models(script: Path, command: Command) -> None:
    named = script if command.program == "def-sim" else ROOT / command.program
    assert named.is_file()
    options = [word.split("=")[0] for word in command.words if word.startswith("--")]
    assert [option for option in options if option not in known_to(named)] == []
    models = command.environment.get("MODELS", "").split()
    assert set(models) <= set(known_names("model"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [words for _, command in COMMANDS for words in words_for_def_sim(command)], ids=" ".join
)
def test_the_words_of_a_command_can_be_planned(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    [plan] = as_plans(" ".join(["def-sim", *words]))
    assert main([*plan, "respondents=1"]) == 0
