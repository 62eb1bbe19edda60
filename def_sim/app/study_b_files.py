"""Writes study B's page and tables beside a comparison, and says on the terminal what is in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from def_sim import __version__
from def_sim.answers.storage.disk import write_whole
from def_sim.app.human_figures import country_names
from def_sim.app.printed_tables import PrintedTable, print_table
from def_sim.app.terminal import say
from def_sim.evaluation.compared_runs import LeftOut
from def_sim.evaluation.measures import as_percent
from def_sim.evaluation.run_tables import csv_bytes
from def_sim.evaluation.study_b import TABLE_TYPES
from def_sim.evaluation.style_pairs import PAIR_TYPES
from def_sim.evaluation.style_studies import StudyResults
from def_sim.reports.pages.study_b import render_study_b
from def_sim.reports.pages.study_b_tables import style_name

PAGE: Final = "study_b.html"
TABLE: Final = "study_b.csv"
PAIRS: Final = "study_b_pairs.csv"
FRAMES: Final = "frames.csv"  # only where a run was asked in frames


@dataclass(frozen=True)
class Studies:
    """The studies of a comparison; none: no run asks in one of the styles."""

    results: list[StudyResults]
    left_out: list[LeftOut]


def write_studies(found: Studies, folder: Path) -> None:
    """The page and its tables; without a study, those of an earlier comparison are taken away.

    Raises:
        StoreError: The disk is full or not writable.
    """
    tables = study_tables(found)
    for name in (TABLE, PAIRS, FRAMES):
        if name in tables:
            write_whole(folder / name, csv_bytes(tables[name]))
        else:
            (folder / name).unlink(missing_ok=True)
    page = folder / PAGE
    if not found.results:
        page.unlink(missing_ok=True)
        return
    html = render_study_b(
        found.results, found.left_out, country_names=country_names(), code_version=__version__
    )
    write_whole(page, html.encode("utf-8", errors="backslashreplace"))


def study_tables(found: Studies) -> dict[str, pd.DataFrame]:
    """File name -> table of all studies, of those that there are."""
    parts = {
        TABLE: ([one.table for one in found.results], TABLE_TYPES),
        PAIRS: ([one.pairs for one in found.results], PAIR_TYPES),
        FRAMES: ([one.frames for one in found.results if len(one.frames)], {}),
    }
    return {
        name: pd.concat(tables, ignore_index=True).astype(types)
        for name, (tables, types) in parts.items()
        if tables
    }


def print_studies(found: Studies, folder: Path) -> None:
    """A short table a study, a row a country; what was left out, and where the page lies."""
    for one in found.results:
        print_table(_terminal_table(one))
    if found.results:
        say("similarity to people (printed in the study), unclassifiable; beside equal shares on every item")
    for left_out in found.left_out:
        say(f"no style of a study  {left_out.folder}: {left_out.in_words}")
    if found.results:
        say(f"styles      {folder / PAGE}")


def _terminal_table(one: StudyResults) -> PrintedTable:
    styles = list(dict.fromkeys(one.table["style"]))
    rows = []
    for population, of_country in one.table.groupby("population", sort=False):
        by_style = {row["style"]: row for row in of_country.to_dict("records")}
        cells = [_cell(by_style[style]) if style in by_style else "–" for style in styles]
        rows.append([str(population), *cells, _span(of_country["uniform"])])
    heads = ["country", *(style_name(style) for style in styles), "equal shares"]
    return PrintedTable(f"Styles of asking: {one.study.title}", heads, rows)


def _cell(row: Mapping[Any, Any]) -> str:
    printed = "" if pd.isna(row["published"]) else f" ({row['published']:.2f})"
    return f"{_number(row['similarity'])}{printed} {as_percent(row['unclassifiable'])}"


def _span(values: pd.Series) -> str:
    """From the lowest to the highest of styles that were classified on different items."""
    ends = dict.fromkeys(_number(value) for value in (values.min(), values.max()))
    return " to ".join(ends)


def _number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.3f}"
