"""What stands in exported files: panel and shares with labels, sheets of a workbook, tables of a paper."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pandas as pd

from def_sim import __version__
from def_sim.answers.storage.completion import read_completion, vouches_for
from def_sim.answers.storage.disk import disk_errors
from def_sim.app.evaluated_run import compute_tables
from def_sim.app.exported_run import ExportedRun
from def_sim.app.panel_table import panel_table
from def_sim.app.read_panel import arrays_of
from def_sim.app.respondent_variables import regions_of
from def_sim.app.strategy_frames import read_frames
from def_sim.app.streamed_runs import is_streamed
from def_sim.app.vouched_tables import how_to_rewrite
from def_sim.errors import ConfigError, StoreError
from def_sim.evaluation.described_columns import COLUMNS_FILE, columns_table, read_columns
from def_sim.evaluation.distributions import distributions_frame
from def_sim.evaluation.item_table import items_table
from def_sim.evaluation.run_tables import of_run
from def_sim.evaluation.shares_by_group import shares_by_group
from def_sim.exports.labelled_table import LabelledTable, frame_variables, joined
from def_sim.exports.workbook import Sheet, check_size
from def_sim.records import Answer
from def_sim.resources import data_folder

_SCORES: Final = "metrics.csv"
_MOST_BYTES: Final = 256 * 2**20  # of a table
_LABELS: Final[Mapping[str, str]] = {
    "run": "hash of all that defines the run",
    "model": "model that answered",
    "survey": "questionnaire",
    "population": "country whose people stand beside",
    "strategy": "how questions are put",
    "protocol": "preset of settings",
    "seed": "seed of all draws",
    "num_respondents": "size of the panel",
    "respondent_id": "simulated respondent",
    "place": "where the prompt says that the respondent lives",
    "region": "state or province of the place",
    "sex": "sex that the prompt says",
    "age": "age band that the prompt says",
    "num_beams": "beams of decoding",
    "do_sample": "whether tokens are drawn",
    "temperature": "temperature of decoding",
    "top_k": "top-k of decoding",
    "top_p": "top-p of decoding",
    "memory_capacity": "most exchanges remembered",
    "frame": "open frame that questions are put in",
    "num_asked": "answers on file, without follow-ups that were rightly not asked",
    "num_answered": "of these, answers with a valid choice",
    "num_failed": "of these, answers without one",
    "item": "item",
    "wording": "wording, 0 is the base",
    "topic": "what the item is about",
    "topic_group": "topic group",
    "group": "all, or a sex or age band",
    "code": "code of the option",
    "option": "label of the option",
    "panel": "share of the panel that chose the option, of those who answered",
    "people": "share of people, weighted",
    "panel_n": "respondents who answered",
    "people_n": "people who answered",
}


def panel_of(read: ExportedRun) -> LabelledTable:
    """A row a respondent: what the run is, who was asked, then the answers."""
    respondents = of_run(_respondents(read), read.identity)
    return joined(read.title, notes_of(read), [*frame_variables(respondents, _LABELS), *read.variables])


def shares_of(read: ExportedRun) -> LabelledTable:
    """A row an option of each question and group."""
    shares = of_run(_shares(read), read.identity)
    return joined(read.title, notes_of(read), frame_variables(shares, _LABELS))


def notes_of(read: ExportedRun) -> list[str]:
    """What every file says of itself below its title."""
    config = read.run.config
    return [
        f"Run {read.folder.name}, exported by def_sim {__version__}.",
        "The respondents are simulated by a language model: nobody was asked.",
        *(
            ["The model is a demonstration: its answers say nothing about people."]
            if config.model.is_demonstration
            else []
        ),
        "An answer without a choice is missing, with its reason: -1 to -12 in SPSS, .a to .l in Stata.",
    ]


def sheets_of(read: ExportedRun) -> list[Sheet]:
    """What the workbook holds: what the run is, its answers, shares, and every table of its report.

    Each sheet but the first begins with the columns that every table of the run begins with.

    Raises:
        ConfigError: There are more answers than a sheet has rows.
        StoreError: A table is not as the finished report wrote it.
    """
    check_size("answers", read.num_done, 1)  # before any table is made
    said = [f"{name}: {value}" for name, value in asdict(read.identity).items()]
    about = pd.DataFrame({"about": [read.title, *notes_of(read), *said]})
    of_answers = {  # no file is read for them
        "respondents": _respondents(read),
        "answers": _answers(read),
        "shares": _shares(read),
        "distributions": distributions_frame(read.distributions),
    }
    return [
        Sheet("about", about),
        *(Sheet(name, of_run(frame, read.identity)) for name, frame in of_answers.items()),
        *(Sheet(name, frame) for name, frame in _tables(read).items() if name not in of_answers),
    ]


def scores_of(read: ExportedRun) -> pd.DataFrame:
    """The scores of the run (columns: those of its tables, then `score_tables.score_table`).

    Raises:
        ConfigError: A run that is reported part by part is not finished.
        StoreError: They are not as the finished report wrote them.
    """
    return dict(_report_tables(read, (_SCORES,)))[Path(_SCORES).stem]


def _respondents(read: ExportedRun) -> pd.DataFrame:
    frames = read_frames(read.run.config, read.run.survey)
    return panel_table(read.run.panel, frames, regions=regions_of(read.run), ends=read.ends)


def _shares(read: ExportedRun) -> pd.DataFrame:
    reference = read.run.loaded.reference
    panel = () if is_streamed(read.run) else read.run.panel  # of counts alone no group is known
    return shares_by_group(read.distributions, panel, read.answers, reference)


def _answers(read: ExportedRun) -> pd.DataFrame:
    questions = {question.id: question for question in read.run.survey.questions}
    if is_streamed(read.run):
        raise ConfigError(
            f"run.xlsx: {read.folder} has {read.num_done:,} answers, too many to be in memory at one time.",
            fix="Leave xlsx out and take panel.sav or panel.dta, a row a respondent: formats=[sav,dta]",
        )
    rows = []
    for answer in read.answers:
        question = questions[answer.question_id]
        rows.append(
            {
                "respondent_id": answer.respondent_id,
                "item_id": answer.item_id,
                "wording": answer.wording,
                "topic": question.topic,
                "status": str(answer.status),
                "codes": _code_text(answer),
                "labels": "; ".join(question.label_of(code) for code in answer.choices),
                "text": answer.text,
                "error": answer.error or "",
            }
        )
    return pd.DataFrame(rows)


def _code_text(answer: Answer) -> object:
    """A number where there is one, so that it can be counted."""
    return answer.choices[0] if len(answer.choices) == 1 else "; ".join(map(str, answer.choices))


def _tables(read: ExportedRun) -> dict[str, pd.DataFrame]:
    """The tables of the report, and what was asked and what columns mean even where it has not said so."""
    run = read.run
    also = {
        "items": items_table(run.survey.questions, run.loaded.reference.items),
        "columns": columns_table(read_columns(data_folder() / COLUMNS_FILE)),
    }
    found = dict(_report_tables(read))
    return found | {name: of_run(frame, read.identity) for name, frame in also.items() if name not in found}


def _report_tables(
    read: ExportedRun, names: Sequence[str] | None = None
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The tables of the report: name without ending, and content; `names`: only these files."""
    if read.is_reported:
        for name in read_completion(read.folder)["files"]:
            if name.endswith(".csv") and "/" not in name and (names is None or name in names):
                yield Path(name).stem, _read_vouched(read.folder, name)
        return
    if is_streamed(read.run):
        raise ConfigError(
            f"{read.folder} is reported part by part, and has no finished report.",
            fix=f"Finish it: `def-sim stage=report run_folder={read.folder}`; or take formats=[sav,dta].",
        )
    results = compute_tables(read.run, arrays_of(read.run, read.answers))
    yield "metrics", of_run(results.scores, read.identity)
    yield "statuses", of_run(results.statuses, read.identity)


def _read_vouched(folder: Path, name: str) -> pd.DataFrame:
    """A table as the completion mark vouches for it.

    Raises:
        StoreError: It is missing, has changed since, or is no table.
    """
    path = folder / name
    if not vouches_for(folder, [path]):
        raise StoreError(
            f"{path} is missing or has changed since the run was completed.", fix=how_to_rewrite(folder)
        )
    with disk_errors(path):
        content = path.read_bytes() if path.stat().st_size <= _MOST_BYTES else b""
    try:
        return pd.read_csv(io.BytesIO(content), keep_default_na=False, na_values=[""], low_memory=False)
    except (ValueError, pd.errors.ParserError) as error:
        raise StoreError(f"{path} is no table: {str(error)[:200]}.", fix=how_to_rewrite(folder)) from None
