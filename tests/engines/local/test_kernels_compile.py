"""Kernels compile for real cards, without one: what the interpreter runs is not yet what a GPU takes."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import def_sim.engines.local.paged as paged

pytestmark = [
    pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not installed"),
    pytest.mark.slow,
]


def launched_kernels() -> set[str]:
    """Names of all kernels that the package launches."""
    files = Path(paged.__file__).parent.glob("*_kernels.py")
    return {name for file in files for name in re.findall(r"^ +(_\w+)\[", file.read_text(), re.MULTILINE)}


@pytest.mark.parametrize(
    "capability", [pytest.param(90, id="H100"), pytest.param(80, id="A100", marks=pytest.mark.full)]
)
def test_every_kernel_compiles_for_a_card_that_is_not_here(capability: int, tmp_path: Path) -> None:
    script = Path(__file__).with_name("compile_kernels.py")
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, str(script), str(capability), "bfloat16"],
        env={**environment, "TRITON_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(launched_kernels()) > 10
    assert set(done.stdout.split()) == launched_kernels()
    assert "Warning" not in done.stderr  # a user could do nothing about it
