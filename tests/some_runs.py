"""Runs that nobody held, with scores written by hand."""

import math
from dataclasses import replace

import pandas as pd

from def_sim.evaluation.compared_runs import ComparedRun

SETTINGS = {"survey.questions": "q1", "respondents": "20", "scored_with.reference": "h1"}


def scores(*values: float, metric: str = "js_divergence", **more: float) -> pd.DataFrame:
    """A row for each scope: macro, then one topic group, as many as there are values."""
    places = [("macro", ""), ("dimension", "EVI")]
    return pd.DataFrame(
        [
            {"scope": scope, "dimension": dimension, "metric": metric, "value": value, "floor": 0.05}
            | {"human_to_human": 0.01, "uniform": 0.4, "mode": 0.5, "other_humans": math.nan}
            | {"normalised": 0.9, "num_items": 3, "num_undefined": 0, **more}
            for (scope, dimension), value in zip(places, values, strict=False)
        ]
    )


def run(name: str, value: float = 0.1, **more: object) -> ComparedRun:
    known = ComparedRun(
        folder=f"outputs/{name}", run_hash=f"hash-{name}", model=name, model_label=f"Model {name}",
        family="family", num_parameters=7_000_000_000, is_tuned=True, is_demonstration=False, survey="us",
        population="USA", language="en", strategy="diversity_enhanced", protocol="paper", seed=1,
        num_respondents=20, num_present=20, num_planned=60, num_done=60, settings=SETTINGS,
        scores=scores(value), country="the United States",
    )  # fmt: skip
    return replace(known, **more)
