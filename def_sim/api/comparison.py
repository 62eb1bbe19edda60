"""A comparison of runs from Python: the numbers of `stage=report runs=`, as data frames."""

from functools import cached_property
from os import PathLike
from pathlib import Path

import pandas as pd

from def_sim.api.displays import block, paragraph, table_html, table_text
from def_sim.api.run_figures import Figures, SavableFigure
from def_sim.api.stored_runs import Patterns, patterns_of
from def_sim.app.comparing import Comparison, compute_comparison
from def_sim.app.found_runs import find_runs
from def_sim.app.printed_comparison import group_cells
from def_sim.app.stored_tables import read_answer_table, read_table
from def_sim.app.written_comparison import write_comparison
from def_sim.errors import ConfigError, DefSimError
from def_sim.evaluation.arm_scores import answer_of
from def_sim.evaluation.compared_runs import LeftOut
from def_sim.reports.pages.comparison_figures import comparison_figures
from def_sim.visible import visible


def compare(runs: Patterns, baseline: str | None = None) -> "ComparedRuns":
    """Compares runs, without writing anything.

    Args:
        runs: A pattern such as "outputs/**", folders, or runs as `read_run` and `interview` give them.
        baseline: The arm that others of its model are compared with, by its title or its run folder's name;
            None: the one that most others differ from by one setting.

    Raises:
        ConfigError: Nothing was found, no run has an answer or can be read, no two share an item, or no arm
            is the baseline.
    """
    folders = find_runs(patterns_of(runs))
    _refuse_strangers(folders)
    return ComparedRuns(compute_comparison([str(folder) for folder in folders], baseline=baseline))


class ComparedRuns:
    """Runs side by side.

    Attributes:
        tables: File name -> frame, of all tables that `write` puts beside the page.
        left_out: Runs that were found and are not compared, each with `.folder`, `.why` and `.fix`.
    """

    def __init__(self, computed: Comparison) -> None:
        self._computed = computed
        self.tables: dict[str, pd.DataFrame] = computed.tables
        self.left_out: list[LeftOut] = computed.left_out

    @property
    def scores(self) -> pd.DataFrame:
        """comparison.csv: a row a score of each run, ranked among runs that differ in the model only."""
        return self._computed.table

    @property
    def pairs(self) -> pd.DataFrame:
        """pairs.csv: differences between every two comparable runs, tested over the items."""
        return self._computed.answers.pairs

    @property
    def arms(self) -> pd.DataFrame:
        """arms.csv: runs of one model that differ in settings, each beside the baseline."""
        return self._computed.arms.table

    @property
    def effects(self) -> dict[str, pd.DataFrame]:
        """File name -> frame: effects of single settings, of those that these runs allow."""
        return dict(self._computed.arms.effects)

    @cached_property
    def figure(self) -> Figures:
        """The figures by name: `comparison.figure("scores_1")`, arms_1, cultural_map_1, published_map_1."""
        made = self._computed
        figures = comparison_figures(
            made.answers.maps, made.groups, made.table, made.arms.groups, made.arms.table
        )
        drawn = {one.name: one for one in figures}
        return Figures(
            lambda: list(drawn), lambda name: SavableFigure(drawn[name]) if name in drawn else None
        )

    def write(self, folder: str | PathLike[str]) -> Path:
        """Writes comparison.html with its tables and figures, as `stage=report runs=` does.

        Args:
            folder: Made if missing; files there of an earlier comparison are replaced.

        Returns:
            Where the page lies.

        Raises:
            StoreError: The disk is full or not writable.
        """
        return write_comparison(self._computed, Path(folder).expanduser()).path

    def _answers(self) -> list[str]:
        arms = self._computed.arms
        return [f"{one.title}: {answer_of(one, arms.table)}" for one in arms.groups]

    def __repr__(self) -> str:
        lines = []
        for title, cells in group_cells(self._computed.groups, self._computed.table):
            lines += [visible(title), *table_text(cells), ""]
        lines += [visible(one) for one in self._answers()]
        lines += [visible(f"left out: {one.folder}: {one.in_words}") for one in self.left_out]
        return "\n".join(lines).rstrip()

    def _repr_html_(self) -> str:
        parts = []
        for title, cells in group_cells(self._computed.groups, self._computed.table):
            parts += [paragraph(title, is_strong=True), table_html(cells)]
        parts += map(paragraph, self._answers())
        return block(*parts, *(paragraph(f"left out: {one.folder}: {one.in_words}") for one in self.left_out))


def _refuse_strangers(folders: list[Path]) -> None:
    """Runs that share no item with any other have nothing to be compared in."""
    items = [(folder, found) for folder in folders if (found := _items_of(folder))]
    pairs = ((one, other) for place, (_, one) in enumerate(items) for _, other in items[place + 1 :])
    if len(items) < 2 or len(items) < len(folders) or any(one & other for one, other in pairs):
        return
    raise ConfigError(
        f"{items[0][0]} and {items[1][0]} have no item in common"
        f"{'' if len(items) == 2 else ', nor has any other pair of these runs'}.",
        fix="Compare runs that were asked the same items: of one survey, or with the same items=.",
    )


def _items_of(folder: Path) -> set[str]:
    """The items of a run: of its report, else those that were answered so far; none of a damaged one."""
    try:
        return set(read_table(folder, "distributions.parquet")["item_id"])
    except DefSimError:
        pass
    try:
        return set(read_answer_table(folder)["item_id"])
    except DefSimError:  # the comparison leaves it out with its reason
        return set()
