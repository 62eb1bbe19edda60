"""The columns that say whose answers a table of a run holds, in front of all others.

They have one value each, which Parquet keeps once for a row group. Readers of answers pass them over, so that
tables that were written without them are read as well. pyarrow is imported late.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from def_sim.records import RUN_COLUMNS, RunIdentity

if TYPE_CHECKING:
    import pyarrow as pa


def with_run_columns(table: "pa.Table", identity: RunIdentity | None) -> "pa.Table":
    """A table with the columns of its run in front; as it is where no run is named.

    Words are dictionaries of one entry, numbers int64; the metadata of the table is kept.
    """
    if identity is None:
        return table
    metadata = table.schema.metadata
    for place, (name, value) in enumerate(asdict(identity).items()):
        table = table.add_column(place, _field(name, value), _repeated(value, len(table)))
    return table.replace_schema_metadata(metadata) if metadata else table


def without_run_columns(table: "pa.Table") -> "pa.Table":
    """The table without them, whether it had them or not."""
    return table.drop_columns([name for name in RUN_COLUMNS if name in table.column_names])


def lacks_run_columns(path: Path) -> bool:
    """Whether a Parquet file begins otherwise; False for what is no such file, which its readers tell."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            names = pq.read_schema(file).names
    except (pa.ArrowException, OSError):
        return False
    return tuple(names[: len(RUN_COLUMNS)]) != RUN_COLUMNS


def with_run_fields(schema: "pa.Schema", identity: RunIdentity | None) -> "pa.Schema":
    """The schema of `with_run_columns` of a table of that schema."""
    import pyarrow as pa

    if identity is None:
        return schema
    return pa.schema([*(_field(*column) for column in asdict(identity).items()), *schema])


def _field(name: str, value: str | int) -> "pa.Field":
    import pyarrow as pa

    return pa.field(name, pa.int64() if isinstance(value, int) else pa.dictionary(pa.int8(), pa.string()))


def _repeated(value: str | int, num_rows: int) -> "pa.Array":
    import pyarrow as pa

    if isinstance(value, int):
        return pa.repeat(pa.scalar(value, pa.int64()), num_rows)
    places = pa.repeat(pa.scalar(0, pa.int8()), num_rows)
    return pa.DictionaryArray.from_arrays(places, pa.array([value], pa.string()))
