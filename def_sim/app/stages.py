"""The stages of a run. They talk to each other through the files of its folder only.

`all` is `interview` and then `report`; `verify` writes nothing, and neither does `plan` unless it
is asked to show the items.
"""

import asyncio
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from def_sim import __version__
from def_sim.answers.manifest import (
    check_same_run,
    manifest_path,
    read_manifest,
    write_manifest,
)
from def_sim.answers.store import AnswerStore
from def_sim.app.plan import make_plan, plan_lines
from def_sim.app.progress import InterviewProgress
from def_sim.app.run import Run, create_engine, folder_of, prepare_run, references_hash, what_defines
from def_sim.app.schema import RunConfig, validate_config
from def_sim.errors import ConfigError, DefSimError, RunMismatchError, StoreError
from def_sim.interview import Engine, Interviews
from def_sim.records import Capabilities

_LIBRARIES = ("torch", "transformers", "numpy", "pandas", "hydra-core")


def plan(config: RunConfig) -> int:
    """Prints what the run will ask, cost and need. Loads nothing; writes a contact sheet if asked to."""
    run = prepare_run(config)
    for line in plan_lines(run, make_plan(run)):
        print(line)
    try:
        engine = create_engine(config)
        engine.check()
        _check_capabilities(run, engine.capabilities)
        print(f"folder        {folder_of(run, _definition(run, engine))}")
    except DefSimError as error:
        # A plan is made before the weights are fetched: what is missing is news, not an error.
        print(f"not ready     {error.message}")
        print(f"  do:         {error.fix}")
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
        stored = validate_config(read_manifest(folder)["config"])
        return stored.model_copy(update={"run_folder": config.run_folder, "stage": config.stage}), folder
    run, engine = prepare_run(config), create_engine(config)
    engine.check()
    folder = folder_of(run, _definition(run, engine))
    _require_manifest(folder)
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
        write_manifest(store.folder, _manifest(run, engine, store.folder, defines))
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


def _manifest(run: Run, engine: Engine, folder: Path, defines: Mapping[str, Any]) -> dict[str, Any]:
    """What the run is, for its readers: written before the first answer, kept when it grows."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    earlier = read_manifest(folder) if manifest_path(folder).is_file() else {}
    event = {"at": now, "respondents": len(run.panel), "version": __version__}
    return {
        "created": earlier.get("created", now),
        "defines": dict(defines),
        "config": run.config.model_dump(mode="json", by_alias=True),
        "plan": {
            "respondents": len(run.panel),
            "questions": len(run.survey.questions),
            "answers": run.num_planned,
        },
        "engine": engine.describe(),
        "reference": references_hash(run),
        "citations": [source.citation for source in run.loaded.reference.sources],
        "versions": _versions(),
        "commands": [*earlier.get("commands", []), event],
    }


def _versions() -> dict[str, str]:
    found = {"def_sim": __version__, "python": platform.python_version(), "commit": _commit()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found


def _commit() -> str:
    """The commit of a checkout, with a mark if it was changed; "none" for an installed wheel."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return "none"
    try:
        head = _git(root, "rev-parse", "HEAD")
        return f"{head}+changes" if _git(root, "status", "--porcelain") else head
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()
