"""The tables of effects of a comparison: which are worth computing, from which runs, and under which names.

Answers are read of arms only: a comparison of many models alone reads none again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from def_sim.answers.storage.disk import write_whole
from def_sim.app.human_figures import (
    country_names,
    other_country_of,
    other_references,
    peoples_of_wave,
)
from def_sim.app.opened_runs import open_run
from def_sim.app.read_panel import arrays_of
from def_sim.app.reporting import scored_answers
from def_sim.app.run import Run
from def_sim.errors import RunMismatchError
from def_sim.evaluation.arms import ArmGroup
from def_sim.evaluation.compared_runs import ComparedRun, RunGroup
from def_sim.evaluation.contamination import (
    NEEDED,
    PLACEBO,
    RECALL,
    SIMULATED,
    VERBALISED,
    contamination_items,
    contamination_sentence,
    contamination_summary,
)
from def_sim.evaluation.country_contrasts import country_contrasts
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.effect_panels import EffectPanel, effect_panel
from def_sim.evaluation.factorial import factorial_table, find_factorial
from def_sim.evaluation.multiverse import find_design, moved_table, variance_table
from def_sim.evaluation.native_language import LANGUAGE, native_language_table
from def_sim.evaluation.paired_runs import RunScores
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.people_matrix import PERSONA, BesidePeople, beside_peoples, people_matrix
from def_sim.evaluation.persona_effects import persona_effects, persona_table
from def_sim.evaluation.rank_stability import stability_table
from def_sim.evaluation.respondents_curve import respondents_curve
from def_sim.evaluation.run_tables import csv_bytes
from def_sim.evaluation.withheld import OFFER, withheld_scores, withheld_table

FACTORIAL: Final = "factorial.csv"
FILES: Final = (
    FACTORIAL,
    "variance_components.csv",
    "shares_moved.csv",
    "native_language.csv",
    "country_contrast.csv",
    "people_matrix.csv",
    "personas.csv",
    "rank_stability.csv",
    "contamination.csv",
    "contamination_summary.csv",
    "withheld.csv",
    "withheld_scores.csv",
    "curve.csv",
)
_SIMULATING: Final = ("diversity_enhanced", "single")  # strategies whose panels stand beside recited figures


def compare_effects(
    groups: Sequence[RunGroup], arm_groups: Sequence[ArmGroup], scores: Mapping[str, RunScores]
) -> dict[str, pd.DataFrame]:
    """File name -> table, of those that these runs give.

    Args:
        groups: From `group_runs`.
        arm_groups: From `group_arms`.
        scores: Folder -> scores of a finished run.

    Raises:
        StoreError: An answer is damaged.
    """
    opened = _opened([arm.run for group in arm_groups if _has_effects(group) for arm in group.arms], scores)
    arrays = {folder: _arrays(run, folder) for folder, run in opened.items()}
    panels = {
        folder: panel
        for folder, run in opened.items()
        if (panel := effect_panel(arrays[folder], seed=run.config.seed)) is not None
    }
    of_languages, of_personas = (_differing_in(name, arm_groups) for name in (LANGUAGE, PERSONA))
    beside = _beside(of_personas, opened, panels)
    found = {
        FACTORIAL: factorial_table(arm_groups, panels),
        "variance_components.csv": variance_table(arm_groups, panels),
        "shares_moved.csv": moved_table(arm_groups, panels),
        "native_language.csv": native_language_table(arm_groups, panels),
        "country_contrast.csv": country_contrasts(of_languages, panels),
        "people_matrix.csv": people_matrix(of_personas, beside),
        "personas.csv": persona_table(persona_effects(of_personas, beside), country_names()),
        "rank_stability.csv": stability_table(groups, scores),
        **_contamination(arm_groups),
        "withheld.csv": withheld_table(arm_groups, arrays),
        "withheld_scores.csv": withheld_scores(arm_groups, arrays),
        "curve.csv": _curve(groups, scores),
    }
    return {name: table for name, table in found.items() if not table.empty}


def write_effects(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Writes the tables, and removes those of an earlier comparison of other runs."""
    for name in FILES:
        if name in tables:
            write_whole(folder / name, csv_bytes(tables[name]))
        else:
            (folder / name).unlink(missing_ok=True)


