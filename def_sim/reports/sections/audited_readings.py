"""The section on readings of texts that people checked: how right a judge's options are."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.audited_readings import SECTION, AuditedOption, AuditedReadings
from def_sim.evaluation.measures import as_percent, counted
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.agreement import agreement_part
from def_sim.reports.sections.parts import percents, table
from def_sim.reports.sections.section import Chapter, Section

_ACCURACY: Final = ("Set", "right", "95 %", "rows", "missing verdicts")
_ACCURACY_WORDS: Final = (
    "Right: share of the verdicts that are as people coded them who did not know them, each row weighed by "
    "how many texts its option was read out of; mean over the coders. The interval holds both coders' own; "
    "rows are taken as independent (Wilson's, at the effective number of rows). A missing verdict is neither "
    "right nor wrong."
)


def audited_section(found: Sequence[AuditedReadings]) -> Section:
    """Accuracy, agreement and the single options of each audited set.

    Args:
        found: From `audited_readings`, at least one.
    """
    return Section(
        key=SECTION,
        title="Readings that people checked",
        chapter=Chapter.ITEMS,
        shows="How often people read the same option out of a text as the judge did.",
        hides="Whether the option is what the writer would have chosen from a list.",
        body=Markup("").join(_of_set(one) for one in found),
    )


def _of_set(one: AuditedReadings) -> Markup:
    accuracy, num_coders = one.found.accuracy, len(one.options[0].num_audited)
    title = f"Read by {one.judge or 'a judge'}: {one.set_name}"
    row = (
        one.set_name,
        as_percent(accuracy.share),
        percents(accuracy.low, accuracy.high),
        f"{one.found.num_audited:,}",
        f"{one.num_missing:,}",
    )
    coders = [f"coder {number}: right" for number in range(1, num_coders + 1)]
    options = table(
        "Single options", ("Verdict", "verdicts", *coders), [_option(each) for each in one.options]
    )
    parts = [element("h4", title), table("Accuracy", _ACCURACY, [row]), element("p", _ACCURACY_WORDS)]
    return Markup("").join([*parts, agreement_part([(one.rubric, one.found)]), options])


def _option(one: AuditedOption) -> list[str]:
    each = zip(one.num_right, one.num_audited, strict=True)
    return [
        one.value,
        f"{one.num_verdicts:,}",
        *(f"{right:,} of {counted(rows, 'row', 'rows')}" for right, rows in each),
    ]
