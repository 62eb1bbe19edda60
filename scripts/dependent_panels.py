"""Worlds whose people's answers hang together in different ways, all with the shipped shares of a country.

`structure`: by the shipped correlations between items, where they are known; `style`: one habit behind all
items, which pushes a person towards the same end of every list of options; `independent`: not at all.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from scipy.stats import norm

from def_sim.evaluation.people_groups import GROUPS, group_reference
from def_sim.metrics.choice_array import Choices
from def_sim.metrics.people_panels import draw_panels_of_people
from def_sim.metrics.sample import Array, normalise
from def_sim.records import QuestionType
from def_sim.resources import data_folder
from def_sim.surveys.human_reference import read_reference
from def_sim.surveys.human_structure import shipped_structure
from def_sim.surveys.item_bank import read_items

WORLDS: Final = ("structure", "style", "independent")
STYLE: Final = 0.5  # correlation of any two items before they are cut into options, in `style`


class People:
    """The people of a country on its items of the World Values Survey with one choice."""

    def __init__(self, population: str = "USA") -> None:
        structure = shipped_structure(population)
        assert structure is not None, f"no correlations of {population}"
        items = {item.id: item for item in read_items(data_folder() / "items" / "wvs7.yaml").items}
        path = data_folder() / "references" / population / "wvs7.csv"
        reference = read_reference(path, items, population)
        everyone = reference.for_everyone()
        self.item_ids = [name for name in everyone if items[name].type is not QuestionType.MULTIPLE]
        self.shares = [normalise(np.array(everyone[name].shares)) for name in self.item_ids]
        self.num_options = [one.size for one in self.shares]
        self.is_scale = np.array([items[name].type is QuestionType.SCALE for name in self.item_ids])
        self.r = structure.of_items(self.item_ids).correlations
        self.of_groups = {
            group: [self._of_group(reference.items, name, group) for name in self.item_ids]
            for group in GROUPS
        }

    def _of_group(self, references: dict, item_id: str, group: str) -> Array:
        found = group_reference(references, item_id, group)
        assert found is not None, f"{item_id} has no figures of {group}"
        return normalise(np.array(found.shares))

    def panels(
        self,
        world: str,
        num_respondents: int,
        rng: np.random.Generator,
        num_panels: int,
        shares: Sequence[Array] | None = None,
    ) -> Iterator[Choices]:
        """Answers of N people each, shape (N, Q), by the shares of everyone or by other ones."""
        wanted = self.shares if shares is None else list(shares)
        if world == "style":
            yield from (_with_style(wanted, num_respondents, rng) for _ in range(num_panels))
            return
        r = self.r if world == "structure" else np.full_like(self.r, np.nan)
        everyone = np.ones((num_respondents, len(wanted)), dtype=np.bool_)
        for drawn in draw_panels_of_people(r, wanted, everyone, rng, num_panels):
            yield drawn.astype(np.int64)


def _with_style(shares: Sequence[Array], num_respondents: int, rng: np.random.Generator) -> Choices:
    habit = rng.standard_normal((num_respondents, 1))
    own = rng.standard_normal((num_respondents, len(shares)))
    places = norm.cdf(np.sqrt(STYLE) * habit + np.sqrt(1 - STYLE) * own)
    columns = [np.searchsorted(np.cumsum(one)[:-1], places[:, item]) for item, one in enumerate(shares)]
    return np.array(columns).T
