"""`imports/<source>.columns.csv`: what each column of each table means that an import writes into a home.

Beside the import's record and covered by it, so it comes, changes and goes with the tables. Knows no
importer.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from def_sim.evaluation.described_columns import (
    HOME_COLUMNS_FILE,
    DescribedColumn,
    columns_table,
    named,
    read_columns,
    types_of,
)
from def_sim.evaluation.run_tables import csv_bytes
from def_sim.resources import data_folder

_A_COUNTRY: Final = "<population>"  # a column that has the name of a country


def columns_file(source: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Name below the home -> content; nothing where an import writes no table.

    Args:
        source: Names the import's record.
        files: Name below the home -> content, of all that is written.
    """
    tables = {name: _header(content) for name, content in files.items() if name.endswith(".csv")}
    if not tables:
        return {}
    name = f"imports/{source}.columns.csv"
    tables[name] = list(DescribedColumn.__dataclass_fields__)
    described = named(read_columns(data_folder() / HOME_COLUMNS_FILE), {"source": source})
    return {name: csv_bytes(columns_table(list(_of_tables(described, tables))))}


def _of_tables(
    described: Sequence[DescribedColumn], tables: Mapping[str, Sequence[str]]
) -> Iterator[DescribedColumn]:
    """Those of tables that are there; a column that has a country's name once for each country."""
    for one in described:
        headers = [names for table, names in tables.items() if types_of([one], table)]
        if one.column != _A_COUNTRY:
            if any(one.column in names for names in headers):
                yield one
            continue
        others = {other.column for other in described if other.table == one.table}
        for name in dict.fromkeys(name for names in headers for name in names if name not in others):
            yield replace(one, column=name)


def _header(content: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(content.decode(), newline="")), [])
