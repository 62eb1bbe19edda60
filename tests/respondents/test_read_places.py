"""How a place list is read, what is wrong with a bad one, and how a place reads in a sentence."""

from pathlib import Path

import pytest

from def_sim.errors import SurveyFormatError
from def_sim.respondents.places import Place, place_text, read_places

HEADER = "level,name_en,name_zh,region_en,region_zh,population,in_reference_sample"
WUHAN = "city,Wuhan,武汉,Hubei,湖北省,10392693,unknown"
BEIJING = "city,Beijing,北京,Beijing,北京市,18960744,true"
HUBEI = "region,Hubei,湖北省,Hubei,湖北省,57752557,unknown"
TAIWAN = "region,Taiwan Province,台湾省,Taiwan Province,台湾省,23561236,false"


def write_list(folder: Path, *lines: str) -> Path:
    path = folder / "CHN.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def city(name: str, region: str) -> Place:
    return Place("city", name, region, 1, None)


def test_places_of_one_level_come_in_the_order_of_the_list(tmp_path: Path) -> None:
    path = write_list(tmp_path, HEADER, BEIJING, HUBEI, WUHAN, TAIWAN)

    assert read_places(path, level="city", language="en") == (
        Place("city", "Beijing", "Beijing", 18960744, True),
        Place("city", "Wuhan", "Hubei", 10392693, None),
    )


def test_names_come_in_the_language_asked_for(tmp_path: Path) -> None:
    path = write_list(tmp_path, HEADER, WUHAN, HUBEI, TAIWAN)

    assert read_places(path, level="region", language="zh") == (
        Place("region", "湖北省", "湖北省", 57752557, None),
        Place("region", "台湾省", "台湾省", 23561236, False),
    )


def test_a_list_saved_by_a_spreadsheet_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "CHN.csv"
    path.write_text(f"{HEADER}\n{WUHAN}\n", encoding="utf-8-sig")

    assert [place.name for place in read_places(path, level="city", language="zh")] == ["武汉"]


def test_the_same_name_in_two_regions_is_two_places(tmp_path: Path) -> None:
    jiangsu = "city,Suzhou,苏州,Jiangsu,江苏省,6715559,true"
    anhui = "city,Suzhou,宿州,Anhui,安徽省,1647642,true"

    assert len(read_places(write_list(tmp_path, HEADER, jiangsu, anhui), level="city", language="en")) == 2


@pytest.mark.parametrize(
    ("bad_row", "complaint"),
    [
        ("village,Wuhan,武汉,Hubei,湖北省,1,true", "the level is 'village'"),
        ("city,,武汉,Hubei,湖北省,1,true", "name_en is empty"),
        ("city,Wuhan,武汉,  ,湖北省,1,true", "region_en is empty"),
        ("city,Wuhan,武汉,Hubei,湖北省,many,true", "the population is 'many'"),
        ("city,Wuhan,武汉,Hubei,湖北省,1e6,true", "the population is '1e6'"),
        ("city,Wuhan,武汉,Hubei,湖北省,0,true", "the population is '0'"),
        ("city,Wuhan,武汉,Hubei,湖北省,-5,true", "the population is '-5'"),
        ("city,Wuhan,武汉,Hubei,湖北省,,true", "the population is ''"),
        ("city,Wuhan,武汉,Hubei,湖北省,1,yes", "in_reference_sample is 'yes'"),
        ("city,Wuhan,武汉,Hubei,湖北省,1", "expected 7 fields, as in the header, found 6"),
        ("city,Wuhan,武汉,Hubei,湖北省,10,392,693,true", "expected 7 fields, as in the header, found 9"),
        (BEIJING, "'Beijing' in 'Beijing' is listed twice"),
        ("region,,湖北省,Hubei,湖北省,1,true", "name_en is empty"),  # of the level not asked for
    ],
)
def test_a_malformed_row_is_named_with_file_and_line(tmp_path: Path, bad_row: str, complaint: str) -> None:
    path = write_list(tmp_path, HEADER, BEIJING, bad_row)

    with pytest.raises(SurveyFormatError) as caught:
        read_places(path, level="city", language="en")

    assert f"{path}, line 3: " in caught.value.message
    assert complaint in caught.value.message
    assert caught.value.fix


def test_a_language_the_list_has_no_names_in_is_named(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="line 1: the header lacks the columns name_ja, region_ja"):
        read_places(write_list(tmp_path, HEADER, WUHAN), level="city", language="ja")


def test_an_empty_file_lacks_every_column(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="lacks the columns level, name_en"):
        read_places(write_list(tmp_path), level="city", language="en")


def test_a_list_without_the_level_asked_for_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="no row of level 'region'"):
        read_places(write_list(tmp_path, HEADER, WUHAN), level="region", language="en")


def test_a_level_that_places_do_not_have_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="city and region, not 'cities'"):
        read_places(write_list(tmp_path, HEADER, WUHAN), level="cities", language="en")


def test_a_missing_list_says_so(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="does not exist"):
        read_places(tmp_path / "JPN.csv", level="city", language="en")


def test_a_list_in_another_encoding_says_so(tmp_path: Path) -> None:
    path = tmp_path / "CHN.csv"
    path.write_text(f"{HEADER}\n{WUHAN}\n", encoding="gb18030")

    with pytest.raises(SurveyFormatError, match="is not UTF-8 text"):
        read_places(path, level="city", language="en")


def test_an_english_place_reads_from_small_to_large_without_the_article() -> None:
    assert place_text(city("Columbus", "Ohio"), "the United States", "en") == "Columbus, Ohio, United States"


def test_a_chinese_place_reads_from_large_to_small() -> None:
    assert place_text(city("武汉", "湖北省"), "中国", "zh") == "中国湖北省武汉"
    assert place_text(city("哥伦布", "俄亥俄州"), "美国", "zh") == "美国俄亥俄州哥伦布"


def test_a_municipality_is_named_once() -> None:
    assert place_text(city("Beijing", "Beijing"), "China", "en") == "Beijing, China"
    assert place_text(city("北京", "北京市"), "中国", "zh") == "中国北京"


def test_a_capital_that_is_its_own_region_is_named_once() -> None:
    assert place_text(city("Tokyo", "Tokyo"), "Japan", "en") == "Tokyo, Japan"
    assert place_text(city("东京", "东京都"), "日本", "zh") == "日本东京"
    assert place_text(city("莫斯科", "莫斯科市"), "俄罗斯", "zh") == "俄罗斯莫斯科"
    assert place_text(city("波哥大", "波哥大首都区"), "哥伦比亚", "zh") == "哥伦比亚波哥大"


def test_a_city_keeps_a_region_that_only_begins_like_it() -> None:
    assert place_text(city("Osaka", "Osaka Prefecture"), "Japan", "en") == "Osaka, Osaka Prefecture, Japan"
    assert place_text(city("大阪", "大阪府"), "日本", "zh") == "日本大阪府大阪"
    assert place_text(city("八王子", "东京都"), "日本", "zh") == "日本东京都八王子"


def test_a_city_that_shares_the_characters_of_its_province_keeps_both() -> None:
    assert place_text(city("吉林", "吉林省"), "中国", "zh") == "中国吉林省吉林"


def test_a_region_is_named_once() -> None:
    assert place_text(Place("region", "Ohio", "Ohio", 1, None), "the United States", "en") == (
        "Ohio, United States"
    )
    assert place_text(Place("region", "湖北省", "湖北省", 1, None), "中国", "zh") == "中国湖北省"
