"""The section on several judges of one run: how far their verdicts on the same answers agree."""

from collections.abc import Sequence
from typing import Final

from def_sim.evaluation.compared_judges import JudgePair
from def_sim.evaluation.measures import as_percent, written
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.parts import between, table
from def_sim.reports.sections.section import Chapter, Section

_COLUMNS: Final = ("Question", "one judge", "another", "answers", "agree", "kappa (95 %)")
_WORDS: Final = (
    "Of the answers on which both have a verdict; what rules found and answers with several choices are left "
    "out. Kappa: agreement beyond chance, 1 is full, 0 is chance; undefined where both gave one and the same "
    "verdict always. Answers are taken as independent."
)


def judges_section(pairs: Sequence[JudgePair]) -> Section:
    """A line for each two sets and question.

    Args:
        pairs: From `compare_judges`, at least one.
    """
    rows = [
        (
            f"{one.rubric}: {one.question}" if one.question != one.rubric else one.rubric,
            f"{one.judge_1} ({one.set_1})",
            f"{one.judge_2} ({one.set_2})",
            f"{one.num_common:,}",
            as_percent(one.agreement),
            written(one.kappa) + between(one.low, one.high),
        )
        for one in pairs
    ]
    return Section(
        key="judges",
        title="Judges side by side",
        chapter=Chapter.ITEMS,
        shows="How far two judges of the same answers agree, beyond what chance would give.",
        hides="Which of them is right: two judges may share an error. People who code an audit can tell.",
        body=table("Agreement of judges", _COLUMNS, rows) + element("p", _WORDS),
    )
