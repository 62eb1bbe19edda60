"""The comparison of runs as one HTML file that loads nothing and calls nobody.

Same escaping, look and policy as the report of a run. Computes no score, rank or interval: they come
with the table of `compared_runs.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.compared_maps import MapsOfRuns
from def_sim.evaluation.compared_runs import LeftOut, RunGroup, respondents_in_words
from def_sim.evaluation.comparison_table import metrics_compared
from def_sim.evaluation.effect_answers import EffectAnswer
from def_sim.evaluation.measures import MEASURES, as_percent
from def_sim.evaluation.paired_runs import METRIC as PAIRS_METRIC
from def_sim.evaluation.ranked_entries import entries_table
from def_sim.reports.charts.svg import shape
from def_sim.reports.figures.figure import Figure
from def_sim.reports.pages.comparison_arms import ArmPart, ExperimentPart, SeedLine, seed_lines
from def_sim.reports.pages.comparison_claims import ClaimsPart
from def_sim.reports.pages.comparison_contents import comparison_contents
from def_sim.reports.pages.comparison_maps import PairLine, map_parts, pair_lines, why_no_pair
from def_sim.reports.pages.comparison_scores import (
    EntryLine,
    MetricPart,
    PageLetters,
    RunLine,
    letters_of_page,
    metric_part,
    size_in_words,
)
from def_sim.reports.pages.downloads import figure_data
from def_sim.reports.pages.page import page_script, page_style, security_policy, template

# Settings that are hashes or need other words; the rest is named as in the configuration.
_SETTING_WORDS: Final = {
    "survey.questions": "questions as asked",
    "prompts": "language pack",
    "places": "place list",
    "protocol.modifications.persona": "what the prompt says of respondents",
    "protocol.modifications.quota_shares": "shares of sex and age",
    "scored_with.reference": "people's figures",
    "scored_with.pool_wordings": "wordings averaged before scoring",
}


@dataclass(frozen=True, slots=True)
class GroupPart:
    """One group of comparable runs, ready to print."""

    group: RunGroup
    respondents: str  # how many, in words
    lines: tuple[RunLine, ...]
    entries: tuple[EntryLine, ...]
    differs: tuple[tuple[str, str], ...]
    unfinished: tuple[RunLine, ...]
    judged: tuple[RunLine, ...]  # whose answers a judge read
    metrics: tuple[MetricPart, ...]
    pairs: tuple[PairLine, ...] = ()
    seeds: tuple[SeedLine, ...] = ()

    @property
    def why_no_pair(self) -> str:
        """Why none of the pairs has an interval; empty if one has, or if reasons differ."""
        return why_no_pair(self.pairs)


def render_comparison(
    groups: Sequence[RunGroup],
    table: pd.DataFrame,
    left_out: Sequence[LeftOut],
    *,
    code_version: str,
    maps: Sequence[MapsOfRuns] = (),
    pairs: pd.DataFrame | None = None,
    arms: Sequence[ArmPart] = (),
    arm_problems: Sequence[str] = (),
    seeds: pd.DataFrame | None = None,
    insensitivity: Markup | None = None,
    has_studies: bool = False,
    experiment: ExperimentPart | None = None,
    effects: Sequence[EffectAnswer] = (),
    claims: ClaimsPart | None = None,
    figures: Sequence[Figure] = (),
    files: Sequence[str] = (),
) -> str:
    """The whole comparison as the text of one HTML file.

    Args:
        groups: From `group_runs`.
        table: From `comparison_table` of these groups.
        left_out: What was found and is not in the table.
        code_version: Of the program that writes the page.
        maps: For all runs together.
        pairs: From `paired_runs.pairs_table`, of all groups.
        arms: From `arm_parts`.
        arm_problems: Why some runs are no arms, in words.
        seeds: From `seed_spread.seeds_table`, of all groups.
        insensitivity: From `defects_part`.
        has_studies: Whether a page of styles of asking lies beside, `study_b.html`.
        experiment: From `experiment_part`, of the page of an experiment.
        effects: From `effect_answers`.
        claims: From `claims_part`.
        figures: From `comparison_figures`, whose numbers the page offers.
        files: What lies beside the page, as names below its folder.

    Returns:
        HTML. Depends on the arguments alone.
    """
    style = page_style("comparison.css")
    script = page_script("comparison.js", "downloads.js")
    letters = letters_of_page(groups)
    maps_drawn = [(one, map_parts(one, letters)) for one in maps]
    metrics, entries = metrics_compared(table), entries_table(groups, table)
    return template("comparison.html.jinja").render(
        policy=security_policy(style, script),
        style=style,
        script=script,
        groups=[
            _group_part(group, letters, entries[entries["group"] == group.number], metrics, pairs, seeds)
            for group in groups
        ],
        contents=comparison_contents(
            groups,
            arms=arms,
            maps=maps,
            has_effects=bool(effects),
            further=(
                ("insensitivity", "Insensitivity", bool(insensitivity)),
                ("study_b.html", "Styles of asking", has_studies),
                ("claims", "Claims of the studies", claims is not None),
            ),
        ),
        figure_data=figure_data(figures, files),
        arms=arms,
        experiment=experiment,
        effects=effects,
        claims=claims,
        arm_problems=arm_problems,
        maps=maps_drawn,
        insensitivity=insensitivity,
        has_studies=has_studies,
        pairs_measure=MEASURES[PAIRS_METRIC],
        measures=[MEASURES[metric] for metric in metrics],
        left_out=left_out,
        short_forms=sorted(
            {(run.survey, run.short_of) for group in groups for run in group.runs if run.short_of is not None}
        ),
        num_runs=sum(len(group.runs) for group in groups),
        demonstrations=sorted(
            {run.model_label for group in groups for run in group.runs if run.is_demonstration}
        ),
        percent=as_percent,
        swatch=_swatch,
        code_version=code_version,
    )


def _swatch(kind: str) -> Markup:
    return (
        Markup('<svg class="swatch" width="18" height="20" aria-hidden="true">')
        + shape(kind, 50, 10)
        + Markup("</svg>")
    )


def _group_part(
    group: RunGroup,
    letters: PageLetters,
    table: pd.DataFrame,
    metrics: Sequence[str],
    pairs: pd.DataFrame | None,
    seeds: pd.DataFrame | None,
) -> GroupPart:
    lines = tuple(
        RunLine(letters.of_runs[run.folder], run, size_in_words(run.num_parameters)) for run in group.runs
    )
    entries = letters.entries[group.number]
    return GroupPart(
        group=group,
        respondents=respondents_in_words(group.runs),
        lines=lines,
        entries=entries,
        differs=tuple((_SETTING_WORDS.get(name, name), value) for name, value in group.differs.items()),
        unfinished=tuple(line for line in lines if not line.run.is_complete),
        judged=tuple(line for line in lines if line.run.verdict_set is not None),
        metrics=tuple(metric_part(metric, table[table["metric"] == metric], entries) for metric in metrics),
        pairs=() if pairs is None else pair_lines(pairs[pairs["group"] == group.number], letters.of_runs),
        seeds=() if seeds is None else seed_lines(seeds[seeds["group"] == group.number]),
    )
