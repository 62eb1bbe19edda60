"""Experiments: one YAML names the runs that are compared, the question they answer and the baseline.

Here an experiment becomes its arms, each a list of overrides and the run that they configure, checked before
anything is asked. Holds no interview: `experiment_stages.py` does.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Annotated, Any, Final

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from def_sim.answers.storage.manifest import run_hash
from def_sim.app.definition import what_defines
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import RunConfig
from def_sim.errors import ConfigError
from def_sim.names import check_name
from def_sim.surveys.survey import load_survey

GROUP: Final = "experiment"
_NAMED_BY_EXPERIMENTS: Final = ("runs", "run_folder", "baseline", "rubric")
_RECITING: Final = ("recall", "placebo")  # strategies that ask for published figures
_MOST_NAMED: Final = 4  # arms in a message

Configure = Callable[[Sequence[str]], RunConfig]


def _judge_by_name(given: object) -> object:
    """A bare name is the judge's model: `experiment.judge=gpt4o`."""
    return [f"model={given}"] if isinstance(given, str) else given


class ExperimentChoice(BaseModel):
    """The block `experiment` of conf/experiment/<name>.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(check_name)] = Field(description="Name of the experiment.")
    question: Annotated[str, Field(min_length=1)] = Field(description="The question that its arms answer.")
    baseline: list[str] = Field(
        description="Overrides that the arm has which others are compared with; empty: no such arm."
    )
    factors: list[str] = Field(
        description="Parameters whose effect is asked for; empty: one run answers the question."
    )
    reports: bool = Field(default=False, description="Every arm gets a report of its own.")
    judge: Annotated[list[str], BeforeValidator(_judge_by_name)] = Field(
        default=[],
        description="The model that reads the texts of arms that need a judge, and overrides; empty: "
        "nobody reads them.",
    )
    audit: bool = Field(
        default=False, description="Blind sheets of the judge's verdicts are written for two coders."
    )
    needs: str | None = Field(
        default=None, description="The command that makes what its arms need and no installation has."
    )


@dataclass(frozen=True)
class PlannedArm:
    """One run of an experiment."""

    title: str  # the overrides in which arms differ
    words: tuple[str, ...]  # all overrides that make it
    run: Run

    @property
    def hash_without_weights(self) -> str:
        """As the run's own hash, but for the model's files, which need not be here."""
        return run_hash(what_defines(self.run, {"name": self.run.config.model.name}))


@dataclass(frozen=True)
class Experiment:
    """An experiment and its arms, in the order in which they are held."""

    choice: ExperimentChoice
    varied: frozenset[str]  # parameters with several values
    arms: tuple[PlannedArm, ...]

    @property
    def folder_name(self) -> str:
        """`NAME-<hash of the arms>`: the same for the same arms in any order, whatever the panel's size."""
        hashes = sorted(arm.hash_without_weights for arm in self.arms)
        return f"{self.choice.name}-{run_hash({'arms': hashes})}"

    def is_baseline(self, arm: PlannedArm) -> bool:
        """Whether others are compared with this arm. What a command fixed is the same in all arms."""
        told = {word for word in self.choice.baseline if word.partition("=")[0] in self.varied}
        return bool(told) and told <= set(arm.words)


def named_experiment(overrides: Sequence[Override]) -> str | None:
    """The experiment that a command names, if it names one."""
    given = [override for override in overrides if override.key_or_group == GROUP]
    if len(given) > 1 or any(one.is_sweep_override() or isinstance(one.value(), list) for one in given):
        raise ConfigError(
            "experiment takes one value, found several.", fix="Hold one experiment after the other."
        )
    return str(given[0].value()) if given and given[0].value() is not None else None


