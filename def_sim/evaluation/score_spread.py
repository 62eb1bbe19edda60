"""How much items' scores differ, of a finished panel or assumed: what a study's size is planned from.

The score is the Jensen-Shannon divergence, the one that comparisons of runs test.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from def_sim.evaluation.comparisons import item_form
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.score_intervals import people_of
from def_sim.metrics.bootstrap import ResampledPanel, score_draws
from def_sim.metrics.item_metrics import ITEM_METRICS
from def_sim.metrics.noise_floor import draw_samples, uniform_rates
from def_sim.metrics.power import Spread, spread_of
from def_sim.metrics.sample import Array
from def_sim.randomness import keyed_rng

METRIC: Final = "js_divergence"
_NUM_DRAWS: Final = 400


def spread_of_panel(arrays: PanelArrays) -> Spread | None:
    """The spread that a finished panel shows; None where it has none.

    That is with fewer than two scored items or respondents, and where answers are probabilities.
    """
    answers = arrays.panel_answers
    if answers is None or answers.num_respondents < 2:
        return None
    observed, left_out = answers.samples(), answers.samples_without_one()
    people, forms = [people_of(one) for one in arrays.prompts], [item_form(one) for one in arrays.prompts]
    # What resampled panels are to other scores the panel itself is here: its draws are not looked at.
    scores = score_draws(ResampledPanel(observed, observed, left_out), people, forms, METRIC)
    return spread_of(scores) if (~np.isnan(scores.values)).sum() > 1 else None


def assumed_spread(
    prompts: Sequence[QuestionDistribution], *, num_respondents: int, seed: int
) -> Spread | None:
    """The spread of a panel halfway between people and random answers, respondents being independent.

    Args:
        prompts: What would be scored, aligned with people; their counts are not looked at.
        num_respondents: Of the panel that is drawn.
        seed: Of the draws.
    """
    drawn = [scores for one in prompts if (scores := _drawn_scores(one, num_respondents, seed)) is not None]
    if len(drawn) < 2:
        return None
    means, within = [scores.mean() for scores in drawn], float(np.mean([scores.var() for scores in drawn]))
    return Spread(float(np.var(means, ddof=1)), within, 0.0, num_respondents)


def _drawn_scores(one: QuestionDistribution, num_respondents: int, seed: int) -> Array | None:
    people = people_of(one)
    if people is None:
        return None
    form, rates = item_form(one), people.mention_rates
    halfway = (rates + uniform_rates(rates, form=form)) / 2
    rng = keyed_rng(seed, one.question.id, "planned panel")
    panels = draw_samples(halfway, num_respondents, rng, form=form, num_draws=_NUM_DRAWS)
    return ITEM_METRICS[METRIC](panels, people, form)
