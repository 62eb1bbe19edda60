"""People by sex and age: the groups of the bias tables, and where a source's bands add up to them.

Knows no panel and no score.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from def_sim.records import ItemReference

SEXES: Final = ("male", "female")
AGES: Final = ("<=29", "30-49", ">=50")
GROUPS: Final = (*SEXES, *AGES, *(f"{sex}|{age}" for sex in SEXES for age in AGES))
# Bands of a source that has other ones, where they add up to ours.
_FINER: Final = {"<=29": ("18-29",), ">=50": ("50-64", "65+")}

Groups = Mapping[tuple[str, str], ItemReference]  # (item, group) -> people's shares


def group_reference(groups: Groups, item_id: str, group: str) -> ItemReference | None:
    """People of a group on an item; finer age bands are joined where they add up to it."""
    if (item_id, group) in groups:
        return groups[item_id, group]
    parts = [groups.get((item_id, band)) for band in _FINER.get(group, ())]
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    num = sum(part.n for part in known)
    shares = np.sum([np.array(part.shares) * part.n for part in known], axis=0) / num
    # Without the weights of the bands n stands for them, and the effective n is unknown.
    return ItemReference(
        item_id, group, known[0].codes, tuple(shares.tolist()), num, None, quality=known[0].quality
    )
