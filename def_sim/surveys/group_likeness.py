"""How alike a topic group is in different countries: figures computed once of all items of the group.

`data/structure/topic_groups.csv` is written by `scripts/describe_topic_groups.py` from people's correlations.
Computes nothing.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError

GROUPS_FILE: Final = "structure/topic_groups.csv"  # under data/
COLUMNS: Final = (
    "population",
    "dimension",
    "num_items",
    "num_left_out",
    "alpha",
    "omega",
    "eigenvalue_ratio",
    "first_share",
    "residual",
    "num_factors",
    "congruence",
    "least_like",
    "num_misfits",
)


@dataclass(frozen=True, slots=True)
class GroupLikeness:
    """One topic group in one country, of all items of the World Values Survey in it."""

    num_items: int
    num_factors: int  # by parallel analysis
    congruence: float  # Tucker's, with the country where the group's loadings are least alike
    least_like: str  # that country's ISO alpha-3 code


def read_group_likeness(data: Path, population: str) -> dict[str, GroupLikeness]:
    """Topic group -> its likeness; empty for a country that is not in the file.

    Raises:
        SurveyFormatError: A row is wrong; with file and line.
    """
    path = data / GROUPS_FILE
    rows = read_rows(path, fix="Write it anew: python scripts/describe_topic_groups.py --write.")
    _, header = next(rows, (1, []))
    if tuple(header) != COLUMNS:
        raise _wrong(path, 1, f"expected the columns {', '.join(COLUMNS)}")
    found = {}
    for line, row in rows:
        values = dict(zip(COLUMNS, row, strict=False))
        if values["population"] == population:
            found[values["dimension"]] = _likeness(path, line, values)
    return found


def _likeness(path: Path, line: int, values: dict[str, str]) -> GroupLikeness:
    try:
        return GroupLikeness(
            int(values["num_items"]),
            int(values["num_factors"]),
            float(values["congruence"]),
            values["least_like"],
        )
    except (KeyError, ValueError):
        raise _wrong(path, line, "expected whole numbers of items and factors, and a congruence") from None


def _wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    return SurveyFormatError(
        f"{path.name}, line {line}: {what}.",
        fix=f"Write {path} anew: python scripts/describe_topic_groups.py --write.",
    )
