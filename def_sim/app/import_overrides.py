"""Says in a home that what an import wrote takes the place of shipped files of the same name.

`overrides.yaml` is the user's: what stands in it stays, names are added behind.
"""

from collections.abc import Iterable
from pathlib import Path

from def_sim.app.home_checks import OVERRIDES, is_shipped, overrides_of
from def_sim.surveys.importers.documents import yaml_text


def with_overrides(home: Path, names: Iterable[str], removed: Iterable[str] = ()) -> dict[str, bytes]:
    """`overrides.yaml` with the names that are shipped, too; {} if it says so already, or none is.

    Args:
        home: The user's home.
        names: Of the files of an import, below the home.
        removed: Of files of an earlier import that go: what is not there can take nobody's place.
    """
    said = overrides_of(home)
    wanted = (said - set(removed)) | {name for name in names if is_shipped(name) and not _is_beside(name)}
    if wanted == said:
        return {}
    kept = sorted(said & wanted)
    return {OVERRIDES: yaml_text({"files": [*kept, *sorted(wanted - said)]}).encode()}


def _is_beside(name: str) -> bool:
    """Whether the name of the CSV stands for the file, too."""
    return name.startswith(("references/", "structure/")) and name.endswith(".yaml")
