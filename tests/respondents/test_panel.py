"""The panel: each respondent is drawn on its own, whatever its size and the modifications."""

from collections import Counter
from dataclasses import replace

from survey_examples import a_question, a_survey

from def_sim.records import Persona, Respondent
from def_sim.respondents.decoding import DecodingRules
from def_sim.respondents.memory import MemoryRules
from def_sim.respondents.panel import Modifications, Panel, PanelRules, draw_panel
from def_sim.respondents.personas import PlaceRules
from def_sim.respondents.places import Place

SURVEY = a_survey(a_question())
PLACES = tuple(Place("city", f"City {i}", "Ohio", 100 + i, i % 2 == 0) for i in range(40))
RULES = PanelRules(Modifications(), PlaceRules(), DecodingRules(), MemoryRules())
NOBODY_IN_PARTICULAR = Modifications(prompt=False, configuration=False, memory=False)


def panel(number: int, rules: PanelRules = RULES, seed: int = 1) -> list[Respondent]:
    return list(draw_panel(number, seed, rules, SURVEY, PLACES))


def test_a_panel_of_forty_begins_with_the_panel_of_twenty() -> None:
    assert panel(40)[:20] == panel(20)


def test_another_seed_draws_other_people() -> None:
    assert panel(20, seed=1) != panel(20, seed=2)


def test_names_do_not_depend_on_the_size_of_the_panel() -> None:
    assert [respondent.id for respondent in panel(3)] == ["r00000", "r00001", "r00002"]


def test_with_all_modifications_on_respondents_differ_in_all_three() -> None:
    everyone = panel(40)
    assert all(respondent.persona.is_drawn for respondent in everyone)
    assert len({respondent.persona.place for respondent in everyone}) > 20
    assert len({respondent.decoding for respondent in everyone}) > 5
    assert len({respondent.memory_capacity for respondent in everyone}) > 8


def test_with_all_modifications_off_respondents_differ_in_number_only() -> None:
    everyone = panel(5, replace(RULES, modifications=NOBODY_IN_PARTICULAR))
    fixed = RULES.decoding.fixed()
    people = Persona("the United States", is_drawn=False)
    assert everyone == [Respondent(index, people, fixed, memory_capacity=0) for index in range(5)]


def test_switching_one_modification_off_leaves_the_draws_of_the_others() -> None:
    every = panel(20)
    placeless = panel(20, replace(RULES, modifications=Modifications(prompt=False)))
    assert [r.decoding for r in placeless] == [r.decoding for r in every]
    assert [r.memory_capacity for r in placeless] == [r.memory_capacity for r in every]
    alike = panel(20, replace(RULES, modifications=Modifications(configuration=False)))
    assert [r.persona for r in alike] == [r.persona for r in every]
    forgetful = panel(20, replace(RULES, modifications=Modifications(memory=False)))
    assert {r.memory_capacity for r in forgetful} == {0}
    assert [r.decoding for r in forgetful] == [r.decoding for r in every]


def test_the_capacity_is_uniform_and_its_largest_value_is_drawn() -> None:
    # 16 capacities, 4,000 respondents: 250 each, standard deviation 15.
    rules = replace(RULES, modifications=Modifications(prompt=False))
    counts = Counter(respondent.memory_capacity for respondent in panel(4000, rules))
    assert set(counts) == set(range(16))
    assert all(abs(count - 250) < 70 for count in counts.values())


def test_only_eligible_places_are_drawn() -> None:
    rules = replace(RULES, places=PlaceRules(within_sample=True))
    numbers = [int(r.persona.place.split(",")[0].removeprefix("City ")) for r in panel(100, rules)]
    assert all(number % 2 == 0 for number in numbers)


def test_an_address_drops_the_article_that_a_sentence_needs() -> None:
    [respondent] = panel(1)
    assert respondent.persona.place.endswith(", Ohio, United States")


def test_a_persona_is_written_in_the_language_of_the_questions() -> None:
    survey = a_survey(a_question(language="zh"), language="zh", frame_language="en", population="USA")
    rules = replace(RULES, modifications=NOBODY_IN_PARTICULAR)
    [respondent] = draw_panel(1, 1, rules, survey, ())
    assert respondent.persona.place == "美国"


def test_a_respondent_is_drawn_when_somebody_asks_for_it_and_once() -> None:
    drawn: list[int] = []

    def draw(index: int) -> Respondent:
        drawn.append(index)
        return Respondent(index, Persona("Ohio", is_drawn=False), RULES.decoding.fixed(), memory_capacity=0)

    million = Panel(1_000_000, draw)
    assert (len(million), million[7].id, million[-1].index) == (1_000_000, "r00007", 999_999)
    assert [one.index for one in million[2:12:5]] == [2, 7]
    assert drawn == [7, 999_999, 2]
