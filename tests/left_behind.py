"""Names of temporary files as writers elsewhere, or dead ones, would have them."""

from pathlib import Path

from def_sim.holder import this_machine
from def_sim.temporary import temporary_path

NO_PROCESS = 999_999_999  # beyond the numbers that a system gives


def dead_writers_path(path: Path) -> Path:
    """Where a process of this machine that is dead was writing."""
    return path.with_name(f".{path.name}.{this_machine()}-{NO_PROCESS}-1-0123abcd")


def foreign_writers_path(path: Path) -> Path:
    """Where a process of another machine is writing that has the number and the start of this one."""
    name = temporary_path(path).name
    return path.with_name(name.replace(f".{this_machine()}-", ".00000000-"))
