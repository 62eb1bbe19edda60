"""Whether columns.csv of a finished run describes each column of each of its tables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from def_sim.answers.storage.completion import read_completion
from def_sim.answers.storage.disk import disk_errors
from def_sim.csv_files import read_rows
from def_sim.errors import VerificationError
from def_sim.evaluation.described_columns import DescribedColumn, undescribed
from def_sim.records import RUN_COLUMNS

COLUMNS: Final = "columns.csv"
_MOST_HEADER: Final = 1 << 16  # bytes


def check_described(folder: Path, *, fix: str) -> None:
    """Makes sure that nothing of a table is left without a meaning.

    The words themselves may be another version's, so they are not compared with today's.

    Raises:
        VerificationError: Naming the first column that columns.csv does not have.
        SurveyFormatError: columns.csv is no table.
    """
    rows = [row[len(RUN_COLUMNS) :] for _, row in read_rows(folder / COLUMNS, fix=fix)]
    described = [DescribedColumn(*row) for row in rows[1:] if len(row) == len(rows[0]) == 8]
    for table, names in tables_of(folder):
        if missing := undescribed(described, table, names):
            raise VerificationError(f"{folder / COLUMNS} lacks {missing[0]} of {table}.", fix=fix)


def tables_of(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Path of each table that the completion mark of a run vouches for, and its columns.

    Raises:
        StoreError: The mark or a table cannot be read.
        VerificationError: A file is no table.
    """
    for name in read_completion(folder)["files"]:
        if name.endswith(".csv"):
            with disk_errors(folder / name), (folder / name).open("rb") as file:
                header = file.readline(_MOST_HEADER).decode("utf-8", "replace")
            yield name, header.rstrip("\n").split(",")
        elif name.endswith(".parquet"):
            yield name, _columns_of(folder / name)


def _columns_of(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with disk_errors(path), path.open("rb") as file:
            return list(pq.read_schema(file).names)
    except pa.ArrowException as error:
        raise VerificationError(
            f"{path} is damaged: {error}", fix="Delete it: stage=report makes it."
        ) from None
