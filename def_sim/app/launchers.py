"""What carries the jobs of a sweep to a cluster: names, and the parameters of the one that was chosen.

A launcher is a YAML of the group hydra/launcher, shipped or of the user's home. Its values go to submitit
(`app/sweep.py`): Hydra's own launchers wait for jobs in their order and stop at the first failure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

from def_sim.app.home import home_folder
from def_sim.app.suggestions import nearest
from def_sim.errors import ConfigError
from def_sim.resources import conf_folder

GROUP: Final = "hydra/launcher"
PREFIX: Final = "hydra.launcher."
_OF_THE_EXTRA: Final = ("submitit_local", "submitit_slurm")
_BASIC: Final = "basic"  # Hydra's name of no launcher: one job after another in this process
_FOLDER: Final = "submitit_folder"


@dataclass(frozen=True)
class Launcher:
    """A launcher that was chosen.

    Attributes:
        name: Of its YAML.
        is_slurm: Whether jobs go to Slurm; else each is a process of this machine.
        parameters: As submitit's executor takes them, `max_num_timeout` among them.
    """

    name: str
    is_slurm: bool
    parameters: Mapping[str, Any]


def launcher_of(words: Sequence[str]) -> str | None:
    """The launcher that a command names; None: its jobs run one after another in this process."""
    named = [word.partition("=")[2] for word in words if word.lstrip("+").startswith(f"{GROUP}=")]
    return named[-1] if named and named[-1] != _BASIC else None


def check_launcher(name: str) -> None:
    """Makes sure that there is such a launcher, and the extra that it needs.

    Raises:
        ConfigError: There is not.
    """
    known = known_launchers()
    if name not in known:
        raise ConfigError(
            f"{GROUP}={name}: there is no such launcher. Known: {', '.join(known)}.",
            fix=nearest(name, known, f"{GROUP}=") or "Choose one of these.",
        )
    if find_spec("submitit") is None or find_spec("hydra_plugins.hydra_submitit_launcher") is None:
        raise ConfigError(
            f"{GROUP}={name} needs submitit, which is not installed.",
            fix='`pip install -e ".[slurm]"`',
        )


def known_launchers() -> list[str]:
    """The names that `hydra/launcher=` takes."""
    home = home_folder()
    folders = [conf_folder() / GROUP, *([home / "conf" / GROUP] if home is not None else [])]
    return sorted({path.stem for folder in folders for path in folder.glob("*.yaml")} | {*_OF_THE_EXTRA})


def launcher_from(name: str, section: Mapping[str, Any]) -> Launcher:
    """The launcher of Hydra's composed section `hydra.launcher`.

    Args:
        name: As the command gave it.
        section: Its values, all resolved.
    """
    is_slurm = str(section["_target_"]).endswith(".SlurmLauncher")
    given = {key: value for key, value in section.items() if key not in ("_target_", _FOLDER)}
    return Launcher(name, is_slurm, {key: value for key, value in given.items() if value is not None})
