"""Place lists: the cities and regions a respondent can be said to live in.

Reads one country's list in one language and says how a place reads in a sentence.
It draws nothing and does not know which places a protocol uses, nor the countries' names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError

LEVELS = ("city", "region")

_MOST_DIGITS = 11  # there are not 100 billion people
_FLAGS = {"true": True, "false": False, "unknown": None}
_FIX = "Correct the row; the format is described in README.md beside the place lists."
# Written without separators, the largest unit first.
_LARGEST_FIRST_LANGUAGES = frozenset({"zh"})
# A city that is its own region differs from it by one of these: 北京市, 东京都, 波哥大首都区.
_OWN_REGION_ENDINGS = ("", "市", "都", "首都区")


@dataclass(frozen=True, slots=True)
class Place:
    """A city or a region (state, province) of a country, in one language.

    A region's `region` is the region itself; so is, but for an ending such as 市 in Chinese,
    that of a city that is its own region: Beijing, Tokyo, Bogotá.
    """

    level: str  # one of LEVELS
    name: str
    region: str
    population: int  # people, at least 1
    in_reference_sample: bool | None  # of its region; None: not known


def read_places(path: Path, *, level: str, language: str) -> tuple[Place, ...]:
    """Places of one level in the order of the list. The other level's rows are checked, too.

    A draw restricted to the regions of the reference sample can only leave out places
    known not to be in it (False): for many regions nothing is known.

    Args:
        path: A CSV file with the columns level, name_<language>, region_<language>,
            population and in_reference_sample (true, false or unknown).
        level: "city" or "region".
        language: Code of a language the list has names in, e.g. "zh".

    Raises:
        SurveyFormatError: No such file or level, a column is missing, or a row has an
            unknown level, an empty name, a bad number or flag, or stands there twice.
            File and line are named.
    """
    if level not in LEVELS:
        raise SurveyFormatError(
            f"Places have the levels {' and '.join(LEVELS)}, not {level!r}.",
            fix="Choose one of these as the level of the places.",
        )
    places: dict[tuple[str, str, str], Place] = {}
    for line, row in _read_rows(path, language):
        place = _read_place(row, language, where=f"{path}, line {line}")
        key = (place.level, place.name, place.region)
        if key in places:
            raise SurveyFormatError(
                f"{path}, line {line}: {place.name!r:.40} in {place.region!r:.40} is listed twice.", fix=_FIX
            )
        places[key] = place
    chosen = tuple(place for place in places.values() if place.level == level)
    if not chosen:
        raise SurveyFormatError(f"{path}, line 1: the list has no row of level {level!r}.", fix=_FIX)
    return chosen


def place_text(place: Place, country_name: str, language: str) -> str:
    """How a place reads: "Columbus, Ohio, United States", "美国俄亥俄州哥伦布".

    A region, and a city that is its own region, is named once: "中国北京", "Tokyo, Japan".

    Args:
        place: A place with its names in `language`.
        country_name: The country in that language; an English article is dropped.
        language: Code of the language, which decides order and separators.
    """
    parts = [place.name]
    # Beijing is the city 北京 in the region 北京市: neither is said twice.
    if place.region not in {place.name + ending for ending in _OWN_REGION_ENDINGS}:
        parts.append(place.region)
    if language in _LARGEST_FIRST_LANGUAGES:
        return "".join([country_name, *reversed(parts)])
    # In a sentence it is "the United States", in an address it is not.
    return ", ".join([*parts, country_name.removeprefix("the ")])


def _read_rows(path: Path, language: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row as column -> text, with the number of its line in the file."""
    rows = read_rows(path, fix=_FIX)
    _, columns = next(rows, (1, []))
    _check_columns(path, columns, language)
    for line, fields in rows:
        yield line, dict(zip(columns, fields, strict=True))


def _check_columns(path: Path, columns: Sequence[str], language: str) -> None:
    needed = ("level", f"name_{language}", f"region_{language}", "population", "in_reference_sample")
    missing = [column for column in needed if column not in columns]
    if missing:
        raise SurveyFormatError(
            f"{path}, line 1: the header lacks the columns {', '.join(missing)}.",
            fix=f"Add them, or ask in a language that the list has (it was read for {language!r}).",
        )


def _read_place(row: dict[str, str], language: str, *, where: str) -> Place:
    level = row["level"].strip()
    if level not in LEVELS:
        raise SurveyFormatError(
            f"{where}: the level is {level!r:.40}, not one of {', '.join(LEVELS)}.", fix=_FIX
        )
    return Place(
        level=level,
        name=_read_name(row, f"name_{language}", where),
        region=_read_name(row, f"region_{language}", where),
        population=_read_population(row["population"], where),
        in_reference_sample=_read_flag(row["in_reference_sample"], where),
    )


def _read_name(row: dict[str, str], column: str, where: str) -> str:
    name = row[column].strip()
    if not name:
        raise SurveyFormatError(f"{where}: {column} is empty.", fix=_FIX)
    return name


def _read_population(text: str, where: str) -> int:
    digits = text.strip()
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS
    if not (is_number and int(digits) > 0):
        raise SurveyFormatError(
            f"{where}: the population is {text!r:.40}, not a whole number above 0 in plain digits.",
            fix=_FIX,
        )
    return int(digits)


def _read_flag(text: str, where: str) -> bool | None:
    flag = text.strip()
    if flag not in _FLAGS:
        raise SurveyFormatError(
            f"{where}: in_reference_sample is {text!r:.40}, not one of {', '.join(_FLAGS)}.", fix=_FIX
        )
    return _FLAGS[flag]
