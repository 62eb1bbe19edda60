"""Small questions, surveys and respondents, of which a test changes what it is about."""

from typing import Any

from def_sim.answers.reading.parse import ReadingRules
from def_sim.prompts import LanguagePack, read_language_pack
from def_sim.records import (
    DecodingConfig,
    Dimension,
    MeasurementLevel,
    Option,
    Persona,
    Question,
    QuestionType,
    Respondent,
    Survey,
)
from def_sim.resources import data_folder
from def_sim.strategies.asking import Presentation

IMPORTANCE = ("Very important", "Rather important", "Not very important", "Not at all important")
OHIO = Persona("Columbus, Ohio, United States", is_drawn=True)


def a_question(
    item_id: str = "toy.work", *, labels: tuple[str, ...] = IMPORTANCE, **changes: Any
) -> Question:
    """A single-choice question whose codes count its labels from 1."""
    fields: dict[str, Any] = {
        "item_id": item_id,
        "wording": 0,
        "language": "en",
        "topic": "importance of work",
        "text": "How important is work in your life?",
        "type": QuestionType.SINGLE,
        "level": MeasurementLevel.ORDINAL,
        "dimension": Dimension.TDI,
        "direction": -1,
        "options": tuple(Option(code, label) for code, label in enumerate(labels, start=1)),
    }
    return Question(**fields | changes)


def a_scale(item_id: str = "toy.degree") -> Question:
    """A scale from 1, never, to 10, always: only its ends are labelled."""
    labels = ("Never justified", *(str(code) for code in range(2, 10)), "Always justified")
    text = "To what degree can cheating be justified?"
    return a_question(item_id, labels=labels, text=text, type=QuestionType.SCALE)


def a_survey(*questions: Question, **changes: Any) -> Survey:
    """A survey of Americans in English with the given questions."""
    fields: dict[str, Any] = {
        "name": "toy",
        "title": "Toy survey",
        "population": "USA",
        "country_names": {"en": "the United States", "zh": "美国"},
        "language": "en",
        "frame_language": "en",
        "questions": questions,
    }
    return Survey(**fields | changes)


def a_respondent(index: int = 0, *, capacity: int = 0, **decoding: Any) -> Respondent:
    """A respondent from Ohio with that much memory."""
    return Respondent(index, OHIO, DecodingConfig(**decoding), capacity)


def language_pack(language: str = "en") -> LanguagePack:
    """A shipped language pack."""
    return read_language_pack(data_folder() / "prompts" / f"{language}.yaml")


def a_presentation(language: str = "en", **changes: Any) -> Presentation:
    """Options in the listed order, read as the paper's protocol does."""
    fields: dict[str, Any] = {
        "pack": language_pack(language),
        "option_order": "listed",
        "reading": ReadingRules(number_wins=True, keep_first_of_too_many=True),
    }
    return Presentation(**fields | changes)
