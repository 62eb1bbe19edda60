"""The words in which a model is asked to rephrase a question, or to check that: one file a language.

`data/prompts/rephrase/<language>.yaml`, or the same in a user's home. Questions and options stand in them as
JSON, so that nothing of a question ends its place.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, model_validator

from def_sim.records import FIRST_CHOICE_SLOT
from def_sim.yaml_files import read_validated

_SLOTS: Final[Mapping[str, frozenset[str]]] = {
    "draft": frozenset({"num", "question", "options", "keep"}),
    "keep": frozenset({"slot"}),
    "check": frozenset({"base", "draft", "options"}),
}


class RephraseTexts(BaseModel):
    """All of them in one language.

    Attributes:
        language: Of the texts.
        draft: Asks for wordings.
        keep: Stands in `draft` for a follow-up, whose slot must stay.
        check: Asks whether two wordings ask the same.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str
    draft: str
    keep: str
    check: str

    @model_validator(mode="after")
    def _check_slots(self) -> Self:
        for name, slots in _SLOTS.items():
            try:
                parts = list(Formatter().parse(getattr(self, name)))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
            found = {slot for _, slot, _, _ in parts if slot is not None}
            if found != slots or any(spec or conversion for _, _, spec, conversion in parts):
                expected = " ".join(f"{{{slot}}}" for slot in sorted(slots))
                raise ValueError(f"{name}: expected the slots {expected} and no others")
        return self

    def drafting(self, num: int, question: str, options: tuple[str, ...], *, has_slot: bool) -> str:
        """The request for so many wordings of a question."""
        keep = self.keep.format(slot=FIRST_CHOICE_SLOT) if has_slot else ""
        return self.draft.format(num=num, question=_json(question), options=_json(options), keep=keep)

    def checking(self, base: str, draft: str, options: tuple[str, ...]) -> str:
        """The request to say whether two wordings ask the same."""
        return self.check.format(base=_json(base), draft=_json(draft), options=_json(options))


def read_rephrase_texts(path: Path) -> RephraseTexts:
    """The texts in that file.

    Raises:
        SurveyFormatError: It is missing or breaks the format; with file and line.
    """
    return read_validated(path, RephraseTexts)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
