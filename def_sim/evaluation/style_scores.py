"""One run under one style of asking, item by item: similarity, bounds, and what stands beside it.

Of items with people's figures whose options have an order or are two. Reads no files and joins no runs:
`study_b.py` does.

Letters: K options, Q items, N respondents, B draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from def_sim.evaluation.comparisons import compare_items, item_form
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.score_intervals import people_of, resample
from def_sim.metrics.bootstrap import ScoreDraws
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.sample import Array, Sample
from def_sim.metrics.similarity import (
    DISTANCE,
    as_scale,
    similarity,
    similarity_bounds,
    similarity_draws,
)
from def_sim.records import (
    AnswerStatus,
    ItemReference,
    MeasurementLevel,
    QuestionType,
    ReadingMethod,
)


@dataclass(frozen=True)
class StyleScores:
    """Scores of Q items, shape (Q,) each; similarities, in [0, 1], but for the two numbers of answers.

    `draws` is None where answers have no respondents to draw again. An item that nobody answered in a way
    that could be classified has no similarity (NaN), but bounds.
    """

    items: tuple[str, ...]
    similarity: Array
    draws: ScoreDraws | None
    worst: Array
    best: Array
    floor: Array  # expected of as many real people
    uniform: Array  # of shares of 1/K
    majority: Array  # of people's most frequent answer, given by all
    other_people: Array  # expected of as many people of another country; NaN where these were not asked
    num_asked: Array  # whose replies were read, by rules or a judge
    num_classified: Array

    @property
    def classified(self) -> Array:
        """Share of each item's answers that could be classified."""
        return self.num_classified / self.num_asked

    @property
    def unclassifiable(self) -> float:
        """Share of all answers that could not be classified; NaN if nobody was asked."""
        total = float(self.num_asked.sum())
        return 1 - float(self.num_classified.sum()) / total if total else float("nan")


def style_scores(
    arrays: PanelArrays,
    *,
    seed: int,
    num_draws: int,
    other_references: Mapping[str, ItemReference] | None = None,
) -> StyleScores:
    """Scores the answers of one run.

    Args:
        arrays: The panel's answers, people's shares beside them; wordings pooled or apart, as it says.
        seed: Of the run.
        num_draws: Of the panels of people.
        other_references: Item id -> shares of another country's people.
    """
    scored = [place for place, one in enumerate(arrays.prompts) if is_scored(one)]
    prompts = [_as_scale(arrays.prompts[place]) for place in scored]
    # The controls are drawn as every report draws them, so that a run's floor here is its floor there.
    distances = compare_items(
        prompts, seed=seed, num_draws=num_draws, other_references=other_references, metrics=[DISTANCE]
    )[DISTANCE]
    people = [people_of(one) for one in prompts]
    forms = [as_scale(item_form(one), len(one.question.codes)) for one in prompts]
    samples = [Sample(one.counts, one.num_answered, one.num_failed) for one in prompts]
    worst, best = similarity_bounds(samples, people, forms)
    return StyleScores(
        items=tuple(_names(prompts)),
        similarity=1 - distances["value"],
        draws=_draws(arrays, scored, prompts, seed),
        worst=worst,
        best=best,
        floor=1 - distances["floor"],
        uniform=np.array([_uniform(one) for one in prompts], dtype=np.float64),
        majority=1 - distances["mode"],
        other_people=1 - distances["other_humans"],
        num_asked=np.array([one.num_answered + one.num_failed for one in prompts], dtype=np.float64),
        num_classified=np.array([one.num_answered for one in prompts], dtype=np.float64),
    )


def is_scored(one: QuestionDistribution) -> bool:
    """Whether an item has a similarity: people's figures, one choice, and options in order or two of them.

    And somebody's reply to it was read.
    """
    question = one.question
    has_scale = len(question.codes) == 2 or question.level is not MeasurementLevel.NOMINAL
    is_single = question.type is not QuestionType.MULTIPLE
    is_read = one.num_answered + one.num_failed > 0
    return one.reference is not None and is_read and has_scale and is_single


def share_not_bare(arrays: PanelArrays) -> float:
    """Share of the replies that are not the bare number of an option, which the study calls unclassifiable.

    NaN where a judge read the answers, where nothing but codes could be given, or nobody was asked.
    """
    asked = [one for one in arrays.answers if one.status is not AnswerStatus.NOT_ASKED]
    no_text = (ReadingMethod.JUDGE, ReadingMethod.CONSTRAINED)
    if not asked or any(one.method in no_text for one in asked):
        return float("nan")
    codes = {(q.item_id, q.wording): {str(code) for code in q.codes} for q in arrays.survey.questions}
    bare = sum(one.text.strip() in codes[one.item_id, one.wording] for one in asked)
    return 1 - bare / len(asked)


def _as_scale(one: QuestionDistribution) -> QuestionDistribution:
    """With two options as a scale, whatever they name: there is one distance between them."""
    if len(one.question.codes) != 2:
        return one
    return replace(one, question=replace(one.question, level=MeasurementLevel.ORDINAL))


def _names(prompts: Sequence[QuestionDistribution]) -> list[str]:
    """Each item with its wording, -1 where wordings were averaged."""
    return [f"{one.question.item_id}#{one.wording}" for one in prompts]


def _draws(
    arrays: PanelArrays, scored: Sequence[int], prompts: Sequence[QuestionDistribution], seed: int
) -> ScoreDraws | None:
    panel = arrays.panel_answers
    if panel is None or not scored:
        return None
    chosen = PanelAnswers(tuple(panel.items[place] for place in scored), panel.weights)
    resampled = resample(prompts, chosen, seed=seed)
    similarities = similarity_draws(resampled.panel, resampled.people, resampled.forms)
    return replace(similarities, items=resampled.of_item)


def _uniform(one: QuestionDistribution) -> float:
    assert one.reference is not None
    people = np.array(one.reference.shares)
    return float(similarity(np.full(people.size, 1 / people.size), people / people.sum()))
