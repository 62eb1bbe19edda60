"""The sets of verdicts that lie in a run's folder, for reports and audits."""

from pathlib import Path

from def_sim.errors import ConfigError
from def_sim.judging.verdict_journal import read_verdict_sets, verdicts_folder
from def_sim.judging.verdict_sets import VerdictSet


def set_folder(folder: Path, name: str) -> Path:
    """Where a set of a run lies."""
    return verdicts_folder(folder) / name


def chosen_set(folder: Path, name: str | None) -> VerdictSet:
    """The set of that name, or the only one there is.

    Raises:
        ConfigError: There is none, none of that name, or several and no name.
    """
    sets = read_verdict_sets(folder)
    names = ", ".join(one.name for one in sets)
    if not sets:
        raise ConfigError(
            f"{folder} holds no verdicts.",
            fix=f"Have it judged first: `python -m def_sim stage=judge rubric=... run_folder={folder}`.",
        )
    if name is None and len(sets) > 1:
        raise ConfigError(f"{folder} holds several sets of verdicts: {names}.", fix="Name one: audit.set=...")
    found = [one for one in sets if name in (None, one.name)]
    if not found:
        raise ConfigError(
            f"{folder} holds no set of verdicts {name}; it holds {names}.", fix="Name one of these."
        )
    return found[0]
