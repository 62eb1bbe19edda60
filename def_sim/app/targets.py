"""The classes and functions that configurations name by `_target_`: who may name which, and finding them."""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import yaml

from def_sim.app.home import home_folder, python_of
from def_sim.errors import ConfigError
from def_sim.resources import conf_folder

TARGET: Final = "_target_"


def targets(section: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every `_target_` with the dotted name of the section that it stands in."""
    if isinstance(section, Mapping):
        for key, value in section.items():
            if key == TARGET:
                yield where, value
            else:
                yield from targets(value, f"{where}.{key}" if where else str(key))
    elif isinstance(section, list):
        for value in section:
            yield from targets(value, where)


def installed_targets(group: str) -> frozenset[str]:
    """What conf/<group>/ of this installation names, and that of the user's home."""
    home = home_folder()
    own = _named_in(home / "conf" / group) if home is not None else frozenset()
    return _named_in_installation(group) | own


@cache
def _named_in_installation(group: str) -> frozenset[str]:
    return _named_in(conf_folder() / group)


def _named_in(folder: Path) -> frozenset[str]:
    found: set[str] = set()
    for path in sorted(folder.glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
        found |= {str(target) for _, target in targets(content)}
    return frozenset(found)


def resolve_target(path: str) -> Any:
    """The class or function that a dotted path names.

    Raises:
        ConfigError: There is no such module or attribute.
    """
    _reach(path)
    module_name, _, attribute = path.rpartition(".")
    try:
        return getattr(import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"`_target_: {path}` cannot be found ({error}).",
            fix="Correct the path in the YAML that names it.",
        ) from None
    except Exception as error:  # a module of the user's own, which may fail in any way
        raise ConfigError(
            f"`_target_: {path}` cannot be imported ({type(error).__name__}: {error}).",
            fix="Correct the module that it names.",
        ) from error


def _reach(path: str) -> None:
    """Lets Python find home/python/ for what a YAML of that home names, behind all that is installed.

    Nothing there is imported unless it is named, and it never takes the place of an installed module.
    """
    home = home_folder()
    if home is None or str(python_of(home)) in sys.path or not python_of(home).is_dir():
        return
    groups = [folder for folder in (home / "conf").glob("*") if folder.is_dir()]
    if any(path in _named_in(group) for group in groups):
        sys.path.append(str(python_of(home)))
