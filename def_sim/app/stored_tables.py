"""Tables of a run folder as data frames, as its last report wrote them. Computes nothing.

A run folder is data of unknown origin: tables of a finished run are held against its completion mark, and
what a Parquet file may stand for is bounded.
"""

import io
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

import pandas as pd

from def_sim.answers.storage.bounded_parquet import read_bounded
from def_sim.answers.storage.compaction import parquet_path, read_parquet, table_of
from def_sim.answers.storage.completion import is_complete, vouches_for
from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.shards import read_answers
from def_sim.app.vouched_tables import how_to_rewrite
from def_sim.errors import StoreError
from def_sim.evaluation.described_columns import COLUMNS_FILE, read_columns, types_of
from def_sim.records import RUN_COLUMNS, Answer, RunIdentity
from def_sim.resources import data_folder

_MOST_BYTES: Final = 2**28  # of a file, and of the texts of a Parquet column


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """A table that the report of a run wrote.

    Args:
        folder: Of the run.
        name: Of the file, CSV or Parquet.

    Returns:
        The table, its columns of the types that `data/columns.csv` says: texts are "" where a cell is empty,
        numbers NaN. A column of a CSV that it does not describe, as another version has it, is text.

    Raises:
        StoreError: There is none, it has changed since the run was completed, or is damaged.
    """
    path = folder / name
    if not path.is_file():
        raise StoreError(
            f"{folder} has no {name}: no report was written, or one of an older version.",
            fix=how_to_rewrite(folder),
        )
    if is_complete(folder) and not vouches_for(folder, [path]):
        raise StoreError(f"{path} has changed since the run was completed.", fix=how_to_rewrite(folder))
    if path.suffix == ".parquet":
        return _with_words(read_bounded(path, most_bytes=_MOST_BYTES).to_pandas())
    with disk_errors(path):
        content = path.read_bytes() if path.stat().st_size <= _MOST_BYTES else b""
    try:
        words = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, na_filter=False)
    except (ValueError, pd.errors.ParserError) as error:
        raise StoreError(f"{path} is no table: {str(error)[:200]}.", fix=how_to_rewrite(folder)) from None
    return _typed(words, folder, name)


def _typed(words: pd.DataFrame, folder: Path, table: str) -> pd.DataFrame:
    """Texts as what they stand for."""
    types = types_of(read_columns(data_folder() / COLUMNS_FILE), table)
    typed = {}
    for name in map(str, words.columns):
        try:
            typed[name] = _as_type(words[name], types.get(name, "text"))
        except (ValueError, OverflowError) as error:
            raise StoreError(
                f"{folder / table}: {name} is to be of the type {types[name]}: {str(error)[:200]}.",
                fix=how_to_rewrite(folder),
            ) from None
    return words.assign(**typed)


def _as_type(column: "pd.Series[str]", kind: str) -> "pd.Series[Any]":
    """Texts of a column as its type; whole numbers among which some are missing are floats."""
    if kind == "boolean" and column.isin(["True", "False"]).all():
        return column == "True"
    if kind == "integer":
        return pd.to_numeric(column.where(column != ""))
    if kind == "number":
        return pd.to_numeric(column.where(column != "")).astype("float64")
    return column


def read_answer_table(folder: Path) -> pd.DataFrame:
    """All stored answers of a run, a row each, finished or not; columns as in answers.parquet.

    Raises:
        StoreError: A journal or the table is damaged.
    """
    path = parquet_path(folder)
    is_whole = is_complete(folder) and path.is_file() and vouches_for(folder, [path])
    answers = read_parquet(path) if is_whole else read_answers(folder)
    if not answers:
        names = sorted((field.name for field in fields(Answer)), key=lambda name: name == "seconds")
        return pd.DataFrame(columns=names)
    return _with_words(table_of(answers).to_pandas())


def _with_words(table: pd.DataFrame) -> pd.DataFrame:
    """With texts in place of categories, which would not go together with those of other runs."""
    return table.astype(dict.fromkeys(table.select_dtypes("category").columns, "str"))


def stored_identity(manifest: Mapping[str, Any]) -> RunIdentity:
    """Of which run the rows of a stored run's tables are, by its manifest alone."""
    config, survey = manifest["config"], manifest["defines"]["survey"]
    return RunIdentity(
        run=manifest["run_hash"],
        model=config["model"]["name"],
        survey=survey["name"],
        population=survey["population"],
        strategy=config["strategy"]["name"],
        protocol=config["protocol"]["name"],
        seed=config["seed"],
        num_respondents=manifest["plan"]["respondents"],
    )


def with_identity(table: pd.DataFrame, identity: RunIdentity) -> pd.DataFrame:
    """The table with the columns of its run in front: its own where it has them, else these.

    Its own, since a panel may have grown since its report was written. Words are texts, not categories, so
    that tables of several runs go together.
    """
    more = {name: value for name, value in asdict(identity).items() if name not in table}
    whole = table.assign(**more)
    return whole[[*RUN_COLUMNS, *(name for name in table.columns if name not in RUN_COLUMNS)]]
