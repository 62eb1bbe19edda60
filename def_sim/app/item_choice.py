"""The items of a survey that `items=` leaves, and what is said to who names one that it has not."""

from dataclasses import replace

from def_sim.errors import ConfigError
from def_sim.records import Survey


def only_items(survey: Survey, wanted: list[str] | None) -> Survey:
    """The survey with the items that are wanted alone, in its own order; with all of them for None.

    Raises:
        ConfigError: It has no such item, or one follows another that is not wanted.
    """
    if wanted is None:
        return survey
    known = {question.item_id for question in survey.questions}
    if unknown := [item_id for item_id in wanted if item_id not in known]:
        raise ConfigError(
            f"items: survey {survey.name} has no item {unknown[0]!r}.",
            fix=_nearest_item(unknown[0], survey),
        )
    questions = tuple(question for question in survey.questions if question.item_id in wanted)
    asked = {question.id for question in questions}
    for question in questions:
        first = f"{question.follow_up_of}#{question.wording}"
        if question.follow_up_of is not None and first not in asked:
            raise ConfigError(
                f"items: {question.item_id} follows {question.follow_up_of}, which is not in the list.",
                fix=f"Add {question.follow_up_of} to `items=`.",
            )
    return replace(survey, questions=questions)


def _nearest_item(wanted: str, survey: Survey) -> str:
    """The item that somebody meant who left out its source or wrote it in other letters."""
    known = sorted({question.item_id for question in survey.questions})
    name = wanted.rpartition(".")[2].casefold()
    alike = [item_id for item_id in known if item_id.rpartition(".")[2].casefold() == name]
    meant = f"Did you mean `items=[{alike[0]}]`? " if alike else ""
    one, listing = survey.questions[0].item_id, f"def-sim survey={survey.name} stage=plan show=items"
    longer = f" The long form has more: `survey={survey.short_of}`." if survey.short_of else ""
    return f"{meant}Ids look like `{one}`; `{listing}` lists all with their questions.{longer}"
