"""How a run asks its items, for the cards of a report: the words of questions, in English as well."""

from collections.abc import Mapping

from def_sim.app.run import Run
from def_sim.records import FIRST_CHOICE_SLOT, Question
from def_sim.reports.pages.item_cards import ItemWords
from def_sim.surveys.item_bank import Item

_ENGLISH = "en"
_CHOSEN_BEFORE = "…"  # in the place of what each respondent chose before


def asked_words(run: Run) -> dict[str, ItemWords]:
    """Id of each question that the run asks -> its words."""
    sources = {one.source: one.title for one in run.loaded.reference.sources}
    return {
        question.id: _words(question, run.loaded.items[question.item_id], sources)
        for question in run.survey.questions
    }


def _words(question: Question, item: Item, sources: Mapping[str, str]) -> ItemWords:
    source = sources.get(question.item_id.partition(".")[0], "")
    asked = question.text.replace(FIRST_CHOICE_SLOT, _CHOSEN_BEFORE)
    if question.language == _ENGLISH:
        return ItemWords(asked, source)
    # Paraphrases differ from language to language; the base wording says what all of them ask.
    english = item.wordings.get(_ENGLISH, [""])[0].replace(FIRST_CHOICE_SLOT, _CHOSEN_BEFORE)
    labels = {option.code: option.labels.get(_ENGLISH, "") for option in item.options}
    return ItemWords(asked, source, english, labels)
