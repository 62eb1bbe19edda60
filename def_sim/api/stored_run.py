"""A run as its folder holds it: tables as data frames, verdict, figures. Holds no interviews."""

import re
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, Final

import pandas as pd

from def_sim.answers.storage.completion import is_complete, read_completion
from def_sim.api.displays import block, paragraph, table_html, table_text, verdict_html
from def_sim.api.run_figures import Figures, SavableFigure
from def_sim.app.drawn_again import DrawnRun, draw_again
from def_sim.app.opened_runs import require_manifest
from def_sim.app.printed_summary import headline_cells
from def_sim.app.received import read_received, read_stored_manifest
from def_sim.app.run_figures import panel_name
from def_sim.app.stored_tables import read_answer_table, read_table, stored_identity, with_identity
from def_sim.errors import DefSimError
from def_sim.evaluation.score_tables import headline
from def_sim.evaluation.verdict import Verdict, verdict_of
from def_sim.records import AnswerStatus
from def_sim.reports.pages.score_figures import headline_figure, topics_figure
from def_sim.visible import visible

_OF_SCORES: Final = {"headline": headline_figure, "topic_groups": topics_figure}
_FILE_NAME: Final = re.compile(r"[a-z0-9_-]{1,80}")


def read_run(folder: str | PathLike[str]) -> "StoredRun":
    """Opens the folder of a run. Nothing that it names is imported, and nothing is changed.

    Args:
        folder: Of one run: outputs/<model>/<survey>/<strategy>-<hash>.

    Raises:
        ConfigError: There is no run in it; the message names those below it.
        StoreError: Its manifest is damaged.
    """
    path = Path(folder).expanduser()
    require_manifest(path)
    return StoredRun(path, read_stored_manifest(path))


class StoredRun:
    """A run: `answers`, `respondents`, `items`, `distributions`, `scores`, `measures`, `statuses` are frames.

    Each frame begins with the columns run, model, survey, population, strategy, protocol, seed and
    num_respondents. Frames are read when they are first asked for; `read_run` again reads them anew.

    Attributes:
        folder: Of the run.
        manifest: What its manifest.json says: configuration, what defines the run, versions.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest

    @property
    def is_complete(self) -> bool:
        """Whether all planned answers are there and scored."""
        planned: int = self.manifest["plan"]["answers"]
        return is_complete(self.folder) and read_completion(self.folder)["num_answers"] == planned

    @cached_property
    def answers(self) -> pd.DataFrame:
        """Every answer so far, reported or not: what was chosen, its text, how it was read."""
        return with_identity(read_answer_table(self.folder), stored_identity(self.manifest))

    @cached_property
    def respondents(self) -> pd.DataFrame:
        """A row a respondent: place, sex and age where they are said, decoding, memory, how many answers."""
        return self._table("respondents.csv")

    @cached_property
    def items(self) -> pd.DataFrame:
        """A row an option of each question: what respondents read, and shares of people, by sex, by age."""
        return self._table("items.csv")

    @cached_property
    def distributions(self) -> pd.DataFrame:
        """A row an option of each question: the panel's share and people's, in [0, 1]."""
        return self._table("distributions.parquet")

    @cached_property
    def scores(self) -> pd.DataFrame:
        """A row a score: `scope` (macro, micro, dimension, item), `metric`, `value`, floors and intervals."""
        return self._table("metrics.csv")

    @cached_property
    def measures(self) -> pd.DataFrame:
        """A row a number of the report's sections."""
        return self._table("measures.csv")

    @cached_property
    def statuses(self) -> pd.DataFrame:
        """How many answers were read, refused, not read and so on, by topic group and in all."""
        return self._table("statuses.csv")

    @cached_property
    def verdict(self) -> Verdict:
        """What the run comes to: `.sentences`, and the numbers behind the first one."""
        return verdict_of(self.scores, self.statuses, num_respondents=self._num_scored)

    @cached_property
    def figure(self) -> Figures:
        """The figures of the report by name: `run.figure("headline")`; a single item by its id."""
        return Figures(self._figure_names, self._draw, also="; and each item by its id, as in 'wvs7.Q1'")

    def _table(self, name: str) -> pd.DataFrame:
        return with_identity(read_table(self.folder, name), stored_identity(self.manifest))

    @cached_property
    def _num_scored(self) -> int:
        """Respondents with an answer that could be read; all of them where nobody has one."""
        if "num_answered" in self.respondents:
            num = int((self.respondents["num_answered"] > 0).sum())
        else:  # a report of before
            read = self.answers[self.answers["status"] == AnswerStatus.ANSWERED.value]
            num = read["respondent_id"].nunique()
        return num or int(self.manifest["plan"]["respondents"])

    @cached_property
    def _drawn(self) -> DrawnRun:
        return draw_again(self.folder)

    def _figure_names(self) -> list[str]:
        written = {path.stem for path in (self.folder / "figures").glob("*.svg")}
        found = sorted(name for name in written if _FILE_NAME.fullmatch(name))
        if not found:
            return [one.name for one in self._drawn.figures]
        return [*_OF_SCORES, *(name for name in found if name not in _OF_SCORES)]

    def _draw(self, name: str) -> SavableFigure | None:
        if name in _OF_SCORES:  # drawn from the tables alone
            model = read_received(self.folder).config.model
            figure = _OF_SCORES[name](self.scores)
            return SavableFigure(figure, panel_name(model, self._num_scored))
        if name in set(self.distributions["item_id"]):
            return SavableFigure(self._drawn.of_item(name), self._drawn.panel)
        if name not in self._figure_names():
            return None
        by_name = {one.name: one for one in self._drawn.figures}
        return SavableFigure(by_name[name], self._drawn.panel) if name in by_name else None

    def _title(self) -> str:
        config, defined = self.manifest["config"], self.manifest["defines"]["survey"]
        return (
            f"{config['model']['label']}: survey {defined['name']}, people of {defined['population']}, "
            f"{self.manifest['plan']['respondents']:,} respondents"
        )

    def __repr__(self) -> str:
        try:
            told = [*self.verdict.sentences, *table_text(headline_cells(headline(self.scores)))]
        except DefSimError as error:
            told = [visible(error.message), visible(error.fix)]
        return "\n".join([visible(self._title()), *told, visible(self._place())])

    def _repr_html_(self) -> str:
        try:
            told = [verdict_html(self.verdict), table_html(headline_cells(headline(self.scores)))]
        except DefSimError as error:
            told = [paragraph(error.message, is_strong=True), paragraph(error.fix)]
        return block(paragraph(self._title()), *told, paragraph(self._place()))

    def _place(self) -> str:
        return f"{'complete' if self._ended else 'not complete'}: {self.folder}"

    @property
    def _ended(self) -> bool:
        try:
            return self.is_complete
        except DefSimError:  # a damaged mark is no reason not to show anything
            return False
