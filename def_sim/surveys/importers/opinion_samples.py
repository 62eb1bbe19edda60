"""Whom GlobalOpinionQA's figures are of: countries, samples of a country, and rules that choose among them.

A key such as "India (Current national sample)" is a country and a sample of it. In several countries the
Global Attitudes Survey asked people of some places only, which its keys call non-national.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import RootModel

from def_sim.errors import ConfigError
from def_sim.surveys.importers.option_kinds import OptionKind
from def_sim.yaml_files import read_validated

COUNTRIES_FILE: Final = "importers/globalopinionqa_countries.yaml"  # under data/
_KEY: Final = re.compile(r"(.+?)(?: \(([^()]*)\))?")
_NATIONAL: Final = ("", "Current national sample")
_RANKED: Final = (*_NATIONAL, "Old national sample", "Non-national sample")


class Rule(StrEnum):
    """Which questions are in `goqa_binary`, and which samples count."""

    PUBLISHED = "published"  # any sample of each country, exactly two listed options
    NATIONAL = "national"  # national samples, two options but for don't know and refused
    NATIONAL_SHOWN = "national_shown"  # national samples, two options that people were shown

    @property
    def is_national(self) -> bool:
        """Whether samples of some places of a country are left out, and samples of long ago."""
        return self is not Rule.PUBLISHED

    def is_binary(self, kinds: Sequence[OptionKind]) -> bool:
        """Whether options of these kinds make a question with two of them."""
        counted = {
            Rule.PUBLISHED: set(OptionKind),
            Rule.NATIONAL: {OptionKind.ANSWER, OptionKind.VOLUNTEERED},
            Rule.NATIONAL_SHOWN: {OptionKind.ANSWER},
        }[self]
        return sum(kind in counted for kind in kinds) == 2


class _Countries(RootModel[dict[str, list[str]]]):
    """ISO alpha-3 code -> the country's names in the file."""


def read_countries(data: Path) -> dict[str, list[str]]:
    """ISO alpha-3 code -> what the file calls the country."""
    return read_validated(data / COUNTRIES_FILE, _Countries).root


def names_of(countries: Iterable[str], known: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """The names of the countries that are asked for.

    Raises:
        ConfigError: A country that the file does not have.
    """
    wanted = list(dict.fromkeys(countries))
    if unknown := [code for code in wanted if code not in known]:
        raise ConfigError(
            f"countries: GlobalOpinionQA has no {unknown[0]!r:.40}.",
            fix=f"Give ISO alpha-3 codes, as in 'countries=[USA,JPN]' (all: data/{COUNTRIES_FILE}).",
        )
    return {code: known[code] for code in wanted}


def best_sample(keys: Collection[str], names: Sequence[str], rule: Rule) -> str | None:
    """The key of a country's figures: a national or current sample, else an old, else a non-national one.

    Args:
        keys: Of a row.
        names: What the file calls the country.
        rule: Whether samples that are not national count.

    Returns:
        None: the row has none that counts.
    """
    ranked = [(_rank(sample), key) for key in keys for name, sample in [_parted(key)] if name in names]
    counting = [one for one in ranked if not rule.is_national or one[0] < len(_NATIONAL)]
    return min(counting)[1] if counting else None


def _parted(key: str) -> tuple[str, str]:
    match = _KEY.fullmatch(key.strip())
    return (match.group(1), match.group(2) or "") if match else (key, "")


def _rank(sample: str) -> int:
    return _RANKED.index(sample) if sample in _RANKED else len(_RANKED)
