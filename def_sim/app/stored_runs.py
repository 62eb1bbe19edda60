"""Stored runs, found and read for a comparison.

Nothing is computed that a finished run has on file and its completion mark vouches for. The scores
of a run without a finished report are computed from its answers; its folder is left as it is.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from def_sim.answers.storage.completion import is_complete, read_completion, vouches_for
from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.manifest import check_same_run
from def_sim.app.definition import references_hash, what_defines
from def_sim.app.evaluated_run import compute_results
from def_sim.app.human_figures import country_names
from def_sim.app.panel_readings import NotJudgedError, panel_readings
from def_sim.app.provenance import PEOPLE_OF
from def_sim.app.read_panel import panel_answers
from def_sim.app.received import read_received, read_stored_manifest
from def_sim.app.run import prepare_run
from def_sim.app.used_verdicts import READINGS, RULES, UsedSet, read_readings
from def_sim.errors import DefSimError, RunMismatchError, StoreError
from def_sim.evaluation.compared_runs import ComparedRun, LeftOut
from def_sim.evaluation.comparison_table import SCOPES
from def_sim.evaluation.run_tables import without_run

METRICS: Final = "metrics.csv"
_NEEDED: Final = ("scope", "dimension", "metric", "value", "floor", "uniform", "num_items", "num_undefined")
_WORDS: Final = ("scope", "item_id", "dimension", "metric")
_MOST_BYTES: Final = 256 * 2**20  # of metrics.csv, which has some hundred thousand
_OF_THE_MODEL: Final = ("model.", "seed")  # what comparable runs may differ in


@dataclass(frozen=True, slots=True)
class NotJudged:
    """A run whose interviews are finished and whose texts no judge has read."""

    folder: str
    rubric: str  # that they need


def read_run(folder: Path, verdicts: str | None = None) -> ComparedRun | LeftOut | NotJudged:
    """One run with its scores, or why it has none.

    Args:
        folder: Of the run.
        verdicts: The set that scores of texts are to rest on; None: that of the run's report, else the
            finished one. Runs that rules read have nothing to do with it.

    Raises:
        ConfigError: There is no such set, or there are several to choose from.
        StoreError: Manifest, scores or answers are damaged, or were written by another version.
    """
    manifest = read_stored_manifest(folder)
    plan = manifest["plan"]
    # A manifest of another plan than the mark's (of a copy, say) tells nothing of what is there.
    if is_complete(folder) and read_completion(folder)["num_answers"] == plan["answers"]:
        used = _vouched_readings(folder)
        if used is None or verdicts in (None, used.set):
            scores = stored_scores(folder)
            return _compared(folder, manifest, scores, plan["answers"], plan["respondents"], used)
    try:
        config = read_received(folder).config
        run = prepare_run(config.model_copy(update={"verdicts": verdicts}))
        check_same_run(manifest["defines"], what_defines(run, manifest["defines"]["model"]["identity"]))
    except RunMismatchError as error:
        first = error.message.splitlines()[1].strip()  # below the heading, one difference a line
        return LeftOut(str(folder), f"Not finished, and it would be another run today: {first}.")
    except DefSimError as error:
        return LeftOut(str(folder), f"Not finished, and it cannot be scored today: {error.message}")
    stored = panel_answers(run, folder)
    if not stored:
        return LeftOut(str(folder), f"None of its {run.num_planned:,} answers is there yet.")
    try:
        readings = panel_readings(run, folder, stored, goes_on=True)
    except NotJudgedError:
        if len(stored) < run.num_planned:
            return LeftOut(str(folder), "Not finished, and its texts wait for a judge.")
        return NotJudged(str(folder), str(run.strategy.needs_judge))
    answers = readings.answers
    # Scored now, so with the people's figures of today.
    today = {**manifest["scored_with"], "reference": references_hash(run)}
    scores = compute_results(run, answers).scores
    num_present = len({answer.respondent_id for answer in answers})
    scored = {**manifest, "scored_with": today}
    return _compared(folder, scored, scores, len(answers), num_present, readings.used)


def _vouched_readings(folder: Path) -> UsedSet | None:
    """Who read the texts that a finished run's scores rest on; None: rules did.

    Raises:
        StoreError: The record is not the one that the completion mark vouches for.
    """
    path = folder / READINGS
    if READINGS not in read_completion(folder)["files"]:
        return None
    if not vouches_for(folder, [path]):
        raise StoreError(
            f"{path} {'has changed since the run was completed' if path.is_file() else 'is missing'}.",
            fix=f"Write it anew: `def-sim stage=report run_folder={folder}`.",
        )
    return read_readings(folder)


def stored_scores(folder: Path) -> pd.DataFrame:
    """The scores of a finished run as its report stored them, without single items.

    Raises:
        StoreError: The file is not the one that the completion mark vouches for.
    """
    path = folder / METRICS
    fix = f"Write it anew: `def-sim stage=report run_folder={folder}`."
    vouched = read_completion(folder)["files"].get(METRICS, {"sha256": "", "bytes": 0})
    with disk_errors(path):
        is_there = path.is_file()
        is_bearable = is_there and path.stat().st_size == vouched["bytes"] <= _MOST_BYTES
        content = path.read_bytes() if is_bearable else b""
    if hashlib.sha256(content).hexdigest() != vouched["sha256"]:
        raise StoreError(
            f"{path} {'has changed since the run was completed' if is_there else 'is missing'}.", fix=fix
        )
    try:
        table = pd.read_csv(io.BytesIO(content), keep_default_na=False, na_values=[""])
        scores = _as_numbers(without_run(table))
    except (ValueError, OverflowError, pd.errors.ParserError) as error:
        raise StoreError(f"{path} is no table of scores: {str(error)[:200]}.", fix=fix) from None
    if missing := [name for name in _NEEDED if name not in scores]:
        raise StoreError(f"{path} has no column {missing[0]!r}: another version wrote it.", fix=fix)
    scores = scores[scores["scope"].isin(SCOPES)]
    if scores.duplicated(["scope", "dimension", "metric"]).any():
        raise StoreError(f"{path} holds two values of one score.", fix=fix)
    return scores


def _as_numbers(scores: pd.DataFrame) -> pd.DataFrame:
    """The table with numbers in all columns but those that hold words."""
    words = [name for name in scores.columns if name in _WORDS or str(name).startswith("why_")]
    numbers = [name for name in scores.columns if name not in words]
    as_words = scores[words].astype("str").where(scores[words].notna())
    together: pd.DataFrame = pd.concat([as_words, scores[numbers].apply(pd.to_numeric)], axis="columns")
    return together[list(scores.columns)]


def _compared(
    folder: Path,
    manifest: Mapping[str, Any],
    scores: pd.DataFrame,
    num_done: int,
    num_present: int,
    used: UsedSet | None,
) -> ComparedRun:
    # As stored, not validated: a version that knew other parameters has made a run all the same.
    config, survey = manifest["config"], manifest["defines"]["survey"]
    model = config["model"]
    return ComparedRun(
        folder=str(folder),
        run_hash=manifest["run_hash"],
        model=model["name"],
        model_label=model["label"],
        family=model["family"],
        num_parameters=model["num_parameters"],
        is_tuned=model["is_tuned"],
        is_demonstration=model["is_demonstration"],
        survey=survey["name"],
        population=survey["population"],
        language=survey["language"],
        strategy=config["strategy"]["name"],
        protocol=config["protocol"]["name"],
        seed=config["seed"],
        num_respondents=manifest["plan"]["respondents"],
        num_present=num_present,
        num_planned=manifest["plan"]["answers"],
        num_done=num_done,
        # Runs that were read by other judges, or by rules, are no runs that differ in the model alone.
        settings=settings_of(manifest) | ({} if used is None else {"read by": used.name}),
        scores=scores,
        short_of=survey.get("short_of"),
        items=tuple(sorted(config["items"])) if config.get("items") else None,
        model_settings=_flat(manifest["defines"]["model"]),
        readings=RULES if used is None else used.in_short,
        verdict_set=None if used is None else used.set,
        model_short=model.get("short_label") or "",
        country=manifest.get(PEOPLE_OF) or country_names().get(survey["population"], ""),
    )


def settings_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """All that two comparable runs have in common, as dotted names with short values.

    That is what defines a run but for model and seed, the number of respondents, the people's figures,
    and whether wordings were averaged. Not the number of Monte Carlo draws: more of them give the
    same floors more exactly.
    """
    scored_with = {key: manifest["scored_with"][key] for key in ("reference", "pool_wordings")}
    said = {"protocol.modifications.persona": "place"}  # runs without sex and age do not say it
    everything = {
        **manifest["defines"],
        "respondents": manifest["plan"]["respondents"],
        "scored_with": scored_with,
    }
    flat = said | _flat(everything)
    return {name: value for name, value in flat.items() if not name.startswith(_OF_THE_MODEL)}


def _flat(section: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in section.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value if isinstance(value, str) else json.dumps(value)
    return flat
