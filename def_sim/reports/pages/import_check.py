"""The check table of an import as a page: our words beside the source's, people's shares, flags first.

The page loads nothing, everything in it is escaped, and the same check gives the same bytes.
"""

from typing import Final

from def_sim.evaluation.import_checks import CheckedItem, CheckedOption, ImportCheck
from def_sim.reports.charts.score_charts import share_chart
from def_sim.reports.pages.contents import Entry
from def_sim.reports.pages.page import language_tag, page_script, page_style, security_policy, template

_QUALITIES: Final = {
    "weighted": "weighted",
    "unweighted": "unweighted: exact counts without weights",
    "approximate": "approximate: from a weighted resample",
    "published": "published: shares alone, without a number of people",
}


def render_import_check(check: ImportCheck, *, country: str = "") -> str:
    """The whole table as the text of one HTML file, about 2 kB an item.

    Args:
        check: What is drawn.
        country: Name of the population's, as it stands in a sentence; "": its code stands there.
    """
    style, script = page_style("items.css", "codebook.css", "import_check.css"), page_script()
    return template("import_check.html.jinja").render(
        check=check,
        country=country,
        policy=security_policy(style, script),
        style=style,
        script=script,
        contents=[Entry("flags", "What to look at first"), Entry("all-items", "Items")],
        flagged=[one for one in check.items if one.flags],
        without_level=sum(one.item.level.value == "nominal" for one in check.items),
        has_file_words=any(one.variable is not None for one in check.items),
        qualities=_QUALITIES,
        chips=_chips,
        chart=_chart,
        language_tag=language_tag,
    )


def _chart(option: CheckedOption) -> object:
    return share_chart(str(option.code), option.share) if option.share is not None else ""


def _chips(one: CheckedItem) -> list[str]:
    """What is known of the people behind an item, in words."""
    item, figures = one.item, one.figures
    found = [item.type.value, item.level.value]
    if figures is None:
        return [*found, "no figures of people"]
    found.append(_QUALITIES[figures.quality.value])
    if figures.n is not None:
        found.append(f"n = {figures.n:,}")
    if figures.effective_people is not None:
        found.append(f"effective n = {figures.effective_people:,.0f}")
    for words, share in (
        ("don't know", figures.dont_know_share),
        ("no answer", figures.refused_share),
        ("don't know or no answer", figures.missing_share),
        ("volunteered", figures.volunteered_share or None),
    ):
        if share is not None:
            found.append(f"{words} {100 * share:.1f} %")
    return found
