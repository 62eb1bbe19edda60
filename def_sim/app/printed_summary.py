"""The short table at the end of a run."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from def_sim.app.printed_tables import PrintedTable, print_table
from def_sim.app.terminal import say
from def_sim.evaluation.measures import MEASURES, counted, normalised_in_short
from def_sim.evaluation.verdict import Verdict
from def_sim.reports.pages.facts import RunFacts


@dataclass(frozen=True)
class WrittenReport:
    """What a terminal shows of a report."""

    path: Path
    headline: pd.DataFrame
    facts: RunFacts
    verdict: Verdict
    note: str = ""  # on figures and a calibration of before, a line each; "": there is nothing to say


def print_summary(written: WrittenReport) -> None:
    """The short table at the end of a run, and where the report lies."""
    facts = written.facts
    header, *rows = headline_cells(written.headline)
    print_table(PrintedTable(f"{facts.model_label}: {facts.survey_title}", header, rows))
    say("floor: as many real people; people: two halves of the people behind the reference;")
    say("random: random answers; norm.: 0 = as far as random answers, 1 = cannot be told from people")
    if facts.readings:
        say(f"read by {facts.readings}")
    if facts.short_of is not None:
        say(f"Short form of survey {facts.short_of}: its scores do not compare with those of full runs.")
    if facts.is_demonstration:
        say("Demonstration: the respondent was trained on an invented population.")
        if facts.planted_summary:
            say(facts.planted_summary)
    if num_unscored := _num_unscored(written.headline):
        have = counted(num_unscored, "question has", "questions have")
        say(f"{have} no score: no figures of people, or no answer that could be read.")
    if not facts.is_complete:
        say(f"Not complete: {facts.num_done:,} of {facts.num_planned:,} answers.")
    if facts.figures_changed:
        say(facts.figures_changed)
    if written.note:
        say(written.note)
    for sentence in written.verdict.sentences:
        say(sentence)
    say(f"report  {written.path}")


def headline_cells(headline: pd.DataFrame) -> list[tuple[str, ...]]:
    """The short table as words: a header, then a row a measure.

    Args:
        headline: As `score_tables.headline` gives it.
    """
    is_by_group = (headline["scope"] == "macro").all()
    what = f"mean of the {'topic groups' if is_by_group else 'items'}"
    cells: list[tuple[str, ...]] = [(what, "value", "floor", "people", "random", "norm.")]
    for row in headline.to_dict("records"):
        numbers = [f"{row[name]:.3f}" for name in ("value", "floor", "human_to_human", "uniform")]
        shown = ("–" if number == "nan" else number for number in numbers)
        cells.append((MEASURES[row["metric"]].title, *shown, normalised_in_short(row["normalised"])))
    return cells


def _num_unscored(headline: pd.DataFrame) -> int:
    """Questions without answers or people. The study's KL scores failures, W1 and entropy need more."""
    [num] = headline.loc[headline["metric"] == "js_divergence", "num_undefined"]
    return int(num)
