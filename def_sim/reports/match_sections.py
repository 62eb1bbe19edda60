"""The two sections on first answers beside people's: match rates, and where mismatches lie."""

import math
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.bias_tables import PublishedBias, SoundBias
from def_sim.evaluation.measures import as_percent
from def_sim.metrics.preference_bias import AGE_PROFILES, SEX_PROFILES
from def_sim.reports.bias_chart import (
    AGE_WORDS,
    SEX_WORDS,
    MatchRow,
    match_chart,
    mismatch_heat_map,
)
from def_sim.reports.cells import dimension_rank, dimension_title
from def_sim.reports.group_sections import NO_GROUPS
from def_sim.reports.section_parts import legend, mark_swatch, not_known
from def_sim.reports.sections import Finding, Section
from def_sim.reports.svg import element

_ALL: Final = "all"
NO_REFERENCES: Final = "No answered item has figures of people."


def match_section(published: PublishedBias, sound: SoundBias, *, num_respondents: int) -> Section:
    """On how many items the panel's most frequent answer is people's, by topic group.

    Args:
        published: With ties settled by the lowest code.
        sound: With shared credit, chance, floor and halves.
        num_respondents: N, named beside people.
    """
    rates = {column: sound.rates(column) for column in ("credit", "chance", "floor", "halves")}
    whole = rates["credit"][_ALL]
    why = NO_REFERENCES if math.isnan(whole) else ""
    return Section(
        key="match",
        title="Match of the first answers",
        shows="On how many items the panel's most frequent answer is people's, between chance and what two "
        "halves of people reach.",
        hides="Anything about the other answers; where two answers are close, halves of people disagree too.",
        body=not_known(why) if why else _match_body(published, sound, rates, num_respondents),
        findings=_match_findings(published, sound, rates, why),
    )


def _dimensions(rates: dict[str, float]) -> list[str]:
    return sorted((name for name in rates if name != _ALL), key=dimension_rank)


def _num_items(sound: SoundBias, dimension: str) -> int:
    is_scored = sound.items["credit"].notna()
    if dimension != _ALL:
        is_scored &= sound.items["dimension"] == dimension
    return int(is_scored.sum())


def _match_body(
    published: PublishedBias, sound: SoundBias, rates: dict[str, dict[str, float]], num_respondents: int
) -> Markup:
    rows = [
        MatchRow(
            "All items" if name == _ALL else dimension_title(name),
            rates["credit"][name],
            rates["chance"][name],
            rates["halves"][name],
            _num_items(sound, name),
        )
        for name in (_ALL, *_dimensions(rates["credit"]))
        if _num_items(sound, name)
    ]
    key = legend(
        (mark_swatch("panel"), "This panel"),
        (mark_swatch("uniform"), "Chance"),
        (mark_swatch("people"), "One half of people against the other"),
    )
    words = (
        f"Ties share their credit. As many people ({num_respondents}) would match on "
        f"{as_percent(rates['floor'][_ALL])} of these items. As published, where the lowest code wins a tie: "
        f"{as_percent(published.rates()[_ALL])}."
    )
    return key + match_chart(rows) + element("p", words)


def _match_findings(
    published: PublishedBias, sound: SoundBias, rates: dict[str, dict[str, float]], why: str
) -> tuple[Finding, ...]:
    names = [_ALL, *_dimensions(rates["credit"])]
    halves = [Finding("match_rate_halves", rates["halves"][_ALL], reason=why)]
    return (
        *(
            Finding(
                "match_rate",
                rates["credit"][name],
                group="" if name == _ALL else name,
                people=rates["floor"][name],
                random=rates["chance"][name],
                num_items=_num_items(sound, name),
                reason=why or ("" if _num_items(sound, name) else "No answered item."),
            )
            for name in names
        ),
        *halves,
        *(
            Finding(
                "match_rate_published",
                rate,
                group="" if name == _ALL else name,
                reason=why or ("" if not math.isnan(rate) else "No answered item."),
            )
            for name, rate in published.rates().items()
        ),
    )


def mismatch_section(published: PublishedBias) -> Section:
    """Mismatched items by topic group and by the group with the most people who gave the panel's answer.

    Args:
        published: From `published_bias`.
    """
    counts = published.mismatches
    num_mismatched = int((published.items["match"] == 0).sum())
    num_counted = int(counts.sum())
    is_empty = published.items["match"].isna().all()
    why = NO_REFERENCES if is_empty else "" if num_counted or not num_mismatched else NO_GROUPS
    without = f" {num_mismatched - num_counted} more are on items without figures by sex and age."
    words = f"{num_counted} mismatches.{without if num_mismatched > num_counted else ''}"
    caption = (
        "Mismatched items, by the sex and the age group with the most people who gave the panel's answer"
    )
    titles = [dimension_title(dimension) for dimension in published.dimensions]
    return Section(
        key="mismatches",
        title="Where mismatches lie",
        shows="In which topic groups the panel's first answer is not people's, and which group has the "
        "most people with that answer, as published.",
        hides="A preference for that group: large groups win by their size alone.",
        body=not_known(why)
        if why
        else mismatch_heat_map(counts, titles, caption=caption) + element("p", words),
        findings=(
            Finding("mismatches", math.nan if is_empty else float(num_mismatched), reason=why),
            *_mismatch_findings(published),
        ),
    )


def _mismatch_findings(published: PublishedBias) -> list[Finding]:
    return [
        Finding(
            "mismatches_of_profile",
            float(published.mismatches[i, j].sum()),
            group=f"{SEX_WORDS[sex]}, {AGE_WORDS[age]}",
        )
        for i, sex in enumerate(SEX_PROFILES)
        for j, age in enumerate(AGE_PROFILES)
        if published.mismatches[i, j].any()
    ]
