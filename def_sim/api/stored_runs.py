"""Several runs at once: the tables of all below each other, told apart by their first columns."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from os import PathLike, fspath

import pandas as pd

from def_sim.api.displays import block, paragraph, table_html, table_text
from def_sim.api.stored_run import StoredRun, read_run
from def_sim.app.found_runs import find_runs
from def_sim.app.unreadable_runs import UNREADABLE, unreadable
from def_sim.errors import DefSimError
from def_sim.evaluation.compared_runs import LeftOut
from def_sim.visible import visible

Named = str | PathLike[str] | StoredRun
Patterns = Named | Iterable[Named]


def read_runs(pattern: Patterns) -> "StoredRuns":
    """Opens all runs that a pattern names; those that cannot be read are left out, with their reasons.

    Args:
        pattern: A folder, a pattern such as "outputs/**", or several of these.

    Raises:
        ConfigError: It names no run.
        StoreError: Not a single manifest can be read.
    """
    runs, errors = [], []
    for folder in find_runs(patterns_of(pattern)):
        try:
            runs.append(read_run(folder))
        except UNREADABLE as error:
            errors.append((str(folder), error))
    if not runs:
        raise errors[0][1]
    return StoredRuns(runs, [unreadable(*one) for one in errors])


def patterns_of(given: Patterns) -> list[str]:
    """Folders and patterns as texts, of runs the folders."""
    if isinstance(given, StoredRun):
        return [str(given.folder)]
    if isinstance(given, str | PathLike):
        return [fspath(given)]
    return [text for one in given for text in patterns_of(one)]


class StoredRuns:
    """Runs, in the order of their folders. The frames are those of `StoredRun`, below each other.

    Attributes:
        runs: The runs.
        left_out: Runs that were found and cannot be read, each with `.folder`, `.why` and `.fix`.
    """

    def __init__(self, runs: Sequence[StoredRun], left_out: Sequence[LeftOut] = ()) -> None:
        self.runs = list(runs)
        self.left_out = list(left_out)

    def __len__(self) -> int:
        return len(self.runs)

    def __iter__(self) -> Iterator[StoredRun]:
        return iter(self.runs)

    def __getitem__(self, place: int) -> StoredRun:
        return self.runs[place]

    @cached_property
    def answers(self) -> pd.DataFrame:
        """As of a run; see `StoredRun.answers`, like the others."""
        return self._stacked(lambda run: run.answers)

    @cached_property
    def respondents(self) -> pd.DataFrame:
        """See `StoredRun.respondents`."""
        return self._stacked(lambda run: run.respondents)

    @cached_property
    def items(self) -> pd.DataFrame:
        """See `StoredRun.items`."""
        return self._stacked(lambda run: run.items)

    @cached_property
    def distributions(self) -> pd.DataFrame:
        """See `StoredRun.distributions`."""
        return self._stacked(lambda run: run.distributions)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """See `StoredRun.scores`."""
        return self._stacked(lambda run: run.scores)

    @cached_property
    def measures(self) -> pd.DataFrame:
        """See `StoredRun.measures`."""
        return self._stacked(lambda run: run.measures)

    @cached_property
    def statuses(self) -> pd.DataFrame:
        """See `StoredRun.statuses`."""
        return self._stacked(lambda run: run.statuses)

    def _stacked(self, table: Callable[[StoredRun], pd.DataFrame]) -> pd.DataFrame:
        return pd.concat([table(run) for run in self.runs], ignore_index=True)

    def _cells(self) -> list[tuple[str, ...]]:
        return [("run", "respondents", "verdict"), *(_cells_of(run) for run in self.runs)]

    def __repr__(self) -> str:
        lines = [visible(f"left out: {one.folder}: {one.in_words}") for one in self.left_out]
        return "\n".join([*table_text(self._cells()), *lines])

    def _repr_html_(self) -> str:
        left_out = (paragraph(f"left out: {one.folder}: {one.in_words}") for one in self.left_out)
        return block(table_html(self._cells()), *left_out)


def _cells_of(run: StoredRun) -> tuple[str, ...]:
    try:
        verdict = run.verdict.sentences[0]
    except DefSimError:
        verdict = "no report yet"
    return str(run.folder), f"{run.manifest['plan']['respondents']:,}", verdict
