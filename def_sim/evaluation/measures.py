"""The words a reader sees about each score: its name, what it shows, what it does not.

Holds text only; the formulas are in `def_sim/metrics`. Also the words for statuses and readings.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from def_sim.records import AnswerStatus, MeasurementLevel, ReadingMethod


@dataclass(frozen=True, slots=True)
class Measure:
    """What to print about one metric. `why_undefined` explains a dash."""

    metric: str
    title: str
    short: str
    shows: str
    hides: str
    definition: str
    best: str = "0 is the same as people; lower is closer."
    why_undefined: str = "Not defined for these answers."
    has_normalised: bool = True
    scale: str = ""  # unit or range, for an axis
    direction: str = "lower is closer"  # in three or four words

    @property
    def title_with_short(self) -> str:
        """The title, and what tables call it where that is no part of the title."""
        return self.title if self.short.lower() in self.title.lower() else f"{self.title} ({self.short})"

    @property
    def on_axis(self) -> str:
        """What an axis of it is called."""
        return f"{self.title}, {self.scale}" if self.scale else self.title

    @property
    def reading(self) -> str:
        """`best` as it stands at an axis."""
        return self.best.removesuffix(".")


_ALL: Final = (
    Measure(
        "js_divergence",
        "Jensen-Shannon divergence",
        "JSD",
        "How far the panel's answers to an item are spread differently from people's, on average over items.",
        "Whether any one respondent is believable, or whether one person's answers fit together.",
        "Mean of the divergences of panel and people from their average; base 2, 0 to 1.",
        scale="0 to 1",
    ),
    Measure(
        "total_variation",
        "Total variation",
        "TV",
        "The share of the panel that would have to answer differently to match people.",
        "How far along a scale those answers would have to move.",
        "Half the sum of the absolute differences of the shares; 0 to 1.",
        scale="0 to 1",
    ),
    Measure(
        "kl_paper",
        "KL divergence, as in the study",
        "KL",
        "The study's score: the panel against people, with unread answers as an option that nobody chose.",
        "Wrong opinions apart from unread answers: one failure makes an item infinite, and it then "
        "counts as the largest finite value plus 1.",
        "KL(panel || people) in nats, no smoothing, failures as one more option; infinite items become "
        "the largest finite one + 1.",
        best="0 is the same as people; no upper end.",
        why_undefined="No item has a finite value.",
        scale="in nats",
    ),
    Measure(
        "wasserstein",
        "Distance along the scale (W1)",
        "W1",
        "How far answers would have to move along the scale, as a share of its length.",
        "Anything about items whose options have no order: they are left out.",
        "Area between the cumulative distributions over the scale's length; ordered items only; 0 to 1.",
        why_undefined="The options have no order.",
        scale="0 to 1",
    ),
    Measure(
        "entropy_ratio",
        "Variety of answers (entropy ratio)",
        "Entropy ratio",
        "How varied the panel's answers are, compared with people's.",
        "Whether the answers are right: someone who answers at random scores above 1.",
        "Entropy of the panel's shares over the entropy of people's; 1 is equally varied.",
        best="1 is as varied as people; below 1 is less varied.",
        direction="1 is as varied as people",
        why_undefined="People all gave the same answer, or the panel gave none.",
        has_normalised=False,
    ),
    Measure(
        "js_distance",
        "Jensen-Shannon distance",
        "JS distance",
        "",
        "",
        "Square root of the Jensen-Shannon divergence; 0 to 1.",
    ),
    Measure(
        "kl_smoothed_model_human",
        "Smoothed KL, panel from people",
        "KL smoothed",
        "",
        "",
        "KL(panel || people) in nats, half a respondent spread over the panel's options and one person over "
        "people's; failures left out.",
    ),
    Measure(
        "kl_smoothed_human_model",
        "Smoothed KL, people from panel",
        "KL smoothed, reversed",
        "",
        "",
        "KL(people || panel) in nats, smoothed in the same way.",
    ),
    Measure(
        "mention_rate_difference",
        "Difference of mention rates",
        "Mention difference",
        "",
        "",
        "Mean absolute difference of the shares that mention each option; several-choice items only.",
        why_undefined="For items with several choices only.",
    ),
)
MEASURES: Final[Mapping[str, Measure]] = {measure.metric: measure for measure in _ALL}

STATUS_TITLES: Final[Mapping[str, str]] = {
    AnswerStatus.ANSWERED: "Answered",
    AnswerStatus.DONT_KNOW: "Don't know",
    AnswerStatus.REFUSED: "Refused",
    AnswerStatus.ROLE_BREAK: "Fell out of role",
    AnswerStatus.THIRD_PERSON: "Spoke of others",
    AnswerStatus.AMBIGUOUS: "Ambiguous",
    AnswerStatus.OUT_OF_RANGE: "Not an option",
    AnswerStatus.TOO_MANY: "Too many choices",
    AnswerStatus.NO_ANSWER: "No answer found",
    AnswerStatus.TRUNCATED: "Cut off",
    AnswerStatus.ENGINE_ERROR: "Engine error",
    AnswerStatus.NOT_ASKED: "Not asked",
    AnswerStatus.UNJUDGED: "Waits for a judge",
}
METHOD_TITLES: Final[Mapping[str, str]] = {
    ReadingMethod.NUMBER: "the number",
    ReadingMethod.LABEL: "the words of the option",
    ReadingMethod.BOTH: "number and words, which agree",
    ReadingMethod.JUDGE: "a judge model",
    ReadingMethod.CONSTRAINED: "only options could be answered",
    ReadingMethod.NONE: "–",
}


def why_undefined(metric: str, *, level: str = "", num_answered: int | None = None) -> str:
    """Why a score is missing, as a sentence for the dash that stands in its place."""
    if num_answered == 0:
        return "Nobody in the panel answered."
    if metric == "wasserstein" and level and level != MeasurementLevel.NOMINAL:
        return "Not defined for these answers."
    measure = MEASURES.get(metric)
    return measure.why_undefined if measure else "Not defined for these answers."


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun: "1 person", "20 people"."""
    return f"{number:,} {one if number == 1 else many}"


