"""Prints what the package and its tests need but for torch, one requirement a line.

    python scripts/without_torch.py > needed.txt
    pip install --requirement needed.txt && pip install --no-deps WHEEL

torch has builds for a CPU for some Pythons only; for others a registry has those for GPUs, of several GB.
Light commands, reports, the Python API and the quick tests do without it, so that .ci/run can try them on
each Python that runs. Whatever brings torch along is left out, too, and so are tools that no test needs.
"""

import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from lower_bounds import PROJECT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NEEDS_TORCH: Final = frozenset({"torch", "accelerate", "bitsandbytes", "triton", "xllamacpp"})
TOOLS: Final = frozenset(
    {
        "ruff",
        "mypy",
        "pandas-stubs",
        "scipy-stubs",
        "types-pyyaml",
        "pre-commit",
        "build",
        "hatchling",
        "twine",
    }
)


def all_requirements(project: Path) -> list[str]:
    """What the package needs without extras and with the extra dev, as pyproject.toml spells it."""
    table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    return [*table["dependencies"], *table["optional-dependencies"]["dev"]]


def without_torch(requirements: Iterable[str]) -> Iterator[str]:
    """Those that are neither torch, nor bring it, nor are tools."""
    for text in requirements:
        if canonicalize_name(Requirement(text).name) not in NEEDS_TORCH | TOOLS:
            yield text


if __name__ == "__main__":
    sys.stdout.writelines(f"{one}\n" for one in without_torch(all_requirements(PROJECT)))
