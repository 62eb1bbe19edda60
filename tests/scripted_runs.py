"""Whole run folders without a model: interviews of the scripted respondent, counted and scored."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from def_sim.answers.storage.completion import mark_complete
from def_sim.answers.storage.store import AnswerStore
from def_sim.app.composing import compose_config
from def_sim.app.definition import folder_of, run_identity, what_defines
from def_sim.app.evaluated_run import compute_results
from def_sim.app.provenance import record_run
from def_sim.app.read_panel import panel_answers
from def_sim.app.reporting import write_tables
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.engines.scripted import ScriptedEngine
from def_sim.interviews import Interviews

ITEMS = "items=[wvs7.Q1,wvs7.Q46,wvs7.Q57,wvs7.Q164]"  # one choice each, four topic groups


def random_answers(run: Run) -> ScriptedEngine:
    """A respondent who picks any option with equal chance."""
    return ScriptedEngine({q.item_id: dict.fromkeys(q.codes, 1 / len(q.codes)) for q in run.survey.questions})


def hold(
    output: Path,
    *words: str,
    num_asked: int | None = None,
    is_reported: bool = True,
    respondent: Callable[[Run], ScriptedEngine] = random_answers,
) -> Path:
    """A run without a model; gives its folder.

    Args:
        output: Of all runs.
        words: The command line besides.
        num_asked: Respondents who are interviewed; None: all of them.
        is_reported: Whether its tables are written and it is marked as complete.
        respondent: Who answers, made for the run.
    """
    config = validate_config(compose_config([ITEMS, "scoring.draws=20", f"output={output}", *words]))
    run = prepare_run(config)
    defines = what_defines(run, {"scripted": config.model.name})
    folder = folder_of(run, defines)
    num = len(run.panel) if num_asked is None else num_asked
    asyncio.run(_ask(run, folder, defines, num, respondent(run)))
    if is_reported:
        report(run, folder)
    return folder


async def _ask(
    run: Run, folder: Path, defines: dict[str, object], num_asked: int, engine: ScriptedEngine
) -> None:
    with AnswerStore(folder, keeps_calls=run.most_calls > 1) as store:
        record_run(run, folder, defines, engine.describe())
        interviews = Interviews(run.survey, run.strategy, engine, store, run.presentation, run.rules)
        await interviews.conduct(run.panel[:num_asked])


def report(run: Run, folder: Path) -> None:
    """The tables and the mark of a finished run, without the page and the figures."""
    answers = panel_answers(run, folder)
    write_tables(folder, compute_results(run, answers), run_identity(run, folder))
    mark_complete(folder, ["metrics.csv"], num_answers=len(answers))
