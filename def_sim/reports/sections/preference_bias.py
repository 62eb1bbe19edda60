"""The two sections on most frequent answers beside people's: match rates, and where mismatches lie."""

from markupsafe import Markup

from def_sim.evaluation.dimensions import dimension_title
from def_sim.evaluation.measures import as_percent
from def_sim.evaluation.preference_bias import ALL, PreferenceBias
from def_sim.reports.charts.bias_chart import MatchRow, match_chart, mismatch_heat_map
from def_sim.reports.charts.svg import element
from def_sim.reports.sections.parts import legend, mark_swatch, not_known
from def_sim.reports.sections.section import Chapter, Section


def match_section(bias: PreferenceBias) -> Section:
    """On how many items the panel's most frequent answer is people's, by topic group.

    Args:
        bias: From `preference_bias`.
    """
    why = bias.why_no_match
    return Section(
        key="match",
        title="Match of the most frequent answers",
        chapter=Chapter.GROUPS,
        shows="On how many items the panel's most frequent answer is people's, between chance and what two "
        "halves of people reach.",
        hides="Anything about the other answers; where two answers are close, halves of people disagree too.",
        body=not_known(why) if why else _match_body(bias),
    )


def _match_body(bias: PreferenceBias) -> Markup:
    rates = bias.rates
    rows = [
        MatchRow(
            "All items" if name == ALL else dimension_title(name),
            rates["credit"][name],
            rates["chance"][name],
            rates["halves"][name],
            bias.num_items(name),
        )
        for name in (ALL, *bias.dimensions)
        if bias.num_items(name)
    ]
    key = legend(
        (mark_swatch("panel"), "This panel"),
        (mark_swatch("uniform"), "Chance"),
        (mark_swatch("people"), "One half of people against the other"),
    )
    words = (
        f"Ties share their credit. As many people ({bias.num_respondents}) would match on "
        f"{as_percent(rates['floor'][ALL])} of these items. As published, where the lowest code wins a tie: "
        f"{as_percent(bias.published.rates()[ALL])}."
    )
    return key + match_chart(rows) + element("p", words)


def mismatch_section(bias: PreferenceBias) -> Section:
    """Mismatched items by topic group and by the group with the most people who gave the panel's answer.

    Args:
        bias: From `preference_bias`.
    """
    counts, why = bias.published.mismatches, bias.why_no_mismatches
    num_mismatched, num_counted = bias.num_mismatched, int(counts.sum())
    without = f" {num_mismatched - num_counted} more are on items without figures by sex and age."
    words = f"{num_counted} mismatches.{without if num_mismatched > num_counted else ''}"
    caption = (
        "Mismatched items, by the sex and the age in years with the most people who gave the panel's answer"
    )
    titles = [dimension_title(dimension) for dimension in bias.published.dimensions]
    return Section(
        key="mismatches",
        title="Where mismatches lie",
        chapter=Chapter.GROUPS,
        shows="In which topic groups the panel's most frequent answer is not people's, and which group "
        "has the most people with that answer, as published.",
        hides="A preference for that group: large groups win by their size alone.",
        body=not_known(why)
        if why
        else mismatch_heat_map(counts, titles, caption=caption) + element("p", words),
    )
