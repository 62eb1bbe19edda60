"""Experiments from the command line: planned, held arm by arm, compared on one page.

Arms are ordinary runs in ordinary folders: one that was held before is found there and not asked again, and
the same command finishes what is missing. An arm that fails is named, and the others go on.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from def_sim.answers.storage.manifest import manifest_path
from def_sim.app.definition import folder_of, what_defines
from def_sim.app.experiment_judging import AUDIT, Judges, judge_arms, judging_lines, waiting_lines
from def_sim.app.experiment_plan import plan_lines
from def_sim.app.experiments import Experiment, PlannedArm
from def_sim.app.run import create_engine
from def_sim.app.terminal import say
from def_sim.errors import ConfigError, DefSimError

EXIT_FAILED: Final = 2  # an arm, or the judge of one, failed


class ArmWatch:
    """Says which arm is held, and remembers which failed; arms come one after the other."""

    def __init__(self, experiment: Experiment) -> None:
        self._arms = experiment.arms
        self._number = 0
        self.failed: list[str] = []

    def begin(self) -> None:
        """The next arm is about to be held."""
        self._number += 1
        say("")
        say(f"arm {self._number} of {len(self._arms)}  {self._arms[self._number - 1].title}")

    def fail(self, error: DefSimError) -> None:
        """It ended in an error, which has been told."""
        self.failed.append(f"{self._arms[self._number - 1].title}: {error.message}")


Launch = Callable[[str, ArmWatch], int]


def plan_experiment(experiment: Experiment) -> int:
    """Prints a line an arm and their sum. Loads nothing, writes nothing."""
    for line in [*plan_lines(experiment), *judging_lines(experiment)]:
        say(line)
    return 0


def hold_experiment(experiment: Experiment, launch: Launch, judges: Judges, *, is_here: bool) -> int:
    """Holds every arm that is not finished, has texts judged that need it, then compares all arms.

    Args:
        experiment: From `read_experiment`.
        launch: Runs a stage of every arm through Hydra, and tells the watch of each.
        judges: From `judges_of`.
        is_here: Whether arms run in this process; else the judge is left to the same command without a
            launcher, and the page to stage=report.

    Returns:
        0; the largest exit code of an arm, if one failed.
    """
    choice, watch = experiment.choice, ArmWatch(experiment)
    num_answers = sum(arm.run.num_planned for arm in experiment.arms)
    say(f"experiment {choice.name}: {len(experiment.arms)} arms, {num_answers:,} answers planned")
    code = launch("all" if choice.reports else "interview", watch)
    if not is_here:
        then = "the same command without a launcher" if judges else f"stage=report experiment={choice.name}"
        say(f"The page is written when all arms are there: {then}")
        return code
    not_read = _judge(experiment, judges)
    for arm in [*watch.failed, *not_read]:
        say(f"failed  {arm}", to_errors=True)
    return max(code, EXIT_FAILED if not_read else 0, report_experiment(experiment))


def _judge(experiment: Experiment, judges: Judges) -> list[str]:
    """Arms whose texts could not be read; says how to have them read where no judge is named."""
    found, _ = _folders(experiment)
    if not judges:
        for line in waiting_lines(found):
            say(line)
        return []
    sheets = _page_folder(experiment) / AUDIT if experiment.choice.audit else None
    return judge_arms(found, judges, sheets=sheets)


def report_experiment(experiment: Experiment) -> int:
    """Compares the arms that are on file, and writes the page.

    Returns:
        0; 2 if none of the arms was held, or one cannot be looked for.

    Raises:
        ConfigError: No arm has an answer.
    """
    # Statistics, which holding and planning have no use for.
    from def_sim.app.printed_comparison import print_comparison
    from def_sim.app.written_comparison import compare_runs
    from def_sim.evaluation.arms import ComparedExperiment

    found, missing = _folders(experiment)
    for title, why in missing.items():
        say(f"missing  {title}: {why}", to_errors=True)
    if not found:
        raise ConfigError(
            f"experiment={experiment.choice.name}: none of its {len(experiment.arms)} arms is on file.",
            fix="Hold them: the same command without stage=report.",
        )
    choice = experiment.choice
    compared = ComparedExperiment(
        name=choice.name,
        question=choice.question,
        baselines=tuple(str(folder) for arm, folder in found if experiment.is_baseline(arm)),
        missing=missing,
    )
    runs = [str(folder) for _, folder in found]
    verdicts = experiment.arms[0].run.config.verdicts
    page = _page_folder(experiment)
    print_comparison(compare_runs(runs, page, verdicts=verdicts, experiment=compared))
    return 0


def _page_folder(experiment: Experiment) -> Path:
    output = Path(experiment.arms[0].run.config.output).expanduser()
    return output / "experiments" / experiment.folder_name


def _folders(experiment: Experiment) -> tuple[list[tuple[PlannedArm, Path]], dict[str, str]]:
    """The arms that are on file with their folders, and why others are not."""
    found, missing = [], {}
    for arm in experiment.arms:
        try:
            identity = create_engine(arm.run.config).describe()["identity"]
        except DefSimError as error:
            missing[arm.title] = error.message
            continue
        assert isinstance(identity, dict)
        folder = folder_of(arm.run, what_defines(arm.run, identity))
        if manifest_path(folder).is_file():
            found.append((arm, folder))
        else:
            missing[arm.title] = "not held yet"
    return found, missing
