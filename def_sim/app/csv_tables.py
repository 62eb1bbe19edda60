"""Every CSV of a run but figures' and a calibration's, as bytes: for reports to write and for verification.

The numbers come from `evaluation`. Also refuses tables that an older version wrote: they lack what is here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from def_sim.answers.storage.compaction import parquet_path
from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.parts import count_statuses
from def_sim.answers.storage.run_columns import lacks_run_columns
from def_sim.app.described_tables import COLUMNS
from def_sim.app.evaluated_run import EvaluatedRun
from def_sim.app.insensitivity import INSENSITIVITY, JUDGES
from def_sim.app.panel_table import RESPONDENTS, Ends, ends_of, ends_of_counts, panel_table
from def_sim.app.read_panel import ReadPanel
from def_sim.app.respondent_variables import regions_of
from def_sim.app.run import Run, draw_respondents
from def_sim.app.strategy_frames import read_frames
from def_sim.app.vouched_tables import how_to_rewrite
from def_sim.errors import VerificationError
from def_sim.evaluation.compared_judges import judges_table
from def_sim.evaluation.described_columns import COLUMNS_FILE, columns_table, read_columns
from def_sim.evaluation.item_table import items_table
from def_sim.evaluation.run_tables import csv_bytes, of_run, run_csv
from def_sim.evaluation.withheld_gaps import gaps_frame
from def_sim.records import RUN_COLUMNS
from def_sim.resources import data_folder

FINDINGS: Final = "measures.csv"
WITHHELD: Final = "withheld.csv"
ITEMS: Final = "items.csv"
DISTRIBUTIONS: Final = "distributions.parquet"
_ALWAYS: Final = ("metrics.csv", "statuses.csv", FINDINGS, INSENSITIVITY, RESPONDENTS, ITEMS, COLUMNS)
_SOMETIMES: Final = (WITHHELD, JUDGES)
_RESPONDENTS_AT_ONCE: Final = 10_000
_MOST_HEADER: Final = 4096  # bytes


def csv_tables(run: Run, folder: Path, found: EvaluatedRun) -> dict[str, bytes]:
    """Name of a file -> its content.

    Args:
        run: Of the tables.
        folder: Of the run; of a large one the parts in it are read.
        found: Its numbers.

    Raises:
        StoreError: The manifest is damaged.
    """
    panel, sections, defects = found.panel, found.sections, found.defects
    frames = {
        "metrics.csv": found.results.scores,
        "statuses.csv": found.results.statuses,
        FINDINGS: found.findings,
        INSENSITIVITY: defects.table,
        ITEMS: items_table(run.survey.questions, run.loaded.reference.items),
        COLUMNS: columns_table(read_columns(data_folder() / COLUMNS_FILE)),
    }
    if sections is not None and sections.withheld is not None:
        frames[WITHHELD] = gaps_frame(sections.withheld.gaps)
    if defects.judges:
        frames[JUDGES] = judges_table(defects.judges)
    tables = {name: run_csv(frame, panel.identity) for name, frame in frames.items()}
    return tables | {RESPONDENTS: _respondents_csv(run, panel, folder)}


def remove_others(folder: Path, names: Mapping[str, bytes]) -> None:
    """Removes tables of an earlier report that this one does not have."""
    with disk_errors(folder):
        for name in _SOMETIMES:
            if name not in names:
                (folder / name).unlink(missing_ok=True)


def refuse_older(folder: Path) -> None:
    """Refuses a run whose tables an older version wrote.

    Raises:
        VerificationError: Naming the first table that is missing or does not begin with its run.
    """
    for name in (*_ALWAYS, *_SOMETIMES):
        path = folder / name
        if path.is_file() or name in _ALWAYS:
            _refuse_unless(path.is_file() and _header_begins_with_run(path), path, folder)
    parquets = [folder / DISTRIBUTIONS, parquet_path(folder), *sorted(folder.glob("answers/*.parquet"))]
    for path in parquets:
        if path.is_file():
            _refuse_unless(not lacks_run_columns(path), path, folder)


def _header_begins_with_run(path: Path) -> bool:
    with disk_errors(path), path.open("rb") as file:
        header = file.readline(_MOST_HEADER)
    return tuple(header.decode("utf-8", "replace").split(",")[: len(RUN_COLUMNS)]) == RUN_COLUMNS


def _refuse_unless(is_of_today: bool, path: Path, folder: Path) -> None:
    if not is_of_today:
        what = "does not say of which run it is" if path.is_file() else "is missing"
        raise VerificationError(
            f"{folder} has tables of an older version: {path.name} {what}.", fix=how_to_rewrite(folder)
        )


def _respondents_csv(run: Run, panel: ReadPanel, folder: Path) -> bytes:
    """respondents.csv; of a large run written piece by piece, since all respondents are in no memory."""
    frames, regions, ends = read_frames(run.config, run.survey), regions_of(run), _ends(run, panel, folder)
    pieces = []
    for start in range(0, len(run.panel), _RESPONDENTS_AT_ONCE):
        indices = range(start, min(start + _RESPONDENTS_AT_ONCE, len(run.panel)))
        drawn = list(draw_respondents(run, indices)) if panel.streamed else run.panel[start : indices.stop]
        piece = csv_bytes(of_run(panel_table(drawn, frames, regions=regions, ends=ends), panel.identity))
        pieces.append(piece if start == 0 else piece.partition(b"\n")[2])
    return b"".join(pieces)


def _ends(run: Run, panel: ReadPanel, folder: Path) -> Ends:
    if panel.streamed is None:
        return ends_of(panel.readings.answers, len(run.panel))
    of_parts = (counts for one in panel.streamed.divisions for counts in count_statuses(folder, one))
    return ends_of_counts(of_parts, len(run.panel))
