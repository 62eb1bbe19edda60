"""How people's answers to two items go together: correlations between items, per population.

One pair of files a population and source: `data/structure/<population>/<source>.csv` holds the numbers,
the `.yaml` beside it says where they come from. Items stand in them without the source's name. Knows no
model and computes no correlation.

Letters: Q items.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError
from def_sim.resources import data_folder
from def_sim.yaml_files import read_validated

COLUMNS = ("item_a", "item_b", "r", "n")
_LARGEST = 1_000_000_000  # number of people


class StructureSource(BaseModel):
    """Where the correlations of a population come from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    population: str
    source: str
    title: str
    year: int
    weight: str  # the weight variable, or "none"
    effective_share: float = Field(gt=0, le=1)  # effective people (Kish) of those who answered
    left_out: list[str]  # items and pairs that are not in the file, with the reason
    release: str
    citation: str
    terms: str


@dataclass(frozen=True)
class HumanStructure:
    """Correlations between items over the people of one population, on the codes as they were asked."""

    population: str
    source: StructureSource
    item_ids: tuple[str, ...]  # length Q
    correlations: NDArray[np.float64]  # weighted Pearson r, shape (Q, Q), symmetric; NaN: not known
    num_people: NDArray[np.float64]  # effective number who answered both, same shape

    def of_items(self, item_ids: Sequence[str]) -> "HumanStructure":
        """The same for other items, in their order; what is not known of them is NaN."""
        place = {item_id: index for index, item_id in enumerate(self.item_ids)}
        rows = np.array([place.get(item_id, -1) for item_id in item_ids], dtype=np.intp)
        is_known = (rows[:, None] >= 0) & (rows[None, :] >= 0)
        at = np.ix_(rows, rows)
        return HumanStructure(
            population=self.population,
            source=self.source,
            item_ids=tuple(item_ids),
            correlations=np.where(is_known, self.correlations[at], np.nan),
            num_people=np.where(is_known, self.num_people[at], np.nan),
        )


def structure_path(population: str, source: str) -> Path:
    """Where the shipped correlations of a population lie, or would."""
    return data_folder() / f"structure/{population}/{source}.csv"


def shipped_structure(population: str, source: str = "wvs7") -> HumanStructure | None:
    """The shipped correlations of a population; None if there are none.

    Raises:
        SurveyFormatError: The file breaks its format.
    """
    path = structure_path(population, source)
    return read_structure(path, population) if path.is_file() else None


def structure_of(population: str, home: Path | None) -> HumanStructure | None:
    """All correlations of a population, of any source; those of a home take the place of shipped ones.

    Args:
        population: ISO alpha-3 code.
        home: The user's own folder; None: there is none.

    Returns:
        Items of the home's sources first; between items of two sources nothing is known. None if there are no
        correlations of the population.

    Raises:
        SurveyFormatError: A file breaks its format.
    """
    found: dict[str, Path] = {}
    for folder in (home, data_folder()):
        if folder is not None:
            for path in sorted((folder / "structure" / population).glob("*.csv")):
                if path.with_suffix(".yaml").is_file():  # halves of people have none
                    found.setdefault(path.name, path)
    return _joined([read_structure(path, population) for path in found.values()])


def _joined(parts: Sequence[HumanStructure]) -> HumanStructure | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    item_ids = tuple(item_id for part in parts for item_id in part.item_ids)
    r, n = (np.full((len(item_ids), len(item_ids)), np.nan) for _ in range(2))
    start = 0
    for part in parts:
        at = slice(start, start + len(part.item_ids))
        r[at, at], n[at, at] = part.correlations, part.num_people
        start = at.stop
    return HumanStructure(parts[0].population, parts[0].source, item_ids, r, n)


def read_structure(path: Path, population: str) -> HumanStructure:
    """Correlations from a file.

    Args:
        path: The CSV; its provenance stands beside it with the ending .yaml.
        population: ISO alpha-3 code, as in the provenance.

    Raises:
        SurveyFormatError: A row or the provenance is wrong; with file and line.
    """
    source = read_validated(path.with_suffix(".yaml"), StructureSource)
    if (source.population, source.source) != (population, path.stem):
        raise SurveyFormatError(
            f"{path.with_suffix('.yaml').name}: of {source.population}, {source.source}; expected "
            f"{population}, {path.stem}.",
            fix=f"Correct `population:` and `source:` in {path.with_suffix('.yaml')}.",
        )
    pairs = list(_pairs(path))
    names = list(dict.fromkeys(name for pair in pairs for name in (pair.a, pair.b)))
    place = {name: index for index, name in enumerate(names)}
    r, n = np.full((len(names), len(names)), np.nan), np.full((len(names), len(names)), np.nan)
    for pair in pairs:
        for at in ((place[pair.a], place[pair.b]), (place[pair.b], place[pair.a])):
            r[at], n[at] = pair.r, pair.n * source.effective_share
    return HumanStructure(population, source, tuple(f"{path.stem}.{name}" for name in names), r, n)


class _Pair(NamedTuple):
    a: str
    b: str
    r: float
    n: int


def _pairs(path: Path) -> Iterator[_Pair]:
    seen: set[frozenset[str]] = set()
    rows = read_rows(path, fix=f"Correct {path} there (format: data/structure/README.md).")
    _, header = next(rows, (1, []))
    if tuple(header) != COLUMNS:
        raise _wrong(path, 1, f"expected the columns {', '.join(COLUMNS)}")
    for line, row in rows:
        pair = _pair(path, line, row)
        both = frozenset((pair.a, pair.b))
        if len(both) == 1 or both in seen:
            raise _wrong(path, line, f"{pair.a:.40} with {pair.b:.40} is no new pair of items")
        seen.add(both)
        yield pair


def _pair(path: Path, line: int, row: Sequence[str]) -> _Pair:
    try:
        a, b, r, n = row
        pair = _Pair(a, b, float(r), int(n))
    except ValueError:
        raise _wrong(
            path, line, f"expected two items, a correlation and a number, found {row!s:.80}"
        ) from None
    if not -1 <= pair.r <= 1 or not 1 <= pair.n <= _LARGEST:  # also catches nan
        raise _wrong(path, line, f"r must lie in [-1, 1] and n in [1, {_LARGEST:,}], found {row[2:]!s:.80}")
    return pair


def _wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    return SurveyFormatError(
        f"{path.name}, line {line}: {what}.",
        fix=f"Correct {path} at line {line} (format: data/structure/README.md).",
    )
