"""Each respondent's own place: which places can be drawn, how often, and how they read."""

from collections import Counter

import pytest

from def_sim.randomness import keyed_rng
from def_sim.records import Persona
from def_sim.respondents.personas import PlaceRules, draw_persona, eligible_places
from def_sim.respondents.places import Place

COLUMBUS = Place("city", "Columbus", "Ohio", 900, in_reference_sample=True)
BOSTON = Place("city", "Boston", "Massachusetts", 75, in_reference_sample=None)
HILO = Place("city", "Hilo", "Hawaii", 25, in_reference_sample=False)
PLACES = (COLUMBUS, BOSTON, HILO)


def drawn(rules: PlaceRules, number: int = 4000) -> Counter[str]:
    people = (
        draw_persona(PLACES, rules, "United States", "en", keyed_rng(1, f"r{i:05d}", "place"))
        for i in range(number)
    )
    return Counter(persona.place.split(",")[0] for persona in people)


def test_a_place_reads_as_city_region_and_country() -> None:
    persona = draw_persona([COLUMBUS], PlaceRules(), "United States", "en", keyed_rng(1))
    assert persona == Persona("Columbus, Ohio, United States", is_drawn=True)


def test_a_chinese_place_reads_from_the_largest_to_the_smallest() -> None:
    wuhan = Place("city", "武汉", "湖北省", 1, None)
    assert draw_persona([wuhan], PlaceRules(), "中国", "zh", keyed_rng(1)).place == "中国湖北省武汉"


def test_uniform_places_are_drawn_equally_often() -> None:
    # 1,333 of 4,000 for each of 3; standard deviation sqrt(4000 * 2/9) = 30.
    assert all(abs(count - 4000 / 3) < 130 for count in drawn(PlaceRules()).values())


def test_weighted_places_are_drawn_as_people_are_spread() -> None:
    # Shares .9, .075, .025 of 4,000: standard deviations 19, 17, 10.
    counts = drawn(PlaceRules(weighting="population"))
    assert counts["Columbus"] == pytest.approx(3600, abs=80)
    assert counts["Boston"] == pytest.approx(300, abs=70)
    assert counts["Hilo"] == pytest.approx(100, abs=45)


def test_places_known_to_be_outside_the_sample_can_be_left_out() -> None:
    assert eligible_places(PLACES, PlaceRules(within_sample=True)) == [COLUMBUS, BOSTON]
    assert eligible_places(PLACES, PlaceRules()) == [COLUMBUS, BOSTON, HILO]
