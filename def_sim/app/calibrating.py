"""A finished panel beside what a user brings: a small sample of people, margins to weight to, or both.

Everything is computed before the first file is written. `calibration.json` is written last: it names the
answers that the files were made from, so that `stage=verify` can say when they are of other ones. The
sample itself is not kept; margins are, since they are figures of no single person.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from def_sim.answers.storage.disk import disk_errors, write_whole
from def_sim.answers.storage.sealed_json import write_sealed
from def_sim.app.calibration_record import (
    CALIBRATED,
    FILES,
    MARGINS,
    RECORD,
    WEIGHTED_MEASURES,
    WEIGHTED_SCORES,
    WEIGHTS,
    answers_hash,
)
from def_sim.app.definition import run_identity
from def_sim.app.human_figures import figures_of
from def_sim.app.read_panel import arrays_of
from def_sim.app.reporting import scored_answers
from def_sim.app.respondent_variables import respondent_variables
from def_sim.app.run import Run
from def_sim.app.streamed_runs import is_streamed
from def_sim.errors import ConfigError, StoreError, SurveyFormatError
from def_sim.evaluation.calibration import EVERYONE, GroupAnswers, calibrated_frame, gains
from def_sim.evaluation.distributions import QuestionDistribution, count_answers, pool_wordings
from def_sim.evaluation.findings import findings_table
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.run_tables import run_csv
from def_sim.evaluation.weighted_findings import weighted_findings
from def_sim.evaluation.weighted_scores import WEIGHTED, panel_worth, weighted_scores
from def_sim.metrics.raking import TOLERANCE, Margin, rake
from def_sim.metrics.rectified_shares import FEWEST_PEOPLE
from def_sim.records import Answer
from def_sim.respondents.margins import COLUMNS, MarginTable, read_margins
from def_sim.surveys.human_sample import HumanSample, read_sample

_FEW_NAMED = ("js_divergence", "total_variation", "wasserstein")


@dataclass(frozen=True)
class Weighting:
    """Margins with the weights that meet them, by respondent with an answer."""

    tables: Sequence[MarginTable]
    weights: Mapping[str, float]


def calibrate_run(run: Run, folder: Path, *, sample: str | None, margins: str | None) -> list[str]:
    """Writes the calibration of a run; gives what a terminal shows of it.

    Raises:
        SurveyFormatError: Sample or margins break their form, or no weights meet the margins.
        StoreError: No answer is stored, or the disk is full.
        ConfigError: The run is too large.
    """
    if is_streamed(run):
        raise ConfigError(
            f"{folder} plans {run.num_planned:,} answers; a calibration has all of them in memory, and takes "
            f"at most scoring.stream_above={run.config.scoring.stream_above:,}.",
            fix="Calibrate a run of fewer respondents, or name the run by its command with a larger "
            "scoring.stream_above=.",
        )
    arrays = arrays_of(run, scored_answers(run, folder))
    if not arrays.by_respondent:
        raise StoreError(f"{folder} holds no answer yet.", fix="Hold the interviews first: stage=interview.")
    variables = variables_of(run, arrays)
    weighting = _weighting(Path(margins).expanduser(), arrays, variables) if margins is not None else None
    people = _sample(Path(sample).expanduser(), run, variables) if sample is not None else None
    identity = run_identity(run, folder)
    contents: dict[str, bytes] = {}
    lines: list[str] = []
    if weighting is not None:
        scores = scores_of(run, arrays, weighting.weights)
        contents |= {
            WEIGHTS: run_csv(weights_table(arrays, weighting.weights, variables), identity),
            MARGINS: run_csv(_margins_table(weighting.tables), identity),
            WEIGHTED_SCORES: run_csv(scores, identity),
            WEIGHTED_MEASURES: run_csv(measures_of(run, arrays, weighting.weights), identity),
        }
        lines += _weighting_lines(arrays, weighting, scores)
    if people is not None:
        weights = weighting.weights if weighting is not None else None
        frame = calibrated_frame(people, group_answers(arrays, people, variables, weights))
        contents[CALIBRATED] = run_csv(frame, identity)
        lines += _sample_lines(people, frame)
    _write(folder, contents, arrays.answers)
    files = [f"{'file':<14}{folder / name}" for name in contents]
    on_page = [f"{'page':<14}stage=report run_folder={folder} shows it"] if CALIBRATED in contents else []
    return [*lines, *files, *on_page]


def variables_of(run: Run, arrays: PanelArrays) -> dict[str, tuple[str, ...]]:
    """Variable -> category of each respondent with an answer, in the order of `by_respondent`."""
    return respondent_variables(run, (one for one in run.panel if one.id in arrays.by_respondent))


def weights_by(path: Path, arrays: PanelArrays, tables: Sequence[MarginTable]) -> dict[str, float]:
    """The weights that meet the margins, by respondent with an answer.

    Raises:
        SurveyFormatError: No weights meet all margins together.
    """
    raked = rake([Margin(np.array(table.members), np.array(table.shares)) for table in tables])
    if not raked.fits:
        names = ", ".join(table.variable for table in tables)
        raise SurveyFormatError(
            f"{path}: no weights of these respondents meet the margins of {names} together; after "
            f"{raked.num_rounds:,} rounds a share is still off by {raked.largest_miss:.2g} "
            f"(at most {TOLERANCE:g} is allowed).",
            fix="Join categories that few respondents have, or weight by fewer variables.",
        )
    return dict(zip(arrays.by_respondent, raked.weights.tolist(), strict=True))


def scores_of(run: Run, arrays: PanelArrays, weights: Mapping[str, float]) -> pd.DataFrame:
    """What weighted_scores.csv holds (columns: `evaluation.weighted_scores`)."""
    config = run.config
    return weighted_scores(arrays, weights, seed=config.seed, num_draws=config.scoring.draws)


def measures_of(run: Run, arrays: PanelArrays, weights: Mapping[str, float]) -> pd.DataFrame:
    """What weighted_measures.csv holds (columns: `evaluation.findings.findings_table`)."""
    config = run.config
    found = weighted_findings(
        arrays, weights, figures_of(run), seed=config.seed, num_draws=config.scoring.draws
    )
    return findings_table(found)


def weights_table(
    arrays: PanelArrays, weights: Mapping[str, float], variables: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """What weights.csv holds: a row a respondent with an answer."""
    names = list(arrays.by_respondent)
    return pd.DataFrame({"respondent": names, "weight": [weights[name] for name in names], **variables})


def group_answers(
    arrays: PanelArrays,
    people: HumanSample,
    variables: Mapping[str, Sequence[str]],
    weights: Mapping[str, float] | None,
) -> list[GroupAnswers]:
    """Everyone, then each category that the sample knows of its people, with the panel's members of it."""
    everyone = GroupAnswers(
        EVERYONE, _shares_of(arrays, arrays.answers, weights), np.ones(people.num_people, dtype=np.bool_)
    )
    groups = [everyone]
    for variable, categories in people.variables.items():
        members = dict(zip(arrays.by_respondent, variables[variable], strict=True))
        for category in sorted(set(categories) - {""}):
            answers = [one for one in arrays.answers if members[one.respondent_id] == category]
            is_member = np.array([one == category for one in categories], dtype=np.bool_)
            name = f"{variable}={category}"
            groups.append(GroupAnswers(name, _shares_of(arrays, answers, weights), is_member))
    return groups


