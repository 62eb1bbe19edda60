"""What sections of a large run say where they were computed from some of its respondents."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from def_sim.reports.charts.svg import element
from def_sim.reports.sections.section import Section

# Computed from distributions, which count everyone. All other sections take whole respondents.
_OF_EVERYONE: Final = frozenset(
    {"reliability", "institutes", "nonresponse", "variety", "published_map", "match", "mismatches", "gap"}
)


def said_of_sample(sections: Sequence[Section], *, num_sampled: int, num_respondents: int) -> list[Section]:
    """The same sections; those that take whole respondents say of how many.

    Args:
        sections: In the order of the page.
        num_sampled: Respondents whose answers were read.
        num_respondents: Of the whole panel.
    """
    if num_sampled >= num_respondents:
        return list(sections)
    note = (
        f"Of {num_sampled:,} of the {num_respondents:,} respondents, drawn by the run's seed: this takes "
        "whole respondents. Scores, distributions and statuses count all."
    )
    return [
        one if one.key in _OF_EVERYONE else replace(one, body=element("p", note) + one.body)
        for one in sections
    ]
