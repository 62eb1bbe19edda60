"""What of a run may spoil its answers or its scores, said before anything is asked."""

from collections.abc import Sequence

from def_sim.app.run import Run

_MOST_NAMED = 4  # items in a warning


def language_warnings(run: Run) -> list[str]:
    """What of the questionnaire is in a language that the model's publisher does not name."""
    known, survey = run.config.model.languages, run.survey
    if known is None:
        return []
    spoken = {"questions": survey.language, "frame": survey.frame_language}
    foreign = [f"{part} in {language}" for part, language in spoken.items() if language not in known]
    if not foreign:
        return []
    asked = " and ".join(foreign)
    return [f"{run.config.model.label} was made for {', '.join(known)} only and is asked {asked}"]


def persona_warnings(run: Run) -> list[str]:
    """What studies found of prompts that say sex and age."""
    if not run.config.modifications.has_persons:
        return []
    sources = "Santurkar et al. 2023, Beck et al. 2024, Cheng et al. 2023, Wang et al. 2025"
    words = "sex and age in the prompt often do not help or make answers worse, and caricature groups"
    return [f"{words} ({sources}); run the same without them, too: docs/concepts/pitfalls.md"]


def item_warnings(run: Run) -> list[str]:
    """What the report cannot show of some items, since their file has one wording or no topic group."""
    items = {question.item_id: run.loaded.items[question.item_id] for question in run.survey.questions}
    language, more = run.survey.language, {one.item_id for one in run.survey.questions if one.wording}
    alone = [name for name, item in items.items() if len(item.wordings[language]) == 1 and name not in more]
    facts = [name for name, item in items.items() if item.is_factual]
    apart = [name for name, item in items.items() if item.dimension is None and not item.is_factual]
    return [
        f"{_some(names)} {what}"
        for names, what in (
            (alone, "in one wording only: what another wording would change cannot be seen"),
            (apart, "in no topic group: scored by item and in means over items, in no mean of groups"),
            (facts, "with a right answer: wrong choices are counted, in no other score"),
        )
        if names
    ]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}:"
