"""How far people who coded an audit agree, with each other and with a judge: a table for any section."""

import math
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.audited_verdicts import AuditedQuestion
from def_sim.evaluation.measures import as_percent, written
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.parts import between, table

_COLUMNS: Final = ("Who with whom", "about", "rows", "agree", "kappa (95 %)")
_WORDS: Final = (
    "On the coded rows as they were drawn, in which rare verdicts are more frequent than among all answers. "
    "Kappa: agreement beyond chance, 1 is full, 0 is chance; undefined where one code alone was given."
)


def agreement_part(audited: Sequence[tuple[str, AuditedQuestion]]) -> Markup:
    """A line for each pair that coded the same rows, and alpha of the coders.

    Args:
        audited: What was coded, in words, and what people say of it.
    """
    rows = [
        (
            one.pair,
            about,
            f"{one.num_rows:,}",
            as_percent(one.raw),
            written(one.kappa) + between(one.low, one.high),
        )
        for about, found in audited
        for one in found.agreements
    ]
    alphas = [element("p", words) for about, found in audited if (words := _alpha_of(about, found))]
    return Markup("").join([table("Agreement", _COLUMNS, rows), element("p", _WORDS), *alphas])


def _alpha_of(about: str, found: AuditedQuestion) -> str:
    """Krippendorff's alpha of the coders, where there are two who differ at all."""
    if math.isnan(found.alpha):
        return ""
    alpha = written(found.alpha) + between(found.alpha_low, found.alpha_high)
    return f"{about}: Krippendorff's alpha of the coders {alpha}."
