"""Tables of a run folder as data frames, as its last report wrote them. Computes nothing.

A run folder is data of unknown origin: tables of a finished run are held against its completion mark, and
what a Parquet file may stand for is bounded.
"""

import io
from collections.abc import Mapping
from dataclasses import fields
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
from def_sim.records import Answer

KEYS: Final = ("run", "model", "survey", "population", "strategy", "protocol", "seed", "num_respondents")
_MOST_BYTES: Final = 2**28  # of a file, and of the texts of a Parquet column
# Columns of words, whatever stands in them: an id of digits is no number.
_WORDS: Final = frozenset(KEYS[:-2]) | {
    *(
        "respondent_id",
        "id",
        "item",
        "item_id",
        "place",
        "region",
        "sex",
        "age",
        "age_band",
        "frame",
        "scope",
    ),
    *("dimension", "metric", "status", "section", "name", "label", "topic", "group", "title", "question"),
    *("group_title", "language", "type", "level", "direction", "finding", "subject"),
}


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """A table that the report of a run wrote.

    Args:
        folder: Of the run.
        name: Of the file, CSV or Parquet.

    Returns:
        The table. Words are texts, "" where a cell is empty; numbers are NaN there.

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
    names = [str(name) for name in words.columns if name not in _WORDS]
    return words.assign(**{name: _as_numbers(words[name]) for name in names})


def _as_numbers(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column of numbers or of yes and no as such; one of words as it is."""
    if column.isin(["True", "False"]).all() and len(column):
        return column == "True"
    if str(column.name).startswith("why_"):
        return column
    try:
        return pd.to_numeric(column.where(column != ""))
    except (ValueError, TypeError):
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


def run_keys(manifest: Mapping[str, Any]) -> dict[str, str | int]:
    """What says of which run a row is: column -> value, the same in every row."""
    config, survey = manifest["config"], manifest["defines"]["survey"]
    values = (
        manifest["run_hash"],
        config["model"]["name"],
        survey["name"],
        survey["population"],
        config["strategy"]["name"],
        config["protocol"]["name"],
        config["seed"],
        manifest["plan"]["respondents"],
    )
    return dict(zip(KEYS, values, strict=True))


def with_keys(table: pd.DataFrame, keys: Mapping[str, str | int]) -> pd.DataFrame:
    """The table with the columns that name its run in front, those that it lacks from the manifest."""
    more = {name: value for name, value in keys.items() if name not in table}
    whole = table.assign(**more)
    return whole[[*keys, *(name for name in table.columns if name not in keys)]]
