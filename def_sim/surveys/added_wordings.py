"""Wordings that a user has accepted for items, beside those in the item files.

`wordings/<source>.<language>.yaml` in the user's home. Each has a number that follows the item file's own and
is never used for another text: one that was withdrawn keeps its number and is not asked. Knows no draft and
no model.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from def_sim.errors import SurveyFormatError
from def_sim.names import check_name
from def_sim.surveys.item_bank import Item
from def_sim.surveys.rephrase_rules import breaks_format
from def_sim.yaml_files import read_validated

Text = Annotated[str, Field(min_length=1)]
Numbered = Mapping[int, str]  # number of a wording -> its text; gaps where one was withdrawn
FOLDER: Final = "wordings"  # in a home
LAST_NUMBER: Final = 999


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Review(_Strict):
    """What one person said of a wording."""

    reviewer: Text
    is_same: bool = Field(alias="verdict")
    note: str = ""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class AddedWording(_Strict):
    """One accepted wording.

    Attributes:
        item: Its id.
        number: As in `item#number`.
        text: As it is asked.
        base: The base wording that it was held against.
        drafted_by: The model; "": a person.
        reviews: Of the people who accepted it, and of others.
        withdrawn: No longer asked.
    """

    item: Text
    number: int = Field(strict=True, ge=1, le=LAST_NUMBER)
    text: Text
    base: Text
    drafted_by: str = ""
    reviews: list[Review]
    withdrawn: bool = False

    @property
    def id(self) -> str:
        """Address of the question, `item#number`."""
        return f"{self.item}#{self.number}"

    @model_validator(mode="after")
    def _check_reviews(self) -> Self:
        said = [review.is_same for review in self.reviews]
        if not self.withdrawn and (not any(said) or not all(said)):
            raise ValueError(
                f"{self.id} is asked, so it needs a review with `verdict: true` and none without"
            )
        return self


class AddedWordings(_Strict):
    """`wordings/<source>.<language>.yaml`."""

    source: Annotated[str, AfterValidator(check_name)]
    language: str = Field(pattern="^[a-z]{2}$")
    wordings: list[AddedWording]

    @model_validator(mode="after")
    def _check_numbers(self) -> Self:
        seen: set[str] = set()
        for wording in self.wordings:
            if wording.id in seen:
                raise ValueError(f"{wording.id} stands twice; a number is never used again")
            seen.add(wording.id)
        return self


def wordings_path(home: Path, source: str, language: str) -> Path:
    """Where the accepted wordings of a source lie."""
    return home / FOLDER / f"{source}.{language}.yaml"


def read_added_wordings(home: Path, source: str, language: str) -> AddedWordings:
    """The accepted wordings of a source; none where there is no file.

    Raises:
        SurveyFormatError: It breaks its format, or is of another source or language.
    """
    path = wordings_path(home, source, language)
    if not path.is_file():
        return AddedWordings(source=source, language=language, wordings=[])
    found = read_validated(path, AddedWordings)
    if (found.source, found.language) != (source, language):
        raise SurveyFormatError(
            f"{path}: it says source {found.source!r} and language {found.language!r}.",
            fix=f"Write source: {source} and language: {language}, or rename the file.",
        )
    return found


def wordings_of(items: Mapping[str, Item], language: str, home: Path | None) -> dict[str, Numbered]:
    """All wordings of items that may be asked: those of the item files, then accepted ones that stand.

    Args:
        items: By id, a follow-up behind its first question; wordings of other items are left alone.
        language: Of the wordings.
        home: The user's own folder; None: there are none but the item files'.

    Returns:
        Item -> number -> text, numbers rising.

    Raises:
        SurveyFormatError: An accepted wording does not fit its item.
    """
    found = {item.id: dict(enumerate(item.wordings[language])) for item in items.values()}
    if home is None:
        return dict(found)
    places = {item_id: place for place, item_id in enumerate(items)}
    for source in dict.fromkeys(source_of(item_id) for item_id in items):
        added = [one for one in read_added_wordings(home, source, language).wordings if one.item in items]
        for wording in sorted(added, key=lambda one: (places[one.item], one.number)):
            if wording.withdrawn:
                continue
            if problem := problem_of(wording, items[wording.item], language, found):
                raise SurveyFormatError(
                    f"{wordings_path(home, source, language)}, {wording.id}: {problem}.",
                    fix=f"Set `withdrawn: true` for {wording.id} there; a new wording has a new number.",
                )
            found[wording.item][wording.number] = wording.text
    return dict(found)


def source_of(item_id: str) -> str:
    """The source whose item file an id is in."""
    return item_id.partition(".")[0]


def problem_of(wording: AddedWording, item: Item, language: str, asked: Mapping[str, Numbered]) -> str:
    """Why a wording cannot be asked, in a few words; "" where it can.

    Args:
        wording: Not withdrawn.
        item: That it is of.
        language: Of the wording.
        asked: Those that are, of this item and of its first question.
    """
    own = item.wordings[language]
    if wording.number < len(own):
        return f"number {wording.number} is one of the item file's own, which has 0 to {len(own) - 1}"
    if wording.base != own[0]:
        return f"its base is not the base wording of {item.id} in {language!r}; was that changed since?"
    others = [text for number, text in asked.get(item.id, {}).items() if number not in (0, wording.number)]
    if faults := breaks_format(wording.text, wording.base, others):
        return faults[0]
    first = item.follow_up_of
    if first is not None and wording.number not in asked.get(first, {}):
        return f"it follows {first}, of which no wording {wording.number} is asked"
    return ""
