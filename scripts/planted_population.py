"""The invented population that the demo respondent is trained on: known truth for every item.

It holds its shares where nothing is said of sex and age; where they are said, its six groups lean
from them by a known number of log-odds.

Its shares are drawn far from the people's, on purpose: a report that shows the planted
shares cannot have got them from the human reference. Nothing here is a claim about anyone.
"""

import csv
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from def_sim.records import AGES, SEXES, ItemReference, MeasurementLevel, QuestionType
from def_sim.surveys.item_bank import Item
from def_sim.surveys.survey import load_survey

SURVEYS = {"USA": "us", "CHN": "cn"}  # population -> the survey whose items it is asked
_SEED = 20_26
_NUM_CANDIDATES = 24  # of which the one farthest from all human references is planted
_MENTIONS = 2.6  # options that a planted person mentions of a battery, before the cap

# Log-odds by which a group leans from an item's first option (-1) to its last (+1).
_LEAN_OF_SEX = {"male": 0.7, "female": -0.7}
_LEAN_OF_AGE = {"<=29": -0.45, "30-49": 0.0, ">=50": 0.45}

Planted = dict[str, dict[int, float]]  # item id -> code -> share, or propensity to mention
PERSONS = [(sex, age) for sex in SEXES for age in AGES]


def plant_library(data: Path) -> tuple[dict[str, list[Item]], list[Item], Planted]:
    """Plants every item that a shipped survey asks.

    Returns:
        The items that each population is asked, all items once, and their planted shares.
    """
    loaded = {
        population: load_survey(data / "surveys" / f"{survey}.yaml", data)
        for population, survey in SURVEYS.items()
    }
    asked = {population: list(one.items.values()) for population, one in loaded.items()}
    items = list({item.id: item for of_population in asked.values() for item in of_population}.values())
    return asked, items, plant(items, [one.reference.for_everyone() for one in loaded.values()])


def plant(items: Sequence[Item], references: Sequence[Mapping[str, ItemReference]]) -> Planted:
    """A share for each option of each item (for a battery: the propensity to mention it)."""
    return {item.id: _plant_item(item, references) for item in items}


def _plant_item(item: Item, references: Sequence[Mapping[str, ItemReference]]) -> dict[int, float]:
    rng = np.random.default_rng([_SEED, zlib.crc32(item.id.encode())])
    codes = [option.code for option in item.options]
    people = [_shares_on(codes, reference[item.id]) for reference in references if item.id in reference]
    candidates = [_candidate(item, len(codes), rng) for _ in range(_NUM_CANDIDATES)]
    # Of an item without figures the first candidate is as good as any.
    distances = [min((np.abs(c / c.sum() - p).sum() / 2 for p in people), default=0.0) for c in candidates]
    chosen = candidates[int(np.argmax(distances))]
    return {code: round(float(share), 4) for code, share in zip(codes, chosen, strict=True)}


def _candidate(item: Item, num_options: int, rng: np.random.Generator) -> NDArray[np.float64]:
    if item.type is QuestionType.MULTIPLE:
        return np.clip(rng.dirichlet(np.full(num_options, 1.2)) * _MENTIONS, 0.03, 0.75)
    if item.level is MeasurementLevel.NOMINAL:
        return 0.9 * rng.dirichlet(np.full(num_options, 1.5)) + 0.1 / num_options
    # Ordered options: a bell around a drawn position, never quite zero anywhere.
    position = np.linspace(0, 1, num_options)
    bell = np.exp(-(((position - rng.random()) / rng.uniform(0.2, 0.45)) ** 2) / 2)
    return 0.95 * bell / bell.sum() + 0.05 / num_options


def _shares_on(codes: Sequence[int], reference: ItemReference) -> NDArray[np.float64]:
    by_code = dict(zip(reference.codes, reference.shares, strict=True))
    shares = np.array([by_code.get(code, 0.0) for code in codes])
    return shares / shares.sum()


def lean_of(sex: str, age: str) -> float:
    """How far a group leans to the last option, in log-odds; "" and "": not at all."""
    return _LEAN_OF_SEX[sex] + _LEAN_OF_AGE[age] if sex else 0.0


