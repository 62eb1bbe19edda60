"""The section on failed answers: between which ends scores lie, whatever the failed would have said."""

from typing import Final

from markupsafe import Markup

from def_sim.evaluation.measures import MEASURES, as_percent, written
from def_sim.evaluation.nonresponse import FIELDS, JUDGED, Nonresponse
from def_sim.evaluation.withheld_gaps import WithheldGaps
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.parts import table
from def_sim.reports.sections.section import Chapter, Section
from def_sim.reports.sections.withheld import withheld_part

_NOTHING: Final = "No answered item has figures of people."


def nonresponse_section(found: Nonresponse, withheld: WithheldGaps | None = None) -> Section:
    """Means over topic groups with failures dropped, as an option of their own, and at their bounds.

    Args:
        found: From `nonresponse`.
        withheld: Don't-knows and refusals beside people's; None: they are not shown.
    """
    return Section(
        key="nonresponse",
        title="Answers that failed",
        chapter=Chapter.ITEMS,
        shows="Between which ends the scores would lie, whatever those answers had been that failed.",
        hides="Where in between: that depends on what the answers would have been, which nobody knows.",
        body=_body(found) + (withheld_part(withheld) if withheld is not None else Markup()),
    )


def _unread(found: Nonresponse) -> str:
    """What is said of texts without a verdict."""
    if not found.share_unread:
        return ""
    return (
        f" On {as_percent(found.share_unread)} more the judge gave no verdict that could be used: they did "
        "not fail, but are left out or placed here as if they had."
    )


def _body(found: Nonresponse) -> Markup:
    if not found.means:
        return element("p", "No answer failed: the scores above are whole.")
    if not found.num_items:
        return element("p", f"Not known: {_NOTHING}")
    shown = (*FIELDS, JUDGED) if found.judge else FIELDS
    rows = [
        (MEASURES[metric].title, *(written(fields[field]) for field in shown))
        for metric, fields in found.means.items()
    ]
    columns = ["Mean of topic groups", "Left out", "As one more option", "Least", "Most"]
    if found.judge:
        columns.append("As a judge read them")
    words = (
        f"{as_percent(found.share_failed)} of the answers failed.{_unread(found)} Left out: as in the scores "
        "above, which compare those who answered. As one more option: people never chose it; along a scale "
        "it has no place. Least and most: each failed answer on the option that lowers or raises the "
        "score. The floor for least and most is that of everyone who was asked."
    )
    if found.judge:
        words += (
            f" As a judge read them: {found.judge} said which option they meant, and where it could not they "
            "are left out. The respondents' memory did not hold these answers when later questions were put."
        )
    return table("Scores by what is made of failed answers", columns, rows) + element("p", words)
