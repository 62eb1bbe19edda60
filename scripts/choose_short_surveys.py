"""Chooses the items of the short questionnaires and writes data/surveys/<name>_short.yaml.

A short questionnaire has four items of each of the nine topic groups, for laptops, smoke runs and
expensive models. The rule looks at how sure an item's topic group is and at how good people's figures
are, never at what people answered. In words it is in data/README.md, under "Short questionnaires".

    python scripts/choose_short_surveys.py
"""

from collections.abc import Sequence
from pathlib import Path

from def_sim.records import Dimension, ReferenceQuality
from def_sim.resources import data_folder
from def_sim.surveys.item_bank import Item
from def_sim.surveys.survey import LoadedSurvey, load_survey

FULL = ("us", "cn")
PER_DIMENSION = 4
CONFIDENCE = ("high", "med", "low", None)  # best first; None: nobody has said
QUALITY = (ReferenceQuality.WEIGHTED, ReferenceQuality.APPROXIMATE, ReferenceQuality.UNWEIGHTED)

Standing = tuple[int, int, int]  # people's figures, confidence, variable; 0 is best


class Choice:
    """The items of one questionnaire chosen so far, and what the rule says of the next."""

    def __init__(self, full: LoadedSurvey) -> None:
        self.items = list(full.items.values())
        self.place = {item.id: place for place, item in enumerate(self.items)}
        self.people = full.reference.for_everyone()
        self.chosen: list[Item] = []

    def ids(self) -> list[str]:
        """What was chosen, in the order of the full questionnaire."""
        return sorted((item.id for item in self.chosen), key=self.place.__getitem__)

    def fill(self, dimension: Dimension) -> None:
        """Chooses the items of one topic group."""
        group = [item for item in self.items if item.dimension is dimension]
        self.chosen += self._opening_pair(group)
        while self._num_chosen(dimension) < PER_DIMENSION:
            rest = [item for item in group if item not in self.chosen and item.follow_up_of is None]
            self.chosen.append(min(rest, key=self._preference))

    def _opening_pair(self, group: Sequence[Item]) -> list[Item]:
        """The first follow-up behind its first question, where the group has no better items than these."""
        best = min(self._standing(item) for item in group)
        firsts = {item.id: item for item in group}
        for item in group:
            pair = [firsts.get(item.follow_up_of or ""), item]
            if all(one is not None and self._standing(one) == best for one in pair):
                return [one for one in pair if one is not None]
        return []

    def _standing(self, item: Item) -> Standing:
        """What comes before all else: figures of people, a sure topic group, a checked variable."""
        has_figures = item.id in self.people
        return int(not has_figures), CONFIDENCE.index(item.confidence), int(not item.variable_verified)

    def _preference(self, item: Item) -> tuple[Standing, int, int, bool, float, int]:
        """Smallest first: standing, a source the group lacks, good figures, a new type, far from others."""
        group = [one for one in self.chosen if one.dimension is item.dimension]
        return (
            self._standing(item),
            sum(_source(one) == _source(item) for one in group),
            QUALITY.index(self.people[item.id].quality) if item.id in self.people else len(QUALITY),
            item.type in {one.type for one in group},
            -self._distance(item),
            self.place[item.id],
        )

    def _distance(self, item: Item) -> float:
        """Items between it and the nearest one chosen of its source: neighbours ask much the same."""
        others = [one for one in self.chosen if _source(one) == _source(item)]
        return min((abs(self.place[item.id] - self.place[one.id]) for one in others), default=float("inf"))

    def _num_chosen(self, dimension: Dimension) -> int:
        return sum(one.dimension is dimension for one in self.chosen)


def _source(item: Item) -> str:
    return item.id.partition(".")[0]


def choose_items(full: LoadedSurvey) -> list[str]:
    """The ids of the items of the short form of a questionnaire, in its order."""
    choice = Choice(full)
    for dimension in Dimension:
        choice.fill(dimension)
    return choice.ids()


def short_survey(name: str, data: Path) -> str:
    """The survey file of the short form of a shipped questionnaire, as text."""
    full = load_survey(data / "surveys" / f"{name}.yaml", data)
    survey, chosen = full.survey, choose_items(full)
    sources = list(dict.fromkeys(item_id.partition(".")[0] for item_id in chosen))
    lines = [
        f"# {PER_DIMENSION} items of each topic group of `{name}`. The rule is in data/README.md;",
        "# scripts/choose_short_surveys.py chose them by it and wrote this file.",
        f"name: {name}_short",
        f"title: {survey.title}, short",
        f"short_of: {name}",
        f"population: {survey.population}",
        f"language: {survey.language}",
        f"frame_language: {survey.frame_language}",
        f"sources: [{', '.join(sources)}]",
        "items:",
        *(f"  - {item_id}" for item_id in chosen),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes the short form of each full questionnaire."""
    data = data_folder()
    for name in FULL:
        path = data / "surveys" / f"{name}_short.yaml"
        path.write_text(short_survey(name, data), encoding="utf-8")
        print(f"wrote data/surveys/{path.name}")


if __name__ == "__main__":
    main()
