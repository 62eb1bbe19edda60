"""What a command can choose: the names of every group, shipped or of the user's home."""

from pathlib import Path
from typing import Final

from def_sim.app.home import home_folder
from def_sim.resources import conf_folder

_FROM_HOME: Final = " (home)"  # said behind a name that the user's home adds


def known_names(group: str) -> list[str]:
    """The names of a group, sorted."""
    return sorted(_stems(conf_folder() / group) | _of_home(group))


def _of_home(group: str) -> set[str]:
    home = home_folder()
    return _stems(home / "conf" / group) if home is not None else set()


def _stems(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.yaml")}


def names_in_words(group: str) -> str:
    """The names of a group; behind those of the user's home stands that they are."""
    own = _of_home(group)
    return ", ".join(name + _FROM_HOME * (name in own) for name in known_names(group))
