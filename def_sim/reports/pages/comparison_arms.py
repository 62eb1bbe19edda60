"""Arms beside their baseline, and seeds of one model, ready to print. Computes no difference."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.arm_differences import KL_ONE_REPLACEMENT
from def_sim.evaluation.arm_panels import CHOICES, TEXTS, VARIETY
from def_sim.evaluation.arm_scores import answer_of
from def_sim.evaluation.arm_sentences import effect_sentence, seeds_sentence
from def_sim.evaluation.arms import ArmGroup, ComparedExperiment
from def_sim.evaluation.effect_answers import EffectAnswer
from def_sim.evaluation.factor_words import in_words
from def_sim.evaluation.measures import MEASURES, Measure, as_percent, written
from def_sim.evaluation.paired_runs import METRIC
from def_sim.reports.cells import Row, Shown, number_in, rows_of, shown
from def_sim.reports.pages.comparison_groups import steered_parts

_NONE = "–"
_VARIETY = (VARIETY, TEXTS, CHOICES)
_SCORES = {
    TEXTS: "Diversity of texts",
    CHOICES: "Diversity of choices",
    KL_ONE_REPLACEMENT: "The study's KL, one replacement for all arms",
}


@dataclass(frozen=True, slots=True)
class ArmLine:
    """One arm in words, under the tested score.

    `value`, `baseline` and `floor` are on the `items` that both have, at as many answers; in the baseline's
    own row `value` is that of its report.
    """

    title: str
    folder: str
    is_baseline: bool
    read: str
    value: str
    baseline: str
    floor: str
    items: str
    difference: str
    interval: str
    p_value: str
    verdict: str
    share_done: str  # "" for a finished one


@dataclass(frozen=True, slots=True)
class OtherLine:
    """One arm under another score: its value, the baseline's, and the difference with its interval."""

    title: str
    score: str
    value: str
    baseline: str
    people: str
    items: str
    difference: str
    sentence: str


@dataclass(frozen=True, slots=True)
class DiversityLine:
    """How varied one arm is in one setting, with the three readings of the published percentages."""

    title: str
    setting: str
    texts: Shown
    readings: tuple[str, str]  # minus and over the arm without modifications
    choices: str
    people: str
    published: str


