"""Who may judge whom, and which rubric fits which run: looked at before anything is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from def_sim.app.judged_answers import questions_for
from def_sim.app.run import Run
from def_sim.app.schema import RunConfig
from def_sim.errors import ConfigError
from def_sim.judging.rubric import Rubric
from def_sim.records import Capabilities


def check_judge(config: RunConfig, identity: Mapping[str, Any], judged: Mapping[str, Any]) -> None:
    """Makes sure that a model may judge a run.

    Args:
        config: Of the command; its model is the judge.
        identity: What the judge says that it is.
        judged: Manifest of the run.

    Raises:
        ConfigError: It is the judged model itself, or invented, and that is not allowed.
    """
    if config.model.is_demonstration and not config.judging.allow_demonstration:
        raise ConfigError(
            f"{config.model.label} cannot judge: what it says means nothing.",
            fix="Choose another `model=` as the judge; to look at the way alone: "
            "judging.allow_demonstration=true.",
        )
    if is_self(identity, judged) and not config.judging.allow_self:
        raise ConfigError(
            f"{config.model.label} would judge its own answers.",
            fix="Choose another `model=` as the judge, or allow it: judging.allow_self=true. The report then "
            "says so.",
        )


def is_self(identity: Mapping[str, Any], judged: Mapping[str, Any]) -> bool:
    """Whether the judge is the judged model."""
    return bool(dict(identity) == judged["defines"]["model"]["identity"])


def relation_notes(config: RunConfig, run: Run, *, is_same: bool) -> list[str]:
    """What is to be said of a judge that is invented, the judged model, or a relative of it."""
    judge, judged = config.model, run.config.model
    if judge.is_demonstration:
        return [f"{judge.label} is a demonstration: its verdicts mean nothing"]
    if is_same:
        return [f"{judge.label} judges its own answers"]
    if judge.family != judged.family:
        return []
    return [f"{judge.label} is of the same family as {judged.label}: it may like what it would have said"]


def check_format(config: RunConfig, capabilities: Capabilities) -> None:
    """Makes sure that the judge's engine has the mode that judging.format=code needs.

    Raises:
        ConfigError: It has not.
    """
    if config.judging.format == "code" and not capabilities.probabilities:
        raise ConfigError(
            f"{config.model.label}: its engine cannot be held to a code, which judging.format=code needs.",
            fix="Use judging.format=json, or a local model in slots.",
        )


@dataclass(frozen=True, slots=True)
class OtherReader:
    """Why a rubric reads none of a run's answers: they are read by rules, or by another rubric's judge."""

    why: str
    fix: str


def other_reader(rubric: Rubric, run: Run) -> OtherReader | None:
    """Why a rubric that says which option a text takes is none for a run; None if it is one.

    Defects are judged whoever reads the answers.
    """
    needed, strategy = run.strategy.needs_judge, run.config.strategy.name
    if rubric.verdict != "option":
        return None
    if rubric.judged == "all" and needed is None:
        return OtherReader(
            f"rubric={rubric.name} is for free texts; strategy={strategy} is read by rules",
            "Use rubric=unread: it has those judged that rules left.",
        )
    if rubric.judged == "unread" and needed is not None:
        return OtherReader(
            f"rubric={rubric.name} is for what rules left; of strategy={strategy} they read nothing",
            f"Use rubric={needed}: it has all of its texts judged.",
        )
    return None


def check_rubric(rubric: Rubric, run: Run, folder: Path) -> None:
    """Makes sure that a rubric has something to ask of a run.

    Raises:
        ConfigError: All that it asks means nothing there.
    """
    if questions_for(rubric, run):
        return
    mode, strategy = run.config.answer_mode, run.config.strategy.name
    why = f"answer_mode={mode}" if mode != "free" else f"strategy={strategy}"
    raise ConfigError(
        f"{folder}: rubric={rubric.name} means nothing of answers given with {why}.",
        fix="Judge a run with free answers of people.",
    )
