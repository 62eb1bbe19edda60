"""All sections of a report, drawn from their numbers, in the order of the page."""

from def_sim.evaluation.sections import SectionResults
from def_sim.reports.sections.cultural_maps import published_map_section, sound_map_section
from def_sim.reports.sections.diversity import diversity_section
from def_sim.reports.sections.group_lean import gap_section, lift_section
from def_sim.reports.sections.groups_of_people import groups_section
from def_sim.reports.sections.institutes import institute_section
from def_sim.reports.sections.near_duplicates import spread_section
from def_sim.reports.sections.nonresponse import nonresponse_section
from def_sim.reports.sections.order_effects import order_section
from def_sim.reports.sections.preference_bias import match_section, mismatch_section
from def_sim.reports.sections.reliability import reliability_section
from def_sim.reports.sections.response_styles import tendency_section
from def_sim.reports.sections.section import Section, check_sections
from def_sim.reports.sections.structure import structure_section
from def_sim.reports.sections.variety import variety_section


def draw_sections(found: SectionResults) -> list[Section]:
    """The sections of one report.

    Raises:
        ValueError: A section lacks a sentence, or two have one key.
    """
    sections = [
        reliability_section(found.topic_groups),
        institute_section(found.institutes),
        nonresponse_section(found.nonresponse, found.withheld),
        diversity_section(found.diversity),
        variety_section(found.variety),
        order_section(found.order),
        tendency_section(found.styles),
        structure_section(found.structure),
        spread_section(found.duplicates),
        sound_map_section(found.sound_map),
        published_map_section(found.published_map),
        match_section(found.bias),
        mismatch_section(found.bias),
        lift_section(found.bias),
        gap_section(found.bias),
        *([groups_section(found.groups)] if found.groups is not None else []),
    ]
    check_sections(sections)
    assert [section.key for section in sections] == list(found.findings)
    return sections
