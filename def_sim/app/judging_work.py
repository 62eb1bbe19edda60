"""One judge's work on one run, made ready: the set that it goes into, and every verdict of it.

Light: no model is loaded, nothing is sent and nothing written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from def_sim.app.checked_answers import checked_answers
from def_sim.app.definition import what_defines_model
from def_sim.app.home import home_folder
from def_sim.app.judge_checks import (
    OtherReader,
    check_format,
    check_judge,
    check_rubric,
    is_self,
    other_reader,
)
from def_sim.app.judged_answers import Task, num_stored, tasks_of
from def_sim.app.opened_runs import open_run
from def_sim.app.provenance import as_configured
from def_sim.app.run import Run
from def_sim.app.schema import RunConfig
from def_sim.errors import ConfigError, StoreError
from def_sim.interviews import Engine
from def_sim.judging.conversation import JudgeSettings, judge_decoding
from def_sim.judging.rubric import Rubric, find_rubric
from def_sim.judging.verdict_journal import (
    Placed,
    how_to_mend,
    judge_path,
    read_judge,
    set_name,
    verdicts_folder,
)
from def_sim.judging.verdict_lines import VerdictKey
from def_sim.judging.verdicts import hash_answer
from def_sim.resources import data_folder


@dataclass(frozen=True)
class JudgingWork:
    """What one judge finds of one run under one rubric.

    Attributes:
        config: Of the command; its model is the judge.
        folder: Of the judged run.
        run: The judged run.
        manifest: Its manifest.
        rubric: What is asked.
        settings: How the judge is asked.
        sample: Answers that are judged; None: all.
        defines: What makes the set this one and no other.
        tasks: Every verdict of the finished set.
    """

    config: RunConfig
    folder: Path
    run: Run
    manifest: Mapping[str, Any]
    rubric: Rubric
    settings: JudgeSettings
    sample: int | None
    defines: Mapping[str, Any]
    tasks: Sequence[Task]

    @property
    def of_set(self) -> Path:
        """The folder of the set."""
        return verdicts_folder(self.folder) / set_name(self.rubric.name, self.defines)

    @property
    def is_self(self) -> bool:
        """Whether the judge is the judged model."""
        return is_self(self.defines["judge"]["identity"], self.manifest)

    @property
    def in_words(self) -> str:
        """Who judges by what."""
        settings = self.settings
        how = "" if not settings.decoding.do_sample else f", temperature {settings.decoding.temperature:g}"
        return f"{self.config.model.label}, rubric {self.rubric.name}, format {settings.reply_format}{how}"

    def left(self, stored: Mapping[VerdictKey, Placed]) -> list[Task]:
        """What is not found yet."""
        found = {key for key, placed in stored.items() if not placed.stored.is_open}
        return [task for task in self.tasks if task.key not in found]


def prepare_work(config: RunConfig, folder: Path, engine: Engine) -> JudgingWork | OtherReader:
    """Reads and checks everything that a judge needs of a run.

    Returns:
        The work; or why the run is none for the rubric.

    Raises:
        DefSimError: The run is not there, not finished or damaged, or the judge may not judge it.
    """
    run, manifest = open_run(folder)
    rubric = chosen_rubric(config)
    if (other := other_reader(rubric, run)) is not None:
        return other
    identity = engine.describe()["identity"]
    assert isinstance(identity, Mapping)
    check_rubric(rubric, run, folder)
    check_judge(config, identity, manifest)
    check_format(config, engine.capabilities)
    answers = checked_answers(run, folder)
    if (num := num_stored(run, answers)) < run.num_planned:
        raise ConfigError(
            f"{folder}: {run.num_planned - num:,} of {run.num_planned:,} answers are not there yet.",
            fix="Finish the interviews first; which answers are judged depends on all of them.",
        )
    decoding = judge_decoding(engine.capabilities, config.judging.max_new_tokens)
    settings = JudgeSettings(run.config.seed, decoding, config.judging.format)
    sample = sample_of(config, rubric)
    defines = {
        "rubric": rubric.content_hash,
        "judge": what_defines_model(config.model, identity),
        "decoding": asdict(decoding),
        "format": config.judging.format,
    }
    tasks = tasks_of(run, answers, rubric, sample=sample, num_repeats=config.judging.num_repeats)
    return JudgingWork(config, folder, run, manifest, rubric, settings, sample, defines, tasks)


def chosen_rubric(config: RunConfig) -> Rubric:
    """The rubric that a command names.

    Raises:
        SurveyFormatError: There is none of that name, or its file breaks the format.
    """
    assert config.rubric is not None  # the schema has looked
    return find_rubric(config.rubric.name, data_folder(), home_folder())


def sample_of(config: RunConfig, rubric: Rubric) -> int | None:
    """Answers of a run that are judged; None: all."""
    assert config.rubric is not None
    sample = rubric.sample if config.rubric.sample is None else config.rubric.sample
    return None if sample == "all" else sample


def check_stored(work: JudgingWork, stored: Mapping[VerdictKey, Placed]) -> None:
    """Makes sure that what a set holds is of the answers as they are, and among what is to be judged.

    Raises:
        ConfigError: The set has more than this command would make.
        StoreError: An answer has changed under its verdict; names it.
    """
    _check_size(work)
    tasks = {task.key: task for task in work.tasks}
    for key, placed in stored.items():
        task = tasks.get(key)
        who = f"{key[0]}, {key[1]}#{key[2]}, {key[3]}"
        if task is None:
            raise StoreError(
                f"{placed.place} ({who}): that is not judged in this run; has it grown since?",
                fix=f"Delete {work.of_set} and judge again: its verdicts are asked anew.",
            )
        if placed.stored.verdict.answer_hash != hash_answer(task.judged.answer):
            raise StoreError(
                f"{placed.place} ({who}): the answer has changed since it was judged.",
                fix=how_to_mend(work.of_set).replace("Restore the file", "Restore the answers"),
            )


def _check_size(work: JudgingWork) -> None:
    """A larger sample holds the smaller one; a smaller one would leave verdicts without a place."""
    if not judge_path(work.of_set).is_file():
        return
    judge = read_judge(work.of_set)
    is_smaller = work.sample is not None and (judge.sample is None or judge.sample > work.sample)
    if is_smaller:
        raise ConfigError(
            f"{work.of_set} has a sample of {judge.sample or 'all'} answers, "
            f"found rubric.sample={work.sample}.",
            fix=f"Give rubric.sample={judge.sample or 'all'} or more.",
        )
    if judge.num_repeats > work.config.judging.num_repeats:
        raise ConfigError(
            f"{work.of_set} has {judge.num_repeats} repeats, found "
            f"judging.num_repeats={work.config.judging.num_repeats}.",
            fix=f"Give judging.num_repeats={judge.num_repeats} or more.",
        )


def judge_content(work: JudgingWork, engine: Engine, *, has_started: bool) -> dict[str, Any]:
    """What `judge.json` says.

    Args:
        work: The work.
        engine: The judge.
        has_started: Whether it says of itself what it really runs with; else an earlier command's word stays.
    """
    model = work.config.model
    facts = as_configured(model, engine.describe())
    if not has_started and judge_path(work.of_set).is_file():
        facts = read_judge(work.of_set).judge
    return {
        "defines": dict(work.defines),
        "rubric": work.rubric.model_dump(mode="json", by_alias=True),
        "judge": {
            **facts,
            "label": model.label,
            "family": model.family,
            "is_self": work.is_self,
            "is_demonstration": model.is_demonstration,
            "decoding": asdict(work.settings.decoding),
        },
        "reply_format": work.settings.reply_format,
        "seed": work.settings.seed,
        "sample": work.sample,
        "num_repeats": work.config.judging.num_repeats,
        "num_planned": len(work.tasks),
    }
