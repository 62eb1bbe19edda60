"""What stands in exported files: panel and shares with labels, sheets of a workbook, tables of a paper."""

import io
from collections.abc import Iterator, Mapping, Sequence
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
from def_sim.app.strategy_frames import read_frames
from def_sim.app.streamed_runs import is_streamed
from def_sim.app.vouched_tables import how_to_rewrite
from def_sim.errors import ConfigError, StoreError
from def_sim.evaluation.distributions import distributions_frame
from def_sim.evaluation.shares_by_group import shares_by_group
from def_sim.exports.labelled_table import LabelledTable, frame_variables, joined
from def_sim.exports.workbook import Sheet, check_size
from def_sim.records import Answer

_SCORES: Final = "metrics.csv"
_MOST_BYTES: Final = 256 * 2**20  # of a table
_FROM_ANSWERS: Final = (
    "respondents",
    "answers",
    "shares",
    "distributions",
)  # sheets; no file is read for them
_LABELS: Final[Mapping[str, str]] = {
    "run": "run folder",
    "model": "model that answered",
    "survey": "questionnaire",
    "population": "country whose people stand beside",
    "strategy": "how questions are put",
    "protocol": "preset of settings",
    "seed": "seed of all draws",
    "num_respondents": "size of the panel",
    "respondent_id": "simulated respondent",
    "place": "where the prompt says that the respondent lives",
    "sex": "sex that the prompt says",
    "age": "age band that the prompt says",
    "num_beams": "beams of decoding",
    "do_sample": "whether tokens are drawn",
    "temperature": "temperature of decoding",
    "top_k": "top-k of decoding",
    "top_p": "top-p of decoding",
    "memory_capacity": "most exchanges remembered",
    "frame": "open frame that questions are put in",
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
    respondents = _with_keys(read, _respondents(read))
    return joined(read.title, notes_of(read), [*frame_variables(respondents, _LABELS), *read.variables])


def shares_of(read: ExportedRun) -> LabelledTable:
    """A row an option of each question and group."""
    shares = _with_keys(read, _shares(read))
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

    Raises:
        ConfigError: There are more answers than a sheet has rows.
        StoreError: A table is not as the finished report wrote it.
    """
    check_size("answers", read.num_done, 1)  # before any table is made
    about = pd.DataFrame({"about": [read.title, *notes_of(read), *_said_keys(read)]})
    return [
        Sheet("about", about),
        Sheet("respondents", _respondents(read)),
        Sheet("answers", _answers(read)),
        Sheet("shares", _shares(read)),
        Sheet("distributions", distributions_frame(read.distributions)),
        *(Sheet(name, frame) for name, frame in _report_tables(read) if name not in _FROM_ANSWERS),
    ]


def scores_of(read: ExportedRun) -> pd.DataFrame:
    """The scores of the run (columns: `score_tables.score_table`).

    Raises:
        ConfigError: A run that is reported part by part is not finished.
        StoreError: They are not as the finished report wrote them.
    """
    return dict(_report_tables(read, (_SCORES,)))[Path(_SCORES).stem]


def _keys(read: ExportedRun) -> dict[str, object]:
    config = read.run.config
    return {
        "run": read.folder.name,
        "model": config.model.name,
        "survey": config.survey.name,
        "population": read.run.survey.population,
        "strategy": config.strategy.name,
        "protocol": config.protocol.name,
        "seed": config.seed,
        "num_respondents": len(read.run.panel),
    }


def _said_keys(read: ExportedRun) -> list[str]:
    return [f"{name}: {value}" for name, value in _keys(read).items()]


def _with_keys(read: ExportedRun, frame: pd.DataFrame) -> pd.DataFrame:
    keys = pd.DataFrame({name: [value] * len(frame) for name, value in _keys(read).items()})
    rest = frame[[name for name in frame.columns if name not in keys]]
    whole: pd.DataFrame = pd.concat([keys, rest.reset_index(drop=True)], axis="columns")
    return whole


def _respondents(read: ExportedRun) -> pd.DataFrame:
    return panel_table(read.run.panel, read_frames(read.run.config, read.run.survey))


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
    yield "metrics", results.scores
    yield "statuses", results.statuses


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
