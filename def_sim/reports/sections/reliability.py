"""The section on topic groups among people: whether the items of a group go together, and which do not."""

from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.dimensions import dimension_title
from def_sim.evaluation.measures import as_percent, counted, written
from def_sim.evaluation.topic_groups import MIN_ITEM_REST, TopicGroup, TopicGroups
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.parts import not_known, table
from def_sim.reports.sections.section import Chapter, Section

_COLUMNS: Final = (
    "Topic group",
    "Items",
    "Left out",
    "Alpha",
    "Omega",
    "First / second eigenvalue",
    "First factor's share",
    "Factors, all items",
    "Least alike country, all items",
    "Marked items",
)


def reliability_section(found: TopicGroups) -> Section:
    """Reliability of each topic group among people, and the items that do not fit.

    Args:
        found: From `topic_groups`.
    """
    return Section(
        key="reliability",
        title="Topic groups among people",
        chapter=Chapter.RESULT,
        shows="Whether people's answers to the items of a topic group go together, as those to a scale do, "
        "and whether the group is the same thing in other countries. The names are the study's.",
        hides="Anything of the panel: a mean divergence over a group needs no scale, a statement about a "
        "value does.",
        body=not_known(found.reason) if found.reason else _body(found),
    )


def _body(found: TopicGroups) -> Markup:
    rows = [_row(group, found.country_names) for group in found.groups]
    return _words() + table("Topic groups among people", _COLUMNS, rows) + _marked(found)


def _words() -> Markup:
    return element(
        "p",
        "From correlations between the items asked, World Values Survey only, each turned by its direction. "
        "Alpha and omega: share of the sum that the items have in common, of which .7 is usually asked. One "
        "factor (parallel analysis) and a first eigenvalue several times the second speak of one thing. "
        "Likeness is Tucker's congruence of loadings: .95 as good as equal, below .85 not alike. An item is "
        "marked where "
        f"it correlates with the rest of its group by less than {MIN_ITEM_REST:.2f}.",
    )


def _row(group: TopicGroup, country_names: Mapping[str, str]) -> tuple[str, ...]:
    name, items = dimension_title(group.dimension), (str(group.num_items), str(group.num_left_out))
    factors, alike = _between_countries(group, country_names)
    if group.reason:
        return name, *items, "–", "–", "–", "–", factors, alike, "–"
    return (
        name,
        *items,
        written(group.alpha),
        written(group.omega),
        f"{group.eigenvalue_ratio:.1f}",
        as_percent(group.first_share),
        factors,
        alike,
        str(len(group.misfits)),
    )


def _between_countries(group: TopicGroup, country_names: Mapping[str, str]) -> tuple[str, str]:
    if group.likeness is None:
        return "–", "–"
    code = group.likeness.least_like
    country = country_names.get(code, code).removeprefix("the ")
    return str(group.likeness.num_factors), f"{country} {_hundredths(group.likeness.congruence)}"


def _hundredths(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _marked(found: TopicGroups) -> Markup:
    lines = [
        element("li", element("strong", dimension_title(group.dimension)), f": {_names(group, found.topics)}")
        for group in found.groups
        if group.misfits
    ]
    if not lines:
        return Markup()
    num = sum(len(group.misfits) for group in found.groups)
    head = element(
        "summary", f"{counted(num, 'marked item', 'marked items')}, with the correlation with the rest"
    )
    return element("details", head, element("ul", *lines))


def _names(group: TopicGroup, topics: Mapping[str, str]) -> str:
    return "; ".join(
        f"{topics.get(item.item_id, item.item_id)} ({_hundredths(item.item_rest)})" for item in group.misfits
    )
