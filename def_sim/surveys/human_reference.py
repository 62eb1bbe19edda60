"""What people answered: weighted shares per item and group, with n and effective n.

One pair of files a population and source: `data/references/<population>/<source>.csv` holds
the numbers, the `.yaml` beside it says where they come from. Knows no model.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError
from def_sim.records import ItemReference, ReferenceQuality
from def_sim.surveys.item_bank import Item
from def_sim.yaml_files import read_validated

COLUMNS = (
    "item_id",
    "group_type",
    "group",
    "code",
    "share",
    "n",  # empty: shares were published without it
    "n_effective",  # empty: unknown
    "volunteered_share",
    "quality",
)
FURTHER = (  # columns that a file may have behind these, each if it knows it; a field of them may be empty
    "n_asked",
    "dont_know_share",
    "refused_share",
    "missing_share",  # both of them, where a source does not part them
    "standard_error",
    "design_effect",
    "num_clusters",
)
_REPEATED = (  # the same on each row of an item and group
    "n",
    "n_effective",
    "volunteered_share",
    "quality",
    *(name for name in FURTHER if name != "standard_error"),
)
_LARGEST = 1_000_000_000  # of codes and numbers of people
_SUM_TOLERANCE = 1e-4  # shares are stored with six decimals


class ReferenceSource(BaseModel):
    """Where a reference comes from and how it was computed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    population: str
    source: str
    title: str
    year: int
    weight: str  # the weight variable, or "none"
    effective_n: str = ""  # how the effective n was found and what is not in it; "": not said
    dont_know: str  # how don't-know answers are treated
    release: str
    citation: str
    terms: str
    file: str = ""  # name of the file that was imported; "": figures were not imported
    file_sha256: str = ""  # of its bytes, 64 hex digits
    samples: dict[
        str, list[str]
    ] = {}  # who was asked -> ids of their items, where that differs between items
    # Of figures that were computed from persons; what is not known is left out.
    num_people: int | None = None  # rows of the file that count
    left_out: dict[str, int] = {}  # why people of the file do not count -> how many
    num_strata: int | None = None
    num_clusters: int | None = None
    num_lone_clusters: int | None = None  # without another in their stratum: taken from the mean of all
    mapping_sha256: str = ""  # of the mapping of variables to items, 64 hex digits
    notes: list[str] = []  # what a reader of the figures must know
    version: str = ""  # of def_sim, which computed them


@dataclass(frozen=True)
class HumanReference:
    """The people's side of a comparison, for one population.

    `items` maps (item id, group) to shares; the group of everyone is "all".
    """

    population: str
    sources: tuple[ReferenceSource, ...]
    items: Mapping[tuple[str, str], ItemReference]

    def for_everyone(self) -> dict[str, ItemReference]:
        """Item id -> shares of the whole population."""
        return {item_id: shares for (item_id, group), shares in self.items.items() if group == "all"}

    @property
    def effective_n(self) -> dict[str, str]:
        """Source -> what its effective n is, in words; sources that do not say are left out."""
        return {one.source: one.effective_n for one in self.sources if one.effective_n}


def read_reference(
    path: Path, items: Mapping[str, Item], population: str, *, wanted: Collection[str] | None = None
) -> HumanReference:
    """The reference of one source, checked against the items it belongs to.

    Args:
        path: The CSV; its provenance stands beside it with the ending .yaml.
        items: Item id -> item, of the same source.
        population: ISO alpha-3 code; decides which options were shown.
        wanted: Ids of the items whose figures are taken; None: all. Rows of others are not looked into.

    Raises:
        SurveyFormatError: A row, a code, a sum or the provenance is wrong; with file and line.
    """
    rows = defaultdict(list)
    for line, row in _rows(path):
        if wanted is None or row["item_id"] in wanted:
            rows[row["item_id"], row["group"]].append((line, row))
    references = {
        (item_id, group): _item_reference(path, items, population, group_rows)
        for (item_id, group), group_rows in rows.items()
    }
    return HumanReference(population, (_read_source(path.with_suffix(".yaml"), population),), references)


def _read_source(path: Path, population: str) -> ReferenceSource:
    source = read_validated(path, ReferenceSource)
    if source.population != population:
        raise SurveyFormatError(
            f"{path.name}: population {source.population}, but it stands in the folder of {population}.",
            fix=f"Correct `population:` in {path}, or move it and its CSV.",
        )
    return source


def merge_references(population: str, parts: list[HumanReference]) -> HumanReference:
    """The references of several sources for the same population as one; later ones win."""
    items = {key: value for part in parts for key, value in part.items.items()}
    return HumanReference(population, tuple(source for part in parts for source in part.sources), items)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    if not path.exists():
        raise SurveyFormatError(
            f"{path} does not exist: the population was not asked this source, or its reference is missing.",
            fix="Choose another `population=`, or write the file; its format is in data/README.md.",
        )
    rows = read_rows(path, fix=f"Correct {path} there (format: data/README.md).")
    _, header = next(rows, (1, []))
    columns = (*COLUMNS, *(name for name in FURTHER if name in header))
    if tuple(header) != columns:
        # What is there instead is not repeated: it may be a file of another kind.
        missing = [name for name in COLUMNS if name not in header]
        lack = f"; it lacks {', '.join(missing)}" if missing else " in this order and no others"
        raise SurveyFormatError(
            f"{path.name}, line 1: expected the columns {', '.join(COLUMNS)}{lack}.",
            fix=f"Correct the header of {path}.",
        )
    for line, row in rows:
        yield line, dict(zip(columns, row, strict=True))


