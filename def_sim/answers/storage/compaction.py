"""Compaction: all shards of a run as one table, answers.parquet, checked before it counts.

The table is for reading by other tools; the journals stay and remain the truth. It holds
no more than they do and does not know what the answers mean.
pyarrow is imported late: light commands never need it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from itertools import accumulate, chain, pairwise
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from def_sim.answers.storage.bounded_parquet import read_bounded, written_out, wrong_table
from def_sim.answers.storage.disk import replacing
from def_sim.answers.storage.run_columns import with_run_columns
from def_sim.answers.storage.shards import answers_folder, read_answers
from def_sim.records import RUN_COLUMNS, Answer, AnswerStatus, FinishReason, ReadingMethod, RunIdentity

if TYPE_CHECKING:
    import pyarrow as pa

_NAME: Final = "answers.parquet"
_CHOSEN: Final = (
    "respondent_id",
    "item_id",
    "wording",
    "call",
    "status",
    "choices",
    "shown_codes",
    "option_probabilities",
)


_SMALL: Final = 1 << 20  # bytes that any table may take
_STATUSES: Final = {str(status): status for status in AnswerStatus}


def parquet_path(folder: Path) -> Path:
    """Where the table of a run lies."""
    return folder / _NAME


def answers_schema() -> "pa.Schema":
    """One column a field of Answer; what is a timing comes last."""
    import pyarrow as pa

    category = pa.dictionary(pa.int8(), pa.string())
    types = {
        "wording": pa.int32(),
        "call": pa.int32(),
        "status": category,
        "choices": pa.list_(pa.int32()),
        "method": category,
        "shown_codes": pa.list_(pa.int32()),
        "memory": pa.list_(pa.string()),
        "option_probabilities": pa.list_(pa.float64()),
        "finish_reason": category,
        "num_prompt_tokens": pa.int64(),
        "num_generated_tokens": pa.int64(),
        "seconds": pa.float64(),
    }
    names = [field.name for field in fields(Answer)]
    names.sort(key=lambda name: name == "seconds")
    return pa.schema([(name, types.get(name, pa.string())) for name in names])


def _without_surrogates(answer: Answer) -> Answer:
    """Lone surrogates, which a table cannot hold, spelled out as escapes. Rare: a broken decoder."""
    try:
        f"{answer.text}{answer.reasoning}{answer.error}".encode()
    except UnicodeEncodeError:
        error = None if answer.error is None else _spell_out(answer.error)
        text, reasoning = _spell_out(answer.text), _spell_out(answer.reasoning)
        return replace(answer, text=text, reasoning=reasoning, error=error)
    return answer


def _spell_out(text: str) -> str:
    return text.encode("utf-8", errors="backslashreplace").decode()


def table_of(answers: Sequence[Answer]) -> "pa.Table":
    """Answers as a table of `answers_schema`, in their order."""
    import pyarrow as pa

    schema = answers_schema()
    columns = [_column(list(map(attrgetter(field.name), answers)), field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _column(values: list[Any], kind: "pa.DataType") -> "pa.Array":
    """Values of one field; lists end to end, which is several times quicker than list by list."""
    import pyarrow as pa

    if not pa.types.is_list(kind):
        return pa.array(values, kind)
    ends = accumulate(map(len, values), initial=0)
    flat = pa.array(list(chain.from_iterable(values)), kind.value_type)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), flat, kind)


def answer_of_row(row: dict[str, Any]) -> Answer:
    """The answer of a row of such a table.

    Raises:
        LookupError, TypeError, ValueError: It is none.
    """
    lists = {name: tuple(row[name]) for name in ("choices", "shown_codes", "memory", "option_probabilities")}
    return Answer(
        **row
        | lists
        | {
            "status": AnswerStatus(row["status"]),
            "method": ReadingMethod(row["method"]),
            "finish_reason": FinishReason(row["finish_reason"]),
        }
    )


def _read_table(path: Path, columns: list[str] | None = None) -> "pa.Table":
    """The table of a run: no column of it can be larger than the journals that it was made from."""
    journals = answers_folder(path.parent).glob("shard-*.jsonl")
    return read_bounded(
        path, columns, most_bytes=max(_SMALL, sum(journal.stat().st_size for journal in journals))
    )


def read_parquet(path: Path) -> list[Answer]:
    """The answers of a table, in its order.

    Raises:
        StoreError: The file cannot be read.
        VerificationError: It is not a table of answers, or is damaged.
    """
    try:
        return [answer_of_row(row) for row in _read_table(path, answers_schema().names).to_pylist()]
    except (LookupError, TypeError, ValueError) as error:
        raise wrong_table(path, f"is no table of answers: {error}") from error


def read_choices(path: Path) -> list[Answer]:
    """Who chose what, in the order of the table, without how it came about: for counting, not for checking.

    Texts, memories, prompts, methods, endings and timings are as of an answer that has none. Takes less
    than half as long as reading the journals.

    Raises:
        StoreError: The file cannot be read.
        VerificationError: It is not a table of answers, or is damaged.
    """
    table = _read_table(path, list(_CHOSEN))
    try:
        columns = {name: list(_values(table.column(name))) for name in _CHOSEN}
        columns["status"] = [_STATUSES[status] for status in columns["status"]]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise wrong_table(path, f"is no table of answers: {error}") from error
    of_each = zip(*columns.values(), strict=True)
    return [
        Answer(
            respondent_id=respondent_id,
            item_id=item_id,
            wording=wording,
            call=call,
            status=status,
            choices=choices,
            method=ReadingMethod.NONE,
            text="",
            shown_codes=shown_codes,
            option_probabilities=option_probabilities,
        )
        for (
            respondent_id,
            item_id,
            wording,
            call,
            status,
            choices,
            shown_codes,
            option_probabilities,
        ) in of_each
    ]


def _values(column: "pa.ChunkedArray") -> Iterator[Any]:
    """The values of a column without nulls: lists as tuples, equal words as one object."""
    import pyarrow as pa

    for chunk in column.chunks:
        if pa.types.is_list(chunk.type):
            ends = accumulate(chunk.value_lengths().to_pylist(), initial=0)
            flat = chunk.flatten().to_numpy().tolist()
            yield from (tuple(flat[start:end]) for start, end in pairwise(ends))
        elif pa.types.is_integer(chunk.type):
            yield from chunk.to_numpy().tolist()
        else:
            words = chunk.dictionary_encode()
            known = words.dictionary.to_pylist()
            yield from (known[place] for place in words.indices.to_numpy().tolist())


def compact(
    folder: Path, answers: Sequence[Answer] | None = None, identity: RunIdentity | None = None
) -> Path:
    """Writes all answers of a run into one table, sorted by respondent, item, wording, call.

    The table takes its place only after it was read back and found equal to the journals.
    The same answers give the same table but for the last column, `seconds`.

    Args:
        folder: The folder of the run.
        answers: What `read_answers` has just given, all of it; None: the journals are read.
        identity: Of the run, for the first columns; None: the table has none of them.

    Returns:
        The table's path.

    Raises:
        StoreError: A journal is damaged, or the disk is full or not writable.
        VerificationError: What was read back is not what was written.
    """
    import pyarrow.parquet as pq

    path = parquet_path(folder)
    journalled = as_in_a_table(read_answers(folder) if answers is None else answers)
    table = with_run_columns(table_of(journalled), identity)
    with replacing(path) as temporary:
        pq.write_table(table, temporary, write_page_checksum=True)
        _compare(journalled, table, temporary)
    return path


def check_parquet(folder: Path, identity: RunIdentity | None = None) -> None:
    """Makes sure that the table of a run holds exactly what its journals hold.

    Args:
        folder: The folder of the run.
        identity: Of the run, where the table is to begin with its columns.

    Raises:
        VerificationError: Naming the first answer that differs.
        StoreError: A journal is damaged, or the table is missing.
    """
    answers = as_in_a_table(read_answers(folder))
    _compare(answers, with_run_columns(table_of(answers), identity), parquet_path(folder))


def as_in_a_table(answers: Sequence[Answer]) -> list[Answer]:
    """What the table has to hold, in its order."""
    return [_without_surrogates(answer) for answer in answers]


def _compare(answers: Sequence[Answer], table: "pa.Table", path: Path) -> None:
    """Column by column, which is fast; one by one only if that finds a difference."""
    stored_table = _read_table(path)
    if written_out(stored_table, table.schema).equals(table):
        return
    found = read_parquet(path)
    if len(found) != len(answers):
        raise wrong_table(path, f"holds {len(found)} answers, the journals have {len(answers)}")
    for stored, answer in zip(found, answers, strict=True):
        if stored != answer or stored.seconds != answer.seconds:
            raise wrong_table(path, f"holds another answer of {answer.respondent_id} to {answer.question_id}")
    first = [name for name in RUN_COLUMNS if name in table.column_names]
    if stored_table.column_names != table.column_names:
        raise wrong_table(path, "is no table of answers: its columns are others")
    if not written_out(stored_table.select(first), table.select(first).schema).equals(table.select(first)):
        raise wrong_table(path, f"is of another run: {', '.join(first)} are others")
