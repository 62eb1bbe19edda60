"""`data/comparison_columns.csv`: each column of each table that a comparison may have, also of rare ones."""

from collections.abc import Mapping

import pandas as pd
import pytest

from def_sim.app import compared_effects
from def_sim.app.study_b_files import FRAMES, PAIRS, TABLE
from def_sim.evaluation import contamination, frame_scores, multiverse, people_matrix, study_b, withheld
from def_sim.evaluation.arm_diversity import diversity_table
from def_sim.evaluation.arm_scores import arms_table
from def_sim.evaluation.comparison_table import comparison_table
from def_sim.evaluation.country_contrasts import country_contrasts
from def_sim.evaluation.described_columns import COMPARISON_COLUMNS_FILE, read_columns, types_of
from def_sim.evaluation.factorial import factorial_table
from def_sim.evaluation.native_language import native_language_table
from def_sim.evaluation.paired_runs import pairs_table
from def_sim.evaluation.persona_effects import persona_table
from def_sim.evaluation.rank_stability import stability_table
from def_sim.evaluation.respondents_curve import _TYPES as OF_CURVE
from def_sim.evaluation.seed_spread import seeds_table
from def_sim.evaluation.steerability import steerability_table
from def_sim.evaluation.style_pairs import PAIR_TYPES
from def_sim.judging import sheets
from def_sim.resources import data_folder

ADDED_TO_CONTAMINATION = {"group": "int64"}
ADDED_TO_FRAMES = ("study", "style", "model", "seed", "folder")


def types_in(table: pd.DataFrame) -> dict[str, str]:
    return {name: str(kind) for name, kind in table.dtypes.items()}


# Without runs every table has its columns and no row.
TABLES: Mapping[str, Mapping[str, str]] = {
    "comparison.csv": types_in(comparison_table([])),
    "comparison.parquet": types_in(comparison_table([])),
    "pairs.csv": types_in(pairs_table(1, [])),
    "arms.csv": types_in(arms_table([], {})),
    "diversity.csv": types_in(diversity_table([], {})),
    "seeds.csv": types_in(seeds_table([])),
    "groups.csv": types_in(steerability_table([])) | dict.fromkeys(("arm", "folder", "baseline"), "str"),
    "factorial.csv": types_in(factorial_table([], {})),
    "variance_components.csv": types_in(multiverse.variance_table([], {})),
    "shares_moved.csv": types_in(multiverse.moved_table([], {})),
    "native_language.csv": types_in(native_language_table([], {})),
    "country_contrast.csv": types_in(country_contrasts([], {})),
    "people_matrix.csv": types_in(people_matrix.people_matrix([], {})),
    "personas.csv": types_in(persona_table([], {})),
    "rank_stability.csv": types_in(stability_table([], {})),
    "contamination.csv": contamination._ITEM_TYPES | ADDED_TO_CONTAMINATION,
    "contamination_summary.csv": contamination._SUMMARY_TYPES | ADDED_TO_CONTAMINATION | {"sentence": "str"},
    "withheld.csv": types_in(withheld.withheld_table([], {})),
    "withheld_scores.csv": types_in(withheld.withheld_scores([], {})),
    "curve.csv": OF_CURVE,
    TABLE: study_b.TABLE_TYPES,
    PAIRS: PAIR_TYPES,
    # Blind sheets of an experiment: rows are counted, all else is words.
    "audit/single-1_1.csv": dict.fromkeys(sheets.COLUMNS, "str") | {"row": "int64"},
}
KINDS = {"b": "boolean", "i": "integer", "u": "integer", "f": "number"}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_each_column_is_described_with_its_type_and_nothing_else_is(name: str) -> None:
    described = types_of(read_columns(data_folder() / COMPARISON_COLUMNS_FILE), name)
    found = {
        column: KINDS.get(pd.api.types.pandas_dtype(kind).kind, "text")
        for column, kind in TABLES[name].items()
    }
    assert described == found


def test_no_table_of_effects_is_left_out() -> None:
    assert set(compared_effects.FILES) <= set(TABLES)


def test_the_columns_of_frames_are_those_that_its_docstring_names() -> None:
    described = types_of(read_columns(data_folder() / COMPARISON_COLUMNS_FILE), FRAMES)
    words = " ".join((frame_scores.frame_table.__doc__ or "").split())
    assert set(described) >= set(ADDED_TO_FRAMES)
    assert all(name in words for name in described if name not in ADDED_TO_FRAMES)
