"""What the provenance of figures and the terminal say of the people behind them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from def_sim import __version__
from def_sim.surveys.importers.contract import PopulationFigures
from def_sim.surveys.importers.documents import items_in_words
from def_sim.surveys.importers.people import People
from def_sim.surveys.importers.peoples_structure import ratio_in_words


def facts_of(people: People) -> dict[str, Any]:
    """Fields of a `ReferenceSource`: how many people, strata and clusters, as far as the file says."""
    design = people.design
    facts = {"num_people": len(people.weights), "version": __version__}
    if design is None:
        return facts
    return facts | {
        "num_strata": None if people.strata is None else int(design.stratum_of.max()) + 1,
        "num_clusters": None if people.clusters is None else len(design.stratum_of),
        "num_lone_clusters": None if people.clusters is None else design.num_lone_clusters,
    }


def lines_of(one: PopulationFigures) -> Iterator[str]:
    """What was found of one population, a line each."""
    of, space = one.provenance, " " * 14
    everyone = [figures for figures in one.figures if figures.group == "all"]
    clusters = f" in {of.num_clusters:,} clusters" if of.num_clusters is not None else ""
    yield (
        f"{of.population:<13} {items_in_words(len(everyone))} with figures, "
        f"{of.num_people or 0:,} people{clusters}, weight {of.weight}"
    )
    for why, number in of.left_out.items():
        yield f"{space}{number:,} people left out: {why}"
    effects = [figures.design_effect for figures in everyone if figures.design_effect is not None]
    if effects:
        yield f"{space}design effect {np.median(effects):.2f} in the median of its items"
    if one.structure is not None:
        yield f"{space}{len(one.structure.pairs):,} correlations between items"
        ratio = ratio_in_words(one.structure.halves)
        yield f"{space}halves of its people over halves that are drawn: {ratio}"
