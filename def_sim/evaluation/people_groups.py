"""People by sex and age: the groups of the bias tables, and where a source's bands add up to them.

Knows no panel and no score.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from def_sim.records import AGES, SEXES, ItemReference

__all__ = ["AGES", "GROUPS", "SEXES", "Groups", "group_reference", "independent_people"]

GROUPS: Final = (*SEXES, *AGES, *(f"{sex}|{age}" for sex in SEXES for age in AGES))
EVERYONE: Final = "all"
# Bands of a source that has other ones, where they add up to ours.
_FINER: Final = {"<=29": ("18-29",), ">=50": ("50-64", "65+")}

_MOST_OF_EVERYONE: Final = 0.99  # a group that is everyone differs by nothing

Groups = Mapping[tuple[str, str], ItemReference]  # (item, group) -> people's shares


def group_reference(groups: Groups, item_id: str, group: str) -> ItemReference | None:
    """People of a group on an item; finer age bands are joined where they add up to it.

    Shares without a number of people are left out, the group's or everyone's: nothing can be tested on them.
    """
    everyone = groups.get((item_id, EVERYONE))
    if everyone is not None and everyone.n is None:
        return None
    if (item_id, group) in groups:
        found = groups[item_id, group]
        return found if found.n is not None else None
    parts = [groups.get((item_id, band)) for band in _FINER.get(group, ())]
    known = [part for part in parts if part is not None]
    sizes = [part.n for part in known if part.n is not None]
    if not known or len(sizes) < len(parts):
        return None
    num = sum(sizes)
    shares = np.sum([np.array(part.shares) * n for part, n in zip(known, sizes, strict=True)], axis=0) / num
    return ItemReference(
        item_id,
        group,
        known[0].codes,
        tuple(shares.tolist()),
        num,
        _joined_effective_n(known, sizes),
        quality=known[0].quality,
    )


def _joined_effective_n(bands: Sequence[ItemReference], sizes: Sequence[int]) -> float | None:
    """Effective n of a mean over bands with weights in proportion to n; None where a band's is unknown.

    The variance of the joined share is the sum of the bands', each times its squared weight, so
    1 / n_effective = sum of weight^2 / n_effective of the band. It is Kish's n of all people of the bands if
    the bands' shares of n are those of the weights, whose sums are not in the figures.
    """
    effective = [band.effective_people for band in bands if band.effective_people]
    if len(effective) < len(bands):
        return None
    num = sum(sizes)
    return 1 / sum((n / num) ** 2 / worth for n, worth in zip(sizes, effective, strict=True))


def independent_people(group: ItemReference, everyone: ItemReference) -> float:
    """How many people drawn from everyone differ from everyone by as much as a group does by chance.

    A group is a part of everyone, so its own people are on both sides: the variance of the difference is
    1 - n_group / n_all of that of other people, as in drawing without replacement.

    Args:
        group: Of an item, with a number of people.
        everyone: Of the same item, the group among them.
    """
    assert group.n is not None  # `group_reference` has no others
    assert everyone.n is not None
    return group.n_for_uncertainty / (1 - min(group.n / everyone.n, _MOST_OF_EVERYONE))
