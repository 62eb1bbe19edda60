"""Says in a home that what an import wrote takes the place of shipped files of the same name.

`overrides.yaml` is the user's: what stands in it stays, names are added behind.
"""

from collections.abc import Iterable
from pathlib import Path

from def_sim.app.home_checks import OVERRIDES, is_shipped, overrides_of
from def_sim.surveys.importers.documents import yaml_text


def with_overrides(home: Path, names: Iterable[str]) -> dict[str, bytes]:
    """`overrides.yaml` with the names that are shipped, too; {} if it says so already, or none is.

    Args:
        home: The user's home.
        names: Of the files of an import, below the home.
    """
    said = overrides_of(home)
    pairs = [name for name in names if not (name.startswith("references/") and name.endswith(".yaml"))]
    missing = sorted(name for name in pairs if name not in said and is_shipped(name))
    if not missing:
        return {}
    return {OVERRIDES: yaml_text({"files": [*sorted(said), *missing]}).encode()}
