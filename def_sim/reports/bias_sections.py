"""The four sections on preference bias: match rates, where mismatches lie, lift, and gap."""

import math
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from def_sim.metrics.preference_bias import AGE_PROFILES, SEX_PROFILES
from def_sim.reports.bias_chart import (
    AGE_WORDS,
    SEX_WORDS,
    MatchRow,
    TiltRow,
    match_chart,
    mismatch_heat_map,
    tilt_heat_map,
)
from def_sim.reports.bias_tables import PublishedBias, SoundBias
from def_sim.reports.cells import dimension_rank, dimension_title
from def_sim.reports.measures import as_percent
from def_sim.reports.section_parts import legend, mark_swatch, not_known
from def_sim.reports.sections import Finding, Section
from def_sim.reports.svg import element

_LEVEL: Final = 0.05
_ALL: Final = "all"
NO_REFERENCES: Final = "No answered item has figures of people."
NO_GROUPS: Final = "No answered item has figures of people by sex or age."
_GROUP_AGES: Final = {"<=29": "up to 29", "30-49": "30 to 49", ">=50": "50 and over"}


def group_words(group: str) -> str:
    """A group of `people_groups.GROUPS` as a reader says it, such as "women, 30 to 49"."""
    return ", ".join(SEX_WORDS.get(part, _GROUP_AGES.get(part, part)) for part in group.split("|"))


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


def lift_section(sound: SoundBias, *, num_respondents: int) -> Section:
    """To which groups' answers the panel's first answers lean.

    Args:
        sound: From `sound_bias`.
        num_respondents: N, named beside people.
    """
    groups = sound.groups
    why = "" if groups["num_items"].any() else NO_GROUPS
    flags = tuple(bool(p < _LEVEL) for p in groups["p_adjusted"])
    rows = [
        TiltRow("This panel", tuple(groups["lift"]), flags),
        TiltRow(f"{num_respondents} people drawn from everyone", tuple(groups["floor_lift"])),
    ]
    chart = tilt_heat_map(
        rows,
        _group_titles(list(groups["group"])),
        caption="How often the group gives the panel's first answers, over how often everyone does",
        neutral=1.0,
    )
    items = _items_in_words(list(groups["num_items"]))
    words = (
        "Compare with the second row: groups that agree more give any frequent answer more often. * "
        "differs from "
        f"it by more than chance (permutation test, adjusted for the groups, p below {_LEVEL:g}). {items}"
    )
    return Section(
        key="lift",
        title="Lean towards groups",
        shows="To which groups' answers the panel's first answers lean, beyond what people drawn from "
        "everyone do.",
        hides="That the panel imitates the group, or why; items are taken as independent.",
        body=not_known(why) if why else chart + element("p", words),
        findings=tuple(finding for row in groups.to_dict("records") for finding in _lift_findings(row)),
    )


def _lift_findings(row: dict[object, object]) -> list[Finding]:
    numbers = {
        name: float(str(row[name])) for name in ("lift", "floor_lift", "difference", "p_value", "p_adjusted")
    }
    group, num_items = str(row["group"]), int(str(row["num_items"]))
    why = "" if num_items else NO_GROUPS
    return [
        Finding(
            "lift",
            numbers["lift"],
            group=group,
            people=numbers["floor_lift"],
            num_items=num_items,
            reason=why,
        ),
        *(
            Finding(f"lift_{name}", numbers[name], group=group, num_items=num_items, reason=why)
            for name in ("difference", "p_value", "p_adjusted")
        ),
    ]


def gap_section(sound: SoundBias) -> Section:
    """Whether the whole panel is nearer to a group than to everyone.

    Args:
        sound: From `sound_bias`.
    """
    groups = sound.groups
    why = "" if groups["num_gap_items"].any() else NO_GROUPS
    rows = [
        TiltRow("This panel", tuple(groups["gap"])),
        TiltRow("As many people drawn from everyone in place of the group", tuple(groups["expected_gap"])),
    ]
    chart = tilt_heat_map(
        rows,
        _group_titles(list(groups["group"])),
        caption="Jensen-Shannon divergence from the group minus that from everyone; below 0: nearer to it",
        neutral=0.0,
        is_lower_nearer=True,
    )
    words = (
        "A group's figures come from fewer people, whose noise adds to the gap: the second row says how "
        "much. "
        f"{_items_in_words(list(groups['num_gap_items']))}"
    )
    return Section(
        key="gap",
        title="Nearer to a group than to everyone",
        shows="Whether the whole panel is nearer to a group of people than to everyone.",
        hides="A bias by itself: a panel that fits everyone well has gaps above 0 for all groups.",
        body=not_known(why) if why else chart + element("p", words),
        findings=tuple(
            Finding(
                "gap",
                float(row["gap"]),
                group=str(row["group"]),
                people=float(row["expected_gap"]),
                num_items=int(row["num_gap_items"]),
                reason="" if row["num_gap_items"] else NO_GROUPS,
            )
            for row in groups.to_dict("records")
        ),
    )


def _group_titles(groups: Sequence[str]) -> list[str]:
    return [group_words(group) for group in groups]


def _items_in_words(num_items: Sequence[int]) -> str:
    fewest, most = min(num_items), max(num_items)
    return f"{most} items." if fewest == most else f"{fewest} to {most} items, by group."
