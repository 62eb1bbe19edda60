"""One arm's panel as its comparison needs it: scores of several metrics and diversity, each with its draws.

Reads no files. Letters: K options, Q questions, N respondents, B draws.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.score_intervals import Resampled
from def_sim.metrics.bootstrap import NUM_DRAWS, ScoreDraws, draw_weights, draws_of_numbers, linear_draws
from def_sim.metrics.diversity import diversity_beside_people
from def_sim.metrics.equal_answers import AnsweredItems
from def_sim.metrics.kl_paper import kl_with_failures
from def_sim.metrics.sample import Array, Sample
from def_sim.randomness import keyed_rng

KL_PAPER: Final = "kl_paper"
METRICS: Final = ("js_divergence", "kl_smoothed_model_human", "total_variation", "wasserstein", KL_PAPER)
VARIETY: Final = "entropy_ratio"
TEXTS, CHOICES = "text_diversity", "choice_diversity"


@dataclass(frozen=True)
class RawDivergence:
    """The published divergence before infinite items are replaced; NaN for items without people."""

    values: Array  # (Q,)
    drawn: Array  # (B, Q)
    without_one: Array  # (N, Q)

    @property
    def largest(self) -> float:
        """The largest finite value of the panel; -inf without one."""
        return float(self.values[np.isfinite(self.values)].max(initial=-np.inf))

    def replaced(self, penalty: float) -> ScoreDraws:
        """Scores with one value in the place of every infinite one."""
        known = ~np.isnan(self.values)
        parts = [
            np.where(known & ~np.isfinite(part), penalty, part)
            for part in (self.values, self.drawn, self.without_one)
        ]
        return draws_of_numbers(*parts)


@dataclass(frozen=True)
class DiversityLevel:
    """Diversity of a part of the panel, and what as many people would have; NaN where undefined."""

    setting: str
    distinct: int  # different texts beyond the first, over all prompts
    most: int  # that there could be
    texts: float
    choices: float
    people: float
    random: float
    entropy_ratio_people: float  # expected of as many people
    num_items: int  # behind choices and people
    reason: str


@dataclass(frozen=True)
class ArmPanel:
    """What is kept of an arm."""

    folder: str
    seed: int
    draws: dict[str, ScoreDraws]  # by metric; items as scored
    raw: RawDivergence
    items: list[str]  # what each score is of
    dimensions: list[str]
    diversity: dict[str, ScoreDraws]  # of texts and choices, by question
    levels: list[DiversityLevel]  # in the order of SETTINGS
    answered: AnsweredItems


# The authors' own settings, and all that there is.
SETTINGS: Final[tuple[tuple[str, int | None, int | None], ...]] = (
    ("first 100 prompts x 19 respondents", 100, 19),
    ("first 100 prompts x 20 respondents", 100, 20),
    ("everything", None, None),
)


def arm_panel(folder: str, arrays: PanelArrays, resampled: Resampled) -> ArmPanel:
    """Scores and diversity of one finished panel.

    Args:
        folder: Names the run.
        arrays: Its answers, with their texts.
        resampled: The same panel, resampled; by seed and N alone, so arms are resampled in pairs.
    """
    num = len(arrays.by_respondent)
    weights = draw_weights(num, keyed_rng(resampled.seed, "resampled respondents", num), NUM_DRAWS)
    return ArmPanel(
        folder,
        resampled.seed,
        resampled.draws_by_metric([*METRICS, VARIETY]),
        raw_divergence(resampled),
        resampled.items,
        resampled.dimensions,
        {
            TEXTS: linear_draws(*distinct_texts(arrays.texts), weights),
            CHOICES: linear_draws(*distinct_choices(arrays.choices, arrays.num_options), weights),
        },
        [_level(arrays, *setting) for setting in SETTINGS],
        resampled.answered,
    )


def raw_divergence(resampled: Resampled) -> RawDivergence:
    """KL with a failure column of every item, for the panel, its draws and without each respondent."""
    panel = resampled.panel
    return RawDivergence(
        *(_raw(samples, resampled.people) for samples in (panel.observed, panel.drawn, panel.without_one))
    )


def _raw(samples: Sequence[Sample], people: Sequence[Sample | None]) -> Array:
    lead = samples[0].counts.shape[:-1]
    columns = [
        np.full(lead, np.nan) if human is None else np.broadcast_to(kl_with_failures(sample, human), lead)
        for sample, human in zip(samples, people, strict=True)
    ]
    return np.stack(columns, axis=-1)


def distinct_texts(texts: Sequence[Sequence[str | None]]) -> tuple[Array, Array]:
    """Diversity of texts by question, so that their mean is the published score; see `_by_question`.

    Args:
        texts: N rows of Q; None where there is none.
    """
    codes = np.array([_coded(column) for column in zip(*texts, strict=True)], dtype=np.int64).T
    return _by_question(codes, np.full(codes.shape[1], codes.shape[0]))


def distinct_choices(choices: NDArray[np.int64], num_options: Sequence[int]) -> tuple[Array, Array]:
    """The same of choices, of which a question has at most K."""
    return _by_question(np.where(choices < 0, -1, choices), np.array(num_options))


def _coded(column: Sequence[str | None]) -> list[int]:
    """A number for each different text, -1 for none."""
    numbers: dict[str, int] = {}
    return [-1 if text is None else numbers.setdefault(text, len(numbers)) for text in column]


def _by_question(codes: NDArray[np.int64], limits: NDArray[np.int64]) -> tuple[Array, Array]:
    """Distinct answers of each question, scaled so that their mean is sum (distinct - 1) / sum (most - 1).

    Args:
        codes: Shape (N, Q); below 0: no answer.
        limits: Most distinct answers that a question can have, besides the number of answers.

    Returns:
        Values, shape (Q,), and the same without each respondent, shape (N, Q); NaN where nothing can differ.
    """
    num, num_questions = codes.shape
    distinct = np.zeros((num + 1, num_questions))  # in the last row of everyone
    answered = np.zeros((num + 1, num_questions))
    for place, column in enumerate(codes.T):
        given = column >= 0
        counts = Counter(column[given].tolist())
        is_only = np.array([counts[code] == 1 for code in column.tolist()]) & given
        distinct[:, place] = len(counts) - np.append(is_only, 0)
        answered[:, place] = given.sum() - np.append(given, 0)
    most = np.minimum(answered, limits)
    is_defined = (most[-1] > 1) & (most[:-1] > 1).all(axis=0)
    room = np.where(is_defined, most - 1, 0.0).sum(axis=1, keepdims=True)
    scaled = np.full(distinct.shape, np.nan)
    np.divide((distinct - 1) * is_defined.sum(), room, out=scaled, where=is_defined & (room > 0))
    return scaled[-1], scaled[:-1]


def _level(
    arrays: PanelArrays, setting: str, num_prompts: int | None, num_respondents: int | None
) -> DiversityLevel:
    texts, questions = arrays.texts, arrays.survey.questions
    if (num_prompts or 0) > len(questions) or (num_respondents or 0) > len(texts):
        why = f"The panel has {len(questions)} prompts and {len(texts)} respondents."
        nan = float("nan")
        return DiversityLevel(setting, 0, 0, nan, nan, nan, nan, nan, 0, why)
    kept = [row[:num_prompts] for row in texts[:num_respondents]]
    codes = [_coded(column) for column in zip(*kept, strict=True)]
    given = [[code for code in column if code >= 0] for column in codes]
    distinct = sum(len(set(column)) - 1 for column in given if len(column) > 1)
    most = sum(len(column) - 1 for column in given if len(column) > 1)
    first = {question.id for question in questions[:num_prompts]}
    places = [place for place, question in enumerate(arrays.single_questions) if question.id in first]
    people = arrays.people()
    found = diversity_beside_people(
        arrays.choices[:num_respondents, places],
        [arrays.num_options[place] for place in places],
        [people[place] for place in places],
    )
    return DiversityLevel(
        setting,
        distinct,
        most,
        distinct / most if most else float("nan"),
        found.choice_diversity,
        found.human,
        found.uniform,
        found.entropy_ratio_human,
        found.num_items,
        found.reason,
    )
