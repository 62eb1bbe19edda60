"""What a home folder holds, and whether it fits beside what is shipped.

One rule: a file that is both in the home and shipped is an error, unless the home's `overrides.yaml` names
it; then the home's takes the place of the other, whole. A pair of CSV and YAML is named by its CSV.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, RootModel

from def_sim.app.publishing import finish
from def_sim.errors import ConfigError
from def_sim.names import check_path
from def_sim.resources import conf_folder, data_folder
from def_sim.surveys.survey import POPULATIONS, Populations
from def_sim.yaml_files import read_validated

OVERRIDES: Final = "overrides.yaml"
# Folder of a home -> which files in it count.
_FILES: Final = {
    "conf": "*/*.yaml",
    "items": "*.yaml",
    "surveys": "*.yaml",
    "references": "*/*.csv",
    "structure": "*/*.csv",
    "places": "*.csv",
    "prompts": "**/*.yaml",
    "rubrics": "*.yaml",
    "frames": "*.yaml",
    "wordings": "*.yaml",
}
_CLOSED_GROUPS: Final = ("stage",)  # what commands do is not configured in a home
HYDRA: Final = "hydra"  # in conf/ and a home's conf/: launchers of clusters, nothing else
_LAUNCHERS: Final = "launcher"


class OverridesFile(BaseModel):
    """`overrides.yaml`: files of the home that take the place of shipped ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: list[Annotated[str, AfterValidator(check_path)]]


class _Mapping(RootModel[dict[str, Any]]):
    """Any configuration: keys and values."""


def config_groups() -> list[str]:
    """The groups that a command chooses from, found in the shipped conf/."""
    folders = [folder.name for folder in conf_folder().iterdir() if folder.is_dir()]
    return sorted(name for name in folders if name != HYDRA)


def contents_of(home: Path) -> list[str]:
    """The files of a home that take part, as names below it: `conf/survey/town.yaml`; sorted by folder."""
    found = [path for folder, pattern in _FILES.items() for path in sorted((home / folder).glob(pattern))]
    names = [path.relative_to(home).as_posix() for path in found if path.is_file()]
    return [*names, *([POPULATIONS] if (home / POPULATIONS).is_file() else [])]


def overrides_of(home: Path) -> frozenset[str]:
    """The names that `overrides.yaml` lists; none without that file.

    Raises:
        SurveyFormatError: The file breaks its format.
    """
    path = home / OVERRIDES
    return frozenset(read_validated(path, OverridesFile).files) if path.is_file() else frozenset()


def check_home(home: Path) -> None:
    """Makes sure that a home is the user's own and fits beside what is shipped.

    An import into it that was killed when all files were there is finished before.

    Raises:
        ConfigError: Naming the first thing that does not.
        SurveyFormatError: A configuration, overrides.yaml or populations.yaml is damaged.
        StoreError: An import that was killed could not be finished.
    """
    _check_place(home)
    finish(home)
    _check_conf(home / "conf")
    names, overrides = contents_of(home), overrides_of(home)
    for name in sorted(overrides):
        if not (home / name).exists():
            raise ConfigError(
                f"{home / OVERRIDES}: there is no {name} in this home.",
                fix="Correct the name or take it out.",
            )
    for name in names:
        if name not in overrides and name != POPULATIONS and is_shipped(name):
            raise _in_both(home, name, f"{name} is in both: {home / name} and {_shipped(name)}.")
    if POPULATIONS in names and POPULATIONS not in overrides:
        _check_populations(home)


def _check_place(home: Path) -> None:
    """Run folders are passed around; what is in one is data of unknown origin, never a configuration."""
    real = home.resolve()
    for folder in (real, *real.parents):
        if (folder / "manifest.json").is_file() and (folder / "answers").is_dir():
            raise ConfigError(
                f"The home {home} lies in the run folder {folder}: what is in one is not trusted.",
                fix="If you know its files and trust them, copy them into a folder of your own.",
            )


def _check_conf(conf: Path) -> None:
    for path in _entries(conf):
        if not path.is_dir():
            raise ConfigError(
                f"{path}: a home's conf/ holds folders only, one a group.",
                fix=f"Move it into one of {', '.join(_open_groups())}.",
            )
        if path.name == HYDRA:
            _check_launchers(path)
            continue
        if path.name not in _open_groups():
            raise ConfigError(
                f"{path}: there is no group {path.name!r} that a home adds to.",
                fix=f"Name the folder one of {', '.join(_open_groups())}.",
            )
        _check_files(path)


def _check_files(group: Path) -> None:
    for file in sorted(group.glob("*.yaml")):
        if "home" in read_validated(file, _Mapping).root:
            raise ConfigError(
                f"{file} sets `home`; only a command or its environment may.",
                fix="Take it out and give home=FOLDER on the command line.",
            )


def _check_launchers(folder: Path) -> None:
    for path in _entries(folder):
        if path.name != _LAUNCHERS or not path.is_dir():
            raise ConfigError(
                f"{path}: of Hydra itself a home configures launchers only.",
                fix=f"Move it into {folder / _LAUNCHERS}, or take it away.",
            )
        _check_files(path)


def _entries(conf: Path) -> Iterator[Path]:
    """What counts in conf/: hidden files and Python's own leavings do not."""
    if conf.is_dir():
        yield from (path for path in sorted(conf.iterdir()) if not path.name.startswith((".", "__")))


def _open_groups() -> list[str]:
    return [group for group in config_groups() if group not in _CLOSED_GROUPS]


def _check_populations(home: Path) -> None:
    shipped = data_folder() / POPULATIONS
    known = read_validated(shipped, Populations).root
    for code in read_validated(home / POPULATIONS, Populations).root:
        if code in known:
            raise _in_both(home, POPULATIONS, f"{code} is in both: {home / POPULATIONS} and {shipped}.")


def is_shipped(name: str) -> bool:
    """Whether there is a shipped file of that name."""
    return _shipped(name).is_file()


def _shipped(name: str) -> Path:
    folder, _, rest = name.partition("/")
    return conf_folder() / rest if folder == "conf" else data_folder() / name


def _in_both(home: Path, name: str, message: str) -> ConfigError:
    return ConfigError(
        message,
        fix=f"Rename yours, or list {name} under `files:` in {home / OVERRIDES} if it shall take the "
        "other's place.",
    )
