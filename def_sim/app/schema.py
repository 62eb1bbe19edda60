"""What a valid configuration is, checked before anything is loaded.

Hydra has joined the YAML files by now; here the result becomes typed and complete. Where a
section configures one of our own classes, that class's constructor is the schema.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Literal, Self, get_type_hints

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    model_validator,
)

from def_sim.answers.reading.parse import ReadingRules
from def_sim.app.argument_checks import as_config_error, check_arguments
from def_sim.app.choices import (
    Count,
    DrawnItems,
    ExportFormats,
    ImporterChoice,
    ItemIds,
    ModelChoice,
    Name,
    Names,
    NonNegative,
    PanelSize,
    PathText,
    ProtocolChoice,
    RubricChoice,
    RunPatterns,
    StrategyChoice,
    Strict,
    SurveyChoice,
    Target,
    Wordings,
)
from def_sim.app.key_guard import refuse_keys
from def_sim.errors import ConfigError
from def_sim.names import check_name, check_path
from def_sim.prompts import Offer
from def_sim.respondents.decoding import DecodingRules
from def_sim.respondents.memory import MemoryRules
from def_sim.respondents.panel import Modifications
from def_sim.respondents.personas import PlaceRules


class PresentationRules(Strict):
    """How the questionnaire is shown."""

    option_order: Literal["listed", "reversed", "shuffled", "balanced"]
    question_order: Literal["questionnaire", "rotated", "shuffled"]
    follow_up: Literal["fill", "placeholder"]
    offer: Offer = "none"  # a default: runs stored before it existed stay readable


class Scoring(Strict):
    """How scores are computed from stored answers."""

    draws: Annotated[int, Field(ge=10, le=100_000)]
    stream_above: Count = 2_000_000  # a default: runs stored before it existed stay readable


class FigureRules(Strict):
    """How figures are written for papers.

    `width`: a journal's two columns (174 mm) or one (84 mm). `items`: how many of those that are furthest
    from people, or all, or a list of ids.
    """

    width: Literal["double", "single"] = "double"
    items: DrawnItems = 20


Chance = Annotated[float, Field(gt=0.5, lt=1)]
Width = Annotated[float, Field(gt=0, lt=1)]


class WantedPrecision(Strict):
    """What `stage=plan power=true` plans for, on the scale of the Jensen-Shannon divergence."""

    half_width: Width = 0.01  # of the 95 % interval of a mean score
    difference: Width = 0.02  # between two models
    chance: Chance = 0.8  # of finding that difference
    correlation: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of two models' scores over the items


class LeaseRules(Strict):
    """How a shard is taken that another process holds.

    `wait_s`: seconds to wait for it; null: 150 in a job of Slurm, where a job that was queued again may
    find the lease of its first try, else 0.
    """

    take_over: bool = False
    wait_s: Annotated[float, Field(ge=0, le=86_400)] | None = None


class ClusterRules(Strict):
    """What plans suppose of a cluster: how fast a job reads weights, in 10^9 bytes a second."""

    read_gb_per_s: Annotated[float, Field(gt=0, le=10_000)] = 1.0


class Judging(Strict):
    """How a judge is asked."""

    num_repeats: Annotated[int, Field(ge=1, le=1000)] = 1
    format: Literal["json", "code"] = "json"
    max_new_tokens: Count = 256
    allow_self: bool = False
    allow_demonstration: bool = False


class RephrasingRules(Strict):
    """How a model is asked for wordings (`stage=rephrase`)."""

    num_drafts: Annotated[int, Field(ge=1, le=20)] = 3  # an item
    temperature: Annotated[float, Field(gt=0, le=2)] = 0.7
    max_new_tokens: Count = 512


class AuditRules(Strict):
    """Which verdicts of a run people code (`stage=audit`)."""

    set: Annotated[str, AfterValidator(check_name)] | None = None  # null: the only one there is
    per_stratum: Count = 25  # rows of each stratum of a question


class RunConfig(Strict):
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
    wordings: Wordings
    references: PathText | None = None
    items: ItemIds | None
    factual: bool = False
    answer_mode: Literal["free", "constrained", "probabilities"]
    # A default, as for what follows: runs stored before it existed stay readable.
    show: Literal["items", "prompts", "rephrasing"] | None = None
    apply: bool = False
    sample: PathText | None = None
    margins: PathText | None = None
    power: bool = False
    wanted: WantedPrecision = WantedPrecision()
    audit: AuditRules = AuditRules()
    export: PathText | None = None
    formats: ExportFormats | None = None
    imported: Annotated[list[PathText], Field(min_length=1)] | None = Field(default=None, alias="import")
    importer: ImporterChoice | None = None
    source: PathText | None = None
    countries: Names | None = None
    rule: Name | None = None
    name: Name | None = None
    year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    weight: Name | None = None
    mapping: PathText | None = None
    labels: PathText | None = None
    answers: PathText | None = None
    force: bool = False
    output: PathText
    run_folder: PathText | None
    runs: RunPatterns | None = None
    baseline: str | None = None
    watch: Annotated[float, Field(ge=5, le=86_400)] | None = None
    format: Literal["text", "json"] = "text"
    log: Literal["text", "json"] = "text"  # main looks at the command's word before anything is composed
    shard: NonNegative
    num_shards: Annotated[int, Field(ge=1, le=100_000)]
    max_in_flight: Count
    max_engine_errors: NonNegative
    lease: LeaseRules = LeaseRules()
    cluster: ClusterRules = ClusterRules()
    rubric: RubricChoice | None = None
    judging: Judging = Judging()
    rephrasing: RephrasingRules = RephrasingRules()
    check: bool = False
    accept: RunPatterns | None = None
    review: RunPatterns | None = None
    verdicts: Name | None = None
    modifications: Modifications
    places: PlaceRules
    decoding: DecodingRules
    memory: MemoryRules
    presentation: PresentationRules
    reading: ReadingRules
    pool_wordings: bool
    scoring: Scoring
    figures: FigureRules = FigureRules()

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
    def _check_stage(self) -> Self:
        """A parameter that only some stages read is no part of another's command."""
        given = {
            f"show={self.show}": (self.show is not None, ("plan",)),
            "power=true": (self.power, ("plan",)),
            "apply=true": (self.apply, ("repair",)),
            "sample=": (self.sample is not None, ("calibrate",)),
            "margins=": (self.margins is not None, ("calibrate",)),
            "export=": (self.export is not None, ("audit", "export")),
            "formats=": (self.formats is not None, ("export",)),
            "import=": (self.imported is not None, ("audit",)),
            "rubric=": (self.rubric is not None, ("judge", "plan")),
            "importer=": (self.importer is not None, ("import",)),
            "source=": (self.source is not None, ("import",)),
            "countries=": (self.countries is not None, ("import",)),
            "rule=": (self.rule is not None, ("import",)),
            "name=": (self.name is not None, ("import", "rephrase")),
            "year=": (self.year is not None, ("import",)),
            "weight=": (self.weight is not None, ("import",)),
            "mapping=": (self.mapping is not None, ("import",)),
            "labels=": (self.labels is not None, ("import",)),
            "answers=": (self.answers is not None, ("import",)),
            "force=true": (self.force, ("import",)),
            "check=true": (self.check, ("rephrase", "plan")),
            "accept=": (self.accept is not None, ("rephrase",)),
            "review=": (self.review is not None, ("rephrase",)),
            "runs=": (self.runs is not None and self.rubric is None, ("report", "judge", "status", "export")),
            "watch=": (self.watch is not None, ("status",)),
            "format=json": (self.format == "json", ("status",)),
        }
        for written, (is_given, stages) in given.items():
            if is_given and self.stage.name not in stages:
                belongs = " and ".join(stages)
                raise ValueError(f"{written} belongs to stage={belongs}, found stage={self.stage.name}")
        return self

    @model_validator(mode="after")
    def _check_judge(self) -> Self:
        if self.stage.name == "judge" and self.rubric is None:
            raise ValueError("stage=judge needs a rubric, such as rubric=insensitivity")
        if self.rubric is not None and self.runs is None and self.run_folder is None:
            raise ValueError("rubric= needs run_folder=FOLDER or runs='PATTERN': the runs that are judged")
        return self

    @model_validator(mode="after")
    def _check_audit(self) -> Self:
        if self.stage.name == "audit" and (self.export is None) == (self.imported is None):
            raise ValueError("stage=audit needs export=NAME, or import=[FIRST,SECOND]: one of the two")
        return self

    @model_validator(mode="after")
    def _check_import(self) -> Self:
        if self.stage.name == "import" and self.importer is None:
            raise ValueError("stage=import needs an importer, such as importer=globalopinionqa")
        if self.stage.name == "import" and self.source is None:
            raise ValueError("stage=import needs source=FILE, the file that is imported")
        return self

    @model_validator(mode="after")
    def _check_rephrasing(self) -> Self:
        given = {"check=true": self.check, "accept=": self.accept, "review=": self.review}
        if len(several := [name for name, value in given.items() if value]) > 1:
            raise ValueError(f"stage=rephrase does one thing: give {' or '.join(several)}")
        if self.stage.name == "rephrase" and self.name is not None and self.review is None:
            raise ValueError("name= is what a survey without some items is called: it needs review=FILE")
        return self

    @model_validator(mode="after")
    def _check_runs(self) -> Self:
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
        raise as_config_error(error) from None
    check_arguments(
        "strategy", config.strategy, given_by_app={"presentation", "texts"}, read_by_app={"frames"}
    )
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