def read_experiment(
    name: str, composed: Mapping[str, Any], overrides: Sequence[Override], configure: Configure
) -> Experiment:
    """The arms of an experiment as a command gives them.

    Args:
        name: Of the YAML.
        composed: `experiment` and `params`: the block of that name, and what Hydra's sweeper varies.
        overrides: Of the command line; one of a name that is varied takes the place of the list.
        configure: From overrides to a checked configuration.

    Raises:
        ConfigError: The YAML or an override does not fit, or the arms cannot be compared.
    """
    _check_command(overrides)
    choice = _read_choice(name, composed.get("experiment"))
    params = [f"{key}={value}" for key, value in (composed.get("params") or {}).items()]
    of_arms = [one for one in overrides if not _is_of_command(one)]
    by_name = _alternatives([*OverridesParser.create().parse_overrides(params), *of_arms])
    _check_repeats(by_name)
    varied = frozenset(one for one, found in by_name.items() if len(found) > 1)
    prepare = cache(load_survey)  # most arms ask what others ask
    arms = []
    for words in product(*by_name.values()):
        said = [word for word, one in zip(words, by_name, strict=True) if one in varied]
        with _saying_what_it_needs(choice):
            config = configure([f"{GROUP}={name}", *words])
            run = prepare_run(config, load=prepare)
        arms.append(PlannedArm(", ".join(said) or "the only arm", words, run))
    experiment = Experiment(choice, varied, tuple(arms))
    _check_arms(experiment, by_name)
    return experiment


@contextmanager
def _saying_what_it_needs(choice: ExperimentChoice) -> Iterator[None]:
    """Of an experiment on data that are not shipped, an error ends in the command that brings them."""
    try:
        yield
    except ConfigError as error:
        if choice.needs is None:
            raise
        command = f"def-sim {choice.needs}"
        raise ConfigError(
            f"experiment={choice.name}: {error.message}", fix=f"Bring what it asks first: `{command}`."
        ) from None


