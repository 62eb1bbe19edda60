"""Every command of README and docs/ runs and prints what its page shows, in a folder of its own."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from console_blocks import FILES, Block, as_plans, blocks_of, files_of, is_shown_by, words_of

from def_sim.app.known_choices import known_names
from def_sim.app.schema import RunConfig

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_COMMANDS = [page for page in PAGES if "```console" in page.read_text(encoding="utf-8")]
BESIDE_PARAMETERS = {"home", "experiment", "hydra", "protocol"}
MOST_SECONDS = 400  # of a command that hangs

pytestmark = pytest.mark.docs


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def run(command: str, folder: Path, cache: Path) -> str:
    """What a command prints; it must end well."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "DEF_SIM_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=MOST_SECONDS,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def follow(block: Block, folder: Path, cache: Path) -> None:
    for step in block.steps:
        if block.mark == FILES:
            check_parameters(step.command)
        elif block.mark:
            for words in as_plans(step.command):
                run(shlex.join(["def-sim", *words]), folder, cache)
        else:
            said = run(step.command, folder, cache)
            assert not step.expected or is_shown_by(step.expected, said), f"{step.command}\n{said}"


def check_parameters(command: str) -> None:
    """A parameter that has been renamed is found also where nothing can be run."""
    known = {field.alias or name for name, field in RunConfig.model_fields.items()} | BESIDE_PARAMETERS
    for words in words_of(command):
        given = dict(word.split("=", 1) for word in words if "=" in word)
        assert {name.split(".")[0].split("/")[0] for name in given} <= known, command
        assert given.get("stage", "all") in known_names("stage"), command


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name_of)
def test_each_command_of_a_page_runs_and_prints_what_is_shown(
    page: Path, tmp_path: Path, cache: Path
) -> None:
    text = page.read_text(encoding="utf-8")
    files = files_of(text)
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    for block in blocks_of(text):
        follow(block, tmp_path, cache)
    if page.name.startswith("add_"):
        shutil.rmtree(tmp_path / "outputs", ignore_errors=True)
        left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
        assert {name for name in left if "__pycache__" not in name} == set(files)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_stand_in_console_blocks(page: Path) -> None:
    """Else nobody would run them; those to be copied as a whole line stand in plain ones of the README."""
    blocks = page.read_text(encoding="utf-8").split("```")[1::2]
    loose = [block for block in blocks if block.startswith(("\ndef-sim ", "sh\n", "bash\n", "shell\n"))]
    assert not loose
