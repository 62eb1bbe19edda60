"""Open frames: scenes in which somebody comes to say what they think, and which respondent gets which.

A file of them (`data/frames/<name>.yaml`, or a user's own) is all that a use case needs. The frame follows
from the respondent's number alone: it is the same for every question, model and country, and every frame
gets as many respondents as any other, or one more.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from def_sim.names import check_name

SLOT: Final = "{question}"
_BRACES: Final = re.compile(r"[{}][^{}\n]{0,30}[{}]|[{}]")
_NUMBER: Final = re.compile(r"r(\d+)")


class OpenFrame(BaseModel):
    """One scene.

    Attributes:
        id: Its name in tables, unique in the file.
        use_case: What language models are used for in it, in a few English words; for tables, not asked.
        text: Language -> the scene, with the slot `{question}` where the question stands.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, AfterValidator(check_name)]
    use_case: Annotated[str, Field(min_length=1)]
    text: Annotated[Mapping[str, str], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_slots(self) -> Self:
        for language, text in self.text.items():
            where = f"frame {self.id!r}, text in {language!r}"
            if SLOT not in text:
                raise ValueError(f"{where}: the slot {SLOT} is missing")
            if other := _BRACES.search(text.replace(SLOT, "")):
                raise ValueError(
                    f"{where}: found {other[0]!r}; {SLOT} is the only slot, other braces may not be"
                )
        return self

    def scene(self, question_text: str, language: str) -> str:
        """The scene with the question in it; what stands in the question is filled with nothing."""
        return self.text[language].replace(SLOT, question_text)


class FramesFile(BaseModel):
    """`frames/<name>.yaml`: frames in their order, each in the same languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frames: Annotated[tuple[OpenFrame, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_ids(self) -> Self:
        seen = set[str]()
        for frame in self.frames:
            if frame.id in seen:
                raise ValueError(f"the id {frame.id!r} stands twice")
            seen.add(frame.id)
        return self

    @model_validator(mode="after")
    def _check_languages(self) -> Self:
        languages = self.languages
        for frame in self.frames:
            if missing := languages - frame.text.keys():
                raise ValueError(f"frame {frame.id!r} has no text in {min(missing)!r}, which others have")
        return self

    @property
    def languages(self) -> frozenset[str]:
        """Those that there are texts in."""
        return frozenset(language for frame in self.frames for language in frame.text)

    def frame_of(self, index: int) -> OpenFrame:
        """The frame of the respondent with that number: the number modulo how many frames there are."""
        return self.frames[index % len(self.frames)]

    def asked(self, language: str) -> list[list[str]]:
        """What of the file respondents meet, for a run's hash: ids and texts in their order."""
        return [[frame.id, frame.text[language]] for frame in self.frames]


def frames_by_respondent(frames: FramesFile, respondent_ids: Iterable[str]) -> dict[str, OpenFrame]:
    """Respondent id (`r00007`) -> the frame that it was asked in.

    Raises:
        ValueError: An id is none of a respondent.
    """
    return {one: frames.frame_of(_number_of(one)) for one in respondent_ids}


def _number_of(respondent_id: str) -> int:
    match = _NUMBER.fullmatch(respondent_id)
    if match is None:
        raise ValueError(f"a respondent's id is r and a number, found {respondent_id!r}")
    return int(match[1])