def written(value: float) -> str:
    """A score for the page: three decimals below 1, two above; "–" if undefined."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    digits = 3 if abs(value) < 0.9995 else 2
    return f"{value:.{digits}f}".replace("-", "−")


def normalised_in_words(normalised: float, value: float, uniform: float) -> str:
    """A normalised score for the page; beyond -1 and 1 its size says nothing.

    Far below 0 the panel is worse than random answers, how much so is told by the scores themselves; above 1
    it is closer to people than as many people on average, by luck.

    Args:
        normalised: The score; "–" if undefined.
        value: The panel's score that it is made from.
        uniform: Of random answers.
    """
    if normalised < -1:
        return f"worse than random ({written(value)} against {written(uniform)})"
    return "as close as people" if normalised > 1 else written(normalised)


def normalised_in_short(normalised: float) -> str:
    """The same for the terminal, in two decimals."""
    if math.isnan(normalised):
        return "–"
    return "< -1" if normalised < -1 else "> 1" if normalised > 1 else f"{normalised:.2f}"


def normalised_ends_in_words(low: float, high: float) -> str:
    """The interval of a normalised score: "0.52 to above 1"; "" without one, or where it says nothing."""
    if math.isnan(low) or math.isnan(high) or high < -1 or low > 1:
        return ""
    lower = "below −1" if low < -1 else written(low)
    upper = "above 1" if high > 1 else written(high)
    return f"{lower} to {upper}"


def as_percent(share: float) -> str:
    """A share as a percentage: whole above 10 %, one decimal below; "–" if undefined."""
    if math.isnan(share):
        return "–"
    value = 100 * share
    number = f"{value:.0f}" if abs(value) >= 9.95 or value == 0 else f"{value:.1f}"
    return f"{'0.0' if number == '-0.0' else number.replace('-', '−')} %"
