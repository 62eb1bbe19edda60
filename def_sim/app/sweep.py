"""A sweep whose commands run as jobs on a cluster: checked, submitted, watched, and summed up.

Everything that can be wrong is found here, before anything is submitted: a job that fails in its queue
three hours later costs a day.
"""

import os
import secrets
import shutil
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from def_sim.answers.storage.disk import write_whole
from def_sim.app.composing import check_sweep_choice, compose_experiment, parse_words
from def_sim.app.experiment_stages import report_experiment
from def_sim.app.experiments import GROUP as EXPERIMENT
from def_sim.app.experiments import Experiment, named_experiment
from def_sim.app.home import home_folder
from def_sim.app.launchers import GROUP, PREFIX, Launcher, check_launcher, launcher_from, launcher_of
from def_sim.app.sweep_commands import Command, check_shards, check_time, checked_all
from def_sim.app.sweep_costs import cost_lines
from def_sim.app.sweep_job import TOKEN, SweepJob
from def_sim.app.sweep_results import JOBS
from def_sim.app.sweep_submitted import SWEEPS, check_not_submitted, record_submitted
from def_sim.app.sweep_watch import watch_jobs
from def_sim.app.terminal import say
from def_sim.errors import ConfigError
from def_sim.evaluation.measures import counted
from def_sim.resources import conf_folder

_FLAGS = ("-m", "--multirun")


def submit_sweep(words: Sequence[str]) -> int:
    """Runs the commands of a sweep as jobs, or with stage=plan says what they would be.

    Returns:
        0 if all is there; 1 if a job ended by a bug or vanished; 2 if one failed otherwise.

    Raises:
        ConfigError: A command is not valid, a shard stands twice, or the launcher is not there.
    """
    name = launcher_of(words)
    assert name is not None
    check_launcher(name)
    _check_flags(words)
    own = [word for word in words if not word.startswith("-") and not _is_of_hydra(word)]
    launcher = _launcher(name, words)
    experiment = compose_experiment(own) if named_experiment(parse_words(own)) is not None else None
    combined = combinations(own) if experiment is None else _of_arms(experiment, own)
    commands = checked_all(combined, launcher)
    check_shards(commands)
    check_time(commands, launcher)
    left = [one for one in commands if not one.is_finished]
    for line in _plan_lines(commands, left, launcher):
        say(line)
    if commands[0].config.stage.name == "plan":
        return 0
    if not left:
        say("nothing is left to do")
        return report_experiment(experiment) if experiment is not None else 0
    code = _submit(launcher, left)
    return report_experiment(experiment) if code == 0 and experiment is not None else code


def combinations(words: Sequence[str]) -> list[tuple[str, ...]]:
    """The commands that a sweep stands for, each with one value of everything."""
    overrides = parse_words(words)
    for override in overrides:
        check_sweep_choice(override)
    [batch] = BasicSweeper.split_arguments(overrides, max_batch_size=None)
    return [tuple(one) for one in batch]


def _is_of_hydra(word: str) -> bool:
    return word.lstrip("+~").startswith(("hydra.", "hydra/"))


def _of_arms(experiment: Experiment, words: Sequence[str]) -> list[tuple[str, ...]]:
    """The commands of an experiment's arms: interviews; the page comes when all are done."""
    stage = [word for word in words if word.startswith("stage=")] or ["stage=interview"]
    return [(f"{EXPERIMENT}={experiment.choice.name}", *arm.words, *stage) for arm in experiment.arms]


def _check_flags(words: Sequence[str]) -> None:
    others = [word for word in words if word.startswith("-") and word not in _FLAGS]
    is_experiment = any(word.startswith(f"{EXPERIMENT}=") for word in words)
    if others or (not is_experiment and not any(word in _FLAGS for word in words)):
        raise ConfigError(
            f"{GROUP}= belongs to a sweep, which -m begins"
            + (f"; found {others[0]} as well." if others else "."),
            fix=f"def-sim -m {GROUP}=slurm model=mistral7b survey=us,cn",
        )


