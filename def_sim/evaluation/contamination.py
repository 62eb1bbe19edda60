"""Signs that a model has seen people's figures: per item, over items, and in one sentence.

Arms of one model that ask for the figures of the named survey (`recall`), of an invented one (`placebo`) and
of people without naming any (`verbalised`), beside a simulated panel. Reads no files.

Letters: Q items.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.metrics.contamination import (
    Estimate,
    mean_difference,
    mean_rate,
    nearest_credit,
    partial_rank_correlation,
    total_variations,
)
from def_sim.metrics.divergence import entropy
from def_sim.metrics.sample import Array, normalise
from def_sim.records import ItemReference

RECALL, PLACEBO, VERBALISED, SIMULATED = "recall", "placebo", "verbalised", "simulated"
NEEDED: Final = (RECALL, PLACEBO)
SEEN: Final = "recall minus placebo"
NEAREST: Final = "nearest to its own country"
NEAREST_PLACEBO: Final = "nearest to its own country, placebo"
RELATED: Final = "recall and simulation error, given entropy"
_ITEM_TYPES: Final = {
    "item_id": "str",
    "tv_recall": "float64",
    "tv_placebo": "float64",
    "tv_verbalised": "float64",
    "tv_simulated": "float64",
    "tv_uniform": "float64",
    "entropy_people": "float64",
    "nearest_recall": "float64",
    "nearest_placebo": "float64",
}
_SUMMARY_TYPES: Final = {
    "statistic": "str",
    "value": "float64",
    "low": "float64",
    "high": "float64",
    "chance": "float64",
    "num_items": "int64",
    "reason": "str",
}
Counted = Sequence[QuestionDistribution]
Peoples = Mapping[str, Mapping[str, ItemReference]]  # population -> item -> shares of everyone


def contamination_items(counted: Mapping[str, Counted], peoples: Peoples, own: str) -> pd.DataFrame:
    """The errors of each item under each way of asking.

    Args:
        counted: `recall` and `placebo`, and `verbalised` and `simulated` where there are such arms -> its
            questions, aligned with the people of the country.
        peoples: Countries whose people the recited figures could be; the country itself among them.
        own: That country.

    Returns:
        One row for each item with people's figures. Columns: item_id; tv_recall, tv_placebo, tv_verbalised,
        tv_simulated: total variation to people, NaN where no reply could be read; tv_uniform: of equal
        shares; entropy_people in nats; nearest_recall, nearest_placebo: credit for being nearest to the own
        country of those that were asked the item alike, NaN where another one was not.
    """
    known = {
        one.question.item_id: normalise(np.array(one.reference.shares))
        for one in reversed(counted[RECALL])
        if one.reference is not None
    }
    items = [item for item in dict.fromkeys(one.question.item_id for one in counted[RECALL]) if item in known]
    people = [known[item] for item in items]
    shares = {name: _shares(counted.get(name, ()), items) for name in (*NEEDED, VERBALISED, SIMULATED)}
    columns: dict[str, object] = {
        f"tv_{name}": total_variations(found, people) for name, found in shares.items()
    }
    columns |= {
        f"nearest_{name}": [
            _nearest(found, item, peoples, own) for found, item in zip(shares[name], items, strict=True)
        ]
        for name in NEEDED
    }
    columns["item_id"] = items
    columns["tv_uniform"] = total_variations([np.full(one.size, 1 / one.size) for one in people], people)
    columns["entropy_people"] = [float(entropy(one)) for one in people]
    return pd.DataFrame(columns, columns=list(_ITEM_TYPES)).astype(_ITEM_TYPES)


def _shares(counted: Counted, items: Sequence[str]) -> list[Array | None]:
    """Over mentions, in the order of the items; None where nobody answered."""
    found = {
        one.question.item_id: normalise(one.counts)
        for one in reversed(list(counted))
        if one.num_answered > 0 and one.counts.sum() > 0
    }
    return [found.get(item) for item in items]


def _nearest(shares: Array | None, item: str, peoples: Peoples, own: str) -> float:
    references = [peoples[name].get(item) for name in peoples]
    found = [one for one in references if one is not None]
    are_alike = len(found) == len(references) and len({one.codes for one in found}) == 1
    if shares is None or own not in peoples or not are_alike:
        return float("nan")
    people = [normalise(np.array(one.shares)) for one in found]
    return nearest_credit(shares, people, list(peoples).index(own))


def contamination_summary(items: pd.DataFrame, num_countries: int) -> pd.DataFrame:
    """What the items say together.

    Args:
        items: From `contamination_items`.
        num_countries: How many peoples the recited figures could be nearest to.

    Returns:
        Columns: statistic (`SEEN`: mean tv_recall minus tv_placebo, below 0: the true name helps; `NEAREST`,
        `NEAREST_PLACEBO`: share of items; `RELATED`: partial rank correlation), value, low, high (95 %, of
        other items), chance (what a model that has seen nothing is expected to have; NaN where that is not
        known), num_items, reason.
    """
    column = {name: items[name].to_numpy(dtype=np.float64) for name in _ITEM_TYPES if name != "item_id"}
    chance = 1 / num_countries if num_countries else float("nan")
    found = [
        (SEEN, mean_difference(column["tv_recall"], column["tv_placebo"]), 0.0),
        (NEAREST, mean_rate(column["nearest_recall"]), chance),
        (NEAREST_PLACEBO, mean_rate(column["nearest_placebo"]), chance),
        (
            RELATED,
            partial_rank_correlation(column["tv_recall"], column["tv_simulated"], column["entropy_people"]),
            float("nan"),
        ),
    ]
    rows = [_summary_row(*one) for one in found]
    return pd.DataFrame(rows, columns=list(_SUMMARY_TYPES)).astype(_SUMMARY_TYPES)


def _summary_row(name: str, found: Estimate, chance: float) -> dict[str, object]:
    return {
        "statistic": name,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "chance": chance,
        "num_items": found.num_items,
        "reason": found.reason,
    }


def contamination_sentence(summary: pd.DataFrame) -> str:
    """What naming the true survey did, in words; nothing can show that figures were not seen."""
    [row] = summary[summary["statistic"] == SEEN].to_dict("records")
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    if row["reason"]:
        return f"Whether figures were seen cannot be told. {row['reason']}"
    size = f"{_number(value)} [{', '.join(sorted((_number(low), _number(high))))}]"
    if high < 0:
        return (
            "Figures are recited: under the survey's true name the stated shares are nearer to people than "
            f"under an invented one, by a total variation of {size}."
        )
    if low > 0:
        return (
            "The survey's true name does not help: the stated shares are farther from people than under an "
            f"invented one, by a total variation of {size}. Figures may have been seen all the same."
        )
    return (
        "No recital is shown: an advantage of the survey's true name over an invented one of more than "
        f"{_number(low)} in total variation is ruled out. Figures may have been seen all the same."
    )


def _number(value: float) -> str:
    """Without its sign, which the words say."""
    return f"{abs(value):.3f}".removeprefix("0")
