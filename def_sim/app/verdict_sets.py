"""The sets of verdicts that lie in a run's folder, for reports and audits."""

from pathlib import Path

from def_sim.errors import ConfigError
from def_sim.judging.rubric import Rubric
from def_sim.judging.verdict_journal import read_judge, read_verdict_sets, rubric_of, verdicts_folder
from def_sim.judging.verdict_sets import VerdictSet


def set_folder(folder: Path, name: str) -> Path:
    """Where a set of a run lies."""
    return verdicts_folder(folder) / name


def rubric_of_set(folder: Path, one: VerdictSet) -> Rubric:
    """The rubric that a set was judged by, as it was then."""
    return rubric_of(read_judge(set_folder(folder, one.name)))


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
            fix=f"Have it judged first: `def-sim stage=judge rubric=... run_folder={folder}`.",
        )
    if name is None and len(sets) > 1:
        raise ConfigError(f"{folder} holds several sets of verdicts: {names}.", fix="Name one: audit.set=...")
    found = [one for one in sets if name in (None, one.name)]
    if not found:
        raise ConfigError(
            f"{folder} holds no set of verdicts {name}; it holds {names}.", fix="Name one of these."
        )
    return found[0]
