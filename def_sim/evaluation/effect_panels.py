"""One arm's panel as the tables of effects need it: scores that can be drawn again, and its diversity.

Reads no files.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.score_intervals import Resampled, resample
from def_sim.metrics.bootstrap import NUM_DRAWS
from def_sim.metrics.left_out_diversity import (
    LeftOut,
    choice_diversity_left_out,
    text_diversity_left_out,
)


@dataclass(frozen=True)
class EffectPanel:
    """A finished run whose respondents can be drawn again."""

    resampled: Resampled
    diversities: Mapping[str, LeftOut]  # text_diversity, choice_diversity


def effect_panel(arrays: PanelArrays, *, seed: int, num_draws: int = NUM_DRAWS) -> EffectPanel | None:
    """What is kept of one arm.

    Args:
        arrays: All planned answers.
        seed: Of the run.
        num_draws: Of the panel's respondents.

    Returns:
        None where nobody answered, or answers are probabilities.
    """
    answers = arrays.panel_answers
    if answers is None:
        return None
    diversities = {
        "text_diversity": text_diversity_left_out(arrays.texts),
        "choice_diversity": choice_diversity_left_out(arrays.choices, arrays.num_options),
    }
    return EffectPanel(resample(arrays.prompts, answers, seed=seed, num_draws=num_draws), diversities)
