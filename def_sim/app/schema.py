"""What a valid configuration is, checked before anything is loaded.

Hydra has joined the YAML files by now; here the result becomes typed and complete. Where a
section configures one of our own classes, that class's constructor is the schema.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Literal, Self, get_type_hints

from pydantic import Field, ValidationError, model_validator

from def_sim.answers.reading.parse import ReadingRules
from def_sim.app.argument_checks import as_config_error, check_arguments
from def_sim.app.choices import (
    Count,
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
from def_sim.app.sections import (
    AuditRules,
    ClusterRules,
    FigureRules,
    Judging,
    LeaseRules,
    PresentationRules,
    RephrasingRules,
    Scoring,
    WantedPrecision,
)
from def_sim.errors import ConfigError
from def_sim.names import check_path
from def_sim.respondents.decoding import DecodingRules
from def_sim.respondents.memory import MemoryRules
from def_sim.respondents.panel import Modifications
from def_sim.respondents.personas import PlaceRules


class RunConfig(Strict):
    """The whole configuration of a run, resolved."""

    stage: Target = Field(description="What the command does.")
    survey: SurveyChoice = Field(
        description="Which questionnaire is put: items, people's answers and languages."
    )
    model: ModelChoice = Field(
        description="Which model answers; of stage=judge and rephrase: which model judges or drafts."
    )
    protocol: ProtocolChoice = Field(
        description="Which preset sets modifications, decoding, memory, presentation and reading."
    )
    strategy: StrategyChoice = Field(
        description="How a question is put to the model, and how many calls that takes."
    )
    respondents: PanelSize = Field(
        description="Simulated people; a larger number later asks only the new ones."
    )
    seed: NonNegative = Field(
        description="From which number all draws follow; the same seed gives the same panel."
    )
    population: Name | None = Field(
        description="Whose answers the panel is compared with, an ISO alpha-3 code such as CHN; null: "
        "the survey's own."
    )
    persona_country: Name | None = Field(
        default=None,
        description="Whose citizens the model is asked to be, apart from whom it is compared with: a "
        "code, or none (with modifications.prompt=false); null: the population's.",
    )
    language: Name | None = Field(
        description="Language of questions and options: en, zh, or one of your own; null: the survey's own."
    )
    frame_language: Name | None = Field(
        description="Language of the instruction around the questions; null: the survey's own."
    )
    wordings: Wordings = Field(
        description="Which wordings are asked. base: every item once; all: every wording, the base "
        "ones first; a number: once, in that paraphrase; official: once, in your "
        "codebook's own sentence."
    )
    references: PathText | None = Field(
        default=None,
        description="A folder with people's answers of your own: <population>/<source>.csv and .yaml.",
    )
    items: ItemIds | None = Field(
        description="Ids of the items to ask, such as [wvs7.Q1,gss2022.happy]; null: all."
    )
    factual: bool = Field(
        default=False,
        description="Also asks questions with a right answer, behind the survey's last one.",
    )
    answer_mode: Literal["free", "constrained", "probabilities"] = Field(
        description="What the model gives. free: text; constrained: only an option's code; "
        "probabilities: the exact distribution over the codes, without sampling noise."
    )
    # A default, as for what follows: runs stored before it existed stay readable.
    show: Literal["items", "prompts", "rephrasing"] | None = Field(
        default=None,
        description="What stage=plan writes or prints besides: items (a codebook), prompts (what the "
        "model will read), rephrasing (what stage=rephrase would ask and cost).",
    )
    apply: bool = Field(default=False, description="stage=repair does what it otherwise only shows.")
    sample: PathText | None = Field(
        default=None,
        description="stage=calibrate: a table of people who answered some of the items.",
    )
    margins: PathText | None = Field(
        default=None,
        description="stage=calibrate: a table of shares that the respondents' categories are raked to.",
    )
    power: bool = Field(
        default=False,
        description="stage=plan also says how many respondents and items are needed for what wanted.* asks.",
    )
    wanted: WantedPrecision = Field(
        default=WantedPrecision(),
        description="What stage=plan power=true plans for.",
    )
    audit: AuditRules = Field(
        default=AuditRules(),
        description="Which verdicts of a run people code (stage=audit).",
    )
    export: PathText | None = Field(
        default=None,
        description="stage=audit: writes NAME_1.csv and NAME_2.csv for two people to code; "
        "stage=export: the folder of its files; null: export/ in the run folder.",
    )
    formats: ExportFormats | None = Field(
        default=None,
        description="stage=export: which of sav (SPSS), dta (Stata), xlsx (Excel), tex (LaTeX) and "
        "bib (BibTeX) are written; null: all.",
    )
    imported: Annotated[list[PathText], Field(min_length=1)] | None = Field(
        default=None,
        alias="import",
        description="stage=audit: the coded sheets that are read, one a person.",
    )
    importer: ImporterChoice | None = Field(
        default=None,
        description="stage=import: which kind of file is imported.",
    )
    source: PathText | None = Field(
        default=None,
        description="stage=import: the file or folder that is imported.",
    )
    countries: Names | None = Field(
        default=None,
        description="stage=import: ISO alpha-3 codes of the populations wanted; null: as the "
        "importer's YAML says.",
    )
    rule: Name | None = Field(
        default=None,
        description="stage=import: which items are taken, of an importer that has several rules; "
        "null: as its YAML says.",
    )
    name: Name | None = Field(
        default=None,
        description="stage=import: what a survey of your own is called; stage=rephrase review=: what "
        "the shorter one is.",
    )
    population_label: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="stage=import: whom a survey of your own asked, as it stands behind 'people of' on "
        "pages; null: the country's name.",
    )
    year: Annotated[int, Field(ge=1900, le=2100)] | None = Field(
        default=None,
        description="stage=import: when its people were asked.",
    )
    citation: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        default=None,
        description="stage=import: how a survey of your own is cited; null: as the importer or the mapping "
        "says.",
    )
    weight: Name | None = Field(
        default=None,
        description="stage=import: the file's variable of weights; none: everyone counts once.",
    )
    mapping: PathText | None = Field(
        default=None,
        description="stage=import: a YAML that says which variables are which items, and what their "
        "values mean.",
    )
    labels: PathText | None = Field(
        default=None,
        description="stage=import: the codes behind labels, a CSV of variable, code, label, or a .sav "
        "or .dta.",
    )
    answers: PathText | None = Field(
        default=None,
        description="stage=import: a table with a row a person who answered a survey of your own.",
    )
    force: bool = Field(
        default=False,
        description="stage=import: replaces what another file gave, or what was changed by hand.",
    )
    output: PathText = Field(description="Folder of runs: <output>/<model>/<survey>/<strategy>-<hash>.")
    run_folder: PathText | None = Field(
        description="An exact run folder instead; alone with stage=report, verify, repair, calibrate "
        "or export it suffices."
    )
    runs: RunPatterns | None = Field(
        default=None,
        description="Several runs, as patterns ('outputs/**') or folders: stage=report compares them, "
        "judge judges them, export exports them, status looks.",
    )
    baseline: str | None = Field(
        default=None,
        description="Of runs=: the arm that others of its model are compared with, by its title or "
        "its run folder's name.",
    )
    watch: Annotated[float, Field(ge=5, le=86_400)] | None = Field(
        default=None,
        description="stage=status: looks again after so long, until all is done; null: once.",
    )
    format: Literal["text", "json"] = Field(
        default="text",
        description="stage=status: a table of words, or one JSON object a look, for programs.",
    )
    # `main` looks at the command's word before anything is composed.
    log: Literal["text", "json"] = Field(
        default="text",
        description="Says what happens as lines of text, or as JSON lines on the standard error, for "
        "programs; as a word of the command.",
    )
    shard: NonNegative = Field(
        description="This process asks the respondents whose number mod num_shards is this; slurm: "
        "its task's number."
    )
    num_shards: Annotated[int, Field(ge=1, le=100_000)] = Field(description="Processes that share a run.")
    max_in_flight: Count = Field(description="Most questions under way at once.")
    max_engine_errors: NonNegative = Field(
        description="Failed calls that are recorded as such before the run stops."
    )
    lease: LeaseRules = Field(
        default=LeaseRules(),
        description="How a shard is taken that another process holds.",
    )
    cluster: ClusterRules = Field(default=ClusterRules(), description="What plans suppose of a cluster.")
    rubric: RubricChoice | None = Field(default=None, description="What a judge is asked of the answers.")
    judging: Judging = Field(default=Judging(), description="How a judge is asked (stage=judge).")
    rephrasing: RephrasingRules = Field(
        default=RephrasingRules(),
        description="How a model is asked for other wordings (stage=rephrase).",
    )
    check: bool = Field(
        default=False,
        description="stage=rephrase: has another model check the drafts that there are.",
    )
    accept: RunPatterns | None = Field(
        default=None,
        description="stage=rephrase: takes the drafts that reviewers say yes to in these sheets.",
    )
    review: RunPatterns | None = Field(
        default=None,
        description="stage=rephrase: leaves items out of a survey that reviewers say no to in these sheets.",
    )
    verdicts: Name | None = Field(
        default=None,
        description="The set of verdicts, by name, that scores rest on where a strategy needs a "
        "judge, and that failed answers are read by elsewhere (there also none); null: "
        "the finished one there is.",
    )
    modifications: Modifications = Field(
        description="The three modifications of the Diversity-Enhanced Framework, each on or off."
    )
    places: PlaceRules = Field(description="Which places respondents come from.")
    decoding: DecodingRules = Field(
        description="How answers are decoded, and what of it is drawn for each respondent."
    )
    memory: MemoryRules = Field(description="How much respondents remember, and how they forget.")
    presentation: PresentationRules = Field(description="How the questionnaire is shown.")
    reading: ReadingRules = Field(
        description="How an answer's text is read where published procedure and sound practice differ."
    )
    pool_wordings: bool = Field(
        description="Scores all wordings of an item as one question, not each on its own."
    )
    scoring: Scoring = Field(description="How scores are computed from stored answers.")
    figures: FigureRules = Field(default=FigureRules(), description="How figures are written for papers.")

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
            "population_label=": (self.population_label is not None, ("import",)),
            "year=": (self.year is not None, ("import",)),
            "citation=": (self.citation is not None, ("import",)),
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
