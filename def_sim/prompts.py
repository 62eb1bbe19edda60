"""From a question to the messages a model sees: frame, request, options, remembered exchanges.

Every word around a question stands in a language pack (`data/prompts/<language>.yaml`), so a
language is added by writing one. The frame is only in the newest turn; what is remembered
is the bare request and the bare answer.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from def_sim.records import AGES, SEXES, Exchange, Message, Persona, Question, QuestionType, Role
from def_sim.yaml_files import read_validated

Offer = Literal["none", "dont_know", "refuse", "both"]  # which ways of withholding an answer are offered
OptionOrder = Literal["listed", "reversed", "shuffled", "balanced"]


class Frame(BaseModel):
    """The instruction, one a question type."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    single: str
    multiple: str
    scale: str


class PersonFrame(Frame):
    """The instruction to personas of a sex and an age, with the words for each of them."""

    persons: Mapping[str, Mapping[str, str]]  # sex -> age band -> what stands for {person}

    @model_validator(mode="after")
    def _check_persons(self) -> Self:
        expected = {sex: set(AGES) for sex in SEXES}
        if {sex: set(ages) for sex, ages in self.persons.items()} != expected:
            raise ValueError(f"persons must have the sexes {', '.join(SEXES)}, each with {', '.join(AGES)}")
        return self


class LanguagePack(BaseModel):
    """Every word of the instruction in one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str
    frame: Frame
    request: str
    option: str
    scale_ends: str
    code_separator: str
    answer_anchor: str
    explanation_anchor: str
    frame_without_place: Frame | None = None  # for personas of no country; a pack may lack it
    frame_with_person: PersonFrame | None = None  # for personas of a sex and an age; a pack may lack it

    def content(self, *, has_places: bool, has_persons: bool = False) -> dict[str, Any]:
        """What of the pack a run's respondents can meet, for its hash."""
        met = "frame" if has_places else "frame_without_place"
        if has_persons:
            met = "frame_with_person"
        frames = {"frame", "frame_without_place", "frame_with_person"}
        return self.model_dump(exclude=frames - {met})


class Offers(BaseModel):
    """The line behind the options that offers to withhold an answer, in one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str
    dont_know: str
    refuse: str
    both: str

    def line(self, offer: Offer) -> str:
        """What is written; "" where nothing is offered."""
        lines = {"none": "", "dont_know": self.dont_know, "refuse": self.refuse, "both": self.both}
        return lines[offer]


@cache
def read_offers(path: Path) -> Offers:
    """The offers in that file.

    Raises:
        SurveyFormatError: A line is missing or misspelt; with file and line.
    """
    return read_validated(path, Offers)


@cache
def read_language_pack(path: Path) -> LanguagePack:
    """The pack in that file.

    Raises:
        SurveyFormatError: A part is missing or misspelt; with file and line.
    """
    return read_validated(path, LanguagePack)


def order_options(
    question: Question, order: OptionOrder, rng: np.random.Generator, respondent_index: int
) -> tuple[int, ...]:
    """Option codes in the order shown. Scales keep theirs.

    Args:
        question: The question whose options are ordered.
        order: "listed" as in the questionnaire; "reversed": the last option first, for everyone;
            "shuffled" anew for every respondent and question, since a fixed order lets position bias
            look like opinion; "balanced" rotates one drawn order over respondents, so that each option
            stands in each place equally often (a cyclic Latin square).
        rng: For "shuffled" keyed by respondent and question, for "balanced" by question alone.
        respondent_index: Which rotation, for "balanced".
    """
    if order == "listed" or question.type is QuestionType.SCALE:
        return question.codes
    if order == "reversed":
        return question.codes[::-1]
    drawn = [question.codes[i] for i in rng.permutation(len(question.codes))]
    if order == "balanced":
        first = respondent_index % len(drawn)
        drawn = drawn[first:] + drawn[:first]
    return tuple(drawn)


def render_request(question: Question, shown_codes: Sequence[int], pack: LanguagePack) -> str:
    """The question with its options, as it is asked and as it is remembered."""
    lines = [pack.request.format(question=question.text)]
    if question.type is QuestionType.SCALE:
        low, high = question.options[0], question.options[-1]
        ends = {"first": low.code, "low": low.label, "last": high.code, "high": high.label}
        lines.append(pack.scale_ends.format(**ends))
    else:
        lines += [pack.option.format(code=code, label=question.label_of(code)) for code in shown_codes]
    return "\n".join(lines)


def render_frame(question: Question, persona: Persona, pack: LanguagePack) -> str:
    """The instruction for the newest turn: who to be, how to answer."""
    slots = {"place": persona.place, "num": len(question.options), "max_choices": question.max_choices}
    frames: Frame | None = pack.frame if persona.place else pack.frame_without_place
    if persona.has_person:
        assert pack.frame_with_person is not None  # whoever draws sex and age has looked
        frames = pack.frame_with_person
        slots["person"] = pack.frame_with_person.persons[persona.sex][persona.age]
    assert frames is not None  # whoever draws personas without a place has looked
    frame: str = getattr(frames, question.type.value)
    return frame.format(**slots)


def render_answer(choices: Sequence[int], pack: LanguagePack) -> str:
    """An answer as it is remembered, without its explanation: `Answer: 2`."""
    space = "" if pack.answer_anchor.endswith("：") else " "
    return pack.answer_anchor + space + pack.code_separator.join(str(code) for code in choices)


def ask_messages(
    question: Question,
    shown_codes: Sequence[int],
    persona: Persona,
    remembered: Sequence[Exchange],
    pack: LanguagePack,
    offer: str = "",
) -> tuple[Message, ...]:
    """The whole chat for one question: remembered exchanges as earlier turns, then the newest.

    `offer` stands behind the options of the newest turn alone, as the frame stands before them.
    """
    turns: list[Message] = []
    for exchange in remembered:
        turns += [Message(Role.USER, exchange.request), Message(Role.ASSISTANT, exchange.answer)]
    request = with_offer(render_request(question, shown_codes, pack), offer)
    newest = f"{render_frame(question, persona, pack)}\n{request}"
    return (*turns, Message(Role.USER, newest))


def with_offer(request: str, offer: str) -> str:
    """A question with its options, and the offer to withhold an answer behind them, if there is one."""
    return f"{request}\n{offer}" if offer else request


def hash_messages(messages: Sequence[Message]) -> str:
    """16 hexadecimal digits that name a chat: two chats that differ in a character differ here."""
    content = json.dumps([[message.role.value, message.content] for message in messages])
    return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()