def _has_effects(group: ArmGroup) -> bool:
    of_settings = {LANGUAGE, PERSONA, OFFER} & group.baseline.settings.keys()
    return bool(of_settings) or find_factorial(group) is not None or find_design(group) is not None


def _opened(runs: Sequence[ComparedRun], scores: Mapping[str, RunScores]) -> dict[str, Run]:
    """Finished runs by their folders; those that would be other runs today are left out, as on the maps."""
    found = {}
    for folder, one in {run.folder: run for run in runs if run.folder in scores}.items():
        try:
            opened, _ = open_run(Path(folder))
        except RunMismatchError:
            continue
        # Where a judge read the answers, by the set that the compared scores rest on.
        config = opened.config.model_copy(update={"verdicts": one.verdict_set})
        found[folder] = replace(opened, config=config)
    return found


def _arrays(run: Run, folder: str) -> PanelArrays:
    return arrays_of(run, scored_answers(run, Path(folder)))


def _differing_in(setting: str, groups: Sequence[ArmGroup]) -> list[ComparedRun]:
    return [arm.run for group in groups if setting in group.baseline.settings for arm in group.arms]


def _beside(
    runs: Sequence[ComparedRun], opened: Mapping[str, Run], panels: Mapping[str, EffectPanel]
) -> dict[str, list[BesidePeople]]:
    """Folder -> the panel against both of the article's peoples, its own among them."""
    found = {}
    for folder in (run.folder for run in runs if run.folder in panels):
        run = opened[folder]
        own = run.survey.population
        peoples = {own: run.loaded.reference.for_everyone(), other_country_of(own): other_references(run)}
        found[folder] = beside_peoples(panels[folder].resampled, peoples)
    return found


def _contamination(groups: Sequence[ArmGroup]) -> dict[str, pd.DataFrame]:
    """Of groups in which the named survey's figures were asked for, and an invented one's."""
    items, summaries = [], []
    for group in groups:
        finished = {arm.run.strategy: arm.run for arm in reversed(group.arms) if arm.run.is_complete}
        if not set(NEEDED) <= finished.keys():
            continue
        simulating = next((finished[name] for name in _SIMULATING if name in finished), None)
        wanted = {name: finished[name] for name in (RECALL, PLACEBO, VERBALISED) if name in finished}
        wanted |= {SIMULATED: simulating} if simulating is not None else {}
        counted = {name: _prompts(run.folder) for name, run in wanted.items()}
        own = group.baseline.run.population
        peoples = peoples_of_wave()
        found = contamination_items(counted, peoples, own)
        summary = contamination_summary(found, len(peoples))
        items.append(found.assign(group=group.number))
        summaries.append(summary.assign(group=group.number, sentence=contamination_sentence(summary)))
    if not items:
        return {}
    return {"contamination.csv": pd.concat(items), "contamination_summary.csv": pd.concat(summaries)}


def _prompts(folder: str) -> list[QuestionDistribution]:
    run, _ = open_run(Path(folder))
    return _arrays(run, folder).prompts


def _curve(groups: Sequence[RunGroup], scores: Mapping[str, RunScores]) -> pd.DataFrame:
    """Of a single run: one that is compared with others is judged at its own size."""
    runs = [run for group in groups for run in group.runs]
    if len(runs) != 1 or not (opened := _opened(runs, scores)):
        return pd.DataFrame()
    [(folder, run)] = opened.items()
    arrays = _arrays(run, folder)
    return respondents_curve(arrays, seed=run.config.seed, num_draws=run.config.scoring.draws)
