"""Made people of the General Social Survey in the layout of NORC's file; every item has answers."""

import numpy as np
from people_files import Cell, People

from def_sim.resources import data_folder
from def_sim.surveys.item_bank import Item, read_items

ITEMS: tuple[Item, ...] = tuple(read_items(data_folder() / "items/gss2022.yaml").items)
NUM_PEOPLE = 400
NUM_OVERSAMPLE = 40  # the first ones have no weight
_TAG_LABELS = {".i": "iap", ".d": "don't know", ".n": "no answer", ".s": "skipped on web"}


def gss_people(*, names: str = "lower") -> People:
    """The people; every third was not asked an item (another ballot), a few do not know or skipped it."""
    rng = np.random.default_rng(1)
    columns: dict[str, list[Cell]] = {"year": [2022.0] * NUM_PEOPLE}
    labels: dict[str, dict[float | str, str]] = {}
    for item in ITEMS:
        codes = [*(option.code for option in item.options), *item.volunteered]
        answers = rng.choice(codes, NUM_PEOPLE)
        reasons = rng.choice([".i", ".d", ".n", ".s", ""], NUM_PEOPLE, p=[0.3, 0.06, 0.02, 0.02, 0.6])
        columns[item.variable] = [
            str(reason) or float(code) for code, reason in zip(answers, reasons, strict=True)
        ]
        labels[item.variable] = {
            float(code): f"answer {code} of {item.variable}" for code in codes
        } | _TAG_LABELS
    weights = rng.gamma(2, 0.5, NUM_PEOPLE).round(6)
    columns["wtssnrps"] = [None if n < NUM_OVERSAMPLE else float(w) for n, w in enumerate(weights)]
    columns["sex"] = [float(code) for code in rng.integers(1, 3, NUM_PEOPLE)]
    columns["age"] = [float(age) for age in rng.integers(18, 90, NUM_PEOPLE)]
    columns["vstrat"] = [float(code) for code in rng.integers(3000, 3020, NUM_PEOPLE)]
    columns["vpsu"] = [float(code) for code in rng.integers(1, 3, NUM_PEOPLE)]
    labels["sex"] = {1.0: "male", 2.0: "female"}
    change = str.upper if names == "upper" else str.lower
    return People(
        {change(name): values for name, values in columns.items()},
        {change(name): values for name, values in labels.items()},
    )