def _read_choice(name: str, block: object) -> ExperimentChoice:
    try:
        choice = ExperimentChoice.model_validate(block, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([GROUP, *(str(part) for part in first["loc"])])
        raise ConfigError(
            f"conf/experiment/{name}.yaml: {where}: {first['msg'][0].lower() + first['msg'][1:]}.",
            fix="It needs name, question, baseline and factors, as conf/experiment/baselines.yaml has them.",
        ) from None
    if choice.name != name:
        raise ConfigError(
            f"conf/experiment/{name}.yaml calls itself {choice.name!r}.",
            fix=f"Write `name: {name}` into its block `experiment`.",
        )
    try:
        return choice.model_copy(update={"baseline": [_spelled(word) for word in choice.baseline]})
    except HydraException:
        raise ConfigError(
            f"experiment={name}: its baseline {' '.join(choice.baseline)} is no list of overrides.",
            fix="Write each as on the command line: 'experiment.baseline=[\"strategy=single\"]'.",
        ) from None


def _alternatives(overrides: Sequence[Override]) -> dict[str, list[str]]:
    """Parameter -> its overrides, one for each value; the last that names it counts, as for Hydra."""
    found = {}
    for one in overrides:
        key = one.get_key_element()
        values = one.sweep_string_iterator() if one.is_sweep_override() else [one.get_value_element_as_str()]
        found[key] = [_spelled(f"{key}={value}") for value in values]
    return found


def _spelled(word: str) -> str:
    """An override as everyone writes it: `memory=True`, of a list, and `memory=true` are the same."""
    [one] = OverridesParser.create().parse_overrides([word])
    value = one.value()
    said = str(value).lower() if isinstance(value, bool) else one.get_value_element_as_str()
    return f"{one.get_key_element()}={said}"


def _is_of_command(override: Override) -> bool:
    """Whether an override says what the command does, and not what an arm is."""
    return re.split("[./]", override.key_or_group)[0] in ("stage", GROUP, "hydra")


def _check_command(overrides: Sequence[Override]) -> None:
    for one in overrides:
        if one.key_or_group in _NAMED_BY_EXPERIMENTS:
            raise ConfigError(
                f"{one.key_or_group}= and experiment= do not go together: an experiment names its own runs.",
                fix=f"Leave {one.key_or_group}= out; stage=report experiment=NAME compares what is held.",
            )


def _check_repeats(by_name: Mapping[str, Sequence[str]]) -> None:
    for words in by_name.values():
        repeated = [word for word, count in Counter(words).items() if count > 1]
        if repeated:
            raise ConfigError(
                f"{repeated[0]} stands twice among the values of the experiment.", fix="Name it once."
            )


def _check_arms(experiment: Experiment, by_name: Mapping[str, Sequence[str]]) -> None:
    choice, arms = experiment.choice, experiment.arms
    if choice.factors and len(arms) < 2:
        fixed = [factor for factor in choice.factors if len(by_name.get(factor, ())) == 1]
        said = " ".join(by_name[factor][0] for factor in fixed)
        raise ConfigError(
            f"experiment={choice.name}: {said or 'its YAML'} leaves a single arm: nothing to compare.",
            fix="Leave that out, give several values (a,b), or hold the one run without experiment=.",
        )
    if choice.baseline and not any(experiment.is_baseline(arm) for arm in arms):
        more = f" and {len(arms) - _MOST_NAMED} more" if len(arms) > _MOST_NAMED else ""
        known = "; ".join(arm.title for arm in arms[:_MOST_NAMED]) + more
        raise ConfigError(
            f"experiment={choice.name}: no arm is its baseline {' '.join(choice.baseline)}. Arms: {known}.",
            fix=f"Keep it among the arms, or name another: 'experiment.baseline=[\"{arms[0].words[0]}\"]'.",
        )
    _check_comparable(arms)
    _check_distinct(arms)
    _check_figures(choice.name, arms)


def _check_comparable(arms: Sequence[PlannedArm]) -> None:
    """Arms of one survey and population are compared: they share items, N and people's figures."""
    first_of: dict[tuple[str, str], PlannedArm] = {}
    for arm in arms:
        survey = arm.run.survey
        first = first_of.setdefault((survey.name, survey.population), arm)
        for what, one, other in _to_compare(first.run, arm.run):
            if one != other:
                raise ConfigError(
                    f"Arms `{first.title}` and `{arm.title}` differ in {what}: {one} and {other}.",
                    fix="Arms are compared on the same items, respondents and figures: give one value.",
                )


def _to_compare(first: Run, second: Run) -> list[tuple[str, object, object]]:
    firsts, seconds = ({question.item_id for question in run.survey.questions} for run in (first, second))
    has_same_figures = first.loaded.reference == second.loaded.reference  # at once where it was read once
    figures = ("people's figures, references", first.config.references, second.config.references)
    return [
        ("their items", _some(firsts - seconds), _some(seconds - firsts)),
        ("respondents", first.config.respondents, second.config.respondents),
        *([] if has_same_figures else [figures]),
    ]


def _check_figures(name: str, arms: Sequence[PlannedArm]) -> None:
    """What a model recites can be held against people's figures only."""
    for arm in arms:
        survey, known = arm.run.survey, arm.run.loaded.reference.for_everyone()
        items = {question.item_id for question in survey.questions}
        if arm.run.config.strategy.name in _RECITING and not items & known.keys():
            raise ConfigError(
                f"experiment={name}: none of its {len(items)} items has figures of people in "
                f"{survey.population}, beside which recited ones could stand.",
                fix="Ask items that have them, or bring the figures: references=FOLDER.",
            )


def _some(names: set[str]) -> str:
    """What one arm asks alone, in a few words."""
    shown = ", ".join(sorted(names)[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown or "none alone"


def _check_distinct(arms: Sequence[PlannedArm]) -> None:
    seen: dict[tuple[str, str], PlannedArm] = {}
    for arm in arms:
        model = arm.run.config.model.model_dump_json()
        first = seen.setdefault((arm.hash_without_weights, model), arm)
        if first is not arm:
            raise ConfigError(
                f"Arms `{first.title}` and `{arm.title}` are one run: what they differ in changes nothing.",
                fix="Leave one of the two out.",
            )
