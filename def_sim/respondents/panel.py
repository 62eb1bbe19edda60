"""The panel: who answers. Each respondent is drawn on its own, whatever the size of the panel."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, overload

from def_sim.randomness import keyed_rng
from def_sim.records import Persona, Respondent, Survey
from def_sim.respondents.decoding import DecodingRules, draw_decoding
from def_sim.respondents.memory import MemoryRules
from def_sim.respondents.personas import PlaceRules, draw_persona, eligible_places
from def_sim.respondents.places import Place
from def_sim.respondents.quotas import Quotas, person_of


@dataclass(frozen=True, slots=True)
class Modifications:
    """The three modifications of the Diversity-Enhanced Framework, each on or off.

    Args:
        prompt: Each respondent has a place of its own.
        configuration: Each respondent has a decoding configuration of its own.
        memory: Each respondent has a bounded memory of its own.
        persona: What the prompt says of a respondent: the "place", or sex and age as well ("demographic").
        quotas: By which sex and age are drawn: those of the people compared with ("reference"), as many
            of each ("equal"), or those of a "file".
        quotas_file: The CSV of sex, age and share that quotas=file reads.

    Raises:
        ValueError: Sex and age without the modification of the prompt, or quotas that belong to nothing.
    """

    prompt: bool = True
    configuration: bool = True
    memory: bool = True
    persona: Literal["place", "demographic"] = "place"
    quotas: Literal["reference", "equal", "file"] = "reference"
    quotas_file: str | None = None

    def __post_init__(self) -> None:
        if self.has_persons and not self.prompt:
            raise ValueError(
                "persona=demographic says sex and age in the prompt, so it needs modifications.prompt=true, "
                "found false"
            )
        if not self.has_persons and (self.quotas != "reference" or self.quotas_file is not None):
            raise ValueError("quotas are of sex and age: they need modifications.persona=demographic")
        if (self.quotas == "file") != (self.quotas_file is not None):
            raise ValueError(
                "quotas=file and quotas_file=FILE go together, "
                f"found quotas={self.quotas} and quotas_file={self.quotas_file or 'null'}"
            )

    @property
    def has_persons(self) -> bool:
        """Whether respondents have a sex and an age."""
        return self.persona == "demographic"

    def definition(self, quotas_hash: str) -> dict[str, Any]:
        """What of them defines a run.

        Args:
            quotas_hash: Names the shares that sex and age are drawn by, wherever a file of them lies. Said
                only where there are any: runs of before knew none, and runs without keep their folders.
        """
        switches = {"prompt": self.prompt, "configuration": self.configuration, "memory": self.memory}
        if not self.has_persons:
            return switches
        return switches | {"persona": f"sex and age ({self.quotas} quotas)", "quota_shares": quotas_hash}


@dataclass(frozen=True, slots=True)
class PanelRules:
    """Everything a panel is drawn by."""

    modifications: Modifications
    places: PlaceRules
    decoding: DecodingRules
    memory: MemoryRules
    quotas: Quotas | None = None  # of sex and age; None: nothing is said of them


class Panel(Sequence[Respondent]):
    """The first N respondents of a run, each drawn when somebody asks for it, and kept.

    A shard of a large panel so draws its own respondents and no others.

    Args:
        num_respondents: N.
        draw: Gives the respondent of a number.
    """

    def __init__(self, num_respondents: int, draw: Callable[[int], Respondent]) -> None:
        self._numbers = range(num_respondents)
        self._draw = draw
        self._drawn: dict[int, Respondent] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Respondent: ...

    @overload
    def __getitem__(self, place: slice) -> list[Respondent]: ...

    def __getitem__(self, place: int | slice) -> Respondent | list[Respondent]:
        if isinstance(place, slice):
            return [self._respondent(number) for number in self._numbers[place]]
        return self._respondent(self._numbers[place])

    def __iter__(self) -> Iterator[Respondent]:
        return map(self._respondent, self._numbers)

    def _respondent(self, number: int) -> Respondent:
        found = self._drawn.get(number)
        if found is None:
            found = self._drawn[number] = self._draw(number)
        return found


def draw_panel(
    num_respondents: int, seed: int, rules: PanelRules, survey: Survey, places: Sequence[Place]
) -> Panel:
    """The first N respondents of the run; a larger panel begins with the same ones."""
    eligible = eligible_places(places, rules.places)
    draw = partial(draw_respondent, seed=seed, rules=rules, survey=survey, places=eligible)
    return Panel(num_respondents, draw)


def draw_respondent(
    index: int, seed: int, rules: PanelRules, survey: Survey, places: Sequence[Place]
) -> Respondent:
    """One respondent. Each of its draws is keyed by (seed, respondent, purpose)."""
    switched_on = rules.modifications
    # The persona is written in the language of the questions, as in the study.
    country = survey.persona_country_name
    persona = Persona(place=country, is_drawn=False)
    decoding = rules.decoding.fixed()
    capacity = 0
    name = Respondent(index, persona, decoding, capacity).id
    if switched_on.prompt:
        persona = draw_persona(
            places,
            rules.places,
            country.removeprefix("the "),
            survey.language,
            keyed_rng(seed, name, "place"),
        )
    if rules.quotas is not None:
        sex, age = person_of(index, seed, rules.quotas)
        persona = replace(persona, sex=sex, age=age)
    if switched_on.configuration:
        decoding = draw_decoding(rules.decoding, keyed_rng(seed, name, "decoding"))
    if switched_on.memory:
        low, high = rules.memory.min_capacity, rules.memory.max_capacity
        capacity = int(keyed_rng(seed, name, "capacity").integers(low, high + 1))
    return Respondent(index, persona, decoding, capacity)
