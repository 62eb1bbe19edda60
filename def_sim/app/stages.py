"""The stages of a run. They talk to each other through the files of its folder only.

`all` is `interview` and then `report`; `verify` writes nothing, and neither does `plan` unless it
is asked to show the items.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from def_sim.answers.manifest import (
    check_same_run,
    manifest_path,
    read_manifest,
)
from def_sim.answers.store import AnswerStore
from def_sim.app.plan import make_plan, plan_lines
from def_sim.app.progress import InterviewProgress
from def_sim.app.provenance import record_run
from def_sim.app.run import Run, create_engine, folder_of, prepare_run, what_defines
from def_sim.app.schema import RunConfig, validate_config
from def_sim.errors import ConfigError, ModelError, RunMismatchError, StoreError
from def_sim.interview import Engine, Interviews
from def_sim.records import Capabilities

_LIBRARIES = ("torch", "transformers", "numpy", "pandas", "hydra-core")


def plan(config: RunConfig) -> int:
    """Prints what the run will ask, cost and need. Loads nothing; writes a contact sheet if asked to."""
    run = prepare_run(config)
    try:
        engine = create_engine(config)
        engine.check()
        _check_capabilities(run, engine.capabilities)
        last = [f"folder        {folder_of(run, _definition(run, engine))}"]
    except ModelError as error:
        # A plan is made before the weights are fetched: what is missing is news, not an error.
        last = [f"not ready     {error.message}", f"  do:         {error.fix}"]
    for line in [*plan_lines(run, make_plan(run)), *last]:
        print(line)
    if config.show == "items":
        _show_items(run)
    return 0


def _show_items(run: Run) -> None:
    from def_sim.app.contact import show_items  # templates, which a plain plan has no use for

    for line in show_items(run):
        print(line)


def interview(config: RunConfig) -> int:
    """Asks everything that is not answered yet."""
    _interview(config)
    return 0


def run_all(config: RunConfig) -> int:
    """Interview, then report. The default."""
    folder = _interview(config)
    if config.num_shards > 1:
        print(f"shard {config.shard} of {config.num_shards} is done; when all are: stage=report")
        return 0
    return _report(config, folder)


def report(config: RunConfig) -> int:
    """Scores, figures and report.html from what is stored, finished or not."""
    config, folder = _stored_run(config)
    return _report(config, folder)


def verify(config: RunConfig) -> int:
    """Recomputes everything from the raw answers and compares."""
    from def_sim.app.verification import verify_run

    config, folder = _stored_run(config)
    for line in verify_run(prepare_run(config), folder, read_manifest(folder)):
        print(line)
    print(f"verified      {folder}")
    return 0


def _report(config: RunConfig, folder: Path) -> int:
    # pandas, matplotlib and the statistics load here, not for `plan` or an interview.
    from def_sim.app.reporting import print_summary, write_report

    written = write_report(prepare_run(config), folder, read_manifest(folder))
    print_summary(written)
    return 0


def _definition(run: Run, engine: Engine) -> dict[str, Any]:
    identity = engine.describe()["identity"]
    assert isinstance(identity, Mapping)
    return what_defines(run, identity)


def _stored_run(config: RunConfig) -> tuple[RunConfig, Path]:
    """The run that stage=report or stage=verify is about.

    With `run_folder=` alone the configuration is the stored one; otherwise the command line
    names the run as it did for the interview.
    """
    if config.run_folder is not None:
        folder = Path(config.run_folder).expanduser()
        _require_manifest(folder)
        manifest = read_manifest(folder)
        stored = validate_config(manifest["config"])
        # The items may have been reworded since: other questions make another run.
        _check_same(folder, what_defines(prepare_run(stored), manifest["defines"]["model"]["identity"]))
        return stored.model_copy(update={"run_folder": config.run_folder, "stage": config.stage}), folder
    run, engine = prepare_run(config), create_engine(config)
    engine.check()
    defines = _definition(run, engine)
    folder = folder_of(run, defines)
    _require_manifest(folder)
    if config.stage.name == "report":  # its figures or draws may be new
        record_run(run, folder, defines, engine_facts=None)
    return config, folder


def _require_manifest(folder: Path) -> None:
    if not manifest_path(folder).is_file():
        raise ConfigError(
            f"There is no run in {folder}.",
            fix="Hold the interviews first: the same command without stage=.",
        )


def _interview(config: RunConfig) -> Path:
    run, engine = prepare_run(config), create_engine(config)
    engine.check()
    _check_capabilities(run, engine.capabilities)
    defines = _definition(run, engine)
    folder = folder_of(run, defines)
    if manifest_path(folder).is_file():
        _check_same(folder, defines)
    elif folder.is_dir() and any(folder.iterdir()) and config.run_folder is not None:
        _refuse_foreign_folder(folder)
    print(f"{config.model.label}, {run.survey.title}: {run.num_planned:,} answers planned")
    print(f"folder {folder}", flush=True)
    with AnswerStore(folder, shard=config.shard, num_shards=config.num_shards) as store:
        asyncio.run(_hold_interviews(run, engine, store, defines))
    return folder


def _check_same(folder: Path, defines: Mapping[str, Any]) -> None:
    try:
        check_same_run(read_manifest(folder)["defines"], defines)
    except RunMismatchError as error:
        raise RunMismatchError(f"{folder}: {error.message}", fix=error.fix) from None


def _refuse_foreign_folder(folder: Path) -> None:
    """A folder that was named by hand and holds something else is left alone."""
    if not (folder / "answers").is_dir():
        raise StoreError(
            f"{folder} is not empty and holds no run.", fix="Give an empty or new folder: `run_folder=...`."
        )


async def _hold_interviews(run: Run, engine: Engine, store: AnswerStore, defines: Mapping[str, Any]) -> None:
    planned = {(r.id, q.item_id, q.wording) for r in run.shard_panel for q in run.survey.questions}
    done = len(planned & store.answered().keys())
    try:
        if done < len(planned):  # a finished run needs no model
            await engine.start()
            record_run(run, store.folder, defines, engine.describe())
        else:
            record_run(run, store.folder, defines, engine_facts=None)
        with InterviewProgress(total=len(planned), done=done) as progress:
            interviews = Interviews(
                run.survey,
                run.strategy,
                engine,
                store,
                run.presentation,
                run.rules,
                on_answer=progress.advance,
            )
            await interviews.conduct(run.shard_panel)
    finally:
        await engine.close()


def _check_capabilities(run: Run, capabilities: Capabilities) -> None:
    """What the engine cannot do is an error before anything is asked, never a silent change."""
    decodings = [respondent.decoding for respondent in run.panel]
    most_beams = max(decoding.num_beams for decoding in decodings)
    if most_beams > 1 and capabilities.beams == "none":
        raise ConfigError(
            f"{run.config.model.label}: its engine has no beams, the panel draws up to {most_beams}.",
            fix="Switch the configuration modification off, or set decoding.max_num_beams=1.",
        )
    if any(decoding.top_k for decoding in decodings) and not capabilities.top_k:
        raise ConfigError(f"{run.config.model.label}: its engine has no top_k.", fix="Set decoding.top_k=0.")
