"""The commands of a sweep, each held against all that can be known without its model."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from def_sim.answers.storage.completion import is_complete
from def_sim.answers.storage.manifest import manifest_path
from def_sim.app.capabilities import check_capabilities
from def_sim.app.composing import configured
from def_sim.app.definition import folder_of
from def_sim.app.holding import num_done_of, num_planned_of
from def_sim.app.interviewing import definition_of
from def_sim.app.launchers import GROUP, Launcher
from def_sim.app.plan_load import load_of
from def_sim.app.run import create_engine, prepare_run
from def_sim.app.schema import RunConfig
from def_sim.app.slurm_tasks import is_by_task, of_all_tasks
from def_sim.engines.shared.optional import HasFiles
from def_sim.errors import ConfigError, DefSimError, ModelError


@dataclass(frozen=True)
class Command:
    """One command of a sweep, checked.

    Attributes:
        words: Without those that are about the launcher.
        folder: Of its run.
        num_done: Answers of its shard that are stored.
        num_planned: Answers that its shard plans.
        is_finished: Whether the command has nothing left to do.
        load_s: Seconds for which its job loads the model, as far as that can be known.
        num_tasks: Processes of its job, each of which asks a shard.
    """

    words: tuple[str, ...]
    config: RunConfig
    folder: Path
    num_done: int
    num_planned: int
    is_finished: bool
    load_s: float = 0.0
    num_tasks: int = 1

    @property
    def title(self) -> str:
        """Model, survey and shard, for a line of the terminal."""
        config = self.config
        if self.num_tasks > 1:
            return f"{config.model.name} {config.survey.name}, {self.num_tasks} tasks"
        shard = f", shard {config.shard} of {config.num_shards}" if config.num_shards > 1 else ""
        return f"{config.model.name} {config.survey.name}{shard}"


def num_tasks_of(launcher: Launcher, words: Sequence[str]) -> int:
    """Tasks of the job that runs a command.

    Raises:
        ConfigError: Several would ask the same, or there are none to take shards from.
    """
    given = [launcher.parameters.get(name) or 1 for name in ("nodes", "tasks_per_node")]
    num_tasks = math.prod(given) if launcher.is_slurm else 1
    if is_by_task(words) and not launcher.is_slurm:
        raise ConfigError(
            f"shard=slurm takes a shard from each task of a Slurm job, found {GROUP}={launcher.name}.",
            fix="Give num_shards=4 'shard=range(4)', or a launcher of Slurm.",
        )
    if num_tasks > 1 and not is_by_task(words):
        raise ConfigError(
            f"nodes and tasks_per_node of hydra.launcher make {num_tasks} tasks a job, which would all ask "
            "the same.",
            fix="Add shard=slurm: each task asks a shard. Or give one task a job.",
        )
    return num_tasks


def checked_all(combined: Sequence[tuple[str, ...]], launcher: Launcher) -> list[Command]:
    """Holds all commands of a sweep against what can be known; names all models that are missing at once.

    Raises:
        DefSimError: One is not valid, or models are not here.
    """
    commands, missing = [], dict[str, ModelError]()
    for words in combined:
        try:
            commands.append(checked(words, num_tasks=num_tasks_of(launcher, words)))
        except ModelError as error:
            missing.setdefault(_model_of(words), error)
    if len(missing) == 1:
        raise next(iter(missing.values()))
    if missing:
        raise ModelError(
            "\n".join([f"{len(missing)} models are not ready.", *(one.message for one in missing.values())]),
            fix=f"Where there is a network: def-sim -m stage=fetch model={','.join(missing)}",
        )
    return commands


def _model_of(words: Sequence[str]) -> str:
    named = [word.removeprefix("model=") for word in words if word.startswith("model=")]
    return named[-1] if named else "demo"


def checked(words: tuple[str, ...], *, num_tasks: int = 1) -> Command:
    """Holds a command against everything that can be known without its model.

    Raises:
        DefSimError: As the command itself would, named with what of the sweep it is.
    """
    try:
        config = configured(of_all_tasks(words, num_tasks) if is_by_task(words) else words)
        run, engine = prepare_run(config), create_engine(config)
        check_capabilities(run, engine.capabilities)
        if isinstance(engine, HasFiles):
            engine.check_files()
        folder = folder_of(run, definition_of(run, engine))
    except DefSimError as error:
        error.message = f"{' '.join(words)}: {error.message}"
        raise
    planned = num_planned_of(run)
    num_done = num_done_of(run, folder) if manifest_path(folder).is_file() else 0
    has_report = config.stage.name == "interview" or is_complete(folder)
    is_finished = num_done == planned and has_report
    load_s = load_of(run, folder).seconds
    return Command(words, config, folder, num_done, planned, is_finished, load_s, num_tasks)


def check_time(commands: Sequence[Command], launcher: Launcher) -> None:
    """Makes sure that a job gets to its first answer before it is told to stop.

    Raises:
        ConfigError: One would load until then, each time anew.
    """
    minutes, delay_s = (launcher.parameters.get(name) for name in ("timeout_min", "signal_delay_s"))
    if minutes is None:
        return
    slowest = max(commands, key=lambda one: one.load_s)
    if 60 * minutes <= slowest.load_s + (delay_s or 0):
        raise ConfigError(
            f"hydra.launcher.timeout_min={minutes}: a job of {slowest.title} loads its model for about "
            f"{slowest.load_s:,.0f} s and is told to stop {delay_s or 0} s before its end, so it would never "
            "ask anything.",
            fix=f"Give more: hydra.launcher.timeout_min={max(60, 4 * minutes)}.",
        )


def check_shards(commands: Sequence[Command]) -> None:
    """Makes sure that no shard stands twice, which two jobs would ask, and none has nobody to ask.

    Raises:
        ConfigError: One does or has, or a run stands with several divisions.
    """
    for one in commands:
        num_shards = max(one.config.num_shards, one.num_tasks)
        if num_shards > one.config.respondents:
            raise ConfigError(
                f"{one.title}: {num_shards} shards of {one.config.respondents} respondents, so some "
                "would ask nobody.",
                fix=f"Give at most num_shards={one.config.respondents}, or fewer tasks.",
            )
    for folder in dict.fromkeys(one.folder for one in commands):
        of_run = [one.config for one in commands if one.folder == folder]
        divisions = sorted({config.num_shards for config in of_run})
        if len(divisions) > 1:
            raise ConfigError(
                f"{folder} stands with num_shards={' and '.join(map(str, divisions))}.",
                fix="Give one num_shards for a run.",
            )
        for shard, number in Counter(config.shard for config in of_run).items():
            if number > 1:
                raise ConfigError(
                    f"Shard {shard} of {folder} stands {number} times in this sweep.",
                    fix="Give each value once: 'shard=range(4)' with num_shards=4.",
                )
