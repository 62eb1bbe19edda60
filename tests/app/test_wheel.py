"""The wheel carries conf/ and data/: installed elsewhere, it runs without the checkout, with a home, too."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from homes import write_home

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


def test_the_wheel_runs_in_an_empty_environment_and_another_folder(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist")]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    site = next((environment / "lib").glob("python3*")) / "site-packages"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    # Its dependencies are borrowed from here; .pth files (our editable install) do not apply to them.
    borrowed = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    where = subprocess.run(
        [python, "-c", "import def_sim; print(def_sim.__file__)"],
        cwd=elsewhere,
        env=borrowed,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(site) in where.stdout
    words = ["items=[wvs7.Q1,wvs7.Q46]", "respondents=2", "scoring.draws=20", "output=runs"]
    done = subprocess.run(
        [python, "-m", "def_sim", *words],
        cwd=elsewhere,
        env=borrowed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(elsewhere.glob("runs/demo/us/*/report.html"))
    write_home(elsewhere / "mine")
    done = subprocess.run(
        [python, "-m", "def_sim", "home=mine", "survey=town", "respondents=2", "output=runs"],
        cwd=elsewhere,
        env=borrowed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(elsewhere.glob("runs/demo/town/*/report.html"))
