"""How far a demonstration's answers lie from the truth that was planted in its respondent."""

import math
from collections.abc import Mapping
from typing import Final

import pandas as pd

from def_sim.evaluation.distributions import align_with_reference
from def_sim.evaluation.measures import counted
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.score_tables import score_table
from def_sim.records import ItemReference

_COLUMNS: Final = {"total_variation": "value", "floor": "floor", "num_items": "num_items"}


def planted_frame(truth: Mapping[str, ItemReference]) -> pd.DataFrame | None:
    """The planted shares as a table for charts: item_id, code, share; None if there are none."""
    rows = [
        {"item_id": item_id, "code": code, "share": share}
        for item_id, reference in truth.items()
        for code, share in zip(reference.codes, reference.shares, strict=True)
    ]
    return pd.DataFrame(rows) if rows else None


def compare_with_planted(
    arrays: PanelArrays, truth: Mapping[str, ItemReference], *, seed: int, num_draws: int
) -> dict[str, float]:
    """A demonstration's answers beside the planted truth.

    Args:
        arrays: Its answers.
        truth: Item id -> planted shares; may be empty.
        seed: Of the Monte Carlo draws.
        num_draws: Draws for each item.

    Returns:
        `total_variation`: mean over items, in [0, 1]; `floor`: what a perfect sample of this size
        would have; `num_items`. Empty without a planted truth.
    """
    if not truth:
        return {}
    counted = align_with_reference(arrays.distributions, truth)
    scores = score_table(counted, seed=seed, num_draws=num_draws, metrics=["total_variation"])
    [row] = scores[scores["scope"] == "micro"].to_dict("records")
    return {name: float(row[key]) for name, key in _COLUMNS.items()}


def planted_sentence(planted: Mapping[str, float]) -> str:
    """The comparison in words; "" if there is none, as where nobody's answers were read."""
    if not planted or math.isnan(planted["total_variation"]):
        return ""
    questions = counted(int(planted["num_items"]), "question", "questions")
    return (
        f"Against the planted truth: mean total variation {planted['total_variation']:.3f} over "
        f"{questions}, where a perfect sample of this size has "
        f"{planted['floor']:.3f}."
    )
