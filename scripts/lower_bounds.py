"""Prints each base dependency of pyproject.toml at the lowest version that it allows, one pin a line.

    python scripts/lower_bounds.py > lowest.txt
    pip install --requirement lowest.txt --editable . && python -m pytest ...

.ci/run does that in an environment of its own, so that a lower bound is a version that was tried. The
bounds stand in pyproject.toml alone. Whether the pins install together is for pip to find out.
"""

import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT: Final = Path(__file__).parents[1] / "pyproject.toml"
# The lowest torch has no build for a CPU in the package registry, and these two follow torch's version.
NOT_LOWERED: Final = frozenset({"torch", "transformers", "bitsandbytes"})


def base_dependencies(project: Path) -> list[str]:
    """What the package needs without extras, as pyproject.toml spells it."""
    dependencies: list[str] = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    return dependencies


def lowest_pins(dependencies: Iterable[str]) -> Iterator[str]:
    """Each dependency that applies to this platform as `name==lowest`, without those of `NOT_LOWERED`.

    Raises:
        ValueError: A dependency has no lower bound, or more than one.
    """
    for requirement in map(Requirement, dependencies):
        is_meant = requirement.marker is None or requirement.marker.evaluate()
        if is_meant and canonicalize_name(requirement.name) not in NOT_LOWERED:
            yield f"{requirement.name}=={_lower_bound(requirement)}"


def _lower_bound(requirement: Requirement) -> str:
    bounds = [one.version for one in requirement.specifier if one.operator in (">=", "==")]
    if len(bounds) != 1:
        raise ValueError(f"{requirement}: one lower bound (>=) was expected in {PROJECT.name}")
    return bounds[0]


if __name__ == "__main__":
    sys.stdout.writelines(f"{pin}\n" for pin in lowest_pins(base_dependencies(PROJECT)))