@dataclass(frozen=True, slots=True)
class EffectLine:
    """What one setting, or several together, do to the tested score."""

    effect: str
    value: str
    interval: str
    p_value: str
    at_equal: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ArmPart:
    """One comparison of arms."""

    group: ArmGroup
    answer: str  # what all arms come to
    lines: tuple[ArmLine, ...]
    effects: tuple[EffectLine, ...]  # of a full factorial
    variety: tuple[OtherLine, ...]
    others: tuple[OtherLine, ...]
    diversity: tuple[DiversityLine, ...]
    steered: Markup  # groups of people in arms that say sex and age

    @property
    def unfinished(self) -> tuple[ArmLine, ...]:
        """Arms of which answers are missing."""
        return tuple(line for line in self.lines if line.share_done)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one comparison of an experiment comes to, and what each of its arms or effects says."""

    title: str
    sentence: str  # "" where the details are all there is
    details: tuple[tuple[str, str], ...] = ()  # of which arm or effect, "" of none, and its sentence


@dataclass(frozen=True, slots=True)
class ExperimentPart:
    """The question of an experiment, and what was found."""

    name: str
    question: str
    answers: tuple[Answer, ...]
    missing: tuple[tuple[str, str], ...]  # arm, and why it is not there


@dataclass(frozen=True, slots=True)
class SeedLine:
    """The spread of one score over the seeds of a model."""

    model: str
    seeds: str
    measure: Measure
    mean: str
    span: str
    deviation: str
    expected: str
    ratio: Shown


def experiment_part(
    experiment: ComparedExperiment | None,
    parts: Sequence[ArmPart],
    seeds: pd.DataFrame,
    effects: Sequence[EffectAnswer] = (),
) -> ExperimentPart | None:
    """What opens the page of an experiment; None for other comparisons.

    Args:
        experiment: Whose arms are compared.
        parts: From `arm_parts`.
        seeds: From `seeds_table`; the answer where runs differ in nothing but the seed.
        effects: From `effect_answers`.
    """
    if experiment is None:
        return None
    # Of a factorial each setting is told: its arms would say the same again, in the table below.
    of_arms = [
        Answer(part.group.title, part.answer, tuple(_of_effects(part) or _of_arms(part))) for part in parts
    ]
    return ExperimentPart(
        name=experiment.name,
        question=experiment.question,
        answers=(*of_arms, *_of_seeds(seeds), *_of_tables(effects)),
        missing=tuple(experiment.missing.items()),
    )


def _of_effects(part: ArmPart) -> list[tuple[str, str]]:
    return [(line.effect, line.sentence) for line in part.effects]


def _of_arms(part: ArmPart) -> list[tuple[str, str]]:
    return [(line.title, line.verdict) for line in part.lines if not line.is_baseline]


def _of_tables(effects: Sequence[EffectAnswer]) -> list[Answer]:
    """A single sentence is the answer of its table; several are a list of equals."""
    return [
        Answer(one.title, *one.sentences)
        if len(one.sentences) == 1
        else Answer(one.title, "", tuple(("", sentence) for sentence in one.sentences))
        for one in effects
        if one.is_answer and one.sentences
    ]


def _of_seeds(seeds: pd.DataFrame) -> list[Answer]:
    return [
        Answer(
            row["model_label"],
            seeds_sentence(
                int(row["num_seeds"]),
                (number_in(row, "min"), number_in(row, "mean"), number_in(row, "max")),
                number_in(row, "expected_error"),
                number_in(row, "ratio"),
            ),
        )
        for row in rows_of(seeds[seeds["metric"] == METRIC])
    ]


def arm_parts(
    groups: Sequence[ArmGroup],
    table: pd.DataFrame,
    steered: pd.DataFrame | None = None,
    diversity: pd.DataFrame | None = None,
    effects: pd.DataFrame | None = None,
) -> list[ArmPart]:
    """The comparisons of arms, as the page shows them; the baseline first.

    Args:
        groups: From `group_arms`.
        table: From `arms_table` of these groups.
        steered: What saying sex and age changed, if any arm says them.
        diversity: From `diversity_table` of these groups.
        effects: From `factorial_table` of these groups.
    """
    of_groups = pd.DataFrame() if steered is None else steered
    return [
        ArmPart(
            group,
            answer_of(group, table),
            _arm_lines(table[(table["group"] == group.number) & (table["verdict"] != "")]),
            _effect_lines(effects, group.number),
            *_other_lines(table[(table["group"] == group.number) & (table["verdict"] == "")]),
            _diversity_lines(diversity, group.number),
            steered_parts(of_groups, group.baseline.run.folder),
        )
        for group in groups
    ]


def _arm_lines(rows: pd.DataFrame) -> tuple[ArmLine, ...]:
    ordered = sorted(rows_of(rows), key=lambda row: not row["is_baseline"])
    return tuple(_arm_line(row) for row in ordered)


def _arm_line(row: Row) -> ArmLine:
    p_value, share_done = number_in(row, "p_adjusted"), number_in(row, "share_done")
    has_interval = not (row["reason"] or row["is_baseline"])
    return ArmLine(
        title=row["arm"],
        folder=row["folder"],
        is_baseline=row["is_baseline"],
        read=as_percent(number_in(row, "read")),
        value=written(number_in(row, "value")),
        baseline=written(number_in(row, "baseline_value")),
        floor=written(number_in(row, "floor")),
        items=_NONE if row["is_baseline"] or not row["num_items"] else str(row["num_items"]),
        difference=written(number_in(row, "difference")),
        interval=_ends(row) if has_interval else _NONE,
        p_value=_p_in_words(p_value) if has_interval else _NONE,
        verdict="baseline" if row["is_baseline"] else row["sentence"],
        share_done="" if share_done >= 1 else as_percent(share_done),
    )


def _ends(row: Row) -> str:
    return f"{written(number_in(row, 'low'))} to {written(number_in(row, 'high'))}"


def _other_lines(rows: pd.DataFrame) -> tuple[tuple[OtherLine, ...], tuple[OtherLine, ...]]:
    """Variety, and the other scores over topic groups."""
    is_variety = rows["metric"].isin(_VARIETY) & (rows["scope"] == "micro")
    is_score = ~rows["metric"].isin(_VARIETY) & (rows["scope"] == "macro")
    return tuple(map(_other_line, rows_of(rows[is_variety]))), tuple(
        map(_other_line, rows_of(rows[is_score]))
    )


def _other_line(row: Row) -> OtherLine:
    difference = written(number_in(row, "difference"))
    return OtherLine(
        title=row["arm"],
        score=_SCORES.get(row["metric"]) or MEASURES[row["metric"]].title,
        value=written(number_in(row, "value")),
        baseline=written(number_in(row, "baseline_value")),
        people=written(number_in(row, "people")),
        items=str(row["num_items"]),
        difference=f"{difference} ({_ends(row)})" if not row["reason"] else difference,
        sentence=row["sentence"],
    )


def _effect_lines(table: pd.DataFrame | None, number: int) -> tuple[EffectLine, ...]:
    if table is None or table.empty:
        return ()
    rows = table[(table["group"] == number) & (table["metric"] == METRIC)]
    return tuple(_effect_line(row) for row in rows_of(rows))


def _effect_line(row: Row) -> EffectLine:
    value, low, high, p_value = (number_in(row, name) for name in ("value", "low", "high", "p_adjusted"))
    at_equal, least, most = (number_in(row, f"at_equal_{end}") for end in ("entropy", "low", "high"))
    reason = row["reason"] if isinstance(row["reason"], str) else ""
    return EffectLine(
        effect=in_words(row["effect"]),
        value=written(value),
        interval=_NONE if reason else f"{written(low)} to {written(high)}",
        p_value=_p_in_words(p_value),
        at_equal=_NONE if math.isnan(least) else f"{written(at_equal)} ({written(least)} to {written(most)})",
        sentence=effect_sentence((value, low, high), p_value, (at_equal, least, most), reason),
    )


def _p_in_words(p_value: float) -> str:
    if math.isnan(p_value):
        return _NONE
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _diversity_lines(table: pd.DataFrame | None, number: int) -> tuple[DiversityLine, ...]:
    rows = [] if table is None else rows_of(table[table["group"] == number])
    return tuple(
        DiversityLine(
            title=row["arm"],
            setting=row["setting"],
            texts=shown(number_in(row, "text_diversity"), row["reason"]),
            readings=(written(number_in(row, "minus_none")), written(number_in(row, "over_none"))),
            choices=written(number_in(row, "choice_diversity")),
            people=written(number_in(row, "people")),
            published=written(number_in(row, "published")),
        )
        for row in rows
    )


def seed_lines(seeds: pd.DataFrame) -> tuple[SeedLine, ...]:
    """The spread of each score that has one.

    Args:
        seeds: From `seeds_table`, rows of one group.
    """
    return tuple(_seed_line(row) for row in rows_of(seeds) if not math.isnan(number_in(row, "mean")))


def _seed_line(row: Row) -> SeedLine:
    lowest, highest = number_in(row, "min"), number_in(row, "max")
    return SeedLine(
        model=row["model_label"],
        seeds=row["seeds"].replace(" ", ", "),
        measure=MEASURES[row["metric"]],
        mean=written(number_in(row, "mean")),
        span=f"{written(lowest)} to {written(highest)}",
        deviation=written(number_in(row, "sd")),
        expected=written(number_in(row, "expected_error")),
        ratio=shown(number_in(row, "ratio"), row["reason"]),
    )
