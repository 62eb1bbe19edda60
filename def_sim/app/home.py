"""The user's home: a folder of one's own with configurations and data beside those that are shipped.

`home=FOLDER` on the command line names it, else DEF_SIM_HOME in the environment. While a command runs the
folder stands in that variable, so that processes which it starts have the same one.
"""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from def_sim.app.home_checks import check_home, contents_of, overrides_of
from def_sim.errors import ConfigError
from def_sim.resources import data_folder, looked_in

VARIABLE: Final = "DEF_SIM_HOME"
_NOT_GIVEN: Final = object()
SHIPPED: Final = "package://"


def home_folder() -> Path | None:
    """The home of the command that runs; None: there is none."""
    text = os.environ.get(VARIABLE)
    return Path(text) if text else None


@contextmanager
def at_home(given: object = _NOT_GIVEN) -> Iterator[Path | None]:
    """Finds and checks the home for the time of a command.

    Args:
        given: What `home=` on the command line says, None for none; left out: it says nothing.

    Raises:
        ConfigError: It is no folder, lies in a run folder, or holds what it may not.
        SurveyFormatError: One of its YAML files is damaged.
        StoreError: An import that was killed could not be finished.
    """
    before = os.environ.get(VARIABLE)
    home = _named(given, before)
    if home is not None:
        check_home(home)
    _put(str(home) if home is not None else None)
    try:
        yield home
    finally:
        _put(before)
        if home is not None:
            _forget_python_of(home)


def _put(text: str | None) -> None:
    if text is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = text


def _named(given: object, variable: str | None) -> Path | None:
    if given is _NOT_GIVEN:
        if variable is None:
            return None
        return _folder(variable, f"{VARIABLE}={variable}", "or unset the variable")
    return None if given is None else _folder(str(given), f"home={given}", "or leave it out")


def _folder(text: str, said: str, otherwise: str) -> Path:
    if not text.strip():
        raise ConfigError(f"{said}: it is set, but empty.", fix=f"Name your home folder there, {otherwise}.")
    try:
        path = Path(text).expanduser().absolute()
        if path.is_dir():
            return path
    except (OSError, RuntimeError, ValueError):  # no such user, a name too long, a NUL
        pass
    made = shlex.join(["mkdir", text])
    raise ConfigError(
        f"{said}: there is no such folder.",
        fix=f"Make one (`{made}`), name the folder that holds your conf/ and data, {otherwise}.",
    )


def python_of(home: Path) -> Path:
    """The folder of a home that holds modules of the user's own (`app/targets.py` says when it is used)."""
    return home / "python"


def _forget_python_of(home: Path) -> None:
    """What comes next in this process may have another home, or none."""
    sys.path[:] = [entry for entry in sys.path if entry != str(python_of(home))]


def home_lines(home: Path) -> list[str]:
    """The home and what it holds, a line a folder, for help and plan."""
    found: dict[str, list[str]] = {}
    for name in contents_of(home):
        folder, _, rest = name.rpartition("/")
        found.setdefault(folder or "beside them", []).append(rest.rpartition(".")[0])
    held = [f"  {folder:<20} {', '.join(names)}" for folder, names in found.items()]
    return [f"home          {home}", *(held or ["  holds none of conf/, items/, surveys/, ... yet"])]


def find_package(text: str) -> Path:
    """The file or folder that `package://NAME` means: the home's, else the shipped one.

    Raises:
        ConfigError: It is in both, and the home does not say that its own is meant; or in neither.
    """
    name, home = text.removeprefix(SHIPPED), home_folder()
    shipped, own = data_folder() / name, home / name if home is not None else None
    if own is None or home is None or not own.exists():
        if not shipped.exists():
            raise ConfigError(
                f"{text}: there is no {name} in {looked_in(data_folder(), home)}.",
                fix=f"Give the home folder that holds {name}, of whoever made it: home=FOLDER.",
            )
        return shipped
    if shipped.exists() and name not in overrides_of(home):
        raise ConfigError(
            f"{name} is in both: {own} and {shipped}.",
            fix=f"Rename yours, or list it in {home / 'overrides.yaml'} if it shall take the other's place.",
        )
    return own
