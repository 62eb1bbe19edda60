"""Simulates how often rectified figures cover, and what a panel is worth beside a small sample of people.

Invented people with the shipped shares and correlations of the United States answer the items of the World
Values Survey. A sample of n of them is drawn, and a panel of N respondents who are like these people or not:

    perfect     drawn from the same people
    halfway     half of the answers at random, respondents independent
    few wrong   like people, but on every tenth item with the options' shares in reverse
    peaked      shares to the third power: the panel exaggerates what most people say
    useless     every option alike
    mode        everybody gives people's most frequent answer

Coverage is averaged over options within items, items and repetitions. The figures in
docs/concepts/calibration.md:

    python scripts/simulate_calibration.py --repetitions 60 --items 40 22 150

and, of samples whose people have weights that leave about 60 % of them, with `--repetitions 15 --items 40
--kinds perfect halfway --weights unrelated related`: unrelated to what they answer, or related, where people
were chosen by their answers and the weights undo it.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from simulate_structure import World

from def_sim.evaluation.calibration import MEAN, GroupAnswers, calibrated_frame
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.metrics.choice_array import Choices
from def_sim.metrics.sample import Array
from def_sim.records import AnswerStatus, Dimension, MeasurementLevel, Option, Question, QuestionType
from def_sim.surveys.human_sample import HumanSample

KINDS = ("perfect", "halfway", "few wrong", "peaked", "useless", "mode")
SIZES = ((50, 20), (50, 200), (300, 200))  # people of the sample, respondents of the panel
WEIGHTED_SIZES = ((100, 20), (100, 200), (300, 200))
WEIGHTS = ("none", "unrelated", "related")
SPREAD = 0.7  # of the log of the weights: their Kish design effect is exp(.49) = 1.6
SHARE_WRONG = 0.1


@dataclass(frozen=True)
class Outcome:
    """Of one kind of estimates, as means over items and repetitions.

    `covered` and `alone`: shares of intervals that hold the truth, rectified and by the sample alone;
    `people_by_width`, `people_by_error`: people that a sample alone would need beyond n for such intervals,
    and for such a squared error; `panel_weight`: of the panel.
    """

    covered: float
    alone: float
    people_by_width: float
    people_by_error: float
    panel_weight: float
    standard_error: float  # of `covered`, over repetitions


def question_of(item: int, num_options: int) -> Question:
    """An ordered item in words that nobody reads."""
    return Question(
        item_id=f"i{item}",
        wording=0,
        language="en",
        topic="",
        text="",
        type=QuestionType.SINGLE,
        level=MeasurementLevel.ORDINAL,
        dimension=Dimension.EVI,
        direction=1,
        options=tuple(Option(code, str(code)) for code in range(num_options)),
    )


def panel_shares(
    kind: str, world: World, items: NDArray[np.intp], num_respondents: int, rng: np.random.Generator
) -> Iterator[Array]:
    """What the panel says of each item, shape (K,)."""
    people: Choices | None = world.panel(num_respondents, rng) if kind == "perfect" else None
    for item in items:
        shares = world.shares[item]
        if people is not None:
            yield np.bincount(people[:, item], minlength=shares.size) / num_respondents
            continue
        if kind == "mode":
            yield np.eye(shares.size)[shares.argmax()]
            continue
        rates = {
            "halfway": shares / 2 + 1 / (2 * shares.size),
            "few wrong": shares[::-1] if rng.random() < SHARE_WRONG else shares,
            "peaked": shares**3 / (shares**3).sum(),
            "useless": np.full(shares.size, 1 / shares.size),
        }[kind]
        yield rng.multinomial(num_respondents, rates) / num_respondents


def draw_sample(
    world: World, num_people: int, weights: str, rng: np.random.Generator
) -> tuple[Choices, Array]:
    """Answers of the people of a sample, shape (n, Q), and their weights, one of WEIGHTS."""
    if weights == "none":
        return world.panel(num_people, rng), np.ones(num_people)
    if weights == "unrelated":
        return world.panel(num_people, rng), np.exp(SPREAD * rng.standard_normal(num_people))
    many = world.panel(5 * num_people, rng)
    # How far a person is to the high end of all items, in standard deviations.
    place = ((many - many.mean(axis=0)) / (many.std(axis=0) + 1e-9)).sum(axis=1)
    odds = np.exp(SPREAD * place / place.std())
    # Without replacement, with chances in proportion to the odds as nearly as a fifth of all allows.
    chosen = np.argsort(rng.exponential(size=odds.size) / odds)[:num_people]
    return many[chosen], 1 / odds[chosen]


def one_study(
    kind: str, world: World, num_items: int, sizes: tuple[int, int], rng: np.random.Generator, weights: str
) -> dict[bool, Array]:
    """One sample beside one panel; whether of means -> covered, alone, widths, errors, weight.

    Widths are of the interval as a share of the sample's, squared; errors are squared, of both.
    """
    num_people, num_respondents = sizes
    items = np.sort(rng.choice(len(world.shares), num_items, replace=False))
    answers, of_people = draw_sample(world, num_people, weights, rng)
    truth = [world.shares[item] for item in items]
    statuses = dict.fromkeys(AnswerStatus, 0.0) | {AnswerStatus.ANSWERED: float(num_respondents)}
    panel = [
        QuestionDistribution(question_of(place, shares.size), shares * num_respondents, statuses)
        for place, shares in enumerate(panel_shares(kind, world, items, num_respondents, rng))
    ]
    chosen = {
        f"i{place}": np.eye(one.size, dtype=np.bool_)[answers[:, item]]
        for place, (item, one) in enumerate(zip(items, truth, strict=True))
    }
    sample = HumanSample(chosen, of_people, {})
    everyone = np.ones(num_people, dtype=np.bool_)
    frame = calibrated_frame(sample, [GroupAnswers("all", panel, everyone)])
    alone = calibrated_frame(sample, [GroupAnswers("all", [without_panel(one) for one in panel], everyone)])
    true = np.concatenate([[*one, 1 + one @ np.arange(one.size)] for one in truth])
    is_mean = (frame["code"] == MEAN).to_numpy()
    weight = np.concatenate([[*np.full(one.size, 1 / one.size), 1.0] for one in truth]) / num_items
    scale = np.concatenate([[*np.ones(one.size), one.size - 1.0] for one in truth])
    columns = np.stack(
        [
            frame["low"].le(true) & frame["high"].ge(true),
            alone["low"].le(true) & alone["high"].ge(true),
            1 / (1 + frame["n_gained"] / frame["n_effective"]),
            ((frame["rectified"] - true) / scale) ** 2,
            ((frame["sample"] - true) / scale) ** 2,
            frame["panel_weight"],
        ]
    )
    return {
        of_means: columns[:, is_mean == of_means] @ weight[is_mean == of_means] for of_means in (False, True)
    }


def without_panel(one: QuestionDistribution) -> QuestionDistribution:
    """The same item as if nobody of the panel had answered it."""
    return replace(one, counts=np.zeros_like(one.counts), status_counts=dict.fromkeys(AnswerStatus, 0.0))


def outcomes(
    kind: str,
    world: World,
    num_items: int,
    sizes: tuple[int, int],
    repetitions: int,
    seed: int,
    weights: str = "none",
) -> dict[bool, Outcome]:
    """Of many studies; whether of means -> outcome."""
    studies = []
    for repetition in range(repetitions):
        rng = np.random.default_rng([seed, repetition, num_items, *sizes])
        studies.append(one_study(kind, world, num_items, sizes, rng, weights))
    found = {}
    for of_means in (False, True):
        rows = np.stack([study[of_means] for study in studies])
        covered, alone, width, ours, theirs, weight = rows.mean(axis=0)
        error = float(rows[:, 0].std(ddof=1) / np.sqrt(repetitions)) if repetitions > 1 else float("nan")
        num = sizes[0]
        found[of_means] = Outcome(
            covered, alone, num * (1 / width - 1), num * (theirs / ours - 1), weight, error
        )
    return found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=50)
    parser.add_argument("--items", type=int, nargs="+", default=[40, 150])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--weights", nargs="+", choices=WEIGHTS, default=["none"])
    parser.add_argument("--seed", type=int, default=7)
    wanted = parser.parse_args()
    world = World("USA")
    print(
        "| weights | items | panel | n | N | shares covered | alone | gained by width | by error "
        "| panel's weight | means covered | alone | gained by width | by error |\n" + "|---" * 14 + "|"
    )
    for weights, num_items, kind in product(wanted.weights, wanted.items, wanted.kinds):
        for sizes in SIZES if weights == "none" else WEIGHTED_SIZES:
            found = outcomes(kind, world, num_items, sizes, wanted.repetitions, wanted.seed, weights)
            print(f"| {weights} | {num_items} | {kind} | {sizes[0]} | {sizes[1]} {row_of(found)}", flush=True)


def row_of(found: dict[bool, Outcome]) -> str:
    """The cells of a row, from how often shares are covered."""
    shares, means = found[False], found[True]
    return (
        f"| {100 * shares.covered:.1f} ± {100 * shares.standard_error:.1f} | {100 * shares.alone:.1f} "
        f"| {shares.people_by_width:.0f} | {shares.people_by_error:.0f} | {shares.panel_weight:.2f} "
        f"| {100 * means.covered:.1f} ± {100 * means.standard_error:.1f} | {100 * means.alone:.1f} "
        f"| {means.people_by_width:.0f} | {means.people_by_error:.0f} |"
    )


if __name__ == "__main__":
    main()