def _item_reference(
    path: Path, items: Mapping[str, Item], population: str, rows: list[tuple[int, dict[str, str]]]
) -> ItemReference:
    line, first = rows[0]
    item = items.get(first["item_id"])
    if item is None:
        raise _wrong(path, line, f"no item {first['item_id']!r:.80} in this source")
    codes = tuple(_integer(path, at, row, "code") for at, row in rows)
    shares = tuple(_number(path, at, row, "share") for at, row in rows)
    expected = tuple(option.code for option in item.shown_options(population))
    if codes != expected:
        raise _wrong(
            path,
            line,
            f"{item.id}, group {first['group']}: codes {list(codes)}, but {population} was shown "
            f"{list(expected)}",
        )
    total = sum(shares)
    if total == 0:
        raise _wrong(path, line, f"{item.id}, group {first['group']}: every share is 0")
    if item.max_choices == 1 and abs(total - 1) > _SUM_TOLERANCE:
        raise _wrong(path, line, f"{item.id}, group {first['group']}: shares sum to {total:.6f}, expected 1")
    reference = ItemReference(
        item_id=item.id,
        group=first["group"],
        codes=codes,
        shares=shares,
        n=_known_integer(path, line, first, "n", lower=1),
        n_effective=_known_number(path, line, first, "n_effective", upper=_LARGEST),
        volunteered_share=_number(path, line, first, "volunteered_share"),
        quality=_quality(path, line, first),
        n_asked=_known_integer(path, line, first, "n_asked", lower=1),
        dont_know_share=_known_number(path, line, first, "dont_know_share"),
        refused_share=_known_number(path, line, first, "refused_share"),
        missing_share=_known_number(path, line, first, "missing_share"),
        standard_errors=_standard_errors(path, rows),
        design_effect=_known_number(path, line, first, "design_effect", upper=_LARGEST),
        num_clusters=_known_integer(path, line, first, "num_clusters", lower=1),
    )
    if problem := _contradiction(reference):
        raise _wrong(path, line, f"{item.id}, group {first['group']}: {problem}")
    _check_repeated(path, item, rows)
    return reference


def _check_repeated(path: Path, item: Item, rows: list[tuple[int, dict[str, str]]]) -> None:
    line, first = rows[0]
    repeated = [name for name in _REPEATED if name in first]
    for at, row in rows:
        if different := [name for name in repeated if row[name] != first[name]]:
            raise _wrong(
                path, at, f"{item.id}, group {first['group']}: {different[0]} differs from line {line}"
            )


def _contradiction(reference: ItemReference) -> str:
    """What cannot be true at once of the figures of an item and group; "": nothing."""
    if (reference.n is None) != (reference.quality is ReferenceQuality.PUBLISHED):
        return "an empty n and quality published go together"
    if reference.design_effect == 0:
        return "design_effect must be above 0"
    if reference.n_asked is not None and reference.n_asked < (reference.n or 0):
        return f"n_asked is {reference.n_asked}, fewer than the {reference.n} who answered"
    return ""


def _standard_errors(path: Path, rows: list[tuple[int, dict[str, str]]]) -> tuple[float, ...] | None:
    """None unless all rows of an item and group have one."""
    found = [_known_number(path, line, row, "standard_error") for line, row in rows]
    known = tuple(one for one in found if one is not None)
    return known if len(known) == len(found) else None


def _known_number(
    path: Path, line: int, row: dict[str, str], column: str, upper: float = 1.0
) -> float | None:
    """None where the file has no such column, or nothing in it."""
    return _number(path, line, row, column, upper) if row.get(column) else None


def _known_integer(path: Path, line: int, row: dict[str, str], column: str, lower: int) -> int | None:
    """None where the file has no such column, or nothing in it."""
    return _integer(path, line, row, column, lower) if row.get(column) else None


def _integer(path: Path, line: int, row: dict[str, str], column: str, lower: int = 0) -> int:
    try:
        value = int(row[column])
    except ValueError:
        raise _wrong(path, line, f"{column} must be a whole number, found {row[column]!r:.80}") from None
    if not lower <= value <= _LARGEST:
        expected = f"at least {lower}" if value < lower else f"at most {_LARGEST:,}"
        raise _wrong(path, line, f"{column} must be {expected}, found {row[column]!r:.80}")
    return value


def _number(path: Path, line: int, row: dict[str, str], column: str, upper: float = 1.0) -> float:
    try:
        value = float(row[column])
    except ValueError:
        raise _wrong(path, line, f"{column} must be a number, found {row[column]!r:.80}") from None
    if not 0 <= value <= upper:  # also catches nan
        raise _wrong(path, line, f"{column} must lie in [0, {upper:g}], found {row[column]!r:.80}")
    return value


def _quality(path: Path, line: int, row: dict[str, str]) -> ReferenceQuality:
    try:
        return ReferenceQuality(row["quality"])
    except ValueError:
        known = ", ".join(ReferenceQuality)
        raise _wrong(path, line, f"quality must be one of {known}, found {row['quality']!r:.80}") from None


def _wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    return SurveyFormatError(
        f"{path.name}, line {line}: {what}.", fix=f"Correct {path} at line {line} (format: data/README.md)."
    )
