"""A rubric: what a judge is asked about an answer, what it is shown, and how it must reply. Data, not code.

Shipped ones lie in `data/rubrics/`, a user's own in `rubrics/` of the home folder. Knows the format and
which answers a rubric is about; puts no question.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from def_sim.errors import SurveyFormatError
from def_sim.records import Answer, AnswerStatus, InsensitivityDimension
from def_sim.resources import look_up, looked_in
from def_sim.yaml_files import read_validated

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,31}$")]
Part = Literal["frame", "question", "options", "text"]

# What people coded in the study, since rules could not read it.
UNREAD: Final = frozenset(
    {
        AnswerStatus.AMBIGUOUS,
        AnswerStatus.NO_ANSWER,
        AnswerStatus.OUT_OF_RANGE,
        AnswerStatus.TOO_MANY,
        AnswerStatus.TRUNCATED,
    }
)
NEVER_JUDGED: Final = frozenset({AnswerStatus.NOT_ASKED, AnswerStatus.ENGINE_ERROR})  # there is no text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Headings(_Strict):
    """What stands before each part that is shown, and how an option is written."""

    frame: Text = "The instruction:"
    question: Text = "The question:"
    options: Text = "The options:"
    text: Text = "The text:"
    option: Text
    option_with_code: Text | None = None  # where the numbers for the judge are not the respondent's

    @model_validator(mode="after")
    def _check_slots(self) -> Self:
        for name in ("option", "option_with_code"):
            line = getattr(self, name)
            if line is not None:
                _check_slots(f"headings.{name}", line, {"number", "code", "label"}, {"label"})
        return self


class RubricQuestion(_Strict):
    """One thing that is asked. `name` is that of a dimension where the verdict is a defect."""

    name: Name
    title: Text
    ask: Text


class ReplyWords(_Strict):
    """How the judge must reply in each format, and what it is told once if it did not."""

    json_form: Text = Field(alias="json")
    json_several: Text | None = None  # of questions with several choices
    code: Text
    again: Text

    @model_validator(mode="after")
    def _check_slots(self) -> Self:
        _check_slots("reply.again", self.again, {"problem"}, {"problem"})
        return self


class Rubric(_Strict):
    """What a judge is asked about which answers.

    `verdict`: "defect", asked so that yes is one; or "option", which one the text takes.
    `judged`: all answers, or only those that rules left unread. `sample`: how many of a run.
    """

    name: Name
    title: Text
    verdict: Literal["defect", "option"]
    judged: Literal["all", "unread"]
    sample: Annotated[int, Field(strict=True, ge=1)] | Literal["all"]
    opening: Text
    shows: list[Part] = Field(min_length=1)
    headings: Headings
    questions: list[RubricQuestion] = Field(min_length=1)
    reply: ReplyWords

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.shows)) < len(self.shows) or "text" not in self.shows:
            raise ValueError("shows must name each part once, and the text")
        if self.verdict == "defect":
            self._check_dimensions()
        else:
            self._check_option()
        return self

    def _check_dimensions(self) -> None:
        names = [question.name for question in self.questions]
        unknown = sorted(set(names) - set(InsensitivityDimension))
        if unknown:
            known = ", ".join(InsensitivityDimension)
            raise ValueError(f"unknown dimension {', '.join(unknown)}; a defect is one of {known}")
        if len(set(names)) < len(names):
            raise ValueError("a dimension is asked about twice")

    def _check_option(self) -> None:
        if len(self.questions) > 1 or "options" not in self.shows:
            raise ValueError("a rubric whose verdict is an option has one question, and shows the options")
        if self.headings.option_with_code is None or self.reply.json_several is None:
            raise ValueError("headings.option_with_code and reply.json_several are needed for options")

    def question(self, name: str) -> RubricQuestion:
        """The question of that name.

        Raises:
            KeyError: The rubric does not ask it.
        """
        for question in self.questions:
            if question.name == name:
                return question
        raise KeyError(f"rubric {self.name} has no question {name}")

    @property
    def content_hash(self) -> str:
        """16 hexadecimal digits that name all that a judge can meet of the rubric."""
        content = self.model_dump(exclude={"title", "sample"}, by_alias=True)
        return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=8).hexdigest()


def _check_slots(where: str, line: str, allowed: set[str], needed: set[str]) -> None:
    """Makes sure that a line has the slots that will be filled, and no braces beside them."""
    rest, found = line, set()
    for slot in allowed:
        if f"{{{slot}}}" in rest:
            found.add(slot)
        rest = rest.replace(f"{{{slot}}}", "")
    missing = sorted(needed - found)
    if missing or "{" in rest or "}" in rest:
        slots = ", ".join(f"{{{slot}}}" for slot in sorted(allowed))
        raise ValueError(f"{where} may have the slots {slots}, and needs {{{sorted(needed)[0]}}}")


@cache
def read_rubric(path: Path) -> Rubric:
    """The rubric in that file.

    Raises:
        SurveyFormatError: A part is missing, misspelt or unknown; with file and line.
    """
    return read_validated(path, Rubric)


def find_rubric(name: str, data: Path, home: Path | None) -> Rubric:
    """The rubric of that name, the user's own or a shipped one.

    Raises:
        SurveyFormatError: There is none, or its file breaks the format or bears another name.
    """
    path = look_up(f"rubrics/{name}.yaml", data, home)
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in (data / "rubrics").glob("*.yaml")))
        raise SurveyFormatError(
            f"No rubric {name} in {looked_in(data, home)}.",
            fix=f"Name one of {known}, or write rubrics/{name}.yaml in your home folder.",
        )
    rubric = read_rubric(path)
    if rubric.name != name:
        raise SurveyFormatError(
            f"{path.name}: expected the name {name}, as the file is called; found {rubric.name}.",
            fix=f"Write `name: {name}` in {path}, or rename the file.",
        )
    return rubric


def is_about(rubric: Rubric, answer: Answer) -> bool:
    """Whether a rubric is about an answer.

    One that reads the answers that rules could not is about these; any other that says which option a text
    takes, about texts that wait for a judge; one about defects, about everything that has a text.
    """
    if rubric.judged == "unread":
        return answer.status in UNREAD
    if rubric.verdict == "option":
        return answer.status is AnswerStatus.UNJUDGED
    return answer.status not in NEVER_JUDGED
