"""`stage=export`: what is stored of runs, as files of SPSS, Stata, Excel, LaTeX and BibTeX.

Every file is written beside its place before the first one is put there. The run itself stays as it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from def_sim.answers.storage.disk import disk_errors, write_whole
from def_sim.app.export_folder import check_target, publish_export, staged_export
from def_sim.app.export_tables import notes_of, panel_of, scores_of, shares_of, sheets_of
from def_sim.app.exported_run import ExportedRun, read_exported
from def_sim.app.paper_tables import items_table, scores_table
from def_sim.app.run import Run
from def_sim.app.run_facts import bibliography_of
from def_sim.exports.formats import FORMATS, files_of
from def_sim.exports.latex import LatexTable, long_table_of, table_of
from def_sim.exports.statistical_files import write_dta, write_sav
from def_sim.exports.workbook import write_workbook
from def_sim.visible import visible

FOLDER: Final = "export"  # in a run folder, where nothing else is said


def export_runs(
    runs: Sequence[tuple[Run, Path]], formats: Sequence[str], target: str | None
) -> Iterator[str]:
    """Exports runs, all of them or none.

    Args:
        runs: Each with its folder.
        formats: Names of `FORMATS`, whose packages are there.
        target: The folder of the files, of several runs one below it for each; None: `export` in each run.

    Yields:
        What a terminal shows.

    Raises:
        ConfigError: A file would take the place of one that no export wrote, a table does not fit, or texts
            wait for a judge.
        StoreError: A run has no answer, its files are damaged, or the disk is full.
    """
    folders = _targets([folder for _, folder in runs], target)
    for folder in folders:
        check_target(folder, files_of(formats))
    with ExitStack() as stack:
        staged = [stack.enter_context(staged_export(folder)) for folder in folders]
        lines = []
        for (run, folder), place in zip(runs, staged, strict=True):
            read = read_exported(run, folder)
            _write(read, formats, place)
            lines.append(_lines_of(read))
        for place, folder, said in zip(staged, folders, lines, strict=True):
            paths = publish_export(place, folder)
            yield from said
            yield from (f"{'file':<14}{path}" for path in paths)


def _targets(runs: Sequence[Path], target: str | None) -> list[Path]:
    """Where the files of each run go; of several in one folder each has its own, named as the run is."""
    if target is None:
        return [folder / FOLDER for folder in runs]
    whole = Path(target).expanduser()
    if len(runs) == 1:
        return [whole]
    # <model>-<survey>-<strategy>-<hash>: the names of the folders that a run lies in.
    names = ["-".join(folder.resolve().parts[-3:]) for folder in runs]
    alike = [
        name if names.index(name) == place else f"{name}-{place + 1}" for place, name in enumerate(names)
    ]
    return [whole / name for name in alike]


def _write(read: ExportedRun, formats: Sequence[str], folder: Path) -> None:
    writers: Mapping[str, Callable[[ExportedRun, Path], None]] = {
        "sav": _write_sav,
        "dta": _write_dta,
        "xlsx": _write_xlsx,
        "tex": _write_tex,
        "bib": _write_bib,
    }
    assert writers.keys() == FORMATS.keys()
    for name in formats:
        with disk_errors(folder):
            writers[name](read, folder)


def _write_sav(read: ExportedRun, folder: Path) -> None:
    write_sav(folder / "panel.sav", panel_of(read))
    write_sav(folder / "shares.sav", shares_of(read))


def _write_dta(read: ExportedRun, folder: Path) -> None:
    write_dta(folder / "panel.dta", panel_of(read))
    write_dta(folder / "shares.dta", shares_of(read))


def _write_xlsx(read: ExportedRun, folder: Path) -> None:
    write_workbook(folder / "run.xlsx", read.title, sheets_of(read))


def _write_tex(read: ExportedRun, folder: Path) -> None:
    scores = scores_of(read)
    items = items_table(scores, read.distributions, read.title)
    _put(folder / "scores.tex", table_of, scores_table(scores, read.title), read)
    _put(folder / "items.tex", long_table_of, items, read)


def _put(
    path: Path, write: Callable[[LatexTable, Sequence[str]], str], table: LatexTable, read: ExportedRun
) -> None:
    write_whole(path, write(table, [read.title, *notes_of(read)]).encode())


def _write_bib(read: ExportedRun, folder: Path) -> None:
    """What stands outside of entries is a comment, but for the sign that begins one."""
    about = [visible(line).replace("@", "(at)") for line in (read.title, *notes_of(read))]
    lines = [*(f"% {line}" for line in about), "", bibliography_of(read.run)]
    write_whole(folder / "citation.bib", "\n".join(lines).encode())


def _lines_of(read: ExportedRun) -> list[str]:
    size = f"{len(read.run.panel):,} respondents, {len(read.run.survey.questions):,} questions"
    return [
        f"{'exported':<14}{read.folder}: {size}",
        *(
            [f"{'unfinished':<14}{read.how_far.partition(': ')[2]}; each file says so"]
            if read.how_far
            else []
        ),
    ]
