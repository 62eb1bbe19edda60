"""What saying sex and age changed, by group, as a table of the comparison's page. Computes nothing."""

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.measures import written
from def_sim.evaluation.steerability import LEVEL
from def_sim.reports.cells import Row, number_in, rows_of
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.group_lean import STAR, group_words
from def_sim.reports.sections.parts import between, table

_COLUMNS = ("Group", "Members", "Without", "With sex and age", "Nearer by it", "Items")


def steered_parts(steered: pd.DataFrame, baseline: str) -> Markup:
    """A table for each arm that says sex and age, of one comparison; nothing without such an arm.

    Args:
        steered: From `compared_groups.steered_table`.
        baseline: Folder of the baseline.
    """
    if steered.empty:
        return Markup()
    own = steered[steered["baseline"] == baseline]
    return Markup().join(_of_arm(str(arm), rows) for arm, rows in own.groupby("arm", sort=True))


def _of_arm(arm: str, rows: pd.DataFrame) -> Markup:
    caption = f"Groups of people: {arm}, beside the same respondents of the baseline"
    words = (
        "Mean Jensen-Shannon divergence of the members from the group's people. Nearer by it: without minus "
        "with, 95 % interval over respondents in brackets; below 0 saying sex and age takes them farther "
        "from their group's people. * differs from 0 by more than chance (both sets of answers of a "
        f"respondent exchanged, adjusted for the groups, p below {LEVEL:g}). An interval without a star may "
        "leave 0 out: it is of one group alone."
    )
    lines = [_line(row) for row in rows_of(rows)]
    return element("h3", caption) + table(caption, _COLUMNS, lines) + element("p", words)


def _line(row: Row) -> tuple[str, ...]:
    value = written(number_in(row, "steerability"))
    star = STAR if number_in(row, "p_adjusted") < LEVEL else ""
    return (
        group_words(row["group"]),
        str(row["num_members"]),
        written(number_in(row, "unsteered")),
        written(number_in(row, "steered")),
        value + between(number_in(row, "low"), number_in(row, "high")) + star,
        str(row["num_items"]),
    )