def _launcher(name: str, words: Sequence[str]) -> Launcher:
    """The launcher with the parameters that the command gives.

    Raises:
        ConfigError: There is no such parameter, or its value is of the wrong type.
    """
    of_hydra = [word for word in words if _is_of_hydra(word)]
    try:
        with initialize_config_dir(config_dir=str(conf_folder()), version_base="1.3", job_name="def_sim"):
            section = compose("config", overrides=of_hydra, return_hydra_config=True).hydra.launcher
        OmegaConf.set_struct(section, False)
        section.submitit_folder = ""  # made of the sweep's folder, which is ours to name
        content = OmegaConf.to_container(section, resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        given = ", ".join(word for word in of_hydra if word.startswith(PREFIX))
        raise ConfigError(
            f"{GROUP}={name} does not take {given or 'its own YAML'}: {str(error).splitlines()[0]}",
            fix="conf/hydra/launcher/slurm.yaml names the usual parameters.",
        ) from None
    assert isinstance(content, dict)
    return launcher_from(name, {str(key): value for key, value in content.items()})


def _plan_lines(commands: Sequence[Command], left: Sequence[Command], launcher: Launcher) -> list[str]:
    num_left = sum(one.num_planned - one.num_done for one in left)
    num_finished = len(commands) - len(left)
    jobs = counted(len(commands), "job", "jobs")
    lines = [
        f"sweep         {jobs} by {launcher.name}, {num_finished} of them finished",
        f"answers       {num_left:,} of {sum(one.num_planned for one in commands):,} are left to ask",
        *cost_lines(left),
        *_missing_lines(commands),
    ]
    return lines + [
        f"  job {number:<4} {one.title}: {one.num_done:,} of {one.num_planned:,} answers there"
        for number, one in enumerate(left)
    ]


def _missing_lines(commands: Sequence[Command]) -> list[str]:
    """Shards of a run that the sweep leaves out: allowed, and said."""
    lines = []
    for folder in dict.fromkeys(one.folder for one in commands):
        of_run = [one.config for one in commands if one.folder == folder]
        missing = sorted(set(range(of_run[0].num_shards)) - {config.shard for config in of_run})
        if missing:
            lines.append(f"warning       {folder}: not in this sweep: shard {', '.join(map(str, missing))}")
    return lines


def _submit(launcher: Launcher, commands: Sequence[Command]) -> int:
    if launcher.is_slurm and shutil.which("sbatch") is None:
        raise ConfigError(
            f"{GROUP}={launcher.name}: sbatch is not on the path.",
            fix="Run this on a login node of the cluster, or hydra/launcher=submitit_local for a trial.",
        )
    output = Path(commands[0].config.output).expanduser().absolute()
    token = secrets.token_hex(16)
    # Two sweeps may begin in one second.
    sweep = output / SWEEPS / f"{datetime.now(UTC):%Y-%m-%d_%H-%M-%S}_{token[:4]}"
    home = home_folder()
    jobs = [
        SweepJob(
            number=number,
            words=one.words,
            sweep=str(sweep),
            token=token,
            host=socket.gethostname(),
            home=str(home.absolute()) if home is not None else None,
            run_folder=str(one.folder),
            shard=one.config.shard,
            num_shards=max(one.config.num_shards, one.num_tasks),
            num_tasks=one.num_tasks,
        )
        for number, one in enumerate(commands)
    ]
    check_not_submitted(output, jobs)
    (sweep / JOBS).mkdir(parents=True)
    write_whole(sweep / JOBS / TOKEN, token.encode())
    try:
        submitted = _by_submitit(launcher, sweep, jobs)
    except ConfigError:
        shutil.rmtree(sweep)  # nothing came of it
        raise
    ids = {number: str(job.job_id) for number, job in submitted.items()}
    record_submitted(sweep, jobs, ids, is_slurm=launcher.is_slurm)
    titles = {number: one.title for number, one in enumerate(commands)}
    return watch_jobs(sweep, submitted, titles, is_slurm=launcher.is_slurm)


def _by_submitit(launcher: Launcher, sweep: Path, jobs: Sequence[SweepJob]) -> Mapping[int, Any]:
    """Submits all jobs as one array.

    Returns:
        Submitit's jobs by their number in the sweep.

    Raises:
        ConfigError: The scheduler refuses them; in its own words.
    """
    import submitit
    from submitit.core.utils import FailedJobError

    kind = "slurm" if launcher.is_slurm else "local"
    parameters = dict(launcher.parameters)
    most = parameters.pop("max_num_timeout", 0)
    shared = {"timeout_min", "cpus_per_task", "gpus_per_node", "tasks_per_node", "mem_gb", "nodes", "name"}
    shared.add("stderr_to_stdout")
    try:
        executor = submitit.AutoExecutor(
            folder=sweep / ".submitit" / "%j", cluster=kind, **{f"{kind}_max_num_timeout": most}
        )
        executor.update_parameters(
            **{key if key in shared else f"{kind}_{key}": value for key, value in parameters.items()}
        )
        # A path that works here need not be the first on a node: jobs start where this command did.
        os.environ.setdefault("PYTHONUNBUFFERED", "1")
        with executor.batch():
            handles = [executor.submit(job) for job in jobs]
    except (FailedJobError, RuntimeError, NameError, TypeError) as error:
        raise ConfigError(
            f"{GROUP}={launcher.name} cannot submit: {_last_words(error)}",
            fix="Correct partition, account or limits (hydra.launcher.partition=...), or ask your cluster.",
        ) from None
    return dict(enumerate(handles))


def _last_words(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "error" in line.lower()]
    return (told or lines or [type(error).__name__])[-1]
