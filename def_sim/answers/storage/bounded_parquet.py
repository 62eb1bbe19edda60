"""Reads Parquet files that may be bombs: a file of kilobytes can stand for terabytes of repetitions.

Texts are read as indices into the texts that differ, so nothing is repeated in memory until it is known
how large it would be. Knows no answers.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from def_sim.answers.storage.disk import disk_errors
from def_sim.errors import VerificationError

if TYPE_CHECKING:
    import pyarrow as pa

_FRAME_BYTES: Final = 1 << 20  # of pages and dictionaries, however little they hold
_SPARE_BYTES: Final = 4 << 30  # address space that allocators set aside beside what they hand out
_FIX: Final = "Delete it and run the same command again: it is made anew from the journals."


def wrong_table(path: Path, what: str) -> VerificationError:
    """The error that a table is not what it should be."""
    return VerificationError(f"{path} {what}.", fix=_FIX)


def read_bounded(path: Path, columns: list[str] | None = None, *, most_bytes: int) -> "pa.Table":
    """A table, if it is not larger than it may be.

    Args:
        path: The Parquet file.
        columns: Names of those to read; None: all.
        most_bytes: Most that the texts of one column may take in memory.

    Returns:
        The table. Columns of texts are dictionaries: `written_out` gives them as they were stored.

    Raises:
        StoreError: The file cannot be read.
        VerificationError: It is damaged, is no Parquet, or holds too much.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with disk_errors(path):
        if path.stat().st_size > most_bytes + _FRAME_BYTES:
            raise wrong_table(path, f"holds more than {most_bytes:,} bytes, more than what it was made from")
        content = path.read_bytes()
    try:
        texts = _text_columns(pq.read_schema(pa.BufferReader(content)))
        with _memory_bounded(4 * most_bytes + _SPARE_BYTES):
            table = pq.read_table(
                pa.BufferReader(content),
                columns=columns,
                read_dictionary=texts,
                page_checksum_verification=True,
                use_threads=False,  # other threads' memory counts, too
            )
            table.validate(full=True)
    except (
        pa.ArrowException,
        MemoryError,
        OSError,
        ValueError,
    ) as error:  # of the content: the disk has delivered
        raise wrong_table(path, f"is damaged: {error}") from error
    for name, column in zip(table.column_names, table.columns, strict=True):
        if (size := _size_written_out(column)) > most_bytes:
            raise wrong_table(path, f"stands for {size:,} bytes of {name}, more than what it was made from")
    return table


def read_groups_bounded(
    path: Path, columns: list[str] | None = None, *, most_bytes: int
) -> Iterator["pa.Table"]:
    """The row groups of a table one after another, each as `read_bounded` gives a table.

    Args:
        path: The Parquet file, which need not fit into memory.
        columns: Names of those to read; None: all.
        most_bytes: Most that the texts of one column may take, all row groups together.

    Raises:
        StoreError: The file cannot be read.
        VerificationError: It is damaged, is no Parquet, or holds too much.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with disk_errors(path):
        if path.stat().st_size > most_bytes + _FRAME_BYTES:
            raise wrong_table(path, f"holds more than {most_bytes:,} bytes, more than what it was made from")
        file = path.open("rb")
    sizes: Counter[str] = Counter()
    with file:
        try:
            texts = _text_columns(pq.read_schema(file))
            table = pq.ParquetFile(file, read_dictionary=texts, page_checksum_verification=True)
            for number in range(table.num_row_groups):
                with _memory_bounded(4 * most_bytes + _SPARE_BYTES):
                    group = table.read_row_group(number, columns=columns, use_threads=False)
                    group.validate(full=True)
                for name, column in zip(group.column_names, group.columns, strict=True):
                    sizes[name] += _size_written_out(column)
                    if sizes[name] > most_bytes:
                        raise wrong_table(path, f"stands for more {name} than what it was made from")
                yield group
        except (pa.ArrowException, MemoryError, OSError, ValueError) as error:
            raise wrong_table(path, f"is damaged: {error}") from error


def written_out(table: "pa.Table", schema: "pa.Schema") -> "pa.Table":
    """A table that was read with dictionaries, in the types of a schema of the same columns."""
    import pyarrow as pa

    try:
        return table.cast(schema) if table.column_names == schema.names else table
    except pa.ArrowException:  # other types: then it is another table
        return table


def _text_columns(schema: "pa.Schema") -> list[str]:
    """Of texts and of lists of texts, as Parquet names them."""
    import pyarrow as pa

    found = []
    for field in schema:
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            found.append(field.name)
        elif pa.types.is_list(field.type) and pa.types.is_string(field.type.value_type):
            found.append(f"{field.name}.list.{field.type.value_field.name}")
    return found


@contextmanager
def _memory_bounded(num_bytes: int) -> Iterator[None]:
    """Lets this process take that much more memory and no more, so that a bomb fails and not the machine.

    Without effect where the system knows no such limit.
    """
    try:
        import resource
    except ImportError:  # Windows
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = _in_use() + num_bytes
    if not _in_use() or (soft != resource.RLIM_INFINITY and soft <= limit):
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _in_use() -> int:
    """Bytes of address space that this process has; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[0]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _size_written_out(column: "pa.ChunkedArray") -> int:
    """Bytes of all texts of a column, repetitions counted; 0 for a column without texts."""
    import pyarrow as pa
    import pyarrow.compute as pc

    size = 0
    for chunk in column.chunks:
        flat = chunk.flatten() if pa.types.is_list(chunk.type) else chunk
        if pa.types.is_dictionary(flat.type):
            lengths = pc.binary_length(flat.dictionary).cast(pa.int64())
            size += pc.sum(lengths.take(flat.indices)).as_py() or 0
    return size