def lean_planted(items: Sequence[Item], planted: Planted, lean: float) -> Planted:
    """The planted population of a group that leans by so many log-odds."""
    return {item.id: _lean_item(item, planted[item.id], lean) for item in items}


def _lean_item(item: Item, propensity: Mapping[int, float], lean: float) -> dict[int, float]:
    codes = [option.code for option in item.options]
    share = np.array([propensity[code] for code in codes])
    factor = np.exp(lean * np.linspace(-1, 1, len(codes)))
    # Of a battery each mention has odds of its own; of a choice the shares have a sum.
    is_battery = item.type is QuestionType.MULTIPLE
    leaning = share * factor / (1 - share + share * factor) if is_battery else share * factor
    total = 1.0 if is_battery else leaning.sum()
    return dict(zip(codes, (leaning / total).tolist(), strict=True))


def next_mention(
    propensity: Mapping[int, float], shown: Sequence[int], mentioned: Sequence[int], most: int
) -> tuple[dict[int, float], float]:
    """How a planted person goes on naming options of a battery, in the order they are shown.

    Each option is mentioned independently with its propensity; at least one, at most `most`.

    Returns:
        Probability of each option to be named next, and of naming no more.
    """
    if len(mentioned) >= most:
        return {}, 1.0
    start = shown.index(mentioned[-1]) + 1 if mentioned else 0
    none_before = 1.0
    options: dict[int, float] = {}
    for code in shown[start:]:
        options[code] = none_before * propensity[code]
        none_before *= 1 - propensity[code]
    if not mentioned:  # nobody names nothing
        total = sum(options.values())
        return {code: p / total for code, p in options.items()}, 0.0
    return options, none_before


def expected_shares(item: Item, propensity: Mapping[int, float], shown: Sequence[int]) -> dict[int, float]:
    """What a large planted panel would answer when these options are shown.

    For single choices and scales: the planted shares of the shown codes, summing to 1.
    For a battery: the share that mentions each option, averaged over display orders.
    """
    if item.type is not QuestionType.MULTIPLE:
        total = sum(propensity[code] for code in shown)
        return {code: propensity[code] / total for code in shown}
    rng = np.random.default_rng([_SEED, zlib.crc32(item.id.encode()), 1])
    mentions = dict.fromkeys(shown, 0.0)
    orders = [[shown[i] for i in rng.permutation(len(shown))] for _ in range(200)]
    for order in orders:
        for code, share in _mention_rates(propensity, order, item.max_choices).items():
            mentions[code] += share / len(orders)
    return mentions


def _mention_rates(propensity: Mapping[int, float], shown: Sequence[int], most: int) -> dict[int, float]:
    """Exact mention rates for one display order, walking once through it.

    State: how many options were named so far. The condition "at least one" divides by the
    probability that somebody unconditioned names any.
    """
    reached = np.zeros(most + 1)
    reached[0] = 1.0
    rates = {}
    for code in shown:
        named = reached[:most] * propensity[code]
        rates[code] = float(named.sum())
        reached[:most] -= named
        reached[1:] += named
    some = 1 - float(np.prod([1 - propensity[code] for code in shown]))
    return {code: rate / some for code, rate in rates.items()}


def write_planted(path: Path, items: Sequence[Item], planted: Planted) -> None:
    """`planted.csv`: the expected share of each option of each item, all options shown.

    Where a population was shown fewer, the shares of those are to be normalised.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["item_id", "code", "share"])
        for item in items:
            codes = [option.code for option in item.options]
            for code, share in expected_shares(item, planted[item.id], codes).items():
                writer.writerow([item.id, code, f"{share:.6f}"])


def write_planted_groups(path: Path, items: Sequence[Item], planted: Planted) -> None:
    """`planted_groups.csv`: the same of the six groups, a column each, named as references name them."""
    groups = [lean_planted(items, planted, lean_of(*person)) for person in PERSONS]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["item_id", "code", *("|".join(person) for person in PERSONS)])
        for item in items:
            codes = [option.code for option in item.options]
            expected = [expected_shares(item, group[item.id], codes) for group in groups]
            for code in codes:
                writer.writerow([item.id, code, *(f"{shares[code]:.6f}" for shares in expected)])
