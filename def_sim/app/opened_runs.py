"""A stored run, opened by its folder: its manifest, and the run as this installation prepares it."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from def_sim.answers.storage.lease import find_starting
from def_sim.answers.storage.manifest import check_same_run, manifest_path, read_manifest
from def_sim.answers.storage.shards import answers_folder
from def_sim.app.definition import what_defines
from def_sim.app.received import read_received
from def_sim.app.run import Run, prepare_run
from def_sim.errors import ConfigError, RunInUseError, RunMismatchError

_MOST_NAMED: Final = 5  # runs below a folder that is none itself


def require_manifest(folder: Path) -> None:
    """Makes sure that there is a run.

    Raises:
        ConfigError: There is none.
        RunInUseError: It is being started.
    """
    if not manifest_path(folder).is_file():
        if (starting := find_starting(answers_folder(folder))) is not None:
            raise RunInUseError(
                f"The run in {folder} is being started by {starting}: it has no answer yet.",
                fix="Wait until its first line of progress, then give the same command again.",
            )
        below = _runs_below(folder)
        if below:
            raise ConfigError(
                f"There is no run in {folder} itself; below it: {', '.join(map(str, below))}.",
                fix=f"Name one of them: `run_folder={below[0]}`.",
            )
        others = _runs_below(folder.parent)
        beside = f", or name one that is there: `run_folder={others[0]}`" if others else ""
        raise ConfigError(
            f"There is no run in {folder}.",
            fix=f"Hold the interviews first, the same command without stage={beside}.",
        )


def _runs_below(folder: Path) -> list[Path]:
    """The first runs of an output folder that was named in place of a run: outputs/<model>/<survey>/<run>."""
    names = ("*/" * depth + manifest_path(Path()).name for depth in range(1, 4))
    found = (path.parent for name in names for path in folder.glob(name))
    return sorted(islice(found, _MOST_NAMED))


def check_same(folder: Path, defines: Mapping[str, Any]) -> None:
    """Makes sure that a folder holds the run that is asked for.

    Raises:
        RunMismatchError: Naming the folder and what differs.
    """
    try:
        check_same_run(read_manifest(folder)["defines"], defines)
    except RunMismatchError as error:
        raise RunMismatchError(f"{folder}: {error.message}", fix=error.fix) from None


def open_run(folder: Path) -> tuple[Run, Mapping[str, Any]]:
    """The run of a folder and its manifest, as received: nothing that it names is imported unasked.

    Raises:
        DefSimError: There is none, it is damaged, or would be another run today.
    """
    require_manifest(folder)
    received = read_received(folder)
    run = prepare_run(received.config)
    # The items may have been reworded since: other questions make another run.
    check_same(folder, what_defines(run, received.manifest["defines"]["model"]["identity"]))
    return run, received.manifest