def _shares_of(
    arrays: PanelArrays, answers: Sequence[Answer], weights: Mapping[str, float] | None
) -> list[QuestionDistribution]:
    return pool_wordings(count_answers(answers, arrays.survey.questions, weights=weights))


def _weighting(path: Path, arrays: PanelArrays, variables: Mapping[str, Sequence[str]]) -> Weighting:
    tables = read_margins(path, variables)
    return Weighting(tables, weights_by(path, arrays, tables))


def _sample(path: Path, run: Run, variables: Mapping[str, Sequence[str]]) -> HumanSample:
    return read_sample(path, run.survey.questions, variables, fewest=FEWEST_PEOPLE)


def _margins_table(tables: Sequence[MarginTable]) -> pd.DataFrame:
    rows = [
        (table.variable, category, share)
        for table in tables
        for category, share in zip(table.categories, table.shares, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _write(folder: Path, contents: Mapping[str, bytes], answers: Sequence[Answer]) -> None:
    """The record goes first and comes last; what is not made anew would be of another calibration."""
    with disk_errors(folder):
        for name in (RECORD, *(name for name in FILES if name not in contents)):
            (folder / name).unlink(missing_ok=True)
    for name, content in contents.items():
        write_whole(folder / name, content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    write_sealed(folder / RECORD, {"answers": answers_hash(answers), "files": hashes})


def _weighting_lines(arrays: PanelArrays, weighting: Weighting, scores: pd.DataFrame) -> list[str]:
    values = list(weighting.weights.values())
    worth = panel_worth(arrays, weighting.weights)
    spread = f"weights from {min(values):.2f} to {max(values):.2f}"
    lines = [f"weights       {len(values)} respondents, worth {worth:.1f} with equal weights; {spread}"]
    micro = scores[scores["scope"] == "micro"].set_index("metric")
    for name in _FEW_NAMED:
        row = micro.loc[name]
        lines.append(
            f"score         {name}: {row['value']:.3f} (floor {row['floor']:.3f}) without weights, "
            f"{row[WEIGHTED + 'value']:.3f} (floor {row[WEIGHTED + 'floor']:.3f}) with them"
        )
    return lines


def _sample_lines(people: HumanSample, frame: pd.DataFrame) -> list[str]:
    found = gains(frame)
    absent = frame.loc[frame["rectified"].isna(), ["item", "group"]].drop_duplicates()
    gained = f"people gained in the median: {found['median_gained']:.0f}"
    with_panel = f"{found['num_with_panel']:,.0f} of them with the panel; {gained}"
    lines = [
        f"sample        {people.num_people} people, {len(people.chosen)} items",
        f"rectified     {found['num_estimates']:,.0f} shares and means; {with_panel}",
    ]
    if len(absent):
        lines.append(f"absent        {len(absent)} items of a group: the table says why")
    return lines
