"""The shipped library, read once: items by source, what was left out, references by population."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import yaml

from def_sim.resources import data_folder
from def_sim.surveys.human_reference import HumanReference, read_reference
from def_sim.surveys.item_bank import Item, read_items

ITEMS, REFERENCES = data_folder() / "items", data_folder() / "references"
FIGURES = Path(__file__).parents[2].parent / "shared" / "figures"  # the tables, where they are at hand
LANGUAGES = ("en", "zh")
_LEFT_OUT = "excluded.yaml"

ITEM_FILES = sorted(path for path in ITEMS.glob("*.yaml") if path.name != _LEFT_OUT)
SHIPPED_REFERENCES = sorted((path.parent.name, path.stem) for path in REFERENCES.glob("*/*.csv"))


@cache
def items_of(source: str) -> dict[str, Item]:
    return {item.id: item for item in read_items(ITEMS / f"{source}.yaml").items}


@cache
def every_item() -> tuple[Item, ...]:
    """All items of all sources, in the order of their files."""
    return tuple(item for path in ITEM_FILES for item in items_of(path.stem).values())


@cache
def left_out() -> tuple[dict[str, str], ...]:
    """The entries of excluded.yaml: an id and why it has no item."""
    return tuple(yaml.safe_load((ITEMS / _LEFT_OUT).read_text(encoding="utf-8"))["excluded"])


@cache
def reference_of(population: str, source: str) -> HumanReference:
    return read_reference(REFERENCES / population / f"{source}.csv", items_of(source), population)


def populations_asked() -> list[str]:
    """All populations that have figures of some source."""
    return sorted({population for population, _ in SHIPPED_REFERENCES})


def runs_of_six(text: str) -> set[tuple[str, ...]]:
    """All runs of six English words, without case and punctuation."""
    words = re.findall(r"[a-z]+", text.lower())
    return {tuple(words[i : i + 6]) for i in range(len(words) - 5)}


def all_runs_of_six(texts: Iterable[str]) -> set[tuple[str, ...]]:
    return {run for text in texts for run in runs_of_six(text)}
