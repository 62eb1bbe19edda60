"""The numbers of all sections of a report, computed from one panel's answers.

To add a section: a function from `PanelArrays` to a record with `findings`, entered in `SectionResults`
here, and one that draws it, entered in `def_sim/reports/sections`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from def_sim.evaluation.diversity import PanelDiversity, panel_diversity
from def_sim.evaluation.findings import Finding
from def_sim.evaluation.groups_of_people import GroupsOfPeople, groups_of_people
from def_sim.evaluation.institutes import Institutes, institutes
from def_sim.evaluation.map_findings import PanelOnMap
from def_sim.evaluation.map_tables import CountedRun, counted_panel, panel_on_map, published_map, sound_map
from def_sim.evaluation.near_duplicates import NearDuplicates, near_duplicates
from def_sim.evaluation.nonresponse import Nonresponse, nonresponse
from def_sim.evaluation.order_effects import OrderEffects, order_effects
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.preference_bias import PreferenceBias, preference_bias
from def_sim.evaluation.response_styles import ResponseStyles, response_styles
from def_sim.evaluation.structure import PanelStructure, panel_structure
from def_sim.evaluation.topic_groups import TopicGroups, topic_groups
from def_sim.evaluation.variety import Variety, variety
from def_sim.evaluation.withheld_gaps import WithheldGaps, withheld_gaps
from def_sim.randomness import keyed_rng
from def_sim.surveys.group_likeness import GroupLikeness
from def_sim.surveys.human_cells import HumanCells, people_beside
from def_sim.surveys.human_structure import HumanStructure
from def_sim.surveys.institute_pairs import InstitutePair


@dataclass(frozen=True)
class HumanFigures:
    """What is known of people besides the reference of a survey."""

    cells: HumanCells  # people of all countries on the rows of the map
    structure: HumanStructure | None  # people's correlations; None: not known
    country_names: Mapping[str, str]  # ISO alpha-3 code -> name
    other_people: Sequence[CountedRun]  # of the article's other countries, on their questionnaires
    likeness: Mapping[str, GroupLikeness] = field(default_factory=dict)  # topic group -> between countries
    institute_pairs: Sequence[InstitutePair] = ()  # what other institutes' people of the country answered


@dataclass(frozen=True)
class JudgedPanel:
    """A panel's answers with failed ones as a judge read them, and who that was, in words."""

    arrays: PanelArrays
    judge: str


@dataclass(frozen=True)
class SectionResults:
    """What each section shows, in the order of the page."""

    topic_groups: TopicGroups
    institutes: Institutes
    nonresponse: Nonresponse
    diversity: PanelDiversity
    variety: Variety
    order: OrderEffects
    styles: ResponseStyles
    structure: PanelStructure
    duplicates: NearDuplicates
    sound_map: PanelOnMap
    published_map: PanelOnMap
    bias: PreferenceBias
    withheld: WithheldGaps | None = None  # shown with failed answers; its numbers are in withheld.csv
    groups: GroupsOfPeople | None = None  # of panels with sex and age only

    @property
    def findings(self) -> dict[str, tuple[Finding, ...]]:
        """Key of the section -> its numbers."""
        return {
            "reliability": self.topic_groups.findings,
            "institutes": self.institutes.findings,
            "nonresponse": self.nonresponse.findings,
            "diversity": self.diversity.findings,
            "variety": self.variety.findings,
            "order": self.order.findings,
            "tendencies": self.styles.findings,
            "structure": self.structure.findings,
            "spread": self.duplicates.findings,
            "map": self.sound_map.findings,
            "published_map": self.published_map.findings_as_published,
            "match": self.bias.match_findings,
            "mismatches": self.bias.mismatch_findings,
            "lift": self.bias.lift_findings,
            "gap": self.bias.gap_findings,
            **({} if self.groups is None else {"groups": self.groups.findings}),
        }


def section_results(
    arrays: PanelArrays,
    figures: HumanFigures,
    *,
    model: str,
    seed: int,
    num_draws: int,
    judged: JudgedPanel | None = None,
    offer: str = "none",
) -> SectionResults:
    """Everything that the sections of one report show.

    Args:
        arrays: The panel's answers, of which there is at least one.
        figures: People, to stand beside.
        model: Name of the panel on the maps.
        seed: Of all draws.
        num_draws: Monte Carlo draws for each item, where a measure takes no number of its own.
        judged: The answers as a judge read those that failed; None: nobody did.
        offer: Which ways to withhold an answer the run offered.
    """
    return SectionResults(
        topic_groups=topic_groups(arrays, figures.structure, figures.likeness, figures.country_names),
        institutes=institutes(figures.institute_pairs, arrays.prompts, seed=seed, num_draws=num_draws),
        nonresponse=nonresponse(arrays.prompts)
        if judged is None
        else nonresponse(arrays.prompts, judged.arrays.prompts, judged.judge),
        diversity=panel_diversity(arrays, figures.structure),
        variety=variety(arrays.prompts, keyed_rng(seed, "people as varied")),
        order=order_effects(arrays, seed=seed),
        styles=response_styles(arrays),
        structure=panel_structure(arrays, figures.structure, seed=seed),
        duplicates=near_duplicates(arrays, seed=seed),
        sound_map=_on_sound_map(arrays, figures, model, seed),
        published_map=_on_published_map(arrays, figures, model),
        bias=preference_bias(arrays, figures.structure, seed=seed, num_draws=num_draws),
        withheld=withheld_gaps(arrays, offer=offer),
        groups=groups_of_people(arrays, seed=seed, num_draws=num_draws),
    )


def _country(arrays: PanelArrays, figures: HumanFigures) -> str:
    population = arrays.survey.population
    return figures.country_names.get(population, population)


def _on_sound_map(arrays: PanelArrays, figures: HumanFigures, model: str, seed: int) -> PanelOnMap:
    panel = panel_on_map(arrays, figures.cells, model=model, survey=arrays.survey.title)
    found = sound_map(
        figures.cells,
        [panel],
        country_names=figures.country_names,
        seed=seed,
        beside=[people_beside(figures.cells, arrays.reference)],
    )
    return PanelOnMap(found, _country(arrays, figures))


def _on_published_map(arrays: PanelArrays, figures: HumanFigures, model: str) -> PanelOnMap:
    country = _country(arrays, figures)
    run = counted_panel(arrays, model=model, survey=arrays.survey.title, country=country)
    return PanelOnMap(published_map([run], more_people=figures.other_people), country)
