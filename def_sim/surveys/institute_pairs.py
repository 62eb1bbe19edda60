"""Questions that two sources put to the same people in nearly the same way, and what these answered.

`data/institutes/pairs.yaml` says which codes of each side are the same answer and what differs;
`pairs.csv` beside it holds both sides' shares of these answers. Knows no panel and no score.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, model_validator

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError
from def_sim.yaml_files import read_validated

PAIRS_FILE: Final = "institutes/pairs.yaml"  # under data/
SHARES_FILE: Final = "institutes/pairs.csv"
COLUMNS: Final = ("pair", "side", "category", "share", "n", "n_effective", "quality")
SIDES: Final = ("first", "second")
POPULATION: Final = "USA"  # whose people both sides of every pair are
_SUM_TOLERANCE: Final = 1e-4

Category = tuple[str, tuple[int, ...], tuple[int, ...]]  # words, codes of the first side, of the second


def codes_of(category: Category, side: int) -> tuple[int, ...]:
    """Codes of a category on the first side, 0, or the second, 1."""
    return category[2] if side else category[1]


class PairKind(StrEnum):
    """What differs between the two sides of a pair."""

    INSTITUTE = "institute"  # words, institute, mode, weights and year may all do
    WORDING = "wording"  # two versions that one survey gave to random halves of its people


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PairSource(_Strict):
    """A survey that pairs are taken from."""

    title: str
    year: int


class Scale(_Strict):
    """Categories that several pairs share."""

    categories: tuple[Category, ...]


class PairEntry(_Strict):
    """One pair, as the file has it."""

    id: str
    topic: str
    kind: PairKind
    first: str  # <source>.<variable>; an item of ours where the item files have it
    second: str
    differs: str  # in our words
    scale: str | None = None  # name of shared categories, or
    categories: tuple[Category, ...] = ()
    left_out: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())  # codes of each side in no category


class PairFile(_Strict):
    """The whole file."""

    sources: Mapping[str, PairSource]
    scales: Mapping[str, Scale]
    pairs: tuple[PairEntry, ...]

    @model_validator(mode="after")
    def _each_code_has_one_category(self) -> "PairFile":
        for pair in self.pairs:
            if (pair.scale is None) == (not pair.categories) or pair.scale not in {None, *self.scales}:
                raise ValueError(f"{pair.id}: expected a `scale` of the file or `categories`, one of the two")
            for side in (0, 1):
                codes = [code for one in self.categories_of(pair) for code in codes_of(one, side)]
                if len(codes + list(pair.left_out[side])) > len({*codes, *pair.left_out[side]}):
                    raise ValueError(f"{pair.id}: a code of the {SIDES[side]} side stands twice")
        return self

    def categories_of(self, pair: PairEntry) -> tuple[Category, ...]:
        """Its own categories or those of its scale."""
        return pair.categories if pair.scale is None else self.scales[pair.scale].categories


@dataclass(frozen=True, slots=True)
class Side:
    """What the people of one source answered. K categories."""

    name: str  # <source>.<variable>
    source: PairSource
    codes: tuple[tuple[int, ...], ...]  # of each category
    shares: tuple[float, ...]  # of those in a category; sums to 1
    n: int
    n_effective: float | None  # None: the weights are unknown

    @property
    def n_for_uncertainty(self) -> float:
        """n_effective, or n where that is unknown (which understates the uncertainty)."""
        return float(self.n) if self.n_effective is None else self.n_effective


@dataclass(frozen=True, slots=True)
class InstitutePair:
    """Two questions that are nearly the same, and the answers of both sources' people."""

    id: str
    topic: str
    kind: PairKind
    differs: str
    categories: tuple[str, ...]
    first: Side
    second: Side

    def other_of(self, item_id: str) -> Side | None:
        """The side that an item is not; None if it is neither."""
        return {self.first.name: self.second, self.second.name: self.first}.get(item_id)


def read_pair_file(data: Path) -> PairFile:
    """The pairs and their categories, without figures.

    Raises:
        SurveyFormatError: The file breaks its format; with file and line.
    """
    return read_validated(data / PAIRS_FILE, PairFile)


def read_institute_pairs(data: Path, population: str = POPULATION) -> tuple[InstitutePair, ...]:
    """All pairs with the figures of both sides, in the order of the file; none of another country.

    Raises:
        SurveyFormatError: A file breaks its format, or a pair has no figures; with file and line.
    """
    if population != POPULATION:
        return ()
    file, figures = read_pair_file(data), _figures(data / SHARES_FILE)
    return tuple(_pair(file, entry, figures, data / SHARES_FILE) for entry in file.pairs)


@dataclass(frozen=True, slots=True)
class _Row:
    category: str
    share: float
    n: int
    n_effective: float | None


_Figures = Mapping[tuple[str, str], list[_Row]]


def _pair(file: PairFile, entry: PairEntry, figures: _Figures, path: Path) -> InstitutePair:
    categories = file.categories_of(entry)
    sides = []
    for place, (side, name) in enumerate(zip(SIDES, (entry.first, entry.second), strict=True)):
        rows = figures.get((entry.id, side), [])
        shares = tuple(row.share for row in rows)
        if [row.category for row in rows] != [c[0] for c in categories] or (
            abs(sum(shares) - 1) > _SUM_TOLERANCE
        ):
            raise _wrong(path, 1, f"{entry.id}, {side}: expected a share of each category, with the sum of 1")
        source = file.sources[name.partition(".")[0]]
        codes = tuple(codes_of(category, place) for category in categories)
        sides.append(Side(name, source, codes, shares, rows[0].n, rows[0].n_effective))
    words = tuple(category[0] for category in categories)
    return InstitutePair(entry.id, entry.topic, entry.kind, entry.differs, words, *sides)


def _figures(path: Path) -> _Figures:
    rows: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for line, row in _lines(path):
        try:
            pair, side, category, share, n, n_effective, _ = row
            found = _Row(category, float(share), int(n), float(n_effective) if n_effective else None)
        except ValueError:
            raise _wrong(
                path, line, f"expected names, a share and numbers of people, found {row!s:.80}"
            ) from None
        rows[pair, side].append(found)
    return rows


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    rows = read_rows(path, fix="Write it anew: python scripts/build_institute_pairs.py.")
    _, header = next(rows, (1, []))
    if tuple(header) != COLUMNS:
        raise _wrong(path, 1, f"expected the columns {', '.join(COLUMNS)}")
    yield from rows


def _wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    return SurveyFormatError(
        f"{path.name}, line {line}: {what}.",
        fix=f"Write {path} anew: python scripts/build_institute_pairs.py --figures FOLDER.",
    )
