"""A comparison of runs as files: one page and the tables beside it. Computes no number."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from def_sim import __version__
from def_sim.answers.storage.disk import disk_errors, replacing, write_whole
from def_sim.app.compared_claims import JudgedClaims
from def_sim.app.compared_effects import FACTORIAL, write_effects
from def_sim.app.comparing import STEERED, ComparedArms, Comparison, compute_comparison
from def_sim.app.described_tables import COLUMNS
from def_sim.app.study_b_files import Studies, write_studies
from def_sim.evaluation.arms import ComparedExperiment
from def_sim.evaluation.compared_runs import LeftOut, RunGroup
from def_sim.evaluation.described_columns import COMPARISON_COLUMNS_FILE, columns_table, read_columns
from def_sim.evaluation.effect_answers import effect_answers
from def_sim.evaluation.run_tables import csv_bytes
from def_sim.reports.figures.figure_files import WrittenFigures, write_figures
from def_sim.reports.pages.comparison_arms import arm_parts, experiment_part
from def_sim.reports.pages.comparison_claims import claims_part
from def_sim.reports.pages.comparison_figures import comparison_figures
from def_sim.reports.pages.comparison_insensitivity import defects_part
from def_sim.reports.pages.comparison_page import render_comparison
from def_sim.resources import data_folder


@dataclass(frozen=True)
class WrittenComparison:
    """What a terminal shows of a comparison."""

    path: Path
    groups: list[RunGroup]
    table: pd.DataFrame
    left_out: list[LeftOut]
    arms: ComparedArms
    studies: Studies
    effects: list[str]  # the tables of effects that these runs give, as files beside the page
    claims: JudgedClaims


def compare_runs(
    patterns: Sequence[str],
    output: Path,
    *,
    baseline: str | None = None,
    verdicts: str | None = None,
    experiment: ComparedExperiment | None = None,
) -> WrittenComparison:
    """Compares the runs that the patterns name, and writes what came of it.

    Args:
        patterns: As for `compute_comparison`, like the others.
        output: The folder that is made or replaced.
        baseline: The arm that others are compared with.
        verdicts: The set that scores of texts are to rest on.
        experiment: Whose arms the runs are.

    Raises:
        ConfigError: As `compute_comparison`.
        StoreError: Likewise, or the disk is full or not writable.
    """
    computed = compute_comparison(patterns, baseline=baseline, verdicts=verdicts, experiment=experiment)
    return write_comparison(computed, output)


def write_comparison(made: Comparison, folder: Path) -> WrittenComparison:
    """Writes comparison.html, the tables beside it with what their columns mean, and the maps as files.

    Args:
        made: What is written.
        folder: Made if missing; files there of an earlier comparison are replaced.

    Raises:
        StoreError: The disk is full or not writable.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with disk_errors(folder / "figures"):
        drawn = comparison_figures(
            made.answers.maps, made.groups, made.table, made.arms.groups, made.arms.table
        )
        figures = write_figures(folder / "figures", drawn)
    html = _page(made, figures, [path.relative_to(folder).as_posix() for path in figures.paths])
    write_studies(made.studies, folder)
    meanings = columns_table(read_columns(data_folder() / COMPARISON_COLUMNS_FILE))
    write_whole(folder / COLUMNS, csv_bytes(meanings))
    if made.arms.steered.empty:
        (folder / STEERED).unlink(missing_ok=True)
    for name, table in made.tables.items():
        if name not in made.arms.effects:
            write_whole(folder / name, csv_bytes(table))
    with replacing(folder / "comparison.parquet") as temporary:
        made.table.to_parquet(temporary, index=False)
    path = folder / "comparison.html"
    write_whole(path, html.encode("utf-8", errors="backslashreplace"))
    write_effects(folder, made.arms.effects)
    return WrittenComparison(
        path,
        made.groups,
        made.table,
        made.left_out,
        made.arms,
        made.studies,
        list(made.arms.effects),
        made.claims,
    )


def _page(made: Comparison, figures: WrittenFigures, files: Sequence[str]) -> str:
    arms = made.arms
    parts = arm_parts(arms.groups, arms.table, arms.steered, arms.diversity, arms.effects.get(FACTORIAL))
    effects = effect_answers(arms.effects)
    return render_comparison(
        made.groups,
        made.table,
        made.left_out,
        code_version=__version__,
        maps=made.answers.maps,
        pairs=made.answers.pairs,
        arms=parts,
        experiment=experiment_part(arms.experiment, parts, made.seeds, effects),
        effects=effects,
        arm_problems=arms.problems,
        seeds=made.seeds,
        insensitivity=defects_part(made.defects, made.groups),
        has_studies=bool(made.studies.results),
        claims=claims_part(made.claims.told),
        figures=figures.figures,
        files=files,
    )
