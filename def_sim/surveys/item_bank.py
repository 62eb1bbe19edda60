"""Items: what can be asked, in every language, with the institute's codes.

One file a source (`data/items/<source>.yaml`), one strict validator: a code used twice, a
missing language or a follow-up without its first question is an error with file and line.
An item knows no population's answers; see human_reference.py for those.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from def_sim.records import (
    FIRST_CHOICE_SLOT,
    Dimension,
    MeasurementLevel,
    NoDimension,
    Option,
    Question,
    QuestionType,
)
from def_sim.yaml_files import read_validated

Text = Annotated[str, Field(min_length=1)]
_NUM_DISTINCT = 2  # of several wordings so many differ at least
NO_DIMENSION = "none"  # as a file says that an item is in no topic group
Labels = dict[Annotated[str, Field(pattern="^[a-z]{2}$")], Text]  # language -> text


_LARGEST_KEPT: Final = 2**20  # bytes


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OptionEntry(_Strict):
    """One option: the institute's code and a label per language.

    In a battery (a multiple-choice item made of several yes/no variables) each option has
    its own variable, and its own dimension for maps and indices.
    """

    code: int = Field(strict=True)
    labels: Labels
    variable: str | None = None
    dimension: Dimension | None = None
    direction: int = Field(default=0, ge=-1, le=1)

    @model_validator(mode="before")
    @classmethod
    def _gather_labels(cls, data: Any) -> Any:
        """In the file the languages stand beside the code: `{code: 1, en: Yes, zh: 是}`."""
        if not isinstance(data, dict) or "labels" in data:
            return data
        known = {name: data[name] for name in cls.model_fields if name in data}
        return {**known, "labels": {key: value for key, value in data.items() if key not in known}}


class Scale(_Strict):
    """A numbered scale of which only the two ends are labelled."""

    first: int = Field(strict=True, ge=0)
    last: int = Field(strict=True, le=100)  # no respondent tells more points apart
    low: Labels  # of code `first`
    high: Labels  # of code `last`

    def options(self) -> list[OptionEntry]:
        """All points; the labels between the ends are the numbers themselves."""
        middle = [
            OptionEntry(code=code, labels={language: str(code) for language in self.low})
            for code in range(self.first + 1, self.last)
        ]
        ends = OptionEntry(code=self.first, labels=self.low), OptionEntry(code=self.last, labels=self.high)
        return [ends[0], *middle, ends[1]]


class Item(_Strict):
    """One thing that people were asked. `shown` and `volunteered` say who saw which codes."""

    id: str = Field(pattern=r"^[a-z0-9_]+\.[A-Za-z0-9_]+$")
    variable: Text
    topic: Text
    dimension: Dimension | None
    direction: int = Field(ge=-1, le=1)
    type: QuestionType
    level: MeasurementLevel
    options: list[OptionEntry] = Field(min_length=2)
    scale: Scale | None = None
    max_choices: int = Field(default=1, ge=1)
    volunteered: list[int] = []
    shown: dict[str, list[int]] = {}  # population -> the codes it was shown, if not all
    follow_up_of: str | None = None
    is_factual: bool = False
    factual_key: int | None = None  # the code that is right; exactly where the item is factual
    secondary: Dimension | None = None  # a second topic group the item touches
    confidence: Literal["high", "med", "low"] | None = None  # of the assignment to a dimension
    rationale: str | None = None  # of the same, in a few words
    reference: Literal["shipped", "user"] = "shipped"  # user: people's figures must be brought
    asked_in: list[str] = []  # populations that were asked; empty: those with a reference
    variable_verified: bool = True  # False: the variable's name is ours until a codebook confirms it
    wordings: dict[str, Annotated[list[Text], Field(min_length=1)]]  # one base, then its paraphrases

    @field_validator("dimension", mode="before")
    @classmethod
    def _name_no_dimension(cls, dimension: Any) -> Any:
        if dimension is None:  # a line left unfinished is no decision
            raise ValueError(f"name one of {', '.join(Dimension)}, or {NO_DIMENSION}")
        return None if dimension == NO_DIMENSION else dimension

    @model_validator(mode="before")
    @classmethod
    def _options_from_scale(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "scale" not in data:
            return data
        if "options" in data:
            raise ValueError(f"{data.get('id')}: an item has options or a scale, not both")
        return {**data, "options": Scale.model_validate(data["scale"]).options()}

    @field_validator("options", mode="before")
    @classmethod
    def _refuse_unknown_set(cls, options: Any) -> Any:
        # Names of option sets have been replaced by now, see ItemFile.
        if isinstance(options, str):
            raise ValueError(f"option set {options!r} is not among this file's option_sets")
        return options

    @model_validator(mode="after")
    def _check_type(self) -> Self:
        if (self.type is QuestionType.SCALE) != (self.scale is not None):
            raise ValueError(f"{self.id}: type scale and a `scale` block go together")
        if (self.type is QuestionType.MULTIPLE) != (self.max_choices > 1):
            raise ValueError(f"{self.id}: max_choices above 1 and type multiple go together")
        if self.type is QuestionType.MULTIPLE and self.level is not MeasurementLevel.NOMINAL:
            raise ValueError(f"{self.id}: a multiple-choice item is nominal")
        return self

    @model_validator(mode="after")
    def _check_direction(self) -> Self:
        if self.dimension is not None:
            return self
        if self.direction != 0 or any(o.direction != 0 for o in self.options if o.dimension is None):
            raise ValueError(f"{self.id}: a direction is one of a dimension, and there is none; set it to 0")
        return self

    @model_validator(mode="after")
    def _check_codes(self) -> Self:
        codes = [option.code for option in self.options]
        if sorted(set(codes)) != codes:
            raise ValueError(f"{self.id}: option codes must rise and be distinct, found {codes}")
        if any(code < 0 for code in codes):
            raise ValueError(f"{self.id}: negative codes are missing values, found {codes}")
        if both := sorted(set(codes) & set(self.volunteered)):
            raise ValueError(f"{self.id}: codes {both} are both shown and volunteered")
        for population, shown in self.shown.items():
            if len(shown) < 2 or not set(shown) <= set(codes):
                raise ValueError(f"{self.id}: {population} was shown {shown}, the options are {codes}")
        return self

    @model_validator(mode="after")
    def _check_factual_key(self) -> Self:
        if self.is_factual != (self.factual_key is not None):
            raise ValueError(f"{self.id}: `is_factual: true` and `factual_key` go together")
        if self.factual_key is not None and self.type is not QuestionType.SINGLE:
            raise ValueError(f"{self.id}: an item with a right answer is of type single")
        offered = [self.options, *([o for o in self.options if o.code in s] for s in self.shown.values())]
        for options in offered if self.factual_key is not None else ():
            if self.factual_key not in [option.code for option in options]:
                raise ValueError(f"{self.id}: factual_key {self.factual_key} is no code that is shown")
        return self

    @model_validator(mode="after")
    def _check_reference(self) -> Self:
        if (self.reference == "user") != bool(self.asked_in):
            raise ValueError(f"{self.id}: `reference: user` and `asked_in` go together")
        return self

    @model_validator(mode="after")
    def _check_languages(self) -> Self:
        languages = set(self.wordings)
        for option in self.options:
            if missing := sorted(languages ^ set(option.labels)):
                raise ValueError(
                    f"{self.id}: option {option.code} and the wordings differ in language(s) {missing}"
                )
        for language, texts in self.wordings.items():
            self._check_wordings(language, texts)
            labels = [option.labels[language] for option in self.options]
            if len({label.casefold() for label in labels}) != len(labels):
                raise ValueError(f"{self.id}: two options have the same label in {language}: {labels}")
        return self

    def _check_wordings(self, language: str, texts: list[str]) -> None:
        if len(set(texts)) < min(len(texts), _NUM_DISTINCT):
            raise ValueError(
                f"{self.id}: {language} has {len(set(texts))} distinct wording(s), found {len(texts)}; write "
                "one, or one and paraphrases of it"
            )
        for text in texts:
            has_slot = FIRST_CHOICE_SLOT in text
            if has_slot != (self.follow_up_of is not None) or "{" in text.replace(FIRST_CHOICE_SLOT, ""):
                raise ValueError(
                    f"{self.id}: the slot {FIRST_CHOICE_SLOT} belongs into every wording of a follow-up, "
                    f"and no other braces anywhere; found {text!r}"
                )

    def shown_options(self, population: str) -> list[OptionEntry]:
        """The options that this population was shown, in code order."""
        codes = self.shown.get(population)
        return self.options if codes is None else [option for option in self.options if option.code in codes]

    def question(self, *, wording: int, language: str, population: str) -> Question:
        """The item as one prompt.

        Raises:
            KeyError: The item has no such language.
            IndexError: The item has no such wording.
        """
        return Question(
            item_id=self.id,
            wording=wording,
            language=language,
            topic=self.topic,
            text=self.wordings[language][wording],
            type=self.type,
            level=self.level,
            dimension=NoDimension.NONE if self.dimension is None else self.dimension,
            direction=self.direction,
            options=tuple(
                Option(option.code, option.labels[language]) for option in self.shown_options(population)
            ),
            max_choices=self.max_choices,
            follow_up_of=self.follow_up_of,
            is_factual=self.is_factual,
            factual_key=self.factual_key,
        )


class ItemFile(_Strict):
    """All items of one source, with its shared option lists already put in place."""

    source: Text
    title: Text
    year: str | int
    citation: Text
    option_sets: dict[str, list[OptionEntry]] = {}
    items: list[Item] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _put_option_sets_in_place(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("items"), list):
            return data
        sets = data.get("option_sets")
        known = sets if isinstance(sets, dict) else {}
        return {**data, "items": [_with_option_set(item, known) for item in data["items"]]}

    @model_validator(mode="after")
    def _check_items(self) -> Self:
        by_id: dict[str, Item] = {}
        every = set().union(*(item.wordings for item in self.items))
        for index, item in enumerate(self.items):
            if problem := self._problem_of(item, by_id, every):
                raise _at_item(index, problem)
            by_id[item.id] = item
        return self

    def _problem_of(self, item: Item, before: dict[str, Item], languages: set[str]) -> str | None:
        """What is wrong between an item and the others of its file."""
        if not item.id.startswith(f"{self.source}."):
            return f"{item.id}: ids of this file begin with {self.source!r} and a dot"
        if item.id in before:
            return f"{item.id} stands twice"
        if missing := sorted(languages - set(item.wordings)):
            return f"{item.id}: missing language(s) {missing}"
        if item.follow_up_of is None:
            return None
        first = before.get(item.follow_up_of)
        if first is None:
            return f"{item.id} follows {item.follow_up_of}, which does not stand before it"
        if [o.code for o in first.options] != [o.code for o in item.options]:
            return f"{item.id} and its first question {first.id} differ in option codes"
        return None


def _at_item(index: int, problem: str) -> ValidationError:
    """A violation found by the file's check, reported at the line of the item it is about."""
    error = PydanticCustomError("value_error", "{problem}", {"problem": problem})
    where: InitErrorDetails = {"type": error, "loc": ("items", index), "input": None}
    return ValidationError.from_exception_data("ItemFile", [where])


def _with_option_set(item: Any, sets: dict[str, Any]) -> Any:
    """Replaces the name of a shared option list by the list; an unknown one is left to the item's check."""
    if not isinstance(item, dict) or not isinstance(item.get("options"), str):
        return item
    return {**item, "options": sets.get(item["options"], item["options"])}


def read_items(path: Path) -> ItemFile:
    """The items of one source; a file that has not changed since is not parsed again.

    Raises:
        SurveyFormatError: With file, line and item.
    """
    is_small = path.is_file() and path.stat().st_size <= _LARGEST_KEPT
    return _parsed(path, path.read_bytes()) if is_small else read_validated(path, ItemFile)


@lru_cache(maxsize=16)
def _parsed(path: Path, content: bytes) -> ItemFile:
    """By its bytes, not its time: two changes within a tick of the clock have the same one."""
    return read_validated(path, ItemFile)
