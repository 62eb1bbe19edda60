"""What a methods section must say of a run, as sentences to copy: who was asked what, how, beside whom.

Each number stands elsewhere on the page; here they are in one place and in the field's words. Computes no
score.
"""

import pandas as pd

from def_sim.evaluation.measures import (
    MEASURES,
    counted,
    normalised_ends_in_words,
    normalised_in_words,
    written,
)
from def_sim.evaluation.score_tables import headline_scope
from def_sim.evaluation.verdict import METRIC, read_and_withheld
from def_sim.reports.cells import Row, count_in, find_row, number_in
from def_sim.reports.pages.facts import WAY_OF_ASKING, RunFacts

_INTERVALS = (
    "Intervals (95 %, studentised bootstrap) are over respondents and items; the model and people's figures "
    "are taken as they are."
)


def methods_sentences(
    facts: RunFacts, scores: pd.DataFrame, distributions: pd.DataFrame, statuses: pd.DataFrame
) -> str:
    """A paragraph on one run; arguments as of `render_report`."""
    scope = headline_scope(scores)
    row = find_row(scores, METRIC, scope)
    parts = (
        _asked(facts),
        *(f"{one.name}: {one.words}." for one in facts.settings if one.name != WAY_OF_ASKING),
        _read(statuses, distributions),
        _people(facts, distributions),
        _score(row, scope) if row else "",
    )
    return " ".join(part for part in parts if part)


def _asked(facts: RunFacts) -> str:
    loaded = f", computed in {facts.precision}," if facts.precision else ""
    questions = counted(facts.num_questions, "question", "questions")
    respondents = counted(facts.num_scored, "simulated respondent", "simulated respondents")
    invented = " The model is a demonstration, trained on an invented population." * facts.is_demonstration
    unfinished = (
        "" if facts.is_complete else f" Of {facts.num_planned:,} answers {facts.num_done:,} have been asked."
    )
    return (
        f"{facts.model_label}{loaded} answered {facts.survey_title} ({questions}) as {respondents}, with "
        f"def_sim {facts.code_version}, strategy {facts.strategy}, protocol {facts.protocol}, seed "
        f"{facts.seed} (run {facts.run_hash}).{invented}{unfinished}"
    )


def _read(statuses: pd.DataFrame, distributions: pd.DataFrame) -> str:
    asked, read, withheld = read_and_withheld(statuses)
    if not asked:
        return ""
    of_items = _each(distributions, "num_answered")
    span = f"; an item has {_span(of_items)} of them" if len(of_items) else ""
    return (
        f"Of {counted(asked, 'answer', 'answers')} {read:,} named an option, {withheld:,} withheld one and "
        f"{asked - read - withheld:,} could not be read{span}."
    )


def _people(facts: RunFacts, distributions: pd.DataFrame) -> str:
    if not facts.people:
        return ""
    num, effective = _each(distributions, "human_n"), _each(distributions, "human_n_effective")
    behind = f"; behind an item are {_span(num)} people" if len(num) else ""
    worth = f", effective {_span(effective)}" if len(effective) else ""
    return f"They are compared with {'; '.join(facts.people)}{behind}{worth}."


def _score(row: Row, scope: str) -> str:
    of = "topic groups" if scope == "macro" else "items"
    value, floor, uniform = (number_in(row, name) for name in ("value", "floor", "uniform"))
    low, high = number_in(row, "interval_low"), number_in(row, "interval_high")
    interval = "" if pd.isna(low) or pd.isna(high) else f" (95 % {written(low)} to {written(high)})"
    defined = count_in(row, "num_items") - count_in(row, "num_undefined")
    normalised = normalised_in_words(number_in(row, "normalised"), value, uniform)
    ends = normalised_ends_in_words(number_in(row, "normalised_low"), number_in(row, "normalised_high"))
    within = f" ({ends})" if ends else ""
    return (
        f"{MEASURES[METRIC].title} (base 2), mean of {of}, {counted(defined, 'item', 'items')}: "
        f"{written(value)}{interval}; as many people would score {written(floor)}, random answers "
        f"{written(uniform)}; normalised score {normalised}{within}. {_INTERVALS}"
    )


def _each(distributions: pd.DataFrame, column: str) -> "pd.Series[float]":
    """A number of each item and wording, where it has one."""
    return distributions.drop_duplicates(["item_id", "wording"])[column].dropna()


def _span(numbers: "pd.Series[float]") -> str:
    low, high = float(numbers.min()), float(numbers.max())
    if round(low) == round(high):
        return f"{low:,.0f}"
    return f"{low:,.0f} to {high:,.0f} (median {numbers.median():,.0f})"
