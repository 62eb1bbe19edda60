"""The sentences that people were really asked, where a user has them: out of an institute's codebook.

`wordings/<source>.<language>.official.yaml` in the user's home; nothing of the kind is shipped. Asked by
`wordings=official`, under a number of their own that no paraphrase has. Labels of options stay those of the
items. Knows no codebook.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from def_sim.errors import SurveyFormatError
from def_sim.names import check_name
from def_sim.records import FIRST_CHOICE_SLOT
from def_sim.surveys.added_wordings import FOLDER, LAST_NUMBER, Numbered, source_of
from def_sim.surveys.item_bank import Item
from def_sim.visible import visible
from def_sim.yaml_files import read_validated

OFFICIAL: Final = "official"  # wordings=official
OFFICIAL_NUMBER: Final = LAST_NUMBER + 1


class OfficialWordings(BaseModel):
    """`wordings/<source>.<language>.official.yaml`: item -> its question as the codebook has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Annotated[str, AfterValidator(check_name)]
    language: str = Field(pattern="^[a-z]{2}$")
    wordings: dict[str, str]


def official_path(home: Path, source: str, language: str) -> Path:
    """Where the official sentences of a source lie."""
    return home / FOLDER / f"{source}.{language}.official.yaml"


def official_wordings_of(items: Mapping[str, Item], language: str, home: Path | None) -> dict[str, Numbered]:
    """Item -> its official sentence under OFFICIAL_NUMBER; empty for those that have none.

    Args:
        items: By id; sentences of other items are passed over, since another population may be asked them.
        language: Of the sentences.
        home: The user's own folder; None: there are none.

    Raises:
        SurveyFormatError: A file breaks its format or is of another source or language; a sentence is empty,
            has several lines, invisible characters or braces other than a follow-up's slot.
    """
    found: dict[str, Numbered] = {item_id: {} for item_id in items}
    if home is None:
        return found
    for source in dict.fromkeys(map(source_of, items)):
        path = official_path(home, source, language)
        if not path.is_file():
            continue
        file = read_validated(path, OfficialWordings)
        if (file.source, file.language) != (source, language):
            raise SurveyFormatError(
                f"{path}: it says source {file.source!r} and language {file.language!r}.",
                fix=f"Write source: {source} and language: {language}, or rename the file.",
            )
        for item_id, text in file.wordings.items():
            if item_id not in items:
                continue
            if problem := official_problem(text, items[item_id]):
                raise SurveyFormatError(f"{path}, {item_id}: {problem}.", fix=f"Correct {path} there.")
            found[item_id] = {OFFICIAL_NUMBER: text}
    return found


def official_problem(text: str, item: Item) -> str:
    """Why a sentence cannot be asked, in a few words; "" where it can."""
    rest = text.replace(FIRST_CHOICE_SLOT, "") if item.follow_up_of is not None else text
    if not text.strip() or text != text.strip() or len(text.splitlines()) > 1:
        return "expected one line of text without blanks around it"
    if "{" in rest or "}" in rest:
        return f"braces that mean nothing here; a follow-up may have {FIRST_CHOICE_SLOT}"
    return "it holds characters that cannot be seen" if visible(text) != text else ""
