"""What follows an experiment's interviews where texts need a judge: verdicts, and blind sheets for an audit.

The block `experiment` names the judge as a list of overrides, or its model alone. What was judged before is
found in the run's folder and not asked again.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from def_sim.app.experiments import Configure, Experiment, PlannedArm
from def_sim.app.run import create_engine
from def_sim.app.schema import RunConfig
from def_sim.app.terminal import say, say_error
from def_sim.engines.local.shared_worker import keep_loaded
from def_sim.errors import ConfigError, DefSimError
from def_sim.judging.verdict_journal import read_verdict_sets

AUDIT: Final = "audit"  # folder of the sheets, beside the page
_OF_EXPERIMENT: Final = ("stage", "rubric", "run_folder", "runs")

Judges = Mapping[str, RunConfig]  # rubric -> the command that has a run judged by it; without its folder


def judges_of(experiment: Experiment, configure: Configure) -> Judges:
    """The judge of each rubric that arms need, ready to be asked; nobody where the experiment names none.

    Args:
        experiment: From `read_experiment`.
        configure: From overrides to a checked configuration.

    Raises:
        DefSimError: The overrides do not fit, or the judge cannot be asked: its key or its files are missing.
    """
    choice = experiment.choice
    for word in choice.judge:
        if word.partition("=")[0] in _OF_EXPERIMENT:
            raise ConfigError(
                f"experiment.judge={choice.judge}: `{word}` is not for it to say.",
                fix="Name the judge alone: its arms say which rubric, and their folders what is judged.",
            )
    found = {
        rubric: configure(["stage=judge", f"rubric={rubric}", "run_folder=.", *choice.judge])
        for rubric in rubrics_of(experiment)
        if choice.judge
    }
    for config in found.values():
        create_engine(config).check()
    return found


def rubrics_of(experiment: Experiment) -> list[str]:
    """The rubrics by which texts of arms are to be read, each once."""
    needed = (arm.run.strategy.needs_judge for arm in experiment.arms)
    return list(dict.fromkeys(rubric for rubric in needed if rubric is not None))


def judging_lines(experiment: Experiment) -> list[str]:
    """Of the plan: how many texts wait for a judge once the interviews are held, and who reads them."""
    waiting = [arm for arm in experiment.arms if arm.run.strategy.needs_judge is not None]
    if not waiting:
        return []
    num_texts = sum(arm.run.num_planned for arm in waiting)
    who = " ".join(experiment.choice.judge) or "nobody yet: name a judge with experiment.judge=MODEL"
    texts = f"{num_texts:,} texts of {len(waiting)} arm{'' if len(waiting) == 1 else 's'}"
    return [f"judge         reads {texts} afterwards ({', '.join(rubrics_of(experiment))}): {who}"]


def waiting_lines(arms: Sequence[tuple[PlannedArm, Path]]) -> list[str]:
    """How to have texts read that no judge has read yet; nothing where there are none.

    Args:
        arms: That are on file, with their folders.
    """
    num_waiting = sum(
        arm.run.strategy.needs_judge is not None
        and arm.run.strategy.needs_judge not in {one.rubric for one in read_verdict_sets(folder)}
        for arm, folder in arms
    )
    if not num_waiting:
        return []
    whose = "1 arm wait" if num_waiting == 1 else f"{num_waiting} arms wait"
    return [f"next        texts of {whose} for a judge: the same command with experiment.judge=MODEL"]


def judge_arms(arms: Sequence[tuple[PlannedArm, Path]], judges: Judges, *, sheets: Path | None) -> list[str]:
    """Has the texts of every arm read that needs it; an arm that fails is told, and the others go on.

    Args:
        arms: That are on file, with their folders.
        judges: From `judges_of`.
        sheets: Folder for the sheets of an audit; None: none are written.

    Returns:
        Arms whose texts could not be read, and why.
    """
    failed = []
    with keep_loaded():
        for arm, folder in arms:
            config = judges.get(arm.run.strategy.needs_judge or "")
            if config is None:
                continue
            say("")
            say(f"texts of    {arm.title}")
            try:
                _judge_arm(config.model_copy(update={"run_folder": str(folder)}), folder, sheets)
            except DefSimError as error:
                say_error(error)
                failed.append(f"{arm.title}: {error.message}")
    return failed


def _judge_arm(config: RunConfig, folder: Path, sheets: Path | None) -> None:
    # Judging and sheets read tables, which holding and planning have no use for.
    from def_sim.app.auditing import export_sheets
    from def_sim.app.judging_stage import judge_run
    from def_sim.app.judging_work import JudgingWork, prepare_work
    from def_sim.app.verdict_sets import chosen_set

    engine = create_engine(config)
    work = prepare_work(config, folder, engine)
    assert isinstance(work, JudgingWork), "the rubric is the one that the arm's strategy needs"
    judge_run(work, engine)
    if sheets is None:
        return
    if any(sheets.glob(f"{folder.name}_*.csv")):
        say(f"sheets      {sheets / folder.name}_*.csv are there already")
        return
    sheets.mkdir(parents=True, exist_ok=True)
    one = chosen_set(folder, work.of_set.name)
    name = str(sheets / folder.name)
    for line in export_sheets(work.run, folder, one, name, config.audit.per_stratum):
        say(line)
