"""What the tables of people's answers give for an item, worked out without scripts/build_references.py.

That script takes finished shares; here they come from counts, summed weights and shares
including the missing, so that a mistake on either side shows.
"""

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from library import FIGURES

from def_sim.records import QuestionType
from def_sim.surveys.item_bank import Item

Address = tuple[str, str, str]  # population, group, variable


class Answers(NamedTuple):
    """Valid answers to one variable: code -> people, code -> their weight in any unit."""

    people: Mapping[int, int]
    weight: Mapping[int, float]
    kish: float | None  # effective n; None: the weights are unknown
    quality: str


class Expected(NamedTuple):
    """What a reference must say of one item in one group."""

    shares: list[float]
    n: int
    n_effective: float | None
    volunteered_share: float
    quality: str


def rows(name: str) -> Iterator[dict[str, str]]:
    content = (FIGURES / name).read_bytes()
    text = (gzip.decompress(content) if name.endswith(".gz") else content).decode("utf-8")
    yield from csv.DictReader(io.StringIO(text, newline=""))


def _gathered(
    table: Iterator[tuple[Address, int, int, float]], quality: str, kish: Mapping[Address, float]
) -> dict[Address, Answers]:
    people: dict[Address, dict[int, int]] = defaultdict(dict)
    weight: dict[Address, dict[int, float]] = defaultdict(dict)
    for address, code, count, weighed in table:
        people[address][code] = count
        weight[address][code] = weighed
    return {at: Answers(people[at], weight[at], kish.get(at), quality) for at in people}


@cache
def world_values() -> dict[Address, Answers]:
    """From people's summed weights; Kish's n from sums of weights and of their squares."""
    kish = {
        (row["country"], row["group"], row["variable"]): float(row["sum_w"]) ** 2 / float(row["sum_w2"])
        for row in rows("wvs7_effective_n.csv")
    }
    table = (
        (
            (row["country"], row["group"], row["variable"]),
            int(row["option"]),
            int(row["n"]),
            float(row["weighted_n"]),
        )
        for name in ("wvs7_aggregates.csv", "wvs7_aggregates_more.csv.gz")
        for row in rows(name)
        if int(row["option"]) >= 0
    )
    return _gathered(table, "weighted", kish)


@cache
def general_social() -> dict[Address, Answers]:
    """Exact counts of everyone, and how often each answer is in the weighted resample, if it is."""
    counted = (
        (("USA", "all", row["variable"]), int(code), int(row["n"]), float(row["n"]))
        for row in rows("gss2022_aggregates_unweighted.csv")
        # A point of a scale that has no label has its number where others have theirs.
        if (code := row["code"] or row["option"]).isdecimal()
    )
    resampled = (
        (
            ("USA", row["group"], row["variable"]),
            int(row["code"]),
            int(row["n_unique_respondents"]),
            float(row["n_resampled"]),
        )
        for row in rows("gss2022_weighted_approx_resample.csv")
        if row["code"].isdecimal()
    )
    return _gathered(counted, "unweighted", {}) | _gathered(resampled, "approximate", {})


@cache
def american_trends() -> dict[Address, Answers]:
    """From weighted shares that still include the refusals (99); Kish's n by the design effect."""
    kish = {
        (row["country"], row["group"], row["variable"]): int(row["n_valid"]) / float(row["design_effect"])
        for row in rows("pew_atp_effective_n.csv")
        if row["design_effect"]
    }
    table = (
        (
            (row["country"], row["group"], row["variable"]),
            int(float(row["code"])),
            int(row["n"]),
            float(row["weighted_share_incl_refused"]),
        )
        for row in rows("pew_atp_aggregates.csv")
        if float(row["code"]) != 99
    )
    return _gathered(table, "weighted", kish)


TABLES = {"wvs7": world_values, "gss2022": general_social, "pew_atp": american_trends}


def groups_asked(item: Item, source: str, population: str) -> set[str]:
    """Groups of a population that the tables have for an item."""
    variable = item.options[0].variable or item.variable
    return {group for place, group, name in TABLES[source]() if (place, name) == (population, variable)}


def expected(item: Item, source: str, population: str, group: str) -> Expected:
    """The reference of an item: shares of the shown options, n and what was volunteered."""
    table, shown = TABLES[source](), item.shown.get(population) or [option.code for option in item.options]
    if item.type is QuestionType.MULTIPLE:
        variables = {option.code: str(option.variable) for option in item.options}
        return _of_battery([table[population, group, variables[code]] for code in shown])
    answers = table[population, group, item.variable]
    kept = sum(answers.weight.get(code, 0.0) for code in shown)
    volunteered = sum(answers.weight.get(code, 0.0) for code in item.volunteered) / sum(
        answers.weight.values()
    )
    return Expected(
        [answers.weight.get(code, 0.0) / kept for code in shown],
        sum(answers.people.get(code, 0) for code in shown),
        None if answers.kish is None else answers.kish * (1 - volunteered),
        volunteered,
        answers.quality,
    )


def _of_battery(options: list[Answers]) -> Expected:
    """People who mention each option (code 1, not 2); n is that of the least answered option."""
    return Expected(
        [option.weight[1] / sum(option.weight.values()) for option in options],
        min(sum(option.people.values()) for option in options),
        min(option.kish or 0.0 for option in options),
        0.0,
        options[0].quality,
    )
