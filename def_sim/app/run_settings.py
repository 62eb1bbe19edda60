"""How the respondents of a run were made and asked, in words for a reader who knows neither code nor study.

Beside each stand the words of the study and of the configuration. Computes nothing.
"""

from collections.abc import Sequence
from typing import Final

from def_sim.app.run import Run
from def_sim.evaluation.measures import counted
from def_sim.records import Respondent
from def_sim.reports.pages.facts import WAY_OF_ASKING, SettingInWords

_LANGUAGES: Final = {"en": "English", "zh": "Chinese"}
_ORDERS: Final = {
    "listed": "as in the questionnaire",
    "reversed": "the questionnaire's, from the last to the first",
    "shuffled": "drawn anew for each question",
    "balanced": "each option in each place equally often",
}
_ANSWERS: Final = {
    "free": "written freely, then read",
    "constrained": "one of the options' numbers and nothing else",
    "probabilities": "the probability of each option",
}


def run_settings(run: Run, respondents: Sequence[Respondent], *, country: str) -> tuple[SettingInWords, ...]:
    """The settings that a reader asks for first.

    Args:
        run: Whose they are.
        respondents: Of the panel, or those of a large panel that are looked at.
        country: The population's name as it stands in a sentence.
    """
    config, survey = run.config, run.survey
    asked_in = f"questions in {_language(survey.language)}"
    if survey.frame_language != survey.language:
        asked_in += f", the instruction around them in {_language(survey.frame_language)}"
    order = config.presentation.option_order
    return (
        SettingInWords("Language", asked_in, f"{survey.language}, {survey.frame_language}"),
        SettingInWords("Respondents live in", *_places(run, respondents, country)),
        *_persons(run),
        SettingInWords("Memory", *_memory(run, respondents)),
        SettingInWords("Choice of words", *_decoding(run, respondents)),
        SettingInWords("Order of options", _ORDERS[order], f"presentation.option_order={order}"),
        SettingInWords("Answers", _ANSWERS[config.answer_mode], f"answer_mode={config.answer_mode}"),
        SettingInWords(WAY_OF_ASKING, config.strategy.name, f"protocol={config.protocol.name}"),
    )


def _language(code: str) -> str:
    return _LANGUAGES.get(code, code)


def _switch(name: str, is_on: bool) -> str:
    return f"{name} modification {'on' if is_on else 'off'}"


def _places(run: Run, respondents: Sequence[Respondent], country: str) -> tuple[str, str]:
    """Words and terms of where respondents live."""
    term = _switch("prompt", run.config.modifications.prompt)
    num_places = len({one.persona.place for one in respondents if one.persona.is_drawn})
    if not num_places:
        return f"{country}, no place in it is named", term
    level = run.config.places.level
    kind = {"cities": ("city", "cities"), "regions": ("region", "regions")}.get(level, ("place", "places"))
    return f"{counted(num_places, *kind)} of {country}, drawn", f"{term}, places.level={level}"


def _persons(run: Run) -> tuple[SettingInWords, ...]:
    """Sex and age, where a prompt says them."""
    if run.config.modifications.persona != "demographic":
        return ()
    quotas = run.config.modifications.quotas
    words = {
        "reference": "in the shares of people",
        "equal": "in equal shares",
        "file": "in shares of a file",
    }
    term = f"modifications.persona=demographic, quotas={quotas}"
    return (SettingInWords("Sex and age", words[quotas], term),)


def _memory(run: Run, respondents: Sequence[Respondent]) -> tuple[str, str]:
    """Words and terms of what is remembered of earlier answers."""
    rules, is_on = run.config.memory, run.config.modifications.memory
    term = _switch("memory", is_on)
    if not run.strategy.uses_memory or not any(one.memory_capacity for one in respondents):
        return "none: each question is put alone", term
    low, high = rules.min_capacity, rules.max_capacity
    words = counted(high, "answer", "answers") if low == high else f"{low} to {high} answers"
    return f"{words}, drawn once for each respondent", f"{term}, memory.deletion={rules.deletion}"


def _decoding(run: Run, respondents: Sequence[Respondent]) -> tuple[str, str]:
    """Words and terms of how texts are decoded."""
    beams = [one.decoding.num_beams for one in respondents]
    num_sampled = sum(one.decoding.do_sample for one in respondents)
    spread = (
        f"{min(beams)} to {max(beams)} beams"
        if max(beams) > min(beams)
        else counted(max(beams), "beam", "beams")
    )
    sampled = f"{num_sampled:,} of {counted(len(respondents), 'respondent', 'respondents')} sampled"
    return f"{spread}; {sampled}", _switch("configuration", run.config.modifications.configuration)
