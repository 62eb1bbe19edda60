"""Study B as one HTML file that loads nothing: styles of asking beside each other and what was printed.

Same escaping, look and policy as the other pages. Computes no score, interval or verdict of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from def_sim.evaluation.compared_runs import LeftOut
from def_sim.evaluation.style_studies import StudyResults
from def_sim.reports.pages.contents import Entry
from def_sim.reports.pages.page import page_script, page_style, security_policy, template
from def_sim.reports.pages.study_b_tables import (
    bare_in_words,
    beside_table,
    charts,
    frames_tables,
    num_judges,
    others_in_words,
    pairs_table,
    printed_table,
)


@dataclass(frozen=True, slots=True)
class StudyPart:
    """One study, ready to print."""

    number: int
    title: str
    charts: Markup
    printed: Markup
    beside: Markup
    pairs: Markup  # empty without two styles of one country
    frames: Markup  # empty without a run in frames
    bare: tuple[str, ...]
    others: str
    people: tuple[tuple[str, str], ...]  # country, where its figures come from
    has_printed: bool
    num_judges: int
    is_demonstration: bool


def render_study_b(
    studies: Sequence[StudyResults],
    left_out: Sequence[LeftOut],
    *,
    country_names: Mapping[str, str],
    code_version: str,
) -> str:
    """The whole page as the text of one HTML file.

    Args:
        studies: With their tables.
        left_out: Runs of these styles that are in none, and why.
        country_names: ISO alpha-3 code -> name as it stands in a sentence.
        code_version: Of the program that writes the page.

    Returns:
        HTML. Depends on the arguments alone.
    """
    style, script = page_style("comparison.css", "study_b.css"), page_script("downloads.js")
    parts = [_part(one, country_names) for one in studies]
    return template("study_b.html.jinja").render(
        policy=security_policy(style, script),
        style=style,
        script=script,
        contents=[
            *(Entry(f"study-{one.number}", one.title if len(parts) > 1 else "Results") for one in parts),
            *([Entry("left-out", "Left out")] if left_out else []),
            Entry("method", "How to read it"),
            Entry("comparison.html", "All scores of these runs"),
        ],
        studies=parts,
        left_out=left_out,
        code_version=code_version,
    )


def _part(one: StudyResults, names: Mapping[str, str]) -> StudyPart:
    return StudyPart(
        number=one.study.number,
        title=one.study.title,
        charts=charts(one.table, names),
        printed=printed_table(one.table, names),
        beside=beside_table(one.table, names),
        pairs=pairs_table(one.pairs, names) if len(one.pairs) else Markup(),
        frames=frames_tables(one.frames, names) if len(one.frames) else Markup(),
        bare=tuple(bare_in_words(one.table, names)),
        others=others_in_words(one.others, names),
        people=tuple((names.get(country, country), words) for country, words in one.people.items()),
        has_printed=bool(one.table["published"].notna().any()),
        num_judges=num_judges(one.table),
        is_demonstration=any(run.is_demonstration for run in one.study.runs),
    )
